//! Many entries of one leaf at once: what scans go by. A walk entry by entry asks the same of each page again and again;
//! here one loop reads where every value stands, checks it, and leaves the rest to whoever wants some of them.

use std::ops::Range;

use wasm_dbms_api::{MemoryError, MemoryResult};

use crate::access::{MemoryAccess, PageRef};
use crate::bytes::varint_at;
use crate::prefetch::{self, LINE};
use crate::tree::Cursor;
use crate::tree::node::{Node, SLOT};
use crate::tree::read::{ValueBytes, full_key, value_of};
use crate::tree::search::offset_in;

/// Between so many entries the processor hears of more of the page to come.
const GROUP: usize = 8;

/// Where a value stands in its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Not in the page but in a chain.
    const CHAIN: Self = Self { start: u32::MAX, end: u32::MAX };

    /// The first byte.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// let values = batch.values(5).unwrap();
    /// assert_eq!(values.page[values.spans[0].start()], b'v');
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// All bytes.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// let values = batch.values(5).unwrap();
    /// assert_eq!(&values.page[values.spans[0].range()], b"value");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Entries of one leaf, in the order of the walk that took them: [`Cursor::take`], [`Cursor::take_back`]. As a cursor it
/// holds a handle on the page, so it sees the entries as they were.
///
/// ```
/// use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
///
/// let mut store = MemoryManager::in_memory(Options::new())?;
/// let mut tree = Tree::new(7);
/// for key in 0..100u8 {
///     tree.put(&mut store, &[key], b"value")?;
/// }
/// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
/// let mut count = 0;
/// let mut is_on_entry = cursor.seek(&mut store, &[10])?;
/// while is_on_entry {
///     cursor.take(&mut store, &mut batch, usize::MAX)?;
///     count += batch.len();
///     is_on_entry = cursor.next(&mut store)?;
/// }
/// assert_eq!(count, 90);
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Default)]
pub struct LeafBatch {
    leaf: Option<PageRef>,
    tree: u32,
    /// The entries in the leaf; the last one first if the walk goes back.
    entries: Range<usize>,
    is_backward: bool,
    spans: Vec<Span>,
    /// The length of the shortest value; 0 if one stands in a chain.
    shortest: usize,
}

/// The values of a batch that stand in their page and are all so long at least.
#[derive(Debug, Clone, Copy)]
pub struct PageValues<'a> {
    /// The page.
    pub page: &'a [u8],
    /// Each value.
    pub spans: &'a [Span],
}

