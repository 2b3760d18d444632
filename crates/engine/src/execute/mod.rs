//! Walking a plan: rows flow up one by one.

mod aggregate;
mod answer;
mod columns;
mod derived;
mod filter;
mod frame;
mod general;
mod groups;
mod kept;
mod predicate;
mod row_list;
mod rows;
mod scan;
mod sort;

pub(crate) use answer::{collect, count, for_each, keys_and_outputs, outputs, values, values_in};
pub use derived::MAX_RECURSIVE_ROWS;
pub(crate) use frame::Frame;
pub(crate) use row_list::RowList;
pub(crate) use rows::{RowStream, Suspended};
