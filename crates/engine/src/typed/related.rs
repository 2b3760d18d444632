//! Rows with those that belong to them: what a foreign key refers to, and what refers to a row. One walk for all of them,
//! whatever their number.

use wasm_dbms_api::{Column, Field, Insert, Table, Value, ValueArena, ValueRef};

use crate::catalog::{Lookup, Path, RelationIndex, column_of};
use crate::codec::key;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::numbering::Numbering;
use crate::typed::by_name::of_column;
use crate::typed::returning::values_of;
use crate::typed::{One, Select};
use crate::write::keys_with;
use crate::{Connection, Database, Error, Limited, OptimisticTransaction, Result, Snapshot, Transaction};

macro_rules! relating_verbs {
    ($connection:ty $(, $inner:ident)?) => {
        impl$(<$inner: Connection>)? $connection {
            /// For each row, the one of another table whose column `right` equals its column `left`: what a foreign key
            /// refers to. See [`Select::with`] for both in one question.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # #[derive(Table, Debug, PartialEq)]
            /// # #[table = "users"]
            /// # struct User {
            /// #     #[primary_key]
            /// #     id: u64,
            /// # }
            /// # #[derive(Table, Debug, PartialEq)]
            /// # #[table = "posts"]
            /// # struct Post {
            /// #     #[primary_key]
            /// #     id: u64,
            /// #     #[foreign_key(table = "users", column = "id")]
            /// #     author: u64,
            /// # }
            /// # #[derive(DatabaseSchema)]
            /// # #[tables(User = "users", Post = "posts")]
            /// # struct Blog;
            /// # let db = Database::in_memory().with_schema::<Blog>()?;
            /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
            /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
            /// let posts = db.select::<Post>().all()?;
            /// let authors = db.load(&posts, Post::AUTHOR, User::ID)?;
            /// assert_eq!(authors, [Some(User { id: 1 }), Some(User { id: 1 })]);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// What storage says.
            pub fn load<T, U, L, R>(
                &self,
                rows: &[T],
                left: Column<T, L>,
                right: Column<U, R>,
            ) -> Result<Vec<Option<U>>>
            where
                T: Table + Insert,
                U: Table,
                L: Field,
                R: Field<Base = L::Base>,
            {
                let mut related = self.load_many(rows, left, right)?;
                Ok(related.iter_mut().map(Vec::pop).collect())
            }

            /// For each row, those of another table whose column `right` equals its column `left`: what refers to it. See
            /// [`Select::with_many`] for both in one question.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # #[derive(Table, Debug, PartialEq)]
            /// # #[table = "users"]
            /// # struct User {
            /// #     #[primary_key]
            /// #     id: u64,
            /// # }
            /// # #[derive(Table, Debug, PartialEq)]
            /// # #[table = "posts"]
            /// # struct Post {
            /// #     #[primary_key]
            /// #     id: u64,
            /// #     #[foreign_key(table = "users", column = "id")]
            /// #     author: u64,
            /// # }
            /// # #[derive(DatabaseSchema)]
            /// # #[tables(User = "users", Post = "posts")]
            /// # struct Blog;
            /// # let db = Database::in_memory().with_schema::<Blog>()?;
            /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
            /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
            /// let users = db.select::<User>().all()?;
            /// let posts = db.load_many(&users, User::ID, Post::AUTHOR)?;
            /// assert_eq!(posts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 0]);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// What storage says.
            pub fn load_many<T, U, L, R>(
                &self,
                rows: &[T],
                left: Column<T, L>,
                right: Column<U, R>,
            ) -> Result<Vec<Vec<U>>>
            where
                T: Table + Insert,
                U: Table,
                L: Field,
                R: Field<Base = L::Base>,
            {
                Ok(self.read(|core| related_rows(core, rows, left.position(), right.position()))?)
            }

            /// For each value, the rows of a table that have it in a column; NULL has none.
            ///
            /// ```
            /// # use wasm_dbms::prelude::*;
            /// # let db = Database::in_memory();
            /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
            /// # db.insert_values("t", &[("n", 1.into())])?;
            /// let rows = db.load_values("t", "n", &[Value::from(1), Value::from(2)])?;
            /// assert_eq!(rows, [vec![vec![Value::from(1)]], vec![]]);
            /// # Ok::<(), Error>(())
            /// ```
            ///
            /// # Errors
            /// [`Error::Unknown`](crate::Error::Unknown); [`Error::Query`](crate::Error::Query) for a value that the
            /// column cannot hold; what storage says.
            pub fn load_values(&self, table: &str, column: &str, values: &[Value]) -> Result<Vec<Vec<Vec<Value>>>> {
                Ok(self.read(|core| related_values(core, table, column, values))?)
            }
        }
    };
}

