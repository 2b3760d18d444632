//! What a text of SQL says.

use wasm_dbms_api::{
    CheckSchema, ColumnSchema, CommonTable, DataType, Expr, ForeignKeySchema, IndexSchema, Join, Name, Output, Query,
    Source, TableSchema, Value,
};

/// One statement. Queries and expressions are those of the engine.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Statement {
    /// SELECT, VALUES, .. WITH before it.
    Query(Query),
    /// INSERT, REPLACE.
    Insert(Insert),
    /// UPDATE.
    Update(Update),
    /// DELETE.
    Delete(Delete),
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

/// New rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// Queries that the statement calls by name.
    pub with: Vec<CommonTable>,
    /// The table.
    pub table: Name,
    /// How expressions call the table.
    pub alias: Option<Name>,
    /// The columns that values are given for; empty: all, in order.
    pub columns: Vec<Name>,
    /// The values.
    pub source: InsertSource,
    /// What happens where a row with such a key is there.
    pub on_conflict: Option<OnConflict>,
    /// What is answered of each new row.
    pub returning: Vec<Output>,
}

/// Where new rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum InsertSource {
    /// One row of defaults.
    DefaultValues,
    /// These; none stands for DEFAULT.
    Rows(Vec<Vec<Option<Expr>>>),
    /// What a query answers.
    Query(Box<Query>),
}

/// What happens where a new row meets one with such a key.
#[derive(Debug, Clone, PartialEq)]
pub enum OnConflict {
    /// The new row is left out. Of these columns; empty: whatever key it is.
    DoNothing(Vec<Name>),
    /// The row that is there changes; `excluded` is the name of the new one.
    DoUpdate {
        /// The columns of the key.
        target: Vec<Name>,
        /// What changes.
        assignments: Vec<Assignment>,
        /// Where this is not true, nothing happens.
        filter: Option<Expr>,
    },
    /// The rows that are there make room: REPLACE.
    Replace,
}

/// A new value of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: Name,
    /// The value; none: the default.
    pub value: Option<Expr>,
}

/// Changed rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Queries that the statement calls by name.
    pub with: Vec<CommonTable>,
    /// The table.
    pub table: Name,
    /// How expressions call the table.
    pub alias: Option<Name>,
    /// What changes.
    pub assignments: Vec<Assignment>,
    /// Other rows that expressions name: a source and those that join it.
    pub from: Option<(Source, Vec<Join>)>,
    /// Which rows change; all, where nothing is said.
    pub filter: Option<Expr>,
    /// What is answered of each.
    pub returning: Vec<Output>,
}

/// Deleted rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// Queries that the statement calls by name.
    pub with: Vec<CommonTable>,
    /// The table.
    pub table: Name,
    /// How expressions call the table.
    pub alias: Option<Name>,
    /// Other rows that expressions name: a source and those that join it.
    pub using: Option<(Source, Vec<Join>)>,
    /// Which rows go; all, where nothing is said.
    pub filter: Option<Expr>,
    /// What is answered of each.
    pub returning: Vec<Output>,
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
    /// ADD COLUMN; whether it may be there.
    AddColumn(ColumnSchema, bool),
    /// ADD PRIMARY KEY.
    AddPrimaryKey(Vec<String>),
    /// ADD UNIQUE.
    AddUnique(IndexSchema),
    /// ADD FOREIGN KEY.
    AddForeignKey(ForeignKeySchema),
    /// ADD CHECK.
    AddCheck(CheckSchema),
    /// DROP CONSTRAINT, of any kind that has a name; whether it may be missing.
    DropConstraint(Name, bool),
    /// DROP COLUMN; whether it may be missing.
    DropColumn(Name, bool),
    /// RENAME TO.
    Rename(Name),
    /// RENAME COLUMN, from and to.
    RenameColumn(Name, Name),
    /// ALTER COLUMN TYPE.
    SetType(Name, DataType),
    /// ALTER COLUMN SET DEFAULT; none: DROP DEFAULT.
    SetDefault(Name, Option<Value>),
    /// ALTER COLUMN DROP NOT NULL (true) or SET NOT NULL (false).
    SetNullable(Name, bool),
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
