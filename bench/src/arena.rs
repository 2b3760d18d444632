//! Runs the engines side by side: step by step through the workloads, in every step one engine after the other,
//! another one first in each round. Every answer is compared with the model's.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use workloads::{Answer, Dataset, Engine, Model, Outcome, Step, Workload};

use crate::engines::EngineKind;
use crate::measure::{BestCost, Cost, durable_append_us, measure};

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
    steps.iter().map(|step| Ok(outcome(*step, &mut model, data)?.0)).collect()
}

/// Performs a step and looks at what it left.
fn outcome(step: Step, engine: &mut dyn Engine, data: &Dataset) -> Result<(Outcome, Cost)> {
    let (answer, cost) = match step {
        Step::Measured(Workload::W11) => reopen(engine, data)?,
        _ => measure(|| step.act(engine, data))?,
    };
    Ok((step.outcome(answer, engine, data)?, cost))
}

/// W11: closing is not part of what is measured.
fn reopen(engine: &mut dyn Engine, data: &Dataset) -> Result<(Answer, Cost)> {
    let mut answer = Answer::default();
    let mut cost = Cost::default();
    for key in data.keys.iter().take(Workload::W11.operation_count(data) as usize) {
        engine.close()?;
        let ((), opening) = measure(|| {
            engine.open()?;
            engine.users_by_id(&[*key], &mut answer)
        })?;
        cost.add(opening);
    }
    Ok((answer, cost))
}

fn perform(
    step: Step,
    kind: EngineKind,
    engine: &mut dyn Engine,
    data: &Dataset,
    expected: &Outcome,
    results: &mut Results,
) -> Result<()> {
    if matches!(step, Step::Measured(workload) if !engine.supports(workload)) {
        return Ok(());
    }
    let (outcome, cost) = outcome(step, engine, data)?;
    step.check(&outcome, expected)?;
    let Step::Measured(workload) = step else { return Ok(()) };
    let cost = BestCost::new(cost, workload.operation_count(data));
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
                let left = |data: &Dataset| {
                    let mut engine = kind.create(directory.path()).expect("an empty database");
                    if step != Step::Measured(Workload::W1) {
                        engine.insert_users(&data.users).expect("rows go in");
                    }
                    outcome(step, engine.as_mut(), data).expect("the step works").0
                };
                let expected = left(&data);
                assert!(step.check(&left(&data), &expected).is_ok());
                assert!(step.check(&left(&wrong), &expected).is_err(), "{kind:?} {step:?}");
            }
        }
    }
}
