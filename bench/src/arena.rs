//! Runs the engines side by side: step by step through the workloads, in every step one engine after the other,
//! another one first in each round. Every answer is compared with the model's.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::answer::Answer;
use crate::dataset::Dataset;
use crate::engines::{Engine, EngineKind};
use crate::measure::{BestCost, Cost, durable_append_us};
use crate::model::Model;
use crate::workload::Workload;

/// One step of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Measured(Workload),
    /// Puts back what W7 deleted.
    Reinsert,
    /// Fills the second table, for W8.
    Posts,
}

impl Step {
    /// The steps `chosen` needs; W1 always, because it makes the table.
    fn all(chosen: &[Workload]) -> Vec<Self> {
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
}

/// What a step left behind, to be compared.
struct Outcome {
    answer: Answer,
    /// The whole table, in key order; only after writes.
    contents: Option<Answer>,
    /// Look-ups by email; only after writes, and where there is an index.
    probes: Option<Answer>,
    cost: Cost,
}

impl Outcome {
    /// Performs a step. None where the engine cannot.
    fn of(step: Step, engine: &mut dyn Engine, data: &Dataset) -> Result<Option<Self>> {
        let (answer, cost) = match step {
            Step::Measured(workload) if !engine.supports(workload) => return Ok(None),
            Step::Measured(workload) => workload.run(engine, data)?,
            Step::Reinsert => {
                engine.insert_users(&data.deleted_users)?;
                Default::default()
            }
            Step::Posts => {
                engine.insert_posts(&data.posts)?;
                Default::default()
            }
        };
        let wrote = match step {
            Step::Measured(workload) => workload.writes(),
            Step::Reinsert => true,
            Step::Posts => false,
        };
        let mut outcome = Self { answer, contents: None, probes: None, cost };
        if wrote {
            let everything = 0..=data.rows + data.late_users.len() as u32;
            engine.users_in_key_ranges(&[everything], outcome.contents.insert(Answer::default()))?;
        }
        if wrote && engine.supports(Workload::W3) {
            engine.users_by_email(&data.email_probes, outcome.probes.insert(Answer::default()))?;
        }
        Ok(Some(outcome))
    }

    fn check(&self, expected: &Self, step: Step) -> Result<()> {
        let ordered = matches!(step, Step::Measured(workload) if workload.is_ordered());
        let same = |ours: Option<Answer>, theirs: Option<Answer>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours.matches(&theirs, true),
            _ => true,
        };
        ensure!(
            self.answer.matches(&expected.answer, ordered),
            "wrong answer: {:?}, the model has {:?}",
            self.answer,
            expected.answer
        );
        ensure!(same(self.contents, expected.contents), "the table differs from the model's afterwards");
        ensure!(same(self.probes, expected.probes), "the email index differs from the model's afterwards");
        Ok(())
    }
}

/// Stored bytes per user.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// In the whole file: table, index and what the engine needs beside them.
    pub in_all: f64,
    /// In the table alone, where the engine can tell.
    pub in_table: Option<f64>,
}

/// Everything one run measured.
pub struct Results {
    pub seed: u64,
    pub rows: u32,
    pub rounds: u32,
    pub costs: BTreeMap<(Workload, EngineKind), BestCost>,
    /// Stored bytes per user, after W1 and a compaction.
    pub stored: BTreeMap<EngineKind, Stored>,
    /// Wall microseconds of a bare durable append, measured next to W1b.
    pub append_us: Option<f64>,
}

impl Results {
    /// CPU time of one engine as a ratio of another's; below 1 is less.
    pub fn cpu_ratio(&self, workload: Workload, engine: EngineKind, other: EngineKind) -> Option<f64> {
        let cost = |engine| self.costs.get(&(workload, engine)).map(|cost| cost.cpu_us);
        Some(cost(engine)? / cost(other)?)
    }
}

