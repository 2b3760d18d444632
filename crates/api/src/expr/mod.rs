//! Expressions: what a filter, a projection or an order computes from a row.

mod aggregate;
mod column_ref;
pub(crate) mod display;
mod function;
mod identifier;
mod operator;
mod window;

pub use aggregate::{AggregateCall, AggregateFunction};
pub use column_ref::{ColumnRef, Name};
pub use function::{Argument, MAX_ARGUMENTS, Outcome, ScalarFunction, Signature};
pub use identifier::Identifier;
pub use operator::{Arithmetic, Comparison};
pub use window::{FrameBound, FrameExclusion, FrameUnit, WindowCall, WindowFrame, WindowFunction};

use crate::{DataType, Part, Query, Value};

/// An expression over the columns of a row. Logic is SQL's: comparing with NULL gives NULL, and a filter keeps a row
/// only where it is true.
///
/// ```
/// use wasm_dbms_api::{Comparison, Expr};
///
/// let adults = Expr::column("users.age").compare(Comparison::GreaterOrEqual, 18).and(Expr::column("name").like("A%"));
/// assert_eq!(adults.to_string(), "(users.age >= 18 AND name LIKE 'A%')");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Expr {
    /// A value that does not depend on the row.
    Literal(Value),
    /// A value that is given when the question is asked, from 1 on.
    Parameter(u32),
    /// The value of a column.
    Column(ColumnRef),
    /// One expression compared with another.
    Compare(Comparison, Part<Expr>, Part<Expr>),
    /// The two differ, where NULL equals NULL and nothing else.
    IsDistinct(Part<Expr>, Part<Expr>),
    /// Both hold.
    And(Part<Expr>, Part<Expr>),
    /// At least one holds.
    Or(Part<Expr>, Part<Expr>),
    /// The expression is false.
    Not(Part<Expr>),
    /// The expression is NULL.
    IsNull(Part<Expr>),
    /// The expression is true, or false; not NULL.
    Is(Part<Expr>, bool),
    /// The expression equals one of the others.
    InList(Part<Expr>, Part<Vec<Expr>>),
    /// The expression equals the one column of a row of the answer.
    InQuery(Part<Expr>, Part<Query>),
    /// The answer has a row.
    Exists(Part<Query>),
    /// The one column of the one row of the answer; NULL if it has no row.
    Scalar(Part<Query>),
    /// Text matches a pattern: `%` stands for any text, `_` for one character, and the escape makes the next one plain.
    Like {
        /// The text.
        text: Part<Expr>,
        /// The pattern.
        pattern: Part<Expr>,
        /// What makes the next character plain; none: nothing does.
        escape: Option<char>,
        /// Whether letters that differ only in case are the same.
        ignores_case: bool,
    },
    /// A sum, a difference, .. of two numbers. What leaves its type, and division by zero, is an error.
    Arithmetic(Arithmetic, Part<Expr>, Part<Expr>),
    /// The number with the other sign.
    Negate(Part<Expr>),
    /// The value of the first branch whose condition holds.
    Case(Part<Case>),
    /// The value as one of another type.
    Cast(Part<Expr>, DataType),
    /// A function of values.
    Function(ScalarFunction, Part<Vec<Expr>>),
    /// A value over all rows of a group.
    Aggregate(Part<AggregateCall>),
    /// A value over the rows around a row.
    Window(Part<WindowCall>),
}

/// One of several values, chosen by conditions.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Case {
    /// What the branches are compared with; none: they are conditions.
    pub operand: Option<Expr>,
    /// Conditions, or values equal to the operand, each with what it gives.
    pub branches: Vec<(Expr, Expr)>,
    /// What there is where no branch is taken; NULL where nothing is said.
    pub otherwise: Option<Expr>,
}

impl From<Case> for Expr {
    fn from(case: Case) -> Self {
        Self::Case(case.into())
    }
}

impl Expr {
    /// A column by name: `"name"` or `"table.name"`.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("users.name").to_string(), "users.name");
    /// ```
    pub fn column(name: &str) -> Self {
        Self::Column(ColumnRef::from(name))
    }

    /// How many rows a group has.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::count().to_string(), "count(*)");
    /// ```
    pub fn count() -> Self {
        Self::aggregate(AggregateFunction::Count, None)
    }

