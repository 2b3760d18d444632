//! The providers of this crate keep the contract of `MemoryProvider`.

mod heap {
    wasm_dbms_sim::conformance!({
        let heap = wasm_dbms_memory::HeapProvider::new();
        move || heap.clone()
    });
}

mod file {
    wasm_dbms_sim::conformance!({
        let folder = tempfile::tempdir().unwrap();
        move || wasm_dbms_memory::FileProvider::open(folder.path().join("a.db")).unwrap()
    });
}
