//! Every behaviour of the storage, a file each: one binary, because compiling and linking one for each file takes long. A part
//! of them: `cargo test -p wasm-dbms-memory --test memory damage::`.
//!
//! `memory_limit` is a binary of its own, since it counts what is allocated, with an allocator.

#![cfg(test)]

mod commit_and_recovery;
mod conformance;
mod cursor_near;
mod damage;
mod export;
mod hostile_pages;
mod incremental_checkpoint;
mod memory_access;
mod message_atomic;
mod pages_touched;
mod providers;
mod read_only;
mod release_tail;
mod ring_growth;
mod run;
mod scrub;
mod small_commits;
mod snapshots;
mod spill_crash;
mod support;
mod tree_model;
mod tree_search;
mod unclaimed_pages;
