//! Tests of sum pages. In them the header has room for the sums of two groups and a sum page for three, so that a small
//! database has several.

use std::sync::{Arc, Mutex};

use wasm_dbms_api::{MemoryResult, Page};

use crate::{
    Durability, Guarantees, HeapProvider, MemoryAccess, MemoryManager, MemoryProvider, Options, UnclaimedPages,
};

const SECTOR: usize = 512;

#[derive(Debug, Clone)]
enum Call {
    Write(usize, Vec<u8>),
    SetSize(usize),
    Sync,
}

/// A medium that keeps every call. Clones share it. (The one of `wasm-dbms-sim` is for this crate as others see it.)
#[derive(Debug, Clone, Default)]
struct Recorder {
    heap: HeapProvider,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Recorder {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { heap: HeapProvider::from_bytes(bytes), ..Self::default() }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn note(&self, call: Call) {
        self.calls.lock().unwrap().push(call);
    }
}

impl MemoryProvider for Recorder {
    fn size(&self) -> MemoryResult<u64> {
        self.heap.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.note(Call::SetSize(size as usize));
        self.heap.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        self.heap.read(offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.note(Call::Write(offset as usize, bytes.to_vec()));
        self.heap.write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        self.note(Call::Sync);
        Ok(())
    }

    fn guarantees(&self) -> Guarantees {
        self.heap.guarantees()
    }
}

/// Applies a call; of a write the sectors that `is_kept` says.
fn apply(image: &mut Vec<u8>, call: &Call, is_kept: &mut dyn FnMut() -> bool) {
    match call {
        Call::SetSize(size) if is_kept() => image.resize(*size, 0),
        Call::Write(offset, bytes) => {
            for (index, sector) in bytes.chunks(SECTOR).enumerate().filter(|_| is_kept()) {
                let at = offset + index * SECTOR;
                image.resize(image.len().max(at + sector.len()), 0);
                image[at..at + sector.len()].copy_from_slice(sector);
            }
        }
        _ => {}
    }
}

/// Shows so many images that a crash after each call may leave.
fn for_each_image(
    start: &[u8],
    calls: &[Call],
    random: &mut fastrand::Rng,
    images: usize,
    visit: &mut dyn FnMut(usize, &[u8]),
) {
    let mut base = start.to_vec();
    let mut synced = 0;
    for made in 0..=calls.len() {
        if made > 0 && matches!(calls[made - 1], Call::Sync) {
            calls[synced..made].iter().for_each(|call| apply(&mut base, call, &mut || true));
            synced = made;
        }
        for number in 0..images {
            let mut image = base.clone();
            for call in &calls[synced..made] {
                // Whole calls, single sectors, and all of it.
                let fate = random.bool();
                apply(&mut image, call, &mut || match number % 3 {
                    0 => true,
                    1 => fate,
                    _ => random.bool(),
                });
            }
            visit(made, &image);
        }
    }
}

fn options() -> Options {
    Options::new().page_size(4096).database_id(7)
}

fn open(provider: impl MemoryProvider + 'static) -> MemoryResult<MemoryManager> {
    MemoryManager::open(Box::new(provider), options())
}

fn open_bytes(bytes: &[u8]) -> MemoryResult<MemoryManager> {
    open(HeapProvider::from_bytes(bytes.to_vec()))
}

/// Seven groups of 448 pages.
const PAGES: Page = 2900;

/// A page of each group, the first and the last among them.
const STAMPED: [Page; 9] = [2, 447, 448, 900, 1344, 1800, 2240, 2687, 2899];

/// A closed database.
fn database() -> Vec<u8> {
    let medium = HeapProvider::new();
    let mut store = MemoryManager::open(Box::new(medium.clone()), options()).unwrap();
    while store.page_count() < PAGES {
        store.claim_page().unwrap();
    }
    stamp(&mut store, 1);
    store.commit(Durability::Full).unwrap();
    store.close().unwrap();
    medium.to_bytes()
}

fn stamp(store: &mut MemoryManager, number: u64) {
    for page in STAMPED {
        store.write_at(page, 64, &number).unwrap();
    }
}

/// The number that all stamped pages hold; every page is read.
fn stamp_of(store: &mut MemoryManager) -> u64 {
    stamp_below(store, PAGES)
}

/// The number that the stamped pages before `end` hold; every page is read.
fn stamp_below(store: &mut MemoryManager, end: Page) -> u64 {
    let number = store.read_at::<u64>(2, 64).unwrap();
    let pages = store.page_count();
    for page in STAMPED.into_iter().filter(|page| *page < end) {
        assert_eq!(store.read_at::<u64>(page, 64).unwrap(), number, "page {page}");
    }
    for page in 0..pages {
        store.view(page, |_| ()).unwrap();
    }
    number
}

#[test]
fn a_database_of_more_groups_than_the_header_has_room_for_is_reopened_and_exported() {
    let bytes = database();
    let mut store = open_bytes(&bytes).unwrap();
    assert_eq!((stamp_of(&mut store), store.page_count()), (1, PAGES));
    let mut export = Vec::new();
    store.export(&mut export).unwrap();
    // A parked body may stand after the last page.
    assert!(export[40_960..] == bytes[40_960..export.len()], "an export stands where the database does");
    assert_eq!(stamp_of(&mut open_bytes(&export).unwrap()), 1);
}

#[test]
fn damage_in_a_sum_page_is_found_when_the_database_is_opened() {
    let bytes = database();
    let layout = crate::log::layout::Layout::new(4096);
    for number in 0..2 {
        let mut damaged = bytes.clone();
        damaged[layout.sum_page_address(number) as usize + 70] ^= 1;
        let found = open_bytes(&damaged).unwrap_err();
        assert!(found.to_string().contains(&format!("sum page {number}")), "{found}");
    }
}

#[test]
fn no_crash_mixes_sums_of_two_commits() {
    let start = database();
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let medium = Recorder::from_bytes(start.clone());
    let mut store = open(medium.clone()).unwrap();
    let mut commits = vec![(0, 0), (0, 0)];
    for number in 2..9 {
        let begun = medium.count();
        stamp(&mut store, number);
        // Pages that change by more than the ring holds are brought in place soon.
        for page in 1000..1000 + random.u32(..8) {
            store.edit(page, |bytes| random.fill(bytes)).unwrap();
        }
        store.commit(Durability::Full).unwrap();
        commits.push((begun, medium.count()));
    }
    store.close().unwrap();
    let mut images = 0;
    for_each_image(&start, &medium.calls(), &mut random, 5, &mut |made, image| {
        images += 1;
        let found = stamp_of(&mut open_bytes(image).unwrap()) as usize;
        let kept = commits.iter().rposition(|(_, end)| *end <= made).unwrap();
        assert!(kept <= found && commits[found].0 <= made, "seed {seed}, {made} calls: {found} for {kept}");
    });
    assert!(images > 300, "{images}");
}

#[test]
fn no_crash_while_groups_are_given_back_mixes_sums() {
    let seed = 20_261_123;
    let mut random = fastrand::Rng::with_seed(seed);
    for end in [2500, 2688, 1000, 400] {
        let medium = HeapProvider::from_bytes(database());
        let mut store = MemoryManager::open(Box::new(medium.clone()), options()).unwrap();
        for page in end..PAGES {
            store.unclaim_page(page).unwrap();
        }
        store.commit(Durability::Full).unwrap();
        store.close().unwrap();
        let start = medium.to_bytes();
        let medium = Recorder::from_bytes(start.clone());
        let mut store = open(medium.clone()).unwrap();
        assert_eq!(store.release_tail().unwrap(), end);
        let done = medium.count();
        assert_eq!(stamp_below(&mut store, end), 1);
        store.write_at(2, 128, &9u32).unwrap();
        store.claim_page().unwrap();
        store.commit(Durability::Full).unwrap();
        store.close().unwrap();
        let calls = medium.calls();
        assert!(calls.iter().any(|call| matches!(call, Call::SetSize(_))));
        for_each_image(&start, &calls, &mut random, 6, &mut |made, image| {
            let mut store = open_bytes(image).unwrap_or_else(|error| panic!("seed {seed}, {made} calls: {error}"));
            assert_eq!(stamp_below(&mut store, end), 1);
            if made >= done {
                assert!(store.page_count() <= end + 1, "seed {seed}, {made} calls");
            }
            assert!(store.release_tail().unwrap() <= end + 1, "seed {seed}, {made} calls");
            assert_eq!(UnclaimedPages::count(&mut store).unwrap(), 0);
            assert_eq!(stamp_below(&mut store, end), 1);
        });
    }
}
