//! The shared words of wasm-dbms.
//!
//! This crate knows no storage. It holds what every other crate must agree on: how a Rust value becomes bytes
//! ([`Encode`]), what a page is ([`Page`]), what a column can hold ([`Value`], [`DataType`]), how a table is
//! described ([`TableSchema`]) and how a question is asked ([`Expr`], [`Query`]). Most users name only the facade
//! crate `wasm-dbms`, which re-exports all of it.

mod arena;
mod as_parameter;
mod column;
mod column_migration;
mod data_type;
mod date;
mod date_time;
mod decimal;
mod decimal_arithmetic;
mod decimal_sum;
mod encode;
mod expr;
mod field;
mod float;
mod float_text;
mod integer_text;
mod json;
mod letter_case;
mod memory_error;
mod migration;
mod page;
mod part;
pub mod prelude;
mod projection;
mod query;
mod rule;
mod schema;
mod table;
pub mod text_parts;
mod text_serde;
mod uuid_text;
mod value;
mod whole;

pub use arena::ValueArena;
pub use as_parameter::AsParameter;
pub use column::{Column, Literal, Operand};
pub use column_migration::ColumnMigration;
pub use data_type::DataType;
pub use date::Date;
pub use date_time::DateTime;
pub use decimal::Decimal;
pub use decimal_arithmetic::Rounding;
pub use decimal_sum::DecimalSum;
pub use encode::{DataSize, Encode};
pub use expr::{
    AggregateCall, AggregateFunction, Argument, Arithmetic, Case, ColumnRef, Comparison, Expr, FrameBound,
    FrameExclusion, FrameUnit, Identifier, MAX_ARGUMENTS, Name, Outcome, ScalarFunction, Signature, WindowCall,
    WindowFrame, WindowFunction,
};
#[cfg(feature = "serde")]
#[doc(hidden)]
pub use field::as_json;
pub use field::{ConversionError, CustomDataType, Field};
pub use float::parse_float;
pub use float_text::{FloatForm, float_text};
pub use integer_text::{parse_digits, parse_integer, parse_unsigned};
pub use json::{Json, JsonError, JsonKind, JsonPath, JsonRef};
pub use letter_case::{lower_case, upper_case};
pub use memory_error::{MemoryError, MemoryResult};
pub use migration::{MigrationOperation, MigrationPlan, MigrationWork, PlannedOperation};
pub use page::{Page, PageOffset};
pub use part::{MAX_EXPRESSION_DEPTH, Part};
pub use projection::{Aggregate, Projection, Selectable, Summable, avg, count, max, min, sum};
pub use query::{
    CommonTable, Join, JoinCondition, JoinKind, Nulls, Order, Origin, Output, Query, SetOperation, Source,
};
pub use rule::{CustomRules, CustomSanitizer, CustomValidator, RuleTypes, Sanitize, Sanitizer, Validate, Validator};
pub use schema::{
    CheckSchema, ColumnSchema, ForeignKeySchema, IndexColumn, IndexSchema, ReferentialAction, SchemaError, TableSchema,
};
pub use table::{AsKey, DatabaseSchema, Insert, Key, RowId, RowSource, Table};
#[doc(hidden)]
pub use uuid::Uuid;
pub use uuid_text::{parse_uuid, uuid_text};
pub use value::{Value, ValueRef};
