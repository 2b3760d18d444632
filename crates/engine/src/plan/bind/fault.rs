//! What is wrong with a question. Nothing that binds fails: it says what is wrong here, and answers with something harmless of
//! its type. The first that is said is what the question is refused with; from then on every expression is NULL and every
//! query empty, so that the rest is over soon and nothing half bound is put away on the way out.

use std::cell::OnceCell;
use std::fmt;

use crate::Error;
use crate::error::Fallible;
use crate::full::needs_full;

/// What is wrong first, if anything is.
#[derive(Default)]
pub(in crate::plan) struct Fault(OnceCell<Box<Error>>);

impl Fault {
    /// Whether anything is wrong.
    pub(super) fn is_there(&self) -> bool {
        self.0.get().is_some()
    }

    /// Keeps an error, if it is the first.
    #[cold]
    #[inline(never)]
    pub(super) fn keep(&self, error: Box<Error>) {
        // Of two the first is told.
        drop(self.0.set(error));
    }

    /// Says that the question makes no sense.
    #[cold]
    #[inline(never)]
    pub(super) fn say(&self, words: fmt::Arguments<'_>) {
        if !self.is_there() {
            self.keep(Error::query(words));
        }
    }

    /// Says what is wrong with something.
    #[cold]
    #[inline(never)]
    pub(super) fn of(&self, what: &dyn fmt::Display, problem: fmt::Arguments<'_>) {
        self.say(format_args!("{what}: {problem}"));
    }

    /// Says that there is no such thing.
    #[cold]
    #[inline(never)]
    pub(super) fn unknown(&self, what: &'static str, name: &dyn fmt::Display) {
        self.keep(Error::unknown(what, name));
    }

    /// Refuses what only a full build does.
    pub(super) fn needs_full(&self) {
        self.kept(needs_full());
    }

    /// What something came to, or none with its error kept.
    pub(super) fn kept<T>(&self, result: Fallible<T>) -> Option<T> {
        result.map_err(|error| self.keep(error)).ok()
    }

    /// Ends the binding: fails if anything was wrong.
    #[inline(never)]
    pub(super) fn end(self) -> Fallible<()> {
        self.0.into_inner().map_or(Ok(()), Err)
    }
}
