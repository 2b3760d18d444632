//! Interactive transactions, many at once, and what their commits must come to.
//!
//! Nothing was committed beside one, or nothing that it could have to do with: its commit goes well. A row that it changed
//! was changed by another that committed first: a conflict. Where neither is said it may go either way, but if it goes
//! well, then what stands is what was committed with its rows put over it, all constraints hold, and a serializable one
//! has come to what its statements and questions, done again on what was committed, come to.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasm_dbms::{BeginOptions, Durability, Isolation, OptimisticTransaction, Query, Savepoint, Value};

use crate::model::draw::Beside;
use crate::model::oracle::{State, Table, is_same_row};
use crate::model::run::verbs::Verbs;
use crate::model::run::{Bug, Run, Step, Wrong, judged, verdict};
use crate::model::{End, Operation};

/// What was done in a transaction.
#[derive(Debug, Clone)]
enum Done {
    /// A statement, and what it told if it was not refused.
    Statement(Operation, Option<u64>),
    Asked(Box<Query>, Vec<Vec<Value>>),
}

/// A savepoint that is open: what stood when it was opened, and how much was done.
#[derive(Debug)]
struct Mark {
    savepoint: Savepoint,
    state: State,
    done: usize,
}

/// A transaction that is open.
#[derive(Debug)]
pub(super) struct Open {
    tx: OptimisticTransaction,
    isolation: Isolation,
    began: State,
    state: State,
    marks: Vec<Mark>,
    done: Vec<Done>,
    /// The tables that were named, those of rolled back statements too.
    tables: BTreeSet<String>,
}

impl Open {
    pub(super) fn beside(&self) -> Beside<'_> {
        Beside { state: &self.state, savepoints: self.marks.len() }
    }

    fn names(&mut self, operation: &Operation) {
        match operation {
            Operation::Insert { table, .. }
            | Operation::Update { table, .. }
            | Operation::Upsert { table, .. }
            | Operation::Delete { table, .. } => {
                self.tables.insert(table.clone());
            }
            Operation::Ask(query) | Operation::AskPrepared(query) => {
                let sources = std::iter::once(&query.from).chain(query.joins.iter().map(|join| &join.source));
                self.tables.extend(sources.filter_map(|source| source.name()).map(|name| name.to_string()));
            }
            Operation::Check => self.tables.extend(self.state.tables.iter().map(|table| table.name().to_owned())),
            _ => {}
        }
    }
}

impl Run {
    pub(super) fn open_interactive(&mut self, isolation: Isolation) -> Step {
        if self.armed.is_some() || !self.committed.tables.iter().all(|table| table.is_countless()) {
            return Ok(());
        }
        let bug = self.bug.and_then(Bug::of_transactions);
        let options = BeginOptions::new().isolation(isolation).planted(bug);
        let tx = self.db()?.begin_with(options).map_err(|error| Wrong(format!("beginning says: {error}")))?;
        self.counts.opened += 1;
        let (began, state) = (self.committed.clone(), self.committed.clone());
        let (marks, done, tables) = (Vec::new(), Vec::new(), BTreeSet::new());
        self.open.push(Open { tx, isolation, began, state, marks, done, tables });
        Ok(())
    }

    /// An operation in one of those that are open. While the medium may fail, none: what fails is not what is looked at.
    pub(super) fn within(&mut self, place: usize, operation: &Operation) -> Step {
        if self.armed.is_some() || place >= self.open.len() {
            return Ok(());
        }
        let mut open = self.open.remove(place);
        if let Operation::End(end) = operation {
            return match end {
                End::Keep => self.commit_interactive(open),
                End::Error => {
                    open.tx.rollback();
                    Ok(())
                }
                End::Panic => Ok(()),
            };
        }
        let stepped = self.step_within(&mut open, operation);
        self.open.insert(place, open);
        stepped
    }

