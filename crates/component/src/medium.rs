//! A host's medium as a provider of the engine.

use wasm_dbms::{Guarantees, MemoryError, MemoryProvider, MemoryResult};

use crate::bindings::wasm_dbms::database::media::{self, Cause, Medium, Refusal};

/// A medium, by its name.
pub(crate) struct MediumProvider {
    name: String,
    medium: Medium,
}

impl MediumProvider {
    /// Opens the host's medium of this name.
    pub(crate) fn open(name: &str) -> MemoryResult<Self> {
        let medium = media::open(name).map_err(|refusal| refused("open", name, refusal))?;
        Ok(Self { name: name.to_owned(), medium })
    }

    fn done<T>(&self, operation: &'static str, outcome: Result<T, Refusal>) -> MemoryResult<T> {
        outcome.map_err(|refusal| refused(operation, &self.name, refusal))
    }
}

fn refused(operation: &'static str, name: &str, Refusal { cause, words }: Refusal) -> Box<MemoryError> {
    Box::new(match cause {
        Cause::Locked => MemoryError::Locked { what: name.to_owned().into(), holder: words.into() },
        Cause::ReadOnly => MemoryError::ReadOnly { operation },
        Cause::Full | Cause::Other => {
            MemoryError::Host { operation, reason: format!("{name}: {words}").into(), is_full: cause == Cause::Full }
        }
    })
}

impl MemoryProvider for MediumProvider {
    fn size(&self) -> MemoryResult<u64> {
        self.done("size", self.medium.size())
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.done("set_size", self.medium.set_size(size))
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let asked = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let bytes = self.done("read", self.medium.read(offset, asked))?;
        match buffer.get_mut(..bytes.len()) {
            Some(buffer) => buffer.copy_from_slice(&bytes),
            None => {
                let words = format!("{} bytes are given where {asked} were asked", bytes.len());
                return Err(refused("read", &self.name, Refusal { cause: Cause::Other, words }));
            }
        }
        Ok(bytes.len())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.done("write", self.medium.write(offset, bytes))?;
        Ok(bytes.len())
    }

    fn sync(&self) -> MemoryResult<()> {
        self.done("sync", self.medium.sync())
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: self.medium.is_persistent() }
    }
}
