//! A provider that keeps what was asked of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::MemoryResult;
use wasm_dbms_memory::{Guarantees, HeapProvider, MemoryProvider};

/// A call that changes a medium or orders changes, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// These bytes were written. After a short write: those that the medium says it took.
    Write {
        /// Where.
        offset: u64,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// A write failed. Some of it may have been done: these bytes were found there afterwards.
    FailedWrite {
        /// Where.
        offset: u64,
        /// What was found.
        bytes: Arc<[u8]>,
    },
    /// The size was set.
    SetSize(u64),
    /// Setting the size failed; this was found to be the size afterwards.
    FailedSetSize(u64),
    /// Everything before is on the medium.
    Sync,
    /// A sync failed: nothing is known about what came before it, and the host may never write it again.
    FailedSync,
}

/// How much was asked of a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls of `read`, failed ones too.
    pub reads: u64,
    /// Bytes that were read.
    pub read_bytes: u64,
    /// Calls of `write` that succeeded.
    pub writes: u64,
    /// Bytes that were written.
    pub written_bytes: u64,
    /// Calls of `set_size` that succeeded.
    pub size_changes: u64,
    /// Calls of `sync` that succeeded.
    pub syncs: u64,
    /// Writes, size changes and syncs that failed.
    pub failures: u64,
}

#[derive(Debug, Default)]
struct Tape {
    calls: Vec<Call>,
    reads: Vec<(u64, usize)>,
    counts: Counts,
    skips_syncs: bool,
}

/// A provider that forwards every call and keeps it. Clones share the tape.
///
/// ```
/// use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, Options};
/// use wasm_dbms_sim::{Call, Recorder};
///
/// let medium = Recorder::new(HeapProvider::new());
/// let mut store = MemoryManager::open(Box::new(medium.clone()), Options::new())?;
/// let before = medium.counts();
/// let page = store.claim_page()?;
/// store.write_at(page, 0, &7u64)?;
/// store.commit(Durability::Full)?;
/// assert_eq!(medium.counts().syncs - before.syncs, 1);
/// assert_eq!(medium.calls().last(), Some(&Call::Sync));
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Recorder<P = HeapProvider> {
    inner: P,
    tape: Arc<Mutex<Tape>>,
}

impl<P> Recorder<P> {
    /// Records what is asked of `inner`.
    pub fn new(inner: P) -> Self {
        Self { inner, tape: Arc::default() }
    }

    /// The provider that does the work.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// Every call but reads, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.tape().calls.clone()
    }

    /// How many calls there were, reads left out.
    pub fn count(&self) -> usize {
        self.tape().calls.len()
    }

    /// Every read: where, and how many bytes it gave.
    pub fn reads(&self) -> Vec<(u64, usize)> {
        self.tape().reads.clone()
    }

    /// How much was asked.
    pub fn counts(&self) -> Counts {
        self.tape().counts
    }

    /// From now on syncs are acknowledged and not done: a broken medium, to see that a test finds it out.
    #[doc(hidden)]
    pub fn skip_syncs(&self) {
        self.tape().skips_syncs = true;
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, call: Call) {
        let mut tape = self.tape();
        match &call {
            Call::Write { bytes, .. } => {
                tape.counts.writes += 1;
                tape.counts.written_bytes += bytes.len() as u64;
            }
            Call::SetSize(_) => tape.counts.size_changes += 1,
            Call::Sync => tape.counts.syncs += 1,
            Call::FailedWrite { .. } | Call::FailedSetSize(_) | Call::FailedSync => tape.counts.failures += 1,
        }
        tape.calls.push(call);
    }
}

impl<P: MemoryProvider> MemoryProvider for Recorder<P> {
    fn size(&self) -> MemoryResult<u64> {
        self.inner.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        let result = self.inner.set_size(size);
        match &result {
            Ok(()) => self.note(Call::SetSize(size)),
            Err(_) => self.note(Call::FailedSetSize(self.inner.size().unwrap_or(size))),
        }
        result
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let result = self.inner.read(offset, buffer);
        let length = result.as_ref().copied().unwrap_or(0).min(buffer.len());
        let mut tape = self.tape();
        tape.counts.reads += 1;
        tape.counts.read_bytes += length as u64;
        tape.reads.push((offset, length));
        result
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        let result = self.inner.write(offset, bytes);
        self.note(match result.as_ref().ok().and_then(|length| bytes.get(..*length)) {
            Some(written) => Call::Write { offset, bytes: written.into() },
            None => {
                let mut found = vec![0; bytes.len()];
                let length = self.inner.read(offset, &mut found).ok().filter(|length| *length <= bytes.len());
                found.truncate(length.unwrap_or(0));
                Call::FailedWrite { offset, bytes: found.into() }
            }
        });
        result
    }

    fn sync(&self) -> MemoryResult<()> {
        if self.tape().skips_syncs {
            return Ok(());
        }
        let result = self.inner.sync();
        self.note(if result.is_ok() { Call::Sync } else { Call::FailedSync });
        result
    }

    fn guarantees(&self) -> Guarantees {
        self.inner.guarantees()
    }

    fn scratch(&self) -> MemoryResult<Box<dyn MemoryProvider>> {
        self.inner.scratch()
    }

    fn entropy(&self) -> u64 {
        self.inner.entropy()
    }
}
