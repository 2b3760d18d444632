//! [`JournaledWriter`]: an interceptor that can put back what was written through it.

use wasm_dbms_api::{MemoryResult, Page};
use wasm_dbms_memory::{KeyRange, MemoryAccess, NumberSet, PageRef, PageState, Parts};

/// What one savepoint needs to be rolled back.
#[derive(Debug, Default)]
struct Level {
    /// Pages whose image at the savepoint is known.
    recorded: NumberSet,
    images: Vec<(Page, PageRef)>,
    /// States that the ledger of unclaimed pages had before it changed them.
    states: Vec<(Page, PageState)>,
    /// The lowest page grown since.
    first_grown: Option<Page>,
}

impl Level {
    /// What a savepoint inside this one has kept.
    fn take_in(&mut self, inner: Self) {
        for (page, image) in inner.images {
            if self.recorded.insert(page) {
                self.images.push((page, image));
            }
        }
        self.states.extend(inner.states);
        self.first_grown = self.first_grown.into_iter().chain(inner.first_grown).min();
    }

    /// The first write to a page was refused: a page that can be read but not written (grown and given up) could not be
    /// put back either.
    #[cold]
    fn forget_last_image(&mut self) {
        self.images.pop();
        self.recorded.clear();
        for (page, _) in &self.images {
            self.recorded.insert(*page);
        }
    }
}

/// Any store, with savepoints: before the first write to a page since a savepoint it keeps the page's old handle, and
/// [`roll_back`](Self::roll_back) puts it back, whatever happened in between. Savepoints nest. Without one, calls go
/// straight through.
///
/// ```
/// use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
///
/// let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
/// let page = store.claim_page()?;
/// store.write_at(page, 0, &1u64)?;
/// store.savepoint();
/// store.write_at(page, 0, &2u64)?;
/// store.roll_back()?;
/// assert_eq!(store.read_at::<u64>(page, 0)?, 1);
/// # Ok::<(), wasm_dbms::MemoryError>(())
/// ```
#[derive(Debug)]
pub struct JournaledWriter<M> {
    inner: M,
    levels: Vec<Level>,
}

impl<M: MemoryAccess> JournaledWriter<M> {
    /// A store without a savepoint yet.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// assert_eq!(store.depth(), 0);
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn new(inner: M) -> Self {
        Self { inner, levels: Vec::new() }
    }

    /// The store below.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// assert!(store.inner().page_count() > 0);
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn inner(&self) -> &M {
        &self.inner
    }

    /// The store below. Writes that go past the journal are not rolled back.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// store.inner_mut().claim_page()?;
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn inner_mut(&mut self) -> &mut M {
        &mut self.inner
    }

    /// The store below; open savepoints are released.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// let manager: MemoryManager = store.into_inner();
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn into_inner(self) -> M {
        self.inner
    }

    /// How many savepoints are open.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// store.savepoint();
    /// assert_eq!(store.depth(), 1);
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Opens a savepoint inside those that are open.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// store.savepoint();
    /// store.savepoint();
    /// assert_eq!(store.depth(), 2);
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn savepoint(&mut self) {
        self.levels.push(Level::default());
    }

    /// Closes the innermost savepoint and keeps what was written since; it now belongs to the one around it.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// let page = store.claim_page()?;
    /// store.savepoint();
    /// store.write_at(page, 0, &2u64)?;
    /// store.release();
    /// assert_eq!(store.read_at::<u64>(page, 0)?, 2);
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn release(&mut self) {
        let Some(inner) = self.levels.pop() else { return };
        let Some(outer) = self.levels.last_mut() else { return };
        outer.take_in(inner);
    }

    /// Closes the innermost savepoint and puts every byte back as it was when it was opened.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// let page = store.claim_page()?;
    /// store.savepoint();
    /// store.write_at(page, 0, &2u64)?;
    /// store.roll_back()?;
    /// assert_eq!(store.read_at::<u64>(page, 0)?, 0);
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store below says; then the whole transaction must be discarded.
    pub fn roll_back(&mut self) -> MemoryResult<()> {
        let Some(level) = self.levels.pop() else { return Ok(()) };
        for (page, image) in &level.images {
            self.inner.restore(*page, image)?;
        }
        for (page, state) in level.states.iter().rev() {
            self.inner.mark_page(*page, *state)?;
        }
        match level.first_grown {
            Some(first) => self.inner.abandon_growth(first),
            None => Ok(()),
        }
    }

