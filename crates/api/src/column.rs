//! Typed columns: the constants that `#[derive(Table)]` makes.

use std::marker::PhantomData;

use crate::{ColumnRef, Comparison, Expr, Field, Order, Value, ValueArena, ValueRef};

/// A column of table `T` that holds values of type `V`.
///
/// Its methods build filters and orders that the compiler checks: `User::AGE.ge(18)` compiles only for a number.
pub struct Column<T, V> {
    table: &'static str,
    name: &'static str,
    position: usize,
    types: PhantomData<fn() -> (T, V)>,
}

impl<T, V> Clone for Column<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Column<T, V> {}

impl<T, V> std::fmt::Debug for Column<T, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.table, self.name)
    }
}

impl<T, V> Column<T, V> {
    /// The column `name` of the table `table`, at this position among its columns. The derive calls this.
    ///
    /// ```
    /// use wasm_dbms_api::{Column, Table};
    ///
    /// // What `#[derive(Table)]` writes for each field.
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.name(), "age");
    /// ```
    pub const fn new(table: &'static str, name: &'static str, position: usize) -> Self {
        Self { table, name, position, types: PhantomData }
    }

    /// The name of the column.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.name(), "age");
    /// ```
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Where the column stands among those of its table, from 0.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.position(), 1);
    /// ```
    pub const fn position(self) -> usize {
        self.position
    }

    /// The name of the table.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.table(), "users");
    /// ```
    pub const fn table(self) -> &'static str {
        self.table
    }

    /// This column, by name.
    ///
    /// ```
    /// use wasm_dbms_api::{Column, ColumnRef};
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.reference(), ColumnRef::new("users", "age"));
    /// ```
    pub fn reference(self) -> ColumnRef {
        ColumnRef::new(self.table, self.name)
    }

    /// This column as an expression.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.expr().to_string(), "users.age");
    /// ```
    pub fn expr(self) -> Expr {
        Expr::Column(self.reference())
    }

    /// This column of the new row, where an upsert meets a row that is there.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.excluded().to_string(), "excluded.age");
    /// ```
    pub fn excluded(self) -> Expr {
        Expr::Column(ColumnRef::new("excluded", self.name))
    }

    /// Ascending order by this column, NULLs first.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert!(!AGE.asc().descending);
    /// ```
    pub fn asc(self) -> Order {
        Order::ascending(self.expr())
    }

    /// Descending order by this column, NULLs last.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert!(AGE.desc().descending);
    /// ```
    pub fn desc(self) -> Order {
        Order::descending(self.expr())
    }

    /// The column is NULL.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), Option<u8>> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.is_null().to_string(), "users.age IS NULL");
    /// ```
    pub fn is_null(self) -> Expr {
        self.expr().is_null()
    }

    /// The column is not NULL.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), Option<u8>> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.is_not_null().to_string(), "NOT (users.age IS NULL)");
    /// ```
    pub fn is_not_null(self) -> Expr {
        self.expr().is_null().not()
    }
}

impl<T, V: Field> Column<T, V> {
    fn compare(self, comparison: Comparison, other: impl Operand<V>) -> Expr {
        self.expr().compare(comparison, other.into_expr())
    }

    /// Equal to a value or another column.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.eq(18).to_string(), "users.age = 18");
    /// ```
    pub fn eq(self, other: impl Operand<V>) -> Expr {
        self.compare(Comparison::Equal, other)
    }

    /// Not equal to a value or another column.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.ne(18).to_string(), "users.age <> 18");
    /// ```
    pub fn ne(self, other: impl Operand<V>) -> Expr {
        self.compare(Comparison::NotEqual, other)
    }

    /// Less than a value or another column.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.lt(18).to_string(), "users.age < 18");
    /// ```
    pub fn lt(self, other: impl Operand<V>) -> Expr {
        self.compare(Comparison::Less, other)
    }

    /// Less than or equal to a value or another column.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.le(18).to_string(), "users.age <= 18");
    /// ```
    pub fn le(self, other: impl Operand<V>) -> Expr {
        self.compare(Comparison::LessOrEqual, other)
    }

    /// Greater than a value or another column.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.gt(18).to_string(), "users.age > 18");
    /// ```
    pub fn gt(self, other: impl Operand<V>) -> Expr {
        self.compare(Comparison::Greater, other)
    }

