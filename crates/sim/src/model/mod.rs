//! Programs: lists of operations on a database, and an oracle that knows what each must do.
//!
//! ```text
//! draw        draws operations that suit the tables at hand: schemas, values, rows, filters, questions
//! run         does each operation on the database and in the oracle, and compares
//! oracle      tables as maps of values, with every constraint; questions answered the naive way
//! shrink      finds the smallest program that still goes wrong
//! print       writes a program as Rust, for a regression test
//! program     operations as plain data
//! ```
//!
//! Every list of operations is a program: an operation that makes no sense where it stands (the end of no transaction, a
//! row for no table) is refused, and the oracle knows that too. So any part of a program is one, and shrinking is no more
//! than leaving parts out.

mod draw;
pub mod oracle;
mod print;
mod program;
mod run;
mod shrink;

pub use program::{End, Merge, Operation, Program, Setup, ask, create, delete, insert, update};
pub use run::{Bug, Counts, Failure, replay, run_drawn};
pub use shrink::shrunk;

pub(crate) use draw::Draw;
