//! How many rows there are, and whether a row is there, without making any.

use wasm_dbms_api::{AsKey, Expr, Query, Table, Value};

use crate::error::Fallible;
use crate::execute;
use crate::typed::by_name::rows_of;
use crate::{Connection, Database, Limited, OptimisticTransaction, Result, Snapshot, Transaction};

macro_rules! counting_verbs {
    ($connection:ty $(, $inner:ident)?) => {
        impl$(<$inner: Connection>)? $connection {
            /// How many rows a table has: a number that is kept, whatever the size of the table.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # #[derive(Table, Debug, Clone, PartialEq)]
            /// # #[table = "users"]
            /// # struct User {
            /// #     #[primary_key]
            /// #     id: u32,
            /// #     #[unique]
            /// #     name: String,
            /// #     age: u8,
            /// # }
            /// # let db = Database::in_memory();
            /// # db.create_table(User::schema())?;
            /// # for (id, name, age) in [(1, "Ada", 36), (2, "Alan", 41), (3, "Grace", 85)] {
            /// #     db.insert(&User { id, name: name.into(), age })?;
            /// # }
            /// assert_eq!(db.count::<User>()?, 3);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// What storage says.
            pub fn count<T: Table>(&self) -> Result<u64> {
                self.select::<T>().count()
            }

            /// Whether there is a row with this primary key.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// #[derive(Table)]
            /// #[table = "words"]
            /// struct Word {
            ///     #[primary_key]
            ///     text: String,
            /// }
            ///
            /// let db = Database::in_memory();
            /// db.create_table(Word::schema())?;
            /// db.insert(&Word { text: "tree".into() })?;
            /// assert!(db.exists::<Word>("tree")?);
            /// assert!(!db.exists::<Word>("leaf")?);
            /// assert_eq!(db.count::<Word>()?, 1);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// What storage says.
            pub fn exists<T: Table>(&self, key: impl AsKey<T::Key>) -> Result<bool> {
                Ok(self.read(|core| {
                    let index = core.catalog.find_type::<T>()?;
                    Ok(core.find(index, key.values().as_ref())?.is_some())
                })?)
            }

            /// How many rows of a table a filter keeps; without one, how many there are, which is a number that is kept.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
            /// # db.insert_values("t", &[("n", 1.into())])?;
            /// assert_eq!(db.count_values("t", None)?, 1);
            /// assert_eq!(db.count_values("t", Expr::column("n").is_null())?, 0);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown), [`Error::Query`](crate::Error::Query); what storage says.
            pub fn count_values(&self, table: &str, filter: impl Into<Option<Expr>>) -> Result<u64> {
                let query = rows_of(table, filter.into());
                Ok(self.read(|core| counted(core, &query))?)
            }

            /// Whether a filter keeps a row of a table.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # #[derive(Table, Debug, Clone, PartialEq)]
            /// # #[table = "users"]
            /// # struct User {
            /// #     #[primary_key]
            /// #     id: u32,
            /// #     #[unique]
            /// #     name: String,
            /// #     age: u8,
            /// # }
            /// # let db = Database::in_memory();
            /// # db.create_table(User::schema())?;
            /// # for (id, name, age) in [(1, "Ada", 36), (2, "Alan", 41), (3, "Grace", 85)] {
            /// #     db.insert(&User { id, name: name.into(), age })?;
            /// # }
            /// assert!(db.exists_values("users", Some(Expr::column("age").compare(Comparison::Greater, 80)))?);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`count_values`](Self::count_values).
            pub fn exists_values(&self, table: &str, filter: impl Into<Option<Expr>>) -> Result<bool> {
                let query = rows_of(table, filter.into()).limit(1);
                Ok(self.read(|core| Ok(counted(core, &query)? > 0))?)
            }

            /// The values of the row with this primary key, in the order of the columns; the key's own in the order of
            /// theirs.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
            /// # db.create_table(&numbers)?;
            /// db.insert_values("t", &[("n", 1.into())])?;
            /// assert_eq!(db.get_values("t", &[1.into()])?, Some(vec![Value::from(1)]));
            /// assert_eq!(db.get_values("t", &[2.into()])?, None);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown); [`Error::Query`](crate::Error::Query) for a table without a
            /// primary key, or values that are none of it; what storage says.
            pub fn get_values(&self, table: &str, key: &[Value]) -> Result<Option<Vec<Value>>> {
                Ok(self.read(|core| core.get_named(table, key))?)
            }
        }
    };
}

counting_verbs!(Database);
counting_verbs!(Transaction<'_>);
counting_verbs!(OptimisticTransaction);
counting_verbs!(Limited<'_, C>, C);
counting_verbs!(Snapshot);

fn counted(core: &mut crate::core::Core, query: &Query) -> Fallible<u64> {
    let plan = crate::plan::plan(core, query)?;
    execute::count(core, &plan, crate::plan::Scope::default())
}
