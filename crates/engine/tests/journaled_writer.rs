//! Whatever was written through a journal since a savepoint, rolling back restores every byte.
//!
//! A seeded workload runs on a [`JournaledWriter`] over each kind of store; a model copies every page when a savepoint
//! is opened and says what must be there when it is rolled back.

use wasm_dbms::{
    DataSize, Encode, JournaledWriter, MemoryAccess, MemoryManager, MemoryResult, Options, Page, PageState,
    RESERVED_PAGES, UnclaimedPages,
};

use crate::stores::{FourFunctions, NineMethods};
use crate::support::seed;

/// Everything that can be seen of a store.
#[derive(Debug, Clone, PartialEq)]
struct Image {
    pages: Vec<Vec<u8>>,
    unclaimed: Vec<Page>,
}

/// A store that says how many pages it handed out.
trait Counted: MemoryAccess {
    fn pages(&self) -> Page;
}

impl Counted for MemoryManager {
    fn pages(&self) -> Page {
        self.page_count()
    }
}

impl Counted for FourFunctions<MemoryManager> {
    fn pages(&self) -> Page {
        self.0.page_count()
    }
}

impl Counted for NineMethods {
    fn pages(&self) -> Page {
        self.page_count()
    }
}

fn image<M: Counted>(store: &mut JournaledWriter<M>) -> Image {
    let pages = (0..store.inner().pages()).map(|page| store.page(page).unwrap().to_vec()).collect();
    Image { pages, unclaimed: UnclaimedPages::list(store).unwrap() }
}

/// Checks that a store is as it was. Where it cannot take growth back, the pages grown since are zero.
fn assert_restored<M: Counted>(store: &mut JournaledWriter<M>, before: &Image, what: &str) {
    let mut now = image(store);
    let grown = now.pages.split_off(before.pages.len());
    assert!(grown.iter().flatten().all(|byte| *byte == 0), "{what}: a page grown since is not zero");
    for (page, (now, before)) in now.pages.iter().zip(&before.pages).enumerate() {
        let at = now.iter().zip(before).position(|(now, before)| now != before);
        assert_eq!(at, None, "{what}: page {page} differs at this byte");
    }
    assert_eq!(now.unclaimed, before.unclaimed, "{what}");
    for page in 0..before.pages.len() as Page {
        let expected = match before.unclaimed.contains(&page) {
            _ if page < RESERVED_PAGES => PageState::Reserved,
            true => PageState::Free,
            false => PageState::Used,
        };
        assert_eq!(store.page_state(page).unwrap(), expected, "{what}: page {page}");
    }
}

/// One random write. Returns what it was.
fn write<M: Counted>(store: &mut JournaledWriter<M>, random: &mut fastrand::Rng) -> String {
    let pages = store.inner().pages();
    let size = store.page_size() as u32;
    let unclaimed = UnclaimedPages::list(store).unwrap();
    let used: Vec<Page> = (RESERVED_PAGES..pages).filter(|page| !unclaimed.contains(page)).collect();
    let Some(page) = random.choice(&used).copied() else {
        return format!("claim {}", store.claim_page().unwrap());
    };
    let offset = random.u32(..size);
    match random.u8(..100) {
        0..18 => format!("claim {}", store.claim_page().unwrap()),
        18..24 => format!("grow {}", store.grow_one_page().unwrap()),
        24..38 => {
            store.unclaim_page(page).unwrap();
            format!("unclaim {page}")
        }
        38..48 => {
            let offset = offset / 8 * 8;
            store.write_at(page, offset, &random.u64(..)).unwrap();
            format!("write_at {page} {offset}")
        }
        48..62 => {
            let mut bytes = vec![0; random.usize(..=(size - offset) as usize)];
            random.fill(&mut bytes);
            store.write_at_raw(page, offset, &bytes).unwrap();
            format!("write_at_raw {page} {offset} {}", bytes.len())
        }
        62..68 => {
            store.zero(page, offset / 4 * 4, &0u32).unwrap();
            format!("zero {page} {offset}")
        }
        68..74 => {
            store.zero_raw(page, offset, random.u32(..=size - offset)).unwrap();
            format!("zero_raw {page} {offset}")
        }
        74..77 => {
            store.zero_page(page).unwrap();
            format!("zero_page {page}")
        }
        77..88 => {
            let byte = random.u8(..);
            store.edit(page, |bytes| bytes[offset as usize..].fill(byte)).unwrap();
            format!("edit {page} {offset}")
        }
        _ => refused(store, page, &unclaimed, random),
    }
}

/// A write that must be refused.
fn refused<M: Counted>(
    store: &mut JournaledWriter<M>,
    page: Page,
    unclaimed: &[Page],
    random: &mut fastrand::Rng,
) -> String {
    let size = store.page_size() as u32;
    let pages = store.inner().pages();
    let error = match random.u8(..8) {
        0 => store.write_at(page, size - 4, &1u64),
        1 => store.write_at(page, 3, &1u64),
        2 => store.write_at_raw(page, size - 1, &[1, 2]),
        3 => store.zero_raw(page, 1, size),
        4 => store.edit(pages + random.u32(..5), |bytes| bytes.fill(7)),
        5 => store.unclaim_page(random.u32(..RESERVED_PAGES)),
        6 => store.write_at(page, 0, &Endless),
        _ => match unclaimed.first() {
            Some(unclaimed) => store.unclaim_page(*unclaimed),
            None => store.unclaim_page(pages + 1),
        },
    };
    format!("refused: {}", error.unwrap_err())
}

