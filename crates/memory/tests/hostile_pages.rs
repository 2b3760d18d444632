//! Pages that lie are refused by their number before anything is changed: no panic, no walk without end. The battery
//! `hostile` tries such pages by the million; here is one of each kind.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};
use wasm_dbms_memory::{
    LeafBatch, MAX_FINDINGS, MemoryAccess, MemoryManager, NodeSummary, Options, RESERVED_PAGES, Tree,
    UNCLAIMED_PAGES_PAGE, UnclaimedPages,
};

/// A tree of three levels in pages of 4 KiB, with a few chains.
fn tree() -> (MemoryManager, Tree) {
    let mut store = MemoryManager::in_memory(Options::new().page_size(4096)).unwrap();
    let mut tree = Tree::new(7);
    for number in 0..400u32 {
        let key = [&number.to_be_bytes()[..], &[b'k'; 400]].concat();
        let length = if number.is_multiple_of(50) { 10_000 } else { 100 };
        tree.put(&mut store, &key, &vec![1; length]).unwrap();
    }
    (store, tree)
}

fn pages_of(store: &mut MemoryManager, kind: &str) -> Vec<Page> {
    let pages = RESERVED_PAGES..store.page_count();
    let is_it = |page: &Page| store.view(*page, |bytes| NodeSummary::of(bytes).kind == kind).unwrap();
    pages.filter(is_it).collect()
}

fn write(store: &mut MemoryManager, page: Page, at: usize, bytes: &[u8]) {
    store.edit(page, |page| page[at..at + bytes.len()].copy_from_slice(bytes)).unwrap();
}

/// Walks everything, forwards and backwards.
fn walk(store: &mut MemoryManager, tree: Tree) -> MemoryResult<u64> {
    let mut cursor = tree.cursor();
    let mut count = 0;
    let mut is_on_entry = cursor.first(store)?;
    while is_on_entry {
        cursor.value(store)?;
        count += 1;
        is_on_entry = cursor.next(store)?;
    }
    is_on_entry = cursor.last(store)?;
    while is_on_entry {
        is_on_entry = cursor.prev(store)?;
    }
    assert_eq!(walk_by_leaves(store, tree)?, count);
    Ok(count)
}

/// Walks everything a few entries at a time, forwards and backwards.
fn walk_by_leaves(store: &mut MemoryManager, tree: Tree) -> MemoryResult<u64> {
    let (mut cursor, mut batch, mut key) = (tree.cursor(), LeafBatch::default(), Vec::new());
    let mut entries = Vec::new();
    let mut is_on_entry = cursor.first(store)?;
    while is_on_entry {
        cursor.take(store, &mut batch, 3)?;
        for entry in 0..batch.len() {
            batch.read_key(store, entry, &mut key, entry > 0)?;
            let value = batch.value(store, entry)?;
            if let (Some(leaf), Some(range)) = (batch.leaf(), batch.value_range(entry)) {
                assert_eq!(leaf[range], *value);
            }
            entries.push((key.clone(), value.to_vec()));
        }
        is_on_entry = cursor.next(store)?;
    }
    let mut backwards = Vec::new();
    is_on_entry = cursor.last(store)?;
    while is_on_entry {
        cursor.take_back(&mut batch, 5)?;
        for entry in 0..batch.len() {
            batch.read_key(store, entry, &mut key, false)?;
            backwards.push((key.clone(), batch.value(store, entry)?.to_vec()));
        }
        is_on_entry = cursor.prev(store)?;
    }
    backwards.reverse();
    assert!(backwards == entries);
    Ok(entries.len() as u64)
}

fn assert_corrupt<T>(result: MemoryResult<T>, what: &str) {
    match result {
        Err(error) => assert!(matches!(*error, MemoryError::Corrupt { .. }), "{what}: {error}"),
        Ok(_) => panic!("{what}: it was believed"),
    }
}

/// Whatever is done, it ends, and some of it is refused.
fn do_everything(store: &mut MemoryManager, mut tree: Tree, what: &str) {
    let mut findings = Vec::new();
    tree.check(store, &mut |_| true, &mut findings).unwrap();
    assert!(!findings.is_empty() && findings.len() <= MAX_FINDINGS + 1, "{what}: {} findings", findings.len());
    let mut refused = u32::from(walk(store, tree).is_err());
    for number in 0..400u32 {
        let key = [&number.to_be_bytes()[..], &[b'k'; 399], b"z"].concat();
        refused += u32::from(tree.put(store, &key, &[2; 90]).is_err());
        refused += u32::from(tree.remove(store, &key).is_err());
    }
    refused += u32::from(tree.pack_step(store, &[]).is_err());
    refused += u32::from(tree.remove_range(store, &[0, 0, 0, 9], Some(&[0, 0, 1])).is_err());
    refused += u32::from(tree.clear(store).is_err());
    assert!(refused > 0, "{what}: nothing was refused");
}

