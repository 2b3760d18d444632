//! The typed face: rows as structs, columns as constants.

mod by_name;
mod delete;
mod rows;
mod select;
mod update;
mod verbs;

pub use delete::Delete;
pub use rows::{One, Rows, Three, Two};
pub use select::{Columns, Projected, Select};
pub use update::{Update, UpdateKey};
pub use verbs::Answer;
