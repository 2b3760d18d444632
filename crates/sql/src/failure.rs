//! What can go wrong when SQL is run.

use std::fmt;

use crate::error::Fault;
use crate::lexer::{Kind, Lexer};
use crate::{Dialect, SqlError, SqlErrorKind, literal};

/// The result of running SQL.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong when SQL is run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Something is wrong with the text.
    Text(Box<SqlError>),
    /// The database refuses the statement, at this place of its text where one is known.
    Database {
        /// What it says.
        error: Box<wasm_dbms::Error>,
        /// Where in the text.
        place: Option<Box<SqlError>>,
    },
    /// Another number of parameters is given than the statement wants.
    ParameterCount {
        /// How many it wants.
        wanted: usize,
        /// How many there are.
        given: usize,
    },
    /// A parameter that is given by a name, or wanted by one, that the other side does not have.
    ParameterName(String),
    /// A row was wanted, and there is none.
    NoRows,
    /// The answer has no such column.
    NoColumn(String),
    /// A value that is not of the type that is asked for.
    Type {
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
    /// BEGIN, COMMIT, SAVEPOINT, .. where no session is: a [`Session`](crate::Session) keeps the transaction.
    NeedsSession,
    /// BEGIN inside a transaction.
    InTransaction,
    /// COMMIT, ROLLBACK, SAVEPOINT, .. outside of one.
    NoTransaction,
    /// There is no savepoint of this name.
    NoSavepoint(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(error) | Self::Database { place: Some(error), .. } => error.fmt(f),
            Self::Database { error, place: None } => error.fmt(f),
            Self::ParameterCount { wanted, given } => {
                write!(f, "the statement wants {wanted} parameters, {given} are given")
            }
            Self::ParameterName(name) => write!(f, "there is no parameter {name}, or it is not given"),
            Self::NoRows => f.write_str("the answer has no row"),
            Self::NoColumn(name) => write!(f, "the answer has no column {name}"),
            Self::Type { column, problem } => write!(f, "column {column}: {problem}"),
            Self::NeedsSession => f.write_str("transactions and views for a time are matters of a session"),
            Self::InTransaction => f.write_str("there is a transaction already"),
            Self::NoTransaction => f.write_str("there is no transaction"),
            Self::NoSavepoint(name) => write!(f, "there is no savepoint {name}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Text(error) => Some(error),
            Self::Database { error, .. } => Some(&**error),
            _ => None,
        }
    }
}

/// Inside: what is handed on from function to function is short.
pub(crate) type Inner<T> = std::result::Result<T, Box<Error>>;

impl From<Box<Error>> for Error {
    fn from(error: Box<Self>) -> Self {
        *error
    }
}

impl From<SqlError> for Box<Error> {
    #[cold]
    fn from(error: SqlError) -> Self {
        Self::new(error.into())
    }
}

impl From<wasm_dbms::Error> for Box<Error> {
    #[cold]
    fn from(error: wasm_dbms::Error) -> Self {
        Self::new(error.into())
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        Self::Text(error.into())
    }
}

impl From<wasm_dbms::Error> for Error {
    fn from(error: wasm_dbms::Error) -> Self {
        Self::Database { error: error.into(), place: None }
    }
}

