//! The scenario in a module without a system (`wasm32-unknown-unknown`): on the heap, with the built-in data.
//!
//! | name | kind | contract |
//! |---|---|---|
//! | `run() -> i32` | export | the whole scenario; 0 if it succeeded, else 1 and the last line logged begins with `error: ` |
//! | `host.log(pointer, length)` | import | receives one line of UTF-8 text, without its end |
//! | `host.export(pointer, length)` | import | receives the exported database, chunk by chunk, in order |
//!
//! The bytes are in the exported `memory` and are valid only until the import returns: the host copies them.

#![expect(unsafe_code, reason = "imports can be declared and an export can be named in no other way")]

use std::io::{self, BufWriter, Write};

use wasm_dbms::prelude::*;

use crate::data::Data;
use crate::report::Report;
use crate::{Error, Result, scenario, schema};

/// Bytes given to the host at once.
const CHUNK_BYTES: usize = 64 * 1024;

mod host {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) fn log(pointer: *const u8, length: usize);
        pub(super) fn export(pointer: *const u8, length: usize);
    }
}

/// Logs one line.
fn log(line: &str) {
    // SAFETY: pointer and length are of one borrowed string, initialised and alive during the call; the host only reads
    // them, keeps no pointer (contract above), and cannot call back into this module, which exports only `run`.
    unsafe { host::log(line.as_ptr(), line.len()) }
}

/// Lines go to the log of the host.
struct Log;

impl Report for Log {
    fn line(&mut self, text: &str) -> Result<()> {
        log(text);
        Ok(())
    }
}

/// Bytes go to the export of the host.
struct Export;

impl Write for Export {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: as for `log`: one borrowed slice, alive during the call, read by the host and not kept.
        unsafe { host::export(bytes.as_ptr(), bytes.len()) }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the scenario and exports the database.
// SAFETY: no other symbol of this module is called `run`: the linker would refuse two.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> i32 {
    match run_and_export() {
        Ok(()) => 0,
        Err(error) => {
            log(&format!("error: {error}"));
            1
        }
    }
}

/// What [`run`] does.
fn run_and_export() -> Result<()> {
    let database = schema::open(HeapProvider::new())?;
    scenario::run(&database, &Data::built_in(), &mut Log)?;
    let mut writer = BufWriter::with_capacity(CHUNK_BYTES, Export);
    database.export(&mut writer)?;
    writer.flush().map_err(|source| Error::Write { file: String::from("the export"), source })
}
