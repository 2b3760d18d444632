//! The description of a table.

mod check;
mod column;
mod foreign_key;
mod index;
pub(crate) mod problem;

use thiserror::Error;

use crate::{DataType, Expr, Field, Sanitizer, Validator, Value, ValueRef};

pub use check::CheckSchema;
pub use foreign_key::{ForeignKeySchema, ReferentialAction};
pub use index::{IndexColumn, IndexSchema};

/// A table: its columns, its keys, what it refers to.
///
/// ```
/// use wasm_dbms_api::{ColumnSchema, DataType, ReferentialAction, TableSchema};
///
/// let posts = TableSchema::new("posts")
///     .column(ColumnSchema::new("id", DataType::U64).autoincrement())
///     .column(ColumnSchema::new("author", DataType::U64))
///     .column(ColumnSchema::new("title", DataType::Text).nullable())
///     .primary_key(["id"])
///     .index(["author"])
///     .foreign_key("author", "users", "id", ReferentialAction::Cascade);
/// assert!(posts.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TableSchema {
    /// The name of the table.
    pub name: String,
    /// Names that the table had in earlier releases: where a migration looks for its rows. Not stored.
    #[cfg_attr(feature = "serde", serde(default))]
    pub renamed_from: Vec<String>,
    /// The columns, in order.
    pub columns: Vec<ColumnSchema>,
    /// The columns of the primary key, in order; empty if there is none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub primary_key: Vec<String>,
    /// The secondary indexes, unique ones too.
    #[cfg_attr(feature = "serde", serde(default))]
    pub indexes: Vec<IndexSchema>,
    /// The references to other tables.
    #[cfg_attr(feature = "serde", serde(default))]
    pub foreign_keys: Vec<ForeignKeySchema>,
    /// What no row may break.
    #[cfg_attr(feature = "serde", serde(default))]
    pub checks: Vec<CheckSchema>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnSchema {
    /// The name of the column.
    pub name: String,
    /// Names that the column had in earlier releases: where a migration looks for its values. Not stored.
    #[cfg_attr(feature = "serde", serde(default))]
    pub renamed_from: Vec<String>,
    /// What it holds.
    pub data_type: DataType,
    /// The names of an enum, in the order of their numbers; none for any other type.
    #[cfg_attr(feature = "serde", serde(default))]
    pub variants: Vec<String>,
    /// Names of an enum with one that each had in earlier releases: where a migration looks for them. Not stored.
    #[cfg_attr(feature = "serde", serde(default))]
    pub variants_renamed_from: Vec<(String, String)>,
    /// The fields of the struct that its JSON is, in words of the program's; empty where nothing is said of it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub shape: String,
    /// Whether it may be NULL.
    #[cfg_attr(feature = "serde", serde(default))]
    pub nullable: bool,
    /// Whether the database counts up where an insert gives no value.
    #[cfg_attr(feature = "serde", serde(default))]
    pub autoincrement: bool,
    /// The value where an insert gives none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub default: Option<Value>,
    /// What changes a value on its way in, in order.
    #[cfg_attr(feature = "serde", serde(default))]
    pub sanitizers: Vec<Sanitizer>,
    /// What then may refuse it, in order.
    #[cfg_attr(feature = "serde", serde(default))]
    pub validators: Vec<Validator>,
}

