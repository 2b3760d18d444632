//! The parameters of a statement, as they are given.

use wasm_dbms_api::{AsParameter, Value, ValueArena, ValueRef};

use crate::{Error, Parameters, Result};

/// What the parameters of a statement are given by: `()` for none, a tuple or a list by their order, [`Named`] by their
/// names. Texts and bytes are not copied.
///
/// ```
/// use wasm_dbms::Database;
/// use wasm_dbms_sql::{Named, Sql};
///
/// let db = Database::in_memory();
/// let row: (i64, String) = db.query_row("SELECT ? + 1, $2", (1, "two"))?;
/// assert_eq!(row, (2, "two".into()));
/// let row: (i64,) = db.query_row("SELECT :n * 2", Named(&[("n", 21.into())]))?;
/// assert_eq!(row, (42,));
/// # Ok::<(), wasm_dbms_sql::Error>(())
/// ```
pub trait IntoParameters {
    /// Calls `take` with the values, in the order of the numbers.
    ///
    /// # Errors
    /// [`Error::ParameterName`]; what `take` returns.
    fn lend<R>(self, wanted: &Parameters, take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>) -> Result<R>;
}

/// Parameters by their names, without the colon.
#[derive(Debug, Clone, Copy)]
pub struct Named<'p>(pub &'p [(&'p str, Value)]);

impl IntoParameters for Named<'_> {
    fn lend<R>(self, wanted: &Parameters, take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>) -> Result<R> {
        let mut values = vec![None; wanted.count() as usize];
        for (name, value) in self.0 {
            let number = wanted.number(name).and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
            match number.and_then(|number| values.get_mut(number)) {
                Some(place) => *place = Some(value.as_ref()),
                None => return Err(Error::ParameterName((*name).to_owned())),
            }
        }
        let name_of = |place: usize| {
            let own = wanted.names().find(|(_, number)| *number as usize == place + 1);
            own.map_or_else(|| format!("?{}", place + 1), |(name, _)| name.to_owned())
        };
        let values = values.into_iter().enumerate();
        let values = values.map(|(place, value)| value.ok_or_else(|| Error::ParameterName(name_of(place))));
        take(&values.collect::<Result<Vec<_>>>()?)
    }
}

impl IntoParameters for () {
    fn lend<R>(self, _: &Parameters, take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>) -> Result<R> {
        take(&[])
    }
}

impl<T: AsParameter, const N: usize> IntoParameters for [T; N] {
    fn lend<R>(self, _: &Parameters, take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>) -> Result<R> {
        let arena = ValueArena::default();
        take(&self.each_ref().map(|value| value.as_parameter(&arena)))
    }
}

impl<T: AsParameter> IntoParameters for Vec<T> {
    fn lend<R>(self, wanted: &Parameters, take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>) -> Result<R> {
        self.as_slice().lend(wanted, take)
    }
}

impl<T: AsParameter> IntoParameters for &[T] {
    fn lend<R>(self, _: &Parameters, take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>) -> Result<R> {
        let arena = ValueArena::default();
        take(&self.iter().map(|value| value.as_parameter(&arena)).collect::<Vec<_>>())
    }
}

macro_rules! tuple {
    ($($name:ident)+) => {
        impl<$($name: AsParameter),+> IntoParameters for ($($name,)+) {
            #[allow(non_snake_case, reason = "each value is called as its type")]
            fn lend<R>(self, _: &Parameters, take: impl FnOnce(&[ValueRef<'_>]) -> Result<R>) -> Result<R> {
                let arena = ValueArena::default();
                let ($($name,)+) = &self;
                take(&[$($name.as_parameter(&arena)),+])
            }
        }
    };
}

tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);
