//! What a host must give: a medium that can be sized, read, written and synced.

mod file;
mod heap;

pub use file::FileProvider;
pub use heap::HeapProvider;

use wasm_dbms_api::MemoryResult;

/// What a host promises about its medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guarantees {
    /// Whether what was synced is still there after the process has gone.
    pub is_persistent: bool,
}

/// The bound on providers: natively they can be shared between threads; in a wasm module, where there is one thread
/// and a host's handles belong to it, nothing is asked.
#[cfg(not(target_family = "wasm"))]
pub trait HostSync: Send + Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + Sync> HostSync for T {}

/// The bound on providers: natively they can be shared between threads; in a wasm module, where there is one thread
/// and a host's handles belong to it, nothing is asked.
#[cfg(target_family = "wasm")]
pub trait HostSync {}
#[cfg(target_family = "wasm")]
impl<T> HostSync for T {}

/// A host's medium: a run of bytes.
///
/// The store above trusts no count: a short read or write, or an impossible one, becomes a typed error there. Between
/// two completed [`sync`](Self::sync)s any subset of writes and size changes may survive a crash, in any order.
pub trait MemoryProvider: HostSync {
    /// How many bytes the medium holds.
    ///
    /// # Errors
    /// The host's refusal.
    fn size(&self) -> MemoryResult<u64>;

    /// Grows the medium with zeros, or shrinks it.
    ///
    /// # Errors
    /// The host's refusal; a host may refuse to shrink.
    fn set_size(&self, size: u64) -> MemoryResult<()>;

    /// Reads into `buffer` from `offset` on and returns how many bytes were read: fewer only at the end.
    ///
    /// # Errors
    /// The host's refusal.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize>;

    /// Writes `bytes` at `offset`, growing the medium if need be, and returns how many were written.
    ///
    /// # Errors
    /// The host's refusal.
    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize>;

    /// Returns when everything written before survives a crash.
    ///
    /// # Errors
    /// The host's refusal; then nothing is known about what was written since the last sync.
    fn sync(&self) -> MemoryResult<()>;

    /// What the host promises.
    fn guarantees(&self) -> Guarantees;

    /// Whether all writes of a message survive or none does, so that a commit needs no log: as on the Internet Computer,
    /// where a message that traps leaves no trace. A commit must then end within the message that began it.
    fn is_message_atomic(&self) -> bool {
        false
    }

    /// A throw-away medium for data that does not fit in memory.
    ///
    /// # Errors
    /// The host's refusal.
    fn scratch(&self) -> MemoryResult<Box<dyn MemoryProvider>> {
        Ok(Box::new(HeapProvider::new()))
    }

    /// A number that differs from database to database, where the host can give one: it becomes the database id.
    fn entropy(&self) -> u64 {
        0
    }
}

impl<P: MemoryProvider + ?Sized> MemoryProvider for Box<P> {
    fn size(&self) -> MemoryResult<u64> {
        (**self).size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        (**self).set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        (**self).read(offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        (**self).write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        (**self).sync()
    }

    fn guarantees(&self) -> Guarantees {
        (**self).guarantees()
    }

    fn is_message_atomic(&self) -> bool {
        (**self).is_message_atomic()
    }

    fn scratch(&self) -> MemoryResult<Box<dyn MemoryProvider>> {
        (**self).scratch()
    }

    fn entropy(&self) -> u64 {
        (**self).entropy()
    }
}
