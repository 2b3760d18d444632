//! Opening the database file.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use wasm_dbms::prelude::*;

use crate::error::{Error, Result};

/// How each header slot begins, and where they stand (`docs/FORMAT.md`).
const MAGIC: &[u8; 8] = b"wasmdbms";
const SLOTS: [u64; 2] = [0, 4096];

/// Opens a database; one that is not there is made, unless it must be there.
pub(crate) fn open(path: Option<&Path>, is_read_only: bool, must_exist: bool) -> Result<Database> {
    let Some(path) = path else { return Ok(Database::in_memory()) };
    let failed = |reason: String| Error::Open { path: path.to_owned(), reason };
    // A store makes a new database of a file that is empty or all zero. Nobody asked for that here.
    let is_new = match begins_as_a_database(path) {
        Ok(true) => false,
        Ok(false) => return Err(failed("not a wasm-dbms database".into())),
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist && !is_read_only => true,
        Err(error) => return Err(failed(error.to_string())),
    };
    let provider = if is_new { FileProvider::open(path) } else { FileProvider::open_existing(path) };
    let provider = provider.map_err(wasm_dbms::Error::from)?;
    let opened = if is_read_only { Database::open_read_only(provider) } else { Database::open(provider) };
    opened.map_err(|error| failed(error.to_string()))
}

fn begins_as_a_database(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    for slot in SLOTS {
        let mut start = Vec::with_capacity(MAGIC.len());
        file.seek(SeekFrom::Start(slot))?;
        file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start)?;
        if start == MAGIC {
            return Ok(true);
        }
    }
    Ok(false)
}
