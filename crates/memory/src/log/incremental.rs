//! The checkpoint in small steps: no sync of its own, and no commit waits for all of it.
//!
//! It fixes a commit C and brings the pages in place that were changed up to C, a few after each commit, while the last
//! commit is durable; then their ledger pages; and, after the next sync, whoever asked for it, it writes the header of
//! C into the other slot. What changed after C is named by records that this header keeps. Rule 13 of
//! `docs/DURABILITY.md` has the argument.
//!
//! Invariants: **I1** a page is written in place only while the last commit is durable, as that commit left it; **I2**
//! the header of C is written only after a sync that followed the last of these writes; **I3** pages and groups changed
//! after C stay behind, written or not; **I4** any other flip ends it, and takes over what it had to do.

use wasm_dbms_api::{MemoryResult, Page};

use crate::bytes::NumberSet;
use crate::log::header::Header;
use crate::log::together::Together;
use crate::log::{Images, Log};

/// It begins when more than one part of so many of the ring is used,
const START_SHARE: u64 = 2;

/// or when pages that are not in place take more than one part of so many of the cache.
const START_CACHE_SHARE: usize = 4;

/// All is written when another part of so many of the ring has been used.
const SPAN_SHARE: u64 = 4;

/// A step writes at least and at most so many pages, if there are as many.
const STEP_PAGES_MIN: usize = 8;
const STEP_PAGES_MAX: usize = 64;

/// A checkpoint in small steps, under way.
#[derive(Debug)]
pub(crate) struct Incremental {
    /// The header that will be written: all that is said of C.
    header: Header,
    /// The ring position after the record of C, counted without wrapping.
    tail: u64,
    /// Pages changed up to C that were not in place; and how many of them were changed again since.
    pages: NumberSet,
    again: usize,
    /// What is to be written, and how much of it is.
    queue: Vec<Target>,
    written: usize,
    /// Whether a sync followed the last of it.
    is_synced: bool,
}

/// Something to be written in place.
#[derive(Debug, Clone, Copy)]
enum Target {
    Page(Page),
    Ledger(usize),
    Sums(usize),
}

impl Incremental {
    /// Whether the page is one that was not in place at C.
    pub(crate) fn contains(&self, page: Page) -> bool {
        self.pages.contains(page)
    }

    /// The page is changed again.
    pub(crate) fn note_again(&mut self, page: Page) {
        self.again += usize::from(self.pages.contains(page));
    }

    /// How many pages are not in place, given how many were changed since C.
    pub(crate) fn dirty_count(&self, since: usize) -> usize {
        self.pages.len() - self.again + since
    }

    /// The pages that were not in place at C, to be taken over by somebody else.
    pub(crate) fn into_pages(self) -> Vec<Page> {
        self.pages.sorted()
    }

    /// A sync completed.
    pub(crate) fn note_synced(&mut self) {
        self.is_synced = self.written == self.queue.len();
    }

    /// How many bytes it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.pages.memory_bytes() + self.queue.capacity() * size_of::<Target>()
    }
}

impl Log {
    /// Whether [`checkpoint_step`](Self::checkpoint_step) has something to do.
    pub(crate) fn wants_step(&self) -> bool {
        // Rule 13: only while the last commit is durable.
        if self.durable_lsn < self.lsn {
            return false;
        }
        if self.incremental.is_some() {
            return true;
        }
        let is_large = self.dirty_bytes() * START_CACHE_SHARE > self.cache_bytes;
        (self.is_ring_half_used() || is_large) && self.is_header_synced && self.header.lsn < self.lsn
    }

    fn is_ring_half_used(&self) -> bool {
        (self.head - self.tail) * START_SHARE > u64::from(self.layout.ring_length)
    }

    /// Goes on with the checkpoint in small steps, or begins one.
    pub(crate) fn checkpoint_step(&mut self, images: &dyn Images) -> MemoryResult<()> {
        self.step_of(images, STEP_PAGES_MIN)
    }

    /// One step that writes at least so many pages, if there are as many.
    pub(crate) fn step_of(&mut self, images: &dyn Images, pages_min: usize) -> MemoryResult<()> {
        self.check_writable("checkpoint")?;
        if self.durable_lsn < self.lsn {
            return Ok(());
        }
        let Some(mut step) = self.incremental.take().or_else(|| self.begin_incremental()) else { return Ok(()) };
        if step.is_synced {
            return self.flip_incremental(step);
        }
        let span = (u64::from(self.layout.ring_length) / SPAN_SHARE).max(1);
        let due = (step.queue.len() as u64).saturating_mul(self.head - step.tail) / span;
        let count = (due as usize).saturating_sub(step.written).min(STEP_PAGES_MAX).max(pages_min);
        let end = (step.written + count).min(step.queue.len());
        let done = self.write_targets(step.queue.get(step.written..end).unwrap_or_default(), images);
        if done.is_ok() {
            step.written = end;
        }
        self.incremental = Some(step);
        done
    }

    /// Fixes the last commit as C.
    fn begin_incremental(&mut self) -> Option<Incremental> {
        if !self.is_header_synced || self.header.lsn == self.lsn {
            return None;
        }
        let header = self.header_now(self.chain);
        let pages = std::mem::take(&mut self.dirty);
        let mut queue: Vec<Target> = pages.sorted().into_iter().map(Target::Page).collect();
        let sum_pages = self.ledger.dirty_sum_pages(&self.layout);
        queue.extend(self.ledger.begin_flush().into_iter().map(Target::Ledger));
        queue.extend(sum_pages.into_iter().map(Target::Sums));
        Some(Incremental { header, tail: self.head, pages, again: 0, queue, written: 0, is_synced: false })
    }

    /// Writes these in place, neighbours together. Should that fail, all of them are written again.
    fn write_targets(&self, targets: &[Target], images: &dyn Images) -> MemoryResult<()> {
        let layout = &self.layout;
        let mut together = Together::new(&self.medium, targets.len() * layout.page_size);
        for target in targets {
            match *target {
                Target::Page(page) => together.write(layout.page_address(page), &images.committed(page)?)?,
                Target::Ledger(group) => {
                    let bytes = self.ledger.page(group, layout).unwrap_or_default();
                    together.write(layout.ledger_address(group), &bytes)?;
                }
                Target::Sums(number) => {
                    together.write(layout.sum_page_address(number), &self.ledger.sum_page(number, layout))?;
                }
            }
        }
        together.finish()
    }

    /// Writes the header of C. Should that fail, it is tried again.
    fn flip_incremental(&mut self, step: Incremental) -> MemoryResult<()> {
        debug_assert!(step.is_synced && step.header.sequence == self.header.sequence + 1);
        match self.write_header(&step.header) {
            Ok(()) => {
                if self.is_ring_half_used() {
                    self.note_round();
                }
                self.tail = step.tail;
                self.ledger.end_flush(step.header.pages);
                self.note_flipped(step.header);
                Ok(())
            }
            Err(error) => {
                self.incremental = Some(step);
                Err(error)
            }
        }
    }

    /// Ends the checkpoint in small steps before somebody else brings everything in place: what it had to do is behind
    /// again.
    pub(crate) fn take_over_incremental(&mut self) {
        if let Some(step) = self.incremental.take() {
            for page in step.into_pages() {
                self.dirty.insert(page);
            }
            self.ledger.abandon_flush();
        }
    }
}
