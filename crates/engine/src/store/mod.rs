//! The one store that the engine instantiates all storage functions over.

mod journaled_writer;

pub use journaled_writer::JournaledWriter;

use wasm_dbms_memory::MemoryManager;

/// The head of the database: the page store, with the savepoints that are open.
pub(crate) type Store = JournaledWriter<MemoryManager>;
