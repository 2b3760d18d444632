//! wasm-dbms as a component: what `wit/` says, done by the engine.
//!
//! ```text
//! bindings     what wit-bindgen makes of wit/: both edges of the component
//! database     the resource `database`; `transaction`, `session`, `rows`, `image`: those beside it
//! verbs        what a database and a transaction have in common
//! medium       a host's medium as a provider of the engine
//! value        values, both ways
//! expression   flat lists of nodes to expressions
//! question     questions and assignments
//! table        schemas, both ways
//! failure      errors of the engine as those of the component
//! ```
//!
//! Everything that comes in is foreign: a node that is named twice or before it stands, a row of another width, an amount
//! that no decimal has are errors, and nothing recurses along what was sent.

mod bindings;
mod database;
mod expression;
mod failure;
mod image;
mod medium;
mod question;
mod rows;
mod session;
mod table;
mod transaction;
mod value;
mod verbs;

use bindings::exports::wasm_dbms::database::store::Guest;

/// What the component exports.
struct Component;

impl Guest for Component {
    type Image = image::ImageResource;
    type Database = database::DatabaseResource;
    type Rows = rows::RowsResource;
    type Session = session::SessionResource;
    type Transaction = transaction::TransactionResource;
}
