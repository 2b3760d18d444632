//! What each command does.

use std::io::Write;

use crate::error::{Error, Result};
use crate::migrate::history;
use crate::shell::Shell;
use crate::{Outcome, dump, import, pages};

use super::{Command, HELP, backup, check, export, indexes, migrate, page, rows, schema, tables};

/// Runs a command.
pub(crate) fn run(command: &Command, shell: &mut Shell<'_>, out: &mut dyn Write) -> Result<Outcome> {
    let (database, format) = (shell.database, shell.format);
    match command {
        Command::Help => out.write_all(HELP.as_bytes())?,
        Command::Quit => return Ok(Outcome::Quit),
        Command::Tables => tables::write(database, format, out)?,
        Command::Schema(table) => schema::write(database, table.as_deref(), out)?,
        Command::Indexes(table) => indexes::write(database, table.as_deref(), format, out)?,
        Command::Rows { table, limit } => rows::write(database, table, *limit, format, out)?,
        Command::Count(table) => writeln!(out, "{}", rows::count(database, table)?)?,
        Command::Dump(table) => dump::write(database, table.as_deref(), out)?,
        Command::Import { path, table } => {
            alone(shell, ".import")?;
            return import::run(database, shell.session.interrupt(), path, table.as_deref(), out);
        }
        Command::Export { path, what: Some(what) } => export::write(shell, path, what, out)?,
        Command::Export { path, what: None } | Command::Backup(path) => backup::write(database, path, out)?,
        Command::Migrate { path, applies, allowed } => {
            alone(shell, ".migrate")?;
            return migrate::run(database, path, *applies, allowed.as_deref(), out);
        }
        Command::Migrations => return history(database, out),
        Command::Check => return check::write(database, out),
        Command::Vacuum => {
            alone(shell, ".vacuum")?;
            let report = database.vacuum()?;
            writeln!(out, "{} pages, {} before", report.pages_after, report.pages_before)?;
        }
        Command::Pages(None) => return pages::write(database, out),
        Command::Pages(Some(path)) => return pages::write_svg(database, path, out),
        Command::Page(number) => page::write(database, *number, out)?,
        Command::Format(format) => shell.format = *format,
        Command::Timer(is_on) => shell.is_timed = *is_on,
    }
    Ok(Outcome::Done)
}

/// Refuses what needs the database for itself while a transaction is open.
fn alone(shell: &Shell<'_>, name: &str) -> Result<()> {
    match shell.session.is_in_transaction() {
        true => Err(Error::Usage(format!("{name} while a transaction is open: COMMIT or ROLLBACK first"))),
        false => Ok(()),
    }
}
