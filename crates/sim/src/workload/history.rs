//! Which states a crash may leave.

use std::collections::HashSet;

use crate::recorder::Call;

/// A transaction that was tried. The first one of a history is the state that it starts from.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The step that it was.
    pub(crate) tick: u64,
    /// Where the one before it stands in the history.
    pub(crate) parent: usize,
    /// The digest of the state it leads to.
    pub(crate) digest: u64,
    /// Calls made when it began, and when it was acknowledged.
    pub(crate) begin: usize,
    pub(crate) end: Option<usize>,
    pub(crate) is_full: bool,
    /// Refused before anything of it was logged.
    pub(crate) is_refused: bool,
}

/// Every transaction that was tried.
#[derive(Debug)]
pub(crate) struct History {
    attempts: Vec<Attempt>,
}

impl History {
    /// A history that starts with this state, which step `tick` left.
    pub(crate) fn new(digest: u64, tick: u64) -> Self {
        let root = Attempt { tick, parent: 0, digest, begin: 0, end: Some(0), is_full: true, is_refused: false };
        Self { attempts: vec![root] }
    }

    pub(crate) fn push(&mut self, attempt: Attempt) -> usize {
        self.attempts.push(attempt);
        self.attempts.len() - 1
    }

    pub(crate) fn digest(&self, index: usize) -> Option<u64> {
        self.attempts.get(index).map(|attempt| attempt.digest)
    }

    /// The digests of a transaction and of the one before it.
    pub(crate) fn last_two(&self, index: usize) -> (u64, u64) {
        let parent = self.attempts.get(index).map_or(0, |attempt| attempt.parent);
        (self.digest(index).unwrap_or(0), self.digest(parent).unwrap_or(0))
    }

    /// The newest transaction that a crash after `made` calls must not lose.
    fn durable(&self, made: usize, calls: &[Call]) -> usize {
        let is_durable = |attempt: &Attempt| {
            let Some(end) = attempt.end.filter(|end| *end <= made) else { return false };
            let later = calls.get(end..made).unwrap_or_default();
            let sync = later.iter().find(|call| matches!(call, Call::Sync | Call::FailedSync));
            attempt.is_full || sync == Some(&Call::Sync)
        };
        self.attempts.iter().rposition(is_durable).unwrap_or(0)
    }

    /// The digests of the states that a crash after `made` calls may leave: that of the newest durable transaction, and
    /// of those after it that had begun.
    pub(crate) fn allowed(&self, made: usize, calls: &[Call]) -> HashSet<u64> {
        let durable = self.durable(made, calls);
        let leads_back = |attempt: &Attempt| {
            let mut attempt = attempt;
            // A parent stands before its children, so this ends.
            loop {
                if attempt.begin >= made || attempt.is_refused {
                    return false;
                }
                if attempt.parent == durable {
                    return true;
                }
                match self.attempts.get(attempt.parent) {
                    Some(parent) if attempt.parent > durable => attempt = parent,
                    _ => return false,
                }
            }
        };
        let later = self.attempts.iter().skip(durable + 1).filter(|attempt| leads_back(attempt));
        let mut allowed: HashSet<u64> = later.map(|attempt| attempt.digest).collect();
        allowed.extend(self.digest(durable));
        allowed
    }

    /// The digests of the states that damage may leave unseen: nothing in the file says that what came after them was
    /// durable, so the damage looks like a crash. They go back from the newest durable transaction to the one that its
    /// record calls durable.
    pub(crate) fn cut(&self, made: usize, calls: &[Call]) -> HashSet<u64> {
        let durable = self.durable(made, calls);
        let stated = match self.attempts.get(durable) {
            Some(attempt) => self.durable(attempt.begin, calls),
            None => durable,
        };
        let mut cut = HashSet::new();
        let mut at = durable;
        while at > stated {
            at = self.attempts.get(at).map_or(0, |attempt| attempt.parent);
            cut.extend(self.digest(at));
        }
        cut
    }

    /// The step that left this state.
    pub(crate) fn tick_of(&self, digest: u64) -> Option<u64> {
        self.attempts.iter().rfind(|attempt| attempt.digest == digest).map(|attempt| attempt.tick)
    }

    /// How many calls were made when the transaction that made this call was acknowledged; the call's own number if it
    /// was not.
    pub(crate) fn end_of(&self, call: usize) -> usize {
        let of_call = |attempt: &&Attempt| attempt.begin <= call && attempt.end.is_some_and(|end| call < end);
        self.attempts.iter().find(of_call).and_then(|attempt| attempt.end).unwrap_or(call)
    }

    /// How a state that is not allowed stands to this history.
    pub(crate) fn name(&self, digest: u64) -> String {
        match self.attempts.iter().rposition(|attempt| attempt.digest == digest) {
            Some(index) => format!("transaction {index} of {} stands", self.attempts.len() - 1),
            None => "what stands is no transaction's state".to_owned(),
        }
    }
}
