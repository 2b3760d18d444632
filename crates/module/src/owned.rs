//! A database together with the sessions that borrow it.

#![expect(unsafe_code, reason = "a session borrows the database that stands beside it; the proof is at each place")]

use std::ptr::NonNull;

use wasm_dbms::{Database, Subscription};

use crate::failure::{Failure, Result};
use crate::language::Language;

/// A database, what is said to it, and who listens.
///
/// Invariant I1: `database` is a box that nobody else knows, made by [`Owned::new`] and given up by `drop` or `close`
/// alone, after `sessions` is empty. A session is lent for as long as `self` is borrowed.
pub(crate) struct Owned<L: Language> {
    database: NonNull<Database>,
    sessions: Vec<Option<L::Session<'static>>>,
    pub(crate) subscriptions: Vec<Option<Subscription>>,
}

impl<L: Language> Owned<L> {
    /// Takes a database. It has no session yet.
    pub(crate) fn new(database: Database) -> Self {
        let database = NonNull::from(Box::leak(Box::new(database)));
        Self { database, sessions: Vec::new(), subscriptions: Vec::new() }
    }

    /// The database.
    pub(crate) fn database(&self) -> &Database {
        // SAFETY: I1: the box is alive as long as `self` is, and is only ever borrowed shared.
        unsafe { self.database.as_ref() }
    }

    /// Begins a session; its number.
    pub(crate) fn begin(&mut self) -> usize {
        // SAFETY: I1: the box does not move and outlives every session, which is dropped before it; and it is only ever
        // borrowed shared until then. A session gives nobody the reference that it holds: a language makes sessions of any
        // lifetime by one function, which cannot know that this one is said to be for ever, and what it answers owns itself.
        let session = L::begin(unsafe { &*self.database.as_ptr() });
        place(&mut self.sessions, session)
    }

    /// A session by its number.
    pub(crate) fn session(&self, number: usize) -> Result<&L::Session<'static>> {
        let session = self.sessions.get(number).and_then(Option::as_ref);
        session.ok_or_else(|| Failure::other("the session has ended"))
    }

    /// Ends a session; a transaction that it has open is undone.
    pub(crate) fn end(&mut self, number: usize) {
        if let Some(session) = self.sessions.get_mut(number) {
            *session = None;
        }
    }

    /// Closes the database, with everything that was open in it.
    pub(crate) fn close(mut self) -> Result<()> {
        self.let_go();
        let database = self.database;
        std::mem::forget(self);
        // SAFETY: I1: it is the box of `new`, no session is left, and `self`, which would drop it too, was forgotten; its
        // two vectors are empty, so nothing is lost with it but their room.
        let database = unsafe { Box::from_raw(database.as_ptr()) };
        Ok(database.close()?)
    }

    /// Drops everything that borrows or watches the database.
    fn let_go(&mut self) {
        self.sessions = Vec::new();
        self.subscriptions = Vec::new();
    }
}

impl<L: Language> Drop for Owned<L> {
    fn drop(&mut self) {
        self.let_go();
        // SAFETY: I1: it is the box of `new`, and no session is left.
        drop(unsafe { Box::from_raw(self.database.as_ptr()) });
    }
}

/// Puts something where nothing stands; its number.
pub(crate) fn place<T>(all: &mut Vec<Option<T>>, one: T) -> usize {
    let number = all.iter().position(Option::is_none).unwrap_or(all.len());
    if number == all.len() {
        all.push(None);
    }
    if let Some(free) = all.get_mut(number) {
        *free = Some(one);
    }
    number
}
