//! The edge of the module: its exports and its imports, as the head of `main.rs` has them.

#![expect(unsafe_code, reason = "imports can be declared and exports be named in no other way")]

use std::panic;

use wasm_dbms::Result;

mod imports {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) fn say(pointer: *const u8, length: usize);
        pub(super) safe fn opened(batch: f64);
        pub(super) safe fn committed(batch: f64, is_durable: u32);
    }
}

/// Says one line.
pub(crate) fn say(line: &str) {
    // SAFETY: pointer and length are of one borrowed string, initialised and alive during the call; the host only reads
    // them and keeps no pointer (contract above).
    unsafe { imports::say(line.as_ptr(), line.len()) }
}

/// Everything is as it must be after this batch.
pub(crate) fn opened(batch: u64) {
    imports::opened(batch as f64);
}

/// The batch is committed.
pub(crate) fn committed(batch: u64, is_durable: bool) {
    imports::committed(batch as f64, is_durable.into());
}

/// Runs what an export does and makes a code of its result.
fn run(work: impl FnOnce() -> Result<()>) -> i32 {
    panic::set_hook(Box::new(|panic| say(&panic.to_string())));
    match work() {
        Ok(()) => 0,
        Err(error) => {
            say(&error.to_string());
            if error.is_full() {
                1
            } else if error.is_in_doubt() {
                2
            } else {
                3
            }
        }
    }
}

// SAFETY, for all of them: no other symbol of this module has one of these names: the linker would refuse two.

#[unsafe(no_mangle)]
extern "C" fn contract() -> i32 {
    run(super::contract)
}

#[unsafe(no_mangle)]
extern "C" fn contract_again() -> i32 {
    run(super::contract_again)
}

#[unsafe(no_mangle)]
extern "C" fn second(lane: u32) -> i32 {
    run(|| super::second(lane))
}

#[unsafe(no_mangle)]
extern "C" fn verify(lane: u32) -> i32 {
    run(|| super::verify(lane))
}

// Not `write`: the imports of `opfs` have one, and libc too.
#[unsafe(no_mangle)]
extern "C" fn write_batches(lane: u32, count: u32) -> i32 {
    run(|| super::write(lane, count))
}
