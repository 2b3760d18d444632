//! What a file does that a host refuses in part, or whole: in one line, which `cargo xtask npm --wasi` compares.

use wasm_dbms::{Database, Error, FileProvider, MemoryError};
use wasm_dbms_sql::Session;

/// No more rows are put in than this.
const ROWS_MAX: u32 = 2_000;

/// The bytes of a row.
const ROW_BYTES: usize = 8_000;

/// Puts rows into a database until one is refused.
pub(super) fn fill(path: &str) -> String {
    let database = match FileProvider::open(path).map_err(Error::from).and_then(Database::open) {
        Ok(database) => database,
        Err(error) => return format!("not opened: {}", words(&error)),
    };
    let mut added = 0;
    let refusal = {
        let session = Session::new(&database);
        let insert = format!("INSERT INTO t VALUES ('{}')", "x".repeat(ROW_BYTES));
        let mut run = |text: &str, count: u32| match session.run(text) {
            Ok(()) => {
                added += count;
                None
            }
            Err(error) => Some(error.database().map_or_else(|| format!("other: {error}"), words)),
        };
        run("CREATE TABLE IF NOT EXISTS t (x text)", 0)
            .or_else(|| (0..ROWS_MAX).find_map(|_| run(&insert, 1)))
            .unwrap_or_else(|| "nothing".to_owned())
    };
    let found = rows(&database);
    let _tolerated = database.close();
    format!("{added} rows came, {found} are there, refused: {refusal}")
}

/// Opens a database to be read, and counts its rows.
pub(super) fn count(path: &str) -> String {
    match FileProvider::open_read_only(path).map_err(Error::from).and_then(Database::open_read_only) {
        Ok(database) => format!("{} rows", rows(&database)),
        Err(error) => format!("not opened: {}", words(&error)),
    }
}

fn rows(database: &Database) -> String {
    match Session::new(database).query_row::<(i64,)>("SELECT count(*) FROM t", ()) {
        Ok((count,)) => count.to_string(),
        Err(error) => error.to_string(),
    }
}

/// What an error is, and what it says.
fn words(error: &Error) -> String {
    let kind = match error {
        _ if error.is_full() => "full".to_owned(),
        Error::Memory(memory) => match &**memory {
            MemoryError::Locked { .. } => "locked".to_owned(),
            MemoryError::ReadOnly { .. } => "read-only".to_owned(),
            MemoryError::Host { operation, .. } => format!("host, {operation}"),
            _ => "other".to_owned(),
        },
        _ => "other".to_owned(),
    };
    format!("{kind}: {error}")
}