/// A value that never fits.
struct Endless;

impl Encode for Endless {
    const SIZE: DataSize = DataSize::Dynamic;

    fn size(&self) -> u32 {
        u32::MAX
    }

    fn encode(&self) -> std::borrow::Cow<'_, [u8]> {
        vec![7; 70_000].into()
    }

    fn decode(_: std::borrow::Cow<'_, [u8]>) -> MemoryResult<Self> {
        Ok(Self)
    }
}

/// Rounds of random writes with nested savepoints, some released, some rolled back.
fn hold_against_the_model<M: Counted>(mut new: impl FnMut() -> M, rounds: u64) {
    let seed = seed(1407);
    for round in 0..rounds {
        let mut random = fastrand::Rng::with_seed(seed ^ round.wrapping_mul(0x9E37_79B9));
        let mut store = JournaledWriter::new(new());
        let mut open: Vec<Image> = Vec::new();
        let mut log = String::new();
        for _ in 0..random.usize(20..150) {
            match random.u8(..10) {
                0 if open.len() < 5 => {
                    open.push(image(&mut store));
                    store.savepoint();
                    log.push_str("savepoint\n");
                }
                1 if !open.is_empty() => {
                    store.release();
                    open.pop();
                    log.push_str("release\n");
                }
                2 => {
                    if let Some(before) = open.pop() {
                        store.roll_back().unwrap();
                        log.push_str("roll back\n");
                        assert_restored(&mut store, &before, &format!("seed {seed}, round {round}\n{log}"));
                    }
                }
                _ => log.push_str(&format!("{}\n", write(&mut store, &mut random))),
            }
            assert_eq!(store.depth(), open.len());
        }
        while let Some(before) = open.pop() {
            store.roll_back().unwrap();
            assert_restored(&mut store, &before, &format!("seed {seed}, round {round}, at the end\n{log}"));
        }
    }
}

fn in_memory() -> MemoryManager {
    MemoryManager::in_memory(Options::new().page_size(4096)).unwrap()
}

#[test]
fn rolling_back_restores_every_byte_of_the_page_store() {
    hold_against_the_model(in_memory, 400);
}

#[test]
fn rolling_back_restores_every_byte_of_a_store_behind_an_interceptor_of_four_functions() {
    hold_against_the_model(|| FourFunctions(in_memory()), 150);
}

#[test]
fn rolling_back_restores_every_byte_of_a_store_that_knows_neither_page_nor_edit() {
    hold_against_the_model(NineMethods::new, 150);
}

#[test]
fn pages_grown_and_rolled_back_are_handed_out_again_zeroed() {
    let mut store = JournaledWriter::new(in_memory());
    let kept = store.claim_page().unwrap();
    for _ in 0..3 {
        store.savepoint();
        for grown in kept + 1..kept + 11 {
            assert_eq!(store.claim_page().unwrap(), grown);
            store.edit(grown, |bytes| bytes.fill(9)).unwrap();
        }
        store.roll_back().unwrap();
        assert_eq!(store.inner().page_count(), kept + 1);
        assert!(store.page(kept + 1).unwrap().iter().all(|byte| *byte == 0), "a page behind the mark is not zero");
    }
    let again = store.grow_one_page().unwrap();
    assert_eq!(again, kept + 1);
    assert!(store.page(again).unwrap().iter().all(|byte| *byte == 0));
}

#[test]
fn a_ledger_that_spilled_is_rolled_back_entry_by_entry() {
    let mut store = JournaledWriter::new(in_memory());
    let pages: Vec<Page> = (0..3000).map(|_| store.claim_page().unwrap()).collect();
    for page in pages.iter().take(1015) {
        store.unclaim_page(*page).unwrap();
    }
    let before = image(&mut store);
    store.savepoint();
    for page in pages.iter().skip(1015) {
        store.unclaim_page(*page).unwrap();
    }
    store.savepoint();
    for _ in 0..2500 {
        let page = store.claim_page().unwrap();
        store.edit(page, |bytes| bytes.fill(3)).unwrap();
    }
    store.release();
    store.roll_back().unwrap();
    assert_restored(&mut store, &before, "after spilling");
    assert_eq!(store.claim_page().unwrap(), pages[1014]);
}

#[test]
fn without_a_savepoint_nothing_is_journaled() {
    let mut store = JournaledWriter::new(in_memory());
    let page = store.claim_page().unwrap();
    store.write_at(page, 0, &5u64).unwrap();
    store.roll_back().unwrap();
    store.release();
    assert_eq!(store.read_at::<u64>(page, 0).unwrap(), 5);
    assert_eq!(store.depth(), 0);
}

#[test]
fn a_handle_taken_before_a_rollback_keeps_its_bytes() {
    let mut store = JournaledWriter::new(in_memory());
    let page = store.claim_page().unwrap();
    store.edit(page, |bytes| bytes.fill(1)).unwrap();
    store.savepoint();
    store.edit(page, |bytes| bytes.fill(2)).unwrap();
    let handle = store.page(page).unwrap();
    store.roll_back().unwrap();
    assert!(handle.iter().all(|byte| *byte == 2));
    assert!(store.page(page).unwrap().iter().all(|byte| *byte == 1));
}
