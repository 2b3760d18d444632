//! Stable memory as the system gives it.

use wasm_dbms_memory::HostSync;

/// The stable memory of a canister, as `ic0` has it: pages of 64 KiB that only grow. Whoever implements it may count on
/// reads and writes within the pages that there are; beyond them the system traps.
pub trait StableMemory: HostSync {
    /// `stable64_size()`: how many pages there are.
    fn size_pages(&self) -> u64;

    /// `stable64_grow(pages)`: grows by so many pages of zeros; whether it could.
    fn grow(&self, pages: u64) -> bool;

    /// `stable64_read(buffer, offset)`
    fn read(&self, offset: u64, buffer: &mut [u8]);

    /// `stable64_write(offset, bytes)`
    fn write(&self, offset: u64, bytes: &[u8]);

    /// `time()`: nanoseconds, which tell one database from another.
    fn time(&self) -> u64;
}

/// The stable memory of this canister.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use imports::Ic0;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod imports {
    #![expect(unsafe_code, reason = "imports can be declared, and those that take pointers called, in no other way")]

    #[link(wasm_import_module = "ic0")]
    unsafe extern "C" {
        fn stable64_read(destination: u64, offset: u64, size: u64);
        fn stable64_write(offset: u64, source: u64, size: u64);
        safe fn stable64_size() -> u64;
        safe fn stable64_grow(pages: u64) -> i64;
        safe fn time() -> u64;
    }

    /// The stable memory of this canister.
    pub(crate) struct Ic0;

    impl super::StableMemory for Ic0 {
        fn size_pages(&self) -> u64 {
            stable64_size()
        }

        fn grow(&self, pages: u64) -> bool {
            stable64_grow(pages) >= 0
        }

        fn read(&self, offset: u64, buffer: &mut [u8]) {
            // SAFETY: pointer and length are of one slice that is borrowed mutably, so alive and read by nobody else during
            // the call; the system writes within it, initialised bytes, and keeps no pointer.
            unsafe { stable64_read(buffer.as_mut_ptr() as usize as u64, offset, buffer.len() as u64) }
        }

        fn write(&self, offset: u64, bytes: &[u8]) {
            // SAFETY: pointer and length are of one borrowed slice, initialised and alive during the call; the system only
            // reads them and keeps no pointer.
            unsafe { stable64_write(offset, bytes.as_ptr() as usize as u64, bytes.len() as u64) }
        }

        fn time(&self) -> u64 {
            time()
        }
    }
}
