//! The edge of the module.
//!
//! | export | contract |
//! |---|---|
//! | `input(length) -> pointer` | room for that many bytes, which the next call reads |
//! | `open(length) -> database` | opens what the input says (`Server::open`), values as parameters are written |
//! | `close(database) -> code` | closes it |
//! | `begin(database) -> session`, `end(database, session) -> code` | a session |
//! | `prepare(length) -> statement`, `forget(statement)` | keeps the text in the input; forgets it |
//! | `script(database, session, length) -> code` | runs the statements in the input |
//! | `run(database, session, statement, length) -> code` | runs a statement with the parameters in the input |
//! | `insert(database, session, length) -> code` | puts rows in as the input says (`Server::insert`) |
//! | `next_batch() -> code` | the next rows |
//! | `names(statement) -> code` | the names of its columns as a row |
//! | `subscribe(database, length) -> subscription`, `unsubscribe(database, subscription) -> code` | listens to the tables that the input names |
//! | `poll(database, subscription) -> code` | the next changes |
//! | `table_columns(database, length) -> code` | the columns of the table that the input names, as a row |
//! | `export_database(database) -> code` | calls `host.chunk(pointer, length)` with each part of a copy |
//! | `output() -> pointer` | ten doubles: rows changed, cells, columns, 1 if these have new names, 1 if rows are left, then where the tags, the numbers, the text are, how long the text is, where the bytes are |
//! | `failure() -> pointer` | five doubles: the kind, line and column or 0, where its words are, how long they are |
//!
//! A code of 0 is success. A code or number below 0 is an error: `failure` has it. What the pointers name stays until the
//! next call.

#![expect(unsafe_code, reason = "imports can be declared and exports be named in no other way")]

use std::cell::RefCell;
use std::io::{self, Write};

use wasm_dbms::Value;

use crate::failure::{Failure, FailureKind, Result};
use crate::server::Server;
use crate::wire::read_values;

mod host {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) fn chunk(pointer: *const u8, length: usize);
    }
}

/// What outlives a call.
#[derive(Default)]
struct State {
    server: Server,
    input: Vec<u8>,
    output: [f64; 10],
    words: String,
    failure: [f64; 5],
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

impl State {
    /// The first bytes of the input.
    fn input(&self, length: usize) -> Result<&[u8]> {
        first(&self.input, length)
    }

    fn values(&self, length: usize) -> Result<Vec<Value>> {
        read_values(self.input(length)?)
    }

    fn text(&self, length: usize) -> Result<String> {
        match std::str::from_utf8(self.input(length)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Failure::other("a text that is no UTF-8")),
        }
    }

    fn fail(&mut self, Failure { kind, words, place }: Failure) {
        let (line, column) = place.unwrap_or_default();
        self.words = words;
        let (start, length) = (self.words.as_ptr() as usize, self.words.len());
        self.failure = [kind as u8 as f64, line as f64, column as f64, start as f64, length as f64];
    }

    fn tell(&mut self) {
        let server = &self.server;
        let batch = &server.batch;
        self.output = [
            server.changed as f64,
            batch.tags.len() as f64,
            server.columns as f64,
            f64::from(u8::from(server.is_renamed)),
            f64::from(u8::from(server.has_more())),
            batch.tags.as_ptr() as usize as f64,
            batch.numbers.as_ptr() as usize as f64,
            batch.text.as_ptr() as usize as f64,
            batch.text.len() as f64,
            batch.bytes.as_ptr() as usize as f64,
        ];
    }
}

fn first(input: &[u8], length: usize) -> Result<&[u8]> {
    input.get(..length).ok_or_else(|| Failure::other("there is less input than is said"))
}

/// Does it and answers the number that it comes to, or -1.
fn number(work: impl FnOnce(&mut State) -> Result<usize>) -> i32 {
    STATE.with_borrow_mut(|state| match work(state) {
        Ok(number) => number as i32,
        Err(failure) => {
            state.fail(failure);
            -1
        }
    })
}

