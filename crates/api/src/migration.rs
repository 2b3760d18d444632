//! Migrations as data: what is to be done so that stored tables become those of a program.

use std::fmt;

use crate::{
    CheckSchema, ColumnSchema, DataType, ForeignKeySchema, IndexSchema, Sanitizer, TableSchema, Validator, Value,
};

/// One change of a stored table. Its words are how it is shown, and how a policy allows it where it loses something.
///
/// ```
/// use wasm_dbms_api::{ColumnSchema, DataType, MigrationOperation};
///
/// let column = ColumnSchema::new("age", DataType::U8).nullable();
/// let operation = MigrationOperation::AddColumn { table: "users".into(), column };
/// assert_eq!(operation.to_string(), "add column users.age (u8, null)");
/// assert_eq!(operation.table(), "users");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are named as what they hold")]
pub enum MigrationOperation {
    /// A new table.
    CreateTable(TableSchema),
    /// A table goes, with its rows.
    DropTable { table: String },
    /// A table has another name.
    RenameTable { table: String, name: String },
    /// A column more, the last one. Rows that are there get its default, NULL where it has none.
    AddColumn { table: String, column: ColumnSchema },
    /// A column goes, with its values.
    DropColumn { table: String, column: String },
    /// A column has another name.
    RenameColumn { table: String, column: String, name: String },
    /// The columns stand in this order.
    ReorderColumns { table: String, columns: Vec<String> },
    /// A column holds another type, or an enum has other names: values are what a CAST makes of them.
    ChangeType { table: String, column: String, data_type: DataType, variants: Vec<String> },
    /// A column holds another type, and a function of the program's own says what becomes of each value.
    Transform {
        table: String,
        column: String,
        data_type: DataType,
        variants: Vec<String>,
        shape: String,
        function: String,
    },
    /// A name of an enum is another one.
    RenameVariant { table: String, column: String, variant: String, name: String },
    /// The JSON of a column is that of a struct with other fields; values stay.
    SetShape { table: String, column: String, shape: String },
    /// Whether a column may be NULL.
    SetNullable { table: String, column: String, nullable: bool },
    /// The value where an insert gives none; rows that are there stay.
    SetDefault { table: String, column: String, default: Option<Value> },
    /// Whether the database counts up where an insert gives no value.
    SetAutoincrement { table: String, column: String, autoincrement: bool },
    /// What looks at values on their way in; rows that are there are not asked.
    SetRules { table: String, column: String, sanitizers: Vec<Sanitizer>, validators: Vec<Validator> },
    /// The rows are kept under another key.
    SetPrimaryKey { table: String, columns: Vec<String> },
    /// An index more, over the rows that are there.
    CreateIndex { table: String, index: IndexSchema },
    /// An index goes.
    DropIndex { table: String, index: String },
    /// An index has another name.
    RenameIndex { table: String, index: String, name: String },
    /// A reference more, which the rows that are there must keep.
    AddForeignKey { table: String, foreign_key: ForeignKeySchema },
    /// A reference goes.
    DropForeignKey { table: String, foreign_key: String },
    /// A condition more, which the rows that are there must keep.
    AddCheck { table: String, check: CheckSchema },
    /// A condition goes; by its name, without one by what it says.
    DropCheck { table: String, check: String },
}

/// What an operation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MigrationWork {
    /// Nothing is done with rows, however many there are: each comes into its new form when it is written next.
    Instant,
    /// Every row is read, and may refuse.
    Check,
    /// Every row is read, and an entry is made of it.
    Build,
    /// Every row is written anew.
    Rewrite,
}

/// An operation with what it means for the rows that are there.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PlannedOperation {
    /// What is done.
    pub operation: MigrationOperation,
    /// What it costs.
    pub work: MigrationWork,
    /// How many rows it reads or writes, or does away with.
    pub rows: u64,
    /// Whether it loses something that is stored, or may.
    pub is_destructive: bool,
}

/// What is done, in order, so that stored tables become other ones: all of it or nothing.
///
/// Shown, it is one line for each operation.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MigrationPlan {
    /// The operations, in order.
    pub operations: Vec<PlannedOperation>,
}

