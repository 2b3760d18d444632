//! `.backup`: the canonical bytes of the database.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use wasm_dbms::prelude::Database;

use crate::error::{Error, Result};

/// Writes the canonical bytes into a new file. Nothing that is there is overwritten, the database itself least of all.
pub(super) fn write(database: &Database, path: &Path, out: &mut dyn Write) -> Result<()> {
    let failed = |reason: String| Error::Export { path: path.to_owned(), reason };
    let file = File::create_new(path).map_err(|error| failed(error.to_string()))?;
    let written = write_bytes(database, file);
    let size = written.map_err(|reason| {
        // Half an export is none.
        let _the_first_reason_counts = fs::remove_file(path);
        failed(reason)
    })?;
    writeln!(out, "{size} bytes in {}", path.display())?;
    Ok(())
}

fn write_bytes(database: &Database, file: File) -> std::result::Result<u64, String> {
    let mut writer = BufWriter::with_capacity(1 << 20, file);
    database.export(&mut writer).map_err(|error| error.to_string())?;
    let file = writer.into_inner().map_err(|error| error.to_string())?;
    let size = file.sync_all().and_then(|()| file.metadata()).map_err(|error| error.to_string())?;
    Ok(size.len())
}
