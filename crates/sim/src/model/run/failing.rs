//! Calls that fail, processes that die, power that fails.

use wasm_dbms::{Database, Error, HeapProvider};

use crate::crash::drawn;
use crate::faults::{Fault, Faulty, Injection};
use crate::model::oracle::{Difference, State};
use crate::model::run::{Bug, Run, Step, Wrong, is_of_storage};
use crate::recorder::Call;
use crate::workload::Medium;

/// What the medium was told for the next statement or transaction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Armed {
    /// The power fails. So many calls were made before.
    Crash { calls: usize, seed: u64 },
    /// Calls fail.
    Fail(Fault),
}

impl Run {
    /// Whether an error is one that was asked for.
    pub(super) fn is_failure(&self, error: &Error) -> bool {
        self.armed.is_some() && self.medium.inner().failed() > 0 && is_of_storage(error)
    }

    pub(super) fn arm_crash(&mut self, after: u64, seed: u64) -> Step {
        if self.armed.is_some() {
            self.disarm()?;
        }
        self.medium.inner().inject(Injection::after_changes(after, Fault::Error).for_ever());
        self.armed = Some(Armed::Crash { calls: self.medium.count(), seed });
        Ok(())
    }

    pub(super) fn arm(&mut self, after: u64, fault: Fault, is_lasting: bool) -> Step {
        if self.armed.is_some() {
            self.disarm()?;
        }
        // Where calls fail for good, reads do not: the recorder must find out what a failed write left.
        self.medium.inner().inject(match is_lasting {
            true => Injection::after_changes(after, fault).for_ever(),
            false => Injection::after_calls(after, fault),
        });
        self.armed = Some(Armed::Fail(fault));
        Ok(())
    }

    /// A statement or transaction failed as it was asked to; `next` is what it would have left.
    pub(super) fn met_failure(&mut self, error: &Error, next: Option<State>) -> Step {
        self.counts.failed += 1;
        let is_in_doubt = error.is_in_doubt();
        self.counts.in_doubt += u64::from(is_in_doubt);
        if let (Some(Armed::Crash { .. }), _) | (_, true) = (self.armed, is_in_doubt) {
            self.doubt = next;
        }
        self.is_typed(error)
    }

    /// The error says what the host said: full if it is full, never that the bytes are damaged.
    fn is_typed(&self, error: &Error) -> Step {
        let Some(Armed::Fail(fault)) = self.armed else { return Ok(()) };
        match error {
            Error::MustRollBack(_) => Ok(()),
            Error::Memory(error) if fault.is_told_by(error) => Ok(()),
            error => Err(Wrong(format!("the error is not of the right kind: {error:?}"))),
        }
    }

    /// The end of what is no statement: a sync, a step of a vacuum.
    pub(super) fn upkeep(&mut self, done: wasm_dbms::Result<()>) -> Step {
        match done {
            Err(error) if self.is_failure(&error) => self.met_failure(&error, None)?,
            Err(error) => return Err(Wrong(format!("it says: {error}"))),
            Ok(()) => {}
        }
        self.end_unit()
    }

    /// Ends what was armed: the power fails now, or the medium is whole again.
    pub(super) fn disarm(&mut self) -> Step {
        match self.armed.take() {
            Some(Armed::Crash { calls, seed }) => self.crash(calls, seed),
            Some(Armed::Fail(_)) => {
                let failed = self.medium.inner().failed();
                self.medium.inner().heal();
                if failed == 0 {
                    return Ok(());
                }
                let Some(db) = &self.db else { return self.reopen() };
                // What is read is what was acknowledged, whatever is in doubt.
                self.committed.compare(db)?;
                // A transaction of nothing is refused where every write is.
                let is_writable = db.sync().and_then(|()| db.transaction(|_| Ok(()))).is_ok();
                if self.doubt.is_some() || !is_writable {
                    return self.reopen();
                }
                self.settle();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Opens the database on the medium as it is.
    pub(super) fn open(&mut self) -> Step<()> {
        let options = self.program.setup.options(self.cache_bytes);
        let opened = Database::open_with(self.medium.clone(), options);
        self.db = Some(opened.map_err(|error| Wrong(format!("opening says: {error}")))?);
        Ok(())
    }

    /// The process dies and starts again: what stands is what was acknowledged last, or what was in doubt.
    pub(super) fn reopen(&mut self) -> Step {
        if self.armed.is_some() {
            return self.disarm();
        }
        self.counts.reopened += 1;
        self.kept.clear();
        self.open.clear();
        self.db = None;
        self.open()?;
        let doubt = self.doubt.take();
        match (self.committed.compare(self.db()?), doubt) {
            (Ok(()), _) => {}
            (Err(Difference::Found(_)), Some(doubt)) if doubt.compare(self.db()?).is_ok() => {
                self.committed = doubt.clone();
                self.later.push(doubt);
            }
            (Err(difference), _) => return Err(Wrong(format!("after opening again {difference}"))),
        }
        self.everything()
    }

    /// The power fails at the first call that failed since `calls`, or now.
    fn crash(&mut self, calls: usize, seed: u64) -> Step {
        self.counts.crashes += 1;
        self.kept.clear();
        self.open.clear();
        let mut made = self.medium.calls();
        self.db = None;
        let is_failed =
            |call: &Call| matches!(call, Call::FailedWrite { .. } | Call::FailedSetSize(_) | Call::FailedSync);
        if let Some(first) = made.iter().skip(calls).position(is_failed) {
            made.truncate(calls + first + 1);
        }
        // Power that fails in a sync is no sync that failed: nobody goes on after it.
        if made.last() == Some(&Call::FailedSync) {
            made.pop();
        }
        let image = drawn(&self.start, &made, seed);
        self.start.clone_from(&image);
        self.medium = Medium::new(Faulty::new(HeapProvider::from_bytes(image)));
        if self.bug == Some(Bug::SkipSync) {
            self.medium.skip_syncs();
        }
        self.open()?;
        let mut candidates: Vec<State> = self.doubt.take().into_iter().collect();
        candidates.extend(std::mem::take(&mut self.later).into_iter().rev());
        candidates.push(self.durable.clone());
        let db = self.db()?;
        let mut first_difference = None;
        let mut found = None;
        for (number, candidate) in candidates.iter().enumerate() {
            match candidate.compare(db) {
                Ok(()) => {
                    found = Some(number);
                    break;
                }
                Err(difference) => {
                    first_difference.get_or_insert(difference);
                }
            }
        }
        let count = candidates.len();
        match (found.and_then(|found| candidates.into_iter().nth(found)), first_difference) {
            (Some(state), difference) => {
                self.counts.lost += u64::from(difference.is_some());
                self.committed = state;
                self.settle();
                self.everything()
            }
            (None, difference) => {
                let what = difference.map(|difference| difference.to_string()).unwrap_or_default();
                Err(Wrong(format!("after a crash none of {count} states that may stand does; in the last {what}")))
            }
        }
    }
}
