//! Databases, sessions, statements and subscriptions by their numbers: what a module does for JavaScript, without its edge.

use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::vec;

use wasm_dbms::{
    AnyConnection, Changed, Database, Error, HeapProvider, Options, RowChanged, Topic, Value, ValueRef, schema_of,
};
use wasm_dbms_web::OpfsProvider;

use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::owned::{Owned, place};
use crate::wire::{Batch, Values, write_value};

/// Everything that is open, in one language.
///
/// ```
/// use wasm_dbms::{Changed, Database, Query, Value};
/// use wasm_dbms_module::{Language, NextRow, Result, Server};
///
/// /// A text is the name of a table, and asks for its rows.
/// struct Names;
///
/// impl Language for Names {
///     type Session<'db> = &'db Database;
///
///     fn begin(database: &Database) -> &Database {
///         database
///     }
///
///     fn perform(database: &&Database, text: &str, _: Vec<Value>) -> Result<Changed> {
///         let returned = database.query(&Query::from(text))?;
///         Ok(Changed { count: returned.rows.len() as u64, returned })
///     }
///
///     fn script(_: &&Database, _: &str) -> Result<()> {
///         Ok(())
///     }
///
///     fn insert(_: &&Database, _: &str, _: &[&str], _: &mut NextRow<'_, '_>) -> Result<u64> {
///         Ok(0)
///     }
/// }
///
/// let mut server = Server::<Names>::default();
/// let database = server.open(&[Value::from("memory")])?;
/// let session = server.begin(database)?;
/// let statement = server.prepare("missing");
/// assert!(server.run(database, session, statement, Vec::new()).is_err());
/// server.close(database)?;
/// # Ok::<(), Box<wasm_dbms_module::Failure>>(())
/// ```
pub struct Server<L: Language> {
    databases: Vec<Option<Owned<L>>>,
    statements: Vec<Option<Statement>>,
    /// What a statement answers and was not taken yet.
    pending: Option<vec::IntoIter<Vec<Value>>>,
    /// The rows that were written last.
    pub batch: Batch,
    /// How many rows the last statement wrote; of a query how many it answers.
    pub changed: u64,
    /// How many columns each row of the batch has.
    pub columns: usize,
    /// Whether the columns have other names than when the statement last ran.
    pub is_renamed: bool,
}

impl<L: Language> Default for Server<L> {
    fn default() -> Self {
        Self {
            databases: Vec::new(),
            statements: Vec::new(),
            pending: None,
            batch: Batch::default(),
            changed: 0,
            columns: 0,
            is_renamed: false,
        }
    }
}

impl<L: Language> fmt::Debug for Server<L> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("statements", &self.statements).finish_non_exhaustive()
    }
}

/// A text that is run again and again. Each session keeps for itself what it has planned.
#[derive(Debug)]
struct Statement {
    text: Arc<str>,
    /// What its columns were called when it last ran.
    columns: Vec<String>,
}

impl<L: Language> Server<L> {
    /// Opens a database: `["memory"]`, `["bytes", bytes]` for an exported one in memory, `["file", name]` for a file that the
    /// script has prepared under this name. After these come, or NULL, the size of pages, that of the cache in bytes, and the
    /// number of a new database.
    ///
    /// # Errors
    /// What the database says; other words than these.
    pub fn open(&mut self, words: &[Value]) -> Result<usize> {
        let (storage, what) = match words {
            [Value::Text(storage), what, ..] => (storage.as_str(), what),
            [Value::Text(storage)] => (storage.as_str(), &Value::Null),
            _ => return Err(Failure::other("what is to be opened is not said")),
        };
        let options = options(words)?;
        let database = match (storage, what) {
            ("memory", _) => Database::in_memory_with(options)?,
            ("bytes", Value::Bytes(bytes)) => Database::open_with(HeapProvider::from_bytes(bytes.clone()), options)?,
            ("file", Value::Text(name)) => Database::open_with(OpfsProvider::open(name)?, options)?,
            _ => return Err(Failure::other(format!("there is no storage `{storage}`"))),
        };
        Ok(place(&mut self.databases, Owned::new(database)))
    }

    /// Closes a database, with its sessions and subscriptions; transactions that are open are undone.
    ///
    /// # Errors
    /// What the host says.
    pub fn close(&mut self, database: usize) -> Result<()> {
        self.pending = None;
        let owned = self.databases.get_mut(database).and_then(Option::take);
        owned.ok_or_else(closed)?.close()
    }

