//! The way from the root to an entry.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

/// The most levels a tree can have. Four entries a page reach every page there can be in sixteen.
pub const MAX_DEPTH: usize = 20;

/// Pages from the root down, each with the position taken in it: of the child in a branch, of the entry in a leaf.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path {
    pages: [Page; MAX_DEPTH],
    positions: [u16; MAX_DEPTH],
    length: u8,
}

impl Default for Path {
    fn default() -> Self {
        Self { pages: [0; MAX_DEPTH], positions: [0; MAX_DEPTH], length: 0 }
    }
}

impl Path {
    pub(crate) fn push(&mut self, page: Page, position: usize) -> MemoryResult<()> {
        let index = usize::from(self.length);
        let (Some(page_at), Some(position_at)) = (self.pages.get_mut(index), self.positions.get_mut(index)) else {
            return Err(MemoryError::corrupt_with(format_args!("page {page} lies below {MAX_DEPTH} levels")));
        };
        *page_at = page;
        *position_at = position as u16;
        self.length += 1;
        Ok(())
    }

    /// Takes the lowest step.
    pub(crate) fn pop(&mut self) -> Option<(Page, usize)> {
        let last = self.last();
        self.length = self.length.saturating_sub(1);
        last
    }

    pub(crate) fn last(&self) -> Option<(Page, usize)> {
        let index = usize::from(self.length.checked_sub(1)?);
        Some((*self.pages.get(index)?, usize::from(*self.positions.get(index)?)))
    }

    /// Changes the position of the lowest step.
    pub(crate) fn set_last(&mut self, position: usize) {
        let index = usize::from(self.length).checked_sub(1);
        if let Some(place) = index.and_then(|index| self.positions.get_mut(index)) {
            *place = position as u16;
        }
    }

    /// The step that leads to a page.
    pub(crate) fn parent_of(&self, page: Page) -> Option<(Page, usize)> {
        let steps = self.pages.iter().zip(&self.positions).take(usize::from(self.length));
        let mut pairs = steps.clone().zip(steps.skip(1));
        pairs.find(|(_, (child, _))| **child == page).map(|((parent, position), _)| (*parent, usize::from(*position)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }
}

/// Where a key is or would be in a tree. Good until the tree changes.
#[derive(Debug, Clone, Copy)]
pub struct Located {
    pub(crate) path: Path,
    pub(crate) is_found: bool,
}

impl Located {
    pub(crate) fn missing(path: Path) -> Self {
        Self { path, is_found: false }
    }

    /// Whether the key is there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert!(tree.locate(&mut store, b"a")?.is_found());
    /// assert!(!tree.locate(&mut store, b"x")?.is_found());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn is_found(&self) -> bool {
        self.is_found
    }

    /// The leaf where the key is or would be.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert_eq!(tree.locate(&mut store, b"a")?.page(), tree.root());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn page(&self) -> Page {
        self.path.last().map_or(0, |(page, _)| page)
    }

    /// The place in that leaf.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert_eq!(tree.locate(&mut store, b"b")?.index(), 1);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn index(&self) -> usize {
        self.path.last().map_or(0, |(_, index)| index)
    }
}
