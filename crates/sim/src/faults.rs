//! A provider that can be told to fail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{MemoryError, MemoryResult};
use wasm_dbms_memory::{Guarantees, HeapProvider, MemoryProvider};

/// What Chrome's OPFS returns at its quota: minus eight, taken for a number without a sign.
const IMPOSSIBLE_COUNT: usize = 4_294_967_288;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `size`
    Size,
    /// `set_size`
    SetSize,
    /// `read`
    Read,
    /// `write`
    Write,
    /// `sync`
    Sync,
}

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The host returns an error (EIO); of a write the first half was done.
    Error,
    /// The disk is full: writes and growing are refused, of a write the first half was done.
    Full,
    /// Half of the bytes are written, and the count says so.
    ShortWrite,
    /// Half of the bytes are read, and the count says so.
    ShortRead,
    /// Another size is refused.
    RefusedGrow,
    /// The count of bytes is one that cannot be; nothing was done.
    ImpossibleCount,
    /// A write is acknowledged and not done. No medium that keeps its contract does this: it is there to see that a
    /// test finds it out.
    #[doc(hidden)]
    Swallowed,
}

impl Fault {
    /// Every way that a host may fail in.
    pub const ALL: [Self; 6] =
        [Self::Error, Self::Full, Self::ShortWrite, Self::ShortRead, Self::RefusedGrow, Self::ImpossibleCount];

    /// Whether the error says what the host said: full if it is full, never that the bytes are damaged.
    pub(crate) fn is_told_by(self, error: &MemoryError) -> bool {
        match *error {
            MemoryError::InDoubt { .. } | MemoryError::Poisoned { .. } => true,
            MemoryError::Host { is_full, .. } => {
                is_full == matches!(self, Self::Full | Self::RefusedGrow | Self::ShortWrite)
            }
            _ => false,
        }
    }

    /// Whether a call of this kind can fail in this way.
    pub fn applies_to(self, kind: Kind) -> bool {
        match self {
            Self::Error => true,
            Self::Full => matches!(kind, Kind::Write | Kind::SetSize),
            Self::ShortWrite | Self::Swallowed => kind == Kind::Write,
            Self::ShortRead => kind == Kind::Read,
            Self::RefusedGrow => kind == Kind::SetSize,
            Self::ImpossibleCount => matches!(kind, Kind::Read | Kind::Write),
        }
    }
}

/// Which call fails, how, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Injection {
    fault: Fault,
    /// How many more calls go well.
    after: u64,
    counts_all: bool,
    is_lasting: bool,
}

impl Injection {
    /// The call after `calls` more fails once, whatever it is. If the fault does not apply to that call, the next one
    /// that it applies to fails.
    pub fn after_calls(calls: u64, fault: Fault) -> Self {
        Self { fault, after: calls, counts_all: true, is_lasting: false }
    }

    /// As [`after_calls`](Self::after_calls), but only writes, size changes and syncs are counted and fail.
    pub fn after_changes(calls: u64, fault: Fault) -> Self {
        Self { fault, after: calls, counts_all: false, is_lasting: false }
    }

    /// From then on every call fails that the fault applies to.
    #[must_use]
    pub fn for_ever(mut self) -> Self {
        self.is_lasting = true;
        self
    }
}

#[derive(Debug, Default)]
struct State {
    injection: Option<Injection>,
    kinds: Vec<Kind>,
    failed: u64,
}

/// A provider that forwards every call until it is told to fail. Clones share what they were told.
///
/// ```
/// use wasm_dbms_memory::{HeapProvider, MemoryProvider};
/// use wasm_dbms_sim::{Fault, Faulty, Injection};
///
/// let medium = Faulty::new(HeapProvider::new());
/// medium.inject(Injection::after_calls(1, Fault::Full).for_ever());
/// assert_eq!(medium.write(0, b"all of it")?, 9);
/// assert!(medium.write(9, b"nothing").unwrap_err().is_full());
/// assert!(medium.write(9, b"nothing").unwrap_err().is_full());
/// medium.heal();
/// assert_eq!(medium.write(9, b"again")?, 5);
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Faulty<P = HeapProvider> {
    inner: P,
    state: Arc<Mutex<State>>,
}

impl<P> Faulty<P> {
    /// A provider that does as `inner` does until it is told to fail.
    pub fn new(inner: P) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// The provider that does the work.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// Fails so from now on; what was injected before is forgotten.
    pub fn inject(&self, injection: Injection) {
        let mut state = self.state();
        state.injection = Some(injection);
        state.failed = 0;
    }

    /// Nothing fails any more.
    pub fn heal(&self) {
        self.state().injection = None;
    }

    /// How many calls failed since the last injection.
    pub fn failed(&self) -> u64 {
        self.state().failed
    }

    /// The kind of every call so far, failed ones too.
    pub fn kinds(&self) -> Vec<Kind> {
        self.state().kinds.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How this call fails, if it does.
    fn fault(&self, kind: Kind) -> Option<Fault> {
        let mut state = self.state();
        state.kinds.push(kind);
        let injection = state.injection.as_mut()?;
        if !injection.counts_all && matches!(kind, Kind::Size | Kind::Read) {
            return None;
        }
        if injection.after > 0 {
            injection.after -= 1;
            return None;
        }
        let fault = injection.fault;
        if !fault.applies_to(kind) {
            return None;
        }
        if !injection.is_lasting {
            state.injection = None;
        }
        state.failed += 1;
        Some(fault)
    }
}

fn refusal(operation: &'static str, fault: Fault) -> Box<MemoryError> {
    let is_full = matches!(fault, Fault::Full | Fault::RefusedGrow);
    let reason = if is_full { "no space left on the simulated medium" } else { "the simulated medium is broken" };
    Box::new(MemoryError::Host { operation, reason: reason.into(), is_full })
}

/// Half of a length, in whole sectors where there are several.
fn half(length: usize) -> usize {
    if length >= 1024 { length / 1024 * 512 } else { length / 2 }
}

impl<P: MemoryProvider> MemoryProvider for Faulty<P> {
    fn size(&self) -> MemoryResult<u64> {
        match self.fault(Kind::Size) {
            None => self.inner.size(),
            Some(fault) => Err(refusal("size", fault)),
        }
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        match self.fault(Kind::SetSize) {
            None => self.inner.set_size(size),
            Some(fault) => Err(refusal("set_size", fault)),
        }
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let fault = self.fault(Kind::Read);
        let short = half(buffer.len());
        match fault {
            None => self.inner.read(offset, buffer),
            Some(Fault::ShortRead) => self.inner.read(offset, buffer.get_mut(..short).unwrap_or_default()),
            Some(Fault::ImpossibleCount) => Ok(IMPOSSIBLE_COUNT),
            Some(fault) => Err(refusal("read", fault)),
        }
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        let fault = self.fault(Kind::Write);
        let first_half = bytes.get(..half(bytes.len())).unwrap_or_default();
        match fault {
            None => self.inner.write(offset, bytes),
            Some(Fault::ShortWrite) => self.inner.write(offset, first_half),
            Some(Fault::ImpossibleCount) => Ok(IMPOSSIBLE_COUNT),
            Some(Fault::Swallowed) => Ok(bytes.len()),
            Some(fault) => {
                if !first_half.is_empty() {
                    self.inner.write(offset, first_half)?;
                }
                Err(refusal("write", fault))
            }
        }
    }

    fn sync(&self) -> MemoryResult<()> {
        match self.fault(Kind::Sync) {
            None => self.inner.sync(),
            Some(fault) => Err(refusal("sync", fault)),
        }
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
