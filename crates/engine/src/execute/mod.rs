//! Walking a plan: rows flow up one by one.

mod aggregate;
mod answer;
mod filter;
mod frame;
mod rows;
mod sort;

pub(crate) use answer::{collect, count, for_each, outputs, values};
pub(crate) use frame::Frame;
pub(crate) use rows::{RowStream, Suspended};
