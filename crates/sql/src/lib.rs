//! SQL for wasm-dbms: text becomes statements whose queries and expressions are the engine's own.
//!
//! [`Sql`] gives a [`Database`](wasm_dbms::Database) and its transactions `prepare`, `execute` and `query_row`; a
//! [`Session`] knows BEGIN and COMMIT too. [`parse`] reads one statement, [`parse_all`] a script. A query of SQL is the [`Query`](wasm_dbms_api::Query) that the
//! typed builder makes too; there is no second form of it. What the database does not do is an error that names it, at its
//! place in the text; nothing is ignored that says something of the answer. Comments, hints of a plan (`MATERIALIZED`) and
//! names of constraints say nothing and are read over.
//!
//! Any text is safe to parse: it takes time and memory in proportion to its length, the stack is bounded, and nothing
//! panics. The bounds are in [`limits`].

#[cfg(doctest)]
#[doc = include_str!("../../../docs/SQL.md")]
struct Reference;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/sql.md")]
struct Chapter;

mod bind;
mod dialect;
mod error;
mod failure;
mod keyword;
mod lexer;
pub mod limits;
mod literal;
mod parser;
mod run;
mod statement;
mod token;

pub use dialect::Dialect;
pub use error::{SqlError, SqlErrorKind};
pub use failure::{Error, Result};
pub use parser::{Parameters, Parsed, parse, parse_all, parse_expr};
pub use run::{ColumnIndex, FromRow, IntoParameters, Named, PreparedSql, Row, RowRef, Rows, Session, Sql};
pub use statement::{
    AlterAction, AlterTable, BeginMode, CreateIndex, CreateTable, CreateView, Drop, DropObject, Statement,
    TransactionStatement,
};
pub use token::{TokenKind, keywords, tokens};
