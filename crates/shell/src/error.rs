//! What can go wrong, in words for stderr.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The result of every command.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What can go wrong.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The command line makes no sense, or a command cannot be run now.
    #[error("{0}")]
    Usage(String),
    /// The database file cannot be opened.
    #[error("{}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file cannot be written.
    #[error("cannot export to {}: {reason}", path.display())]
    Export {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot import {}: {reason}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A statement of a script.
    #[error("line {line} of the script: {error}")]
    Script {
        /// The line on which the statement begins.
        line: usize,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// The database refused or found something.
    #[error(transparent)]
    Database(#[from] wasm_dbms::Error),
    /// A statement is wrong, or refused.
    #[error(transparent)]
    Sql(#[from] wasm_dbms_sql::Error),
    /// The output cannot be written, or the input not be read.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The terminal does not do what it must.
    #[error("the terminal: {0}")]
    Terminal(#[from] rustyline::error::ReadlineError),
}

impl Error {
    /// Whether the reader of the output has gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
            Self::Script { error, .. } => error.is_broken_pipe(),
            _ => false,
        }
    }

    /// Why a file cannot be imported.
    pub(crate) fn import(path: &Path, reason: impl ToString) -> Self {
        Self::Import { path: path.to_owned(), reason: reason.to_string() }
    }

    /// Why a file cannot be written.
    pub(crate) fn export(path: &Path, reason: impl ToString) -> Self {
        Self::Export { path: path.to_owned(), reason: reason.to_string() }
    }
}

impl From<wasm_dbms_sql::SqlError> for Error {
    fn from(error: wasm_dbms_sql::SqlError) -> Self {
        Self::Sql(error.into())
    }
}

impl From<csv::Error> for Error {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Output(error),
            other => Self::Output(io::Error::other(format!("{other:?}"))),
        }
    }
}
