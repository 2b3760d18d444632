//! Storage of wasm-dbms: everything between a row's bytes and the host's medium.
//!
//! ```text
//! registry       names, schema snapshots, the root and counters of each tree
//! tree           B+trees over any MemoryAccess
//! run            entries to be sorted by key
//! access         MemoryAccess: the seam; pages, typed reads and writes, claiming and releasing
//! manager        MemoryManager: the page store behind the seam; batch, commit, checkpoint, recovery
//! log            what stands on the medium beside pages: header slots, redo ring, checksum ledger
//! provider       MemoryProvider: the host's medium; heap, file
//! ```
//!
//! Each layer names only what stands below it.

mod access;
mod apart;
mod bytes;
mod hash_slots;
mod log;
mod manager;
mod options;
mod prefetch;
mod provider;
mod registry;
mod run;
mod tree;

pub use access::{
    KeyRange, MemoryAccess, PageRef, PageState, Parts, REGISTRY_PAGE, RESERVED_PAGES, UNCLAIMED_PAGES_PAGE,
    UnclaimedPages,
};
pub use apart::Apart;
pub use bytes::NumberSet;
pub use hash_slots::HashSlots;
pub use log::{FORMAT_VERSION, MAX_PAGES_HINT};
pub use manager::{MemoryManager, PrivateView, ScratchPage, ScratchSpace, Snapshot, Snapshots};
pub use options::{Durability, MAX_PAGE_SIZE, MIN_CACHE_PAGES, MIN_PAGE_SIZE, Options, QUERY_MEMORY_BYTES};
pub use provider::{FileProvider, Guarantees, HeapProvider, HostSync, MemoryProvider};
pub use registry::{MAX_SNAPSHOT_BYTES, REGISTRY_TREE, Registry, TableId, TreeId, TreeState};
pub use run::{MAX_RUN_BYTES, Run};
pub use tree::{
    ChainWalk, Cursor, LeafBatch, Located, MAX_DEPTH, MAX_FINDINGS, MAX_KEY_BYTES, MAX_VALUE_BYTES, NodeSummary,
    PageValues, Place, Span, Tail, Targets, Tree, ValueBytes, add_finding,
};
