//! The change feed: who subscribes hears of every row that a commit changes.
//!
//! ```text
//! topic          which tables and keys
//! subscription   Subscription: changes as values, one after the other
//! typed          Feed: changes of one table as structs
//! ```

mod subscription;
mod topic;
mod typed;

pub use subscription::{RowChanged, Subscription};
pub use topic::Topic;
pub use typed::{Change, Feed};