#[test]
fn a_header_that_does_not_fit_its_page_is_refused() {
    for (what, at, number) in
        [("count", 2, 0xFFFFu16), ("heap", 4, 0xFFFF), ("garbage", 6, 0xFFFF), ("prefix", 16, 4000), ("kind", 0, 5)]
    {
        for kind in ["leaf", "branch"] {
            let (mut store, tree) = tree();
            for page in pages_of(&mut store, kind) {
                write(&mut store, page, at, &number.to_le_bytes());
            }
            assert_corrupt(walk(&mut store, tree), what);
            do_everything(&mut store, tree, &format!("{kind}, {what}"));
        }
    }
}

#[test]
fn cells_that_run_out_of_their_page_are_refused() {
    let damages: [(&str, &[u8]); 3] =
        [("long suffix", &[0xFE, 0xFF, 0xFF, 0xFF, 7]), ("long value", &[0xFE, 0xFF, 0xFF, 0xFF, 7]), ("offset", &[])];
    for (what, bytes) in damages {
        let (mut store, tree) = tree();
        for page in pages_of(&mut store, "leaf") {
            let slot = store.view(page, |bytes| 32 + usize::from(u16::from_le_bytes([bytes[16], bytes[17]]))).unwrap();
            if bytes.is_empty() {
                write(&mut store, page, slot + 4, &[0xFF, 0xFF]);
            } else {
                let at = store.view(page, |bytes| {
                    let cell = usize::from(u16::from_le_bytes([bytes[slot + 4], bytes[slot + 5]]));
                    // The suffix's length takes two bytes here; the value's stands after what is left of the suffix.
                    let suffix = (usize::from(bytes[cell] & 0x7F) + (usize::from(bytes[cell + 1]) << 7)) >> 1;
                    if what == "long value" { cell + 2 + suffix - 4 } else { cell }
                });
                write(&mut store, page, at.unwrap(), bytes);
            }
        }
        do_everything(&mut store, tree, what);
    }
}

#[test]
fn branches_that_lead_to_the_same_page_again_and_again_do_not_make_a_walk_without_end() {
    let (mut store, tree) = tree();
    let leaf = pages_of(&mut store, "leaf")[0];
    for page in pages_of(&mut store, "branch") {
        let children: Vec<usize> = store
            .view(page, |bytes| {
                let slots = 32 + usize::from(u16::from_le_bytes([bytes[16], bytes[17]]));
                let count = usize::from(u16::from_le_bytes([bytes[2], bytes[3]]));
                let cell =
                    |index: usize| u16::from_le_bytes([bytes[slots + index * 6 + 4], bytes[slots + index * 6 + 5]]);
                // One-byte lengths; the suffix after its head; the child.
                (0..count)
                    .map(|index| usize::from(cell(index)))
                    .map(|at| at + 1 + usize::from(bytes[at] >> 1).saturating_sub(4))
                    .collect()
            })
            .unwrap();
        if store.view(page, |bytes| bytes[1]).unwrap() == 1 {
            children.iter().for_each(|at| write(&mut store, page, *at, &leaf.to_le_bytes()));
            write(&mut store, page, 8, &leaf.to_le_bytes());
        }
    }
    // Levels upon levels of branches that all lead to one page.
    let mut below = pages_of(&mut store, "branch")
        .into_iter()
        .find(|page| store.view(*page, |bytes| bytes[1]).unwrap() == 1)
        .unwrap();
    for level in 2..15u8 {
        let page = store.claim_page().unwrap();
        let image = store.page(below).unwrap();
        store.restore(page, &image).unwrap();
        write(&mut store, page, 1, &[level]);
        below = page;
    }
    let deep = Tree::at(below, 7);
    assert!(walk(&mut store, deep).is_err());
    do_everything(&mut store, tree, "the same leaf");
}

#[test]
fn a_chain_that_comes_back_to_itself_is_refused() {
    let (mut store, tree) = tree();
    for page in pages_of(&mut store, "overflow") {
        write(&mut store, page, 4, &page.to_le_bytes());
        write(&mut store, page, 8, &4072u32.to_le_bytes());
    }
    assert_corrupt(walk(&mut store, tree), "a chain");
    do_everything(&mut store, tree, "a chain");
}

#[test]
fn the_unclaimed_ledger_hands_out_nothing_that_is_in_use_reserved_or_not_zero() {
    for (what, count, tail, entry) in [
        ("in use", 1u32, 0u32, 5u32),
        ("reserved", 1, 0, 1),
        ("past the end", 1, 0, 1 << 30),
        ("too many", 5000, 0, 5),
        ("in use and in the tail", 0, 5, 0),
        ("reserved and in the tail", 0, 1, 0),
    ] {
        let (mut store, _) = tree();
        write(&mut store, UNCLAIMED_PAGES_PAGE, 0, &[count, 0, count, tail].map(u32::to_le_bytes).concat());
        write(&mut store, UNCLAIMED_PAGES_PAGE, 16, &entry.to_le_bytes());
        assert!(store.claim_page().is_err(), "{what}");
        let mut findings = Vec::new();
        UnclaimedPages::check(&mut store, &mut |_| true, &mut |finding| findings.push(finding));
        assert!(!findings.is_empty(), "{what}");
    }
}
