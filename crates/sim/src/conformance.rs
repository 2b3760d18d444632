//! The contract of [`MemoryProvider`] as checks that run on any of them.
//!
//! [`conformance!`](crate::conformance!) makes a `#[test]` of each. Every check takes a function that opens one and the
//! same medium, empty at first; a check that opens it a second time has dropped the first provider before.

use wasm_dbms_api::MemoryResult;
use wasm_dbms_memory::{
    Durability, MemoryAccess, MemoryManager, MemoryProvider, Options, Registry, Tree, TreeState, UnclaimedPages,
};

use crate::crash::Crashes;
use crate::recorder::Recorder;

/// What a check found: nothing, or the first thing that is against the contract, in words.
pub type Verdict = Result<(), String>;

/// Makes a `#[test]` of each check. The expression makes an empty medium and gives a function that opens it.
///
/// ```
/// mod my_provider {
///     wasm_dbms_sim::conformance!({
///         let medium = wasm_dbms_memory::HeapProvider::new();
///         move || medium.clone()
///     });
/// }
/// ```
#[macro_export]
macro_rules! conformance {
    ($medium:expr) => {
        $crate::conformance!(@tests $medium;
            a_new_medium_is_empty
            what_was_written_is_read
            a_read_past_the_end_is_short
            a_write_past_the_end_grows_with_zeros
            setting_the_size_grows_with_zeros
            shrinking_forgets_what_was_cut_off_or_is_refused
            nothing_is_read_or_written_where_nothing_is_asked
            a_size_that_no_host_can_give_is_refused
            many_threads_read_at_once
            reopening_sees_what_was_synced
            scratch_space_is_another_medium
            a_database_commits_closes_reopens_and_is_sound
            a_database_grows_by_thousands_of_pages
            a_database_recovers_from_what_crashes_leave
        );
    };
    (@tests $medium:expr; $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                if let Err(what) = $crate::conformance::$check(&mut $medium) {
                    panic!("{what}");
                }
            }
        )*
    };
}

/// Runs every check on a medium of its own, made by `medium`, and tells `report` the name and verdict of each.
///
/// ```
/// use wasm_dbms_memory::HeapProvider;
///
/// let medium = || {
///     let heap = HeapProvider::new();
///     move || heap.clone()
/// };
/// wasm_dbms_sim::conformance::all(medium, &mut |name, verdict| assert_eq!(verdict, Ok(()), "{name}"));
/// ```
pub fn all<P: MemoryProvider + 'static, O: FnMut() -> P>(
    mut medium: impl FnMut() -> O,
    report: &mut dyn FnMut(&'static str, Verdict),
) {
    let mut run = |name, check: fn(&mut O) -> Verdict| report(name, check(&mut medium()));
    run("a_new_medium_is_empty", a_new_medium_is_empty);
    run("what_was_written_is_read", what_was_written_is_read);
    run("a_read_past_the_end_is_short", a_read_past_the_end_is_short);
    run("a_write_past_the_end_grows_with_zeros", a_write_past_the_end_grows_with_zeros);
    run("setting_the_size_grows_with_zeros", setting_the_size_grows_with_zeros);
    run("shrinking_forgets_what_was_cut_off_or_is_refused", shrinking_forgets_what_was_cut_off_or_is_refused);
    run("nothing_is_read_or_written_where_nothing_is_asked", nothing_is_read_or_written_where_nothing_is_asked);
    run("a_size_that_no_host_can_give_is_refused", a_size_that_no_host_can_give_is_refused);
    run("many_threads_read_at_once", many_threads_read_at_once);
    run("reopening_sees_what_was_synced", reopening_sees_what_was_synced);
    run("scratch_space_is_another_medium", scratch_space_is_another_medium);
    run("a_database_commits_closes_reopens_and_is_sound", a_database_commits_closes_reopens_and_is_sound);
    run("a_database_grows_by_thousands_of_pages", a_database_grows_by_thousands_of_pages);
    run("a_database_recovers_from_what_crashes_leave", a_database_recovers_from_what_crashes_leave);
}

