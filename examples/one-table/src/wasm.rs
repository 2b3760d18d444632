//! The scenario in a module without a system (`wasm32-unknown-unknown`).
//!
//! | name | kind | contract |
//! |---|---|---|
//! | `run() -> i32` | export | everything; 0 if it succeeded, else 1 and the last line logged begins with `error: ` |
//! | `host.log(pointer, length)` | import | receives one line of UTF-8 text, without its end |
//! | `host.export(pointer, length)` | import | receives the exported database |
//!
//! The bytes are in the exported `memory` and are valid only until the import returns: the host copies them.

#![expect(unsafe_code, reason = "imports can be declared and an export can be named in no other way")]

/// The heap: a small one, since 2 KB of a module are much.
#[global_allocator]
static HEAP: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

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

/// Runs the scenario and exports the database.
// SAFETY: no other symbol of this module is called `run`: the linker would refuse two.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> i32 {
    let outcome = crate::run(&mut |line| {
        log(line);
        true
    });
    match outcome {
        Ok(exported) => {
            // SAFETY: as for `log`: one slice, alive during the call, read by the host and not kept.
            unsafe { host::export(exported.as_ptr(), exported.len()) }
            0
        }
        Err(error) => {
            log(&["error: ", &error.to_string()].concat());
            1
        }
    }
}
