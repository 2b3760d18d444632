//! `.migrate`: the tables become those of a schema in a file of SQL or JSON.

use std::io::Write;
use std::path::Path;

use wasm_dbms::prelude::*;

use crate::Outcome;
use crate::error::Result;
use crate::migrate::{Wanted, show};

/// Prints what is to be done so that the tables become those of the file, and does it if `applies`. `allowed` are the
/// operations that may lose data, in the words of the plan, with semicolons between them.
pub(super) fn run(
    database: &Database,
    path: &Path,
    applies: bool,
    allowed: Option<&str>,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let wanted = Wanted::read(database, path, true)?;
    let plan = wanted.plan(database)?;
    let applies = applies && !plan.is_empty();
    if applies {
        let words = allowed.unwrap_or_default().split(';').map(str::trim).filter(|words| !words.is_empty());
        wanted.apply(database, &words.fold(MigrationPolicy::new(), MigrationPolicy::allow))?;
    }
    show(&plan, out)?;
    if applies {
        writeln!(out, "done")?;
    }
    Ok(Outcome::Done)
}
