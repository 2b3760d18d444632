//! A provider whose counts are checked: every transfer is whole or a typed error.

use std::sync::Arc;

use wasm_dbms_api::{MemoryError, MemoryResult};

use crate::provider::MemoryProvider;

/// So many zeros are written at once.
const ZEROS: usize = 1 << 17;

/// A provider behind exact reads and writes. Clones share it.
#[derive(Clone)]
pub(crate) struct Medium {
    provider: Arc<dyn MemoryProvider>,
}

impl std::fmt::Debug for Medium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Medium").field("guarantees", &self.provider.guarantees()).finish()
    }
}

impl Medium {
    pub(crate) fn new(provider: Box<dyn MemoryProvider>) -> Self {
        Self { provider: Arc::from(provider) }
    }

    /// A throw-away medium.
    pub(crate) fn scratch(&self) -> MemoryResult<Self> {
        self.provider.scratch().map(Self::new)
    }

    pub(crate) fn size(&self) -> MemoryResult<u64> {
        self.provider.size()
    }

    pub(crate) fn entropy(&self) -> u64 {
        self.provider.entropy()
    }

    /// Makes sure that the medium has at least this many bytes.
    pub(crate) fn ensure_size(&self, size: u64) -> MemoryResult<()> {
        if self.provider.size()? < size { self.provider.set_size(size) } else { Ok(()) }
    }

    pub(crate) fn is_persistent(&self) -> bool {
        self.provider.guarantees().is_persistent
    }

    pub(crate) fn is_message_atomic(&self) -> bool {
        self.provider.is_message_atomic()
    }

    /// Grows or cuts the medium.
    pub(crate) fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.provider.set_size(size)
    }

    /// Reads what is there, at most the buffer's length; the rest of the buffer is zeroed. Returns how much was there.
    /// A read that is short where the medium goes on is the host's failure, and no evidence about the file.
    pub(crate) fn read_available(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let length = self.provider.read(offset, buffer)?;
        match buffer.get_mut(length..) {
            Some([]) => {}
            Some(rest) => {
                rest.fill(0);
                let there = self.provider.size()?.saturating_sub(offset).min(buffer.len() as u64);
                if (length as u64) < there {
                    return Err(Box::new(MemoryError::Host {
                        operation: "read",
                        reason: format!("only {length} of {there} bytes were read").into(),
                        is_full: false,
                    }));
                }
            }
            None => return Err(impossible("read", length, buffer.len())),
        }
        Ok(length)
    }

    /// Fills the buffer; a medium that ends before is truncated.
    pub(crate) fn read_exact(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<()> {
        let length = self.read_available(offset, buffer)?;
        if length < buffer.len() {
            let end = offset.saturating_add(buffer.len() as u64);
            let found = offset.saturating_add(length as u64);
            return Err(MemoryError::corrupt_with(format_args!(
                "the file is truncated: it ends at byte {found}, a structure reaches to byte {end}"
            )));
        }
        Ok(())
    }

    /// Writes all the bytes.
    pub(crate) fn write_all(&self, offset: u64, bytes: &[u8]) -> MemoryResult<()> {
        let length = self.provider.write(offset, bytes)?;
        match length.cmp(&bytes.len()) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(Box::new(MemoryError::Host {
                operation: "write",
                reason: format!("only {length} of {} bytes were written", bytes.len()).into(),
                is_full: true,
            })),
            std::cmp::Ordering::Greater => Err(impossible("write", length, bytes.len())),
        }
    }

    /// Writes zeros.
    pub(crate) fn zero(&self, mut offset: u64, mut length: u64) -> MemoryResult<()> {
        let zeros = vec![0; length.min(ZEROS as u64) as usize];
        while length > 0 {
            let count = length.min(ZEROS as u64);
            self.write_all(offset, zeros.get(..count as usize).unwrap_or_default())?;
            offset += count;
            length -= count;
        }
        Ok(())
    }

    pub(crate) fn sync(&self) -> MemoryResult<()> {
        self.provider.sync()
    }
}

fn impossible(operation: &'static str, stated: usize, asked: usize) -> Box<MemoryError> {
    Box::new(MemoryError::Host {
        operation,
        reason: format!("the host states {stated} bytes where {asked} were asked").into(),
        is_full: false,
    })
}
