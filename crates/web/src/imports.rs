//! The files that `js/opfs.js` has opened, by their number: the imports of the module `opfs`.
//!
//! | import | contract |
//! |---|---|
//! | `open(name, length) -> number` | takes the file that was prepared under this name; its number |
//! | `close(number)` | closes the file and gives its number back |
//! | `size(number) -> bytes` | `getSize()` |
//! | `truncate(number, size) -> 0` | `truncate(size)` |
//! | `read(number, buffer, length, offset) -> bytes` | `read()` into these bytes of the memory |
//! | `write(number, bytes, length, offset) -> bytes` | `write()` of these bytes of the memory |
//! | `flush(number) -> 0` | `flush()` |
//! | `words(buffer, capacity) -> length` | the last exception as UTF-8, `name: message`, cut to the capacity |
//! | `random() -> u32` | 32 random bits |
//!
//! A negative number says that an exception was thrown; `words` has it. Numbers are `f64`, those of JavaScript, so that
//! offsets above 4 GiB need no BigInt. A number that is no open file is an exception too, so the imports that take no
//! pointer cannot do harm, whatever they are given: these are declared safe.

#![expect(unsafe_code, reason = "imports can be declared, and those that take pointers called, in no other way")]

use crate::handle::{Refusal, SyncAccessHandle};

/// The longest exception that is taken over, in bytes.
const MAX_WORDS_BYTES: usize = 400;

#[link(wasm_import_module = "opfs")]
unsafe extern "C" {
    fn open(name: *const u8, length: usize) -> f64;
    fn read(number: u32, buffer: *mut u8, length: usize, offset: f64) -> f64;
    fn write(number: u32, bytes: *const u8, length: usize, offset: f64) -> f64;
    fn words(buffer: *mut u8, capacity: usize) -> usize;
    safe fn close(number: u32);
    safe fn size(number: u32) -> f64;
    safe fn truncate(number: u32, size: f64) -> f64;
    safe fn flush(number: u32) -> f64;
    safe fn random() -> u32;
}

/// A file that the script has opened.
pub(crate) struct ImportedHandle {
    number: u32,
}

impl ImportedHandle {
    /// Takes the file that was prepared under this name.
    pub(crate) fn open(name: &str) -> Result<Self, Refusal> {
        // SAFETY: pointer and length are of one borrowed string, initialised and alive during the call; the host only
        // reads them and keeps no pointer (contract above).
        let number = answer(unsafe { open(name.as_ptr(), name.len()) })?;
        Ok(Self { number: number as u32 })
    }
}

impl Drop for ImportedHandle {
    fn drop(&mut self) {
        close(self.number);
    }
}

impl SyncAccessHandle for ImportedHandle {
    fn size(&self) -> Result<f64, Refusal> {
        answer(size(self.number))
    }

    fn truncate(&self, size: f64) -> Result<(), Refusal> {
        answer(truncate(self.number, size)).map(drop)
    }

    fn read(&self, buffer: &mut [u8], offset: f64) -> Result<f64, Refusal> {
        // SAFETY: pointer and length are of one slice that is borrowed mutably and so alive and not read by anyone else
        // during the call; the host writes within it and keeps no pointer (contract above). Whatever it leaves there
        // are initialised bytes.
        answer(unsafe { read(self.number, buffer.as_mut_ptr(), buffer.len(), offset) })
    }

    fn write(&self, bytes: &[u8], offset: f64) -> Result<f64, Refusal> {
        // SAFETY: pointer and length are of one borrowed slice, initialised and alive during the call; the host only
        // reads them and keeps no pointer (contract above).
        answer(unsafe { write(self.number, bytes.as_ptr(), bytes.len(), offset) })
    }

    fn flush(&self) -> Result<(), Refusal> {
        answer(flush(self.number)).map(drop)
    }

    fn entropy(&self) -> u64 {
        u64::from(random()) << 32 | u64::from(random())
    }
}

/// The number that the host answered, or the exception that it says was thrown.
fn answer(number: f64) -> Result<f64, Refusal> {
    if number < 0.0 { Err(last_exception()) } else { Ok(number) }
}

#[cold]
fn last_exception() -> Refusal {
    let mut buffer = [0; MAX_WORDS_BYTES];
    // SAFETY: pointer and length are of one array on this stack, initialised, borrowed by nobody else during the call;
    // the host writes within it and keeps no pointer (contract above).
    let length = unsafe { words(buffer.as_mut_ptr(), buffer.len()) };
    let words = buffer.get(..length).unwrap_or_default();
    // A text that was too long may end inside of a character.
    let end = std::str::from_utf8(words).map_or_else(|error| error.valid_up_to(), str::len);
    Refusal::from_words(words.get(..end).and_then(|words| std::str::from_utf8(words).ok()).unwrap_or_default())
}
