//! What a Rust struct promises so that it can be a table. `#[derive(Table)]` writes all of it.

use crate::{ColumnMigration, ConversionError, CustomRules, DataType, Field, TableSchema, ValueArena, ValueRef};

/// A row as it is stored: its columns can be read one by one, without decoding the others.
pub trait RowSource {
    /// The value of the column at `index`, counted as the schema does.
    ///
    /// # Errors
    /// [`ConversionError`] if the stored bytes are no value of the column.
    fn column(&self, index: usize) -> Result<ValueRef<'_>, ConversionError>;

    /// The column's integer, if it holds one that an `i64` can: a short cut that fits in registers. `None` says nothing
    /// but that [`column`](Self::column) must be asked.
    #[inline]
    fn integer(&self, index: usize) -> Option<i64> {
        let _ = index;
        None
    }

    /// The bytes of the column, little-endian, if all values of this type take as many and it holds one: a short cut as
    /// [`integer`](Self::integer) is.
    #[inline]
    fn fixed<const N: usize>(&self, index: usize, data_type: DataType) -> Option<[u8; N]> {
        let _ = (index, data_type);
        None
    }

    /// The column's text, if it holds text: a short cut as [`integer`](Self::integer) is.
    #[inline]
    fn text(&self, index: usize) -> Option<&str> {
        let _ = index;
        None
    }
}

/// A Rust struct that is a row of a table.
pub trait Table: Sized + 'static {
    /// The Rust type of the primary key; a tuple if it has several columns, [`RowId`] if there is none.
    type Key: Key;

    /// The description of the table.
    fn schema() -> &'static TableSchema;

    /// The rules of the program's own that its columns name.
    fn rules() -> CustomRules {
        CustomRules::default()
    }

    /// What becomes of the values of its columns where they had another type.
    const MIGRATIONS: &'static [ColumnMigration] = &[];

    /// The struct of a stored row.
    ///
    /// # Errors
    /// [`ConversionError`] if a column does not hold what the struct says.
    fn read<R: RowSource>(row: &R) -> Result<Self, ConversionError>;
}

/// A Rust struct that can be inserted: a table's own struct, or its insert form (`NewUser` for `User`).
pub trait Insert {
    /// The table it goes to.
    type Table: Table;

    /// The values in the schema's order, borrowed from this or from the arena; `None` where the database chooses
    /// (autoincrement, default).
    fn row<'a>(&'a self, arena: &'a ValueArena) -> impl AsRef<[Option<ValueRef<'a>>]>;
}

/// A set of tables that belong together. `#[derive(DatabaseSchema)]` writes it.
pub trait DatabaseSchema {
    /// The tables, in any order.
    fn tables() -> Vec<&'static TableSchema>;

    /// What becomes of the values of their columns, by the names of the tables.
    const MIGRATIONS: &'static [(&'static str, &'static [ColumnMigration])] = &[];

    /// The rules of the program's own that their columns name.
    fn rules() -> CustomRules {
        CustomRules::default()
    }
}

/// The number that the database gives to a row of a table without a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub u64);

/// A Rust type that can be a primary key.
pub trait Key: Sized {
    /// The values of the key's columns.
    fn values(&self) -> impl AsRef<[ValueRef<'_>]>;

    /// The key with these values.
    ///
    /// # Errors
    /// [`ConversionError`] if a value is not of the key's type.
    fn from_values(values: &[ValueRef<'_>]) -> Result<Self, ConversionError>;
}

/// The value of key column `index`.
fn part<V: Field>(values: &[ValueRef<'_>], index: usize) -> Result<V, ConversionError> {
    V::from_value(values.get(index).copied().unwrap_or(ValueRef::Null))
}

impl<V: Field> Key for V {
    #[inline]
    fn values(&self) -> impl AsRef<[ValueRef<'_>]> {
        [self.to_value()]
    }

    #[inline]
    fn from_values(values: &[ValueRef<'_>]) -> Result<Self, ConversionError> {
        part(values, 0)
    }
}

impl Key for RowId {
    fn values(&self) -> impl AsRef<[ValueRef<'_>]> {
        [ValueRef::from_u64(self.0)]
    }

    fn from_values(values: &[ValueRef<'_>]) -> Result<Self, ConversionError> {
        part(values, 0).map(Self)
    }
}

macro_rules! tuple_key {
    ($($name:ident $index:tt),*) => {
        impl<$($name: Field),*> Key for ($($name,)*) {
            fn values(&self) -> impl AsRef<[ValueRef<'_>]> {
                [$(self.$index.to_value()),*]
            }

            fn from_values(values: &[ValueRef<'_>]) -> Result<Self, ConversionError> {
                Ok(($(part::<$name>(values, $index)?,)*))
            }
        }
    };
}

tuple_key!(A 0, B 1);
tuple_key!(A 0, B 1, C 2);
tuple_key!(A 0, B 1, C 2, D 3);

/// What can be given where a key of type `K` is asked: the key itself, or borrowed text or bytes.
pub trait AsKey<K> {
    /// The values of the key's columns.
    fn values(&self) -> impl AsRef<[ValueRef<'_>]>;
}

impl<K: Key> AsKey<K> for K {
    #[inline]
    fn values(&self) -> impl AsRef<[ValueRef<'_>]> {
        Key::values(self)
    }
}

impl AsKey<String> for &str {
    fn values(&self) -> impl AsRef<[ValueRef<'_>]> {
        [ValueRef::Text(self)]
    }
}

impl AsKey<Vec<u8>> for &[u8] {
    fn values(&self) -> impl AsRef<[ValueRef<'_>]> {
        [ValueRef::Bytes(self)]
    }
}
