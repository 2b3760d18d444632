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

pub(crate) const NEXT: usize = 4;
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

/// The bytes that a page of a chain of this tree holds and the page after it; none if it is no such page. All pages but
/// the last are full, so a chain is as long as its bytes.
pub(crate) fn link(source: &[u8], tree: u32) -> Option<(&[u8], Page)> {
    let (length, next) = (u32_at(source, LENGTH) as usize, u32_at(source, NEXT));
    let is_chain = source.first() == Some(&OVERFLOW) && u32_at(source, TREE) == tree;
    let chunk = slice_at(source, BYTES, length);
    let is_full = chunk.len() + BYTES == source.len();
    (is_chain && !chunk.is_empty() && (is_full || next == 0)).then_some((chunk, next))
}

/// Appends the bytes of a chain. It must hold at most `limit` of them, and no more than the store has pages: a chain
/// that comes back to itself ends there.
pub(crate) fn read<M: MemoryAccess>(
    store: &mut M,
    tree: u32,
    first: Page,
    limit: usize,
    bytes: &mut Vec<u8>,
) -> MemoryResult<()> {
    let start = bytes.len();
    let mut pages_left = store.page_count();
    let mut page = first;
    loop {
        let next = store.view(page, |source| {
            let (chunk, next) = link(source, tree)?;
            if pages_left == 0 || bytes.len() - start + chunk.len() > limit {
                return None;
            }
            bytes.extend_from_slice(chunk);
            Some(next)
        })?;
        match next {
            None => return Err(broken(page)),
            Some(0) => return Ok(()),
            Some(next) => page = next,
        }
        pages_left -= 1;
    }
}

/// Releases the pages of a chain. What was released is zero, so the chain cannot come back to it.
pub(crate) fn free<M: MemoryAccess>(store: &mut M, tree: u32, first: Page) -> MemoryResult<()> {
    let mut page = first;
    loop {
        let next = store.view(page, |source| link(source, tree).map(|(_, next)| next))?.ok_or_else(|| broken(page))?;
        store.unclaim_page(page)?;
        if next == 0 {
            return Ok(());
        }
        page = next;
    }
}

#[cold]
pub(crate) fn broken(page: Page) -> Box<MemoryError> {
    MemoryError::corrupt_with(format_args!("page {page} does not go on with an overflow chain"))
}
