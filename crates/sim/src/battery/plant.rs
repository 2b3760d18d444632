//! Faults of the store or of the medium that a battery must find out.
//!
//! A store with a bug in the order of its calls leaves other calls on the medium. So such a bug is planted by putting the
//! calls of the right one in the wrong order; every crash of those is then judged as any other.

use std::sync::Arc;

use wasm_dbms::PlantedBug;

use crate::battery::coverage::{Meaning, meanings};
use crate::recorder::Call;
use crate::workload::History;

/// A fault of the store or of the medium that a battery must find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub enum Plant {
    /// Syncs are acknowledged and not done: for `crash`, `recovery` and `model`.
    SkipSync,
    /// Writes are acknowledged and not done: for `io-error`.
    SwallowWrite,
    /// Bytes of a page reach their reader unverified: for `bit-flip`.
    DropChecksum,
    /// A checkpoint in steps writes pages in place before the commit they are of is durable: for `crash`.
    EarlyStep,
    /// It writes its header before a sync followed the last page: for `crash`.
    EarlyFlip,
    /// The room of the ring before is written to before the header that names the longer one is synced: for `crash`.
    EarlyRing,
    /// A migration in one commit is two: for `crash`.
    SplitMigration,
    /// A filter of several parts keeps nothing where rows are deleted: for `model`.
    LoseMatches,
    /// Unique indexes are plain ones: for `model`.
    ForgetUnique,
    /// Rows that should go with others are in their way: for `model`.
    SkipCascade,
    /// What a savepoint wrote stays though it is rolled back: for `model`.
    KeepSavepoint,
    /// Tables have no checks: for `model`.
    SkipChecks,
    /// Columns have no sanitizers and validators: for `model`.
    SkipRules,
    /// An upsert that computes what a row becomes leaves it as it is: for `model`.
    ForgetExcluded,
    /// A prepared question is asked with its first parameters: for `model`.
    StaleParameters,
    /// Going back to a savepoint of an interactive transaction does nothing: for `model`.
    SkipBack,
    /// A commit does not look at what its transaction has read: for `isolation` and `model`.
    SkipValidation,
    /// It does not look whether the rows that it changes are as they were: for `isolation` and `model`.
    SkipRowCheck,
    /// Of what is read only single keys are kept: for `isolation`.
    SkipRanges,
}

impl Plant {
    /// The plant of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "skip-sync" => Some(Self::SkipSync),
            "swallow-write" => Some(Self::SwallowWrite),
            "drop-checksum" => Some(Self::DropChecksum),
            "early-step" => Some(Self::EarlyStep),
            "early-flip" => Some(Self::EarlyFlip),
            "early-ring" => Some(Self::EarlyRing),
            "split-migration" => Some(Self::SplitMigration),
            "lose-matches" => Some(Self::LoseMatches),
            "forget-unique" => Some(Self::ForgetUnique),
            "skip-cascade" => Some(Self::SkipCascade),
            "keep-savepoint" => Some(Self::KeepSavepoint),
            "skip-checks" => Some(Self::SkipChecks),
            "skip-rules" => Some(Self::SkipRules),
            "forget-excluded" => Some(Self::ForgetExcluded),
            "stale-parameters" => Some(Self::StaleParameters),
            "skip-back" => Some(Self::SkipBack),
            "skip-validation" => Some(Self::SkipValidation),
            "skip-row-check" => Some(Self::SkipRowCheck),
            "skip-ranges" => Some(Self::SkipRanges),
            _ => None,
        }
    }

    /// The bug of transactions that it stands for.
    pub(crate) fn bug(self) -> Option<PlantedBug> {
        match self {
            Self::SkipValidation => Some(PlantedBug::SkipValidation),
            Self::SkipRowCheck => Some(PlantedBug::SkipRowCheck),
            Self::SkipRanges => Some(PlantedBug::SkipRanges),
            _ => None,
        }
    }

    /// Puts the calls of a workload in the order that a store with this bug would make them in. None comes or goes, and
    /// none leaves the transaction that made it.
    pub(crate) fn apply(self, calls: &mut [Call], history: &History) {
        let meanings = meanings(calls);
        for (at, meaning) in meanings.iter().enumerate() {
            match (self, meaning) {
                (Self::EarlyFlip, Meaning::Header { is_earlier: true, .. })
                    if at > 0 && calls.get(at - 1) == Some(&Call::Sync) =>
                {
                    calls.swap(at - 1, at);
                }
                (Self::EarlyStep, Meaning::Ring) => {
                    let end = history.end_of(at);
                    let in_place = meanings.get(at + 2..end.max(at + 2)).unwrap_or_default();
                    let count = in_place.iter().take_while(|meaning| **meaning == Meaning::Elsewhere).count();
                    if calls.get(at + 1) == Some(&Call::Sync)
                        && let Some(moved) = calls.get_mut(at + 1..at + 2 + count)
                    {
                        moved.rotate_left(1);
                    }
                }
                (Self::EarlyRing, Meaning::Header { ring_before: Some(ring), .. }) => {
                    // The sync that follows, and the header once more.
                    if let Some([sync @ Call::Sync, again @ Call::Write { .. }]) = calls.get_mut(at + 1..at + 3) {
                        let bytes: Arc<[u8]> = vec![0xEE; (ring.end - ring.start) as usize].into();
                        *sync = Call::Write { offset: ring.start, bytes };
                        *again = Call::Sync;
                    }
                }
                _ => {}
            }
        }
    }
}
