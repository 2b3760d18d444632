//! A round of the bench step by step, and what each step must leave behind.

use anyhow::{Result, ensure};

use crate::{Answer, Dataset, Engine, Workload};

/// One step of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One that is timed.
    Measured(Workload),
    /// Puts back what W7 deleted.
    Reinsert,
    /// Fills the second table, for W8.
    Posts,
}

/// What a step left behind, to be compared.
#[derive(Debug)]
pub struct Outcome {
    answer: Answer,
    /// The whole table, in key order; only after writes.
    contents: Option<Answer>,
    /// Look-ups by email; only after writes, and where there is an index.
    probes: Option<Answer>,
}

impl Step {
    /// The steps `chosen` needs; W1 always, because it makes the table.
    pub fn all(chosen: &[Workload]) -> Vec<Self> {
        let mut steps = Vec::new();
        for workload in Workload::RUN_ORDER {
            if workload != Workload::W1 && !chosen.contains(&workload) {
                continue;
            }
            if workload == Workload::W8 {
                steps.push(Self::Posts);
            }
            steps.push(Self::Measured(workload));
            if workload == Workload::W7 {
                steps.push(Self::Reinsert);
            }
        }
        steps
    }

    /// What the clock is on, if the step is measured. W11 is none of these: it looks at the clock itself.
    pub fn act(self, engine: &mut dyn Engine, data: &Dataset) -> Result<Answer> {
        let mut answer = Answer::default();
        match self {
            Self::Measured(workload) => workload.operate(engine, data, &mut answer)?,
            Self::Reinsert => engine.insert_users(&data.deleted_users)?,
            Self::Posts => engine.insert_posts(&data.posts)?,
        }
        Ok(answer)
    }

    /// The answer, and what is in the table now.
    pub fn outcome(self, answer: Answer, engine: &mut dyn Engine, data: &Dataset) -> Result<Outcome> {
        let wrote = match self {
            Self::Measured(workload) => workload.writes(),
            Self::Reinsert => true,
            Self::Posts => false,
        };
        let mut outcome = Outcome { answer, contents: None, probes: None };
        if wrote {
            let everything = 0..=data.rows + data.late_users.len() as u32;
            engine.users_in_key_ranges(&[everything], outcome.contents.insert(Answer::default()))?;
        }
        if wrote && engine.supports(Workload::W3) {
            engine.users_by_email(&data.email_probes, outcome.probes.insert(Answer::default()))?;
        }
        Ok(outcome)
    }

    /// Whether an engine left what the model left.
    pub fn check(self, outcome: &Outcome, expected: &Outcome) -> Result<()> {
        let ordered = matches!(self, Self::Measured(workload) if workload.is_ordered());
        let same = |ours: Option<Answer>, theirs: Option<Answer>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours.matches(&theirs, true),
            _ => true,
        };
        ensure!(
            outcome.answer.matches(&expected.answer, ordered),
            "wrong answer: {:?}, the model has {:?}",
            outcome.answer,
            expected.answer
        );
        ensure!(same(outcome.contents, expected.contents), "the table differs from the model's afterwards");
        ensure!(same(outcome.probes, expected.probes), "the email index differs from the model's afterwards");
        Ok(())
    }
}
