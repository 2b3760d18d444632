//! [`Session`]: a database with the transaction that the text begins and ends.

use std::cell::RefCell;
use std::sync::Arc;

use wasm_dbms::{
    AnyConnection, BeginOptions, Changed, Database, Durability, Interrupt, Isolation, OptimisticTransaction, Savepoint,
    Transaction, insert_each_row,
};
use wasm_dbms_api::ValueRef;

use crate::bind::{Action, Compiled, Views, create_temporary, drop_all};
use crate::failure::{Error, Inner, Result};
use crate::run::cache::Cache;
use crate::run::{FromRow, IntoParameters, RowRef, Rows};
use crate::{Dialect, Drop, DropObject, Parsed, Statement, TransactionStatement, parse, parse_all};

/// A database to which text is said, statement by statement: BEGIN, COMMIT, ROLLBACK and SAVEPOINT are among them, and a
/// statement that is said again is not read and planned again.
///
/// BEGIN begins an interactive transaction ([`OptimisticTransaction`]), whose COMMIT may be a conflict; BEGIN IMMEDIATE
/// takes the writer's turn ([`Transaction`]), so that tables can be made in it too, and while it lasts the thread asks the
/// session, not the database. An error of a statement leaves the transaction as it was before the statement.
///
/// ```
/// use wasm_dbms::Database;
/// use wasm_dbms_sql::Session;
///
/// let db = Database::in_memory();
/// let session = Session::new(&db);
/// session.run("CREATE TABLE t (n integer); BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s")?;
/// session.run("INSERT INTO t VALUES (2); ROLLBACK TO s; COMMIT")?;
/// assert_eq!(session.query_rows::<(i64,)>("SELECT n FROM t", ())?, [(1,)]);
/// # Ok::<(), wasm_dbms_sql::Error>(())
/// ```
#[derive(Debug)]
pub struct Session<'db> {
    database: &'db Database,
    dialect: Dialect,
    cache: RefCell<Cache>,
    open: RefCell<Option<Open<'db>>>,
    interrupt: Interrupt,
    /// The views that go with the session.
    temporary: RefCell<Views>,
}

/// A transaction that is open, with the names of its savepoints.
#[derive(Debug)]
struct Open<'db> {
    transaction: Kind<'db>,
    savepoints: Vec<Saved>,
    /// The views of the session as they were before.
    temporary: Views,
}

/// A savepoint by its name.
#[derive(Debug, Clone)]
struct Saved {
    name: String,
    savepoint: Savepoint,
    /// The views of the session as they were then.
    temporary: Views,
}

#[derive(Debug)]
enum Kind<'db> {
    Interactive(Box<OptimisticTransaction>),
    Exclusive(Box<Transaction<'db>>),
}

/// Does the same with either kind of transaction.
macro_rules! with {
    ($kind:expr, $transaction:ident => $act:expr) => {
        match $kind {
            Kind::Interactive($transaction) => $act,
            Kind::Exclusive($transaction) => $act,
        }
    };
}

impl<'db> Session<'db> {
    /// A session that speaks as PostgreSQL does.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// assert!(!session.is_in_transaction());
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn new(database: &'db Database) -> Self {
        Self::with_dialect(database, Dialect::PostgreSql)
    }

