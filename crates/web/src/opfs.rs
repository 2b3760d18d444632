//! A database file in a browser's origin private file system.

use wasm_dbms_api::{FloatForm, MemoryError, MemoryResult, float_text};
use wasm_dbms_memory::{Guarantees, MemoryProvider};

use crate::handle::SyncAccessHandle;

/// The largest number of bytes that JavaScript can count exactly; a browser refuses offsets above it.
const MAX_BYTES: u64 = (1 << 53) - 1;

/// What Chromium states as a count when the disk is full (its issue 541725401): its `FILE_ERROR_NO_SPACE` (-8), taken
/// for a number without a sign. Newer ones (156) throw `QuotaExceededError`, as all do when the quota is used up.
const CHROMIUM_NO_SPACE: f64 = 4_294_967_288.0;

/// A database file in the origin private file system of a browser, for a dedicated worker.
///
/// One opener at a time: the browser locks the file for as long as it is open, in all tabs and workers of the origin,
/// and unlocks it when the provider is dropped or the worker has ended.
pub struct OpfsProvider {
    /// The file's name, for errors.
    name: String,
    handle: Box<dyn SyncAccessHandle>,
}

impl std::fmt::Debug for OpfsProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpfsProvider").field("name", &self.name).finish_non_exhaustive()
    }
}

impl OpfsProvider {
    /// Takes the file that the worker's script has prepared under this name (`await opfs.prepare(name)`).
    ///
    /// # Errors
    /// [`MemoryError::Locked`] if another worker or tab has it open; [`MemoryError::Host`] with the file's name and the
    /// browser's words for whatever else kept the script from opening it, for a name that was not prepared, and outside
    /// of browsers.
    #[cfg(target_family = "wasm")]
    pub fn open(name: &str) -> MemoryResult<Self> {
        let handle = crate::imports::ImportedHandle::open(name).map_err(|refusal| refusal.into_error("open", name))?;
        Ok(Self::over(name, handle))
    }

    /// Takes the file that the worker's script has prepared under this name (`await opfs.prepare(name)`).
    ///
    /// # Errors
    /// [`MemoryError::Locked`] if another worker or tab has it open; [`MemoryError::Host`] with the file's name and the
    /// browser's words for whatever else kept the script from opening it, for a name that was not prepared, and outside
    /// of browsers.
    #[cfg(not(target_family = "wasm"))]
    pub fn open(name: &str) -> MemoryResult<Self> {
        let refusal = crate::Refusal::new("NotSupportedError", "only a browser has an origin private file system");
        Err(refusal.into_error("open", name))
    }

    /// A file that was opened by other means than `js/opfs.js`; `name` is for errors.
    pub fn over(name: impl Into<String>, handle: impl SyncAccessHandle + 'static) -> Self {
        Self { name: name.into(), handle: Box::new(handle) }
    }

    /// Transfers `length` bytes, by as many calls as the browser takes for them. Each call is told how many bytes are
    /// done and states how many more it did; none are the end.
    fn transfer(
        &self,
        operation: &'static str,
        length: usize,
        mut call: impl FnMut(usize) -> Result<f64, crate::Refusal>,
    ) -> MemoryResult<usize> {
        let mut done = 0;
        while done < length {
            let stated = call(done).map_err(|refusal| refusal.into_error(operation, &self.name))?;
            match self.count(operation, stated, length - done)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }

    /// The count that the browser states, if it can be one.
    fn count(&self, operation: &'static str, stated: f64, asked: usize) -> MemoryResult<usize> {
        if stated.trunc() == stated && (0.0..=asked as f64).contains(&stated) {
            return Ok(stated as usize);
        }
        let is_full = stated == CHROMIUM_NO_SPACE;
        let meaning = if is_full { ", which means that there is no space" } else { "" };
        let name = &self.name;
        let reason =
            format!("{name}: the browser states {} bytes where {asked} were asked{meaning}", words(stated)).into();
        Err(Box::new(MemoryError::Host { operation, reason, is_full }))
    }

    /// The error of an offset that no file in a browser can have.
    fn beyond(&self, operation: &'static str) -> Box<MemoryError> {
        let reason = format!("{}: beyond byte {MAX_BYTES}, the last that a browser can address", self.name).into();
        Box::new(MemoryError::Host { operation, reason, is_full: true })
    }
}

/// A number that a browser states, which should be a whole one.
fn words(stated: f64) -> String {
    float_text(stated, FloatForm::Plain)
}

impl MemoryProvider for OpfsProvider {
    fn size(&self) -> MemoryResult<u64> {
        let stated = self.handle.size().map_err(|refusal| refusal.into_error("size", &self.name))?;
        if stated.trunc() == stated && (0.0..=MAX_BYTES as f64).contains(&stated) {
            return Ok(stated as u64);
        }
        let reason = format!("{}: the browser states a size of {} bytes", self.name, words(stated)).into();
        Err(Box::new(MemoryError::Host { operation: "size", reason, is_full: false }))
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        if size > MAX_BYTES {
            return Err(self.beyond("set_size"));
        }
        self.handle.truncate(size as f64).map_err(|refusal| refusal.into_error("set_size", &self.name))
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        if offset.saturating_add(buffer.len() as u64) > MAX_BYTES {
            // No file reaches that far; what there is of it is before.
            let length = usize::try_from(MAX_BYTES.saturating_sub(offset)).unwrap_or(usize::MAX);
            return match buffer.get_mut(..length).filter(|buffer| !buffer.is_empty()) {
                Some(buffer) => self.read(offset, buffer),
                None => Ok(0),
            };
        }
        self.transfer("read", buffer.len(), |done| {
            self.handle.read(buffer.get_mut(done..).unwrap_or_default(), (offset + done as u64) as f64)
        })
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        if offset.saturating_add(bytes.len() as u64) > MAX_BYTES {
            return Err(self.beyond("write"));
        }
        self.transfer("write", bytes.len(), |done| {
            self.handle.write(bytes.get(done..).unwrap_or_default(), (offset + done as u64) as f64)
        })
    }

    fn sync(&self) -> MemoryResult<()> {
        self.handle.flush().map_err(|refusal| refusal.into_error("sync", &self.name))
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: true }
    }

    fn entropy(&self) -> u64 {
        self.handle.entropy()
    }
}
