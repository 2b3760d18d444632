//! Crashes that once were too much, each as a test of its own. Every other crash is in the battery.

use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, MemoryProvider, Options};
use wasm_dbms_sim::{Call, Crashes, Fault, Faulty, Injection, Recorder, apply_sectors};

type Medium = Recorder<Faulty<HeapProvider>>;

fn open(provider: impl MemoryProvider + 'static) -> MemoryManager {
    MemoryManager::open(Box::new(provider), Options::new().page_size(4096).database_id(7)).unwrap()
}

/// Fills pages 2 to 14 with one byte: more than the ring holds, so that the body is parked.
fn change_all(store: &mut MemoryManager, byte: u8) {
    while store.page_count() < 14 {
        store.grow_one_page().unwrap();
    }
    for page in 2..14 {
        store.edit(page, |bytes| bytes.fill(byte)).unwrap();
    }
}

/// The byte that every page holds.
fn byte_of(store: &mut MemoryManager) -> u8 {
    let mut bytes = (2..store.page_count()).map(|page| {
        let image = store.page(page).unwrap();
        assert!(image.iter().all(|byte| *byte == image[0]), "page {page} is a mixture");
        image[0]
    });
    let byte = bytes.next().unwrap_or(0);
    assert!(bytes.all(|other| other == byte), "the pages are a mixture");
    byte
}

#[test]
fn no_crash_after_a_failed_sync_misses_a_parked_body_that_only_the_host_saw() {
    let mut images = 0;
    for seed in 20_266_122..20_266_130 {
        let medium = Medium::default();
        let mut store = open(medium.clone());
        change_all(&mut store, 1);
        store.commit(Durability::Full).unwrap();
        let acknowledged = medium.count();
        // The size, the body, the record, the sync.
        change_all(&mut store, 2);
        medium.inner().inject(Injection::after_changes(3, Fault::Error));
        assert!(store.commit(Durability::Full).unwrap_err().is_in_doubt(), "seed {seed}");
        let parked = medium.calls().into_iter().nth_back(2);
        assert!(matches!(parked, Some(Call::Write { bytes, .. }) if bytes.len() > 32 * 1024), "seed {seed}");
        assert_eq!(medium.calls().last(), Some(&Call::FailedSync), "seed {seed}");
        medium.inner().heal();
        drop(store);
        let mut store = open(medium.clone());
        assert_eq!(byte_of(&mut store), 2, "seed {seed}: the host's cache has it");
        change_all(&mut store, 3);
        store.commit(Durability::Full).unwrap();
        let end = medium.count();
        drop(store);
        Crashes::of(&[], &medium.calls()).seed(seed).torn_max(100).for_each(&mut |crash| {
            let found = byte_of(&mut open(crash.provider()));
            let least = if crash.made() < acknowledged { 0 } else { 1 };
            let least = if crash.made() < end { least } else { 3 };
            assert!((least..=3).contains(&found), "seed {seed}, {}: {found} stands", crash.describe());
            images += 1;
        });
    }
    println!("crash, parked: {images} images");
}

#[test]
fn two_torn_headers_do_not_take_a_database_away() {
    // Enough pages for a header of two sectors.
    let medium = Medium::default();
    let mut store = open(medium.clone());
    for _ in 0..25_000 {
        store.grow_one_page().unwrap();
    }
    store.commit(Durability::Full).unwrap();
    let is_header = |call: &Call| matches!(call, Call::Write { offset: 0 | 4096, .. });
    let mut random = fastrand::Rng::with_seed(20_261_122);
    // The last call is a flip that nothing has synced.
    while !medium.calls().last().is_some_and(is_header) {
        store.edit(2, |bytes| random.fill(bytes)).unwrap();
        store.commit(Durability::Full).unwrap();
    }
    let kept = store.page(2).unwrap();
    let (base, from) = (medium.inner().inner().to_bytes(), medium.count());
    let flip = medium.calls().pop().unwrap();
    assert!(matches!(&flip, Call::Write { bytes, .. } if bytes.len() == 1024));
    // The host loses one of its sectors, says so once, and shows it all the same.
    store.edit(3, |bytes| bytes.fill(1)).unwrap();
    medium.inner().inject(Injection::after_changes(1, Fault::Error));
    assert!(store.commit(Durability::Full).unwrap_err().is_in_doubt());
    drop(store);
    let mut store = open(medium.clone());
    store.edit(3, |bytes| bytes.fill(2)).unwrap();
    store.commit(Durability::Full).unwrap();

    let mut image = base;
    let Call::Write { offset, bytes } = &flip else { panic!("{flip:?}") };
    image[*offset as usize + 512..*offset as usize + bytes.len()].fill(0);
    let calls = medium.calls();
    let next_flip = from + calls[from..].iter().rposition(is_header).unwrap();
    calls[from..next_flip].iter().for_each(|call| apply_sectors(&mut image, call, usize::MAX));
    apply_sectors(&mut image, &calls[next_flip], 1);
    let mut store = open(HeapProvider::from_bytes(image));
    assert!(*store.page(2).unwrap() == *kept);
}
