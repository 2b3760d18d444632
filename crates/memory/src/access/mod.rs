//! The seam: everything above it works on any [`MemoryAccess`], so that journaling, snapshots, metrics or encryption
//! can be slipped in without touching it.

mod memory_access;
mod page_ref;
mod parts;
mod unclaimed_pages;

pub use memory_access::{KeyRange, MemoryAccess, PageState};
pub use page_ref::PageRef;
pub use parts::Parts;
pub use unclaimed_pages::UnclaimedPages;

use wasm_dbms_api::Page;

/// The page at which the ledger of unclaimed pages is rooted.
pub const UNCLAIMED_PAGES_PAGE: Page = 0;

/// The page at which the table registry is rooted.
pub const REGISTRY_PAGE: Page = 1;

/// Pages below this number belong to the store itself: they exist from the start and are never released.
pub const RESERVED_PAGES: Page = 2;