impl LeafBatch {
    /// How many entries there are.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// assert_eq!(batch.len(), 3);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// assert!(!batch.is_empty());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Lets go of the page.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// batch.clear();
    /// assert!(batch.is_empty() && batch.leaf().is_none());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn clear(&mut self) {
        self.leaf = None;
        self.spans.clear();
    }

    /// The page.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// assert!(batch.leaf().is_some());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn leaf(&self) -> Option<&PageRef> {
        self.leaf.as_ref()
    }

    /// The values, if all stand in the page and none is shorter than this, 1 at least.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// assert!(batch.values(5).is_some());
    /// assert!(batch.values(6).is_none());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn values(&self, shortest: usize) -> Option<PageValues<'_>> {
        let page = self.leaf.as_deref()?;
        (self.shortest >= shortest.max(1)).then_some(PageValues { page, spans: &self.spans })
    }

    /// Where the value of an entry stands in the page, if it stands there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// assert_eq!(batch.value_range(0).map(|range| range.len()), Some(5));
    /// assert_eq!(batch.value_range(3), None);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    #[inline]
    pub fn value_range(&self, entry: usize) -> Option<Range<usize>> {
        self.spans.get(entry).filter(|span| **span != Span::CHAIN).map(|span| span.range())
    }

    /// The value of an entry, wherever it stands.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// assert_eq!(&*batch.value(&mut store, 2)?, b"value");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn value<M: MemoryAccess>(&self, store: &mut M, entry: usize) -> MemoryResult<ValueBytes> {
        match (&self.leaf, self.index(entry)) {
            (Some(leaf), Some(index)) => value_of(store, self.tree, leaf, index),
            _ => Ok(ValueBytes::Owned(Vec::new())),
        }
    }

    /// Sets `key` to the key of an entry. `is_same_leaf` says that it holds a key of this very leaf.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.first(&mut store)?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// let mut key = Vec::new();
    /// batch.read_key(&mut store, 2, &mut key, false)?;
    /// assert_eq!(key, b"c");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    #[inline(always)]
    pub fn read_key<M: MemoryAccess>(
        &self,
        store: &mut M,
        entry: usize,
        key: &mut Vec<u8>,
        is_same_leaf: bool,
    ) -> MemoryResult<()> {
        let (Some(leaf), Some(index)) = (&self.leaf, self.index(entry)) else {
            key.clear();
            return Ok(());
        };
        let node = Node::new(leaf);
        if !node.read_key(index, key, is_same_leaf) {
            *key = full_key(store, self.tree, node, index)?;
        }
        Ok(())
    }

    /// The place of an entry in its leaf.
    #[inline]
    fn index(&self, entry: usize) -> Option<usize> {
        if entry >= self.spans.len() {
            None
        } else if self.is_backward {
            self.entries.end.checked_sub(entry + 1)
        } else {
            Some(self.entries.start + entry)
        }
    }

    /// Takes these entries of a leaf. Of what comes `ahead`, the page after it, the processor hears meanwhile.
    fn fill(
        &mut self,
        leaf: &PageRef,
        tree: u32,
        entries: Range<usize>,
        is_backward: bool,
        mut ahead: &[u8],
    ) -> MemoryResult<()> {
        if !self.leaf.as_ref().is_some_and(|own| own.is_same(leaf)) {
            self.leaf = Some(leaf.clone());
        }
        (self.tree, self.entries, self.is_backward) = (tree, entries.clone(), is_backward);
        self.spans.clear();
        let node = Node::new(leaf);
        let slots = node.slots().get(entries).unwrap_or_default();
        let values = node.values();
        let near = GROUP * LINE * (ahead.len() / LINE / slots.len().max(1) + 1);
        let mut shortest = usize::MAX;
        let mut is_outside = false;
        self.spans.reserve(slots.len());
        for group in slots.chunks(GROUP) {
            let lines;
            (lines, ahead) = ahead.split_at_checked(near).unwrap_or((ahead, &[]));
            lines.iter().step_by(LINE).for_each(prefetch::hint);
            self.spans.extend(group.iter().map(|slot| {
                let offset = offset_in(slot);
                let span = node.short_span(offset, values).unwrap_or_else(|| {
                    node.value_span(offset).unwrap_or_else(|| {
                        is_outside = true;
                        Span::CHAIN
                    })
                });
                shortest = shortest.min((span.end - span.start) as usize);
                span
            }));
        }
        self.shortest = shortest;
        if is_outside {
            self.clear();
            return Err(outside(tree));
        }
        if is_backward {
            self.spans.reverse();
        }
        Ok(())
    }
}

impl Cursor {
    /// Sets `batch` to the entry that the cursor stands on and those that follow it in its leaf, `limit` at most, and
    /// goes to the last of them, so that [`next`](Self::next) goes on after it. Who takes a leaf to its end goes on to the
    /// one after it, as a rule: that one is on its way then.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.seek(&mut store, b"b")?;
    /// cursor.take(&mut store, &mut batch, usize::MAX)?;
    /// assert_eq!(batch.len(), 2);
    /// assert!(!cursor.next(&mut store)?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`].
    pub fn take<M: MemoryAccess>(&mut self, store: &mut M, batch: &mut LeafBatch, limit: usize) -> MemoryResult<()> {
        match self.leaf() {
            Some(leaf) if self.is_on_entry() => {
                let end = self.count().min(self.index().saturating_add(limit.max(1)));
                let is_whole = prefetch::IS_POSSIBLE && end == self.count();
                // What is wrong with that page is told where the walk comes to it.
                let ahead = self.child_ahead().filter(|_| is_whole).and_then(|child| store.page(child).ok());
                batch.fill(leaf, self.tree_id(), self.index()..end, false, ahead.as_deref().unwrap_or_default())?;
                self.stand_on(end - 1);
            }
            _ => batch.clear(),
        }
        Ok(())
    }

