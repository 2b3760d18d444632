//! Transactions and savepoints, however they end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wasm_dbms::{Database, Durability, Error, Transaction};

use crate::model::oracle::{Refusal, State};
use crate::model::run::verbs::Verbs;
use crate::model::run::{Bug, Run, Step, Wrong, judged, verdict};
use crate::model::{End, Operation};

/// What a closure returns or panics with to be rolled back.
#[derive(Debug)]
struct RolledBack;

impl std::fmt::Display for RolledBack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rolled back on purpose")
    }
}

impl std::error::Error for RolledBack {}

/// How a closure ended.
#[derive(Debug)]
enum Ended {
    Kept,
    RolledBack,
    /// Storage failed.
    Failed(Error),
    Wrong(Wrong),
}

/// Runs a closure of the database that may panic on purpose.
fn ended(run: impl FnOnce(&mut Option<Wrong>) -> wasm_dbms::Result<()>) -> Ended {
    let mut wrong = None;
    let done = catch_unwind(AssertUnwindSafe(|| run(&mut wrong)));
    if let Some(wrong) = wrong {
        return Ended::Wrong(wrong);
    }
    match done {
        Ok(Ok(())) => Ended::Kept,
        Ok(Err(Error::Other(error))) if error.is::<RolledBack>() => Ended::RolledBack,
        Ok(Err(error)) => Ended::Failed(error),
        Err(panic) if panic.is::<RolledBack>() => Ended::RolledBack,
        Err(panic) => resume_unwind(panic),
    }
}

impl Run {
    pub(super) fn transaction(&mut self, durability: Durability) -> Step {
        let Some(db) = self.db.take() else { return Err(Wrong("the database is not open".into())) };
        let mut state = self.committed.clone();
        let ended = ended(|wrong| db.transaction_with(durability, |tx| self.inside(tx, &db, 1, &mut state, wrong)));
        self.db = Some(db);
        match ended {
            Ended::Kept => self.commit(state, durability),
            Ended::RolledBack => self.counts.rolled_back += 1,
            Ended::Failed(error) if self.is_failure(&error) => self.met_failure(&error, Some(state))?,
            Ended::Failed(error) => return Err(Wrong(format!("the transaction says: {error}"))),
            Ended::Wrong(wrong) => return Err(wrong),
        }
        self.end_unit()?;
        Ok(self.committed.compare(self.db()?)?)
    }

    /// What stands between the begin and the end of a transaction or a savepoint.
    fn inside(
        &mut self,
        tx: &mut Transaction<'_>,
        db: &Database,
        depth: usize,
        state: &mut State,
        wrong: &mut Option<Wrong>,
    ) -> wasm_dbms::Result<()> {
        while let Some(operation) = self.next(depth, Some(state)) {
            let done = match &operation {
                Operation::End(End::Keep) => return Ok(()),
                Operation::End(End::Error) => return Err(Error::other(RolledBack)),
                Operation::End(End::Panic) => resume_unwind(Box::new(RolledBack)),
                Operation::Savepoint => self.savepoint(tx, db, depth, state),
                _ => self.one(tx, db, &operation, state),
            };
            match done {
                Ok(None) => {}
                Ok(Some(error)) => return Err(error),
                Err(what) => {
                    *wrong = Some(what);
                    return Err(Error::other(RolledBack));
                }
            }
        }
        Ok(())
    }

    fn savepoint(
        &mut self,
        tx: &mut Transaction<'_>,
        db: &Database,
        depth: usize,
        state: &mut State,
    ) -> Step<Option<Error>> {
        let before = state.clone();
        let keeps_all = self.bug == Some(Bug::KeepSavepoint);
        let run = |wrong: &mut Option<Wrong>| {
            let mut rolled_back = false;
            tx.savepoint(|tx| {
                let done = self.inside(tx, db, depth + 1, state, wrong);
                rolled_back = done.is_err();
                if keeps_all { Ok(()) } else { done }
            })?;
            if rolled_back { Err(Error::other(RolledBack)) } else { Ok(()) }
        };
        let ended = ended(run);
        match ended {
            Ended::Kept => Ok(None),
            Ended::RolledBack => {
                self.counts.rolled_back += 1;
                *state = before;
                Ok(None)
            }
            Ended::Failed(error) if self.is_failure(&error) => Ok(Some(error)),
            Ended::Failed(error) => Err(Wrong(format!("the savepoint says: {error}"))),
            Ended::Wrong(wrong) => Err(wrong),
        }
    }

    /// An operation inside a transaction. Returns what storage says, if it fails.
    fn one(
        &mut self,
        tx: &mut Transaction<'_>,
        db: &Database,
        operation: &Operation,
        state: &mut State,
    ) -> Step<Option<Error>> {
        let refused = match operation {
            Operation::Insert { .. }
            | Operation::Update { .. }
            | Operation::Upsert { .. }
            | Operation::Delete { .. } => {
                let verdict = verdict(state, operation);
                if !verdict.is_decided {
                    self.counts.undecided += 1;
                    return Ok(None);
                }
                return match tx.write(operation, self.bug) {
                    Err(error) if self.is_failure(&error) => Ok(Some(error)),
                    done => {
                        if let Some(next) = judged(done, verdict, &mut self.counts)? {
                            *state = next;
                        }
                        Ok(None)
                    }
                };
            }
            Operation::Ask(query) => {
                let expected = state.answer(query);
                return match tx.ask(query) {
                    Err(error) if self.is_failure(&error) => Ok(Some(error)),
                    found => self.answered(found, expected).map(|()| None),
                };
            }
            Operation::AskPrepared(query) => {
                let expected = state.answer(query);
                let (ready, parameters) = self.prepared(query);
                return match tx.ask_prepared(&ready, &parameters) {
                    Err(error) if self.is_failure(&error) => Ok(Some(error)),
                    found => self.answered(found, expected).map(|()| None),
                };
            }
            Operation::Check => {
                return match state.compare_rows(&|query| tx.query(query)) {
                    Err(crate::model::oracle::Difference::Unreadable(error)) if self.is_failure(&error) => {
                        Ok(Some(error))
                    }
                    compared => Ok(compared.map(|()| None)?),
                };
            }
            Operation::Snapshot => return self.keep_beside(db).map(|()| None),
            Operation::Look => return self.look().map(|()| None),
            Operation::Export => return self.export_of(db).map(|()| None),
            Operation::Create(schema) => db.create_table(schema),
            Operation::Drop(name) => db.drop_table(name),
            Operation::Sync => db.sync(),
            Operation::Vacuum(pages) => db.vacuum_step(*pages).map(|_| ()),
            Operation::Scrub(pages) => db.scrub_step(*pages).map(|_| ()),
            Operation::Begin(durability) => db.transaction_with(*durability, |_| Ok(())),
            _ => return Ok(None),
        };
        match refused {
            Err(error) if Refusal::of(&error) == Some(Refusal::Busy) => Ok(None),
            other => Err(Wrong(format!("inside a transaction the database should be busy: {other:?}"))),
        }
    }
}
