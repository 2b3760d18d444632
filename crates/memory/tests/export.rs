//! An export is the same bytes on every host, and a database.

use wasm_dbms_api::Page;
use wasm_dbms_memory::{Durability, FileProvider, HeapProvider, MemoryAccess};

use crate::support::{assert_content, commit, in_memory, open, open_bytes, put};

#[test]
fn the_same_operations_export_the_same_bytes_from_every_host() {
    let folder = tempfile::tempdir().unwrap();
    let file = FileProvider::open(folder.path().join("a.db")).unwrap();
    let mut stores = [in_memory(), open(HeapProvider::new()).unwrap(), open(file).unwrap()];
    let mut exports = Vec::new();
    for (index, store) in stores.iter_mut().enumerate() {
        commit(store, 0..1000, 1, 100);
        let pages: Vec<Page> = (0..30).map(|_| store.claim_page().unwrap()).collect();
        pages.into_iter().for_each(|page| store.unclaim_page(page).unwrap());
        store.commit(if index == 1 { Durability::Eventual } else { Durability::Full }).unwrap();
        for byte in 2..40 {
            commit(store, 0..1000, byte, 100);
        }
        // What is not committed is not exported.
        put(store, 0..2000, 99, 100);
        let mut export = Vec::new();
        store.export(&mut export).unwrap();
        exports.push(export);
    }
    assert!(exports[0] == exports[1] && exports[1] == exports[2]);
    let mut store = open_bytes(&exports[0]).unwrap();
    assert_content(&mut store, 0..1000, 39, 100);
    let mut again = Vec::new();
    store.export(&mut again).unwrap();
    assert!(again == exports[0], "an export of the export is the same");
}
