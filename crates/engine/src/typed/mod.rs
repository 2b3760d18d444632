//! The typed face: rows as structs, columns as constants.

mod answer_row;
mod by_name;
mod counting;
mod cursor;
mod delete;
mod find;
mod joins;
mod limited;
mod on_conflict;
mod prepared;
mod prepared_answer;
mod prepared_rows;
mod related;
mod returning;
mod rows;
mod select;
mod sets;
mod update;
mod upsert;
mod verbs;

pub use answer_row::AnswerRow;
pub(crate) use by_name::places_of;
pub use cursor::{Cursor, ValueCursor};
pub use delete::Delete;
pub(crate) use delete::delete_keys;
pub use limited::Limited;
pub(crate) use on_conflict::Conflict;
pub use on_conflict::OnConflict;
pub use prepared::Prepared;
pub use related::{With, WithMany};
pub use rows::{One, Optional, Part, Rows, Three, Two};
pub use select::{Columns, Projected, Select};
pub(crate) use sets::{Matched, Sets, assignable};
pub use update::{Update, UpdateKey, UpdateTable};
pub use upsert::{Upsert, UpsertReport};
pub use verbs::Answer;
