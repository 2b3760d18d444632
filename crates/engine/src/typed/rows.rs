//! What a typed question returns: one struct, or a tuple of as many as there are tables.

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

#[inline(always)]
fn read<T: Table>(frame: &FrameRef<'_>, source: usize) -> Fallible<T> {
    match frame.0.view(source) {
        Some(row) => Ok(T::read(&row)?),
        None => Err(crate::Error::Query("a table of the question has no row".into()).into()),
    }
}

impl<A: Table> Rows for One<A> {
    type Row = A;

    #[inline(always)]
    fn read(frame: &FrameRef<'_>) -> Fallible<A> {
        read(frame, 0)
    }
}

impl<A: Table, B: Table> Rows for Two<A, B> {
    type Row = (A, B);

    fn read(frame: &FrameRef<'_>) -> Fallible<(A, B)> {
        Ok((read(frame, 0)?, read(frame, 1)?))
    }
}

impl<A: Table, B: Table, C: Table> Rows for Three<A, B, C> {
    type Row = (A, B, C);

    fn read(frame: &FrameRef<'_>) -> Fallible<(A, B, C)> {
        Ok((read(frame, 0)?, read(frame, 1)?, read(frame, 2)?))
    }
}
