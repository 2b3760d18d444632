//! Where rows come from: tables, other queries, values.

use std::fmt;

use crate::expr::display::{List, Names};
use crate::{ColumnRef, Comparison, Expr, Identifier, Name, Part, Query};

/// What rows are taken from.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Origin {
    /// One row without columns: a query without a FROM.
    Nothing,
    /// A table, or a query that [`Query::with`] names.
    Table(Name),
    /// The answer of another query.
    Query(Part<Query>),
    /// These rows; their columns are called `column1`, `column2`, ..
    Values(Part<Vec<Vec<Expr>>>),
    /// The answers of two queries, put together; columns are called as in the first.
    Set {
        /// How.
        operation: SetOperation,
        /// Whether equal rows stay apart.
        all: bool,
        /// The first.
        left: Part<Query>,
        /// The second.
        right: Part<Query>,
    },
}

/// How the answers of two queries are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SetOperation {
    /// The rows of both.
    Union,
    /// The rows that are in both.
    Intersect,
    /// The rows of the first that are not in the second.
    Except,
}

/// Rows with a name.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Source {
    /// What they are taken from.
    pub origin: Origin,
    /// How expressions call it; none: as the table is called.
    #[cfg_attr(feature = "serde", serde(default))]
    pub alias: Option<Name>,
    /// How expressions call its first columns.
    #[cfg_attr(feature = "serde", serde(default))]
    pub columns: Vec<Name>,
}

impl Source {
    /// A table.
    ///
    /// ```
    /// use wasm_dbms_api::Source;
    ///
    /// assert_eq!(Source::table("users".into()), Source::from("users"));
    /// ```
    pub const fn table(name: Name) -> Self {
        Self::new(Origin::Table(name))
    }

    /// Rows without a name of their own.
    ///
    /// ```
    /// use wasm_dbms_api::{Origin, Source};
    ///
    /// assert_eq!(Source::new(Origin::Table("users".into())), Source::from("users"));
    /// ```
    pub const fn new(origin: Origin) -> Self {
        Self { origin, alias: None, columns: Vec::new() }
    }

    /// Calls the rows so.
    ///
    /// ```
    /// use wasm_dbms_api::Source;
    ///
    /// assert_eq!(Source::from("users").alias("u").to_string(), "users AS u");
    /// ```
    #[must_use]
    pub fn alias(mut self, alias: impl Into<Name>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// How expressions call it, where they can.
    ///
    /// ```
    /// use wasm_dbms_api::{Query, Source};
    ///
    /// assert_eq!(Source::from("users").name().map(|name| &**name), Some("users"));
    /// assert_eq!(Source::from("users").alias("u").name().map(|name| &**name), Some("u"));
    /// assert_eq!(Source::from(Query::from("users")).name(), None);
    /// ```
    pub fn name(&self) -> Option<&Name> {
        match (&self.alias, &self.origin) {
            (Some(alias), _) => Some(alias),
            (None, Origin::Table(name)) => Some(name),
            _ => None,
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::new(Origin::Nothing)
    }
}

impl From<&str> for Source {
    fn from(table: &str) -> Self {
        Self::table(table.to_owned().into())
    }
}

impl From<String> for Source {
    fn from(table: String) -> Self {
        Self::table(table.into())
    }
}

impl From<Name> for Source {
    fn from(table: Name) -> Self {
        Self::table(table)
    }
}

impl From<Query> for Source {
    fn from(query: Query) -> Self {
        Self::new(Origin::Query(query.into()))
    }
}

/// Which rows without a partner stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum JoinKind {
    /// None.
    #[default]
    Inner,
    /// Those of the tables before, with NULLs beside them.
    Left,
    /// Those of the table that joins.
    Right,
    /// Both.
    Full,
}

/// Which rows belong together.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum JoinCondition {
    /// All with all.
    #[default]
    Always,
    /// Those for which this is true.
    On(Expr),
    /// Those equal in the columns of these names, which then stand once among all columns.
    Using(Vec<Name>),
    /// Those equal in all columns of the same name.
    Natural,
}

/// A join with one more source.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Join {
    /// Which rows without a partner stay.
    pub kind: JoinKind,
    /// What joins.
    pub source: Source,
    /// Which rows belong together.
    pub condition: JoinCondition,
}

impl Join {
    /// A join of rows equal in two columns.
    ///
    /// ```
    /// use wasm_dbms_api::{Join, JoinKind};
    ///
    /// let join = Join::equal(JoinKind::Inner, "posts", "users.id", "posts.author");
    /// assert_eq!(join.kind, JoinKind::Inner);
    /// ```
    pub fn equal(
        kind: JoinKind,
        source: impl Into<Source>,
        left: impl Into<ColumnRef>,
        right: impl Into<ColumnRef>,
    ) -> Self {
        let condition = Expr::from(left.into()).compare(Comparison::Equal, Expr::from(right.into()));
        Self { kind, source: source.into(), condition: JoinCondition::On(condition) }
    }
}

/// A query with a name, for those that stand after it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CommonTable {
    /// Its name.
    pub name: Name,
    /// The names of its first columns.
    #[cfg_attr(feature = "serde", serde(default))]
    pub columns: Vec<Name>,
    /// What it answers.
    pub query: Part<Query>,
    /// Whether the query may name itself: then it is a union, whose second part is asked of the rows found last until
    /// there are no more.
    #[cfg_attr(feature = "serde", serde(default))]
    pub is_recursive: bool,
}

impl fmt::Display for SetOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Union => "UNION",
            Self::Intersect => "INTERSECT",
            Self::Except => "EXCEPT",
        })
    }
}

/// A query beside UNION, ..: in parentheses where its end would be taken for the end of the whole.
struct Block<'a>(&'a Part<Query>);

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Query { with, order_by, limit, offset, .. } = &**self.0;
        if with.is_empty() && order_by.is_empty() && limit.is_none() && offset.is_none() {
            return self.0.fmt(f);
        }
        write!(f, "({})", self.0)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Nothing => f.write_str("nothing")?,
            Origin::Table(name) => Identifier(name).fmt(f)?,
            Origin::Query(query) => write!(f, "({query})")?,
            Origin::Values(rows) => {
                f.write_str("(VALUES ")?;
                for (number, row) in rows.iter().enumerate() {
                    write!(f, "{}({})", if number == 0 { "" } else { ", " }, List(row))?;
                }
                f.write_str(")")?;
            }
            Origin::Set { operation, all, left, right } => {
                write!(f, "({} {operation}{} {})", Block(left), if *all { " ALL" } else { "" }, Block(right))?;
            }
        }
        if let Some(alias) = &self.alias {
            write!(f, " AS {}", Identifier(alias))?;
        }
        if !self.columns.is_empty() {
            write!(f, " ({})", Names(&self.columns))?;
        }
        Ok(())
    }
}

impl fmt::Display for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match (self.kind, &self.condition) {
            (JoinKind::Inner, JoinCondition::Always) => "CROSS JOIN",
            (JoinKind::Inner, _) => "JOIN",
            (JoinKind::Left, _) => "LEFT JOIN",
            (JoinKind::Right, _) => "RIGHT JOIN",
            (JoinKind::Full, _) => "FULL JOIN",
        };
        let natural = if matches!(self.condition, JoinCondition::Natural) { "NATURAL " } else { "" };
        write!(f, "{natural}{kind} {}", self.source)?;
        match &self.condition {
            JoinCondition::On(condition) => write!(f, " ON {condition}"),
            JoinCondition::Using(columns) => write!(f, " USING ({})", Names(columns)),
            JoinCondition::Always | JoinCondition::Natural => Ok(()),
        }
    }
}