    /// A session that speaks a dialect.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::{Dialect, Session};
    ///
    /// let db = Database::in_memory();
    /// let session = Session::with_dialect(&db, Dialect::Sqlite);
    /// assert_eq!(session.query_row::<(i64,)>("SELECT 7 / 2", ())?.0, 3);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn with_dialect(database: &'db Database, dialect: Dialect) -> Self {
        Self {
            database,
            dialect,
            cache: RefCell::default(),
            open: RefCell::new(None),
            interrupt: Interrupt::new(),
            temporary: RefCell::default(),
        }
    }

    /// The handle that stops the statements of this session from another thread.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1)")?;
    /// session.interrupt().stop(); // Another thread would, with a clone of it.
    /// let error = session.query("SELECT * FROM t", ()).unwrap_err();
    /// assert!(error.database().is_some_and(|error| error.is_interrupted()));
    /// session.interrupt().reset();
    /// assert_eq!(session.query_row::<(i64,)>("SELECT n FROM t", ())?, (1,));
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Whether a transaction is open.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// session.run("BEGIN")?;
    /// assert!(session.is_in_transaction());
    /// session.run("ROLLBACK")?;
    /// assert!(!session.is_in_transaction());
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn is_in_transaction(&self) -> bool {
        self.open.borrow().is_some()
    }

    /// Runs a statement and returns how many rows it wrote; of a query how many it answers.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// assert_eq!(session.execute("DELETE FROM t WHERE n > ?", (1,))?, 1);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Text`], [`Error::ParameterCount`]; what the database says.
    pub fn execute(&self, text: &str, parameters: impl IntoParameters) -> Result<u64> {
        let compiled = self.compiled(text)?;
        compiled.with(parameters, |values| Ok(self.step(&compiled, values)?.count))
    }

    /// Runs a statement; how many rows it wrote, of a query how many it answers, and what it answers.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// let (count, rows) = session.perform("DELETE FROM t WHERE n > ? RETURNING n", (1,))?;
    /// assert_eq!((count, rows.all::<(i64,)>()?), (1, vec![(2,)]));
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn perform(&self, text: &str, parameters: impl IntoParameters) -> Result<(u64, Rows)> {
        let Changed { count, returned } = self.change(text, parameters)?;
        Ok((count, Rows::made(returned)))
    }

    /// As [`perform`](Self::perform), and the answer as the engine gives it.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let changed = Session::new(&db).change("SELECT 1 AS one", ())?;
    /// assert_eq!((changed.count, &changed.returned.columns[0][..]), (1, "one"));
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn change(&self, text: &str, parameters: impl IntoParameters) -> Result<Changed> {
        let compiled = self.compiled(text)?;
        compiled.with(parameters, |values| Ok(self.step(&compiled, values)?))
    }

    /// Runs a statement and answers its rows.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// assert_eq!(session.query("SELECT n FROM t", ())?.count(), 2);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn query(&self, text: &str, parameters: impl IntoParameters) -> Result<Rows> {
        Ok(self.perform(text, parameters)?.1)
    }

    /// What the first row of an answer comes to.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// assert_eq!(session.query_row::<(i64,)>("SELECT max(n) FROM t", ())?.0, 2);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoRows`]; as [`execute`](Self::execute) and [`FromRow::from_row`].
    pub fn query_row<R: FromRow>(&self, text: &str, parameters: impl IntoParameters) -> Result<R> {
        let mut first = None;
        self.for_each(text, parameters, &mut |row| {
            first = Some(R::from_row(row)?);
            Ok(false)
        })?;
        first.ok_or(Error::NoRows)
    }

    /// What every row of an answer comes to.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// let numbers: Vec<(i64,)> = session.query_rows("SELECT n FROM t ORDER BY n", ())?;
    /// assert_eq!(numbers, [(1,), (2,)]);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`query_row`](Self::query_row).
    pub fn query_rows<R: FromRow>(&self, text: &str, parameters: impl IntoParameters) -> Result<Vec<R>> {
        let mut all = Vec::new();
        self.for_each(text, parameters, &mut |row| {
            all.push(R::from_row(row)?);
            Ok(true)
        })?;
        Ok(all)
    }

    /// Runs a statement and calls `visit` with each row that it answers, where it stands, as long as that says that more are
    /// wanted.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// let mut sum = 0;
    /// session.for_each("SELECT n FROM t", (), &mut |row| {
    ///     sum += row.get::<i64>(0)?;
    ///     Ok(true)
    /// })?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and what `visit` returns.
    pub fn for_each(
        &self,
        text: &str,
        parameters: impl IntoParameters,
        visit: &mut dyn FnMut(&RowRef<'_>) -> Result<bool>,
    ) -> Result<()> {
        let compiled = self.compiled(text)?;
        if let Action::Query(_) = &compiled.action {
            return compiled.with(parameters, |values| {
                Ok(self.with(|connection| Ok(compiled.visit(connection, values, visit)?))?)
            });
        }
        let changed = compiled.with(parameters, |values| Ok(self.step(&compiled, values)?))?;
        for row in Rows::made(changed.returned) {
            if !visit(&row?.as_ref())? {
                break;
            }
        }
        Ok(())
    }

    /// Runs the statements of a script, up to the first that is refused. What they answer is dropped.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// session.run("BEGIN; DELETE FROM t; ROLLBACK")?;
    /// assert_eq!(session.query("SELECT n FROM t", ())?.count(), 2);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn run(&self, script: &str) -> Result<()> {
        self.run_visiting(script, &mut |_, _| Ok(()))
    }

    /// Runs the statements of a script, up to the first that is refused, and calls `visit` with how many rows each wrote
    /// and with what it answers.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")?;
    /// let mut counts = Vec::new();
    /// session.run_visiting("DELETE FROM t; SELECT n FROM t", &mut |count, _rows| {
    ///     counts.push(count);
    ///     Ok(())
    /// })?;
    /// assert_eq!(counts, [2, 0]);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute); what `visit` says.
    pub fn run_visiting(&self, script: &str, visit: &mut dyn FnMut(u64, Rows) -> Result<()>) -> Result<()> {
        let text: Arc<str> = script.into();
        for parsed in parse_all(script, self.dialect)? {
            let compiled = self.compile(parsed, Arc::clone(&text))?;
            let Changed { count, returned } = compiled.with((), |values| Ok(self.step(&compiled, values)?))?;
            visit(count, Rows::made(returned))?;
        }
        Ok(())
    }

    fn compiled(&self, text: &str) -> Inner<Arc<Compiled>> {
        if let Some(known) = self.cache.borrow_mut().get(text) {
            return Ok(known);
        }
        let compiled = self.compile(parse(text, self.dialect)?, text.into())?;
        self.cache.borrow_mut().put(&compiled);
        Ok(compiled)
    }

    fn compile(&self, parsed: Parsed, text: Arc<str>) -> Inner<Arc<Compiled>> {
        let views = self.temporary.borrow();
        self.with(|connection| Compiled::new(connection, parsed, text, self.dialect, &views))
    }

    /// Does something with the transaction that is open, or with the database. What is done is compiled once.
    fn with<T>(&self, act: impl FnOnce(&AnyConnection<'_>) -> Inner<T>) -> Inner<T> {
        let (mut act, mut answer) = (Some(act), None);
        self.connected(&mut |connection| {
            if let Some(act) = act.take() {
                answer = Some(act(connection));
            }
        });
        answer.unwrap_or_else(|| Err(wasm_dbms::Error::Busy.into()))
    }

    #[inline(never)]
    fn connected(&self, act: &mut dyn FnMut(&AnyConnection<'_>)) {
        let open = self.open.borrow();
        let (database, interactive, exclusive);
        act(&match &*open {
            None => {
                database = self.database.interrupt(&self.interrupt);
                AnyConnection::new(&database)
            }
            Some(Open { transaction: Kind::Interactive(transaction), .. }) => {
                interactive = transaction.interrupt(&self.interrupt);
                AnyConnection::new(&interactive)
            }
            Some(Open { transaction: Kind::Exclusive(transaction), .. }) => {
                exclusive = transaction.interrupt(&self.interrupt);
                AnyConnection::new(&exclusive)
            }
        })
    }

    fn step(&self, compiled: &Compiled, values: &[ValueRef<'_>]) -> Inner<Changed> {
        if let Action::Transaction(statement) = &compiled.action {
            return self.transact(statement).map(|()| Changed::default());
        }
        if let Action::Define(statement) = &compiled.action {
            self.cache.borrow_mut().clear();
            match &**statement {
                Statement::CreateView(create) if create.is_temporary => {
                    let mut views = self.temporary.borrow_mut();
                    self.with(|connection| create_temporary(connection, create, compiled.dialect, &mut views))?;
                    return Ok(Changed::default());
                }
                Statement::Drop(drop) if drop.object == DropObject::View => return self.drop_views(drop),
                _ => {}
            }
        }
        self.with(|connection| compiled.run(connection, values))
    }

    /// Drops views: those of the session before stored ones of the same name.
    fn drop_views(&self, drop: &Drop) -> Inner<Changed> {
        let mut stored = Drop { names: Vec::new(), ..*drop };
        for name in &drop.names {
            if !self.temporary.borrow().contains(name) {
                stored.names.push(name.clone());
            }
        }
        if !stored.names.is_empty() {
            self.with(|connection| drop_all(connection, &stored))?;
        }
        for name in &drop.names {
            self.temporary.borrow_mut().remove(name);
        }
        Ok(Changed::default())
    }

    /// Puts rows in that come one by one, in the transaction that is open or in one of their own: all or none, and no text is
    /// read ([`insert_each_row`]).
    ///
    /// ```
    /// use wasm_dbms::{Database, ValueRef};
    /// use wasm_dbms_sql::Session;
    ///
    /// let db = Database::in_memory();
    /// let session = Session::new(&db);
    /// session.run("CREATE TABLE t (n integer, born date)")?;
    /// let mut days = ["2026-02-28", "2026-03-01"].into_iter().enumerate();
    /// let count = session.insert("t", &["n", "born"], &mut |row| {
    ///     row.extend(days.next().into_iter().flat_map(|(n, day)| [ValueRef::from(n as u64), ValueRef::from(day)]));
    ///     Ok(!row.is_empty())
    /// })?;
    /// assert_eq!(count, 2);
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the database and `next` say.
    pub fn insert<'v>(
        &self,
        table: &str,
        columns: &[&str],
        next: &mut dyn FnMut(&mut Vec<ValueRef<'v>>) -> wasm_dbms::Result<bool>,
    ) -> Result<u64> {
        Ok(self.with(|connection| Ok(insert_each_row(connection, table, columns, next)?))?)
    }

    fn transact(&self, statement: &TransactionStatement) -> Inner<()> {
        // A visitor of rows may ask, while the transaction is read.
        let Ok(mut open) = self.open.try_borrow_mut() else { return Err(wasm_dbms::Error::Busy.into()) };
        if let TransactionStatement::Begin(mode) = statement {
            if open.is_some() {
                return Err(Error::InTransaction.into());
            }
            let transaction = if mode.exclusive {
                Kind::Exclusive(self.database.begin_exclusive()?.into())
            } else {
                let isolation = if mode.snapshot { Isolation::Snapshot } else { Isolation::Serializable };
                let options = BeginOptions::new().isolation(isolation).read_only(mode.read_only);
                Kind::Interactive(self.database.begin_with(options)?.into())
            };
            let temporary = self.temporary.borrow().clone();
            *open = Some(Open { transaction, savepoints: Vec::new(), temporary });
            return Ok(());
        }
        let Some(current) = open.as_mut() else { return Err(Error::NoTransaction.into()) };
        match statement {
            TransactionStatement::Begin(_) => {}
            TransactionStatement::Commit | TransactionStatement::Rollback => {
                let Some(Open { transaction, temporary, .. }) = open.take() else { return Ok(()) };
                let is_commit = matches!(statement, TransactionStatement::Commit);
                let mut ended = Ok(());
                if is_commit {
                    ended = with!(transaction, tx => tx.commit(Durability::Full).map(|_| ()));
                }
                if !is_commit || ended.is_err() {
                    // Views and tables of a transaction may be others now.
                    self.cache.borrow_mut().clear();
                    *self.temporary.borrow_mut() = temporary;
                }
                ended?;
            }
            TransactionStatement::Savepoint(name) => {
                let savepoint = with!(&current.transaction, tx => tx.open_savepoint())?;
                let temporary = self.temporary.borrow().clone();
                current.savepoints.push(Saved { name: name.to_string(), savepoint, temporary });
            }
            TransactionStatement::Release(name) => {
                let (place, saved) = current.find(name)?;
                with!(&current.transaction, tx => tx.release(&saved.savepoint))?;
                current.savepoints.truncate(place);
            }
            TransactionStatement::RollbackTo(name) => {
                self.cache.borrow_mut().clear();
                let (place, saved) = current.find(name)?;
                with!(&current.transaction, tx => tx.rollback_to(&saved.savepoint))?;
                *self.temporary.borrow_mut() = saved.temporary.clone();
                // The savepoint itself stays.
                current.savepoints.truncate(place + 1);
            }
        }
        Ok(())
    }
}

impl Open<'_> {
    /// Where the innermost savepoint of this name stands.
    fn find(&self, name: &str) -> Inner<(usize, &Saved)> {
        let mut open = self.savepoints.iter().enumerate().rev();
        open.find(|(_, saved)| saved.name == name).ok_or_else(|| Error::NoSavepoint(name.to_owned()).into())
    }
}
