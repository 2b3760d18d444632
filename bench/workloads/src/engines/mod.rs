//! This project's engine, through each of its faces.

mod ours;
mod ours_sql;

pub use ours::Ours;
pub use ours_sql::OursSql;
