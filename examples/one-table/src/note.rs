//! The table.

use wasm_dbms::prelude::*;

/// Something to remember.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "notes"]
pub struct Note {
    /// Counted up.
    #[primary_key]
    #[autoincrement]
    pub id: u64,
    /// The note that it answers.
    #[index]
    #[foreign_key(table = "notes", column = "id", on_delete = "set null")]
    pub parent: Option<u64>,
    /// What it is called.
    #[unique]
    #[sanitizer(Trim)]
    #[validate(MaxLen(100))]
    pub title: String,
    /// How much it matters.
    #[default = 1]
    #[check(weight >= 0)]
    pub weight: i32,
    /// What it would cost.
    pub price: Decimal,
    /// When it was written.
    pub written: DateTime,
    /// What else there is to say.
    pub details: Json,
}

/// The tables of a notebook.
#[derive(DatabaseSchema)]
#[tables(Note = "notes")]
pub struct Notebook;
