//! The provider over a browser that is not there: what it makes of every answer and exception of a real one, and that
//! it keeps its promises. In a real browser `cargo xtask browser` runs the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_dbms::{Durability, Error, HeapProvider, MemoryError, MemoryProvider, MemoryResult};
use wasm_dbms_web::{OpfsProvider, Refusal, SyncAccessHandle};

use crate::{batches, contract};

/// A file as a browser has it, over bytes in memory.
struct PretendedHandle {
    bytes: HeapProvider,
    /// What it does to its counts.
    count: fn(usize) -> f64,
    /// How many calls are answered before everything is refused.
    calls_left: AtomicUsize,
    refusal: Refusal,
}

impl PretendedHandle {
    fn new(bytes: &HeapProvider) -> Self {
        let refusal = Refusal::new("InvalidStateError", "The access handle was already closed");
        Self { bytes: bytes.clone(), count: |count| count as f64, calls_left: usize::MAX.into(), refusal }
    }

    fn call<T>(&self, answer: impl FnOnce() -> MemoryResult<T>) -> Result<T, Refusal> {
        let left = self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map_err(|_| self.refusal.clone())?;
        answer().map_err(|error| Refusal::new("QuotaExceededError", error.to_string()))
    }
}

impl SyncAccessHandle for PretendedHandle {
    fn size(&self) -> Result<f64, Refusal> {
        self.call(|| self.bytes.size()).map(|size| size as f64)
    }

    fn truncate(&self, size: f64) -> Result<(), Refusal> {
        self.call(|| self.bytes.set_size(size as u64))
    }

    fn read(&self, buffer: &mut [u8], offset: f64) -> Result<f64, Refusal> {
        self.call(|| self.bytes.read(offset as u64, buffer)).map(self.count)
    }

    fn write(&self, bytes: &[u8], offset: f64) -> Result<f64, Refusal> {
        self.call(|| self.bytes.write(offset as u64, bytes)).map(self.count)
    }

    fn flush(&self) -> Result<(), Refusal> {
        self.call(|| self.bytes.sync())
    }

    fn entropy(&self) -> u64 {
        fastrand::u64(..)
    }
}

fn provider(handle: PretendedHandle) -> OpfsProvider {
    OpfsProvider::over("app.db", handle)
}

/// The refusal, which must name the file.
fn refusal<T: std::fmt::Debug>(result: MemoryResult<T>) -> Box<MemoryError> {
    let error = result.unwrap_err();
    assert!(error.to_string().contains("app.db"), "{error} does not name the file");
    error
}

#[test]
fn the_provider_keeps_its_promises() {
    let bytes = HeapProvider::new();
    contract::check(&provider(PretendedHandle::new(&bytes))).unwrap();
    contract::leave_bytes(&provider(PretendedHandle::new(&bytes))).unwrap();
    contract::check_what_was_left(&provider(PretendedHandle::new(&bytes))).unwrap();
}

#[test]
fn the_contract_itself_holds_for_the_providers_of_the_memory_crate() {
    let bytes = HeapProvider::new();
    contract::check(&bytes).unwrap();
    contract::leave_bytes(&bytes).unwrap();
    contract::check_what_was_left(&bytes).unwrap();
}

#[test]
fn a_database_lives_in_it() {
    let bytes = HeapProvider::new();
    for round in 0..3 {
        let database = batches::open(provider(PretendedHandle::new(&bytes))).unwrap();
        assert_eq!(batches::verify(&database).unwrap(), batches::last(&database).unwrap());
        for number in round * 20 + 1..=round * 20 + 20 {
            let expected = if number % 4 == 1 { Durability::Eventual } else { Durability::Full };
            assert_eq!(batches::durability(number), expected);
            batches::commit(&database, number).unwrap();
        }
    }
    let database = batches::open(provider(PretendedHandle::new(&bytes))).unwrap();
    assert_eq!(batches::verify(&database).unwrap(), 60);
}

#[test]
fn a_used_up_quota_is_a_full_medium() {
    let mut handle = PretendedHandle::new(&HeapProvider::new());
    handle.calls_left = 0.into();
    handle.refusal = Refusal::new("QuotaExceededError", "No space available for this operation");
    let provider = provider(handle);
    assert!(refusal(provider.write(0, b"a")).is_full());
    assert!(refusal(provider.set_size(1)).is_full());
}

#[test]
fn the_count_that_chromium_states_on_a_full_disk_is_a_full_medium() {
    let mut handle = PretendedHandle::new(&HeapProvider::new());
    handle.count = |_| 4_294_967_288.0;
    let error = refusal(provider(handle).write(0, b"abc"));
    assert!(error.is_full(), "{error}");
    assert!(error.to_string().contains("states 4294967288 bytes where 3 were asked"), "{error}");
}