    /// A value over all rows of a group; without an argument only `count`.
    ///
    /// ```
    /// use wasm_dbms_api::{AggregateFunction, Expr};
    ///
    /// assert_eq!(Expr::aggregate(AggregateFunction::Sum, Some(Expr::column("n"))).to_string(), "sum(n)");
    /// ```
    pub fn aggregate(function: AggregateFunction, argument: Option<Self>) -> Self {
        AggregateCall::new(function, argument).into()
    }

    /// A function of values.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, ScalarFunction};
    ///
    /// let initial = Expr::function(ScalarFunction::Left, [Expr::column("name"), Expr::from(1)]);
    /// assert_eq!(initial.to_string(), "left(name, 1)");
    /// ```
    pub fn function(function: ScalarFunction, arguments: impl IntoIterator<Item = Self>) -> Self {
        Self::Function(function, arguments.into_iter().collect::<Vec<_>>().into())
    }

    /// Compares this with another expression or a value.
    ///
    /// ```
    /// use wasm_dbms_api::{Comparison, Expr};
    ///
    /// assert_eq!(Expr::column("age").compare(Comparison::Less, 18).to_string(), "age < 18");
    /// ```
    #[must_use]
    pub fn compare(self, comparison: Comparison, other: impl Into<Self>) -> Self {
        Self::Compare(comparison, self.into(), other.into().into())
    }

    /// This differs from the other, where NULL equals NULL and nothing else.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("a").is_distinct(Expr::column("b")).to_string(), "a IS DISTINCT FROM b");
    /// ```
    #[must_use]
    pub fn is_distinct(self, other: impl Into<Self>) -> Self {
        Self::IsDistinct(self.into(), other.into().into())
    }

    /// This lies between two values, both included.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("age").between(6, 12).to_string(), "(age >= 6 AND age <= 12)");
    /// ```
    #[must_use]
    pub fn between(self, low: impl Into<Self>, high: impl Into<Self>) -> Self {
        let own = Part::new(self);
        let low = Self::Compare(Comparison::GreaterOrEqual, own.clone(), low.into().into());
        low.and(Self::Compare(Comparison::LessOrEqual, own, high.into().into()))
    }

