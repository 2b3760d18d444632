//! [`MemoryAccess`]: reading, writing, claiming and releasing pages.

use std::borrow::Cow;
use std::fmt;

use wasm_dbms_api::{DataSize, Encode, MemoryError, MemoryResult, Page, PageOffset};

use crate::access::{PageRef, Parts, UnclaimedPages};

/// Whether a page is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// Claimed by somebody.
    Used,
    /// Released; the ledger of unclaimed pages holds it.
    Free,
    /// The store's own; never released.
    Reserved,
}

impl fmt::Display for PageState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Used => "used",
            Self::Free => "free",
            Self::Reserved => "reserved",
        })
    }
}

/// Which entries of a tree an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRange<'a> {
    /// The one with this key.
    Key(&'a [u8]),
    /// Those whose keys begin so.
    Prefix(&'a [u8]),
    /// Those at or above the one key and, where there is another, below that.
    From(&'a [u8], Option<&'a [u8]>),
}

/// A store of pages of one size.
///
/// An implementor gives [`page_size`](Self::page_size), [`grow_one_page`](Self::grow_one_page) and **either** pair:
/// [`page`](Self::page) and [`edit`](Self::edit), **or** [`read_at_raw`](Self::read_at_raw) and
/// [`write_at_raw`](Self::write_at_raw); each pair has defaults over the other, and every other method has a default
/// over these. So an interceptor is four short functions:
///
/// ```
/// use wasm_dbms_api::prelude::*;
/// use wasm_dbms_memory::{MemoryAccess, PageRef};
///
/// /// Counts the edits that pass through it.
/// struct Counting<M> {
///     inner: M,
///     edits: u64,
/// }
///
/// impl<M: MemoryAccess> MemoryAccess for Counting<M> {
///     fn page_size(&self) -> u64 {
///         self.inner.page_size()
///     }
///     fn grow_one_page(&mut self) -> MemoryResult<Page> {
///         self.inner.grow_one_page()
///     }
///     fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
///         self.inner.page(page)
///     }
///     fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
///         self.edits += 1;
///         self.inner.edit(page, change)
///     }
/// }
///
/// let mut store = Counting { inner: wasm_dbms_memory::MemoryManager::in_memory(Default::default())?, edits: 0 };
/// let page = store.claim_page()?;
/// store.write_at(page, 8, &42u64)?;
/// assert_eq!(store.read_at::<u64>(page, 8)?, 42);
/// assert_eq!(store.edits, 1);
/// # Ok::<(), MemoryError>(())
/// ```
///
/// Every wrong page, offset, alignment, length or undecodable byte is a distinct [`MemoryError`]; nothing panics, and
/// a refused write changes no byte.
pub trait MemoryAccess {
    /// The size of one page in bytes.
    fn page_size(&self) -> u64;

    /// No more pages than this can be read. Walks over foreign bytes end by it; the default knows no bound.
    fn page_count(&self) -> Page {
        Page::MAX
    }

    /// Grows the store by exactly one page, all zero, and returns it.
    ///
    /// This primitive is not journaled: a transaction that aborts after it leaves the page behind. Behind means
    /// reusable: the page stays readable and zero, the committed mark does not move, and the next call hands out the
    /// lowest such page again.
    ///
    /// # Errors
    /// The host's refusal, or the limit on pages.
    fn grow_one_page(&mut self) -> MemoryResult<Page>;

    /// A handle on the page as it is now.
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`], or what the host or the checksum says.
    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        let mut bytes = vec![0; self.page_size() as usize];
        self.read_at_raw(page, 0, &mut bytes)?;
        Ok(bytes.into())
    }

    /// Changes the page in place. An interceptor that needs the old bytes takes its handle first.
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`], or what the host or the checksum says; then `change` was not called.
    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        let mut bytes = vec![0; self.page_size() as usize];
        self.read_at_raw(page, 0, &mut bytes)?;
        let result = change(&mut bytes);
        self.write_at_raw(page, 0, &bytes)?;
        Ok(result)
    }

    /// As [`edit`](Self::edit); `change` adds to the parts whatever it writes, so that a store that keeps what changed need
    /// not look for it in the whole page.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    fn edit_parts<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8], &mut Parts) -> R) -> MemoryResult<R> {
        self.edit(page, |bytes| change(bytes, &mut Parts::default()))
    }

    /// Looks at the page as it is now. As [`page`](Self::page), but no handle need be made.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        self.page(page).map(|handle| look(&handle))
    }

    /// Zeros the page.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    fn zero_page(&mut self, page: Page) -> MemoryResult<()> {
        self.edit(page, |bytes| bytes.fill(0))
    }

    /// A page that is all zero: the one released last, or a new one.
    ///
    /// # Errors
    /// As [`grow_one_page`](Self::grow_one_page).
    fn claim_page(&mut self) -> MemoryResult<Page> {
        match UnclaimedPages::pop(self)? {
            Some(page) => Ok(page),
            None => self.grow_one_page(),
        }
    }

    /// Releases the page: zeros it, then hands it to the ledger. Through this trait no byte of it can be read again.
    ///
    /// # Errors
    /// [`MemoryError::ReservedPage`], [`MemoryError::AlreadyUnclaimed`], [`MemoryError::PageOutOfRange`]; then nothing
    /// was changed.
    fn unclaim_page(&mut self, page: Page) -> MemoryResult<()> {
        UnclaimedPages::push(self, page)
    }

    /// The value at `offset` of the page.
    ///
    /// # Errors
    /// [`MemoryError::Misaligned`], [`MemoryError::PageOutOfRange`], [`MemoryError::OutOfBounds`] (a fixed-size value
    /// cut by the end of the page too), [`MemoryError::Decode`].
    fn read_at<D: Encode>(&mut self, page: Page, offset: PageOffset) -> MemoryResult<D> {
        let handle = self.page(page)?;
        let length = match D::SIZE {
            DataSize::Fixed(size) => footprint::<D>(size),
            DataSize::Dynamic => 1,
        };
        check_footprint::<D>(self.page_size(), page, offset, length)?;
        let bytes = handle.get(offset as usize..).unwrap_or_default();
        D::decode(Cow::Borrowed(bytes))
    }

    /// Writes the value at `offset` of the page and zeros its padding up to the alignment.
    ///
    /// # Errors
    /// [`MemoryError::Misaligned`], [`MemoryError::PageOutOfRange`], [`MemoryError::OutOfBounds`]; then no byte was
    /// changed.
    fn write_at<E: Encode>(&mut self, page: Page, offset: PageOffset, value: &E) -> MemoryResult<()> {
        let mut bytes = value.encode().into_owned();
        // Whatever a value says of its size, all its bytes are written or none.
        let length =
            footprint::<E>(value.size()).max((bytes.len() as u64).next_multiple_of(E::ALIGNMENT.max(1).into()));
        check_footprint::<E>(self.page_size(), page, offset, length)?;
        bytes.resize(length as usize, 0);
        self.write_at_raw(page, offset, &bytes)
    }

    /// Writes bytes at `offset` of the page; checks neither alignment nor encoding, always allocation and bounds.
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`], [`MemoryError::OutOfBounds`]; then no byte was changed.
    fn write_at_raw(&mut self, page: Page, offset: PageOffset, bytes: &[u8]) -> MemoryResult<()> {
        check_bounds(self.page_size(), page, offset, bytes.len() as u64)?;
        let start = offset as usize;
        self.edit_parts(page, |target, parts| {
            crate::bytes::put(target, start, bytes);
            parts.add(target.len(), start..start + bytes.len());
        })
    }

    /// Zeros the footprint (with padding) of that value.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    fn zero<E: Encode>(&mut self, page: Page, offset: PageOffset, value: &E) -> MemoryResult<()> {
        let length = footprint::<E>(value.size());
        check_footprint::<E>(self.page_size(), page, offset, length)?;
        self.zero_raw(page, offset, length as PageOffset)
    }

    /// Zeros `length` bytes at `offset`; a whole page too.
    ///
    /// # Errors
    /// As [`write_at_raw`](Self::write_at_raw).
    fn zero_raw(&mut self, page: Page, offset: PageOffset, length: PageOffset) -> MemoryResult<()> {
        check_bounds(self.page_size(), page, offset, length.into())?;
        self.write_at_raw(page, offset, &vec![0; length as usize])
    }

    /// Reads bytes at `offset` of the page and returns how many: fewer than asked at the end of the page.
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`]; [`MemoryError::OutOfBounds`] if `offset` is past the end of the page.
    fn read_at_raw(&mut self, page: Page, offset: PageOffset, buffer: &mut [u8]) -> MemoryResult<usize> {
        check_bounds(self.page_size(), page, offset, 0)?;
        self.view(page, |bytes| {
            let rest = bytes.get(offset as usize..).unwrap_or_default();
            let length = rest.len().min(buffer.len());
            crate::bytes::put(buffer, 0, crate::bytes::slice_at(rest, 0, length));
            length
        })
    }

    /// Whether the page is in use. The default asks the ledger, page by page; a store that keeps the states in memory
    /// answers at once.
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`], [`MemoryError::Corrupt`] if the ledger is damaged.
    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        UnclaimedPages::state_by_walk(self, page)
    }

    /// The ledger says: the page is in this state from now on. Called once after each change of the ledger. An
    /// interceptor over a store that keeps states forwards it; one that does not costs time, never correctness.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    fn mark_page(&mut self, page: Page, state: PageState) -> MemoryResult<()> {
        let _ = (page, state);
        Ok(())
    }

    /// Puts a page back as an earlier handle holds it. As [`edit`](Self::edit) with a copy, but a store that keeps
    /// handles takes this one.
    ///
    /// # Errors
    /// As [`edit`](Self::edit).
    fn restore(&mut self, page: Page, image: &PageRef) -> MemoryResult<()> {
        self.edit(page, |bytes| crate::bytes::put(bytes, 0, image))
    }

    /// A rollback says: pages from `first` on were grown by what was undone and are zero again. A store that can hands
    /// them out anew.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    fn abandon_growth(&mut self, first: Page) -> MemoryResult<()> {
        let _ = first;
        Ok(())
    }

    /// A tree says, whenever it is searched: what I answer depends on which entries I have in this range, and on nothing
    /// else. A transaction that is to know what it has read keeps it; the default does nothing, and costs nothing.
    #[inline]
    fn note_read(&mut self, tree: u32, range: KeyRange<'_>) {
        let _ = (tree, range);
    }
}

/// The bytes that a value of `size` bytes takes with its padding.
fn footprint<E: Encode>(size: PageOffset) -> u64 {
    u64::from(size).next_multiple_of(u64::from(E::ALIGNMENT.max(1)))
}

fn check_footprint<E: Encode>(page_size: u64, page: Page, offset: PageOffset, length: u64) -> MemoryResult<()> {
    let alignment = E::ALIGNMENT.max(1);
    if !offset.is_multiple_of(alignment) {
        return Err(Box::new(MemoryError::Misaligned { page, offset, alignment }));
    }
    check_bounds(page_size, page, offset, length)
}

fn check_bounds(page_size: u64, page: Page, offset: PageOffset, length: u64) -> MemoryResult<()> {
    if u64::from(offset).checked_add(length).is_none_or(|end| end > page_size) {
        return Err(Box::new(MemoryError::OutOfBounds { page, offset, length, page_size }));
    }
    Ok(())
}
