//! Many entries at once: collected in any order, sorted, and put in from the first to the last, leaf after leaf.
//!
//! Entries that come one by one in random order each pay for a descent, and for the cache lines and the page of a leaf
//! that nobody else needs just then. Sorted, those of one leaf follow each other: the way to it is looked for once, and
//! at the end of the tree leaf after leaf is filled without looking at any other. There a tenth of each leaf stays free:
//! what is inserted singly later finds room.

use wasm_dbms_api::MemoryResult;

use crate::access::MemoryAccess;
use crate::bytes::{put, put_u16, put_u32, slice_at};
use crate::tree::Tree;
use crate::tree::edit::{cell_size, write_cell};
use crate::tree::entries::common_prefix;
use crate::tree::node::{COUNT, HEADER, HEAP, LAST_HEAD, Node, SLOT, Stored, cell_length, head_of, inline_key_length};
use crate::tree::path::{Located, Path};
use crate::tree::search::Search;

/// The memory that runs take before they are [full](Run::is_full), in bytes.
pub const MAX_RUN_BYTES: usize = 8 << 20;

/// An entry of a run.
#[derive(Debug, Clone, Copy)]
struct RunEntry {
    /// The first eight bytes of the key as a number that orders as they do; zeros where it is shorter.
    head: u64,
    key_at: usize,
    /// Longer ones than a tree takes are refused when they go in.
    key_length: u32,
    value_length: u32,
}

impl RunEntry {
    fn value_at(&self) -> usize {
        self.key_at + self.key_length as usize
    }
}

/// Entries for a tree, in any order.
///
/// ```
/// use wasm_dbms_memory::{MemoryManager, Options, Run, Tree};
///
/// let mut store = MemoryManager::in_memory(Options::new())?;
/// let (mut tree, mut run) = (Tree::new(7), Run::default());
/// run.push(b"b", b"2");
/// run.push(b"a", b"1");
/// tree.put_run(&mut store, &mut run)?;
/// assert_eq!(tree.get(&mut store, b"b")?.as_deref(), Some(&b"2"[..]));
/// assert!(run.is_empty());
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Default)]
pub struct Run {
    bytes: Vec<u8>,
    entries: Vec<RunEntry>,
}

impl Run {
    /// Adds an entry. Of two with the same key the one added last stays, in the end.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// let mut run = Run::default();
    /// run.push(b"a", b"1");
    /// assert!(!run.is_empty());
    /// ```
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let head = match key.first_chunk() {
            Some(chunk) => u64::from_be_bytes(*chunk),
            None => key.iter().chain(&[0; 8]).take(8).fold(0, |head, byte| head << 8 | u64::from(*byte)),
        };
        let key_at = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.entries.push(RunEntry { head, key_at, key_length: length(key), value_length: length(value) });
    }

    /// Whether the run takes as much memory as one of so many should, and it is time to put it into the tree.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// assert!(!Run::default().is_full(1));
    /// ```
    #[inline]
    pub fn is_full(&self, runs: usize) -> bool {
        self.bytes.len() + self.entries.len() * size_of::<RunEntry>() >= MAX_RUN_BYTES / runs.max(1)
    }

    /// Whether there is no entry.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// assert!(Run::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets every entry.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// let mut run = Run::default();
    /// run.push(b"a", b"1");
    /// run.clear();
    /// assert!(run.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    fn sort(&mut self) {
        let Self { bytes, entries } = self;
        let key = |entry: &RunEntry| slice_at(bytes, entry.key_at, entry.key_length as usize);
        entries.sort_unstable_by(|left, right| {
            let by_head = left.head.cmp(&right.head);
            by_head.then_with(|| key(left).cmp(key(right))).then(left.key_at.cmp(&right.key_at))
        });
    }

    fn key(&self, number: usize) -> &[u8] {
        let entry = self.entries.get(number);
        entry.map_or(&[], |entry| slice_at(&self.bytes, entry.key_at, entry.key_length as usize))
    }

    fn value(&self, number: usize) -> &[u8] {
        let entry = self.entries.get(number);
        entry.map_or(&[], |entry| slice_at(&self.bytes, entry.value_at(), entry.value_length as usize))
    }
}