/// A schema that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("table {table}: {problem}")]
pub struct SchemaError {
    /// The table.
    pub table: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ColumnSchema {
    /// A column that must not be NULL.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType};
    ///
    /// let age = ColumnSchema::new("age", DataType::U8);
    /// assert!(!age.nullable && age.default.is_none());
    /// ```
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            renamed_from: Vec::new(),
            data_type,
            variants: Vec::new(),
            variants_renamed_from: Vec::new(),
            shape: String::new(),
            nullable: false,
            autoincrement: false,
            default: None,
            sanitizers: Vec::new(),
            validators: Vec::new(),
        }
    }

    /// A column that holds values of a Rust type.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType};
    ///
    /// let age = ColumnSchema::of::<Option<u8>>("age");
    /// assert_eq!((age.data_type, age.nullable), (DataType::U8, true));
    /// ```
    pub fn of<F: Field>(name: impl Into<String>) -> Self {
        Self::of_field(name.into(), (F::DATA_TYPE, F::NULLABLE), (F::VARIANTS, F::VARIANTS_RENAMED_FROM), F::SHAPE)
    }

    /// Not generic, so it is there once.
    #[inline(never)]
    fn of_field(
        name: String,
        (data_type, nullable): (DataType, bool),
        (variants, renamed): (&[&str], &[(&str, &str)]),
        shape: &str,
    ) -> Self {
        let mut column = Self::new(name, data_type);
        column.nullable = nullable;
        column.variants.extend(variants.iter().map(|name| (*name).to_owned()));
        let renamed = renamed.iter().map(|(name, earlier)| ((*name).to_owned(), (*earlier).to_owned()));
        column.variants_renamed_from.extend(renamed);
        shape.clone_into(&mut column.shape);
        column
    }

    /// A column that holds one of these names; they are ordered as they stand here.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, ValueRef};
    ///
    /// let state = ColumnSchema::one_of("state", ["draft", "live"]).default("draft");
    /// assert_eq!(state.variant("live"), Some(ValueRef::Enum(1, "live")));
    /// ```
    pub fn one_of<'a>(name: impl Into<String>, variants: impl IntoIterator<Item = &'a str>) -> Self {
        let variants = variants.into_iter().map(str::to_owned).collect();
        Self { variants, ..Self::new(name, DataType::Enum) }
    }

    /// A name of an enum was another one in earlier releases.
    ///
    /// ```
    /// use wasm_dbms_api::ColumnSchema;
    ///
    /// let state = ColumnSchema::one_of("state", ["draft", "live"]).variant_renamed_from("live", ["published"]);
    /// assert_eq!(state.variants_renamed_from[0].0, "live");
    /// ```
    #[must_use]
    pub fn variant_renamed_from<'a>(
        mut self,
        variant: impl Into<String>,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let variant = variant.into();
        self.variants_renamed_from.extend(names.into_iter().map(|earlier| (variant.clone(), earlier.to_owned())));
        self
    }

    /// The value of an enum's name; none if this is no enum, or it has no such name.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, ValueRef};
    ///
    /// let state = ColumnSchema::one_of("state", ["draft", "live"]);
    /// assert_eq!(state.variant("live"), Some(ValueRef::Enum(1, "live")));
    /// assert_eq!(state.variant("gone"), None);
    /// ```
    pub fn variant(&self, name: &str) -> Option<ValueRef<'_>> {
        let number = self.variants.iter().position(|variant| variant == name)?;
        Some(ValueRef::Enum(u16::try_from(number).ok()?, self.variants.get(number)?))
    }

    /// Whether the column can hold the value without losing any of it; NULL too, which is another question.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, ValueRef};
    ///
    /// let age = ColumnSchema::new("age", DataType::U8);
    /// assert!(age.holds(ValueRef::Integer(255)));
    /// assert!(!age.holds(ValueRef::Integer(256)));
    /// ```
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub fn holds(&self, value: ValueRef<'_>) -> bool {
        match value {
            ValueRef::Enum(number, name) => {
                self.data_type == DataType::Enum
                    && self.variants.get(usize::from(number)).is_some_and(|variant| variant == name)
            }
            value => value.fits(self.data_type),
        }
    }

    /// The column may be NULL.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType};
    ///
    /// assert!(ColumnSchema::new("age", DataType::U8).nullable().nullable);
    /// ```
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The column had these names in earlier releases.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType};
    ///
    /// let name = ColumnSchema::new("full_name", DataType::Text).renamed_from(["name"]);
    /// assert_eq!(name.renamed_from, ["name"]);
    /// ```
    #[must_use]
    pub fn renamed_from<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.renamed_from.extend(names.into_iter().map(str::to_owned));
        self
    }

    /// The database counts up where an insert gives no value.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType};
    ///
    /// assert!(ColumnSchema::new("id", DataType::U64).autoincrement().autoincrement);
    /// ```
    #[must_use]
    pub fn autoincrement(mut self) -> Self {
        self.autoincrement = true;
        self
    }

    /// The value where an insert gives none; of an enum its name.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, Value};
    ///
    /// let age = ColumnSchema::new("age", DataType::U8).default(18);
    /// assert_eq!(age.default, Some(Value::Integer(18)));
    /// ```
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        let value = value.into();
        let variant = match &value {
            Value::Text(name) => self.variant(name).map(ValueRef::to_value),
            _ => None,
        };
        self.default = Some(variant.unwrap_or(value));
        self
    }
}