#[test]
fn any_other_impossible_count_is_an_error_too() {
    let counts: [fn(usize) -> f64; 7] = [
        |count| count as f64 + 1.0,
        |_| 4_294_967_280.0,
        |_| 0.5,
        |_| -1.0,
        |_| f64::NAN,
        |_| f64::INFINITY,
        |_| f64::MAX,
    ];
    for count in counts {
        let mut handle = PretendedHandle::new(&HeapProvider::from_bytes(vec![0; 10]));
        handle.count = count;
        let provider = provider(handle);
        for error in [refusal(provider.write(0, b"abc")), refusal(provider.read(0, &mut [0; 3]))] {
            assert!(!error.is_full() && error.to_string().contains("the browser states"), "{error}");
        }
    }
}

#[test]
fn a_transfer_in_pieces_is_whole_in_the_end() {
    let bytes = HeapProvider::new();
    struct Piecewise(PretendedHandle);
    impl SyncAccessHandle for Piecewise {
        fn size(&self) -> Result<f64, Refusal> {
            self.0.size()
        }
        fn truncate(&self, size: f64) -> Result<(), Refusal> {
            self.0.truncate(size)
        }
        fn read(&self, buffer: &mut [u8], offset: f64) -> Result<f64, Refusal> {
            let length = buffer.len().min(1000);
            self.0.read(&mut buffer[..length], offset)
        }
        fn write(&self, bytes: &[u8], offset: f64) -> Result<f64, Refusal> {
            self.0.write(&bytes[..bytes.len().min(1000)], offset)
        }
        fn flush(&self) -> Result<(), Refusal> {
            self.0.flush()
        }
        fn entropy(&self) -> u64 {
            0
        }
    }
    contract::check(&OpfsProvider::over("app.db", Piecewise(PretendedHandle::new(&bytes)))).unwrap();
}

#[test]
fn a_write_that_ends_early_says_how_much_was_written() {
    let mut handle = PretendedHandle::new(&HeapProvider::new());
    handle.count = |_| 0.0;
    assert_eq!(provider(handle).write(0, b"abc").unwrap(), 0);
}

#[test]
fn a_closed_handle_refuses_everything() {
    let mut handle = PretendedHandle::new(&HeapProvider::new());
    handle.calls_left = 0.into();
    let provider = provider(handle);
    let refusals = [
        refusal(provider.size()),
        refusal(provider.set_size(1)),
        refusal(provider.read(0, &mut [0])),
        refusal(provider.write(0, b"a")),
        refusal(provider.sync()),
    ];
    for (error, expected) in refusals.iter().zip(["size", "set_size", "read", "write", "sync"]) {
        assert!(matches!(**error, MemoryError::Host { operation, is_full: false, .. } if *operation == *expected));
        assert!(error.to_string().ends_with("InvalidStateError: The access handle was already closed"), "{error}");
    }
}

#[test]
fn a_handle_that_closes_under_a_database_leaves_an_error_and_the_last_commit() {
    for calls in 0..200 {
        let bytes = HeapProvider::new();
        {
            let mut handle = PretendedHandle::new(&bytes);
            handle.calls_left = calls.into();
            let used = batches::open(provider(handle)).and_then(|database| {
                (1..60).try_for_each(|number| {
                    let before = batches::verify(&database)?;
                    batches::commit(&database, number).inspect_err(|_| {
                        assert_eq!(batches::verify(&database).unwrap(), before, "closed after {calls} calls");
                    })
                })
            });
            let error = used.unwrap_err();
            assert!(matches!(error, Error::Memory(_)), "closed after {calls} calls: {error}");
        }
        let database = batches::open(provider(PretendedHandle::new(&bytes))).unwrap();
        batches::verify(&database).unwrap();
    }
}

#[test]
fn bytes_that_no_browser_can_address_are_not_there_and_cannot_be_written() {
    let provider = provider(PretendedHandle::new(&HeapProvider::from_bytes(vec![7; 10])));
    assert_eq!(provider.read(u64::MAX, &mut [0; 4]).unwrap(), 0);
    assert_eq!(provider.read((1 << 53) - 3, &mut [0; 4]).unwrap(), 0);
    assert!(refusal(provider.write((1 << 53) - 3, b"abcd")).is_full());
    assert!(refusal(provider.set_size(1 << 53)).is_full());
    assert_eq!(provider.size().unwrap(), 10);
}

#[test]
fn outside_of_browsers_opening_is_refused() {
    let error = refusal(OpfsProvider::open("app.db"));
    assert!(matches!(*error, MemoryError::Host { operation: "open", is_full: false, .. }), "{error}");
}
