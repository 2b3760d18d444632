//! How rows, keys and schemas become bytes.

mod fixed;
pub(crate) mod key;
pub(crate) mod record;
pub(crate) mod row;
pub(crate) mod snapshot;
mod text;
mod value;
