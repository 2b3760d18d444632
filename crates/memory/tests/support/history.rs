//! Which states a crash may leave.

use std::collections::HashMap;

use super::Entries;
use super::recorder::Call;

/// One call of commit.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) serial: u64,
    pub(crate) parent: u64,
    /// Calls made when it began, and when it was acknowledged.
    pub(crate) begin: usize,
    pub(crate) end: Option<usize>,
    pub(crate) is_full: bool,
    /// Refused before anything of it was logged.
    pub(crate) is_refused: bool,
}

/// Every commit that was tried, and the state it leads to.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) root: u64,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) states: HashMap<u64, Entries>,
}

impl History {
    /// The newest commit that a crash after `made` calls must not lose.
    pub(crate) fn durable(&self, made: usize, calls: &[Call]) -> u64 {
        let is_durable = |attempt: &&Attempt| {
            let Some(end) = attempt.end.filter(|end| *end <= made) else { return false };
            let later = calls.get(end..made).unwrap_or_default();
            let sync = later.iter().find(|call| matches!(call, Call::Sync | Call::FailedSync));
            attempt.is_full || sync == Some(&Call::Sync)
        };
        self.attempts.iter().rev().find(is_durable).map_or(self.root, |attempt| attempt.serial)
    }

    /// The newest commit that had begun.
    pub(crate) fn begun(&self, made: usize) -> u64 {
        self.attempts.iter().rev().find(|attempt| attempt.begin < made).map_or(self.root, |attempt| attempt.serial)
    }

    /// Whether a crash after `made` calls may leave this content.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn judge(&self, made: usize, durable: u64, serial: u64, entries: &Entries) -> Result<(), String> {
        if self.states.get(&serial) != Some(entries) {
            return Err(format!("the content is no commit's (it says {serial})"));
        }
        let mut at = serial;
        while at != durable {
            match self.attempts.iter().find(|attempt| attempt.serial == at) {
                Some(attempt) if attempt.begin < made && !attempt.is_refused => at = attempt.parent,
                _ => return Err(format!("commit {serial} stands where {durable} was durable")),
            }
        }
        Ok(())
    }
}