impl TableSchema {
    /// A table without columns yet.
    ///
    /// ```
    /// use wasm_dbms_api::TableSchema;
    ///
    /// assert!(TableSchema::new("users").columns.is_empty());
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            renamed_from: Vec::new(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// Adds a column.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, TableSchema};
    ///
    /// let users = TableSchema::new("users").column(ColumnSchema::new("name", DataType::Text));
    /// assert_eq!(users.position("name"), Some(0));
    /// ```
    #[must_use]
    pub fn column(mut self, column: ColumnSchema) -> Self {
        self.columns.push(column);
        self
    }

    /// Sets the columns of the primary key.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, TableSchema};
    ///
    /// let seats = TableSchema::new("seats")
    ///     .column(ColumnSchema::new("row", DataType::U16))
    ///     .column(ColumnSchema::new("place", DataType::U16))
    ///     .primary_key(["row", "place"]);
    /// assert!(seats.validate().is_ok());
    /// ```
    #[must_use]
    pub fn primary_key<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.primary_key = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// The table had these names in earlier releases.
    ///
    /// ```
    /// use wasm_dbms_api::TableSchema;
    ///
    /// assert_eq!(TableSchema::new("people").renamed_from(["users"]).renamed_from, ["users"]);
    /// ```
    #[must_use]
    pub fn renamed_from<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.renamed_from.extend(names.into_iter().map(str::to_owned));
        self
    }

