//! Everything that a program names: `use wasm_dbms::prelude::*`.

pub use crate::{
    AggregateFunction, Answer, Column, ColumnRef, ColumnSchema, Comparison, DataType, Database, DatabaseSchema,
    Durability, Error, Expr, FileProvider, HeapProvider, Insert, MemoryError, MemoryProvider, OnDelete, Options, Order,
    PageView, Projection, Query, Result, RowId, Table, TableSchema, Transaction, Value, avg, count, max, min, sum,
};