/// Says what is against the contract unless it holds.
fn demand(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

/// What the medium gives for this range; the rest of the buffer must be left alone.
fn read(provider: &impl MemoryProvider, offset: u64, length: usize) -> Result<Vec<u8>, String> {
    let mut buffer = vec![0xEE; length];
    let count = words(provider.read(offset, &mut buffer), "read")?;
    let rest = buffer.get(count..).ok_or_else(|| format!("read says {count} bytes where {length} were asked"))?;
    demand(rest.iter().all(|byte| *byte == 0xEE), || format!("read of {count} bytes changed those after them"))?;
    buffer.truncate(count);
    Ok(buffer)
}

fn write(provider: &impl MemoryProvider, offset: u64, bytes: &[u8]) -> Verdict {
    let count = words(provider.write(offset, bytes), "write")?;
    demand(count == bytes.len(), || format!("write at {offset} took {count} of {} bytes", bytes.len()))
}

fn demand_bytes(provider: &impl MemoryProvider, offset: u64, length: usize, expected: &[u8]) -> Verdict {
    let found = read(provider, offset, length)?;
    demand(found == expected, || {
        format!("read of {length} bytes at {offset} gives {found:02x?}, expected was {expected:02x?}")
    })
}

fn demand_size(provider: &impl MemoryProvider, expected: u64) -> Verdict {
    let size = words(provider.size(), "size")?;
    demand(size == expected, || format!("the size is {size}, expected was {expected}"))
}

fn words<T>(result: MemoryResult<T>, what: &str) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {error}"))
}

/// A new medium has no bytes.
///
/// # Errors
/// What is against the contract.
pub fn a_new_medium_is_empty<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    demand_size(&provider, 0)?;
    demand_bytes(&provider, 0, 8, b"")
}

/// Bytes are read as they were written, over others too, at any offset and in runs of any length.
///
/// # Errors
/// What is against the contract.
pub fn what_was_written_is_read<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"0123456789")?;
    write(&provider, 4, b"abc")?;
    demand_size(&provider, 10)?;
    demand_bytes(&provider, 0, 10, b"0123abc789")?;
    demand_bytes(&provider, 2, 6, b"23abc7")?;
    write(&provider, 0, &[0; 10])?;
    let mut random = fastrand::Rng::with_seed(7);
    let mut model = vec![0; 200_000];
    for _ in 0..200 {
        let start = random.usize(..model.len() - 1);
        let length = random.usize(1..=(model.len() - start).min(20_000));
        let Some(run) = model.get_mut(start..start + length) else { continue };
        random.fill(run);
        write(&provider, start as u64, run)?;
    }
    let size = words(provider.size(), "size")? as usize;
    let found = read(&provider, 0, size)?;
    demand(Some(found.as_slice()) == model.get(..size), || "200 writes on top of each other are not read back".into())
}

/// A read at the end gives what there is, one past the end nothing, and neither is an error.
///
/// # Errors
/// What is against the contract.
pub fn a_read_past_the_end_is_short<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"0123456789")?;
    demand_bytes(&provider, 8, 6, b"89")?;
    demand_bytes(&provider, 10, 6, b"")?;
    demand_bytes(&provider, 4096, 6, b"")?;
    demand_bytes(&provider, 1 << 40, 6, b"")?;
    demand_size(&provider, 10)
}

/// A write past the end leaves zeros before it.
///
/// # Errors
/// What is against the contract.
pub fn a_write_past_the_end_grows_with_zeros<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 6, b"ab")?;
    demand_size(&provider, 8)?;
    demand_bytes(&provider, 0, 8, b"\0\0\0\0\0\0ab")?;
    write(&provider, 70_000, b"c")?;
    demand_size(&provider, 70_001)?;
    let between = read(&provider, 8, 69_992)?;
    demand(between.len() == 69_992 && between.iter().all(|byte| *byte == 0), || "the gap is not zero".into())
}

/// `set_size` grows with zeros and keeps what is there.
///
/// # Errors
/// What is against the contract.
pub fn setting_the_size_grows_with_zeros<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"ab")?;
    words(provider.set_size(100_000), "set_size")?;
    demand_size(&provider, 100_000)?;
    demand_bytes(&provider, 0, 4, b"ab\0\0")?;
    let rest = read(&provider, 2, 99_998)?;
    demand(rest.len() == 99_998 && rest.iter().all(|byte| *byte == 0), || "what was grown is not zero".into())?;
    words(provider.set_size(100_000), "set_size to what it is")?;
    demand_size(&provider, 100_000)
}

/// A medium that shrinks does not give back what was cut off; one that cannot shrink says so and stays as it is.
///
/// # Errors
/// What is against the contract.
pub fn shrinking_forgets_what_was_cut_off_or_is_refused<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"0123456789")?;
    if provider.set_size(4).is_err() {
        demand_size(&provider, 10)?;
        return demand_bytes(&provider, 0, 10, b"0123456789");
    }
    demand_bytes(&provider, 0, 10, b"0123")?;
    words(provider.set_size(6), "set_size")?;
    demand_bytes(&provider, 0, 10, b"0123\0\0")?;
    words(provider.set_size(0), "set_size")?;
    demand_size(&provider, 0)
}

