//! The description of a reference to another table.

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