impl MigrationPlan {
    /// Whether there is nothing to do.
    ///
    /// ```
    /// use wasm_dbms_api::MigrationPlan;
    ///
    /// assert!(MigrationPlan::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl MigrationOperation {
    /// The table, by the name it has before.
    ///
    /// ```
    /// use wasm_dbms_api::MigrationOperation;
    ///
    /// let operation = MigrationOperation::DropTable { table: "drafts".into() };
    /// assert_eq!(operation.table(), "drafts");
    /// ```
    pub fn table(&self) -> &str {
        match self {
            Self::CreateTable(schema) => &schema.name,
            Self::DropTable { table }
            | Self::RenameTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::ReorderColumns { table, .. }
            | Self::ChangeType { table, .. }
            | Self::Transform { table, .. }
            | Self::RenameVariant { table, .. }
            | Self::SetShape { table, .. }
            | Self::SetNullable { table, .. }
            | Self::SetDefault { table, .. }
            | Self::SetAutoincrement { table, .. }
            | Self::SetRules { table, .. }
            | Self::SetPrimaryKey { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::DropIndex { table, .. }
            | Self::RenameIndex { table, .. }
            | Self::AddForeignKey { table, .. }
            | Self::DropForeignKey { table, .. }
            | Self::AddCheck { table, .. }
            | Self::DropCheck { table, .. } => table,
        }
    }
}

impl fmt::Display for MigrationOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable(schema) => write!(f, "create table {}", schema.name),
            Self::DropTable { table } => write!(f, "drop table {table}"),
            Self::RenameTable { table, name } => write!(f, "rename table {table} to {name}"),
            Self::AddColumn { table, column } => write!(f, "add column {table}.{} ({column})", column.name),
            Self::DropColumn { table, column } => write!(f, "drop column {table}.{column}"),
            Self::RenameColumn { table, column, name } => write!(f, "rename column {table}.{column} to {name}"),
            Self::ReorderColumns { table, columns } => {
                write!(f, "put the columns of {table} in the order {}", columns.join(", "))
            }
            Self::ChangeType { table, column, data_type, variants } => {
                write!(f, "change the type of {table}.{column} to {data_type}")?;
                if variants.is_empty() { Ok(()) } else { write!(f, " of {}", variants.join(", ")) }
            }
            Self::Transform { table, column, data_type, variants, shape, function } => {
                write!(f, "change the type of {table}.{column} to {data_type}")?;
                match (variants.as_slice(), shape.as_str()) {
                    ([], "") => {}
                    ([], shape) => write!(f, " of {shape}")?,
                    (variants, _) => write!(f, " of {}", variants.join(", "))?,
                }
                write!(f, " by {function}")
            }
            Self::RenameVariant { table, column, variant, name } => {
                write!(f, "rename {variant} of {table}.{column} to {name}")
            }
            Self::SetShape { table, column, shape } => write!(f, "say that {table}.{column} is of {shape}"),
            Self::SetNullable { table, column, nullable: true } => write!(f, "let {table}.{column} be null"),
            Self::SetNullable { table, column, .. } => write!(f, "let {table}.{column} not be null"),
            Self::SetDefault { table, column, default: Some(default) } => {
                write!(f, "set the default of {table}.{column} to {default}")
            }
            Self::SetDefault { table, column, .. } => write!(f, "drop the default of {table}.{column}"),
            Self::SetAutoincrement { table, column, autoincrement: true } => write!(f, "count {table}.{column} up"),
            Self::SetAutoincrement { table, column, .. } => write!(f, "count {table}.{column} up no more"),
            Self::SetRules { table, column, .. } => write!(f, "set the rules of {table}.{column}"),
            Self::SetPrimaryKey { table, columns } => {
                write!(f, "set the primary key of {table} to ({})", columns.join(", "))
            }
            Self::CreateIndex { table, index } => write!(f, "create index {table}.{} ({index})", index.name),
            Self::DropIndex { table, index } => write!(f, "drop index {table}.{index}"),
            Self::RenameIndex { table, index, name } => write!(f, "rename index {table}.{index} to {name}"),
            Self::AddForeignKey { table, foreign_key } => {
                write!(f, "add foreign key {table}.{} ({foreign_key})", foreign_key.name)
            }
            Self::DropForeignKey { table, foreign_key } => write!(f, "drop foreign key {table}.{foreign_key}"),
            Self::AddCheck { table, check } => write!(f, "add check {table}: {}", check.label()),
            Self::DropCheck { table, check } => write!(f, "drop check {table}: {check}"),
        }
    }
}

impl fmt::Display for PlannedOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, work, rows, is_destructive } = self;
        write!(f, "{operation}: ")?;
        match work {
            MigrationWork::Instant if *is_destructive => write!(f, "at once, of {rows} rows"),
            MigrationWork::Instant => f.write_str("at once"),
            MigrationWork::Check => write!(f, "reads {rows} rows"),
            MigrationWork::Build => write!(f, "an entry for each of {rows} rows"),
            MigrationWork::Rewrite => write!(f, "writes {rows} rows anew"),
        }?;
        f.write_str(if *is_destructive { "; LOSES DATA" } else { "" })
    }
}

impl fmt::Display for MigrationPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operations.iter().try_for_each(|operation| writeln!(f, "{operation}"))
    }
}
