//! Numbered keys that all hold the same byte.

use std::ops::Range;

use wasm_dbms_memory::{Durability, MemoryManager, Registry, Tree, TreeState};

use super::{Entries, TREE, content};

/// Sets these keys to this byte, and the counter too.
pub(crate) fn put(store: &mut MemoryManager, keys: Range<u32>, byte: u8, length: usize) {
    let mut state = Registry::tree_state(store, TREE).unwrap();
    if state == TreeState::default() {
        assert_eq!(Registry::add_tree(store).unwrap(), TREE);
    }
    let mut tree = Tree::at(state.root, TREE);
    for key in keys {
        state.rows += u64::from(!tree.put(store, &key.to_be_bytes(), &vec![byte; length]).unwrap());
    }
    (state.root, state.counter) = (tree.root(), byte.into());
    Registry::set_tree_state(store, TREE, &state).unwrap();
}

pub(crate) fn commit(store: &mut MemoryManager, keys: Range<u32>, byte: u8, length: usize) {
    put(store, keys, byte, length);
    store.commit(Durability::Full).unwrap();
}

fn expected(keys: Range<u32>, byte: u8, length: usize) -> Entries {
    keys.map(|key| (key.to_be_bytes().to_vec(), vec![byte; length])).collect()
}

#[track_caller]
pub(crate) fn assert_content(store: &mut MemoryManager, keys: Range<u32>, byte: u8, length: usize) {
    assert!(content(store).unwrap() == (byte.into(), expected(keys, byte, length)));
}
