//! `wasm-dbms migrate FILE SCHEMA`: the tables become those of a schema in a file; and what `.migrate` does.
//!
//! What it came to is the exit code: a script that asks for the plan knows whether there is something to do, and whether it
//! would be refused.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use wasm_dbms::prelude::*;
use wasm_dbms::{Clock, MigrationPlan};
use wasm_dbms_sql::Session;

use crate::error::{Error, Result};
use crate::{Outcome, cell, definition, file};

/// What `migrate --help` says last.
const AFTER_HELP: &str = "\
SCHEMA is a file of SQL (CREATE TABLE, CREATE INDEX, ALTER TABLE ..), or, named .json, a list of tables as JSON.
Tables that it does not have go, unless --keep-others.

Exit codes:
  0  nothing is to be done, or it was done
  1  an error; nothing was changed
  2  --plan: there is something to do
  3  something would lose data and is not allowed; nothing was changed";

/// Shows what would make the tables those of a schema, or does it: all of it or nothing
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct MigrateArguments {
    /// The database file
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: OsString,
    /// The schema, in SQL or JSON
    #[arg(value_hint = clap::ValueHint::FilePath, required_unless_present = "history")]
    schema: Option<PathBuf>,
    /// Prints what would be done, the rows it touches and what loses data; what is done where nothing else is said
    #[arg(long, conflicts_with_all = ["apply", "history"])]
    plan: bool,
    /// Does it
    #[arg(long, conflicts_with = "history")]
    apply: bool,
    /// Lists the migrations that were made
    #[arg(long, conflicts_with_all = ["schema", "allow", "dry_run"])]
    history: bool,
    /// Does it on a copy beside the database, which is checked and removed
    #[arg(long, requires = "apply")]
    dry_run: bool,
    /// Lets this operation lose data, in the words of the plan; once for each
    #[arg(long, value_name = "OPERATION")]
    allow: Vec<String>,
    /// The table or column of the schema had this name: OLD=NEW, or TABLE.OLD=NEW with the table's new name
    #[arg(long, value_name = "OLD=NEW")]
    renamed: Vec<String>,
    /// Tables that the schema does not have stay
    #[arg(long)]
    keep_others: bool,
    /// Writes all rows anew, so that what dropped columns held is gone at once
    #[arg(long)]
    rewrite_rows: bool,
    /// Prints the plan as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &MigrateArguments, out: &mut dyn Write) -> Result<Outcome> {
    let path = Path::new(&arguments.file);
    let changes = arguments.apply && !arguments.dry_run;
    let database = file::open(Some(path), !changes, true)?.with_clock(WallClock);
    let Some(schema) = &arguments.schema else { return history(&database, out) };
    let mut wanted = Wanted::read(&database, schema, !arguments.keep_others)?;
    arguments.renamed.iter().try_for_each(|renamed| wanted.rename(renamed))?;
    let plan = wanted.plan(&database)?;
    match arguments.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&plan).map_err(|error| usage(schema, error))?)?,
        false => show(&plan, out)?,
    }
    let refused = refused(&plan, &arguments.allow);
    if !refused.is_empty() {
        out.flush()?;
        tell(&refused);
        return Ok(Outcome::Refused);
    }
    if plan.is_empty() {
        return Ok(Outcome::Done);
    }
    if !arguments.apply {
        return Ok(Outcome::Pending);
    }
    let mut policy = arguments.allow.iter().fold(MigrationPolicy::new(), MigrationPolicy::allow);
    if arguments.rewrite_rows {
        policy = policy.rewrite_rows();
    }
    if arguments.dry_run {
        let findings = try_on_copy(&database, path, &wanted, &policy)?;
        findings.iter().try_for_each(|finding| writeln!(out, "{}", cell::escaped(finding)))?;
        say(arguments, out, if findings.is_empty() { "done on a copy, which is sound and gone" } else { "not sound" })?;
        return Ok(if findings.is_empty() { Outcome::Done } else { Outcome::Findings });
    }
    wanted.apply(&database, &policy)?;
    database.close()?;
    say(arguments, out, "done")?;
    Ok(Outcome::Done)
}

/// What a reader of the plan would not want in its JSON.
fn say(arguments: &MigrateArguments, out: &mut dyn Write, what: &str) -> Result<()> {
    if !arguments.json {
        writeln!(out, "{what}")?;
    }
    Ok(())
}

/// Says what is to be allowed.
fn tell(refused: &[String]) {
    let flags: Vec<String> = refused.iter().map(|words| format!(" --allow '{}'", cell::escaped(words))).collect();
    // If stderr is closed there is nobody left to tell.
    let _nobody_left = writeln!(std::io::stderr(), "error: it would lose data; to allow it:{}", flags.concat());
}

