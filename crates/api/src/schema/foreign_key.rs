//! The description of a reference to another table.

/// A reference to a row of another table, or of the same one. A row in which one of the columns is NULL refers to nothing.
///
/// ```
/// use wasm_dbms_api::{ForeignKeySchema, ReferentialAction};
///
/// let line = ForeignKeySchema::new(["year", "number"], "orders", ["year", "number"])
///     .on_delete(ReferentialAction::Cascade)
///     .on_update(ReferentialAction::Cascade);
/// assert_eq!(line.name, "year_number");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForeignKeySchema {
    /// The name, of which a table has one only once; unless another is given, the columns joined by `_`.
    pub name: String,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to.
    pub table: String,
    /// The columns referred to, one for each that refers: a primary key, or those of a unique index, in any order.
    pub references: Vec<String>,
    /// What happens to this row when the other is deleted.
    pub on_delete: ReferentialAction,
    /// What happens to this row when the columns of the other that it refers to change.
    pub on_update: ReferentialAction,
}

/// What happens to referring rows when the row they refer to is deleted, or changes in what they refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ReferentialAction {
    /// The statement is refused, if at its end some row still refers to one that is not there.
    Restrict,
    /// They are deleted too, or changed likewise.
    Cascade,
    /// They refer to nothing: their columns become NULL.
    SetNull,
    /// Their columns become their defaults, NULL where they have none. What they refer to then must be there.
    SetDefault,
}

impl ReferentialAction {
    /// The words for it, as SQL has them.
    ///
    /// ```
    /// use wasm_dbms_api::ReferentialAction;
    ///
    /// assert_eq!(ReferentialAction::SetNull.as_str(), "set null");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restrict => "restrict",
            Self::Cascade => "cascade",
            Self::SetNull => "set null",
            Self::SetDefault => "set default",
        }
    }
}

impl std::fmt::Display for ReferentialAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is said of it beside its name: `author to users id, on delete cascade, on update restrict`.
impl std::fmt::Display for ForeignKeySchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (columns, references) = (self.columns.join(", "), self.references.join(", "));
        let Self { table, on_delete, on_update, .. } = self;
        write!(f, "{columns} to {table} {references}, on delete {on_delete}, on update {on_update}")
    }
}

impl ForeignKeySchema {
    /// A reference that restricts deletes and changes of the row referred to.
    ///
    /// ```
    /// use wasm_dbms_api::ForeignKeySchema;
    ///
    /// let author = ForeignKeySchema::new(["author"], "users", ["id"]);
    /// assert_eq!(author.to_string(), "author to users id, on delete restrict, on update restrict");
    /// ```
    pub fn new<'a>(
        columns: impl IntoIterator<Item = &'a str>,
        table: &str,
        references: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
        Self {
            name: columns.join("_"),
            columns,
            table: table.to_owned(),
            references: references.into_iter().map(str::to_owned).collect(),
            on_delete: ReferentialAction::Restrict,
            on_update: ReferentialAction::Restrict,
        }
    }

    /// What happens when the row referred to is deleted.
    ///
    /// ```
    /// use wasm_dbms_api::{ForeignKeySchema, ReferentialAction};
    ///
    /// let author = ForeignKeySchema::new(["author"], "users", ["id"]).on_delete(ReferentialAction::SetNull);
    /// assert_eq!(author.on_delete, ReferentialAction::SetNull);
    /// ```
    #[must_use]
    pub fn on_delete(mut self, action: ReferentialAction) -> Self {
        self.on_delete = action;
        self
    }

    /// What happens when the columns referred to change.
    ///
    /// ```
    /// use wasm_dbms_api::{ForeignKeySchema, ReferentialAction};
    ///
    /// let author = ForeignKeySchema::new(["author"], "users", ["id"]).on_update(ReferentialAction::Cascade);
    /// assert_eq!(author.on_update, ReferentialAction::Cascade);
    /// ```
    #[must_use]
    pub fn on_update(mut self, action: ReferentialAction) -> Self {
        self.on_update = action;
        self
    }

    /// Gives the reference another name.
    ///
    /// ```
    /// use wasm_dbms_api::ForeignKeySchema;
    ///
    /// let author = ForeignKeySchema::new(["author"], "users", ["id"]).named("author_of_post");
    /// assert_eq!(author.name, "author_of_post");
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}
