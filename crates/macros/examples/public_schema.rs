//! A schema as a library would export it. Clippy sees it as one, so this is also where lints on public items (missing
//! docs above all) meet what the derives write.

extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::{DatabaseSchema, Encode, Table};

/// Who writes.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
pub struct User {
    /// Counted up.
    #[primary_key]
    #[autoincrement]
    pub id: u64,
    /// Where mail goes.
    #[unique]
    pub email: String,
    /// In years.
    #[index]
    pub age: Option<u8>,
    /// Whether they may write.
    #[default = true]
    pub active: bool,
}

/// What was written.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "posts"]
#[index(author, score)]
pub struct Post {
    /// The number of the post.
    #[primary_key]
    pub id: u32,
    /// Who wrote it.
    #[foreign_key(table = "users", column = "id", on_delete = "cascade")]
    pub author: u64,
    /// What it is about.
    #[default = "untitled"]
    pub title: String,
    /// How well it was liked.
    #[default(-1)]
    pub score: i32,
}

/// The tables of a blog.
#[derive(DatabaseSchema)]
#[tables(User = "users", Post = "posts")]
pub struct Blog;

/// Where a post is cited.
#[derive(Encode, Debug, PartialEq)]
pub struct Citation {
    /// The post.
    pub post: u32,
    /// The words that were cited.
    pub words: String,
}

/// Nothing but its being there.
#[derive(Encode, Debug, PartialEq)]
pub struct Mark;

mod private {
    //! Items that nobody uses must not bring lints upon their owner either.

    use wasm_dbms_macros::Table;

    #[derive(Table)]
    #[table = "drafts"]
    pub(super) struct Draft {
        #[primary_key]
        pub(super) id: u32,
        text: Option<String>,
    }

    #[derive(Table)]
    #[table = "notes"]
    struct Note {
        r#type: u8,
    }

    pub(super) fn row_count(draft: &Draft, notes: &[(u8, String)]) -> usize {
        let note = notes.first().map(|(kind, _)| Note { r#type: *kind });
        let known = note.map_or(0, |note| usize::from(note.r#type));
        draft.text.as_ref().map_or(known, String::len)
    }
}

/// How long a draft is.
pub fn draft_length(id: u32) -> usize {
    let draft = wasm_dbms::ConversionError::new("draft", wasm_dbms::ValueRef::Null);
    let draft = <private::Draft as wasm_dbms::Table>::read(&Empty(draft));
    draft.map_or(0, |draft| private::row_count(&draft, &[]) + usize::from(draft.id == id))
}

struct Empty(wasm_dbms::ConversionError);

impl wasm_dbms::RowSource for Empty {
    fn column(&self, _: usize) -> Result<wasm_dbms::ValueRef<'_>, wasm_dbms::ConversionError> {
        Err(self.0.clone())
    }
}