    fn step_within(&mut self, open: &mut Open, operation: &Operation) -> Step {
        open.names(operation);
        let words = |error| Wrong(format!("the interactive transaction says: {error}"));
        match operation {
            Operation::Insert { .. }
            | Operation::Update { .. }
            | Operation::Upsert { .. }
            | Operation::Delete { .. } => {
                let verdict = verdict(&open.state, operation);
                if !verdict.is_decided {
                    self.counts.undecided += 1;
                    return Ok(());
                }
                let told = verdict.next.as_ref().map(|(_, told)| *told);
                let next = judged(open.tx.write(operation, self.bug), verdict, &mut self.counts)?;
                open.done.push(Done::Statement(operation.clone(), told.filter(|_| next.is_some())));
                if let Some(next) = next {
                    open.state = next;
                }
            }
            Operation::Ask(query) | Operation::AskPrepared(query) => {
                let expected = open.state.answer(query);
                let found = match operation {
                    Operation::Ask(_) => open.tx.ask(query),
                    _ => {
                        let (ready, parameters) = self.prepared(query);
                        open.tx.ask_prepared(&ready, &parameters)
                    }
                };
                if let Ok(answer) = &found {
                    open.done.push(Done::Asked(query.clone(), answer.rows.clone()));
                }
                self.answered(found, expected)?;
            }
            Operation::Check => open.state.compare_rows(&|query| open.tx.query(query))?,
            Operation::Savepoint => {
                let savepoint = open.tx.open_savepoint().map_err(words)?;
                open.marks.push(Mark { savepoint, state: open.state.clone(), done: open.done.len() });
            }
            Operation::BackTo(number) => {
                if let Some(mark) = open.marks.get(*number) {
                    self.counts.gone_back += 1;
                    if self.bug != Some(Bug::SkipBack) {
                        open.tx.rollback_to(&mark.savepoint).map_err(words)?;
                    }
                    open.state = mark.state.clone();
                    open.done.truncate(mark.done);
                    open.marks.truncate(*number + 1);
                }
            }
            Operation::Release(number) => {
                if let Some(mark) = open.marks.get(*number) {
                    open.tx.release(&mark.savepoint).map_err(words)?;
                    open.marks.truncate(*number);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn commit_interactive(&mut self, open: Open) -> Step {
        let merged = merged(&open.began, &open.state, &self.committed);
        let is_alone = is_same(&open.began, &self.committed) || !self.is_touched(&open);
        let is_beside = !is_same(&open.began, &self.committed);
        let Open { tx, isolation, began, state, done, .. } = open;
        match (tx.commit(Durability::Full), merged) {
            (Err(error), merged) if error.is_conflict() => {
                self.counts.conflicts += 1;
                if is_alone && merged.is_some() {
                    return Err(Wrong(format!("nothing was committed beside it that it could conflict with: {error}")));
                }
                self.end_unit()
            }
            (Err(error), _) => Err(Wrong(format!("the interactive commit says: {error}"))),
            (Ok(()), None) => {
                Err(Wrong("a row that it changed was changed by another, and there is no conflict".into()))
            }
            (Ok(()), Some(merged)) => {
                let is_written = !is_same_rows(&began, &state);
                if is_beside && is_written {
                    self.counts.beside += 1;
                    if let Some(refusal) = merged.unsound().first() {
                        return Err(Wrong(format!("two commits together break a constraint: {refusal:?}")));
                    }
                    if isolation == Isolation::Serializable {
                        serial(&self.committed, &done, &merged)?;
                    }
                }
                if is_written {
                    self.commit(merged, Durability::Full);
                    self.committed.compare(self.db()?)?;
                }
                self.end_unit()
            }
        }
    }

    /// Whether what was committed beside a transaction changed a table that it named, or one that is tied to such by
    /// references.
    fn is_touched(&self, open: &Open) -> bool {
        let mut names = open.tables.clone();
        loop {
            let before = names.len();
            for table in open.began.tables.iter().chain(&self.committed.tables) {
                let others: Vec<&String> = table.shape.references.iter().map(|reference| &reference.table).collect();
                if names.contains(table.name()) {
                    names.extend(others.into_iter().cloned());
                } else if others.into_iter().any(|other| names.contains(other)) {
                    names.insert(table.name().to_owned());
                }
            }
            if names.len() == before {
                break;
            }
        }
        names.iter().any(|name| match (find(&open.began, name), find(&self.committed, name)) {
            (Some(before), Some(now)) => !Arc::ptr_eq(before, now),
            (None, None) => false,
            _ => true,
        })
    }
}

fn find<'a>(state: &'a State, name: &str) -> Option<&'a Arc<Table>> {
    state.tables.iter().find(|table| table.name() == name)
}

/// Whether nothing at all was committed between two states.
fn is_same(left: &State, right: &State) -> bool {
    left.tables.len() == right.tables.len()
        && left.tables.iter().zip(&right.tables).all(|(left, right)| Arc::ptr_eq(left, right))
}

/// Whether two states have the same rows to the last bit.
fn is_same_rows(left: &State, right: &State) -> bool {
    let is_same = |left: &Table, right: &Table| {
        left.rows().len() == right.rows().len()
            && left.rows().zip(right.rows()).all(|(left, right)| is_same_row(left, right))
    };
    left.tables.len() == right.tables.len()
        && left.tables.iter().zip(&right.tables).all(|(left, right)| is_same(left, right))
}

/// What was committed, with the rows put over it that a transaction changed; none if one of those was changed meanwhile.
fn merged(began: &State, state: &State, committed: &State) -> Option<State> {
    let mut merged = committed.clone();
    for (before, after) in began.tables.iter().zip(&state.tables) {
        if Arc::ptr_eq(before, after) {
            continue;
        }
        let is_identical =
            |left: Option<&crate::model::oracle::Row>, right: Option<&crate::model::oracle::Row>| match (left, right) {
                (Some(left), Some(right)) => is_same_row(left, right),
                (None, None) => true,
                _ => false,
            };
        let keys = before.entries().chain(after.entries()).map(|(key, _)| key).collect::<BTreeSet<_>>();
        for key in keys {
            let (old, new) = (before.get(key), after.get(key));
            if is_identical(old, new) {
                continue;
            }
            let own = merged.tables.iter_mut().find(|table| table.is_same_table(before)).map(Arc::make_mut)?;
            if !is_identical(own.get(key), old) {
                return None;
            }
            match new {
                Some(row) => own.put(key.clone(), Arc::clone(row)),
                None => {
                    own.remove(key);
                }
            }
        }
    }
    Some(merged)
}

/// Checks that a transaction has come to what it would have come to after all that was committed.
fn serial(committed: &State, done: &[Done], merged: &State) -> Step {
    let mut state = committed.clone();
    for done in done {
        match done {
            Done::Statement(operation, told) => {
                let verdict = verdict(&state, operation);
                if !verdict.is_decided {
                    // What it did there depends on the order of its rows, and so does all that followed.
                    return Ok(());
                }
                match (verdict.next, told) {
                    (Some((next, count)), Some(told)) if count == *told => state = next,
                    (_, None) if !verdict.refusals.is_empty() => {}
                    (next, told) => {
                        let (next, refusals) = (next.map(|(_, count)| count), verdict.refusals);
                        return Err(Wrong(format!(
                            "it is not serializable: {operation:?} told of {told:?} rows and would of {next:?} {refusals:?}"
                        )));
                    }
                }
            }
            Done::Asked(query, rows) => {
                let expected = state.answer(query).map_err(|refusal| Wrong(format!("{query} is {refusal:?}")))?;
                let checked = expected.check(rows);
                checked.map_err(|what| Wrong(format!("it is not serializable: of {query} {what}")))?;
            }
        }
    }
    if is_same_rows(&state, merged) {
        Ok(())
    } else {
        Err(Wrong("it is not serializable: one after the other they come to something else".into()))
    }
}
