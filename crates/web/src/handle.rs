//! The browser's side: an open file, and the exception that it throws instead of an answer.

use std::borrow::Cow;

use wasm_dbms_api::MemoryError;
use wasm_dbms_memory::HostSync;

/// An open file, as a browser's [`FileSystemSyncAccessHandle`][handle] gives it to a dedicated worker. Dropping it
/// closes the file.
///
/// Sizes, offsets and counts are numbers of JavaScript. The counts are the browser's own words: whoever implements this
/// passes them on unchecked.
///
/// [handle]: https://developer.mozilla.org/docs/Web/API/FileSystemSyncAccessHandle
pub trait SyncAccessHandle: HostSync {
    /// `getSize()`
    ///
    /// # Errors
    /// The exception.
    fn size(&self) -> Result<f64, Refusal>;

    /// `truncate(size)`, which grows too
    ///
    /// # Errors
    /// The exception.
    fn truncate(&self, size: f64) -> Result<(), Refusal>;

    /// `read(buffer, { at: offset })`
    ///
    /// # Errors
    /// The exception.
    fn read(&self, buffer: &mut [u8], offset: f64) -> Result<f64, Refusal>;

    /// `write(bytes, { at: offset })`
    ///
    /// # Errors
    /// The exception.
    fn write(&self, bytes: &[u8], offset: f64) -> Result<f64, Refusal>;

    /// `flush()`
    ///
    /// # Errors
    /// The exception.
    fn flush(&self) -> Result<(), Refusal>;

    /// A random number, or 0 where there is none to be had.
    fn entropy(&self) -> u64;
}

/// An exception of the browser.
///
/// ```
/// use wasm_dbms_web::Refusal;
///
/// let refusal = Refusal::new("QuotaExceededError", "No space available for this operation");
/// assert_eq!(refusal, Refusal::from_words("QuotaExceededError: No space available for this operation"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    name: Cow<'static, str>,
    message: Cow<'static, str>,
}

impl Refusal {
    /// An exception by its name (`QuotaExceededError`, ..) and its message.
    pub fn new(name: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), message: message.into() }
    }

    /// An exception as JavaScript prints it: `name: message`.
    pub fn from_words(words: &str) -> Self {
        // A name has no colon.
        let colon = words.bytes().position(|byte| byte == b':').unwrap_or(words.len());
        let (name, rest) = words.split_at(colon);
        let (name, message) = rest.strip_prefix(": ").map_or(("Error", words), |message| (name, message));
        Self::new(name.to_owned(), message.to_owned())
    }

    /// The error of an operation on the file that was refused so.
    pub(crate) fn into_error(self, operation: &'static str, file: &str) -> Box<MemoryError> {
        let Self { name, message } = self;
        if operation == "open" && name == "NoModificationAllowedError" {
            return Box::new(MemoryError::Locked {
                what: file.to_owned().into(),
                holder: format!("another worker or tab has it open, or closed it this moment ({message})").into(),
            });
        }
        let is_full = name == "QuotaExceededError";
        Box::new(MemoryError::Host { operation, reason: format!("{file}: {name}: {message}").into(), is_full })
    }
}
