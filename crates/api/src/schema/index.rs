//! The description of an index.

/// A secondary index: the rows of a table in the order of some of its columns.
///
/// ```
/// use wasm_dbms_api::{IndexColumn, IndexSchema};
///
/// let newest = IndexSchema::new([IndexColumn::new("author"), IndexColumn::new("created").descending()])
///     .include(["title"])
///     .named("newest");
/// assert_eq!(newest.columns[1].to_string(), "created desc");
/// assert_eq!(IndexSchema::new(["author", "created"]).name, "author_created");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IndexSchema {
    /// The name, of which a table has one only once; unless another is given, the columns joined by `_`.
    pub name: String,
    /// The columns, in order.
    pub columns: Vec<IndexColumn>,
    /// Columns that its entries carry too, so that questions about these and the index's own need not look at the rows.
    #[cfg_attr(feature = "serde", serde(default))]
    pub include: Vec<String>,
    /// Whether no two rows may be equal in all columns; rows with a NULL among them never are.
    pub unique: bool,
}

/// A column of an index, with its direction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IndexColumn {
    /// The name of the column.
    pub name: String,
    /// Whether large values come first, and NULLs last; ascending it is the other way round.
    pub descending: bool,
}

impl IndexColumn {
    /// A column, smallest values first.
    ///
    /// ```
    /// use wasm_dbms_api::IndexColumn;
    ///
    /// assert!(!IndexColumn::new("age").descending);
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), descending: false }
    }

    /// Largest values first.
    ///
    /// ```
    /// use wasm_dbms_api::IndexColumn;
    ///
    /// assert!(IndexColumn::new("age").descending().descending);
    /// ```
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }
}

impl From<&str> for IndexColumn {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// What is said of it beside its name: `unique on author, created desc with title`.
impl std::fmt::Display for IndexSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.unique { "unique on " } else { "on " })?;
        for (number, column) in self.columns.iter().enumerate() {
            write!(f, "{}{column}", if number == 0 { "" } else { ", " })?;
        }
        if self.include.is_empty() { Ok(()) } else { write!(f, " with {}", self.include.join(", ")) }
    }
}

impl std::fmt::Display for IndexColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.descending { f.write_str(" desc") } else { Ok(()) }
    }
}

impl IndexSchema {
    /// An index over columns, smallest values first where nothing else is said.
    ///
    /// ```
    /// use wasm_dbms_api::IndexSchema;
    ///
    /// let index = IndexSchema::new(["last", "first"]);
    /// assert!(index.is_on(["last", "first"]));
    /// ```
    pub fn new(columns: impl IntoIterator<Item = impl Into<IndexColumn>>) -> Self {
        let columns: Vec<IndexColumn> = columns.into_iter().map(Into::into).collect();
        Self { name: Self::default_name(&columns), columns, include: Vec::new(), unique: false }
    }

    /// No two rows may be equal in all columns.
    ///
    /// ```
    /// use wasm_dbms_api::IndexSchema;
    ///
    /// assert!(IndexSchema::new(["name"]).unique().unique);
    /// ```
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Entries carry these columns too.
    ///
    /// ```
    /// use wasm_dbms_api::IndexSchema;
    ///
    /// let index = IndexSchema::new(["name"]).include(["age"]);
    /// assert_eq!(index.include, ["age"]);
    /// ```
    #[must_use]
    pub fn include<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.include.extend(columns.into_iter().map(str::to_owned));
        self
    }

    /// Gives the index another name.
    ///
    /// ```
    /// use wasm_dbms_api::IndexSchema;
    ///
    /// assert_eq!(IndexSchema::new(["name"]).named("by_name").name, "by_name");
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether the index has these columns, in this order, whatever their directions.
    ///
    /// ```
    /// use wasm_dbms_api::IndexSchema;
    ///
    /// let index = IndexSchema::new(["last", "first"]);
    /// assert!(index.is_on(["last", "first"]));
    /// assert!(!index.is_on(["last"]));
    /// ```
    pub fn is_on<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> bool {
        self.columns.iter().map(|column| column.name.as_str()).eq(columns)
    }

    /// The names of columns.
    pub(super) fn names(columns: &[IndexColumn]) -> Vec<String> {
        columns.iter().map(|column| column.name.clone()).collect()
    }

    fn default_name(columns: &[IndexColumn]) -> String {
        Self::names(columns).join("_")
    }
}
