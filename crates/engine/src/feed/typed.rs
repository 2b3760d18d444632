//! [`Feed`]: the changes of one table as structs.

use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use wasm_dbms_api::{Key, Table, Value};

use crate::codec::row::RowView;
use crate::error::Fallible;
use crate::feed::{Subscription, Topic};
use crate::history::{RowChange, TableForm};
use crate::{Connection, Database, Result};

/// A row of a table that a commit changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<T: Table> {
    /// The number of the commit, counted since the database was opened; changes of one commit follow each other.
    pub commit: u64,
    /// The row's primary key.
    pub key: T::Key,
    /// The row before; none if it was inserted.
    pub old: Option<T>,
    /// The row after; none if it was deleted.
    pub new: Option<T>,
}

/// A [`Subscription`] to one table, whose changes come as structs. Made by [`Database::subscribe_to`].
#[derive(Debug)]
pub struct Feed<T> {
    subscription: Subscription,
    table: PhantomData<fn() -> T>,
}

impl Database {
    /// Hears of every row of a table, whose primary key lies in the range, that is changed from now on; see
    /// [`Subscription`].
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, Clone, PartialEq)]
    /// # #[table = "users"]
    /// # struct User { #[primary_key] id: u64, name: String }
    /// # #[derive(DatabaseSchema)] #[tables(User = "users")] struct People;
    /// let db = Database::in_memory().with_schema::<People>()?;
    /// let mut feed = db.subscribe_to::<User>(10..20)?;
    /// db.insert(&User { id: 9, name: "Bob".into() })?;
    /// db.insert(&User { id: 10, name: "Ada".into() })?;
    /// let change = feed.try_next()?.ok_or_else(|| Error::other("no change"))?;
    /// assert_eq!((change.key, change.new.map(|user| user.name)), (10, Some("Ada".into())));
    /// assert!(feed.try_next()?.is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe); [`Error::SchemaDrift`](crate::Error::SchemaDrift) if the table is stored
    /// otherwise.
    pub fn subscribe_to<T: Table>(&self, keys: impl RangeBounds<T::Key>) -> Result<Feed<T>> {
        let bound = |bound: Bound<&T::Key>| bound.map(values::<T::Key>);
        let topic = Topic::table(T::schema().name.as_str()).between(bound(keys.start_bound()), bound(keys.end_bound()));
        let subscription = self.subscribe([topic])?;
        self.read(|core| core.catalog.find_type::<T>())?;
        Ok(Feed { subscription, table: PhantomData })
    }
}

fn values<K: Key>(key: &K) -> Vec<Value> {
    key.values().as_ref().iter().map(|value| value.to_value()).collect()
}

impl<T: Table> Feed<T> {
    /// The next change, if there is one by now.
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
    /// let mut feed = db.subscribe_to::<User>(..)?;
    /// db.update_key::<User>(1).set(User::AGE, 37).run()?;
    /// let change = feed.try_next()?.ok_or_else(|| Error::other("no change"))?;
    /// assert_eq!((change.old.map(|user| user.age), change.new.map(|user| user.age)), (Some(36), Some(37)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Subscription::try_next`].
    pub fn try_next(&mut self) -> Result<Option<Change<T>>> {
        Ok(self.subscription.try_take()?.map(|(form, change)| self.told(&form, &change)).transpose()?)
    }

    /// The next change; waits for it. None once the database is closed and everything was told.
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
    /// let mut feed = db.subscribe_to::<User>(..)?;
    /// db.delete_key::<User>(1)?;
    /// assert_eq!(feed.next()?.map(|change| change.key), Some(1));
    /// db.close()?;
    /// assert!(feed.next()?.is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Subscription::try_next`].
    #[cfg(not(target_family = "wasm"))]
    #[expect(clippy::should_implement_trait, reason = "it can fail, and then goes on")]
    pub fn next(&mut self) -> Result<Option<Change<T>>> {
        Ok(self.subscription.take()?.map(|(form, change)| self.told(&form, &change)).transpose()?)
    }

    fn told(&self, form: &Arc<TableForm>, change: &RowChange) -> Fallible<Change<T>> {
        let key_values = form.key_values(&change.key, change.any_row())?;
        let key_values: Vec<_> = key_values.iter().map(Value::as_ref).collect();
        let row = |row: &Option<Vec<u8>>| {
            let view = |row| T::read(&RowView { layout: &form.layout, key: &change.key, row });
            row.as_deref().map(view).transpose()
        };
        Ok(Change {
            commit: self.subscription.position(),
            key: T::Key::from_values(&key_values)?,
            old: row(&change.old)?,
            new: row(&change.new)?,
        })
    }
}