    /// Adds an index over columns, smallest values first; [`with_index`](Self::with_index) adds any other.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, TableSchema};
    ///
    /// let users = TableSchema::new("users").column(ColumnSchema::new("name", DataType::Text)).index(["name"]);
    /// assert!(!users.indexes[0].unique);
    /// ```
    #[must_use]
    pub fn index<'a>(self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.with_index(IndexSchema::new(columns))
    }

    /// Adds a unique index over columns, smallest values first.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, TableSchema};
    ///
    /// let users = TableSchema::new("users").column(ColumnSchema::new("name", DataType::Text)).unique(["name"]);
    /// assert!(users.indexes[0].unique);
    /// ```
    #[must_use]
    pub fn unique<'a>(self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.with_index(IndexSchema::new(columns).unique())
    }

    /// Adds an index.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, IndexColumn, IndexSchema, TableSchema};
    ///
    /// let newest = IndexSchema::new([IndexColumn::new("written").descending()]).named("newest");
    /// let notes = TableSchema::new("notes").column(ColumnSchema::new("written", DataType::DateTime)).with_index(newest);
    /// assert!(notes.validate().is_ok());
    /// ```
    #[must_use]
    pub fn with_index(mut self, index: IndexSchema) -> Self {
        self.indexes.push(index);
        self
    }

    /// Adds a reference of one column to another table; [`with_foreign_key`](Self::with_foreign_key) adds any other.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, ReferentialAction, TableSchema};
    ///
    /// let posts = TableSchema::new("posts")
    ///     .column(ColumnSchema::new("author", DataType::U64))
    ///     .foreign_key("author", "users", "id", ReferentialAction::Cascade);
    /// assert_eq!(posts.foreign_keys[0].to_string(), "author to users id, on delete cascade, on update restrict");
    /// ```
    #[must_use]
    pub fn foreign_key(self, column: &str, table: &str, references: &str, on_delete: ReferentialAction) -> Self {
        self.with_foreign_key(ForeignKeySchema::new([column], table, [references]).on_delete(on_delete))
    }

    /// Adds a reference to another table.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, ForeignKeySchema, TableSchema};
    ///
    /// let seat = ForeignKeySchema::new(["row", "place"], "seats", ["row", "place"]);
    /// let tickets = TableSchema::new("tickets")
    ///     .column(ColumnSchema::new("row", DataType::U16))
    ///     .column(ColumnSchema::new("place", DataType::U16))
    ///     .with_foreign_key(seat);
    /// assert!(tickets.validate().is_ok());
    /// ```
    #[must_use]
    pub fn with_foreign_key(mut self, foreign_key: ForeignKeySchema) -> Self {
        self.foreign_keys.push(foreign_key);
        self
    }

    /// Adds a condition that no row may break; [`with_check`](Self::with_check) adds one with a name.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, Comparison, DataType, Expr, TableSchema};
    ///
    /// let positive = Expr::column("price").compare(Comparison::Greater, 0);
    /// let goods = TableSchema::new("goods").column(ColumnSchema::new("price", DataType::Decimal)).check(positive);
    /// assert_eq!(goods.checks[0].condition.to_string(), "price > 0");
    /// ```
    #[must_use]
    pub fn check(self, condition: Expr) -> Self {
        self.with_check(CheckSchema::new(condition))
    }

    /// Adds a condition that no row may break.
    ///
    /// ```
    /// use wasm_dbms_api::{CheckSchema, ColumnSchema, Comparison, DataType, Expr, TableSchema};
    ///
    /// let positive = CheckSchema::new(Expr::column("price").compare(Comparison::Greater, 0)).named("price_is_positive");
    /// let goods = TableSchema::new("goods").column(ColumnSchema::new("price", DataType::Decimal)).with_check(positive);
    /// assert_eq!(goods.checks[0].label(), "price_is_positive");
    /// ```
    #[must_use]
    pub fn with_check(mut self, check: CheckSchema) -> Self {
        self.checks.push(check);
        self
    }

    /// Where a column stands.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, TableSchema};
    ///
    /// let users = TableSchema::new("users").column(ColumnSchema::new("name", DataType::Text));
    /// assert_eq!(users.position("age"), None);
    /// ```
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|candidate| candidate.name == column)
    }

    /// Checks what can be checked without the other tables: names present, unique and known, defaults of the
    /// column's type, one autoincrement column at most and of an integer type.
    ///
    /// ```
    /// use wasm_dbms_api::{ColumnSchema, DataType, TableSchema};
    ///
    /// let users = TableSchema::new("users").column(ColumnSchema::new("name", DataType::Text)).primary_key(["id"]);
    /// assert!(users.validate().unwrap_err().problem.contains("id"));
    /// ```
    ///
    /// # Errors
    /// [`SchemaError`] that names the table and the problem.
    pub fn validate(&self) -> Result<(), SchemaError> {
        self.problem().map_or(Ok(()), |problem| Err(SchemaError { table: self.name.clone(), problem }))
    }

    /// The most columns a table can have.
    pub const MAX_COLUMNS: usize = 1000;

    /// The most names an enum can have.
    pub const MAX_VARIANTS: usize = 1000;

    /// The most columns a key or index can have.
    pub const MAX_KEY_COLUMNS: usize = 16;

    /// The most columns that an index can include beside its own.
    pub const MAX_INCLUDED_COLUMNS: usize = 64;

    /// The most indexes a table can have.
    pub const MAX_INDEXES: usize = 1000;

    /// The most foreign keys a table can have.
    pub const MAX_FOREIGN_KEYS: usize = 1000;

    /// The most checks a table can have.
    pub const MAX_CHECKS: usize = 256;
}
