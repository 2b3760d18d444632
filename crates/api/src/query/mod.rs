//! The dynamic query: a question as data.

mod display;
mod order;
mod source;

pub use order::{Nulls, Order};
pub use source::{CommonTable, Join, JoinCondition, JoinKind, Origin, SetOperation, Source};

use crate::{ColumnRef, Expr, Name, Part};

/// A column of an answer.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Output {
    /// What an expression comes to, with a name or called as the expression reads.
    Expr(Expr, Option<Name>),
    /// Every column of every source.
    Every,
    /// Every column of one source.
    EveryOf(Name),
}

impl From<Expr> for Output {
    fn from(expr: Expr) -> Self {
        Self::Expr(expr, None)
    }
}

/// A question to the database as data: what the typed builder makes, what SQL becomes, and what can be sent over a
/// wire (feature `serde`).
///
/// One query is one block of SQL, from its FROM to its LIMIT; what SQL builds of several (sets, values, queries in FROM)
/// stands in [`Source`]s, what it builds into expressions in [`Expr`]. Names are looked up when the question is asked.
///
/// ```
/// use wasm_dbms_api::{Expr, Query};
///
/// let query = Query::from("posts")
///     .join("users", "posts.author", "users.id")
///     .group_by("users.name")
///     .column(Expr::column("users.name"))
///     .column(Expr::count())
///     .order_by(Expr::column("users.name"), false)
///     .limit(10);
/// assert_eq!(query.columns.len(), 2);
/// assert_eq!(
///     query.to_string(),
///     "SELECT users.name, count(*) FROM posts JOIN users ON posts.author = users.id GROUP BY users.name \
///      ORDER BY users.name LIMIT 10"
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Query {
    /// Queries that this one calls by name, and each those before it.
    pub with: Vec<CommonTable>,
    /// The first source.
    pub from: Source,
    /// Sources that join, in order.
    pub joins: Vec<Join>,
    /// Rows for which this is not true are dropped.
    pub filter: Option<Expr>,
    /// Rows equal in these become one. A whole number means the output of that number, from 1 on.
    pub group_by: Vec<Expr>,
    /// Groups for which this is not true are dropped.
    pub having: Option<Expr>,
    /// What each row of the answer holds; empty: every column of every source.
    pub columns: Vec<Output>,
    /// Whether equal rows of the answer are one.
    pub distinct: bool,
    /// The order of the answer; where it leaves a tie, rows come in the order the tables hold them. A column without a
    /// table may be the name of an output, a whole number means the output of that number, from 1 on.
    pub order_by: Vec<Order>,
    /// At most this many rows.
    pub limit: Option<Expr>,
    /// Skip this many rows first.
    pub offset: Option<Expr>,
    /// Whether a text beside a date, a moment, a decimal or a UUID is read as one, here and in every query inside. SQL
    /// says so of what it reads, where a literal has no type of its own; else it is an error to compare the two.
    pub reads_text: bool,
}

impl Default for Query {
    /// One row without columns.
    fn default() -> Self {
        Self::of(Source::default())
    }
}

impl Query {
    /// Every row of a table, of another query, ..
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// assert_eq!(Query::from("users").to_string(), "SELECT * FROM users");
    /// ```
    pub fn from(source: impl Into<Source>) -> Self {
        Self::of(source.into())
    }

    #[inline(never)]
    fn of(from: Source) -> Self {
        Self {
            with: Vec::new(),
            from,
            joins: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            having: None,
            columns: Vec::new(),
            distinct: false,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            reads_text: false,
        }
    }

    /// These rows.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// let two = Query::values([[Expr::from(1), Expr::from("one")], [Expr::from(2), Expr::from("two")]]);
    /// assert_eq!(two.to_string(), "SELECT * FROM (VALUES (1, 'one'), (2, 'two'))");
    /// ```
    pub fn values<R: IntoIterator<Item = Expr>>(rows: impl IntoIterator<Item = R>) -> Self {
        let rows: Vec<Vec<Expr>> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
        Self::from(Source::new(Origin::Values(rows.into())))
    }

    /// The answers of this query and another, put together. What is said of the result afterwards (an order, a limit) is
    /// said of both.
    ///
    /// ```
    /// use wasm_dbms_api::{Query, SetOperation};
    ///
    /// let query = Query::from("a").set(SetOperation::Except, false, Query::from("b"));
    /// assert_eq!(query.to_string(), "SELECT * FROM (SELECT * FROM a EXCEPT SELECT * FROM b)");
    /// ```
    #[must_use]
    pub fn set(self, operation: SetOperation, all: bool, right: Self) -> Self {
        let (left, right) = (Part::new(self), Part::new(right));
        Self::from(Source::new(Origin::Set { operation, all, left, right }))
    }

