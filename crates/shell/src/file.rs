//! Opening the database file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use wasm_dbms::prelude::*;

use crate::error::{Error, Result};

/// How each header slot begins, and where they stand (`docs/FORMAT.md`).
const MAGIC: &[u8; 8] = b"wasmdbms";
const SLOTS: [u64; 2] = [0, 4096];

/// Opens a database that is there.
pub(crate) fn open(path: &Path) -> Result<Database> {
    let failed = |reason: String| Error::Open { path: path.to_owned(), reason };
    // A store makes a new database of a file that is empty or all zero. Nobody asked for that here.
    match begins_as_a_database(path) {
        Ok(true) => {}
        Ok(false) => return Err(failed("not a wasm-dbms database".into())),
        Err(error) => return Err(failed(error.to_string())),
    }
    let provider = FileProvider::open_existing(path).map_err(wasm_dbms::Error::from)?;
    Database::open(provider).map_err(|error| failed(error.to_string()))
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