relating_verbs!(Database);
relating_verbs!(Transaction<'_>);
relating_verbs!(OptimisticTransaction);
relating_verbs!(Limited<'_, C>, C);
relating_verbs!(Snapshot);

/// A typed question whose rows come with those that belong to them, made by [`Select::with`] and [`Select::with_many`].
#[derive(Debug)]
#[must_use = "a question is only asked by all"]
pub struct With<'c, C, T, U> {
    pub(super) select: Select<'c, C, One<T>>,
    left: usize,
    right: Column<U, ()>,
}

/// As [`With`], with as many rows as there are.
#[derive(Debug)]
#[must_use = "a question is only asked by all"]
pub struct WithMany<'c, C, T, U>(With<'c, C, T, U>);

impl<'c, C: Connection, T: Table + Insert> Select<'c, C, One<T>> {
    /// Asks with each row for the one whose column `right` equals its column `left`: what a foreign key refers to. Both
    /// are of one commit.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// #[derive(Table, Debug, PartialEq)]
    /// #[table = "users"]
    /// struct User {
    ///     #[primary_key]
    ///     id: u64,
    /// }
    ///
    /// #[derive(Table, Debug, PartialEq)]
    /// #[table = "posts"]
    /// struct Post {
    ///     #[primary_key]
    ///     id: u64,
    ///     #[foreign_key(table = "users", column = "id")]
    ///     author: Option<u64>,
    /// }
    ///
    /// #[derive(DatabaseSchema)]
    /// #[tables(User = "users", Post = "posts")]
    /// struct Blog;
    ///
    /// let db = Database::in_memory().with_schema::<Blog>()?;
    /// db.insert(&User { id: 1 })?;
    /// db.insert_many(&[Post { id: 10, author: Some(1) }, Post { id: 11, author: None }])?;
    ///
    /// let posts = db.select::<Post>().with(Post::AUTHOR, User::ID).all()?;
    /// assert_eq!(posts[0], (Post { id: 10, author: Some(1) }, Some(User { id: 1 })));
    /// assert_eq!(posts[1].1, None);
    /// let users = db.select::<User>().with_many(User::ID, Post::AUTHOR).all()?;
    /// assert_eq!(users, [(User { id: 1 }, vec![Post { id: 10, author: Some(1) }])]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn with<U, L, R>(self, left: Column<T, L>, right: Column<U, R>) -> With<'c, C, T, U>
    where
        U: Table,
        L: Field,
        R: Field<Base = L::Base>,
    {
        let right = Column::new(right.table(), right.name(), right.position());
        With { select: self, left: left.position(), right }
    }

    /// Asks with each row for those whose column `right` equals its column `left`: what refers to it. See
    /// [`with`](Self::with).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// # }
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "posts"]
    /// # struct Post {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     #[foreign_key(table = "users", column = "id")]
    /// #     author: u64,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users", Post = "posts")]
    /// # struct Blog;
    /// # let db = Database::in_memory().with_schema::<Blog>()?;
    /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
    /// let users = db.select::<User>().with_many(User::ID, Post::AUTHOR).all()?;
    /// assert_eq!(users[0].1.len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn with_many<U, L, R>(self, left: Column<T, L>, right: Column<U, R>) -> WithMany<'c, C, T, U>
    where
        U: Table,
        L: Field,
        R: Field<Base = L::Base>,
    {
        WithMany(self.with(left, right))
    }
}

impl<C: Connection, T: Table + Insert, U: Table> With<'_, C, T, U> {
    /// Every row with the other, if there is one.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// # }
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "posts"]
    /// # struct Post {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     #[foreign_key(table = "users", column = "id")]
    /// #     author: u64,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users", Post = "posts")]
    /// # struct Blog;
    /// # let db = Database::in_memory().with_schema::<Blog>()?;
    /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
    /// let posts = db.select::<Post>().with(Post::AUTHOR, User::ID).all()?;
    /// assert_eq!(posts[0].1, Some(User { id: 1 }));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Select::all`].
    pub fn all(self) -> Result<Vec<(T, Option<U>)>> {
        let rows = WithMany(self).all()?;
        Ok(rows.into_iter().map(|(row, mut related)| (row, related.pop())).collect())
    }
}

impl<C: Connection, T: Table + Insert, U: Table> WithMany<'_, C, T, U> {
    /// Every row with the others, in the order in which their table holds them.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// # }
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "posts"]
    /// # struct Post {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     #[foreign_key(table = "users", column = "id")]
    /// #     author: u64,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users", Post = "posts")]
    /// # struct Blog;
    /// # let db = Database::in_memory().with_schema::<Blog>()?;
    /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
    /// let users = db.select::<User>().with_many(User::ID, Post::AUTHOR).all()?;
    /// assert_eq!(users[1], (User { id: 2 }, vec![]));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Select::all`].
    pub fn all(self) -> Result<Vec<(T, Vec<U>)>> {
        let With { select, left, right } = self.0;
        let (rows, related) = select.all_and(|core, rows| related_rows(core, rows, left, right.position()))?;
        Ok(rows.into_iter().zip(related).collect())
    }
}

