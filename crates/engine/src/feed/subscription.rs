//! [`Subscription`]: the changes of commits, one after the other.

use std::sync::Arc;

use wasm_dbms_api::Value;

use crate::error::Fallible;
use crate::feed::topic::{BoundTopic, Topic};
use crate::history::{Changed, CommitChanges, News, Patience, RowChange, TableForm, Watch};
use crate::{Connection, Database, Error, Result};

/// A row that a commit changed.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChanged {
    /// The number of the commit, counted since the database was opened; changes of one commit follow each other.
    pub commit: u64,
    /// The table.
    pub table: String,
    /// The values of the row's primary key, or its number where there is none.
    pub key: Vec<Value>,
    /// The row before; none if it was inserted.
    pub old: Option<Vec<Value>>,
    /// The row after; none if it was deleted.
    pub new: Option<Vec<Value>>,
}

/// What a subscriber holds: it hears of every row on its topics that a commit changes, in the order of the commits, each
/// row once for a commit. Made by [`Database::subscribe`].
///
/// What it has not read yet is kept, with everybody else's, up to
/// [`Options::history_bytes`](crate::Options::history_bytes). If it reads too slowly for that, or a single commit changes
/// more than that, or tables were made, dropped or changed, the next call gives [`Error::Lagged`]
/// ([`Error::is_lagged`]): it missed something, reads the tables anew, and goes on with what is committed from then on.
///
/// What it hears of is committed, but no more durable than the commit: after a crash, a commit with
/// [`Durability::Eventual`](crate::Durability::Eventual) may be gone that was told. A commit that failed or is in doubt is
/// not told. Nothing is kept for a database that is opened again: read the tables, then subscribe anew.
///
/// ```
/// # use wasm_dbms::prelude::*;
/// # let db = Database::in_memory();
/// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// let mut changes = db.subscribe([Topic::table("t")])?;
/// assert_eq!(changes.try_next()?, None);
/// db.insert_values("t", &[("n", Value::from(1))])?;
/// let change = changes.try_next()?.ok_or_else(|| Error::other("no change"))?;
/// assert_eq!((change.old, change.new), (None, Some(vec![Value::from(1)])));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Subscription {
    watch: Watch,
    topics: Vec<BoundTopic>,
    /// The commit up to which everything was taken.
    position: u64,
    /// What was taken of one commit and not told yet.
    pending: std::vec::IntoIter<(Arc<TableForm>, RowChange)>,
}

impl Database {
    /// Hears of every row on these topics that is changed from now on; see [`Subscription`].
    ///
    /// The first to subscribe waits for the writer's turn, for a moment. While anybody does, every row that is changed is
    /// put down.
    ///
    /// Subscribe first, then read: what is read may then be told once more, and nothing is missed.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let mut changes = db.subscribe([Topic::table("t")])?;
    /// db.insert_values("t", &[("n", 1.into())])?;
    /// assert!(changes.try_next()?.is_some());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`] for a table that is not there; [`Error::Query`] for a range that is none of its keys;
    /// [`Error::Busy`] inside the closure of a transaction of this thread.
    pub fn subscribe(&self, topics: impl IntoIterator<Item = Topic>) -> Result<Subscription> {
        self.subscribe_all(&topics.into_iter().collect::<Vec<_>>())
    }

    fn subscribe_all(&self, topics: &[Topic]) -> Result<Subscription> {
        let watch = self.shared().watch(Patience::default())?;
        let topics = self.read(|core| {
            let mut bound = Vec::new();
            for topic in topics {
                bound.push(topic.bind(&core.catalog)?);
            }
            Ok(bound)
        })?;
        let position = watch.began_at();
        Ok(Subscription { watch, topics, position, pending: Vec::new().into_iter() })
    }
}

impl Subscription {
    /// The next change, if there is one by now.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let mut changes = db.subscribe([Topic::all()])?;
    /// assert_eq!(changes.try_next()?, None);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Lagged`] if changes were missed; the call after goes on.
    pub fn try_next(&mut self) -> Result<Option<RowChanged>> {
        let Some((form, change)) = self.try_take()? else { return Ok(None) };
        Ok(Some(self.told(&form, change)?))
    }

    /// The next change; waits for it. None once the database is closed and everything was told.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// let mut changes = db.subscribe([Topic::all()])?;
    /// db.insert_values("t", &[("n", 1.into())])?;
    /// assert!(changes.next()?.is_some());
    /// db.close()?;
    /// assert!(changes.next()?.is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_next`](Self::try_next).
    #[cfg(not(target_family = "wasm"))]
    #[expect(clippy::should_implement_trait, reason = "it can fail, and then goes on")]
    pub fn next(&mut self) -> Result<Option<RowChanged>> {
        Ok(self.take()?.map(|(form, change)| self.told(&form, change)).transpose()?)
    }

    fn told(&self, form: &TableForm, change: RowChange) -> Fallible<RowChanged> {
        let RowChange { key, old, new, .. } = &change;
        let values = |row: &Option<Vec<u8>>| row.as_ref().map(|row| form.values(key, row)).transpose();
        Ok(RowChanged {
            commit: self.position,
            table: form.schema.name.clone(),
            key: form.key_values(key, change.any_row())?,
            old: values(old)?,
            new: values(new)?,
        })
    }

    /// The commit that the change told last is of.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// As [`next`](Self::next), not decoded.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn take(&mut self) -> Fallible<Option<(Arc<TableForm>, RowChange)>> {
        loop {
            if let Some(change) = self.try_take()? {
                return Ok(Some(change));
            }
            if !self.watch.wait(self.position) {
                return self.try_take();
            }
        }
    }

    /// As [`try_next`](Self::try_next), not decoded.
    pub(crate) fn try_take(&mut self) -> Fallible<Option<(Arc<TableForm>, RowChange)>> {
        loop {
            if let Some(change) = self.pending.next() {
                return Ok(Some(change));
            }
            match self.watch.take_after(self.position) {
                News::None => return Ok(None),
                News::Lost(position) => {
                    self.position = position;
                    return Err(Error::Lagged.into());
                }
                News::Commit(changes) => {
                    self.position = changes.commit;
                    self.open(&changes)?;
                }
            }
        }
    }

    /// Puts what is on the topics of a commit into what is to be told.
    fn open(&mut self, changes: &CommitChanges) -> Fallible<()> {
        let mut pending = Vec::new();
        let topics = &self.topics;
        let has_missed = match &changes.changed {
            Changed::Tables(tables) => tables.iter().any(|table| topics.iter().any(|topic| topic.is_about(*table))),
            Changed::Rows { tables, rows } => {
                for change in rows {
                    let Some(form) = tables.get(change.table) else { continue };
                    for change in by_key(form, change)? {
                        let key = form.key_values(&change.key, change.any_row())?;
                        if topics.iter().any(|topic| topic.holds(form, &key)) {
                            pending.push((Arc::clone(form), change));
                        }
                    }
                }
                false
            }
        };
        if has_missed || changes.has_new_schema {
            return Err(Error::Lagged.into());
        }
        self.pending = pending.into_iter();
        Ok(())
    }
}

/// A row whose primary key changed is one that went and one that came, also where rows are kept by another number.
fn by_key(form: &TableForm, change: &RowChange) -> Fallible<Vec<RowChange>> {
    if let (Some(old), Some(new)) = (&change.old, &change.new)
        && form.key_values(&change.key, old)? != form.key_values(&change.key, new)?
    {
        let went = RowChange { new: None, ..change.clone() };
        return Ok(vec![went, RowChange { old: None, ..change.clone() }]);
    }
    Ok(vec![change.clone()])
}
