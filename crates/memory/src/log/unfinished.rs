//! What a recovery leaves to be done before the session's first write.
//!
//! What was read may stand only in the host's cache, and the host may think it clean. So everything that the recovered
//! state stands on and that is not known durable is written again, byte for byte, before it is built upon.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::log::layout::Layout;
use crate::log::record::Parked;
use crate::log::{Medium, checksum};

/// What must be done before the first write of a session.
#[derive(Debug)]
pub(crate) struct Unfinished {
    rewrites: Vec<(u64, Vec<u8>)>,
    /// Pages in place as they were written fresh, each with its checksum: too many perhaps to be kept.
    fresh: Vec<(Page, u64)>,
    /// Whether records were replayed, so that pages must be brought in place.
    pub(crate) has_replayed: bool,
}

impl Unfinished {
    pub(crate) fn at_header(address: u64, slot: Vec<u8>, has_replayed: bool) -> Self {
        Self { rewrites: vec![(address, slot)], fresh: Vec::new(), has_replayed }
    }

    /// A record that stands at a position of the ring, counted without wrapping.
    pub(crate) fn note_record(&mut self, layout: &Layout, position: u64, bytes: &[u8]) {
        let start = position % u64::from(layout.ring_length);
        let room = (u64::from(layout.ring_length) - start) as usize;
        let (first, second) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.rewrites.push((layout.ring_offset + start, first.to_vec()));
        if !second.is_empty() {
            self.rewrites.push((layout.ring_offset, second.to_vec()));
        }
    }

    pub(crate) fn note_parked(&mut self, parked: Option<Parked>, body: &[u8]) {
        if let Some(parked) = parked {
            self.rewrites.push((parked.address, body.to_vec()));
        }
    }

    /// A page that was written fresh. If later records changed it, what stands in place may be any mixture of its
    /// images, and that mixture is kept.
    pub(crate) fn note_fresh(
        &mut self,
        medium: &Medium,
        layout: &Layout,
        page: Page,
        checksum: u64,
        has_changed: bool,
    ) -> MemoryResult<()> {
        if has_changed {
            let address = layout.page_address(page);
            let mut image = vec![0; layout.page_size];
            medium.read_available(address, &mut image)?;
            self.rewrites.push((address, image));
        } else {
            self.fresh.push((page, checksum));
        }
        Ok(())
    }

    /// Writes everything again.
    pub(crate) fn rewrite(&self, medium: &Medium, layout: &Layout, database_id: u64) -> MemoryResult<()> {
        for (address, bytes) in &self.rewrites {
            medium.write_all(*address, bytes)?;
        }
        let mut image = vec![0; layout.page_size];
        for (page, expected) in &self.fresh {
            let address = layout.page_address(*page);
            medium.read_exact(address, &mut image)?;
            if checksum::of_page(database_id, *page, &image) != *expected {
                return Err(MemoryError::corrupt_with(format_args!(
                    "page {page} changed on the medium since it was opened"
                )));
            }
            medium.write_all(address, &image)?;
        }
        Ok(())
    }
}
