//! [`Limited`]: every verb, with a limit on what each statement may cost.

use crate::connection::sealed::Sealed;
use crate::core::Core;
use crate::error::Fallible;
use crate::meter::Meter;
use crate::{Connection, Database, Interrupt, OptimisticTransaction, Snapshot, Transaction};

/// A database, a transaction or a snapshot whose statements end with an error when they have looked at too many rows, or
/// when they are interrupted. It has all the verbs; what a statement wrote that ends so is taken back.
///
/// Each row of a table or an index that is looked at counts, whether a filter keeps it or not, and so does each that is
/// written. A statement about one key looks at one and is never stopped.
///
/// ```
/// # use wasm_dbms::prelude::*;
/// # let db = Database::in_memory();
/// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// db.insert_many_values("t", &["n"], (0..1000).map(|n| [Value::from(n)]))?;
/// let error = db.budget(100).update_values("t", &[("n", 0.into())], None).unwrap_err();
/// assert!(error.is_interrupted());
/// assert_eq!(error.to_string(), "the statement looked at more than 100 rows");
/// assert_eq!(db.budget(5000).update_values("t", &[("n", 0.into())], None)?, 1000);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Limited<'c, C> {
    connection: &'c C,
    budget: Option<u64>,
    interrupt: Option<Interrupt>,
}

macro_rules! limiting_verbs {
    ($connection:ty) => {
        impl $connection {
            /// The same, with statements that look at so many rows at most: see [`Limited`].
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
            /// assert!(db.budget(2).select::<User>().all().unwrap_err().is_interrupted());
            /// # Ok::<(), Error>(())
            /// ```
            pub fn budget(&self, rows: u64) -> Limited<'_, Self> {
                Limited { connection: self, budget: Some(rows), interrupt: None }
            }

            /// The same, with statements that end when this handle says so: see [`Limited`].
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
            /// use wasm_dbms::Interrupt;
            ///
            /// let interrupt = Interrupt::new();
            /// assert_eq!(db.interrupt(&interrupt).select::<User>().all()?.len(), 3);
            /// interrupt.stop();
            /// assert!(db.interrupt(&interrupt).select::<User>().all().is_err());
            /// # Ok::<(), Error>(())
            /// ```
            pub fn interrupt(&self, interrupt: &Interrupt) -> Limited<'_, Self> {
                Limited { connection: self, budget: None, interrupt: Some(interrupt.clone()) }
            }
        }
    };
}

limiting_verbs!(Database);
limiting_verbs!(Transaction<'_>);
limiting_verbs!(OptimisticTransaction);
limiting_verbs!(Snapshot);

impl<C> Limited<'_, C> {
    /// Each statement looks at so many rows at most.
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
    /// use wasm_dbms::Interrupt;
    ///
    /// let interrupt = Interrupt::new();
    /// let limited = db.interrupt(&interrupt).budget(2);
    /// assert!(limited.select::<User>().all().is_err());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn budget(self, rows: u64) -> Self {
        Self { budget: Some(rows), ..self }
    }

    /// Each statement ends when this handle says so.
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
    /// use wasm_dbms::Interrupt;
    ///
    /// let interrupt = Interrupt::new();
    /// interrupt.stop();
    /// assert!(db.budget(100).interrupt(&interrupt).select::<User>().all().is_err());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn interrupt(self, interrupt: &Interrupt) -> Self {
        Self { interrupt: Some(interrupt.clone()), ..self }
    }

    fn meter(&self) -> Meter {
        Meter::new(self.budget, self.interrupt.clone())
    }
}

impl<C: Connection> Sealed for Limited<'_, C> {}

impl<C: Connection> Connection for Limited<'_, C> {
    fn commits_each(&self) -> bool {
        self.connection.commits_each()
    }

    fn read<R>(&self, read: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.connection.read(|core| core.metered(self.meter(), read))
    }

    fn write<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        // It is about one row, and there is no savepoint to take it back to.
        self.connection.write(statement)
    }

    fn write_undoing(&self, statement: &mut dyn FnMut(&mut Core) -> Fallible<()>) -> Fallible<()> {
        self.connection.write_undoing(&mut |core| core.metered(self.meter(), &mut *statement))
    }

    fn write_many<R>(&self, statement: impl FnOnce(&mut Core) -> Fallible<R>) -> Fallible<R> {
        self.connection.write_many(|core| core.metered(self.meter(), statement))
    }
}

impl Core {
    /// Runs a statement that may not cost more than this.
    fn metered<R>(&mut self, meter: Meter, run: impl FnOnce(&mut Self) -> Fallible<R>) -> Fallible<R> {
        self.meter = meter;
        let metered = Metered(self);
        run(metered.0)
    }
}

/// Takes the meter away at the end, after a panic too.
struct Metered<'a>(&'a mut Core);

impl Drop for Metered<'_> {
    fn drop(&mut self) {
        self.0.meter = Meter::default();
    }
}
