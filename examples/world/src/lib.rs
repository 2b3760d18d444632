//! The main job of wasm-dbms on real input: load places and regions from CSV, ask questions of them, change
//! them, take a change back, look into the file and export it.
//!
//! One scenario, every host: [`scenario::run`] neither knows where the database lives nor who reads its lines.
//!
//! | file | what |
//! |---|---|
//! | `schema` | the two tables, the options of the database |
//! | `data` | where CSV text comes from: built in or files |
//! | `rows` | CSV lines become checked rows; what is wrong is said with its line |
//! | `load` | both files in one transaction |
//! | `changes` | an update, a refused deletion, a transaction taken back |
//! | `questions` | what only reads |
//! | `pages` | what the file is made of |
//! | `scenario` | all of it in order |
//! | `report` | how lines leave |
//! | `stopwatch` | rows per second, where there is a clock |
//! | `arguments`, `command`, `terminal` | the command line (native and WASI) |
//! | `wasm` | the same without a system: `run()` and two imports |

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub mod arguments;
pub mod changes;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub mod command;
pub mod data;
mod error;
pub mod load;
pub mod pages;
pub mod questions;
pub mod report;
pub mod rows;
pub mod scenario;
pub mod schema;
pub mod stopwatch;
#[cfg(feature = "terminal")]
pub mod terminal;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub mod wasm;

pub use error::{Error, Result};
