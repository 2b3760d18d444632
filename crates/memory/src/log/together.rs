//! Writes of places that follow one another, put together: a call of the host for each page costs more than its bytes.

use wasm_dbms_api::MemoryResult;

use crate::log::medium::Medium;

/// So many bytes go into one call at most.
const RUN_BYTES: usize = 1 << 17;

/// Places that were given and are not written yet. Whoever is done calls [`finish`](Self::finish).
pub(crate) struct Together<'a> {
    medium: &'a Medium,
    start: u64,
    run: Vec<u8>,
    /// How many bytes there will be, at most.
    room: usize,
}

impl<'a> Together<'a> {
    /// Nothing yet; `bytes` will be given in all, at most.
    pub(crate) fn new(medium: &'a Medium, bytes: usize) -> Self {
        Self { medium, start: 0, run: Vec::new(), room: bytes.min(RUN_BYTES) }
    }

    /// Writes a place, now or with the next ones.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> MemoryResult<()> {
        if self.start + self.run.len() as u64 != address || self.run.len() + bytes.len() > RUN_BYTES {
            self.flush()?;
        }
        if self.run.is_empty() {
            self.start = address;
            self.run.reserve_exact(self.room);
        }
        self.run.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> MemoryResult<()> {
        self.flush()
    }

    fn flush(&mut self) -> MemoryResult<()> {
        if !self.run.is_empty() {
            self.medium.write_all(self.start, &self.run)?;
            self.run.clear();
        }
        Ok(())
    }
}
