//! A medium that keeps every call, and can be told to fail.

use std::sync::{Arc, Mutex, MutexGuard};

use wasm_dbms_api::{MemoryError, MemoryResult};
use wasm_dbms_memory::{Guarantees, MemoryProvider};

/// A call that changes the medium or orders changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Write { offset: u64, bytes: Vec<u8> },
    SetSize(u64),
    Sync,
    FailedSync,
}

#[derive(Debug, Default)]
struct Tape {
    /// The medium as its opener sees it: every call so far, synced or not.
    live: Vec<u8>,
    calls: Vec<Call>,
    read_bytes: usize,
    /// After this many more calls one fails.
    calls_until_failure: Option<usize>,
}

/// A medium that keeps every call. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Tape>>);

impl Recorder {
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Tape { live: bytes, ..Tape::default() })))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.tape().calls.clone()
    }

    /// How many calls there were.
    pub(crate) fn count(&self) -> usize {
        self.tape().calls.len()
    }

    pub(crate) fn sync_count(&self) -> usize {
        self.tape().calls.iter().filter(|call| **call == Call::Sync).count()
    }

    /// How many bytes were read.
    pub(crate) fn read_bytes(&self) -> usize {
        self.tape().read_bytes
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.tape().live.clone()
    }

    /// The call after `calls` more fails: a write half done, a size or sync not at all. `None` heals the medium.
    pub(crate) fn fail_after(&self, calls: Option<usize>) {
        self.tape().calls_until_failure = calls;
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap()
    }
}

impl Tape {
    fn fails_now(&mut self) -> bool {
        match &mut self.calls_until_failure {
            Some(0) => {
                self.calls_until_failure = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) {
        let start = offset as usize;
        let end = start + bytes.len();
        if self.live.len() < end {
            self.live.resize(end, 0);
        }
        self.live[start..end].copy_from_slice(bytes);
        self.calls.push(Call::Write { offset, bytes: bytes.to_vec() });
    }
}

fn broken(operation: &'static str) -> MemoryError {
    MemoryError::Host { operation, reason: "the test broke it".into(), is_full: false }
}

impl MemoryProvider for Recorder {
    fn size(&self) -> MemoryResult<u64> {
        Ok(self.tape().live.len() as u64)
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        let mut tape = self.tape();
        if tape.fails_now() {
            return Err(broken("set_size"));
        }
        tape.live.resize(size as usize, 0);
        tape.calls.push(Call::SetSize(size));
        Ok(())
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let mut tape = self.tape();
        let source = tape.live.get(offset as usize..).unwrap_or_default();
        let length = source.len().min(buffer.len());
        buffer[..length].copy_from_slice(&source[..length]);
        tape.read_bytes += length;
        Ok(length)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        let mut tape = self.tape();
        if tape.fails_now() {
            let half = bytes.len() / 1024 * 512;
            tape.write(offset, &bytes[..half]);
            return Err(broken("write"));
        }
        tape.write(offset, bytes);
        Ok(bytes.len())
    }

    fn sync(&self) -> MemoryResult<()> {
        let mut tape = self.tape();
        if tape.fails_now() {
            tape.calls.push(Call::FailedSync);
            return Err(broken("sync"));
        }
        tape.calls.push(Call::Sync);
        Ok(())
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: true }
    }
}
