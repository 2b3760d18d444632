//! Every method of `MemoryAccess` keeps its contract.

use wasm_dbms_api::prelude::*;
use wasm_dbms_memory::{
    Durability, MemoryAccess, MemoryManager, Options, PageRef, RESERVED_PAGES, Tree, UNCLAIMED_PAGES_PAGE,
};

use crate::support::{Five, FourFunctions, NineMethods, in_memory};

const PAGE_SIZE: u32 = 4096;

/// A store with one page full of ones.
fn store_of_ones() -> (MemoryManager, Page) {
    let mut store = in_memory();
    let page = store.claim_page().unwrap();
    store.edit(page, |bytes| bytes.fill(1)).unwrap();
    (store, page)
}

/// The page, which must still be full of ones.
fn assert_unchanged(store: &mut MemoryManager, page: Page) {
    assert!(store.page(page).unwrap().iter().all(|byte| *byte == 1), "a refused write changed a byte");
}

#[test]
fn the_page_size_is_that_of_the_options() {
    assert_eq!(in_memory().page_size(), u64::from(PAGE_SIZE));
    assert_eq!(MemoryManager::in_memory(Options::new()).unwrap().page_size(), 8192);
}

#[test]
fn a_page_size_that_cannot_be_is_refused() {
    for bytes in [0, 1, 2048, 4095, 5000, 128 * 1024, usize::MAX] {
        let refused = MemoryManager::in_memory(Options::new().page_size(bytes)).unwrap_err();
        assert!(matches!(*refused, MemoryError::LimitExceeded { .. }), "{bytes}: {refused}");
    }
}

#[test]
fn growing_gives_the_next_page_all_zero() {
    let mut store = in_memory();
    let pages: Vec<Page> = (0..3).map(|_| store.grow_one_page().unwrap()).collect();
    assert_eq!(pages, [RESERVED_PAGES, RESERVED_PAGES + 1, RESERVED_PAGES + 2]);
    for page in pages {
        assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0));
    }
}

#[test]
fn growing_after_an_aborted_batch_hands_out_the_lowest_page_again_all_zero() {
    let mut store = in_memory();
    store.grow_one_page().unwrap();
    store.commit(Durability::Full).unwrap();
    let first = store.grow_one_page().unwrap();
    let second = store.grow_one_page().unwrap();
    store.edit(first, |bytes| bytes.fill(7)).unwrap();
    store.edit(second, |bytes| bytes.fill(7)).unwrap();
    store.discard();
    for page in [first, second] {
        assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0), "page {page} stays readable and zero");
    }
    for page in [first, second] {
        assert_eq!(store.grow_one_page().unwrap(), page);
        assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0));
    }
}

#[test]
fn growing_after_abandoned_growth_hands_out_the_lowest_page_again_and_the_batch_can_be_committed() {
    let mut store = in_memory();
    let kept = store.claim_page().unwrap();
    let ledger = store.page(UNCLAIMED_PAGES_PAGE).unwrap();
    let undone = store.claim_page().unwrap();
    store.edit(undone, |bytes| bytes.fill(7)).unwrap();
    store.unclaim_page(undone).unwrap();
    store.restore(UNCLAIMED_PAGES_PAGE, &ledger).unwrap();
    store.abandon_growth(undone).unwrap();
    store.commit(Durability::Full).unwrap();
    assert_eq!(store.page_count(), kept + 1);
    assert_eq!(store.claim_page().unwrap(), undone);
    assert!(store.page(undone).unwrap().iter().all(|byte| *byte == 0));
    store.unclaim_page(undone).unwrap();
}

#[test]
fn a_page_that_was_never_allocated_is_refused_by_every_method() {
    let mut store = in_memory();
    let (page, pages) = (RESERVED_PAGES, RESERVED_PAGES);
    let refusal = Box::new(MemoryError::PageOutOfRange { page, pages });
    assert_eq!(store.page(page).unwrap_err(), refusal);
    assert_eq!(store.view(page, |_| ()).unwrap_err(), refusal);
    assert_eq!(store.edit(page, |_| ()).unwrap_err(), refusal);
    assert_eq!(store.zero_page(page).unwrap_err(), refusal);
    assert_eq!(store.unclaim_page(page).unwrap_err(), refusal);
    assert_eq!(store.page_state(page).unwrap_err(), refusal);
    assert_eq!(store.read_at::<u64>(page, 0).unwrap_err(), refusal);
    assert_eq!(store.write_at(page, 0, &1u64).unwrap_err(), refusal);
    assert_eq!(store.write_at_raw(page, 0, &[1]).unwrap_err(), refusal);
    assert_eq!(store.read_at_raw(page, 0, &mut [0]).unwrap_err(), refusal);
    assert_eq!(store.zero(page, 0, &1u64).unwrap_err(), refusal);
    assert_eq!(store.zero_raw(page, 0, 1).unwrap_err(), refusal);
    assert_eq!(store.restore(page, &PageRef::zeroed(4096)).unwrap_err(), refusal);
}

