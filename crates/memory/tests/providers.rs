//! What the providers promise beside the contract (see `conformance.rs`): refusals that name what was refused; and what
//! the store makes of a provider that does not keep its promises.

use std::path::{Path, PathBuf};

use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_dbms_api::{MemoryError, MemoryResult};
use wasm_dbms_memory::{
    Durability, FileProvider, Guarantees, HeapProvider, MemoryAccess, MemoryManager, MemoryProvider, Options,
};

#[test]
fn only_a_file_outlives_its_process() {
    assert!(!HeapProvider::new().guarantees().is_persistent);
    let folder = tempfile::tempdir().unwrap();
    assert!(FileProvider::open(folder.path().join("a.db")).unwrap().guarantees().is_persistent);
}

#[test]
fn clones_of_a_heap_share_their_bytes() {
    let heap = HeapProvider::from_bytes(b"abc".to_vec());
    let clone = heap.clone();
    clone.write(3, b"d").unwrap();
    heap.write(0, b"A").unwrap();
    assert_eq!((heap.to_bytes(), clone.to_bytes()), (b"Abcd".to_vec(), b"Abcd".to_vec()));
}

#[test]
fn two_files_get_different_entropy() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name| FileProvider::open(folder.path().join(name)).unwrap();
    assert_ne!(open("a.db").entropy(), open("b.db").entropy());
}

/// The refusal of opening this path, which must name it.
fn refusal(path: &Path, open: impl Fn(PathBuf) -> MemoryResult<FileProvider>) -> Box<MemoryError> {
    let error = open(path.to_path_buf()).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error} does not name {}", path.display());
    error
}

#[test]
fn a_second_opener_is_refused_and_the_file_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let first = FileProvider::open(&path).unwrap();
    assert!(matches!(*refusal(&path, FileProvider::open), MemoryError::Locked { .. }));
    assert!(matches!(*refusal(&path, FileProvider::open_existing), MemoryError::Locked { .. }));
    drop(first);
    FileProvider::open(&path).unwrap();
}

#[test]
fn a_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(refusal(folder.path(), FileProvider::open).to_string().contains("is a directory"));
    refusal(folder.path(), FileProvider::open_existing);
}

#[test]
fn a_file_in_a_folder_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = refusal(&folder.path().join("missing").join("a.db"), FileProvider::open);
    assert!(matches!(*error, MemoryError::Host { operation: "open", is_full: false, .. }), "{error}");
}

#[test]
fn opening_an_existing_file_creates_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let error = refusal(&path, FileProvider::open_existing);
    assert!(matches!(*error, MemoryError::Host { operation: "open", .. }), "{error}");
    assert!(!path.exists());
}

/// Tests may run as root, whom few files refuse: those of the kernel do.
#[test]
fn a_file_that_may_not_be_written_is_refused() {
    let candidates = ["/sys/kernel/uevent_seqnum", "/sys/kernel/vmcoreinfo", "/proc/version", "/sys/kernel/notes"];
    let is_refused = |path: &&&str| {
        let options = std::fs::OpenOptions::new().read(true).write(true).open(path);
        Path::new(path).exists() && options.is_err()
    };
    match candidates.iter().find(is_refused) {
        Some(path) => {
            let error = refusal(Path::new(path), FileProvider::open_existing);
            assert!(matches!(*error, MemoryError::Host { operation: "open", .. }), "{error}");
        }
        None => println!("skipped: this system lets this user write every file that was tried"),
    }
}

/// States a count of its own after so many honest calls.
struct Lying {
    inner: HeapProvider,
    honest_calls: AtomicUsize,
    count: usize,
}

impl Lying {
    fn count(&self, honest: usize) -> usize {
        let left = self.honest_calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_ok() { honest } else { self.count }
    }
}

impl MemoryProvider for Lying {
    fn size(&self) -> MemoryResult<u64> {
        self.inner.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.inner.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        self.inner.read(offset, buffer).map(|count| self.count(count))
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.inner.write(offset, bytes).map(|count| self.count(count))
    }

    fn sync(&self) -> MemoryResult<()> {
        self.inner.sync()
    }

    fn guarantees(&self) -> Guarantees {
        self.inner.guarantees()
    }
}

#[test]
fn a_count_that_cannot_be_is_an_error_wherever_it_comes() {
    // What Chrome's OPFS returns at its quota: minus eight, taken for a number without a sign.
    for count in [4_294_967_288, usize::MAX, 70_000] {
        for honest_calls in 0..20 {
            let provider = Lying { inner: HeapProvider::new(), honest_calls: honest_calls.into(), count };
            let used = crate::support::open(provider).and_then(|mut store| {
                (0..16).try_for_each(|_| store.claim_page().and_then(|page| store.write_at(page, 0, &1u64)))?;
                (0..8).try_for_each(|number: u64| {
                    store.write_at(2, 8, &number)?;
                    store.commit(Durability::Full)
                })?;
                store.close()
            });
            match used.map_err(|error| *error) {
                Err(MemoryError::Host { is_full: false, reason, .. }) => assert!(reason.contains("the host states")),
                Err(MemoryError::InDoubt { .. }) => {}
                Err(error) => panic!("{count} after {honest_calls} honest calls: {error}"),
                Ok(()) => assert!(honest_calls > 10),
            }
        }
    }
}

#[test]
fn a_short_write_says_that_the_medium_is_full() {
    // A new database: a read that finds nothing, the room of header and ring, the header.
    let provider = Lying { inner: HeapProvider::new(), honest_calls: 2.into(), count: 100 };
    let refused = crate::support::open(provider).unwrap_err();
    assert!(refused.is_full() || refused.is_in_doubt(), "{refused}");
    let provider = Lying { inner: HeapProvider::new(), honest_calls: 1.into(), count: 100 };
    let refused = crate::support::open(provider).unwrap_err();
    assert!(refused.is_full() && refused.to_string().contains("only 100 of 40960 bytes"), "{refused}");
}

/// A medium that says it is persistent.
#[derive(Debug, Default)]
struct Persistent(HeapProvider);

impl MemoryProvider for Persistent {
    fn size(&self) -> MemoryResult<u64> {
        self.0.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.0.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        self.0.read(offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.0.write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        self.0.sync()
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: true }
    }
}

#[test]
fn a_commit_without_durability_is_for_memory_and_scratch_media_only() {
    let stores = [
        MemoryManager::in_memory(Options::new()).unwrap(),
        MemoryManager::open(Box::new(HeapProvider::new()), Options::new()).unwrap(),
    ];
    for mut store in stores {
        let page = store.claim_page().unwrap();
        store.write_at(page, 0, &7u32).unwrap();
        store.commit(Durability::None).unwrap();
        assert!(store.is_clean());
        store.discard();
        assert_eq!(store.read_at::<u32>(page, 0).unwrap(), 7);
    }
    let mut store = MemoryManager::open(Box::new(Persistent::default()), Options::new()).unwrap();
    let page = store.claim_page().unwrap();
    let refused = store.commit(Durability::None).unwrap_err();
    assert_eq!(*refused, MemoryError::PersistentMedium);
    assert!(store.is_clean() && store.page_count() == page, "it is discarded");
    store.claim_page().unwrap();
    store.commit(Durability::Eventual).unwrap();
}
