//! [`Store`]: the one type that the engine instantiates all storage functions over.

mod journaled_writer;
mod private;
mod reads;

pub use journaled_writer::JournaledWriter;
pub(crate) use private::Private;
pub(crate) use reads::{Purpose, Ranges};

use wasm_dbms_memory::{KeyRange, MemoryAccess, MemoryManager, PageRef, PageState, Parts, ScratchSpace, Snapshot};

use crate::{MemoryError, MemoryResult, Page};

/// What a statement works on.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each reader, and a step less to every page")]
pub(crate) enum Store {
    /// The head of the database: the page store, with the savepoints that are open.
    Head(JournaledWriter<MemoryManager>),
    /// The pages of one commit; writes are refused.
    Snapshot(Snapshot),
    /// The private view of an interactive transaction.
    Private(Box<Private>),
}

/// Does the same with whichever store that can be written.
macro_rules! writable {
    ($self:ident, $pages:ident => $act:expr) => {
        match $self {
            Self::Head($pages) => $act,
            Self::Private(private) => {
                let $pages = &mut private.pages;
                $act
            }
            Self::Snapshot(_) => Err(refused("write")),
        }
    };
}

impl Store {
    /// The head, to commit or to roll back.
    pub(crate) fn head(&mut self) -> MemoryResult<&mut JournaledWriter<MemoryManager>> {
        match self {
            Self::Head(head) => Ok(head),
            Self::Snapshot(_) | Self::Private(_) => Err(refused("write")),
        }
    }

    /// The pages of a commit, if this is for reading only.
    #[inline]
    pub(crate) fn snapshot(&mut self) -> Option<&mut Snapshot> {
        match self {
            Self::Snapshot(snapshot) => Some(snapshot),
            Self::Head(_) | Self::Private(_) => None,
        }
    }

    /// What an interactive transaction works on, if this is that.
    #[inline]
    pub(crate) fn private(&mut self) -> Option<&mut Private> {
        match self {
            Self::Private(private) => Some(private),
            Self::Head(_) | Self::Snapshot(_) => None,
        }
    }

    /// Says what is read from now on. Returns what was before.
    pub(crate) fn read_for(&mut self, purpose: Purpose) -> Purpose {
        self.private().map_or(Purpose::Nothing, |private| private.read_for(purpose))
    }

    /// Opens a savepoint.
    pub(crate) fn savepoint(&mut self) -> MemoryResult<()> {
        writable!(self, pages => {
            pages.savepoint();
            Ok(())
        })
    }

    /// Releases the innermost savepoint.
    pub(crate) fn release(&mut self) -> MemoryResult<()> {
        writable!(self, pages => {
            pages.release();
            Ok(())
        })
    }

    /// Rolls the innermost savepoint back.
    pub(crate) fn roll_back(&mut self) -> MemoryResult<()> {
        writable!(self, pages => pages.roll_back())
    }

    /// Where a question puts what it keeps.
    pub(crate) fn scratch_space(&self) -> ScratchSpace {
        match self {
            Self::Head(head) => head.inner().scratch_space(),
            Self::Snapshot(snapshot) => snapshot.scratch_space(),
            Self::Private(private) => private.pages.inner().scratch_space(),
        }
    }

    /// The bytes of a page as it is now, without a handle on it.
    #[inline]
    pub(crate) fn bytes(&mut self, page: Page) -> MemoryResult<&[u8]> {
        match self {
            Self::Head(head) => head.inner_mut().bytes(page),
            Self::Snapshot(snapshot) => snapshot.bytes(page),
            Self::Private(private) => private.pages.inner_mut().bytes(page),
        }
    }

    /// The bytes of a page, to be changed, and where to add which parts are, if anybody asks. Compiled once, whatever the
    /// changes are.
    fn bytes_and_parts_mut(&mut self, page: Page) -> MemoryResult<(&mut [u8], Option<&mut Parts>)> {
        match self {
            Self::Head(head) => head.change(page, |below| below.bytes_and_parts_mut(page)),
            Self::Private(private) => Ok((private.pages.change(page, |below| below.bytes_mut(page))?, None)),
            Self::Snapshot(_) => Err(refused("write")),
        }
    }
}

fn refused(operation: &'static str) -> Box<MemoryError> {
    Box::new(MemoryError::ReadOnly { operation })
}

impl MemoryAccess for Store {
    fn page_size(&self) -> u64 {
        match self {
            Self::Head(head) => head.page_size(),
            Self::Snapshot(snapshot) => snapshot.page_size(),
            Self::Private(private) => private.pages.page_size(),
        }
    }

    fn page_count(&self) -> Page {
        match self {
            Self::Head(head) => head.page_count(),
            Self::Snapshot(snapshot) => snapshot.page_count(),
            Self::Private(private) => private.pages.page_count(),
        }
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        writable!(self, pages => pages.grow_one_page())
    }

    #[inline]
    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        match self {
            Self::Head(head) => head.page(page),
            Self::Snapshot(snapshot) => snapshot.page(page),
            Self::Private(private) => private.pages.page(page),
        }
    }

    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        Ok(look(self.bytes(page)?))
    }

    #[inline]
    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        self.edit_parts(page, |bytes, parts| {
            *parts = Parts::ALL;
            change(bytes)
        })
    }

    #[inline]
    fn edit_parts<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8], &mut Parts) -> R) -> MemoryResult<R> {
        let (bytes, parts) = self.bytes_and_parts_mut(page)?;
        Ok(change(bytes, parts.unwrap_or(&mut Parts::default())))
    }

    fn restore(&mut self, page: Page, image: &PageRef) -> MemoryResult<()> {
        writable!(self, pages => pages.restore(page, image))
    }

    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        match self {
            Self::Head(head) => head.page_state(page),
            Self::Snapshot(snapshot) => snapshot.page_state(page),
            Self::Private(private) => private.pages.page_state(page),
        }
    }

    fn mark_page(&mut self, page: Page, state: PageState) -> MemoryResult<()> {
        writable!(self, pages => pages.mark_page(page, state))
    }

    fn abandon_growth(&mut self, first: Page) -> MemoryResult<()> {
        writable!(self, pages => pages.abandon_growth(first))
    }

    #[inline]
    fn note_read(&mut self, tree: u32, range: KeyRange<'_>) {
        if let Self::Private(private) = self {
            private.note(tree, range);
        }
    }
}
