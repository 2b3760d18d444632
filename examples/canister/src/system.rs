//! What the system calls, and what it is asked for: the methods by the names that it wants, over the imports of `ic0`.

#![expect(unsafe_code, reason = "imports can be declared and exports be named in no other way")]

use wasm_dbms::{Error, Options};
use wasm_dbms_canister::StableMemoryProvider;

use crate::candid;

/// After so many instructions a message does no more: the system ends one at forty billion.
const ENOUGH_INSTRUCTIONS: u64 = 20_000_000;

mod ic0 {
    #[link(wasm_import_module = "ic0")]
    unsafe extern "C" {
        pub(super) fn msg_arg_data_copy(destination: usize, offset: usize, size: usize);
        pub(super) fn msg_reply_data_append(source: usize, size: usize);
        pub(super) fn trap(source: usize, size: usize);
        pub(super) safe fn msg_arg_data_size() -> usize;
        pub(super) safe fn msg_reply();
        pub(super) safe fn performance_counter(kind: u32) -> u64;
    }
}

/// The text that the message brings.
fn argument() -> String {
    let mut message = vec![0; ic0::msg_arg_data_size()];
    // SAFETY: pointer and length are of one vector, initialised, and as long as the message; the system writes within it.
    unsafe { ic0::msg_arg_data_copy(message.as_mut_ptr() as usize, 0, message.len()) };
    candid::text_of(&message).unwrap_or_default().to_owned()
}

fn reply(message: &[u8]) {
    // SAFETY: pointer and length are of one borrowed slice, alive during the call; the system only reads it.
    unsafe { ic0::msg_reply_data_append(message.as_ptr() as usize, message.len()) };
    ic0::msg_reply();
}

fn answer(text: &str) {
    reply(&candid::of_text(text));
}

/// Opens the database, which is there after an upgrade. A canister that could not is not installed.
fn open() {
    let options = argument().parse().map_or_else(|_| Options::new(), |number| Options::new().database_id(number));
    let opened = StableMemoryProvider::open().map_err(Error::from).and_then(|medium| crate::open(medium, options));
    if let Err(error) = opened {
        let words = error.to_string();
        // SAFETY: pointer and length are of one string, alive during the call, which does not return.
        unsafe { ic0::trap(words.as_ptr() as usize, words.len()) };
    }
}

// SAFETY, for all of them: no other symbol of this module has one of these names: the linker would refuse two.

#[unsafe(export_name = "canister_init")]
extern "C" fn init() {
    open();
}

#[unsafe(export_name = "canister_post_upgrade")]
extern "C" fn post_upgrade() {
    open();
}

#[unsafe(export_name = "canister_update exec")]
extern "C" fn exec() {
    answer(&crate::exec(&argument()));
}

#[unsafe(export_name = "canister_query query")]
extern "C" fn query() {
    answer(&crate::query(&argument()));
}

#[unsafe(export_name = "canister_query check")]
extern "C" fn check() {
    answer(&crate::check());
}

#[unsafe(export_name = "canister_update index")]
extern "C" fn index() {
    answer(&crate::index(&argument(), &|| ic0::performance_counter(0) > ENOUGH_INSTRUCTIONS));
}

#[unsafe(export_name = "canister_update index_at_once")]
extern "C" fn index_at_once() {
    answer(&crate::index(&argument(), &|| false));
}

#[unsafe(export_name = "canister_update export")]
extern "C" fn export() {
    answer(&crate::export());
}

#[unsafe(export_name = "canister_query part")]
extern "C" fn part() {
    reply(&candid::of_blob(&crate::part(&argument())));
}
