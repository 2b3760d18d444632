//! [`Private`]: what an interactive transaction works on.

use wasm_dbms_memory::{KeyRange, PrivateView};

use crate::store::JournaledWriter;
use crate::store::reads::{Purpose, ReadSet};

/// The private pages of a transaction, with the savepoints that are open, and what it has read.
#[derive(Debug)]
pub(crate) struct Private {
    pub(crate) pages: JournaledWriter<PrivateView>,
    pub(crate) reads: ReadSet,
    /// What is read just now, and whether that is kept.
    purpose: Purpose,
    keeps_questions: bool,
    /// A planted bug.
    pub(crate) skips_ranges: bool,
}

impl Private {
    /// `keeps_questions` says that what questions read is kept too, and not only what constraints ask.
    pub(crate) fn new(pages: PrivateView, keeps_questions: bool) -> Self {
        Self {
            pages: JournaledWriter::new(pages),
            reads: ReadSet::default(),
            purpose: Purpose::Nothing,
            keeps_questions,
            skips_ranges: false,
        }
    }

    /// Says what is read from now on. Returns what was before.
    pub(crate) fn read_for(&mut self, purpose: Purpose) -> Purpose {
        std::mem::replace(&mut self.purpose, purpose)
    }

    #[inline]
    pub(crate) fn note(&mut self, tree: u32, range: KeyRange<'_>) {
        let is_kept = match self.purpose {
            Purpose::Nothing => false,
            Purpose::Question => self.keeps_questions,
            Purpose::Constraint => true,
        };
        if is_kept && (!self.skips_ranges || matches!(range, KeyRange::Key(_))) {
            self.reads.note(tree, range);
        }
    }
}