impl Tree {
    /// Sets the value of every key of a run, and empties it.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Run, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut run = Run::default();
    /// for key in [b"z", b"y"] {
    ///     run.push(key, b"late");
    /// }
    /// tree.put_run(&mut store, &mut run)?;
    /// assert!(tree.contains(&mut store, b"y")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`put`](Self::put); then some entries are in the tree.
    pub fn put_run<M: MemoryAccess>(&mut self, store: &mut M, run: &mut Run) -> MemoryResult<()> {
        run.sort();
        // The way to the leaf of the entry before, and the key at which the leaf after it begins.
        let mut way: Option<(Path, Option<Vec<u8>>)> = None;
        let mut number = 0;
        while number < run.entries.len() {
            if let Some((path, None)) = &way
                && let Some((page, _)) = path.last()
            {
                number += store.edit(page, |bytes| append(bytes, self.id(), run, number))?;
            }
            if number == run.entries.len() {
                break;
            }
            let (key, value) = (run.key(number), run.value(number));
            let known = way.as_mut().filter(|(_, end)| end.as_deref().is_none_or(|end| key < end));
            let (located, is_at_end) = match known {
                Some((path, end)) => (self.locate_in(store, path, key)?, end.is_none()),
                None => {
                    let located = self.locate(store, key)?;
                    let end = self.key_after(store, located.path, key)?;
                    let is_at_end = end.is_none();
                    way = Some((located.path, end)).filter(|(path, _)| !path.is_empty());
                    (located, is_at_end)
                }
            };
            let stays = if located.is_found() {
                self.replace_at(store, located, key, value)?;
                false
            } else {
                let new_leaf = if is_at_end { new_leaf(store, &located, run, number)? } else { None };
                self.insert_or_append(store, located, key, value, new_leaf)?
            };
            if !stays {
                way = None;
            }
            number += 1;
        }
        run.clear();
        Ok(())
    }

    /// Where a key is or would be in the leaf at the end of `path`, to which it belongs.
    fn locate_in<M: MemoryAccess>(self, store: &mut M, path: &mut Path, key: &[u8]) -> MemoryResult<Located> {
        let page = path.last().map_or(0, |(page, _)| page);
        if let Some(end) = store.view(page, |bytes| Node::new(bytes).end_below(key))? {
            path.set_last(end);
            return Ok(Located::missing(*path));
        }
        let (is_found, index) = match self.step(store, page, key, Some(0))?.search {
            Search::Found(index) => (true, index),
            Search::Missing(index) | Search::Tie(index) => (false, index),
        };
        path.set_last(index);
        Ok(Located { path: *path, is_found })
    }
}

/// Appends entries of a run, from this one on, to the last leaf of the tree in one go, until nine tenths of it are full or
/// one takes a closer look. Returns how many.
fn append(bytes: &mut [u8], tree: u32, run: &Run, from: usize) -> usize {
    let node = Node::new(bytes);
    let (before, values, garbage) = (node.count(), node.values(), node.garbage());
    let is_above = node.end_below(run.key(from)).is_some();
    if !node.is_of(tree) || !node.is_leaf() || !is_above {
        return 0;
    }
    let (page_size, prefix_length) = (bytes.len(), node.prefix_length());
    let (mut count, mut heap, mut last_head) = (before, node.heap(), 0);
    for number in from..run.entries.len() {
        let (key, value) = (run.key(number), Stored::Inline(run.value(number)));
        let node = Node::new(bytes);
        let Some(suffix) = key.strip_prefix(node.prefix()) else { break };
        let fits_inline = key.len() <= inline_key_length(page_size)
            && key.len() + run.value(number).len() + 16 <= cell_length(page_size);
        let is_twice = number > from && run.key(number - 1) == key;
        if !fits_inline || is_twice || !node.takes(value) {
            break;
        }
        let size = cell_size(suffix.len(), false, value, values);
        let slot_at = HEADER + prefix_length + count * SLOT;
        if (slot_at + heap - garbage) * 10 >= page_size * 9 || slot_at + SLOT + heap + size > page_size {
            break;
        }
        heap += size;
        let offset = page_size - heap;
        write_cell(bytes, offset, suffix, None, value, values);
        last_head = head_of(suffix);
        let [a, b, c, d] = last_head.to_le_bytes();
        let [low, high] = (offset as u16).to_le_bytes();
        put(bytes, slot_at, &[a, b, c, d, low, high]);
        count += 1;
    }
    if count > before {
        put_u16(bytes, COUNT, count as u16);
        put_u16(bytes, HEAP, heap as u16);
        put_u32(bytes, LAST_HEAD, last_head);
    }
    count - before
}

/// Whether the entry, which belongs into the last leaf, should rather begin a new one: if it is the last there, and nine
/// tenths are full. Returns how many bytes the keys that will follow it there share.
fn new_leaf<M: MemoryAccess>(
    store: &mut M,
    located: &Located,
    run: &Run,
    number: usize,
) -> MemoryResult<Option<usize>> {
    let Some((page, index)) = located.path.last() else { return Ok(None) };
    let is_full = store.view(page, |bytes| {
        let node = Node::new(bytes);
        index == node.count() && node.used() * 10 >= bytes.len() * 9
    })?;
    // As many as stand in this leaf will stand in the next.
    let last = (number + index).min(run.entries.len() - 1);
    Ok(is_full.then(|| common_prefix(run.key(number), run.key(last))))
}
