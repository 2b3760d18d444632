//! Everything that a program names: `use wasm_dbms::prelude::*`.

pub use crate::{
    AggregateFunction, Answer, BeginOptions, Column, ColumnRef, ColumnSchema, Comparison, CustomDataType, DataType,
    Database, DatabaseSchema, Date, DateTime, Decimal, Durability, Error, Expr, FileProvider, HeapProvider, Insert,
    Isolation, Json, MemoryError, MemoryProvider, OnDelete, OptimisticTransaction, Options, Order, PageView,
    Projection, Query, Result, RowId, Sanitize, Sanitizer, Table, TableSchema, Transaction, Uuid, Validate, Validator,
    Value, avg, count, max, min, sum,
};
