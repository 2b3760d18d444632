//! Does what the command line asks for: opens, runs or verifies, exports, closes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use wasm_dbms::prelude::*;

use crate::arguments::Arguments;
use crate::data::Data;
use crate::report::Report;
use crate::{Error, Result, scenario, schema};

/// Does it.
///
/// # Errors
/// Whatever stops it.
pub fn run(arguments: &Arguments, report: &mut dyn Report) -> Result<()> {
    if let Some(file) = &arguments.verify {
        let provider = FileProvider::open_existing(file).map_err(wasm_dbms::Error::from)?;
        let database = schema::open_written(provider)?;
        return scenario::verify(&database, report);
    }
    let data = match &arguments.files {
        Some((places, regions)) => Data::read(places, regions)?,
        None => Data::built_in(),
    };
    let (_temporary, database) = open(arguments.database.as_deref())?;
    scenario::run(&database, &data, report)?;
    if let Some(file) = &arguments.export {
        export(&database, file)?;
        report.note(&format!("exported to {}", file.display()))?;
    }
    Ok(database.close()?)
}

/// Opens the database of the run; what comes first must outlive it.
fn open(file: Option<&Path>) -> Result<(Option<Temporary>, Database)> {
    match file {
        Some(file) => Ok((None, open_file(file)?)),
        None => open_temporary(),
    }
}

/// Opens the database in a file, a new one if there is none.
fn open_file(file: &Path) -> Result<Database> {
    schema::open(FileProvider::open(file).map_err(wasm_dbms::Error::from)?)
}

/// Writes the exported database to `file`.
fn export(database: &Database, file: &Path) -> Result<()> {
    let failed = |source| Error::Write { file: file.display().to_string(), source };
    let mut writer = BufWriter::new(File::create(file).map_err(failed)?);
    database.export(&mut writer)?;
    writer.flush().map_err(failed)
}

/// The folder of a temporary database; removed with all that is in it.
#[cfg(feature = "terminal")]
type Temporary = tempfile::TempDir;

/// Nothing on the medium.
#[cfg(not(feature = "terminal"))]
type Temporary = ();

/// A database in a temporary file.
#[cfg(feature = "terminal")]
fn open_temporary() -> Result<(Option<Temporary>, Database)> {
    let folder = tempfile::tempdir()
        .map_err(|source| Error::Write { file: std::env::temp_dir().display().to_string(), source })?;
    let database = open_file(&folder.path().join("world.db"))?;
    Ok((Some(folder), database))
}

/// A database on the heap: small hosts may have no temporary folder.
#[cfg(not(feature = "terminal"))]
fn open_temporary() -> Result<(Option<Temporary>, Database)> {
    Ok((None, schema::open(HeapProvider::new())?))
}
