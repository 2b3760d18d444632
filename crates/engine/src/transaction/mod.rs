//! Transactions: statements that stay together.
//!
//! ```text
//! exclusive    Transaction: has the writer's turn, works on the head, conflicts with nobody
//! optimistic   OptimisticTransaction: a private view, any number at a time; what it wrote is replayed when it commits
//! options      how one begins
//! begin        the ways to begin one, and to run one again after a conflict
//! validate     whether what it read is still so
//! replay       its rows, written to the head by the ordinary path
//! savepoint    savepoints of both
//! ```

mod begin;
mod exclusive;
mod optimistic;
mod options;
mod replay;
mod savepoint;
mod validate;

pub use exclusive::Transaction;
pub use optimistic::OptimisticTransaction;
pub use options::{BeginOptions, Clock, Isolation, PlantedBug};
pub use savepoint::Savepoint;
