//! What waits for the end of a statement: what follows from it for other rows, and references that it has broken and
//! may still mend.

use wasm_dbms_api::{Value, ValueRef};

use crate::catalog::RelationIndex;
use crate::codec::key;
use crate::core::Core;
use crate::error::Fallible;
use crate::numbering::Numbering;
use crate::values::{borrowed, owned, value_of};
use crate::write::foreign_key::action::Event;

/// How much may be mended later.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Nothing: the statement writes one row.
    #[default]
    Row,
    /// What rows of the table that is written may mend.
    Statement,
    /// Everything: the rows of a transaction are written again, and with them what followed for others.
    Transaction,
}

/// A reference by the table and the number of its foreign key, with its values, and what is wrong with it.
type Reference = (RelationIndex, usize, Vec<Value>, &'static str);

/// References that are broken so far.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    scope: Scope,
    references: Vec<Reference>,
    /// Each of them once: by table, foreign key and the code of its values.
    known: Numbering,
    /// What happened to rows that others refer to, and was not followed yet.
    pub(crate) events: Vec<Event>,
    /// Whether the rows that are written now change because others did.
    pub(crate) is_following: bool,
}

impl Deferred {
    /// Whether a row of one table that refers to one of another is looked at later.
    pub(super) fn takes(&self, referring: RelationIndex, referred: RelationIndex) -> bool {
        match self.scope {
            Scope::Row => false,
            Scope::Statement => self.is_following || referring == referred,
            Scope::Transaction => true,
        }
    }

    /// Whether rows that still refer to one that goes are looked at later.
    pub(super) fn is_open(&self) -> bool {
        self.scope != Scope::Row
    }

    /// Whether the rows of a transaction are written again, so that nothing follows from them.
    pub(super) fn is_of_transaction(&self) -> bool {
        self.scope == Scope::Transaction
    }

    /// Notes a reference to look at later.
    pub(super) fn note(
        &mut self,
        relation: RelationIndex,
        number: usize,
        values: &[ValueRef<'_>],
        problem: &'static str,
    ) {
        let mut code = Vec::new();
        code.extend_from_slice(&(relation as u64).to_be_bytes());
        code.extend_from_slice(&(number as u64).to_be_bytes());
        values.iter().for_each(|value| key::push(&mut code, *value));
        if self.known.is_new(&code) {
            self.references.push((relation, number, owned(values), problem));
        }
    }
}

impl Core {
    /// Runs a statement of many rows, and then looks at the references that it broke on its way.
    pub(crate) fn deferring<R>(&mut self, statement: impl FnOnce(&mut Self) -> Fallible<R>) -> Fallible<R> {
        self.deferring_in(Scope::Statement, statement)
    }

    /// As [`deferring`](Self::deferring), of all statements of a transaction.
    pub(crate) fn deferring_all<R>(&mut self, statements: impl FnOnce(&mut Self) -> Fallible<R>) -> Fallible<R> {
        self.deferring_in(Scope::Transaction, statements)
    }

    fn deferring_in<R>(&mut self, scope: Scope, statement: impl FnOnce(&mut Self) -> Fallible<R>) -> Fallible<R> {
        let is_outermost = self.open_deferred(scope);
        let result = statement(self);
        if is_outermost {
            self.close_deferred(result.is_ok())?;
        }
        result
    }

    /// Says whether this statement is the outermost: only that looks at what is broken at its end.
    #[inline(never)]
    fn open_deferred(&mut self, scope: Scope) -> bool {
        let is_outermost = !self.scratch.deferred.is_open();
        if is_outermost {
            self.scratch.deferred = Deferred { scope, ..Deferred::default() };
        }
        is_outermost
    }

    /// Does what follows for other rows, and looks at what is broken still, if the statement was well so far. Once for all
    /// statements: not generic.
    #[inline(never)]
    fn close_deferred(&mut self, is_well: bool) -> Fallible<()> {
        let followed = if is_well { self.follow_events() } else { Ok(()) };
        let deferred = std::mem::take(&mut self.scratch.deferred);
        followed?;
        if !is_well {
            return Ok(());
        }
        for (relation, number, values, problem) in deferred.references {
            let Some(key) = self.foreign_key(relation, number)? else { continue };
            let values = borrowed(&values);
            let value = |place: usize| value_of(&values, place);
            if !self.is_one_there(&key, &value)? && self.is_referred_with(relation, &key, &value)? {
                return Err(self.broken_reference(relation, &key, &values, problem)?.into());
            }
        }
        Ok(())
    }
}
