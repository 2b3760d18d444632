//! The order of syncs in a browser, proved by every crash that it may leave. What the database asks of its file is recorded
//! below [`OpfsProvider`], as the browser would hear it: in the pieces that the browser takes, growth by `truncate` included.

use std::collections::HashSet;

use wasm_dbms::{Durability, HeapProvider, MemoryProvider, MemoryResult};
use wasm_dbms_sim::{Call, Crashes, Recorder};
use wasm_dbms_web::{OpfsProvider, Refusal, SyncAccessHandle};

use crate::batches;

const SEED: u64 = 20_261_129;

/// How many batches are committed: enough for checkpoints.
const BATCHES: u64 = 24;

/// At most about so many images with a torn write for each call.
const TORN_MAX: usize = 2;

/// So many images of each call are judged, and of the others one of so many, drawn. `cargo xtask battery crash` judges all.
const FIRST_IMAGES: usize = 4;
const DRAWN_OF: u32 = 24;

/// A browser may take a write in several calls.
const PIECE_BYTES: usize = 16 << 10;

/// A file of a browser over a recorded medium.
struct RecordedHandle(Recorder);

fn answer<T>(result: MemoryResult<T>) -> Result<T, Refusal> {
    result.map_err(|error| Refusal::new("UnknownError", error.to_string()))
}

impl SyncAccessHandle for RecordedHandle {
    fn size(&self) -> Result<f64, Refusal> {
        answer(self.0.size()).map(|size| size as f64)
    }

    fn truncate(&self, size: f64) -> Result<(), Refusal> {
        answer(self.0.set_size(size as u64))
    }

    fn read(&self, buffer: &mut [u8], offset: f64) -> Result<f64, Refusal> {
        answer(self.0.read(offset as u64, buffer)).map(|count| count as f64)
    }

    fn write(&self, bytes: &[u8], offset: f64) -> Result<f64, Refusal> {
        let piece = &bytes[..bytes.len().min(PIECE_BYTES)];
        answer(self.0.write(offset as u64, piece)).map(|count| count as f64)
    }

    fn flush(&self) -> Result<(), Refusal> {
        answer(self.0.sync())
    }

    fn entropy(&self) -> u64 {
        SEED
    }
}

/// What a run of batches left: the file before it, and the calls.
struct Run {
    start: Vec<u8>,
    calls: Vec<Call>,
    /// For each batch the number of calls before it and after it, and whether it was durable then.
    batches: Vec<(usize, usize, bool)>,
}

/// Commits so many batches; `skips_syncs` is a browser that says it has flushed and has not.
fn run(count: u64, skips_syncs: bool) -> Run {
    let heap = HeapProvider::new();
    let open = |medium: &Recorder| batches::open(OpfsProvider::over("app.db", RecordedHandle(medium.clone()))).unwrap();
    open(&Recorder::new(heap.clone())).close().unwrap();
    let start = heap.to_bytes();
    let medium = Recorder::new(heap);
    if skips_syncs {
        medium.skip_syncs();
    }
    let database = open(&medium);
    let mut numbers = Vec::new();
    for number in 1..=count {
        let before = medium.count();
        batches::commit(&database, number).unwrap();
        numbers.push((before, medium.count(), batches::durability(number) == Durability::Full));
    }
    Run { start, calls: medium.calls(), batches: numbers }
}

/// How many images there were, and the first that lost or broke something.
fn judge(run: &Run) -> (u64, Option<String>) {
    let (mut images, mut trouble, mut met) = (0, None, HashSet::new());
    let mut random = fastrand::Rng::with_seed(SEED);
    let (mut call, mut of_call) = (0, 0);
    Crashes::of(&run.start, &run.calls).seed(SEED).torn_max(TORN_MAX).for_each(&mut |crash| {
        if trouble.is_some() {
            return;
        }
        let made = crash.made();
        (call, of_call) = (made, if call == made { of_call + 1 } else { 0 });
        if of_call >= FIRST_IMAGES && random.u32(..DRAWN_OF) > 0 || !met.insert(crash.hash()) {
            return;
        }
        images += 1;
        let begun = run.batches.iter().filter(|(before, ..)| *before < made).count() as u64;
        let durable = (1..).zip(&run.batches).filter(|(_, (_, after, is_durable))| *after <= made && *is_durable);
        let durable: u64 = durable.map(|(number, _)| number).max().unwrap_or(0);
        let found = batches::open(crash.provider()).and_then(|database| batches::verify(&database));
        if !found.as_ref().is_ok_and(|last| (durable..=begun).contains(last)) {
            trouble = Some(format!("{}: {found:?}, and {durable} to {begun} may be the last", crash.describe()));
        }
    });
    (images, trouble)
}

#[test]
fn no_crash_loses_a_batch_that_was_acknowledged() {
    let run = run(BATCHES, false);
    let (images, trouble) = judge(&run);
    assert_eq!(trouble, None, "seed {SEED}");
    assert!(images > 400, "only {images} images");
    let syncs = run.calls.iter().filter(|call| **call == Call::Sync).count();
    println!("{images} images of {} calls, {syncs} of them syncs", run.calls.len());
}

#[test]
fn a_browser_that_does_not_flush_is_found_out() {
    let (_, trouble) = judge(&run(4, true));
    assert!(trouble.is_some(), "seed {SEED}: a lost sync was not found out");
}