    /// Forgets every savepoint without putting anything back.
    ///
    /// ```
    /// # use wasm_dbms::{JournaledWriter, MemoryAccess, MemoryManager, Options};
    /// # let mut store = JournaledWriter::new(MemoryManager::in_memory(Options::new())?);
    /// store.savepoint();
    /// store.forget_savepoints();
    /// assert_eq!(store.depth(), 0);
    /// # Ok::<(), wasm_dbms::MemoryError>(())
    /// ```
    pub fn forget_savepoints(&mut self) {
        self.levels.clear();
    }

    /// Keeps the page's handle if this is the first write to it since the innermost savepoint. Only that one needs it:
    /// released, it hands the handle on to the one around it. Returns whether it is the first.
    #[inline]
    fn record(&mut self, page: Page) -> MemoryResult<bool> {
        match self.levels.last() {
            Some(level) if !level.recorded.contains(page) => self.record_image(page),
            _ => Ok(false),
        }
    }

    #[cold]
    fn record_image(&mut self, page: Page) -> MemoryResult<bool> {
        let image = self.inner.page(page)?;
        if let Some(level) = self.levels.last_mut()
            && level.recorded.insert(page)
        {
            level.images.push((page, image));
        }
        Ok(true)
    }

    /// What changes a page of the store below, whose bytes are kept first.
    #[inline]
    pub(crate) fn change<'a, R>(
        &'a mut self,
        page: Page,
        change: impl FnOnce(&'a mut M) -> MemoryResult<R>,
    ) -> MemoryResult<R> {
        let is_first = self.record(page)?;
        let result = change(&mut self.inner);
        if is_first
            && result.is_err()
            && let Some(level) = self.levels.last_mut()
        {
            level.forget_last_image();
        }
        result
    }
}

impl<M: MemoryAccess> MemoryAccess for JournaledWriter<M> {
    fn page_size(&self) -> u64 {
        self.inner.page_size()
    }

    fn page_count(&self) -> Page {
        self.inner.page_count()
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        let page = self.inner.grow_one_page()?;
        if let Some(level) = self.levels.last_mut() {
            level.first_grown = Some(level.first_grown.map_or(page, |first| first.min(page)));
        }
        Ok(page)
    }

    #[inline]
    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        self.inner.page(page)
    }

    #[inline]
    fn view<R>(&mut self, page: Page, look: impl FnOnce(&[u8]) -> R) -> MemoryResult<R> {
        self.inner.view(page, look)
    }

    #[inline]
    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        self.change(page, |inner| inner.edit(page, change))
    }

    #[inline]
    fn edit_parts<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8], &mut Parts) -> R) -> MemoryResult<R> {
        self.change(page, |inner| inner.edit_parts(page, change))
    }

    fn restore(&mut self, page: Page, image: &PageRef) -> MemoryResult<()> {
        self.change(page, |inner| inner.restore(page, image))
    }

    fn page_state(&mut self, page: Page) -> MemoryResult<PageState> {
        self.inner.page_state(page)
    }

    fn mark_page(&mut self, page: Page, state: PageState) -> MemoryResult<()> {
        if let Some(level) = self.levels.last_mut() {
            // The ledger releases used pages and hands out free ones, so the state before is the other one.
            let before = if state == PageState::Free { PageState::Used } else { PageState::Free };
            level.states.push((page, before));
        }
        self.inner.mark_page(page, state)
    }

    fn abandon_growth(&mut self, first: Page) -> MemoryResult<()> {
        self.inner.abandon_growth(first)
    }

    #[inline]
    fn note_read(&mut self, tree: u32, range: KeyRange<'_>) {
        self.inner.note_read(tree, range);
    }
}
