//! The words a storage author needs: `use wasm_dbms_api::prelude::*`.

pub use crate::{DataSize, Encode, MemoryError, MemoryResult, Page, PageOffset};
