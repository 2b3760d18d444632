//! Damage is found and named; foreign and hostile bytes are refused without a panic.

use wasm_dbms_api::{MemoryError, Page};
use wasm_dbms_memory::{
    Durability, FORMAT_VERSION, FileProvider, MemoryAccess, MemoryManager, MemoryProvider, Options, Registry, Tree,
    TreeState,
};
use wasm_dbms_sim::checksum;

use crate::support::{Medium, TREE, bytes_of, content, medium_of, open, open_bytes};

const PAGE_SIZE: usize = 4096;
const RING: usize = 8192;
/// Where the pages of the first group stand, after their ledger page.
const PAGES: usize = 40_960 + PAGE_SIZE;

/// A database with a tree of a few pages, closed or just dropped.
fn database(is_closed: bool) -> Vec<u8> {
    let medium = Medium::default();
    let mut store = open(medium.clone()).unwrap();
    for round in 0..9u8 {
        let mut state = Registry::tree_state(&mut store, TREE).unwrap();
        if state == TreeState::default() {
            Registry::add_tree(&mut store).unwrap();
        }
        let mut tree = Tree::at(state.root, TREE);
        for key in 0..if round == 0 { 100u32 } else { 2 } {
            tree.put(&mut store, &key.to_be_bytes(), &[round; 150]).unwrap();
        }
        (state.root, state.rows, state.counter) = (tree.root(), 100, round.into());
        Registry::set_tree_state(&mut store, TREE, &state).unwrap();
        store.commit(Durability::Full).unwrap();
    }
    if is_closed {
        store.close().unwrap();
    }
    bytes_of(&medium)
}

/// What opening and reading everything says.
fn outcome(bytes: &[u8]) -> Result<u64, String> {
    let mut store = open_bytes(bytes).map_err(|error| error.to_string())?;
    content(&mut store).map(|(counter, _)| counter)
}

