//! Many entries at once: collected in any order, sorted, and put in from the first to the last, leaf after leaf.
//!
//! Entries that come one by one in random order each pay for a descent, and for the cache lines and the page of a leaf
//! that nobody else needs just then. Sorted, those of one leaf follow each other: the way to it is looked for once, and
//! at the end of the tree leaf after leaf is filled without looking at any other. There a tenth of each leaf stays free:
//! what is inserted singly later finds room.

use wasm_dbms_api::MemoryResult;

use crate::access::MemoryAccess;
use crate::bytes::slice_at;
use crate::tree::Tree;
use crate::tree::entries::common_prefix;
use crate::tree::node::{Node, Search};
use crate::tree::path::{Located, Path};

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
    #[inline]
    pub fn is_full(&self, runs: usize) -> bool {
        self.bytes.len() + self.entries.len() * size_of::<RunEntry>() >= MAX_RUN_BYTES / runs.max(1)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets every entry.
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
    /// # Errors
    /// As [`put`](Self::put); then some entries are in the tree.
    pub fn put_run<M: MemoryAccess>(&mut self, store: &mut M, run: &mut Run) -> MemoryResult<()> {
        run.sort();
        // The way to the leaf of the entry before, and the key at which the leaf after it begins.
        let mut way: Option<(Path, Option<Vec<u8>>)> = None;
        for number in 0..run.entries.len() {
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