    /// Greater than or equal to a value or another column.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.ge(18).to_string(), "users.age >= 18");
    /// ```
    pub fn ge(self, other: impl Operand<V>) -> Expr {
        self.compare(Comparison::GreaterOrEqual, other)
    }

    /// Between two values, both included.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.between(6, 12).to_string(), "(users.age >= 6 AND users.age <= 12)");
    /// ```
    pub fn between(self, low: impl Operand<V>, high: impl Operand<V>) -> Expr {
        self.ge(low).and(self.le(high))
    }

    /// Equal to one of the values.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const AGE: Column<(), u8> = Column::new("users", "age", 1);
    /// assert_eq!(AGE.in_list([6, 12]).to_string(), "users.age IN (6, 12)");
    /// ```
    pub fn in_list<O: Operand<V>>(self, values: impl IntoIterator<Item = O>) -> Expr {
        self.expr().in_list(values.into_iter().map(Operand::into_expr))
    }
}

impl<T, V: Field<Base = String>> Column<T, V> {
    /// Matches a pattern: `%` stands for any text, `_` for one character, `\` makes the next one plain.
    ///
    /// ```
    /// use wasm_dbms_api::Column;
    ///
    /// const NAME: Column<(), String> = Column::new("users", "name", 0);
    /// assert_eq!(NAME.like("A%").to_string(), "users.name LIKE 'A%'");
    /// ```
    pub fn like(self, pattern: &str) -> Expr {
        self.expr().like(pattern)
    }
}

/// What a column of type `V` can be compared with or set to: a value of its type (with or without the `Option`), borrowed
/// text, another column of the type, or an expression, whose type is checked when it is asked.
pub trait Operand<V> {
    /// The operand as an expression.
    fn into_expr(self) -> Expr;
}

impl<V: Field> Operand<V> for V {
    fn into_expr(self) -> Expr {
        Expr::Literal(Value::from(self))
    }
}

impl<V: Field<Base = V>> Operand<Option<V>> for V {
    fn into_expr(self) -> Expr {
        Expr::Literal(Value::from(self))
    }
}

impl Operand<String> for &str {
    fn into_expr(self) -> Expr {
        Expr::Literal(Value::from(self))
    }
}

impl Operand<Option<String>> for &str {
    fn into_expr(self) -> Expr {
        Expr::Literal(Value::from(self))
    }
}

impl<V: Field> Operand<V> for Expr {
    fn into_expr(self) -> Expr {
        self
    }
}

impl<T, V: Field> Operand<V> for Column<T, V> {
    fn into_expr(self) -> Expr {
        self.expr()
    }
}

macro_rules! arithmetic {
    ($($trait:ident $method:ident),*) => {$(
        impl<T, V: Field, O: Into<Expr>> std::ops::$trait<O> for Column<T, V> {
            type Output = Expr;

            fn $method(self, other: O) -> Expr {
                self.expr().$method(other)
            }
        }
    )*};
}

arithmetic!(Add add, Sub sub, Mul mul, Div div, Rem rem);

impl<T, V> From<Column<T, V>> for Expr {
    fn from(column: Column<T, V>) -> Self {
        column.expr()
    }
}

/// A value that a column of type `V` can be compared with: an [`Operand`] that is no column.
pub trait Literal<V>: Operand<V> {
    /// The value, borrowed from this or from the arena.
    fn as_value<'a>(&'a self, arena: &'a ValueArena) -> ValueRef<'a>;
}

impl<V: Field> Literal<V> for V {
    #[inline]
    fn as_value<'a>(&'a self, arena: &'a ValueArena) -> ValueRef<'a> {
        self.value_in(arena)
    }
}

impl<V: Field<Base = V>> Literal<Option<V>> for V {
    #[inline]
    fn as_value<'a>(&'a self, arena: &'a ValueArena) -> ValueRef<'a> {
        self.value_in(arena)
    }
}

impl Literal<String> for &str {
    #[inline]
    fn as_value<'a>(&'a self, _: &'a ValueArena) -> ValueRef<'a> {
        ValueRef::Text(self)
    }
}

impl Literal<Option<String>> for &str {
    #[inline]
    fn as_value<'a>(&'a self, _: &'a ValueArena) -> ValueRef<'a> {
        ValueRef::Text(self)
    }
}
