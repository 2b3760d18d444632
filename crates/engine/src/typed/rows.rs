//! What a typed question returns: one struct, or a tuple of as many as there are tables; of a left join an `Option`.

use std::marker::PhantomData;

use wasm_dbms_api::Table;

use crate::error::Fallible;
use crate::execute::Frame;

/// The rows of a typed question.
pub trait Rows {
    /// One row.
    type Row;

    /// Reads the row.
    #[doc(hidden)]
    fn read(frame: &FrameRef<'_>) -> Fallible<Self::Row>;
}

/// The rows that stand side by side.
#[doc(hidden)]
#[derive(Debug)]
pub struct FrameRef<'a>(pub(crate) &'a Frame);

/// Rows of one table.
#[derive(Debug)]
pub struct One<A>(PhantomData<fn() -> A>);

/// Rows of two tables.
#[derive(Debug)]
pub struct Two<A, B>(PhantomData<fn() -> (A, B)>);

/// Rows of three tables.
#[derive(Debug)]
#[expect(clippy::type_complexity, reason = "three types side by side are no more complex than two")]
pub struct Three<A, B, C>(PhantomData<fn() -> (A, B, C)>);

/// Rows of a table that a left join gives no row of where there is none: each is an `Option`.
#[derive(Debug)]
pub struct Optional<A>(PhantomData<fn() -> A>);

/// What one table of a question gives: its struct, or [`Optional`] of it.
pub trait Part {
    /// What stands in the row.
    type Row;

    /// Reads the row of a table.
    #[doc(hidden)]
    fn read_part(frame: &FrameRef<'_>, source: usize) -> Fallible<Self::Row>;
}

impl<A: Table> Part for A {
    type Row = A;

    #[inline(always)]
    fn read_part(frame: &FrameRef<'_>, source: usize) -> Fallible<A> {
        match frame.0.view(source) {
            Some(row) => Ok(A::read(&row)?),
            None => Err(crate::Error::query(format_args!("a table of the question has no row"))),
        }
    }
}

impl<A: Table> Part for Optional<A> {
    type Row = Option<A>;

    fn read_part(frame: &FrameRef<'_>, source: usize) -> Fallible<Option<A>> {
        let is_missing = frame.0.view(source).is_some_and(|row| row.layout.is_missing());
        if is_missing { Ok(None) } else { A::read_part(frame, source).map(Some) }
    }
}

impl<A: Table> Rows for One<A> {
    type Row = A;

    #[inline(always)]
    fn read(frame: &FrameRef<'_>) -> Fallible<A> {
        A::read_part(frame, 0)
    }
}

impl<A: Part, B: Part> Rows for Two<A, B> {
    type Row = (A::Row, B::Row);

    fn read(frame: &FrameRef<'_>) -> Fallible<Self::Row> {
        Ok((A::read_part(frame, 0)?, B::read_part(frame, 1)?))
    }
}

impl<A: Part, B: Part, C: Part> Rows for Three<A, B, C> {
    type Row = (A::Row, B::Row, C::Row);

    fn read(frame: &FrameRef<'_>) -> Fallible<Self::Row> {
        Ok((A::read_part(frame, 0)?, B::read_part(frame, 1)?, C::read_part(frame, 2)?))
    }
}
