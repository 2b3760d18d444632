//! The simplest oracle: every transaction that committed read just what was there when it began, and, if it is
//! serializable and wrote anything, still when it committed.

use std::collections::{BTreeMap, HashMap};

use wasm_dbms::Isolation;

use crate::battery::isolation::workload::{History, KEYS, Record, Step, kind};

/// All that is stored.
#[derive(Debug, Clone, Default)]
struct Cells {
    registers: BTreeMap<u64, u64>,
    lists: BTreeMap<u64, Vec<u64>>,
}

impl Cells {
    /// Does a step; returns whether its answer is the right one.
    fn step(&mut self, step: &Step) -> bool {
        let pairs = |keep: &dyn Fn(u64, u64) -> bool| -> Vec<(u64, u64)> {
            self.registers.iter().map(|(id, value)| (*id, *value)).filter(|(id, value)| keep(*id, *value)).collect()
        };
        match step {
            Step::ReadRegister(key, value) => self.registers.get(key) == value.as_ref(),
            Step::ReadRange(from, to, rows) => pairs(&|id, _| id >= *from && id < *to) == *rows,
            Step::ReadKind(of, rows) => pairs(&|_, value| kind(value) == *of) == *rows,
            Step::CountRegisters(count) => self.registers.len() as u64 == *count,
            Step::WriteRegister(key, value) => {
                self.registers.insert(*key, *value);
                true
            }
            Step::ReadList(key, items) => self.lists.get(key).map_or(&[][..], Vec::as_slice) == items,
            Step::Append(key, value) => {
                self.lists.entry(*key).or_default().push(*value);
                true
            }
        }
    }

    /// The first step of a transaction whose answer is not what it would be here.
    fn first_wrong<'r>(&self, record: &'r Record) -> Option<&'r Step> {
        let mut cells = self.clone();
        record.steps.iter().find(|step| !cells.step(step))
    }
}

/// Checks a history whose order is known.
pub(super) fn check(history: &History) -> Vec<String> {
    let mut findings = Vec::new();
    let Some(order) = &history.order else { return findings };
    let by_number: HashMap<u64, &Record> = history.transactions.iter().map(|record| (record.number, record)).collect();
    let mut states = vec![Cells { registers: (0..KEYS / 2).map(|key| (key, 0)).collect(), ..Cells::default() }];
    for number in order {
        let (Some(record), Some(before)) = (by_number.get(number), states.last()) else { continue };
        if history.isolation == Isolation::Serializable
            && let Some(step) = before.first_wrong(record)
        {
            findings.push(format!("transaction {number}: {step:?} is not so when it commits"));
        }
        let mut after = before.clone();
        for step in record.steps.iter().filter(|step| step.is_write()) {
            after.step(step);
        }
        states.push(after);
    }
    for record in &history.transactions {
        if let Some(state) = states.get(record.began)
            && let Some(step) = state.first_wrong(record)
        {
            findings.push(format!("transaction {}: {step:?} is not so when it begins", record.number));
        }
    }
    findings
}