impl Error {
    /// What the database says, if it is its word.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (id integer PRIMARY KEY)", ())?;
    /// db.execute("INSERT INTO t VALUES (1)", ())?;
    /// let error = db.execute("INSERT INTO t VALUES (1)", ()).unwrap_err();
    /// assert!(error.database().is_some_and(|error| error.is_constraint()));
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn database(&self) -> Option<&wasm_dbms::Error> {
        match self {
            Self::Database { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Where in the text it is, if that is known.
    ///
    /// ```
    /// use wasm_dbms::Database;
    /// use wasm_dbms_sql::Sql;
    ///
    /// let db = Database::in_memory();
    /// db.execute("CREATE TABLE t (n integer, name text)", ())?;
    /// db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", ())?;
    /// let error = db.execute("SELECT n FROM tt", ()).unwrap_err();
    /// assert!(error.place().is_some());
    /// # Ok::<(), wasm_dbms_sql::Error>(())
    /// ```
    pub fn place(&self) -> Option<&SqlError> {
        match self {
            Self::Text(error) => Some(error),
            Self::Database { place, .. } => place.as_deref(),
            _ => None,
        }
    }

    /// An error of the database about a statement of this text: what it names is looked for there.
    pub(crate) fn at(error: wasm_dbms::Error, text: &str, dialect: Dialect) -> Box<Self> {
        let name = match &error {
            wasm_dbms::Error::Unknown { name, .. } => last_part(name),
            wasm_dbms::Error::TableExists { table } => table,
            wasm_dbms::Error::Query(_) => "",
            _ => return error.into(),
        };
        let place = match &error {
            wasm_dbms::Error::Query(message) => place_of_expression(message, text, dialect),
            _ => place_of(name, text, dialect),
        };
        let place = place.map(|offset| {
            let fault = Fault { kind: SqlErrorKind::Refused(error.to_string()), offset };
            Box::new(fault.locate(text))
        });
        Box::new(Self::Database { error: error.into(), place })
    }
}

/// Where a name stands in a text for the first time.
fn place_of(name: &str, text: &str, dialect: Dialect) -> Option<usize> {
    let mut place = None;
    each_word(text, dialect, &mut |word, offset, is_name| {
        if is_name && word == name {
            place = Some(offset);
        }
        place.is_none()
    });
    place
}

/// How many tokens of an expression are looked for.
const LOOKED_FOR: usize = 64;

/// How many tokens of a text it is looked for in.
const LOOKED_THROUGH: usize = 1 << 16;

/// A name without that of what it is in.
fn last_part(name: &str) -> &str {
    let start = name.bytes().rposition(|byte| byte == b'.').map_or(0, |point| point + 1);
    name.get(start..).unwrap_or_default()
}

/// Where an expression stands in a text for the first time that a message begins with: `a + b: ..`. It is shown otherwise
/// than it was written, in parentheses above all: these are passed over.
fn place_of_expression(message: &str, text: &str, dialect: Dialect) -> Option<usize> {
    let said = words(text, LOOKED_THROUGH, dialect);
    (0..message.len()).filter(|end| message.as_bytes().get(*end..*end + 2) == Some(b": ")).find_map(|end| {
        let wanted = words(message.get(..end)?, LOOKED_FOR, Dialect::PostgreSql);
        let is_there = |place: &&[(String, usize)]| place.iter().zip(&wanted).all(|(one, other)| one.0 == other.0);
        if wanted.is_empty() {
            return None;
        }
        said.windows(wanted.len()).find(is_there)?.first().map(|(_, offset)| *offset)
    })
}

/// The tokens of a text, as they are meant, with their places; without parentheses.
fn words(text: &str, most: usize, dialect: Dialect) -> Vec<(String, usize)> {
    let mut words = Vec::new();
    each_word(text, dialect, &mut |word, offset, _| {
        if !matches!(word, "(" | ")") {
            words.push((word.to_owned(), offset));
        }
        words.len() < most
    });
    words
}

/// Calls `visit` with every token of a text, as it is meant, its place, and whether it is a name, as long as it returns true.
fn each_word(text: &str, dialect: Dialect, visit: &mut dyn FnMut(&str, usize, bool) -> bool) {
    let mut lexer = Lexer::new(text, dialect);
    while let Ok(token) = lexer.next()
        && token.kind != Kind::End
    {
        let word = match token.kind {
            Kind::Word(_) => token.text.to_ascii_lowercase(),
            Kind::Quoted => literal::text(token).unwrap_or_default(),
            _ => token.text.to_owned(),
        };
        if !visit(&word, token.offset, matches!(token.kind, Kind::Word(_) | Kind::Quoted)) {
            return;
        }
    }
}
