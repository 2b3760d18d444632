//! Walking a plan: rows flow up one by one.

mod aggregate;
mod answer;
mod columns;
mod derived;
mod distinct;
mod filter;
mod frame;
mod group_numbers;
mod groups;
mod kept;
mod output;
mod predicate;
mod rows;
mod runs;
mod scan;
mod settle;
mod sort;
mod spool;
mod stand;
mod threshold;
mod window;

pub(crate) use answer::{
    SortedFrames, SpooledRows, Window, collect, count, each_of, for_each, keys_and_outputs, values, values_of,
};
pub use derived::MAX_RECURSIVE_ROWS;
pub(crate) use frame::Frame;
pub(crate) use output::OutputRow;
pub(crate) use rows::{Needs, RowStream, Suspended};
pub use sort::MAX_TOP_ROWS;
pub(crate) use spool::Spool;
pub(crate) use window::rows as rows_with_windows;
