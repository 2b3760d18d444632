//! The smallest program that still goes wrong.

use wasm_dbms::{Expr, Value};

use crate::model::{Bug, Failure, Operation, Program, ask, replay};

/// So often a program is tried at most.
const TRIES: usize = 4000;

/// Leaves out of a program what is not needed for it to go wrong, then makes what is left simpler. `beat` is called now and
/// then.
pub fn shrunk(failure: Failure, bug: Option<Bug>, beat: &dyn Fn()) -> Failure {
    let mut shrink = Shrink { best: failure, bug, left: TRIES, beat };
    loop {
        let before = shrink.best.program.clone();
        shrink.leave_out();
        shrink.simplify();
        if shrink.best.program == before || shrink.left == 0 {
            return shrink.best;
        }
    }
}

struct Shrink<'a> {
    best: Failure,
    bug: Option<Bug>,
    left: usize,
    beat: &'a dyn Fn(),
}

impl Shrink<'_> {
    /// Whether this goes wrong too; then it is the best so far.
    fn tries(&mut self, program: Program) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        (self.beat)();
        match replay(&program, self.bug) {
            Ok(_) => false,
            Err(failure) => {
                self.best = failure;
                true
            }
        }
    }

    fn operations(&self) -> &[Operation] {
        &self.best.program.operations
    }

    /// Runs of operations go, long ones first.
    fn leave_out(&mut self) {
        let mut length = self.operations().len() / 2;
        while length > 0 {
            let mut end = self.operations().len();
            while end > 0 {
                let start = end.saturating_sub(length);
                let mut program = self.best.program.clone();
                program.operations.drain(start..end);
                self.tries(program);
                end = start.min(self.operations().len());
            }
            length /= 2;
        }
    }

    /// Each operation becomes a simpler one, as long as there is one.
    fn simplify(&mut self) {
        let mut at = 0;
        while at < self.operations().len() {
            let candidates = self.operations().get(at).map(simpler).unwrap_or_default();
            let is_simpler = candidates.into_iter().any(|operation| {
                let mut program = self.best.program.clone();
                if let Some(place) = program.operations.get_mut(at) {
                    *place = operation;
                }
                self.tries(program)
            });
            if !is_simpler {
                at += 1;
            }
        }
    }
}

/// Every list with one part left out.
fn without_one<T: Clone>(all: &[T]) -> impl Iterator<Item = Vec<T>> + '_ {
    (0..all.len()).map(|left_out| {
        let others = all.iter().enumerate().filter(|(place, _)| *place != left_out);
        others.map(|(_, part)| part.clone()).collect()
    })
}

fn simpler(operation: &Operation) -> Vec<Operation> {
    let mut found = Vec::new();
    match operation {
        Operation::Create(schema) => {
            for indexes in without_one(&schema.indexes) {
                found.push(Operation::Create(wasm_dbms::TableSchema { indexes, ..schema.clone() }));
            }
            for foreign_keys in without_one(&schema.foreign_keys) {
                found.push(Operation::Create(wasm_dbms::TableSchema { foreign_keys, ..schema.clone() }));
            }
            for checks in without_one(&schema.checks) {
                found.push(Operation::Create(wasm_dbms::TableSchema { checks, ..schema.clone() }));
            }
            if schema.columns.iter().any(|column| !column.sanitizers.is_empty() || !column.validators.is_empty()) {
                let mut plain = schema.clone();
                for column in &mut plain.columns {
                    column.sanitizers.clear();
                    column.validators.clear();
                }
                found.push(Operation::Create(plain));
            }
            for columns in without_one(&schema.columns).filter(|columns| !columns.is_empty()) {
                found.push(Operation::Create(wasm_dbms::TableSchema { columns, ..schema.clone() }));
            }
        }
        Operation::Insert { table, columns, rows } => {
            let with = |columns: Vec<String>, rows| Operation::Insert { table: table.clone(), columns, rows };
            found.extend(without_one(rows).filter(|rows| !rows.is_empty()).map(|rows| with(columns.clone(), rows)));
            for (place, columns) in without_one(columns).enumerate() {
                let without = |row: &Vec<Value>| {
                    let mut row = row.clone();
                    row.remove(place);
                    row
                };
                found.push(with(columns, rows.iter().map(without).collect()));
            }
            for (number, row) in rows.iter().enumerate() {
                for (place, value) in row.iter().enumerate() {
                    found.extend(simpler_value(value).map(|value| {
                        let mut rows = rows.clone();
                        if let Some(place) = rows.get_mut(number).and_then(|row| row.get_mut(place)) {
                            *place = value;
                        }
                        with(columns.clone(), rows)
                    }));
                }
            }
        }
        Operation::Update { table, values, filter } => {
            let with = |values, filter| Operation::Update { table: table.clone(), values, filter };
            let fewer = without_one(values).filter(|values| !values.is_empty());
            found.extend(fewer.map(|values| with(values, filter.clone())));
            found.extend(simpler_filters(filter).into_iter().map(|filter| with(values.clone(), filter)));
        }
        Operation::Upsert { table, columns, rows, on, merge } => {
            for rows in without_one(rows).filter(|rows| !rows.is_empty()) {
                let (table, columns, on, merge) = (table.clone(), columns.clone(), on.clone(), merge.clone());
                found.push(Operation::Upsert { table, columns, rows, on, merge });
            }
        }
        Operation::AskPrepared(query) => found.push(Operation::Ask(query.clone())),
        Operation::Within { place, operation } => {
            let within = |operation: Operation| Operation::Within { place: *place, operation: operation.into() };
            found.extend(simpler(operation).into_iter().map(within));
        }
        Operation::Delete { table, filter } => {
            let with = |filter| Operation::Delete { table: table.clone(), filter };
            found.extend(simpler_filters(filter).into_iter().map(with));
        }
        Operation::Ask(query) => {
            for filter in simpler_filters(&query.filter) {
                found.push(ask(wasm_dbms::Query { filter, ..(**query).clone() }));
            }
            for order_by in without_one(&query.order_by) {
                found.push(ask(wasm_dbms::Query { order_by, ..(**query).clone() }));
            }
            for columns in without_one(&query.columns) {
                found.push(ask(wasm_dbms::Query { columns, ..(**query).clone() }));
            }
            if query.limit.is_some() || query.offset.is_some() {
                found.push(ask(wasm_dbms::Query { limit: None, offset: None, ..(**query).clone() }));
            }
        }
        _ => {}
    }
    found
}

/// A shorter text, fewer bytes.
fn simpler_value(value: &Value) -> Option<Value> {
    match value {
        Value::Text(text) if text.chars().count() > 1 => {
            Some(Value::Text(text.chars().take(text.chars().count() / 2).collect()))
        }
        Value::Bytes(bytes) if bytes.len() > 1 => {
            Some(Value::Bytes(bytes.iter().take(bytes.len() / 2).copied().collect()))
        }
        _ => None,
    }
}

/// No filter, and the parts of one.
fn simpler_filters(filter: &Option<Expr>) -> Vec<Option<Expr>> {
    let Some(filter) = filter else { return Vec::new() };
    let mut found = vec![None];
    match filter {
        Expr::And(left, right) | Expr::Or(left, right) => {
            found.extend([Some((**left).clone()), Some((**right).clone())]);
        }
        Expr::Not(inner) => found.push(Some((**inner).clone())),
        _ => {}
    }
    found
}
