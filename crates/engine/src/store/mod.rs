//! [`Store`]: the one type that the engine instantiates all storage functions over.

mod journaled_writer;

pub use journaled_writer::JournaledWriter;

use wasm_dbms_memory::{MemoryAccess, MemoryManager, PageRef, PageState, Snapshot};

use crate::{MemoryError, MemoryResult, Page};

/// What a statement works on.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each reader, and a step less to every page")]
pub(crate) enum Store {
    /// The head of the database: the page store, with the savepoints that are open.
    Head(JournaledWriter<MemoryManager>),
    /// The pages of one commit; writes are refused.
    Snapshot(Snapshot),
}

impl Store {
    /// The head, to commit or to roll back.
    pub(crate) fn head(&mut self) -> MemoryResult<&mut JournaledWriter<MemoryManager>> {
        match self {
            Self::Head(head) => Ok(head),
            Self::Snapshot(_) => Err(refused("write")),
        }
    }

    /// The pages of a commit, if this is not the head.
    #[inline]
    pub(crate) fn snapshot(&mut self) -> Option<&mut Snapshot> {
        match self {
            Self::Head(_) => None,
            Self::Snapshot(snapshot) => Some(snapshot),
        }
    }

    /// The bytes of a page as it is now, without a handle on it.
    #[inline]
    pub(crate) fn bytes(&mut self, page: Page) -> MemoryResult<&[u8]> {
        match self {
            Self::Head(head) => head.inner_mut().bytes(page),
            Self::Snapshot(snapshot) => snapshot.bytes(page),
        }
    }
}

fn refused(operation: &'static str) -> MemoryError {
    MemoryError::ReadOnly { operation }
}

impl MemoryAccess for Store {
    fn page_size(&self) -> u64 {
        match self {
            Self::Head(head) => head.page_size(),
            Self::Snapshot(snapshot) => snapshot.page_size(),
        }
    }

    fn page_count(&self) -> Page {
        match self {
            Self::Head(head) => head.page_count(),
            Self::Snapshot(snapshot) => snapshot.page_count(),
        }
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        self.head()?.grow_one_page()
    }

    #[inline]
    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        match self {
            Self::Head(head) => head.page(page),
            Self::Snapshot(snapshot) => snapshot.page(page),
        }
    }

    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        Ok(look(self.bytes(page)?))
    }

    #[inline]
    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        match self {
            Self::Head(head) => head.edit(page, change),
            Self::Snapshot(_) => Err(refused("write")),
        }
    }

    fn restore(&mut self, page: Page, image: &PageRef) -> MemoryResult<()> {
        self.head()?.restore(page, image)
    }

    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        match self {
            Self::Head(head) => head.page_state(page),
            Self::Snapshot(snapshot) => snapshot.page_state(page),
        }
    }

    fn mark_page(&mut self, page: Page, state: PageState) -> MemoryResult<()> {
        self.head()?.mark_page(page, state)
    }

    fn abandon_growth(&mut self, first: Page) -> MemoryResult<()> {
        self.head()?.abandon_growth(first)
    }
}
