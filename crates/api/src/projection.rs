//! Typed answers: what `.columns((User::NAME, count()))` returns.

use std::marker::PhantomData;

use crate::{AggregateFunction, Column, ConversionError, Decimal, Expr, Field, Order, Value};

/// Something that can be a column of an answer, with the Rust type it comes out as.
pub trait Selectable {
    /// The Rust type of the values.
    type Value: Field;

    /// What is computed.
    fn to_expr(&self) -> Expr;
}

impl<T, V: Field> Selectable for Column<T, V> {
    type Value = V;

    fn to_expr(&self) -> Expr {
        self.expr()
    }
}

/// A value over all rows of a group. Made by [`count`], [`sum`], [`avg`], [`min`] and [`max`].
#[derive(Debug, Clone)]
pub struct Aggregate<V> {
    expr: Expr,
    value: PhantomData<fn() -> V>,
}

impl<V> Aggregate<V> {
    fn new(function: AggregateFunction, argument: Option<Expr>) -> Self {
        Self { expr: Expr::aggregate(function, argument), value: PhantomData }
    }

    /// Smallest first.
    ///
    /// ```
    /// use wasm_dbms_api::{Selectable, count};
    ///
    /// assert_eq!(count().asc().expr, count().to_expr());
    /// ```
    pub fn asc(self) -> Order {
        Order::ascending(self.expr)
    }

    /// Largest first.
    ///
    /// ```
    /// use wasm_dbms_api::count;
    ///
    /// assert!(count().desc().descending);
    /// ```
    pub fn desc(self) -> Order {
        Order::descending(self.expr)
    }
}

impl<V: Field> Selectable for Aggregate<V> {
    type Value = V;

    fn to_expr(&self) -> Expr {
        self.expr.clone()
    }
}

/// How many rows the group has.
///
/// ```
/// use wasm_dbms_api::{Selectable, count};
///
/// assert_eq!(count().to_expr().to_string(), "count(*)");
/// ```
pub fn count() -> Aggregate<u64> {
    Aggregate::new(AggregateFunction::Count, None)
}

/// The sum of a column over the group, NULLs left out; NULL if nothing is left. Exact for integers and decimals, and an
/// error where no integer or decimal holds it.
///
/// ```
/// use wasm_dbms_api::{Column, Selectable, sum};
///
/// const AGE: Column<(), u8> = Column::new("users", "age", 1);
/// assert_eq!(sum(AGE).to_expr().to_string(), "sum(users.age)");
/// ```
pub fn sum<T, V: Summable>(column: Column<T, V>) -> Aggregate<Option<V::Sum>> {
    Aggregate::new(AggregateFunction::Sum, Some(column.expr()))
}

/// The mean of a column over the group, NULLs left out; NULL if nothing is left. Of decimals it is one, with every digit
/// that fits and the last one rounded.
///
/// ```
/// use wasm_dbms_api::{Column, Selectable, avg};
///
/// const AGE: Column<(), u8> = Column::new("users", "age", 1);
/// assert_eq!(avg(AGE).to_expr().to_string(), "avg(users.age)");
/// ```
pub fn avg<T, V: Summable>(column: Column<T, V>) -> Aggregate<Option<V::Mean>> {
    Aggregate::new(AggregateFunction::Average, Some(column.expr()))
}

/// The smallest value of a column over the group, NULLs left out; NULL if nothing is left.
///
/// ```
/// use wasm_dbms_api::{Column, Selectable, min};
///
/// const AGE: Column<(), u8> = Column::new("users", "age", 1);
/// assert_eq!(min(AGE).to_expr().to_string(), "min(users.age)");
/// ```
pub fn min<T, V: Field>(column: Column<T, V>) -> Aggregate<Option<V::Base>>
where
    V::Base: Field<Base = V::Base>,
{
    Aggregate::new(AggregateFunction::Minimum, Some(column.expr()))
}

/// The largest value of a column over the group, NULLs left out; NULL if nothing is left.
///
/// ```
/// use wasm_dbms_api::{Column, Selectable, max};
///
/// const AGE: Column<(), u8> = Column::new("users", "age", 1);
/// assert_eq!(max(AGE).to_expr().to_string(), "max(users.age)");
/// ```
pub fn max<T, V: Field>(column: Column<T, V>) -> Aggregate<Option<V::Base>>
where
    V::Base: Field<Base = V::Base>,
{
    Aggregate::new(AggregateFunction::Maximum, Some(column.expr()))
}

/// Numbers: types that can be summed.
pub trait Summable: Field {
    /// The type of the sum.
    type Sum: Field<Base = Self::Sum>;

    /// The type of the mean.
    type Mean: Field<Base = Self::Mean>;
}

impl<V: Summable + Field<Base = V>> Summable for Option<V> {
    type Sum = V::Sum;
    type Mean = V::Mean;
}

macro_rules! summable {
    ($mean:ty; $($number:ty => $sum:ty),*) => {$(
        impl Summable for $number {
            type Sum = $sum;
            type Mean = $mean;
        }
    )*};
}

summable!(f64; i8 => i64, i16 => i64, i32 => i64, i64 => i64, u8 => i64, u16 => i64, u32 => i64, u64 => u64);
summable!(f64; f32 => f64, f64 => f64);
summable!(Decimal; Decimal => Decimal);

/// The columns of a typed answer: one [`Selectable`] or a tuple of up to eight.
pub trait Projection {
    /// The Rust type of a row of the answer.
    type Row;

    /// What each column computes.
    fn exprs(&self) -> Vec<Expr>;

    /// A row of the answer from its values.
    ///
    /// # Errors
    /// [`ConversionError`] if a value is not of the column's type.
    fn row(values: &[Value]) -> Result<Self::Row, ConversionError>;
}

/// The value of column `index`.
fn field<V: Field>(values: &[Value], index: usize) -> Result<V, ConversionError> {
    V::from_value(values.get(index).unwrap_or(&Value::Null).as_ref())
}

impl<S: Selectable> Projection for S {
    type Row = S::Value;

    fn exprs(&self) -> Vec<Expr> {
        vec![self.to_expr()]
    }

    fn row(values: &[Value]) -> Result<Self::Row, ConversionError> {
        field(values, 0)
    }
}

macro_rules! tuple_projection {
    ($($name:ident $index:tt),*) => {
        impl<$($name: Selectable),*> Projection for ($($name,)*) {
            type Row = ($($name::Value,)*);

            fn exprs(&self) -> Vec<Expr> {
                vec![$(self.$index.to_expr()),*]
            }

            fn row(values: &[Value]) -> Result<Self::Row, ConversionError> {
                Ok(($(field::<$name::Value>(values, $index)?,)*))
            }
        }
    };
}

tuple_projection!(A 0, B 1);
tuple_projection!(A 0, B 1, C 2);
tuple_projection!(A 0, B 1, C 2, D 3);
tuple_projection!(A 0, B 1, C 2, D 3, E 4);
tuple_projection!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_projection!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_projection!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