#[test]
fn typed_access_at_an_offset_that_the_type_does_not_allow_is_refused() {
    let (mut store, page) = store_of_ones();
    let refusal = Box::new(MemoryError::Misaligned { page, offset: 4, alignment: 8 });
    assert_eq!(store.read_at::<u64>(page, 4).unwrap_err(), refusal);
    assert_eq!(store.write_at(page, 4, &0u64).unwrap_err(), refusal);
    assert_eq!(store.zero(page, 4, &0u64).unwrap_err(), refusal);
    assert_unchanged(&mut store, page);
    store.write_at_raw(page, 3, &[2, 2]).unwrap();
    assert_eq!(store.read_at::<u8>(page, 3).unwrap(), 2, "raw access knows no alignment");
}

#[test]
fn a_value_is_read_back_and_its_padding_is_zeroed() {
    let (mut store, page) = store_of_ones();
    store.write_at(page, 16, &Five([1, 2, 3, 4])).unwrap();
    assert_eq!(store.read_at::<Five>(page, 16).unwrap(), Five([1, 2, 3, 4]));
    assert_eq!(store.page(page).unwrap()[15..25], [1, 5, 1, 2, 3, 4, 0, 0, 0, 1]);
}

#[test]
fn a_value_whose_footprint_ends_with_the_page_fits() {
    let (mut store, page) = store_of_ones();
    store.write_at(page, PAGE_SIZE - 8, &Five([1, 2, 3, 4])).unwrap();
    assert_eq!(store.read_at::<Five>(page, PAGE_SIZE - 8).unwrap(), Five([1, 2, 3, 4]));
    store.write_at(page, 0, &vec![9u8; PAGE_SIZE as usize - 4]).unwrap();
    assert_eq!(store.read_at::<Vec<u8>>(page, 0).unwrap().len(), PAGE_SIZE as usize - 4);
}

#[test]
fn a_footprint_past_the_end_of_the_page_is_refused_before_any_byte_changes() {
    let (mut store, page) = store_of_ones();
    let past = |error: Box<MemoryError>| assert!(matches!(*error, MemoryError::OutOfBounds { .. }), "{error}");
    past(store.write_at(page, 0, &vec![9u8; PAGE_SIZE as usize - 3]).unwrap_err());
    past(store.write_at(page, PAGE_SIZE - 4, &"text".to_string()).unwrap_err());
    past(store.write_at(page, PAGE_SIZE, &0u8).unwrap_err());
    past(store.write_at(page, u32::MAX - 7, &0u64).unwrap_err());
    past(store.zero(page, PAGE_SIZE - 4, &"text".to_string()).unwrap_err());
    past(store.zero_raw(page, 1, PAGE_SIZE).unwrap_err());
    past(store.zero_raw(page, u32::MAX, u32::MAX).unwrap_err());
    past(store.write_at_raw(page, PAGE_SIZE - 1, &[0, 0]).unwrap_err());
    past(store.write_at_raw(page, u32::MAX, &[0]).unwrap_err());
    past(store.read_at_raw(page, PAGE_SIZE + 1, &mut [0]).unwrap_err());
    assert_unchanged(&mut store, page);
}

#[test]
fn a_fixed_size_value_cut_by_the_end_of_the_page_is_an_error_and_not_made_up_zeros() {
    let (mut store, page) = store_of_ones();
    let cut = store.read_at::<[u8; 8]>(page, PAGE_SIZE - 4).unwrap_err();
    assert_eq!(
        cut,
        Box::new(MemoryError::OutOfBounds { page, offset: PAGE_SIZE - 4, length: 8, page_size: PAGE_SIZE.into() })
    );
    let cut = store.read_at::<Vec<u8>>(page, PAGE_SIZE - 2).unwrap_err();
    assert!(matches!(*cut, MemoryError::Decode { .. }), "{cut}");
    let cut = store.read_at::<Vec<u8>>(page, PAGE_SIZE).unwrap_err();
    assert!(matches!(*cut, MemoryError::OutOfBounds { .. }), "{cut}");
}

#[test]
fn bytes_that_are_no_value_of_the_type_are_an_error() {
    let (mut store, page) = store_of_ones();
    let refused = store.read_at::<Five>(page, 0).unwrap_err();
    assert_eq!(refused, Box::new(MemoryError::Decode { expected: "Five", found: "other bytes".into() }));
    assert!(store.read_at::<Vec<u8>>(page, 0).is_err(), "a length of 16,843,009 bytes is not trusted");
}

/// Says that it takes one byte, and gives three.
struct Liar;

impl Encode for Liar {
    const SIZE: DataSize = DataSize::Dynamic;
    const ALIGNMENT: PageOffset = 2;

    fn size(&self) -> PageOffset {
        1
    }

    fn encode(&self) -> std::borrow::Cow<'_, [u8]> {
        std::borrow::Cow::Borrowed(&[7, 8, 9])
    }

    fn decode(_: std::borrow::Cow<'_, [u8]>) -> MemoryResult<Self> {
        Ok(Self)
    }
}

