//! The typed face: rows as structs, columns as constants.

mod by_name;
mod counting;
mod cursor;
mod delete;
mod find;
mod limited;
mod prepared;
mod related;
mod returning;
mod rows;
mod select;
mod sets;
mod update;
mod upsert;
mod verbs;

pub(crate) use by_name::places_of;
pub use cursor::{Cursor, ValueCursor};
pub use delete::Delete;
pub(crate) use delete::delete_keys;
pub use limited::Limited;
pub use prepared::Prepared;
pub use related::{With, WithMany};
pub use rows::{One, Optional, Part, Rows, Three, Two};
pub use select::{Columns, Projected, Select};
pub(crate) use sets::{Sets, assignable};
pub use update::{Update, UpdateKey, UpdateTable};
pub(crate) use upsert::Conflict;
pub use upsert::{OnConflict, Upsert, UpsertReport};
pub use verbs::Answer;