/// Transfers of no bytes are no error.
///
/// # Errors
/// What is against the contract.
pub fn nothing_is_read_or_written_where_nothing_is_asked<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"ab")?;
    write(&provider, 1, b"")?;
    demand_bytes(&provider, 1, 0, b"")?;
    demand_size(&provider, 2)?;
    words(provider.sync(), "sync")?;
    words(provider.sync(), "a second sync")
}

/// A size beyond everything is an error, and nothing has changed.
///
/// # Errors
/// What is against the contract.
pub fn a_size_that_no_host_can_give_is_refused<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"ab")?;
    demand(provider.set_size(u64::MAX).is_err(), || "set_size took 2^64 - 1 bytes".into())?;
    demand(provider.write(u64::MAX - 3, b"0123").is_err(), || "write took bytes at the end of 2^64".into())?;
    demand_size(&provider, 2)
}

/// Reads go on at once in several threads, each with its own bytes. Where there are no threads they go one by one.
///
/// # Errors
/// What is against the contract.
pub fn many_threads_read_at_once<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    let bytes: Vec<u8> = (0..65_536u32).map(|index| (index / 256) as u8 ^ index as u8).collect();
    write(&provider, 0, &bytes)?;
    let reader = |seed: u64| -> Verdict {
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..500 {
            let start = random.usize(..bytes.len() - 1);
            let length = random.usize(1..=bytes.len() - start);
            let found = read(&provider, start as u64, length)?;
            let is_right = Some(found.as_slice()) == bytes.get(start..start + length);
            demand(is_right, || format!("a thread read other bytes at {start} than were written"))?;
        }
        Ok(())
    };
    #[cfg(not(target_family = "wasm"))]
    return std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || reader(seed))).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(verdict) => verdict,
            Err(_) => Err("a reading thread panicked".to_owned()),
        })
    });
    #[cfg(target_family = "wasm")]
    (0..4).try_for_each(reader)
}

/// A provider that is dropped leaves what was synced to the next one.
///
/// # Errors
/// What is against the contract.
pub fn reopening_sees_what_was_synced<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"first")?;
    words(provider.set_size(20_000), "set_size")?;
    write(&provider, 10_000, b"second")?;
    words(provider.sync(), "sync")?;
    drop(provider);
    let provider = open();
    demand_size(&provider, 20_000)?;
    demand_bytes(&provider, 0, 8, b"first\0\0\0")?;
    demand_bytes(&provider, 9_999, 8, b"\0second\0")?;
    write(&provider, 2, b"!")?;
    words(provider.sync(), "sync")?;
    drop(provider);
    demand_bytes(&open(), 0, 5, b"fi!st")
}

/// What is written to scratch space is not written here, and two of them are not the same.
///
/// # Errors
/// What is against the contract.
pub fn scratch_space_is_another_medium<P: MemoryProvider>(open: &mut impl FnMut() -> P) -> Verdict {
    let provider = open();
    write(&provider, 0, b"here")?;
    let scratch = words(provider.scratch(), "scratch")?;
    write(&scratch, 0, b"spilled")?;
    demand_bytes(&provider, 0, 8, b"here")?;
    let other = words(provider.scratch(), "a second scratch")?;
    demand_size(&other, 0)?;
    demand_bytes(&scratch, 0, 7, b"spilled")
}

const TREE: u32 = 1;

fn open_store(provider: impl MemoryProvider + 'static) -> Result<MemoryManager, String> {
    words(MemoryManager::open(Box::new(provider), Options::new().page_size(4096)), "opening a database")
}

/// Sets numbered keys to one byte each, in one commit.
fn commit(store: &mut MemoryManager, keys: std::ops::Range<u32>, byte: u8) -> MemoryResult<()> {
    let mut state = Registry::tree_state(store, TREE)?;
    if state == TreeState::default() {
        Registry::add_tree(store)?;
    }
    let mut tree = Tree::at(state.root, TREE);
    for key in keys {
        state.rows += u64::from(!tree.put(store, &key.to_be_bytes(), &[byte; 120])?);
    }
    (state.root, state.counter) = (tree.root(), byte.into());
    Registry::set_tree_state(store, TREE, &state)?;
    store.commit(Durability::Full)
}

