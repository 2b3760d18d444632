//! The redo ring: a run of bytes that records are written around.

use wasm_dbms_api::MemoryResult;

use crate::log::layout::Layout;
use crate::log::medium::Medium;

/// Writes `bytes` at a ring position (counted without wrapping).
pub(crate) fn write(medium: &Medium, layout: &Layout, position: u64, bytes: &[u8]) -> MemoryResult<()> {
    let start = position % u64::from(layout.ring_length);
    let room = (u64::from(layout.ring_length) - start) as usize;
    let (first, second) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
    medium.write_all(layout.ring_offset + start, first)?;
    if second.is_empty() { Ok(()) } else { medium.write_all(layout.ring_offset, second) }
}

/// The whole ring, turned so that it starts at `tail`. Bytes that the medium does not have are zero.
pub(crate) fn read_from(medium: &Medium, layout: &Layout, tail: u32) -> MemoryResult<Vec<u8>> {
    let mut ring = vec![0; layout.ring_length as usize];
    let start = tail % layout.ring_length;
    let (first, second) = ring.split_at_mut((layout.ring_length - start) as usize);
    medium.read_available(layout.ring_offset + u64::from(start), first)?;
    medium.read_available(layout.ring_offset, second)?;
    Ok(ring)
}

/// Zeros the ring from this position to that one, counted without wrapping; all of it if they are as far apart.
pub(crate) fn clear(medium: &Medium, layout: &Layout, from: u64, to: u64) -> MemoryResult<()> {
    let length = u64::from(layout.ring_length);
    let start = from % length;
    let count = to.saturating_sub(from).min(length);
    let first = count.min(length - start);
    medium.zero(layout.ring_offset + start, first)?;
    medium.zero(layout.ring_offset, count - first)
}
