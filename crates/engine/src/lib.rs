//! **The relational database that compiles into your WebAssembly module.**
//!
//! Typed Rust tables on top, one crash-safe page file below; the same database natively, on WASI, in Node, in a browser
//! and in memory. Start at [`Database`]; `use wasm_dbms::prelude::*` brings everything that a program names.
//!
//! ```text
//! typed          rows as structs: Select, Update, Delete, the verbs
//! statement      statements as data: what SQL becomes
//! feed           what commits changed, for subscribers
//! transaction    transactions in the writer's turn, and interactive ones
//! execute        walks a plan: rows, aggregates, sorts
//! plan           Query -> bound query -> plan
//! write          inserts, updates, deletes; constraints
//! history        which rows were changed, for the feed and for interactive transactions
//! catalog        tables, columns and indexes as numbers
//! codec          rows, keys and schemas as bytes
//! store          the one store: savepoints over the page store of wasm-dbms-memory, or the pages of one commit
//! ```
//!
//! | feature | what it brings |
//! |---|---|
//! | `full`, unless `default-features = false` | functions, casts, CASE, queries in queries, sets, WITH, RIGHT and FULL joins, sanitizers and validators, the rarer ways of the planner ([`IS_FULL`]) |
//! | `regex` | the validator `Regex` |
//! | `serde` | schemas, expressions and queries over a wire |

// The derives name `::wasm_dbms`, here too.
extern crate self as wasm_dbms;

mod catalog;
mod check;
mod codec;
mod connection;
mod core;
mod database;
mod error;
mod execute;
mod feed;
mod full;
mod function;
mod heads;
mod history;
mod inspect;
mod meter;
mod migrate;
mod numbering;
mod observed;
mod plan;
pub mod prelude;
mod readers;
mod scrub;
mod shared;
mod snapshot;
mod statement;
mod store;
mod transaction;
mod typed;
mod vacuum;
mod values;
mod window;
mod write;

pub use catalog::MAX_CLUSTERED_KEY_BYTES;
pub use connection::{AnyConnection, Connection};
#[doc(hidden)]
pub use core::Core;
pub use database::Database;
pub use error::{Error, Result};
pub use execute::{MAX_RECURSIVE_ROWS, MAX_TOP_ROWS};
pub use feed::{Change, Feed, RowChanged, Subscription, Topic};
pub use full::IS_FULL;
pub use function::MAX_MADE_BYTES;
pub use inspect::PageView;
pub use meter::Interrupt;
#[doc(hidden)]
pub use migrate::alter;
pub use migrate::{
    AppliedMigration, Drift, MigrationPolicy, MigrationProgress, MigrationUnderWay, SchemaAlteration, TableDrift,
};
pub use plan::{MAX_PLANNING_DESCENTS, MAX_RANGES, MAX_REMEMBERED_BYTES, MAX_SOURCES, MAX_SOURCES_IN_ALL};
pub use snapshot::Snapshot;
pub use statement::{
    Changed, DeleteRows, InsertRows, NewRows, OnRowConflict, PreparedDelete, PreparedInsert, PreparedUpdate,
    SchemaChange, UpdateRows, fitting_value, has_tables, insert_each_row, schema_of, schemas_of,
};
#[doc(hidden)]
pub use statement::{PreparedChange, analyze_change, create_table, drop_table, explain_change};
pub use store::JournaledWriter;
#[doc(hidden)]
pub use transaction::PlantedBug;
pub use transaction::{BeginOptions, Clock, Isolation, OptimisticTransaction, Savepoint, Transaction};
pub use typed::{
    Answer, AnswerRow, Columns, Cursor, Delete, Limited, OnConflict, One, Optional, Part, Prepared, Projected, Rows,
    Select, Three, Two, Update, UpdateKey, UpdateTable, Upsert, UpsertReport, ValueCursor, With, WithMany,
};
pub use vacuum::VacuumReport;
pub use window::enable_window_functions;

pub use wasm_dbms_api::*;
pub use wasm_dbms_macros::{CustomDataType, DatabaseSchema, Encode, Table};
pub use wasm_dbms_memory::{
    Durability, FORMAT_VERSION, FileProvider, Guarantees, HeapProvider, HostSync, MAX_KEY_BYTES, MAX_PAGE_SIZE,
    MAX_VALUE_BYTES, MIN_PAGE_SIZE, MemoryAccess, MemoryManager, MemoryProvider, Options, PageRef, PageState,
    QUERY_MEMORY_BYTES, REGISTRY_PAGE, RESERVED_PAGES, UNCLAIMED_PAGES_PAGE, UnclaimedPages,
};

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../../docs/guide/tables.md")]
    struct Tables;
    #[doc = include_str!("../../../docs/guide/rules.md")]
    struct Rules;
    #[doc = include_str!("../../../docs/guide/questions.md")]
    struct Questions;
    #[doc = include_str!("../../../docs/guide/changes.md")]
    struct Changes;
    #[doc = include_str!("../../../docs/guide/transactions.md")]
    struct Transactions;
    #[doc = include_str!("../../../docs/guide/live-queries.md")]
    struct LiveQueries;
    #[doc = include_str!("../../../docs/guide/dynamic.md")]
    struct Dynamic;
    #[doc = include_str!("../../../docs/guide/storage.md")]
    struct Storage;
}