/// Puts the right checksum on a header slot.
fn seal(slot: &mut [u8]) {
    let length = u32::from_le_bytes(slot[12..16].try_into().unwrap()) as usize;
    slot[16..24].fill(0);
    let sum = checksum::of_bytes(&slot[..length.min(4096)], 0);
    slot[16..24].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn a_truncated_file_is_refused() {
    let bytes = database(true);
    for length in [bytes.len() - 1, bytes.len() - PAGE_SIZE, PAGES, PAGES - 1, RING + 1, RING, 4097] {
        let refused = outcome(&bytes[..length]).unwrap_err();
        assert!(refused.contains("truncated"), "{length} bytes: {refused}");
    }
    let bytes = database(false);
    for length in [bytes.len() - PAGE_SIZE, PAGES] {
        let refused = outcome(&bytes[..length]).unwrap_err();
        assert!(refused.contains("truncated"), "not closed, {length} bytes: {refused}");
    }
    for length in [1, 100, 500, 512, RING, PAGES - PAGE_SIZE - 1] {
        assert!(outcome(&bytes[..length]).is_err(), "not closed, {length} bytes");
    }
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_left_alone() {
    for bytes in [b"hello".to_vec(), vec![0xFF; 100_000], vec![0; 50_000], b"SQLite format 3\0".repeat(1000)] {
        let medium = medium_of(&bytes);
        let refused = open(medium.clone()).unwrap_err();
        assert!(matches!(*refused, MemoryError::NotADatabase { .. }), "{refused}");
        assert_eq!(medium.count(), 0);
    }
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let mut bytes = database(true);
    for slot in bytes[..RING].chunks_mut(4096) {
        slot[8..12].copy_from_slice(&(FORMAT_VERSION + 3).to_le_bytes());
        seal(slot);
    }
    let refused = open_bytes(&bytes).unwrap_err();
    assert_eq!(refused, Box::new(MemoryError::NewerFormat { found: FORMAT_VERSION + 3, supported: FORMAT_VERSION }));
}

#[test]
fn two_damaged_headers_are_refused() {
    let mut bytes = database(true);
    bytes[100] ^= 1;
    bytes[4096 + 100] ^= 1;
    assert!(outcome(&bytes).unwrap_err().contains("header"));
}

#[test]
fn one_damaged_header_never_gives_an_older_state_silently() {
    for is_closed in [true, false] {
        let bytes = database(is_closed);
        let now = outcome(&bytes).unwrap();
        for at in [100, 4096 + 100] {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert!(outcome(&bytes).is_err() || outcome(&bytes) == Ok(now), "closed {is_closed}, byte {at}");
        }
    }
}

#[test]
fn a_flipped_bit_in_a_page_is_found_and_the_page_named() {
    let bytes = database(true);
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let pages = open_bytes(&bytes).unwrap().page_count();
    for page in 0..pages {
        for _ in 0..8 {
            let mut damaged = bytes.clone();
            damaged[PAGES + page as usize * PAGE_SIZE + random.usize(..PAGE_SIZE)] ^= 1 << random.u8(..8);
            let mut store = open_bytes(&damaged).unwrap();
            let found = store.page(page).unwrap_err();
            assert!(found.is_corrupt(), "seed {seed}: {found}");
            assert!(found.to_string().contains(&format!("page {page} ")), "seed {seed}: {found}");
            let other = (page + 1) % pages;
            store.page(other).unwrap();
        }
    }
}

#[test]
fn a_damaged_record_that_a_later_one_calls_durable_is_refused() {
    let bytes = database(false);
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut refused = 0;
    let used = bytes[RING..RING + 32_768].iter().rposition(|byte| *byte != 0).unwrap();
    for _ in 0..2000 {
        let mut damaged = bytes.clone();
        let at = random.usize(..used);
        damaged[RING + at] ^= 1 << random.u8(..8);
        match outcome(&damaged) {
            Ok(found) => assert!(found >= 7, "seed {seed}, byte {at} of the ring: {found} is left of 8 commits"),
            Err(what) => refused += u32::from(what.contains("redo ring")),
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn pages_that_changed_places_are_found() {
    let mut bytes = database(true);
    let (first, second) = (PAGES + 2 * PAGE_SIZE, PAGES + 3 * PAGE_SIZE);
    for index in 0..PAGE_SIZE {
        bytes.swap(first + index, second + index);
    }
    let mut store = open_bytes(&bytes).unwrap();
    assert!(store.page(2).unwrap_err().is_corrupt());
    assert!(store.page(3).unwrap_err().is_corrupt());
}

#[test]
fn a_page_of_another_database_is_found() {
    let mut bytes = database(true);
    let medium = Medium::default();
    let mut other =
        MemoryManager::open(Box::new(medium.clone()), Options::new().page_size(4096).database_id(8)).unwrap();
    let page = other.claim_page().unwrap();
    other.close().unwrap();
    let at = PAGES + page as usize * PAGE_SIZE;
    let foreign = bytes_of(&medium)[PAGES..PAGES + PAGE_SIZE].to_vec();
    bytes[at..at + PAGE_SIZE].copy_from_slice(&foreign);
    assert!(open_bytes(&bytes).unwrap().page(page).unwrap_err().is_corrupt());
}

#[test]
fn no_flipped_bit_gives_wrong_data_or_a_panic() {
    for (seed, is_closed) in [(20_261_122, true), (20_261_123, false)] {
        let bytes = database(is_closed);
        let now = outcome(&bytes).unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..1500 {
            let mut damaged = bytes.clone();
            let at = random.usize(..bytes.len());
            damaged[at] ^= 1 << random.u8(..8);
            // Damage among the records that no later one calls durable looks like a crash: only the last may go.
            if let Ok(found) = outcome(&damaged) {
                assert!(found == now || !is_closed && found + 1 == now, "seed {seed}, byte {at}: {found} for {now}");
            }
        }
    }
}

#[test]
fn hostile_headers_never_panic() {
    let bytes = database(true);
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let extremes = [0u64, 1, 2, 511, 512, 4095, 4096, 32_768, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 62, u64::MAX];
    for _ in 0..4000 {
        let mut hostile = bytes.clone();
        for slot in hostile[..RING].chunks_mut(4096) {
            for _ in 0..random.usize(1..3) {
                let at = [8, 12, 32, 40, 48, 56, 64, 68, 72, 80, 84, 88, 128, 136][random.usize(..14)];
                let number = extremes[random.usize(..extremes.len())].to_le_bytes();
                let width = [4, 8][random.usize(..2)];
                slot[at..at + width].copy_from_slice(&number[..width]);
            }
            seal(slot);
        }
        let _refused_or_not = outcome(&hostile);
    }
}

/// A record head with its checksum, chained to the newest header of a closed database.
fn record(bytes: &[u8], pages: u32, parked: (u64, u64, u64), body: &[u8]) -> (usize, Vec<u8>) {
    let slot =
        bytes[..RING].chunks(4096).max_by_key(|slot| u64::from_le_bytes(slot[32..40].try_into().unwrap())).unwrap();
    let number = |at: usize| u64::from_le_bytes(slot[at..at + 8].try_into().unwrap());
    let mut record = vec![0; 64];
    record[8..16].copy_from_slice(&(number(40) + 1).to_le_bytes());
    record[16..24].copy_from_slice(&number(40).to_le_bytes());
    record[24..28].copy_from_slice(&(64 + body.len() as u32).to_le_bytes());
    record[28..32].copy_from_slice(&pages.to_le_bytes());
    record[32..40].copy_from_slice(&number(56).to_le_bytes());
    for (index, field) in [parked.0, parked.1, parked.2].iter().enumerate() {
        record[40 + index * 8..48 + index * 8].copy_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(body);
    let sum = checksum::of_bytes(&record[8..], number(48));
    record[..8].copy_from_slice(&sum.to_le_bytes());
    (RING + (number(84) & 0xFFFF_FFFF) as usize, record)
}

#[test]
fn hostile_records_never_panic() {
    let bytes = database(true);
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..4000 {
        let mut body = Vec::new();
        for _ in 0..random.usize(0..4) {
            body.extend_from_slice(&[0, 1, 7, 8, 200, u32::MAX][random.usize(..6)].to_le_bytes());
            body.extend_from_slice(&[random.u8(..5), random.u8(..4), random.u8(..3), 0]);
            body.extend_from_slice(&random.u64(..).to_le_bytes());
            body.extend((0..random.usize(..30)).map(|_| random.u8(..)));
        }
        let pages: Page = [0, 1, 8, 9, 5000, u32::MAX][random.usize(..6)];
        let (at, record) = record(&bytes, pages, (0, 0, 0), &body);
        let mut hostile = bytes.clone();
        let room = record.len().min(RING + 32_768 - at);
        hostile[at..at + room].copy_from_slice(&record[..room]);
        let _refused_or_not = outcome(&hostile);
    }
}

#[test]
fn a_parked_body_as_long_as_a_sparse_file_is_not_believed() {
    let bytes = database(true);
    let folder = tempfile::tempdir().unwrap();
    let file = FileProvider::open(folder.path().join("a.db")).unwrap();
    let (at, record) = record(&bytes, 9, (bytes.len() as u64, 1 << 39, 0), &[]);
    file.write(0, &bytes).unwrap();
    file.write(at as u64, &record).unwrap();
    file.set_size(1 << 40).unwrap();
    let mut store = open(file).unwrap();
    assert_eq!(content(&mut store).unwrap().0, 8, "the record is rejected, the database is not");
}
