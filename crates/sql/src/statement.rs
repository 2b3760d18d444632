//! What a text of SQL says.

use wasm_dbms::{DeleteRows, InsertRows, MigrationOperation, UpdateRows};
use wasm_dbms_api::{IndexSchema, Name, Query, TableSchema};

/// One statement. Queries, expressions and changes of rows and tables are those of the engine.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Statement {
    /// SELECT, VALUES, .. WITH before it.
    Query(Query),
    /// INSERT, REPLACE.
    Insert(Box<InsertRows>),
    /// UPDATE.
    Update(Box<UpdateRows>),
    /// DELETE.
    Delete(Box<DeleteRows>),
    /// CREATE TABLE.
    CreateTable(CreateTable),
    /// CREATE INDEX.
    CreateIndex(CreateIndex),
    /// CREATE VIEW.
    CreateView(CreateView),
    /// ALTER TABLE.
    AlterTable(AlterTable),
    /// DROP TABLE, INDEX, VIEW.
    Drop(Drop),
    /// BEGIN, COMMIT, ..
    Transaction(TransactionStatement),
    /// EXPLAIN.
    Explain {
        /// Whether the statement is run and measured too.
        analyze: bool,
        /// What is explained.
        statement: Box<Statement>,
    },
}

/// A new table.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// The table. The name of a primary key is not kept.
    pub schema: TableSchema,
    /// Whether a table of this name may be there.
    pub if_not_exists: bool,
}

/// A new index.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateIndex {
    /// The table.
    pub table: Name,
    /// The index.
    pub index: IndexSchema,
    /// Whether an index of this name may be there.
    pub if_not_exists: bool,
}

/// A new view.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    /// Its name.
    pub name: Name,
    /// The names of its first columns.
    pub columns: Vec<Name>,
    /// What it answers.
    pub query: Query,
    /// Whether it takes the place of a view of this name.
    pub or_replace: bool,
    /// Whether a view of this name may be there.
    pub if_not_exists: bool,
    /// Whether it goes with the session.
    pub is_temporary: bool,
    /// The statement, as it was written.
    pub text: String,
}

/// A changed table.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub table: Name,
    /// Whether the table may be missing.
    pub if_exists: bool,
    /// What changes, in order.
    pub actions: Vec<AlterAction>,
}

/// A change of a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AlterAction {
    /// One that a migration knows too; where a column comes or goes, whether it may be there already, or be missing.
    Change(Box<MigrationOperation>, bool),
    /// DROP CONSTRAINT, of any kind that has a name; whether it may be missing.
    DropConstraint(Name, bool),
}

/// What is dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Drop {
    /// What kind of thing.
    pub object: DropObject,
    /// The names.
    pub names: Vec<Name>,
    /// Whether they may be missing.
    pub if_exists: bool,
}

/// A kind of thing that is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named as in SQL")]
pub enum DropObject {
    Table,
    Index,
    View,
}

/// The begin and the end of what belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named as in SQL")]
pub enum TransactionStatement {
    Begin(BeginMode),
    Commit,
    Rollback,
    Savepoint(Name),
    Release(Name),
    RollbackTo(Name),
}

/// What a transaction asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BeginMode {
    /// READ ONLY.
    pub read_only: bool,
    /// IMMEDIATE or EXCLUSIVE (SQLite): the writer's turn is taken now.
    pub exclusive: bool,
    /// REPEATABLE READ: a snapshot, without the checks that make transactions serializable.
    pub snapshot: bool,
}