fn code(work: impl FnOnce(&mut State) -> Result<()>) -> i32 {
    number(|state| work(state).map(|()| 0))
}

/// Does it, and tells where the rows are that it wrote.
fn rows(work: impl FnOnce(&mut State) -> Result<()>) -> i32 {
    code(|state| {
        work(state)?;
        state.tell();
        Ok(())
    })
}

/// Hands what is written to the host.
struct ToHost;

impl Write for ToHost {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: pointer and length are of one borrowed slice, alive during the call; the host copies the bytes, keeps no
        // pointer and does not call back (contract above).
        unsafe { host::chunk(bytes.as_ptr(), bytes.len()) }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// SAFETY, for all of them: no other symbol of this module has one of these names: the linker would refuse two.

#[unsafe(no_mangle)]
extern "C" fn input(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        if state.input.len() < length {
            state.input.resize(length, 0);
        }
        state.input.as_mut_ptr()
    })
}

#[unsafe(no_mangle)]
extern "C" fn open(length: usize) -> i32 {
    number(|state| state.server.open(&state.values(length)?))
}

#[unsafe(no_mangle)]
extern "C" fn close(database: usize) -> i32 {
    code(|state| state.server.close(database))
}

#[unsafe(no_mangle)]
extern "C" fn begin(database: usize) -> i32 {
    number(|state| state.server.begin(database))
}

#[unsafe(no_mangle)]
extern "C" fn end(database: usize, session: usize) -> i32 {
    code(|state| state.server.end(database, session))
}

#[unsafe(no_mangle)]
extern "C" fn prepare(length: usize) -> i32 {
    number(|state| Ok(state.server.prepare(&state.text(length)?)))
}

#[unsafe(no_mangle)]
extern "C" fn forget(statement: usize) {
    STATE.with_borrow_mut(|state| state.server.forget(statement));
}

#[unsafe(no_mangle)]
extern "C" fn script(database: usize, session: usize, length: usize) -> i32 {
    code(|state| state.server.script(database, session, &state.text(length)?))
}

#[unsafe(no_mangle)]
extern "C" fn run(database: usize, session: usize, statement: usize, length: usize) -> i32 {
    rows(|state| state.server.run(database, session, statement, state.values(length)?))
}

#[unsafe(no_mangle)]
extern "C" fn insert(database: usize, session: usize, length: usize) -> i32 {
    rows(|State { server, input, .. }| server.insert(database, session, first(input, length)?))
}

#[unsafe(no_mangle)]
extern "C" fn next_batch() -> i32 {
    rows(|state| state.server.next_batch())
}

#[unsafe(no_mangle)]
extern "C" fn names(statement: usize) -> i32 {
    rows(|state| state.server.names(statement))
}

#[unsafe(no_mangle)]
extern "C" fn subscribe(database: usize, length: usize) -> i32 {
    number(|state| state.server.subscribe(database, &state.values(length)?))
}

#[unsafe(no_mangle)]
extern "C" fn unsubscribe(database: usize, subscription: usize) -> i32 {
    code(|state| state.server.unsubscribe(database, subscription))
}

#[unsafe(no_mangle)]
extern "C" fn poll(database: usize, subscription: usize) -> i32 {
    rows(|state| state.server.poll(database, subscription))
}

#[unsafe(no_mangle)]
extern "C" fn table_columns(database: usize, length: usize) -> i32 {
    rows(|state| state.server.table_columns(database, &state.text(length)?))
}

#[unsafe(no_mangle)]
extern "C" fn export_database(database: usize) -> i32 {
    code(|state| state.server.export(database, &mut ToHost))
}

#[unsafe(no_mangle)]
extern "C" fn output() -> *const f64 {
    STATE.with_borrow(|state| state.output.as_ptr())
}

#[unsafe(no_mangle)]
extern "C" fn failure() -> *const f64 {
    STATE.with_borrow(|state| state.failure.as_ptr())
}

const _: () = assert!(FailureKind::Other as u8 == 0);