    /// Begins a session; its number among those of the database.
    ///
    /// # Errors
    /// The database is closed.
    pub fn begin(&mut self, database: usize) -> Result<usize> {
        Ok(self.owned_mut(database)?.begin())
    }

    /// Ends a session; a transaction that it has open is undone.
    ///
    /// # Errors
    /// The database is closed.
    pub fn end(&mut self, database: usize, session: usize) -> Result<()> {
        self.owned_mut(database)?.end(session);
        Ok(())
    }

    /// Keeps a text under a number. It is read when it is run.
    pub fn prepare(&mut self, text: &str) -> usize {
        place(&mut self.statements, Statement { text: text.into(), columns: Vec::new() })
    }

    /// Forgets a text.
    pub fn forget(&mut self, statement: usize) {
        if let Some(statement) = self.statements.get_mut(statement) {
            *statement = None;
        }
    }

    /// Runs the statements of a script; what they answer is dropped.
    ///
    /// # Errors
    /// What the database says of the first that is refused.
    pub fn script(&mut self, database: usize, session: usize, text: &str) -> Result<()> {
        L::script(self.owned(database)?.session(session)?, text)
    }

    /// Runs a statement and writes the first rows of its answer into the batch.
    ///
    /// # Errors
    /// What the database says.
    pub fn run(&mut self, database: usize, session: usize, statement: usize, parameters: Vec<Value>) -> Result<()> {
        self.pending = None;
        let text = Arc::clone(&self.statement(statement)?.text);
        let Changed { count, returned } = L::perform(self.owned(database)?.session(session)?, &text, parameters)?;
        self.changed = count;
        self.columns = returned.columns.len();
        let known = self.statement(statement)?;
        let is_renamed = *known.columns != *returned.columns;
        if is_renamed {
            known.columns = returned.columns.to_vec();
        }
        self.is_renamed = is_renamed;
        self.pending = Some(returned.rows.into_iter());
        self.next_batch();
        Ok(())
    }

    /// Puts rows in, all or none. The values are the table, how many columns are named, their names, how many values each
    /// row has, and these, row after row; without names they are those of all columns. `changed` says how many rows.
    ///
    /// # Errors
    /// What the database says; values that are not of this form.
    pub fn insert(&mut self, database: usize, session: usize, mut values: Values<'_>) -> Result<()> {
        let jsons = values.jsons()?;
        let mut jsons = jsons.iter();
        let mut head = || values.take(&mut jsons);
        let table = name(head()?)?;
        let mut names = Vec::new();
        for _ in 0..count(head()?)? {
            names.push(name(head()?)?);
        }
        let width = count(head()?)?;
        if width == 0 {
            return Err(Failure::other("a row without values"));
        }
        self.pending = None;
        self.batch.clear();
        (self.columns, self.is_renamed) = (0, false);
        self.changed = L::insert(self.owned(database)?.session(session)?, table, &names, &mut |row| {
            while !values.is_empty() && row.len() < width {
                row.push(values.take(&mut jsons).map_err(|failure| Error::Query(failure.words))?);
            }
            Ok(!row.is_empty())
        })?;
        Ok(())
    }

    /// Writes the next rows of the answer into the batch; none are left if it stays empty.
    pub fn next_batch(&mut self) {
        self.batch.clear();
        let Some(rows) = &mut self.pending else { return };
        while !self.batch.is_full() {
            let Some(row) = rows.next() else {
                self.pending = None;
                break;
            };
            row.iter().for_each(|value| write_value(&mut self.batch, value.as_ref()));
        }
    }

    /// Whether rows are left.
    pub fn has_more(&self) -> bool {
        self.pending.is_some()
    }

    /// Writes into the batch, as one row, what the columns were called when the statement last ran.
    ///
    /// # Errors
    /// There is no such statement.
    pub fn names(&mut self, statement: usize) -> Result<()> {
        self.batch.clear();
        let statement = self.statements.get(statement).and_then(Option::as_ref).ok_or_else(forgotten)?;
        for name in &statement.columns {
            write_value(&mut self.batch, Value::from(name.as_str()).as_ref());
        }
        self.columns = statement.columns.len();
        Ok(())
    }

    /// Listens to tables by their names, to all if none is named; the number of the subscription.
    ///
    /// # Errors
    /// A table that is not there.
    pub fn subscribe(&mut self, database: usize, tables: &[Value]) -> Result<usize> {
        let mut topics = Vec::new();
        for table in tables {
            topics.push(topic(table)?);
        }
        if topics.is_empty() {
            topics.push(Topic::all());
        }
        let owned = self.owned_mut(database)?;
        let subscription = owned.database().subscribe(topics)?;
        Ok(place(&mut owned.subscriptions, subscription))
    }