    /// Sets `batch` to the entry that the cursor stands on and those before it in its leaf, the last one first, `limit` at
    /// most, and goes to the first of them, so that [`prev`](Self::prev) goes on before it.
    ///
    /// ```
    /// # use wasm_dbms_memory::{LeafBatch, MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let (mut cursor, mut batch) = (tree.cursor(), LeafBatch::default());
    /// cursor.last(&mut store)?;
    /// cursor.take_back(&mut batch, 2)?;
    /// assert_eq!(batch.len(), 2);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::Corrupt`].
    pub fn take_back(&mut self, batch: &mut LeafBatch, limit: usize) -> MemoryResult<()> {
        match self.leaf() {
            Some(leaf) if self.is_on_entry() => {
                let end = self.index() + 1;
                let first = end.saturating_sub(limit.max(1));
                batch.fill(leaf, self.tree_id(), first..end, true, &[])?;
                self.stand_on(first);
            }
            _ => batch.clear(),
        }
        Ok(())
    }
}

impl<'a> Node<'a> {
    /// The slots, as many as there are entries.
    #[inline]
    fn slots(self) -> &'a [[u8; SLOT]] {
        let slots = self.bytes.get(self.slots_at(0)..).unwrap_or_default().as_chunks::<SLOT>().0;
        slots.get(..self.count()).unwrap_or_default()
    }

    /// Where the value of the cell at `offset` stands, if the lengths are such as nearly all are: a suffix of less than 64
    /// bytes, a value of less than 8 KiB, neither in a chain. `values` is what the header says of them. How many bytes a
    /// length takes is no branch, since rows of about 64 bytes have now one, now two.
    #[inline(always)]
    fn short_span(self, offset: usize, values: u8) -> Option<Span> {
        let suffix = *self.bytes.get(offset)?;
        if suffix & (LONG | 1) != 0 {
            return None;
        }
        let mut start = offset + usize::from(suffix >> 1).max(4) - 3;
        let length = match values.checked_sub(1) {
            Some(length) => length.into(),
            None => {
                let [low, high] = *self.bytes.get(start..)?.first_chunk()?;
                let is_long = low / LONG;
                if low & 1 == 1 || high & LONG & low != 0 {
                    return None;
                }
                start += 1 + usize::from(is_long);
                usize::from(low % LONG) / 2 + usize::from(high * is_long) * 64
            }
        };
        let end = start + length;
        // A page is at most 64 KiB long.
        (end <= self.bytes.len()).then_some(Span { start: start as u32, end: end as u32 })
    }

    /// Where the value of the cell at `offset` stands, whatever its lengths; none if not in the page as a whole.
    #[inline(never)]
    fn value_span(self, offset: usize) -> Option<Span> {
        let (suffix, width) = varint_at(self.bytes, offset);
        let chain = if suffix & 1 == 1 { 4 } else { 0 };
        let at = offset + width + ((suffix >> 1) as usize).saturating_sub(4) + chain;
        let (value, width) = self.value_code(at);
        if value & 1 == 1 {
            return Some(Span::CHAIN);
        }
        let start = at + width;
        let end = start.checked_add((value >> 1) as usize).filter(|end| *end <= self.bytes.len())?;
        Some(Span { start: start as u32, end: end as u32 })
    }
}

/// The bit of a byte of a length that says that more follow.
const LONG: u8 = 0x80;

#[cold]
fn outside(tree: u32) -> Box<MemoryError> {
    MemoryError::corrupt_with(format_args!("a leaf of tree {tree} has a value that runs past its page"))
}