    /// Both this and the other hold.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// let both = Expr::column("a").is_null().and(Expr::column("b").is_null());
    /// assert_eq!(both.to_string(), "(a IS NULL AND b IS NULL)");
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(self.into(), other.into())
    }

    /// This or the other holds.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// let either = Expr::column("a").is_null().or(Expr::column("b").is_null());
    /// assert_eq!(either.to_string(), "(a IS NULL OR b IS NULL)");
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Or(self.into(), other.into())
    }

    /// This does not hold.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("is_open").not().to_string(), "NOT (is_open)");
    /// ```
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the SQL word; `!filter` works too")]
    pub fn not(self) -> Self {
        Self::Not(self.into())
    }

    /// This is NULL.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("a").is_null().to_string(), "a IS NULL");
    /// ```
    #[must_use]
    pub fn is_null(self) -> Self {
        Self::IsNull(self.into())
    }

    /// This is true; not false, not NULL.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("is_open").is_true().to_string(), "is_open IS TRUE");
    /// ```
    #[must_use]
    pub fn is_true(self) -> Self {
        Self::Is(self.into(), true)
    }

    /// This is false; not true, not NULL.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("is_open").is_false().to_string(), "is_open IS FALSE");
    /// ```
    #[must_use]
    pub fn is_false(self) -> Self {
        Self::Is(self.into(), false)
    }

    /// This equals one of the values or expressions.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("id").in_list([1, 2]).to_string(), "id IN (1, 2)");
    /// ```
    #[must_use]
    pub fn in_list(self, values: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self::InList(self.into(), values.into_iter().map(Into::into).collect::<Vec<_>>().into())
    }

    /// This equals the one column of a row that the query answers.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// let admins = Query::from("admins").column(Expr::column("user"));
    /// assert_eq!(Expr::column("id").in_query(admins).to_string(), "id IN (SELECT user FROM admins)");
    /// ```
    #[must_use]
    pub fn in_query(self, query: Query) -> Self {
        Self::InQuery(self.into(), query.into())
    }

    /// The query answers a row.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// assert_eq!(Expr::exists(Query::from("admins")).to_string(), "EXISTS (SELECT * FROM admins)");
    /// ```
    #[must_use]
    pub fn exists(query: Query) -> Self {
        Self::Exists(query.into())
    }

    /// The one column of the one row that the query answers; NULL if it answers none.
    ///
    /// ```
    /// use wasm_dbms_api::{Expr, Query};
    ///
    /// let how_many = Expr::scalar(Query::from("admins").column(Expr::count()));
    /// assert_eq!(how_many.to_string(), "(SELECT count(*) FROM admins)");
    /// ```
    #[must_use]
    pub fn scalar(query: Query) -> Self {
        Self::Scalar(query.into())
    }

    /// This text matches a pattern: `%` stands for any text, `_` for one character, `\` makes the next one plain.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("name").like("A%").to_string(), "name LIKE 'A%'");
    /// ```
    #[must_use]
    pub fn like(self, pattern: impl Into<Self>) -> Self {
        self.like_with(pattern, Some('\\'), false)
    }

    /// As [`like`](Self::like), where letters that differ only in case are the same.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("name").ilike("a%").to_string(), "name ILIKE 'a%'");
    /// ```
    #[must_use]
    pub fn ilike(self, pattern: impl Into<Self>) -> Self {
        self.like_with(pattern, Some('\\'), true)
    }

    /// As [`like`](Self::like), with another escape or none.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// let percent = Expr::column("name").like_with("100!%", Some('!'), false);
    /// assert_eq!(percent.to_string(), "name LIKE '100!%' ESCAPE '!'");
    /// ```
    #[must_use]
    pub fn like_with(self, pattern: impl Into<Self>, escape: Option<char>, ignores_case: bool) -> Self {
        Self::Like { text: self.into(), pattern: pattern.into().into(), escape, ignores_case }
    }

    /// This as a value of another type.
    ///
    /// ```
    /// use wasm_dbms_api::{DataType, Expr};
    ///
    /// assert_eq!(Expr::column("n").cast(DataType::Text).to_string(), "CAST(n AS text)");
    /// ```
    #[must_use]
    pub fn cast(self, data_type: DataType) -> Self {
        Self::Cast(self.into(), data_type)
    }

    /// A sum, a difference, a product, a quotient or a remainder.
    ///
    /// ```
    /// use wasm_dbms_api::{Arithmetic, Expr};
    ///
    /// let larger = Expr::column("n").arithmetic(Arithmetic::Add, 1);
    /// assert_eq!(larger, Expr::column("n") + Expr::from(1));
    /// ```
    #[must_use]
    pub fn arithmetic(self, operator: Arithmetic, other: impl Into<Self>) -> Self {
        Self::Arithmetic(operator, self.into(), other.into().into())
    }

    /// The texts one after the other; NULL if one is.
    ///
    /// ```
    /// use wasm_dbms_api::Expr;
    ///
    /// assert_eq!(Expr::column("first").join(Expr::column("last")).to_string(), "(first || last)");
    /// ```
    #[must_use]
    pub fn join(self, other: impl Into<Self>) -> Self {
        match self {
            Self::Function(ScalarFunction::Join, mut arguments) => {
                arguments.make_mut().push(other.into());
                Self::Function(ScalarFunction::Join, arguments)
            }
            first => Self::Function(ScalarFunction::Join, vec![first, other.into()].into()),
        }
    }
}

impl std::ops::Not for Expr {
    type Output = Self;

    fn not(self) -> Self {
        Expr::not(self)
    }
}

impl std::ops::Neg for Expr {
    type Output = Self;

    fn neg(self) -> Self {
        Self::Negate(self.into())
    }
}

macro_rules! arithmetic {
    ($($trait:ident $method:ident $operator:ident),*) => {$(
        impl<T: Into<Expr>> std::ops::$trait<T> for Expr {
            type Output = Self;

            fn $method(self, other: T) -> Self {
                self.arithmetic(Arithmetic::$operator, other)
            }
        }
    )*};
}

arithmetic!(Add add Add, Sub sub Subtract, Mul mul Multiply, Div div Divide, Rem rem Remainder);

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        Self::Literal(value.into())
    }
}

impl From<ColumnRef> for Expr {
    fn from(column: ColumnRef) -> Self {
        Self::Column(column)
    }
}