    /// The rows of this query and another, equal ones once.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// let query = Query::from("a").union(Query::from("b"));
    /// assert_eq!(query.to_string(), "SELECT * FROM (SELECT * FROM a UNION SELECT * FROM b)");
    /// ```
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.set(SetOperation::Union, false, other)
    }

    /// The rows of this query and another.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// let query = Query::from("a").union_all(Query::from("b"));
    /// assert_eq!(query.to_string(), "SELECT * FROM (SELECT * FROM a UNION ALL SELECT * FROM b)");
    /// ```
    #[must_use]
    pub fn union_all(self, other: Self) -> Self {
        self.set(SetOperation::Union, true, other)
    }

    /// Gives a query a name that this one can take rows from.
    ///
    /// ```
    /// use wasm_dbms_api::{Comparison, Expr, Query};
    ///
    /// let old = Query::from("users").filter(Expr::column("age").compare(Comparison::Greater, 80));
    /// let query = Query::from("old").with("old", old);
    /// assert_eq!(query.to_string(), "WITH old AS (SELECT * FROM users WHERE age > 80) SELECT * FROM old");
    /// ```
    #[must_use]
    pub fn with(mut self, name: impl Into<Name>, query: Self) -> Self {
        let (name, query) = (name.into(), query.into());
        self.with.push(CommonTable { name, columns: Vec::new(), query, is_recursive: false });
        self
    }

    /// Calls the first source so.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// assert_eq!(Query::from("users").alias("u").to_string(), "SELECT * FROM users AS u");
    /// ```
    #[must_use]
    pub fn alias(mut self, alias: impl Into<Name>) -> Self {
        self.from.alias = Some(alias.into());
        self
    }

    /// Joins a source where the column `left` of the sources before equals its column `right`.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// let query = Query::from("users").join("posts", "users.id", "posts.author");
    /// assert_eq!(query.to_string(), "SELECT * FROM users JOIN posts ON users.id = posts.author");
    /// ```
    #[must_use]
    pub fn join(self, source: impl Into<Source>, left: impl Into<ColumnRef>, right: impl Into<ColumnRef>) -> Self {
        self.join_with(Join::equal(JoinKind::Inner, source, left, right))
    }

    /// As [`join`](Self::join), and rows before without a partner stay, with NULLs beside them.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// let query = Query::from("users").left_join("posts", "users.id", "posts.author");
    /// assert_eq!(query.to_string(), "SELECT * FROM users LEFT JOIN posts ON users.id = posts.author");
    /// ```
    #[must_use]
    pub fn left_join(self, source: impl Into<Source>, left: impl Into<ColumnRef>, right: impl Into<ColumnRef>) -> Self {
        self.join_with(Join::equal(JoinKind::Left, source, left, right))
    }

    /// Joins a source where a condition holds.
    ///
    /// ```
    /// use wasm_dbms_api::{Comparison, Expr, JoinKind, Query, Source};
    ///
    /// let younger = Expr::column("a.age").compare(Comparison::Less, Expr::column("b.age"));
    /// let query = Query::from("users").alias("a").join_on(JoinKind::Inner, Source::from("users").alias("b"), younger);
    /// assert_eq!(query.to_string(), "SELECT * FROM users AS a JOIN users AS b ON a.age < b.age");
    /// ```
    #[must_use]
    pub fn join_on(self, kind: JoinKind, source: impl Into<Source>, condition: Expr) -> Self {
        self.join_with(Join { kind, source: source.into(), condition: JoinCondition::On(condition) })
    }

    /// Joins every row of a source.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// let query = Query::from("users").cross_join("posts");
    /// assert_eq!(query.to_string(), "SELECT * FROM users CROSS JOIN posts");
    /// ```
    #[must_use]
    pub fn cross_join(self, source: impl Into<Source>) -> Self {
        self.join_with(Join { kind: JoinKind::Inner, source: source.into(), condition: JoinCondition::Always })
    }

    /// Joins a source.
    ///
    /// ```
    /// use wasm_dbms_api::{Join, JoinKind, Query};
    ///
    /// let join = Join::equal(JoinKind::Left, "posts", "users.id", "posts.author");
    /// assert_eq!(Query::from("users").join_with(join), Query::from("users").left_join("posts", "users.id", "posts.author"));
    /// ```
    #[must_use]
    pub fn join_with(mut self, join: Join) -> Self {
        self.joins.push(join);
        self
    }

    /// Keeps the rows for which `filter`, and every filter given before, is true.
    ///
    /// ```
    /// use wasm_dbms_api::{Comparison, Expr, Query};
    ///
    /// let query = Query::from("users").filter(Expr::column("age").compare(Comparison::Less, 18));
    /// assert_eq!(query.to_string(), "SELECT * FROM users WHERE age < 18");
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: Expr) -> Self {
        self.filter = Some(both(self.filter.take(), filter));
        self
    }

    /// Makes rows equal in this column, and in those given before, one.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// let query = Query::from("users").group_by("age").column(Expr::column("age")).column(Expr::count());
    /// assert_eq!(query.to_string(), "SELECT age, count(*) FROM users GROUP BY age");
    /// ```
    #[must_use]
    pub fn group_by(self, column: impl Into<ColumnRef>) -> Self {
        self.group_by_expr(Expr::Column(column.into()))
    }

    /// Makes rows equal in this expression, and in those given before, one.
    ///
    /// ```
    /// use wasm_dbms_api::{Arithmetic, Expr, Query};
    ///
    /// let decade = Expr::column("age").arithmetic(Arithmetic::Divide, 10);
    /// let query = Query::from("users").group_by_expr(decade).column(Expr::count());
    /// assert_eq!(query.to_string(), "SELECT count(*) FROM users GROUP BY (age / 10)");
    /// ```
    #[must_use]
    pub fn group_by_expr(mut self, expr: Expr) -> Self {
        self.group_by.push(expr);
        self
    }

    /// Keeps the groups for which `having`, and every condition given before, is true.
    ///
    /// ```
    /// use wasm_dbms_api::{Comparison, Expr, Query};
    ///
    /// let query = Query::from("users")
    ///     .group_by("age")
    ///     .having(Expr::count().compare(Comparison::Greater, 1))
    ///     .column(Expr::column("age"));
    /// assert_eq!(query.to_string(), "SELECT age FROM users GROUP BY age HAVING count(*) > 1");
    /// ```
    #[must_use]
    pub fn having(mut self, having: Expr) -> Self {
        self.having = Some(both(self.having.take(), having));
        self
    }

    /// Adds a column to the answer.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// assert_eq!(Query::from("users").column(Expr::column("name")).to_string(), "SELECT name FROM users");
    /// ```
    #[must_use]
    pub fn column(mut self, output: impl Into<Output>) -> Self {
        self.columns.push(output.into());
        self
    }

    /// Adds a column with a name to the answer.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// let query = Query::from("users").column_as("how_many", Expr::count());
    /// assert_eq!(query.to_string(), "SELECT count(*) AS how_many FROM users");
    /// ```
    #[must_use]
    pub fn column_as(self, name: impl Into<Name>, expr: Expr) -> Self {
        self.column(Output::Expr(expr, Some(name.into())))
    }

    /// Makes equal rows of the answer one.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// let query = Query::from("users").column(Expr::column("age")).distinct();
    /// assert_eq!(query.to_string(), "SELECT DISTINCT age FROM users");
    /// ```
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.distinct = true;
        self
    }

    /// Orders by this where the orders given before leave a tie.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// let query = Query::from("users").order_by(Expr::column("age"), true);
    /// assert_eq!(query.to_string(), "SELECT * FROM users ORDER BY age DESC");
    /// ```
    #[must_use]
    pub fn order_by(mut self, expr: Expr, descending: bool) -> Self {
        self.order_by.push(Order { expr, descending, nulls: None });
        self
    }

    /// At most `limit` rows.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// assert_eq!(Query::from("users").limit(10).to_string(), "SELECT * FROM users LIMIT 10");
    /// ```
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(Expr::from(limit));
        self
    }

    /// Skips the first `offset` rows.
    ///
    /// ```
    /// use wasm_dbms_api::Query;
    ///
    /// assert_eq!(Query::from("users").limit(10).offset(20).to_string(), "SELECT * FROM users LIMIT 10 OFFSET 20");
    /// ```
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(Expr::from(offset));
        self
    }
}

fn both(first: Option<Expr>, second: Expr) -> Expr {
    match first {
        Some(first) => first.and(second),
        None => second,
    }
}
