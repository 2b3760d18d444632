//! Commits that change a few pages in a few places: what is compared, copied and written down of a page is only what was
//! said to be written, and nothing may be missing.

use std::collections::BTreeMap;

use wasm_dbms_api::Page;
use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, PageRef};

use crate::support::open;

type Model = BTreeMap<Page, Vec<u8>>;

/// Writes to a few pages, now and then to more than those of which the written parts are known, by places or as a whole.
fn write(store: &mut MemoryManager, model: &mut Model, random: &mut fastrand::Rng) {
    let pages: Vec<Page> = model.keys().copied().collect();
    for _ in 0..random.usize(1..5) * random.usize(1..6) {
        let page = pages[random.usize(..pages.len().min(12))];
        let bytes = model.get_mut(&page).unwrap();
        let start = random.usize(..bytes.len());
        let end = (start + random.usize(1..200)).min(bytes.len());
        bytes[start..end].fill_with(|| random.u8(..));
        match random.u8(..4) {
            3 => store.restore(page, &PageRef::from(bytes.clone())).unwrap(),
            0 => store.edit(page, |target| target.copy_from_slice(bytes)).unwrap(),
            1 => store.bytes_mut(page).unwrap().copy_from_slice(bytes),
            _ => store.write_at_raw(page, start as u32, &bytes[start..end]).unwrap(),
        }
    }
}

fn assert_is(store: &mut MemoryManager, model: &Model, what: &str) {
    for (page, bytes) in model {
        assert!(*store.page(*page).unwrap() == **bytes, "{what}: page {page}");
    }
}

#[test]
fn what_small_commits_write_is_there_now_and_for_the_next_opener() {
    let seed = 20_261_130;
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..8 {
        let medium = HeapProvider::new();
        let mut store = open(medium.clone()).unwrap();
        let mut model = Model::new();
        let mut held: Vec<(PageRef, Vec<u8>)> = Vec::new();
        for step in 0..400 {
            let what = format!("seed {seed}, round {round}, step {step}");
            let before = model.clone();
            if model.len() < 6 || random.u8(..8) == 0 {
                let page = store.claim_page().unwrap();
                model.insert(page, store.page(page).unwrap().to_vec());
            }
            if model.len() > 8 && random.u8(..12) == 0 {
                let page = *model.keys().nth(random.usize(..model.len())).unwrap();
                model.remove(&page);
                store.unclaim_page(page).unwrap();
            }
            write(&mut store, &mut model, &mut random);
            match random.u8(..10) {
                0 => {
                    store.discard();
                    model = before;
                }
                1 => {
                    // A handle on a page that is changed afterwards.
                    let (page, bytes) = model.iter().next().unwrap();
                    held.push((store.page(*page).unwrap(), bytes.clone()));
                    write(&mut store, &mut model, &mut random);
                    store.commit(Durability::Full).unwrap();
                }
                2 => {
                    store.commit(Durability::Full).unwrap();
                    store.release_tail().unwrap();
                }
                3 => {
                    store.commit(Durability::Full).unwrap();
                    store = open(HeapProvider::from_bytes(medium.to_bytes())).unwrap();
                    assert_is(&mut store, &model, &what);
                    drop(store);
                    store = open(medium.clone()).unwrap();
                }
                _ => store.commit(Durability::Full).unwrap(),
            }
            assert_is(&mut store, &model, &what);
            held.retain(|_| random.u8(..6) != 0);
            assert!(held.iter().all(|(handle, bytes)| **handle == **bytes), "{what}: a handle sees what came later");
        }
    }
}
