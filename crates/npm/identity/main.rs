//! One seeded script of SQL, and what a database exports that has run it: the same bytes on every host.
//!
//! ```text
//! identity write SEED COUNT SCRIPT            draws so many statements, one in a line
//! identity run SCRIPT EXPORT [DATABASE]       runs them, in memory or in a new file, and exports
//! identity fill DATABASE                      puts rows into a file until it refuses one: see medium.rs
//! identity count DATABASE                     opens it to be read, and counts them
//! ```
//!
//! `cargo xtask npm` runs the same script here, in Node and in a browser by the npm package, and compares; the same program as
//! a module of WASI does it there. Statements that the rows refuse are part of the script: it prints how many there were.

#![allow(clippy::print_stdout, reason = "a program that says what it did")]

mod draw;
mod medium;

use std::error::Error;
use std::fs;

use wasm_dbms::{Database, FileProvider, Options};
use wasm_dbms_sql::Session;

/// The number of the database, which is in the bytes.
const DATABASE_ID: u64 = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", seed, count, script] => Ok(fs::write(script, draw::script(seed.parse()?, count.parse()?))?),
        ["run", script, export] => run(script, export, Database::in_memory_with(options())?),
        ["run", script, export, database] => {
            run(script, export, Database::open_with(FileProvider::open(database)?, options())?)
        }
        ["fill", database] => {
            println!("{}", medium::fill(database));
            Ok(())
        }
        ["count", database] => {
            println!("{}", medium::count(database));
            Ok(())
        }
        _ => Err(
            "usage: identity write SEED COUNT SCRIPT, run SCRIPT EXPORT [DATABASE], fill DATABASE or count DATABASE"
                .into(),
        ),
    }
}

fn options() -> Options {
    Options::new().database_id(DATABASE_ID)
}

fn run(script: &str, export: &str, database: Database) -> Result<(), Box<dyn Error>> {
    let mut refused = 0;
    {
        let session = Session::new(&database);
        for statement in fs::read_to_string(script)?.lines() {
            match session.run(statement) {
                Ok(()) => {}
                Err(error) if error.database().is_some_and(wasm_dbms::Error::is_constraint) => refused += 1,
                Err(error) => return Err(format!("{statement}\n{error}").into()),
            }
        }
    }
    let mut bytes = Vec::new();
    database.export(&mut bytes)?;
    fs::write(export, bytes)?;
    database.close()?;
    println!("refused: {refused}");
    Ok(())
}
