//! The module that `cargo xtask browser` runs in the workers of a browser: the contract of the provider, and databases
//! that are written until something happens to their worker. Natively it is empty; `tests/` run its parts there.
//!
//! | name | kind | contract |
//! |---|---|---|
//! | `contract() -> code` | export | the promises of a provider, on `contract.db`, which is new; leaves bytes in it |
//! | `contract_again() -> code` | export | finds what `contract` left |
//! | `second(lane) -> code` | export | succeeds if `lane-{lane}.db` is refused since another has it open |
//! | `verify(lane) -> code` | export | opens `lane-{lane}.db`, checks and compares everything, closes it |
//! | `write_batches(lane, count) -> code` | export | checks and compares everything, commits so many batches, closes |
//! | `host.say(pointer, length)` | import | receives a line of UTF-8 text |
//! | `host.opened(batch)` | import | opened: everything is as it must be after this batch |
//! | `host.committed(batch, is_durable)` | import | the batch is committed, and synced if `is_durable` is 1 |
//!
//! Codes: 0 for success, 1 for an error that says that the medium is full, 2 for a commit in doubt, 3 for any other
//! error. The error is the last thing said. Batches are numbers of JavaScript.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod batches;
mod contract;
mod host;

use wasm_dbms::prelude::*;
use wasm_dbms_web::OpfsProvider;

fn contract() -> Result<()> {
    let broken = |words: String| Error::other(words);
    let provider = OpfsProvider::open("contract.db")?;
    if !provider.guarantees().is_persistent {
        return Err(broken("a file of the browser says that it is not persistent".into()));
    }
    if provider.entropy() == provider.entropy() {
        return Err(broken("the random numbers are equal".into()));
    }
    contract::check(&provider).map_err(broken)?;
    contract::leave_bytes(&provider).map_err(broken)
}

fn contract_again() -> Result<()> {
    let provider = OpfsProvider::open("contract.db")?;
    contract::check_what_was_left(&provider).map_err(Error::other)
}

fn second(lane: u32) -> Result<()> {
    match OpfsProvider::open(&file(lane)) {
        Err(error) if matches!(*error, MemoryError::Locked { .. }) => {
            host::say(&error.to_string());
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(Error::other("a second opener got the file")),
    }
}

fn verify(lane: u32) -> Result<()> {
    let database = open(lane)?;
    Ok(database.close()?)
}

fn write(lane: u32, count: u32) -> Result<()> {
    let database = open(lane)?;
    let last = batches::last(&database)?;
    for number in last + 1..=last.saturating_add(count.into()) {
        if let Err(error) = batches::commit(&database, number) {
            // Whatever refused the commit, reads serve the state before it.
            host::say(&format!("after the refusal batch {} is the last", batches::verify(&database)?));
            return Err(error);
        }
        host::committed(number, batches::durability(number) == Durability::Full);
    }
    Ok(database.close()?)
}

fn file(lane: u32) -> String {
    format!("lane-{lane}.db")
}

/// Opens the database of a lane and tells what is there.
fn open(lane: u32) -> Result<Database> {
    let database = batches::open(OpfsProvider::open(&file(lane))?)?;
    host::opened(batches::verify(&database)?);
    Ok(database)
}
