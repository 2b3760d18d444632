//! The description of a table.

use thiserror::Error;

use crate::{DataType, Field, Sanitizer, Validator, Value, ValueRef};

/// A table: its columns, its keys, what it refers to.
///
/// ```
/// use wasm_dbms_api::{ColumnSchema, DataType, OnDelete, TableSchema};
///
/// let posts = TableSchema::new("posts")
///     .column(ColumnSchema::new("id", DataType::U64).autoincrement())
///     .column(ColumnSchema::new("author", DataType::U64))
///     .column(ColumnSchema::new("title", DataType::Text).nullable())
///     .primary_key(["id"])
///     .index(["author"])
///     .foreign_key("author", "users", "id", OnDelete::Cascade);
/// assert!(posts.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TableSchema {
    /// The name of the table.
    pub name: String,
    /// The columns, in order.
    pub columns: Vec<ColumnSchema>,
    /// The columns of the primary key, in order; empty if there is none.
    pub primary_key: Vec<String>,
    /// The secondary indexes, unique ones too.
    pub indexes: Vec<IndexSchema>,
    /// The references to other tables.
    pub foreign_keys: Vec<ForeignKeySchema>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnSchema {
    /// The name of the column.
    pub name: String,
    /// What it holds.
    pub data_type: DataType,
    /// The names of an enum, in the order of their numbers; none for any other type.
    #[cfg_attr(feature = "serde", serde(default))]
    pub variants: Vec<String>,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether the database counts up where an insert gives no value.
    pub autoincrement: bool,
    /// The value where an insert gives none.
    pub default: Option<Value>,
    /// What changes a value on its way in, in order.
    #[cfg_attr(feature = "serde", serde(default))]
    pub sanitizers: Vec<Sanitizer>,
    /// What then may refuse it, in order.
    #[cfg_attr(feature = "serde", serde(default))]
    pub validators: Vec<Validator>,
}

/// A secondary index.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IndexSchema {
    /// The columns, in order.
    pub columns: Vec<String>,
    /// Whether no two rows may be equal in all columns; rows with a NULL among them never are.
    pub unique: bool,
}

/// A reference to a row of another table.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForeignKeySchema {
    /// The column that refers.
    pub column: String,
    /// The table referred to.
    pub table: String,
    /// The column referred to: a primary key or unique.
    pub references: String,
    /// What happens to this row when the other is deleted.
    pub on_delete: OnDelete,
}

/// What happens to referring rows when the row they refer to is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum OnDelete {
    /// The delete is refused.
    Restrict,
    /// They are deleted too.
    Cascade,
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
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            variants: Vec::new(),
            nullable: false,
            autoincrement: false,
            default: None,
            sanitizers: Vec::new(),
            validators: Vec::new(),
        }
    }

    /// A column that holds values of a Rust type.
    pub fn of<F: Field>(name: impl Into<String>) -> Self {
        let variants = F::VARIANTS.iter().map(|name| (*name).to_owned()).collect();
        Self { variants, nullable: F::NULLABLE, ..Self::new(name, F::DATA_TYPE) }
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

    /// The value of an enum's name; none if this is no enum, or it has no such name.
    pub fn variant(&self, name: &str) -> Option<ValueRef<'_>> {
        let number = self.variants.iter().position(|variant| variant == name)?;
        Some(ValueRef::Enum(u16::try_from(number).ok()?, self.variants.get(number)?))
    }

    /// Whether the column can hold the value without losing any of it; NULL too, which is another question.
    #[inline]
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
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The database counts up where an insert gives no value.
    #[must_use]
    pub fn autoincrement(mut self) -> Self {
        self.autoincrement = true;
        self
    }

    /// The value where an insert gives none; of an enum its name.
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

impl ColumnSchema {
    fn problem_of_variants(&self) -> Option<String> {
        let Self { name, variants, .. } = self;
        if (self.data_type == DataType::Enum) == variants.is_empty() {
            return Some(match variants.as_slice() {
                [] => format!("the enum {name} has no names"),
                _ => format!("column {name} has the names of an enum, but is none"),
            });
        }
        if variants.len() > TableSchema::MAX_VARIANTS {
            return Some(format!("the enum {name} has more than {} names", TableSchema::MAX_VARIANTS));
        }
        let mut sorted: Vec<&str> = variants.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        if sorted.first() == Some(&"") {
            return Some(format!("a name of the enum {name} is empty"));
        }
        let twice = sorted.windows(2).find_map(|pair| pair.first().filter(|first| pair.last() == Some(first)));
        twice.map(|twice| format!("the enum {name} has {twice} twice"))
    }
}

impl IndexSchema {
    /// The name of the index: its columns, joined by `_`.
    pub fn name(&self) -> String {
        self.columns.join("_")
    }
}

impl TableSchema {
    /// A table without columns yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            indexes: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    /// Adds a column.
    #[must_use]
    pub fn column(mut self, column: ColumnSchema) -> Self {
        self.columns.push(column);
        self
    }

