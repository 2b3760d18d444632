//! Statements that return the rows they wrote, as they are stored: with defaults, counted values, and what the sanitizers
//! made of the rest.

use wasm_dbms_api::{Insert, Table, Value, ValueArena};

use crate::catalog::{KeyShape, RelationIndex};
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::typed::by_name::{EachRow, VisitRow, placed, places_of};
use crate::typed::update::matching_keys;
use crate::values::owned;
use crate::write::Assignment;
use crate::{Answer, Connection, Database, Error, Limited, OptimisticTransaction, Query, Result, Transaction};

macro_rules! returning_verbs {
    ($connection:ty $(, $inner:ident)?) => {
        impl$(<$inner: Connection>)? $connection {
            /// Inserts a row and returns it as it is stored.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// #[derive(Table, Debug, PartialEq)]
            /// #[table = "notes"]
            /// struct Note {
            ///     #[primary_key]
            ///     #[autoincrement]
            ///     id: u64,
            ///     #[sanitizer(Trim)]
            ///     text: String,
            /// }
            ///
            /// let db = Database::in_memory();
            /// db.create_table(Note::schema())?;
            /// let note = db.insert_returning(&NewNote { id: None, text: " milk ".into() })?;
            /// assert_eq!(note, Note { id: 1, text: "milk".into() });
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`insert`](Self::insert).
            pub fn insert_returning<I: Insert>(&self, row: &I) -> Result<I::Table> {
                Ok(self.write(|core| {
                    let index = core.catalog.find_type::<I::Table>()?;
                    let arena = ValueArena::default();
                    core.insert_row(index, row.row(&arena).as_ref(), &mut |_| Ok(()))?;
                    core.read_written(index, &mut |row| Ok(I::Table::read(row)?))
                })?)
            }

            /// Inserts rows and returns them as they are stored. If one is refused, none is inserted.
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
            /// let stored = db.insert_many_returning(&[User { id: 4, name: "Edsger".into(), age: 72 }])?;
            /// assert_eq!(stored[0].name, "Edsger");
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`insert`](Self::insert).
            pub fn insert_many_returning<'r, I: Insert + 'r>(
                &self,
                rows: impl IntoIterator<Item = &'r I>,
            ) -> Result<Vec<I::Table>> {
                Ok(self.write_many(|core| {
                    let index = core.catalog.find_type::<I::Table>()?;
                    core.insert_together(index, |core| {
                        let mut stored = Vec::new();
                        for row in rows {
                            let arena = ValueArena::default();
                            core.insert_row(index, row.row(&arena).as_ref(), &mut |_| Ok(()))?;
                            stored.push(core.read_written(index, &mut |row| Ok(I::Table::read(row)?))?);
                        }
                        Ok(stored)
                    })
                })?)
            }

            /// Inserts rows by the names of their columns and returns them, all columns of them, as they are stored. If
            /// one is refused, none is inserted.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// let id = ColumnSchema::new("id", DataType::U64).autoincrement();
            /// db.create_table(&TableSchema::new("t").column(id).column(ColumnSchema::new("n", DataType::I64)))?;
            /// let stored = db.insert_values_returning("t", &["n"], [[Value::from(5)], [Value::from(6)]])?;
            /// assert_eq!(*stored.columns, ["id", "n"]);
            /// assert_eq!(stored.rows, [[Value::from(1), Value::from(5)], [Value::from(2), Value::from(6)]]);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`insert_many_values`](Self::insert_many_values).
            pub fn insert_values_returning<R: AsRef<[Value]>>(
                &self,
                table: &str,
                columns: &[&str],
                rows: impl IntoIterator<Item = R>,
            ) -> Result<Answer> {
                let mut rows = rows.into_iter();
                let mut each = |insert: &mut VisitRow<'_>| rows.try_for_each(|row| insert(row.as_ref()));
                Ok(self.write_many(|core| insert_each_returning(core, table, columns, &mut each))?)
            }
        }
    };
}

returning_verbs!(Database);
returning_verbs!(Transaction<'_>);
returning_verbs!(OptimisticTransaction);
returning_verbs!(Limited<'_, C>, C);

/// Inserts each row and takes it as it is stored.
fn insert_each_returning(core: &mut Core, table: &str, columns: &[&str], each: &mut EachRow<'_>) -> Fallible<Answer> {
    let index = core.catalog.find(table)?;
    let schema = std::sync::Arc::clone(&core.catalog.relation(index)?.schema);
    let places = places_of(&schema, columns)?;
    core.insert_together(index, |core| {
        let mut stored = core.no_rows(index)?;
        each(&mut |row| {
            core.insert_row(index, &placed(&schema, &places, row)?, &mut |_| Ok(()))?;
            stored.rows.push(core.written_values(index)?);
            Ok(())
        })?;
        Ok(stored)
    })
}

impl Core {
    /// Reads the row whose key stands in the scratch: the one that was written last.
    pub(crate) fn read_written<R>(
        &mut self,
        index: RelationIndex,
        read: &mut dyn FnMut(&RowView<'_>) -> Fallible<R>,
    ) -> Fallible<R> {
        match self.find_clustered(index)? {
            Some(row) => read(&row),
            None => Err(Error::query(format_args!("a row that was written is not there"))),
        }
    }

    /// The values of the row that was written last.
    pub(crate) fn written_values(&mut self, index: RelationIndex) -> Fallible<Vec<Value>> {
        let count = self.catalog.relation(index)?.schema.columns.len();
        self.read_written(index, &mut |row| values_of(row, count))
    }

    /// An answer of every column of a table, without rows yet.
    pub(crate) fn no_rows(&self, index: RelationIndex) -> Fallible<Answer> {
        let schema = &self.catalog.relation(index)?.schema;
        let columns = schema.columns.iter().map(|column| column.name.clone()).collect();
        Ok(Answer { columns, rows: Vec::new() })
    }

    /// Changes a row and leaves its key, which may be another by then, in the scratch. Returns whether there is one.
    pub(crate) fn update_row_written(
        &mut self,
        index: RelationIndex,
        row_key: &[u8],
        assignments: &[Assignment],
    ) -> Fallible<bool> {
        let is_there = self.update_row(index, row_key, assignments)?;
        let changes_key = match &self.catalog.relation(index)?.shape {
            KeyShape::Columns(columns) => assignments.iter().any(|(column, _)| columns.contains(column)),
            KeyShape::RowId => false,
        };
        // Where the key was assigned, the check of its uniqueness has put the new one there.
        if !changes_key {
            self.scratch.key.clear();
            self.scratch.key.extend_from_slice(row_key);
        }
        Ok(is_there)
    }
}

/// Every value of a row.
pub(crate) fn values_of(row: &RowView<'_>, count: usize) -> Fallible<Vec<Value>> {
    Ok(owned(&row.values(count)?))
}

/// Calls `visit` with every row of a table that a question keeps, and deletes them all.
pub(crate) fn delete_visiting(
    core: &mut Core,
    index: RelationIndex,
    query: &Query,
    visit: &mut dyn FnMut(&RowView<'_>) -> Fallible<()>,
) -> Fallible<()> {
    let keys = matching_keys(core, query)?;
    // A row may go with one before it: all are read first.
    for key in &keys {
        core.scratch.key.clear();
        core.scratch.key.extend_from_slice(key);
        core.read_written(index, visit)?;
    }
    core.deferring(|core| {
        for key in &keys {
            if core.delete_row(index, key)?.is_none() {
                core.delete_cascading(index, key)?;
            }
        }
        Ok(())
    })
}