/// Runs `rounds` rounds of the chosen workloads over all engines; files live below `directory` meanwhile.
pub fn run(
    data: &Dataset,
    engines: &[EngineKind],
    chosen: &[Workload],
    rounds: u32,
    directory: &Path,
) -> Result<Results> {
    let steps = Step::all(chosen);
    let expected = expected_outcomes(&steps, data)?;
    let mut results = Results {
        seed: data.seed,
        rows: data.rows,
        rounds,
        costs: BTreeMap::new(),
        stored: stored(data, engines, directory)?,
        append_us: None,
    };
    for round in 0..rounds {
        eprintln!("round {} of {rounds}, {} rows", round + 1, data.rows);
        let files = TempDir::new_in(directory)?;
        let mut alive = Vec::new();
        for kind in engines {
            alive.push((*kind, kind.create(files.path()).with_context(|| kind.title())?));
        }
        alive.rotate_left(round as usize % engines.len().max(1));
        for (step, expected) in steps.iter().zip(&expected) {
            for (kind, engine) in &mut alive {
                perform(*step, *kind, engine.as_mut(), data, expected, &mut results)
                    .with_context(|| format!("{}, {step:?}, seed {}", kind.title(), data.seed))?;
            }
            if *step == Step::Measured(Workload::W1b) {
                let append_us = durable_append_us(files.path())?;
                results.append_us = Some(results.append_us.map_or(append_us, |best| best.min(append_us)));
            }
        }
    }
    if !chosen.contains(&Workload::W1) {
        results.costs.retain(|(workload, _), _| *workload != Workload::W1);
    }
    Ok(results)
}

/// What each engine stores of the users alone, made as small as it can.
fn stored(data: &Dataset, engines: &[EngineKind], directory: &Path) -> Result<BTreeMap<EngineKind, Stored>> {
    let files = TempDir::new_in(directory)?;
    let rows = f64::from(data.rows);
    let mut stored = BTreeMap::new();
    for kind in engines {
        let mut engine = kind.create(files.path()).with_context(|| kind.title())?;
        engine.insert_users(&data.users)?;
        engine.compact()?;
        if let Some(bytes) = engine.stored_bytes()? {
            let in_table = engine.table_bytes()?.map(|bytes| bytes as f64 / rows);
            stored.insert(*kind, Stored { in_all: bytes as f64 / rows, in_table });
        }
    }
    Ok(stored)
}

fn expected_outcomes(steps: &[Step], data: &Dataset) -> Result<Vec<Outcome>> {
    let mut model = Model::default();
    let outcome = |step: &Step| Outcome::of(*step, &mut model, data)?.context("the model can do everything");
    steps.iter().map(outcome).collect()
}

fn perform(
    step: Step,
    kind: EngineKind,
    engine: &mut dyn Engine,
    data: &Dataset,
    expected: &Outcome,
    results: &mut Results,
) -> Result<()> {
    let Some(outcome) = Outcome::of(step, engine, data)? else { return Ok(()) };
    outcome.check(expected, step)?;
    let Step::Measured(workload) = step else { return Ok(()) };
    let cost = BestCost::new(outcome.cost, workload.operation_count(data));
    let best = results.costs.entry((workload, kind)).or_insert(cost);
    *best = best.min(cost);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this, a bench whose check never fails would look just as good.
    #[test]
    fn one_wrong_column_of_one_row_is_found() {
        let data = Dataset::generate(1, 200);
        let mut wrong = Dataset::generate(1, 200);
        let key = wrong.keys[0] as usize;
        wrong.users[key - 1].balance += 1;
        let directory = TempDir::new().expect("a folder for files");
        for kind in [EngineKind::Sqlite, EngineKind::Redb, EngineKind::Btree] {
            for step in [Step::Measured(Workload::W1), Step::Measured(Workload::W2)] {
                let outcome = |data: &Dataset| {
                    let mut engine = kind.create(directory.path()).expect("an empty database");
                    if step != Step::Measured(Workload::W1) {
                        engine.insert_users(&data.users).expect("rows go in");
                    }
                    Outcome::of(step, engine.as_mut(), data).expect("the step works").expect("the engine can")
                };
                let expected = outcome(&data);
                assert!(outcome(&data).check(&expected, step).is_ok());
                assert!(outcome(&wrong).check(&expected, step).is_err(), "{kind:?} {step:?}");
            }
        }
    }
}
