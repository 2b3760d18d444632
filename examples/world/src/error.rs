//! Everything that can go wrong, each as one clear line.

use std::io;

/// The result of every step of the scenario.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the scenario stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused or failed.
    #[error(transparent)]
    Database(#[from] wasm_dbms::Error),
    /// A line of a data file is not what it must be; nothing of the file was loaded.
    #[error("{file}:{line}: {reason}")]
    Malformed {
        /// Name of the file.
        file: String,
        /// Number of the line on which the record begins, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read.
    #[error("{file} cannot be read: {source}")]
    Read {
        /// Name of the file.
        file: String,
        /// What the host said.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{file} cannot be written: {source}")]
    Write {
        /// Name of the file.
        file: String,
        /// What the host said.
        source: io::Error,
    },
    /// The lines of the report cannot be shown.
    #[error("the report cannot be written: {0}")]
    Report(#[from] io::Error),
    /// The database to load into holds rows already.
    #[error(
        "the database already holds {places} places and {regions} regions: \
         give a file without them, or ask this one with --verify"
    )]
    Occupied {
        /// Number of places found.
        places: u64,
        /// Number of regions found.
        regions: u64,
    },
    /// The database to verify was not written by this scenario.
    #[error("the database has no table `{table}`: it was not written by this scenario")]
    Foreign {
        /// The table that is missing.
        table: &'static str,
    },
    /// The data has nothing to ask about.
    #[error("{file} gives no place that lies in a known region: there is nothing to ask")]
    NoPlaces {
        /// Name of the file of places.
        file: String,
    },
    /// The command line is not understood.
    #[error("{0}")]
    Usage(String),
    /// The database did not keep a promise that the scenario relies on.
    #[error("the database broke its promise: {0}")]
    BrokenPromise(String),
    /// Not a failure: what a transaction returns to be rolled back on purpose.
    #[error("taken back on purpose")]
    TakenBack,
}
