//! Snapshots that are kept, and exports.

use wasm_dbms::{Database, HeapProvider, Snapshot};

use crate::model::oracle::State;
use crate::model::run::{Run, Step, Wrong};

/// So many snapshots are kept at most.
const KEPT_MAX: usize = 4;

/// A snapshot, and what it must hold.
#[derive(Debug)]
pub(super) struct Kept {
    snapshot: Snapshot,
    state: State,
}

fn words(what: &str) -> impl Fn(wasm_dbms::Error) -> Wrong + '_ {
    move |error| Wrong(format!("{what} says: {error}"))
}

impl Run {
    pub(super) fn keep(&mut self) -> Step {
        let snapshot = self.db()?.snapshot().map_err(words("the snapshot"))?;
        self.kept(snapshot)
    }

    /// A snapshot of what was committed, taken while a transaction is open.
    pub(super) fn keep_beside(&mut self, db: &Database) -> Step {
        let snapshot = db.snapshot().map_err(words("the snapshot"))?;
        self.kept(snapshot)
    }

    fn kept(&mut self, snapshot: Snapshot) -> Step {
        // While the medium may fail, nothing is kept: what fails is not what is looked at.
        if self.armed.is_some() {
            return Ok(());
        }
        if self.kept.len() >= KEPT_MAX {
            self.kept.remove(0);
        }
        self.kept.push(Kept { snapshot, state: self.committed.clone() });
        Ok(())
    }

    /// Reads every snapshot.
    pub(super) fn look(&mut self) -> Step {
        if self.armed.is_some() {
            return Ok(());
        }
        for (number, Kept { snapshot, state }) in self.kept.iter().enumerate() {
            self.counts.snapshots_read += 1;
            let compared = state.compare_rows(&|query| snapshot.query(query));
            compared.map_err(|difference| Wrong(format!("in snapshot {number} {difference}")))?;
        }
        Ok(())
    }

    pub(super) fn export(&mut self) -> Step {
        self.export_of(self.db()?)
    }

    /// Exports what was committed last, opens the copy and compares it.
    pub(super) fn export_of(&self, db: &Database) -> Step {
        if self.armed.is_some() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        db.export(&mut bytes).map_err(words("the export"))?;
        let copy = Database::open_with(HeapProvider::from_bytes(bytes.clone()), self.program.setup.options(0));
        let copy = copy.map_err(words("opening the export"))?;
        self.committed.compare(&copy).map_err(|difference| Wrong(format!("in the export {difference}")))?;
        let mut again = Vec::new();
        copy.export(&mut again).map_err(words("the export of the export"))?;
        if again == bytes { Ok(()) } else { Err(Wrong("the export of the export is another".into())) }
    }
}