/// Demands that the tree is sound and holds these keys with this byte.
fn demand_keys(store: &mut MemoryManager, count: u32, byte: u8) -> Verdict {
    let state = words(Registry::tree_state(store, TREE), "the registry")?;
    let tree = Tree::at(state.root, TREE);
    let mut findings = Vec::new();
    let mut pages = std::collections::BTreeSet::new();
    let entries = words(tree.check(store, &mut |page| pages.insert(page), &mut findings), "the tree")?;
    demand(findings.is_empty(), || findings.join("; "))?;
    demand(entries == u64::from(count), || format!("{entries} keys where {count} were committed"))?;
    for key in 0..count {
        let value = words(tree.get(store, &key.to_be_bytes()), "a key")?;
        let is_right = value.is_some_and(|value| value.iter().all(|found| *found == byte));
        demand(is_right, || format!("key {key} does not hold what was committed"))?;
    }
    words(UnclaimedPages::list(store), "the unclaimed pages").map(|_| ())
}

/// Commits of a database are there after a close, and after it was just dropped; its check finds nothing.
///
/// # Errors
/// What is against the contract.
pub fn a_database_commits_closes_reopens_and_is_sound<P: MemoryProvider + 'static>(
    open: &mut impl FnMut() -> P,
) -> Verdict {
    let mut store = open_store(open())?;
    words(commit(&mut store, 0..500, 1), "a commit")?;
    words(store.close(), "closing")?;
    let mut store = open_store(open())?;
    demand_keys(&mut store, 500, 1)?;
    for byte in 2..40 {
        words(commit(&mut store, 0..500, byte), "a commit")?;
    }
    drop(store);
    let mut store = open_store(open())?;
    demand_keys(&mut store, 500, 39)?;
    words(store.close(), "closing what was only read")
}

/// A database grows over several thousand pages.
///
/// # Errors
/// What is against the contract.
pub fn a_database_grows_by_thousands_of_pages<P: MemoryProvider + 'static>(open: &mut impl FnMut() -> P) -> Verdict {
    let mut store = open_store(open())?;
    let mut number = 0u64;
    for _ in 0..3 {
        for _ in 0..1000 {
            let page = words(store.claim_page(), "claiming a page")?;
            number += 1;
            words(store.write_at(page, 8, &number), "writing a page")?;
        }
        words(store.commit(Durability::Full), "a commit")?;
    }
    let pages = store.page_count();
    words(store.close(), "closing")?;
    let mut store = open_store(open())?;
    demand(store.page_count() == pages, || format!("{} pages where {pages} were committed", store.page_count()))?;
    for (page, expected) in (pages - 3000..pages).zip(1u64..) {
        let found: u64 = words(store.read_at(page, 8), "reading a page")?;
        demand(found == expected, || format!("page {page} holds {found}, not {expected}"))?;
    }
    Ok(())
}

/// What crashes leave of a few commits is opened on this provider, and writing goes on.
///
/// # Errors
/// What is against the contract.
pub fn a_database_recovers_from_what_crashes_leave<P: MemoryProvider + 'static>(
    open: &mut impl FnMut() -> P,
) -> Verdict {
    let medium = Recorder::<wasm_dbms_memory::HeapProvider>::default();
    let mut store = open_store(medium.clone())?;
    let mut ends = Vec::new();
    for byte in 1..8 {
        words(commit(&mut store, 0..40 * u32::from(byte), byte), "a commit")?;
        ends.push(medium.count());
    }
    drop(store);
    let calls = medium.calls();
    let mut images = Vec::new();
    let mut shown = 0;
    Crashes::of(&[], &calls).torn_max(16).for_each(&mut |crash| {
        shown += 1;
        // A host's medium is slow; enough of them is taken from everywhere.
        if shown % 97 == 0 {
            images.push((crash.made(), crash.describe(), crash.to_bytes()));
        }
    });
    for (made, what, image) in images {
        let provider = open();
        // Zeros where it cannot shrink: what an image does not hold was never there.
        let size = words(provider.size(), "size")?;
        if provider.set_size(0).is_err() {
            write(&provider, 0, &vec![0; size as usize])?;
        }
        write(&provider, 0, &image)?;
        words(provider.sync(), "sync")?;
        drop(provider);
        let mut store = open_store(open()).map_err(|error| format!("{what}: {error}"))?;
        let found = words(Registry::tree_state(&mut store, TREE), "the registry")?.counter;
        let acknowledged = ends.iter().take_while(|end| **end <= made).count() as u64;
        let is_right = (acknowledged..=acknowledged + 1).contains(&found);
        demand(is_right, || format!("{what}: commit {found} is there, {acknowledged} was acknowledged"))?;
        let found = found as u8;
        if found > 0 {
            demand_keys(&mut store, 40 * u32::from(found), found).map_err(|error| format!("{what}: {error}"))?;
        }
        words(commit(&mut store, 0..40 * u32::from(found + 1), found + 1), "a commit after a crash")?;
        demand_keys(&mut store, 40 * u32::from(found + 1), found + 1)?;
    }
    Ok(())
}
