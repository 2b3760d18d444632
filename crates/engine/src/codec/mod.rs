//! How rows, keys and schemas become bytes.

mod fixed;
pub(crate) mod key;
mod record;
pub(crate) mod row;
pub(crate) mod snapshot;
mod text;
mod value;