    /// Ends a subscription.
    ///
    /// # Errors
    /// The database is closed.
    pub fn unsubscribe(&mut self, database: usize, subscription: usize) -> Result<()> {
        if let Some(subscription) = self.owned_mut(database)?.subscriptions.get_mut(subscription) {
            *subscription = None;
        }
        Ok(())
    }

    /// Writes the next changes that a subscription has heard of into the batch: for each the table, the commit, how many
    /// values the key has, how many the row before and the row after, and these values. `columns` says how many changes.
    ///
    /// # Errors
    /// Changes were missed ([`FailureKind::Lagged`](crate::FailureKind)).
    pub fn poll(&mut self, database: usize, subscription: usize) -> Result<()> {
        self.batch.clear();
        self.columns = 0;
        let owned = self.databases.get_mut(database).and_then(Option::as_mut).ok_or_else(closed)?;
        let Some(Some(subscription)) = owned.subscriptions.get_mut(subscription) else { return Ok(()) };
        while !self.batch.is_full() {
            let Some(change) = subscription.try_next()? else { break };
            write_change(&mut self.batch, &change);
            self.columns += 1;
        }
        Ok(())
    }

    /// Writes into the batch, as one row, what the columns of a table are called.
    ///
    /// # Errors
    /// The database is closed.
    pub fn table_columns(&mut self, database: usize, table: &str) -> Result<()> {
        self.batch.clear();
        let owned = self.databases.get(database).and_then(Option::as_ref).ok_or_else(closed)?;
        if let Ok(schema) = schema_of(&AnyConnection::new(owned.database()), table) {
            for column in &schema.columns {
                write_value(&mut self.batch, ValueRef::Text(&column.name));
            }
        }
        Ok(())
    }

    /// Writes a copy of the database.
    ///
    /// # Errors
    /// What the host says.
    pub fn export(&self, database: usize, writer: &mut dyn Write) -> Result<()> {
        Ok(self.owned(database)?.database().export(writer)?)
    }

    fn owned(&self, database: usize) -> Result<&Owned<L>> {
        self.databases.get(database).and_then(Option::as_ref).ok_or_else(closed)
    }

    fn owned_mut(&mut self, database: usize) -> Result<&mut Owned<L>> {
        self.databases.get_mut(database).and_then(Option::as_mut).ok_or_else(closed)
    }

    fn statement(&mut self, statement: usize) -> Result<&mut Statement> {
        self.statements.get_mut(statement).and_then(Option::as_mut).ok_or_else(forgotten)
    }
}

fn closed() -> Box<Failure> {
    Failure::other("the database is closed")
}

fn forgotten() -> Box<Failure> {
    Failure::other("the statement was given back")
}

fn options(words: &[Value]) -> Result<Options> {
    let number = |place: usize| match words.get(place) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Integer(number)) if *number >= 0 => Ok(Some(*number)),
        Some(_) => Err(Failure::other("an option that is no whole number")),
    };
    let size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut options = Options::new();
    if let Some(bytes) = number(2)? {
        options = options.page_size(size(bytes));
    }
    if let Some(bytes) = number(3)? {
        options = options.cache_bytes(size(bytes));
    }
    if let Some(id) = number(4)? {
        options = options.database_id(id.cast_unsigned());
    }
    Ok(options)
}

fn name(value: ValueRef<'_>) -> Result<&str> {
    match value {
        ValueRef::Text(name) => Ok(name),
        _ => Err(Failure::other("a table or column is named by a text")),
    }
}

fn count(value: ValueRef<'_>) -> Result<usize> {
    match value {
        ValueRef::Integer(number @ 0..) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        _ => Err(Failure::other("how many there are is not said")),
    }
}

fn topic(table: &Value) -> Result<Topic> {
    match table {
        Value::Text(name) => Ok(Topic::table(name.as_str())),
        _ => Err(Failure::other("a table is named by a text")),
    }
}

fn write_change(batch: &mut Batch, RowChanged { commit, table, key, old, new }: &RowChanged) {
    let parts: [&[Value]; 3] = [key, old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default()];
    write_value(batch, Value::from(table.as_str()).as_ref());
    write_value(batch, Value::from(*commit).as_ref());
    parts.iter().for_each(|part| write_value(batch, Value::from(part.len() as u64).as_ref()));
    parts.iter().flat_map(|part| part.iter()).for_each(|value| write_value(batch, value.as_ref()));
}
