//! What went wrong, so that JavaScript can tell one thing from another.

use wasm_dbms::MemoryError;

/// What can come of anything here. A failure is behind one pointer, so that handing it on takes a word.
pub type Result<T> = std::result::Result<T, Box<Failure>>;

/// An error as JavaScript gets it.
#[derive(Debug)]
pub struct Failure {
    /// What it is.
    pub kind: FailureKind,
    /// What it says.
    pub words: String,
    /// Where in the text of the statement, line and column from 1 on.
    pub place: Option<(usize, usize)>,
}

/// What an error is. The numbers are those of `KINDS` in `js/wire.js`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// None of the others.
    Other = 0,
    /// The text is not understood.
    Syntax = 1,
    /// The rows refuse it: a key, a reference, a check, NULL.
    Constraint = 2,
    /// Another transaction was first; do it again.
    Conflict = 3,
    /// There is no room on the medium.
    Full = 4,
    /// The file is damaged.
    Corrupt = 5,
    /// The commit may have come through or not: open again and look.
    InDoubt = 6,
    /// Another worker, tab or process has the file open.
    Locked = 7,
    /// Changes were missed; read the tables anew.
    Lagged = 8,
    /// It was stopped, or cost more than it may.
    Interrupted = 9,
}

impl Failure {
    /// An error that only says something.
    ///
    /// ```
    /// use wasm_dbms_module::{Failure, FailureKind};
    ///
    /// assert_eq!(Failure::other("no").kind, FailureKind::Other);
    /// ```
    #[cold]
    pub fn other(words: impl Into<String>) -> Box<Self> {
        Box::new(Self { kind: FailureKind::Other, words: words.into(), place: None })
    }
}

impl From<wasm_dbms::Error> for Box<Failure> {
    #[cold]
    fn from(error: wasm_dbms::Error) -> Self {
        Self::new(Failure { kind: FailureKind::of(&error), words: error.to_string(), place: None })
    }
}

impl From<Box<MemoryError>> for Box<Failure> {
    fn from(error: Box<MemoryError>) -> Self {
        wasm_dbms::Error::from(error).into()
    }
}

impl FailureKind {
    /// What an error of the database is.
    ///
    /// ```
    /// use wasm_dbms_module::FailureKind;
    ///
    /// let missing = wasm_dbms::Error::Unknown { what: "table", name: "t".into() };
    /// assert_eq!(FailureKind::of(&missing), FailureKind::Other);
    /// ```
    pub fn of(error: &wasm_dbms::Error) -> Self {
        if let wasm_dbms::Error::Memory(memory) = error
            && matches!(**memory, MemoryError::Locked { .. })
        {
            return Self::Locked;
        }
        match error {
            _ if error.is_constraint() => Self::Constraint,
            _ if error.is_conflict() => Self::Conflict,
            _ if error.is_full() => Self::Full,
            _ if error.is_corrupt() => Self::Corrupt,
            _ if error.is_in_doubt() => Self::InDoubt,
            _ if error.is_lagged() => Self::Lagged,
            _ if error.is_interrupted() => Self::Interrupted,
            _ => Self::Other,
        }
    }
}