/// Prints a plan, one line for each operation.
pub(crate) fn show(plan: &MigrationPlan, out: &mut dyn Write) -> Result<()> {
    if plan.is_empty() {
        writeln!(out, "nothing to do")?;
    }
    for operation in &plan.operations {
        writeln!(out, "{}", cell::escaped(&operation.to_string()))?;
    }
    Ok(())
}

/// Lists the migrations that were made.
pub(crate) fn history(database: &Database, out: &mut dyn Write) -> Result<Outcome> {
    for (number, migration) in database.migrations()?.iter().enumerate() {
        match migration.time_ms.and_then(|time| i64::try_from(time).ok()?.checked_mul(1000)) {
            Some(time) => writeln!(out, "{}: {}", number + 1, DateTime::from_microseconds(time))?,
            None => writeln!(out, "{}:", number + 1)?,
        }
        for operation in &migration.operations {
            writeln!(out, "  {}", cell::escaped(operation))?;
        }
    }
    Ok(Outcome::Done)
}

/// What of a plan loses data and is not allowed.
fn refused(plan: &MigrationPlan, allowed: &[String]) -> Vec<String> {
    let losing = plan.operations.iter().filter(|planned| planned.is_destructive);
    losing.map(|planned| planned.operation.to_string()).filter(|words| !allowed.contains(words)).collect()
}

/// What the history is dated by.
#[derive(Debug)]
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.ok().and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default()
    }
}

/// The tables that are wanted.
pub(crate) struct Wanted {
    tables: Vec<TableSchema>,
    drops_others: bool,
}

impl Wanted {
    /// The tables of a file: of JSON, a list of them; else what is there once its SQL was run.
    pub(crate) fn read(database: &Database, path: &Path, drops_others: bool) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| usage(path, error))?;
        let mut tables: Vec<TableSchema> = if path.extension().is_some_and(|extension| extension == "json") {
            serde_json::from_str(&text).map_err(|error| usage(path, error))?
        } else {
            let scratch = Database::in_memory();
            Session::new(&scratch).run(&text)?;
            scratch.schemas()?
        };
        // Views are kept in a table, and are no part of a schema.
        if !tables.iter().any(|schema| schema.name == definition::VIEWS_TABLE) {
            tables.extend(database.schemas()?.into_iter().filter(|schema| schema.name == definition::VIEWS_TABLE));
        }
        Ok(Self { tables, drops_others })
    }

    /// `OLD=NEW` or `TABLE.OLD=NEW`.
    fn rename(&mut self, words: &str) -> Result<()> {
        let wrong = || Error::Usage(format!("--renamed takes OLD=NEW or TABLE.OLD=NEW of the schema, not {words}"));
        let (old, new) = words.split_once('=').ok_or_else(wrong)?;
        let (table, column) = old.split_once('.').map_or((new, None), |(table, column)| (table, Some(column)));
        let schema = self.tables.iter_mut().find(|schema| schema.name == table).ok_or_else(wrong)?;
        match column {
            None => schema.renamed_from.push(old.to_owned()),
            Some(old) => {
                let column = schema.columns.iter_mut().find(|column| column.name == new).ok_or_else(wrong)?;
                column.renamed_from.push(old.to_owned());
            }
        }
        Ok(())
    }

    fn tables(&self) -> Vec<&TableSchema> {
        self.tables.iter().collect()
    }

    pub(crate) fn plan(&self, database: &Database) -> Result<MigrationPlan> {
        Ok(database.plan_migration_to(&self.tables(), self.drops_others)?)
    }

    pub(crate) fn apply(&self, database: &Database, policy: &MigrationPolicy) -> Result<()> {
        database.migrate_to(&self.tables(), self.drops_others, policy)?;
        Ok(())
    }
}

/// Migrates a copy of a database, and returns what is wrong with it then.
fn try_on_copy(database: &Database, path: &Path, wanted: &Wanted, policy: &MigrationPolicy) -> Result<Vec<String>> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".dry-run-{}", std::process::id()));
    let copy = Copy(PathBuf::from(name));
    let file = OpenOptions::new().write(true).create_new(true).open(&copy.0);
    let mut writer = BufWriter::new(file.map_err(|error| Error::export(&copy.0, error))?);
    database.export(&mut writer).map_err(|error| Error::export(&copy.0, error))?;
    writer.flush().map_err(|error| Error::export(&copy.0, error))?;
    drop(writer);
    let tried = file::open(Some(&copy.0), false, true)?;
    wanted.apply(&tried, policy)?;
    Ok(tried.check()?)
}

/// A file that goes away.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // It may not have been made.
        let _or_it_is_not_there = std::fs::remove_file(&self.0);
    }
}

fn usage(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::Usage(format!("{}: {error}", path.display()))
}
