//! `.export`: rows into a file.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use wasm_dbms::Identifier;

use crate::error::{Error, Result};
use crate::format::{self, Format};
use crate::shell::Shell;

/// Writes a table, or what a query answers, into a new file, in the format that its name says.
pub(super) fn write(shell: &Shell<'_>, path: &Path, what: &str, out: &mut dyn Write) -> Result<()> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let format = match extension.as_deref() {
        Some("csv") => Some(Format::Csv),
        Some("json") => Some(Format::Json),
        Some("md") => Some(Format::Markdown),
        Some("jsonl" | "ndjson") => None,
        _ => return Err(Error::Usage("the file of .export ends in .csv, .json, .jsonl or .md".into())),
    };
    let is_query = what.trim().contains(char::is_whitespace);
    let query = if is_query { what.to_owned() } else { format!("SELECT * FROM {}", Identifier(what)) };
    let rows = shell.session.query(&query, ())?;
    let columns = rows.columns().to_vec();
    let rows = rows.map(|row| Ok(row?.into_values())).collect::<wasm_dbms_sql::Result<Vec<_>>>()?;
    // Nothing that is there is overwritten.
    let file = File::create_new(path).map_err(|error| Error::export(path, error))?;
    let mut writer = BufWriter::new(file);
    let written = match format {
        Some(format) => format::write(format, &columns, &rows, &mut writer),
        None => format::write_json_lines(&columns, &rows, &mut writer),
    };
    let written = written.and_then(|()| Ok(writer.flush()?));
    if let Err(error) = written {
        // Half an export is none.
        let _the_first_reason_counts = fs::remove_file(path);
        return Err(Error::export(path, error));
    }
    writeln!(out, "{} rows in {}", rows.len(), path.display())?;
    Ok(())
}
