//! Overflow chains: the part of a key or value that does not fit in its node.
//!
//! | bytes of a page of a chain | what |
//! |---|---|
//! | 0 | `u8` kind: 3 |
//! | 1..4 | zero |
//! | 4..8 | `u32` the next page, 0 if none |
//! | 8..12 | `u32` bytes in this page |
//! | 12..16 | `u32` the tree this page belongs to |
//! | 16..24 | reserved |
//! | 24.. | the bytes |

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::bytes::{put, put_u32, slice_at, u32_at};
use crate::tree::node::{OVERFLOW, TREE};

const NEXT: usize = 4;
const LENGTH: usize = 8;
const BYTES: usize = 24;

/// Writes bytes into a new chain and returns its first page.
pub(crate) fn write<M: MemoryAccess>(store: &mut M, tree: u32, bytes: &[u8]) -> MemoryResult<Page> {
    let room = store.page_size() as usize - BYTES;
    let mut next = 0;
    // From the end on, so that each page can name the next.
    let chunks = bytes.chunks(room).rev();
    for chunk in chunks {
        let page = store.claim_page()?;
        store.edit(page, |target| {
            put(target, 0, &[OVERFLOW]);
            put_u32(target, NEXT, next);
            put_u32(target, LENGTH, chunk.len() as u32);
            put_u32(target, TREE, tree);
            put(target, BYTES, chunk);
        })?;
        next = page;
    }
    Ok(next)
}

/// Appends the bytes of a chain. It must hold at most `limit` of them.
pub(crate) fn read<M: MemoryAccess>(store: &mut M, first: Page, limit: usize, bytes: &mut Vec<u8>) -> MemoryResult<()> {
    let start = bytes.len();
    let mut page = first;
    while page != 0 {
        let (chunk_length, next) = store.view(page, |source| {
            let chunk = slice_at(source, BYTES, u32_at(source, LENGTH) as usize);
            let is_chain = source.first() == Some(&OVERFLOW) && !chunk.is_empty();
            if is_chain && bytes.len() - start + chunk.len() <= limit {
                bytes.extend_from_slice(chunk);
                (chunk.len(), u32_at(source, NEXT))
            } else {
                (0, 0)
            }
        })?;
        if chunk_length == 0 {
            return Err(MemoryError::corrupt(format!("page {page} does not go on with an overflow chain")));
        }
        page = next;
    }
    Ok(())
}

/// Releases the pages of a chain.
pub(crate) fn free<M: MemoryAccess>(store: &mut M, first: Page) -> MemoryResult<()> {
    let mut page = first;
    while page != 0 {
        let (kind, next) = store.view(page, |source| (source.first().copied(), u32_at(source, NEXT)))?;
        if kind != Some(OVERFLOW) {
            return Err(MemoryError::corrupt(format!("page {page} does not go on with an overflow chain")));
        }
        store.unclaim_page(page)?;
        page = next;
    }
    Ok(())
}

/// The pages of a chain, each once.
pub(crate) fn pages<M: MemoryAccess>(
    store: &mut M,
    first: Page,
    visit: &mut dyn FnMut(Page) -> bool,
) -> MemoryResult<()> {
    let mut page = first;
    while page != 0 && visit(page) {
        page = store.view(page, |source| u32_at(source, NEXT))?;
    }
    Ok(())
}
