//! A canister with a database in its stable memory, asked in SQL. `cargo xtask canister` runs it.
//!
//! | method | kind | what |
//! |---|---|---|
//! | `exec : (text) -> (text)` | update | runs a script |
//! | `query : (text) -> (text)` | query | a line for each row, its values apart by tabs |
//! | `check : (text) -> (text)` | query | looks whether everything is sound |
//! | `index : (text) -> (text)` | update | makes an index of the table and column that are named, as far as a message goes: ask until it says `done` |
//! | `index_at_once : (text) -> (text)` | update | the same in one message, which may be too much for one |
//! | `export : (text) -> (text)` | update | makes a copy; its length |
//! | `part : (text) -> (blob)` | query | a part of the copy, from the byte on that is named |
//!
//! An answer that begins with `refused: ` is an error of the database. The database number may be given to `canister_init`.
//! A real canister would rather have `ic-cdk` for its methods and `candid` for what they take; here the few imports and the
//! two types stand in `system` and `candid`, so that nothing is hidden.

mod candid;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod system;

use std::cell::RefCell;

use wasm_dbms::prelude::*;
use wasm_dbms_sql::Session;

/// The most bytes of a part: an answer of the system holds no more than 2 MiB.
pub const MAX_PART_BYTES: usize = 1 << 20;

/// How many rows a step of a migration works on.
const STEP_ROWS: usize = 200;

/// The database, and what is said to it across messages.
struct State {
    database: &'static Database,
    session: Session<'static>,
    copy: Vec<u8>,
}

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Opens the database on a medium, for as long as this canister lives on the heap that it has.
///
/// # Errors
/// As [`Database::open`].
pub fn open(medium: impl MemoryProvider + 'static, options: Options) -> Result<()> {
    // It lives until the heap goes: at the next upgrade.
    let database: &'static Database = Box::leak(Box::new(Database::open_with(medium, options)?));
    let state = State { database, session: Session::new(database), copy: Vec::new() };
    STATE.with_borrow_mut(|here| *here = Some(state));
    Ok(())
}

fn with(work: impl FnOnce(&mut State) -> std::result::Result<String, String>) -> String {
    STATE.with_borrow_mut(|state| {
        let answer = state.as_mut().ok_or_else(|| "the database is not open".to_owned()).and_then(work);
        answer.unwrap_or_else(|words| ["refused: ", &words].concat())
    })
}

/// Runs a script.
pub fn exec(script: &str) -> String {
    with(|state| state.session.run(script).map(|()| "done".to_owned()).map_err(|error| error.to_string()))
}

/// A line for each row of an answer, its values apart by tabs.
pub fn query(text: &str) -> String {
    with(|state| {
        let rows: Vec<Vec<Value>> = state.session.query_rows(text, ()).map_err(|error| error.to_string())?;
        let line = |row: &Vec<Value>| row.iter().map(Value::to_string).collect::<Vec<_>>().join("\t");
        Ok(rows.iter().map(line).collect::<Vec<_>>().join("\n"))
    })
}

/// Looks whether everything is sound.
pub fn check() -> String {
    with(|state| match state.database.check().map_err(|error| error.to_string())?.as_slice() {
        [] => Ok("sound".to_owned()),
        findings => Err(findings.join("; ")),
    })
}

/// Makes an index of `TABLE COLUMN` in steps, until `is_enough` says that this message has done enough.
pub fn index(of: &str, is_enough: &dyn Fn() -> bool) -> String {
    with(|state| {
        let said = |error: Error| error.to_string();
        let (table, column) = of.split_once(' ').ok_or("name a table and a column")?;
        let stored = state.database.schemas().map_err(said)?;
        let stored = stored.into_iter().find(|schema| schema.name == table).ok_or("there is no such table")?;
        let wanted = stored.index([column]);
        loop {
            let policy = MigrationPolicy::new();
            let progress = state.database.migrate_step_to(&[&wanted], false, &policy, STEP_ROWS).map_err(said)?;
            if progress.is_done {
                return Ok("done".to_owned());
            }
            if is_enough() {
                return Ok(format!("{} done, {} left", progress.done, progress.left));
            }
        }
    })
}

/// Makes a copy of the database; its length.
pub fn export() -> String {
    with(|state| {
        state.copy.clear();
        state.database.export(&mut state.copy).map_err(|error| error.to_string())?;
        Ok(state.copy.len().to_string())
    })
}

/// A part of the copy, from a byte on.
pub fn part(start: &str) -> Vec<u8> {
    STATE.with_borrow(|state| {
        let rest = state.as_ref().and_then(|state| state.copy.get(start.parse().ok()?..)).unwrap_or_default();
        rest.get(..rest.len().min(MAX_PART_BYTES)).unwrap_or_default().to_vec()
    })
}
