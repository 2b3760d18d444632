//! The edge of a module: what [`edge!`](crate::edge!) exports, for the language that it is given.
//!
//! | export | contract |
//! |---|---|
//! | `input(length) -> pointer` | room for that many bytes, which the next call reads |
//! | `open(length) -> database` | opens what the input says (`Server::open`), values as `wire` has them |
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

#![expect(unsafe_code, reason = "imports can be declared in no other way")]

use std::io::{self, Write};

use wasm_dbms::Value;

use crate::failure::{Failure, FailureKind, Result};
use crate::language::Language;
use crate::server::Server;
use crate::wire::Values;

mod host {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        pub(super) fn chunk(pointer: *const u8, length: usize);
    }
}

/// What outlives a call.
#[expect(missing_debug_implementations, reason = "it is there for the exports alone")]
pub struct State<L: Language> {
    server: Server<L>,
    input: Vec<u8>,
    output: [f64; 10],
    words: String,
    failure: [f64; 5],
}

impl<L: Language> Default for State<L> {
    fn default() -> Self {
        let (input, words) = Default::default();
        Self { server: Server::default(), input, output: [0.0; 10], words, failure: [0.0; 5] }
    }
}

impl<L: Language> State<L> {
    /// The first bytes of the input.
    fn given(&self, length: usize) -> Result<&[u8]> {
        first(&self.input, length)
    }

    fn values(&self, length: usize) -> Result<Vec<Value>> {
        Values::new(self.given(length)?)?.take_all()
    }

    fn text(&self, length: usize) -> Result<String> {
        match std::str::from_utf8(self.given(length)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Failure::other("a text that is no UTF-8")),
        }
    }

    #[cold]
    #[inline(never)]
    fn fail(&mut self, failure: Box<Failure>) {
        let Failure { kind, words, place } = *failure;
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

impl<L: Language> State<L> {
    /// Does it and answers the number that it comes to, or -1.
    fn number(&mut self, work: impl FnOnce(&mut Self) -> Result<usize>) -> i32 {
        match work(self) {
            Ok(number) => number as i32,
            Err(failure) => {
                self.fail(failure);
                -1
            }
        }
    }

    fn code(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> i32 {
        self.number(|state| work(state).map(|()| 0))
    }

    /// Does it, and tells where the rows are that it wrote.
    fn rows(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> i32 {
        self.code(|state| {
            work(state)?;
            state.tell();
            Ok(())
        })
    }
}

#[expect(missing_docs, reason = "what each export does is said at the head")]
impl<L: Language> State<L> {
    pub fn input(&mut self, length: usize) -> *mut u8 {
        if self.input.len() < length {
            self.input.resize(length, 0);
        }
        self.input.as_mut_ptr()
    }

    pub fn open(&mut self, length: usize) -> i32 {
        self.number(|state| state.server.open(&state.values(length)?))
    }

    pub fn close(&mut self, database: usize) -> i32 {
        self.code(|state| state.server.close(database))
    }

    pub fn begin(&mut self, database: usize) -> i32 {
        self.number(|state| state.server.begin(database))
    }

    pub fn end(&mut self, database: usize, session: usize) -> i32 {
        self.code(|state| state.server.end(database, session))
    }

    pub fn prepare(&mut self, length: usize) -> i32 {
        self.number(|state| Ok(state.server.prepare(&state.text(length)?)))
    }

    pub fn forget(&mut self, statement: usize) {
        self.server.forget(statement);
    }

    pub fn script(&mut self, database: usize, session: usize, length: usize) -> i32 {
        self.code(|state| state.server.script(database, session, &state.text(length)?))
    }

    pub fn run(&mut self, database: usize, session: usize, statement: usize, length: usize) -> i32 {
        self.rows(|state| state.server.run(database, session, statement, state.values(length)?))
    }

    pub fn insert(&mut self, database: usize, session: usize, length: usize) -> i32 {
        self.rows(|Self { server, input, .. }| server.insert(database, session, Values::new(first(input, length)?)?))
    }

    pub fn next_batch(&mut self) -> i32 {
        self.rows(|state| {
            state.server.next_batch();
            Ok(())
        })
    }

    pub fn names(&mut self, statement: usize) -> i32 {
        self.rows(|state| state.server.names(statement))
    }

    pub fn subscribe(&mut self, database: usize, length: usize) -> i32 {
        self.number(|state| state.server.subscribe(database, &state.values(length)?))
    }

    pub fn unsubscribe(&mut self, database: usize, subscription: usize) -> i32 {
        self.code(|state| state.server.unsubscribe(database, subscription))
    }

    pub fn poll(&mut self, database: usize, subscription: usize) -> i32 {
        self.rows(|state| state.server.poll(database, subscription))
    }

    pub fn table_columns(&mut self, database: usize, length: usize) -> i32 {
        self.rows(|state| state.server.table_columns(database, &state.text(length)?))
    }

    pub fn export_database(&mut self, database: usize) -> i32 {
        self.code(|state| state.server.export(database, &mut ToHost))
    }

    pub fn output(&mut self) -> *const f64 {
        self.output.as_ptr()
    }

    pub fn failure(&mut self) -> *const f64 {
        self.failure.as_ptr()
    }
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

/// Exports what the table above says, for one language. The crate of the module calls it, once.
#[macro_export]
macro_rules! edge {
    (@each $($name:ident($($argument:ident: usize),*) $(-> $result:ty)?;)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name($($argument: usize),*) $(-> $result)? {
                state().$name($($argument),*)
            }
        )*
    };
    ($language:ty) => {
        thread_local! {
            static STATE: &'static std::cell::RefCell<$crate::edge::State<$language>> = Box::leak(Box::default());
        }

        fn state() -> std::cell::RefMut<'static, $crate::edge::State<$language>> {
            STATE.with(|state| state.borrow_mut())
        }

        // SAFETY, for all of them: no other symbol of the module has one of these names: the linker would refuse two.
        $crate::edge! { @each
            input(length: usize) -> *mut u8;
            open(length: usize) -> i32;
            close(database: usize) -> i32;
            begin(database: usize) -> i32;
            end(database: usize, session: usize) -> i32;
            prepare(length: usize) -> i32;
            forget(statement: usize);
            script(database: usize, session: usize, length: usize) -> i32;
            run(database: usize, session: usize, statement: usize, length: usize) -> i32;
            insert(database: usize, session: usize, length: usize) -> i32;
            next_batch() -> i32;
            names(statement: usize) -> i32;
            subscribe(database: usize, length: usize) -> i32;
            unsubscribe(database: usize, subscription: usize) -> i32;
            poll(database: usize, subscription: usize) -> i32;
            table_columns(database: usize, length: usize) -> i32;
            export_database(database: usize) -> i32;
            output() -> *const f64;
            failure() -> *const f64;
        }
    };
}

const _: () = assert!(FailureKind::Other as u8 == 0);