#[test]
fn all_bytes_of_a_value_are_written_whatever_it_says_of_its_size() {
    let (mut store, page) = store_of_ones();
    store.write_at(page, 2, &Liar).unwrap();
    assert_eq!(store.page(page).unwrap()[..7], [1, 1, 7, 8, 9, 0, 1]);
    assert!(store.write_at(page, PAGE_SIZE - 2, &Liar).is_err());
}

#[test]
fn raw_bytes_are_read_and_written_as_far_as_the_page_goes() {
    let (mut store, page) = store_of_ones();
    store.write_at_raw(page, PAGE_SIZE - 3, &[7, 8, 9]).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(store.read_at_raw(page, PAGE_SIZE - 4, &mut buffer).unwrap(), 4);
    assert_eq!(buffer, [1, 7, 8, 9, 0, 0, 0, 0]);
    assert_eq!(store.read_at_raw(page, PAGE_SIZE, &mut buffer).unwrap(), 0);
    store.write_at_raw(page, PAGE_SIZE, &[]).unwrap();
}

#[test]
fn zeroing_touches_the_footprint_and_nothing_else() {
    let (mut store, page) = store_of_ones();
    store.zero(page, 8, &Five([0; 4])).unwrap();
    assert_eq!(store.page(page).unwrap()[7..17], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    store.zero_raw(page, 33, 2).unwrap();
    assert_eq!(store.page(page).unwrap()[32..36], [1, 0, 0, 1]);
    store.zero_raw(page, 0, PAGE_SIZE).unwrap();
    assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0), "a whole page too");
    store.edit(page, |bytes| bytes.fill(1)).unwrap();
    store.zero_page(page).unwrap();
    assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0));
}

#[test]
fn a_handle_never_changes_under_a_later_write() {
    let (mut store, page) = store_of_ones();
    let ones = store.page(page).unwrap();
    store.edit(page, |bytes| bytes.fill(2)).unwrap();
    let twos = store.page(page).unwrap();
    store.write_at(page, 0, &3u64).unwrap();
    store.commit(Durability::Full).unwrap();
    store.unclaim_page(page).unwrap();
    store.discard();
    store.zero_page(page).unwrap();
    assert!(ones.iter().all(|byte| *byte == 1) && twos.iter().all(|byte| *byte == 2));
    drop(store);
    assert_eq!(ones.len(), PAGE_SIZE as usize, "a handle outlives its store");
}

#[test]
fn restoring_puts_a_page_back_as_the_handle_holds_it() {
    let (mut store, page) = store_of_ones();
    let ones = store.page(page).unwrap();
    store.edit(page, |bytes| bytes.fill(2)).unwrap();
    store.restore(page, &ones).unwrap();
    assert_unchanged(&mut store, page);
    store.edit(page, |bytes| bytes.fill(3)).unwrap();
    assert!(ones.iter().all(|byte| *byte == 1), "the handle is as it was");
}

/// Claims, releases, reads, writes, and grows a tree.
fn exercise(store: &mut impl MemoryAccess) {
    let page = store.claim_page().unwrap();
    store.write_at(page, 8, &Five([1, 2, 3, 4])).unwrap();
    assert_eq!(store.read_at::<Five>(page, 8).unwrap(), Five([1, 2, 3, 4]));
    store.edit(page, |bytes| bytes[100] = 9).unwrap();
    store.zero(page, 8, &Five([0; 4])).unwrap();
    assert!(store.page(page).unwrap()[..100].iter().all(|byte| *byte == 0));
    store.unclaim_page(page).unwrap();
    assert_eq!(store.unclaim_page(page).unwrap_err(), Box::new(MemoryError::AlreadyUnclaimed { page }));
    assert_eq!(store.unclaim_page(0).unwrap_err(), Box::new(MemoryError::ReservedPage { page: 0 }));
    assert_eq!(store.claim_page().unwrap(), page, "the page released last comes back");
    assert!(store.page(page).unwrap().iter().all(|byte| *byte == 0));

    let mut tree = Tree::new(1);
    for number in 0..2000u32 {
        tree.put(store, &number.wrapping_mul(2_654_435_761).to_be_bytes(), &[7; 40]).unwrap();
    }
    for number in 0..2000u32 {
        let key = number.wrapping_mul(2_654_435_761).to_be_bytes();
        assert_eq!(tree.get(store, &key).unwrap().as_deref(), Some(&[7; 40][..]));
        assert!(tree.remove(store, &key).unwrap());
    }
    assert_eq!(tree.root(), 0);
}

#[test]
fn an_interceptor_of_four_functions_is_a_whole_store() {
    let mut store = FourFunctions(in_memory());
    exercise(&mut store);
    store.0.commit(Durability::Full).unwrap();
}

#[test]
fn a_store_that_knows_neither_page_nor_edit_is_a_whole_store() {
    exercise(&mut NineMethods::new());
}
