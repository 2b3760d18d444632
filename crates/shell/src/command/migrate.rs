//! `.migrate`: the tables become those of a schema in a file of SQL or JSON.

use std::io::Write;
use std::path::Path;

use wasm_dbms::prelude::*;
use wasm_dbms_sql::Session;

use crate::error::{Error, Result};
use crate::{Outcome, cell, definition};

/// Prints what is to be done so that the tables become those of the file, and does it if `applies`. `allowed` are the
/// operations that may lose data, in the words of the plan, with semicolons between them.
pub(super) fn run(
    database: &Database,
    path: &Path,
    applies: bool,
    allowed: Option<&str>,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let mut wanted = wanted(path)?;
    // Views are kept in a table, and are no part of a schema.
    let has_views = wanted.iter().any(|schema| schema.name == definition::VIEWS_TABLE);
    let views = database.schemas()?.into_iter().filter(|schema| schema.name == definition::VIEWS_TABLE && !has_views);
    wanted.extend(views);
    let wanted: Vec<&TableSchema> = wanted.iter().collect();
    let plan = database.plan_migration_to(&wanted, true)?;
    if plan.is_empty() {
        writeln!(out, "nothing to do")?;
        return Ok(Outcome::Done);
    }
    if applies {
        let words = allowed.unwrap_or_default().split(';').map(str::trim).filter(|words| !words.is_empty());
        let policy = words.fold(MigrationPolicy::new(), MigrationPolicy::allow);
        database.migrate_to(&wanted, true, &policy)?;
    }
    for operation in &plan.operations {
        writeln!(out, "{}", cell::escaped(&operation.to_string()))?;
    }
    if applies {
        writeln!(out, "done")?;
    }
    Ok(Outcome::Done)
}

/// The tables of a file: of JSON, a list of them; else what is there once its SQL was run.
fn wanted(path: &Path) -> Result<Vec<TableSchema>> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?;
    if path.extension().is_some_and(|extension| extension == "json") {
        let read = serde_json::from_str(&text);
        return read.map_err(|error| Error::Usage(format!("{}: {error}", path.display())));
    }
    let scratch = Database::in_memory();
    Session::new(&scratch).run(&text)?;
    Ok(scratch.schemas()?)
}