    /// Sets the columns of the primary key.
    #[must_use]
    pub fn primary_key<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.primary_key = columns.into_iter().map(str::to_owned).collect();
        self
    }

    /// Adds an index.
    #[must_use]
    pub fn index<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.indexes.push(IndexSchema { columns: columns.into_iter().map(str::to_owned).collect(), unique: false });
        self
    }

    /// Adds a unique index.
    #[must_use]
    pub fn unique<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.indexes.push(IndexSchema { columns: columns.into_iter().map(str::to_owned).collect(), unique: true });
        self
    }

    /// Adds a reference to another table.
    #[must_use]
    pub fn foreign_key(mut self, column: &str, table: &str, references: &str, on_delete: OnDelete) -> Self {
        self.foreign_keys.push(ForeignKeySchema {
            column: column.to_owned(),
            table: table.to_owned(),
            references: references.to_owned(),
            on_delete,
        });
        self
    }

    /// Where a column stands.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|candidate| candidate.name == column)
    }

    /// Checks what can be checked without the other tables: names present, unique and known, defaults of the
    /// column's type, one autoincrement column at most and of an integer type.
    ///
    /// # Errors
    /// [`SchemaError`] that names the table and the problem.
    pub fn validate(&self) -> Result<(), SchemaError> {
        self.problem().map_or(Ok(()), |problem| Err(SchemaError { table: self.name.clone(), problem }))
    }

    fn problem(&self) -> Option<String> {
        if self.name.is_empty() {
            return Some("the name is empty".into());
        }
        if self.columns.is_empty() {
            return Some("there are no columns".into());
        }
        if self.columns.len() > Self::MAX_COLUMNS {
            return Some(format!("more than {} columns", Self::MAX_COLUMNS));
        }
        for (index, column) in self.columns.iter().enumerate() {
            if column.name.is_empty() {
                return Some(format!("column {index} has no name"));
            }
            if self.position(&column.name) != Some(index) {
                return Some(format!("column {} is there twice", column.name));
            }
            if let Some(problem) = column.problem_of_variants().or_else(|| column.problem_of_rules()) {
                return Some(problem);
            }
            if column.autoincrement && (!column.data_type.is_integer() || column.nullable) {
                return Some(format!("column {} counts up, so it must be an integer and not null", column.name));
            }
            if let Some(default) = &column.default
                && (!column.holds(default.as_ref()) || (default.is_null() && !column.nullable))
            {
                return Some(format!("the default {default} is no {} of column {}", column.data_type, column.name));
            }
        }
        if self.columns.iter().filter(|column| column.autoincrement).count() > 1 {
            return Some("more than one column counts up".into());
        }
        let indexes = self.indexes.iter().map(|index| &index.columns).chain([&self.primary_key]);
        for columns in indexes {
            if columns.len() > Self::MAX_KEY_COLUMNS {
                return Some(format!("a key of more than {} columns", Self::MAX_KEY_COLUMNS));
            }
            for (index, name) in columns.iter().enumerate() {
                match self.columns.iter().find(|column| column.name == *name) {
                    None => return Some(format!("the key column {name} does not exist")),
                    Some(column) if !column.data_type.is_ordered() => {
                        return Some(format!("the key column {name} holds {}, which has no order", column.data_type));
                    }
                    Some(_) => {}
                }
                if columns.iter().position(|other| other == name) != Some(index) {
                    return Some(format!("the key column {name} is there twice"));
                }
            }
        }
        if self.indexes.len() > Self::MAX_INDEXES {
            return Some(format!("more than {} indexes", Self::MAX_INDEXES));
        }
        if self.foreign_keys.len() > Self::MAX_FOREIGN_KEYS {
            return Some(format!("more than {} foreign keys", Self::MAX_FOREIGN_KEYS));
        }
        if self.indexes.iter().any(|index| index.columns.is_empty()) {
            return Some("an index without columns".into());
        }
        let nullable_key =
            self.columns.iter().find(|column| column.nullable && self.primary_key.contains(&column.name));
        if let Some(column) = nullable_key {
            return Some(format!("the primary key column {} may be null", column.name));
        }
        let unknown = self.foreign_keys.iter().find(|key| self.position(&key.column).is_none());
        unknown.map(|key| format!("the foreign key column {} does not exist", key.column))
    }

    /// The most columns a table can have.
    pub const MAX_COLUMNS: usize = 1000;

    /// The most names an enum can have.
    pub const MAX_VARIANTS: usize = 1000;

    /// The most columns a key or index can have.
    pub const MAX_KEY_COLUMNS: usize = 16;

    /// The most indexes a table can have.
    pub const MAX_INDEXES: usize = 1000;

    /// The most foreign keys a table can have.
    pub const MAX_FOREIGN_KEYS: usize = 1000;
}
