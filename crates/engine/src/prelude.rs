//! Everything that a program names: `use wasm_dbms::prelude::*`.

pub use crate::{
    AggregateFunction, Answer, BeginOptions, Change, Column, ColumnRef, ColumnSchema, Comparison, CustomDataType,
    DataType, Database, DatabaseSchema, Date, DateTime, Decimal, Durability, Error, Expr, FileProvider, HeapProvider,
    IndexColumn, IndexSchema, Insert, Isolation, Json, MemoryError, MemoryProvider, MigrationPolicy,
    OptimisticTransaction, Options, Order, PageView, Projection, Query, ReferentialAction, Result, RowId, Sanitize,
    Sanitizer, Table, TableSchema, Topic, Transaction, Uuid, Validate, Validator, Value, ValueRef, avg, count, max,
    min, sum,
};
