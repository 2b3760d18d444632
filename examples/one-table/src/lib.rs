//! The whole engine and one table: everything that a program can ask a database to do, done once. What the module of
//! this example weighs is what wasm-dbms weighs in a program that leaves none of it out.
//!
//! | file | what |
//! |---|---|
//! | `note` | the table |
//! | `rows` | writing and reading rows, as structs and by name |
//! | `questions` | queries: joins, groups, sets, functions, plans, cursors |
//! | `transactions` | transactions of every kind, savepoints, snapshots, the change feed |
//! | `upkeep` | tables by name, check, vacuum, scrub, pages, export |
//! | `wasm` | all of it in a module without a system: `run()` and two imports |

pub mod note;
pub mod questions;
pub mod rows;
pub mod transactions;
pub mod upkeep;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub mod wasm;

use wasm_dbms::prelude::*;

/// Receives a line; says whether more is wanted.
pub type Report<'r> = dyn FnMut(&str) -> bool + 'r;

/// Identity of the database: fixed, so that exports do not differ from host to host.
const DATABASE_ID: u64 = 0x4e_4f_54_45;

/// Does everything, on the heap, and gives the exported database. Each line begins with `answer: ` and is the same on
/// every host.
///
/// # Errors
/// Whatever stops it.
pub fn run(report: &mut Report<'_>) -> Result<Vec<u8>> {
    let medium = HeapProvider::new();
    let options = || Options::new().database_id(DATABASE_ID);
    let db = Database::open_with(medium.clone(), options())?.with_schema::<note::Notebook>()?;
    rows::show(&db, report)?;
    questions::show(&db, report)?;
    transactions::show(&db, report)?;
    upkeep::show(&db, report)?;
    db.close()?;
    let db = Database::open_read_only_with(medium, options())?;
    answer(report, "notes in the file", &db.count_values("notes", None)?.to_string());
    let mut exported = Vec::new();
    db.export(&mut exported)?;
    Ok(exported)
}

/// An error of the program's own. A text would be one too, and bring what the standard library shows texts by.
#[derive(Debug)]
struct Words(&'static str);

impl std::fmt::Display for Words {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Words {}

/// Reports what was asked and what came of it.
fn answer(report: &mut Report<'_>, question: &str, answer: &str) {
    report(&["answer: ", question, ": ", answer].concat());
}

/// Rows in one line.
fn line(rows: &[Vec<Value>]) -> String {
    let row = |row: &Vec<Value>| row.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    rows.iter().map(row).collect::<Vec<_>>().join("; ")
}