/// For each row, those of another table that are equal to it in a column.
fn related_rows<T: Table + Insert, U: Table>(
    core: &mut Core,
    rows: &[T],
    left: usize,
    right: usize,
) -> Fallible<Vec<Vec<U>>> {
    let index = core.catalog.find_type::<U>()?;
    let arena = ValueArena::default();
    let mut asked = Asked::default();
    for (number, row) in rows.iter().enumerate() {
        asked.add(number, row.row(&arena).as_ref().get(left).copied().flatten().unwrap_or(ValueRef::Null));
    }
    let mut related: Vec<Vec<U>> = rows.iter().map(|_| Vec::new()).collect();
    core.visit_related(index, right, &asked, &mut |numbers, row| {
        for number in numbers {
            if let Some(place) = related.get_mut(*number) {
                place.push(U::read(row)?);
            }
        }
        Ok(())
    })?;
    Ok(related)
}

fn related_values(core: &mut Core, table: &str, column: &str, values: &[Value]) -> Fallible<Vec<Vec<Vec<Value>>>> {
    let index = core.catalog.find(table)?;
    let schema = std::sync::Arc::clone(&core.catalog.relation(index)?.schema);
    let position = column_of(&schema, column)?;
    let Some(described) = schema.columns.get(position) else { return Ok(Vec::new()) };
    let mut asked = Asked::default();
    for (number, value) in values.iter().enumerate() {
        let value = of_column(described, value);
        if !described.holds(value) || !described.data_type.is_ordered() {
            let data_type = described.data_type;
            return Err(Error::query(format_args!(
                "column {table}.{column} of type {data_type} is never equal to {value}"
            )));
        }
        asked.add(number, value);
    }
    let mut related = vec![Vec::new(); values.len()];
    core.visit_related(index, position, &asked, &mut |numbers, row| {
        for number in numbers {
            if let Some(place) = related.get_mut(*number) {
                place.push(values_of(row, schema.columns.len())?);
            }
        }
        Ok(())
    })?;
    Ok(related)
}

/// The values that are asked for, each once, with the numbers of those who ask.
#[derive(Default)]
struct Asked {
    by_code: Numbering,
    /// By the number of the value's code.
    askers: Vec<(Value, Vec<usize>)>,
}

impl Asked {
    fn add(&mut self, number: usize, value: ValueRef<'_>) {
        if value.is_null() {
            return;
        }
        let mut code = Vec::new();
        key::push(&mut code, value);
        let (place, is_new) = self.by_code.number(&code);
        if is_new {
            self.askers.push((value.to_value(), Vec::new()));
        }
        if let Some((_, numbers)) = self.askers.get_mut(place) {
            numbers.push(number);
        }
    }
}

impl Core {
    /// Calls `visit` with each row that has one of these values in a column, and with the numbers of those who ask for it.
    /// Where no index begins with the column, the table is walked once.
    fn visit_related(
        &mut self,
        index: RelationIndex,
        column: usize,
        asked: &Asked,
        visit: &mut dyn FnMut(&[usize], &RowView<'_>) -> Fallible<()>,
    ) -> Fallible<()> {
        let relation = self.catalog.relation(index)?;
        let lookup = Lookup::new(relation, &[column]);
        if lookup.path != Path::Scan {
            for (value, numbers) in &asked.askers {
                let mut keys = Vec::new();
                keys_with(self, index, &lookup, &[column], &|_| value.as_ref(), &mut |row_key| {
                    keys.push(row_key.to_vec());
                    true
                })?;
                for row_key in keys {
                    self.meter.step()?;
                    self.scratch.key = row_key;
                    self.read_written(index, &mut |row| visit(numbers, row))?;
                }
            }
            return Ok(());
        }
        if asked.askers.is_empty() {
            return Ok(());
        }
        let Self { store, catalog, meter, .. } = self;
        let relation = catalog.relation(index)?;
        let (mut row_key, mut code, mut present) = (Vec::new(), Vec::new(), Vec::new());
        let mut cursor = relation.table.tree.cursor();
        let mut is_on_entry = cursor.first(store)?;
        while is_on_entry {
            meter.step()?;
            cursor.read_key(store, &mut row_key)?;
            let bytes = cursor.value(store)?;
            let bytes = relation.layout.brought_up(&bytes, &mut present)?;
            let row = RowView { layout: &relation.layout, key: &row_key, row: bytes };
            let value = row.try_value(column)?;
            if !value.is_null() {
                code.clear();
                key::push(&mut code, value);
                if let Some((_, numbers)) = asked.by_code.get(&code).and_then(|place| asked.askers.get(place)) {
                    visit(numbers, &row)?;
                }
            }
            is_on_entry = cursor.next(store)?;
        }
        Ok(())
    }
}
