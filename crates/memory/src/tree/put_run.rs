//! Many entries at once: a [`Run`], sorted, is put in from the first to the last, leaf after leaf.
//!
//! Entries that come one by one in random order each pay for a descent, and for the cache lines and the page of a leaf
//! that nobody else needs just then. Sorted, those of one leaf follow each other: the way to it is looked for once, and
//! at the end of the tree leaf after leaf is filled without looking at any other. There a tenth of each leaf stays free:
//! what is inserted singly later finds room.

use wasm_dbms_api::MemoryResult;

use crate::access::MemoryAccess;
use crate::bytes::{put, put_u16, put_u32};
use crate::run::Run;
use crate::tree::Tree;
use crate::tree::edit::{cell_size, write_cell};
use crate::tree::entries::common_prefix;
use crate::tree::node::{COUNT, HEADER, HEAP, LAST_HEAD, Node, SLOT, Stored, cell_length, head_of, inline_key_length};
use crate::tree::path::{Located, Path};
use crate::tree::search::Search;

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
        while number < run.len() {
            if let Some((path, None)) = &way
                && let Some((page, _)) = path.last()
            {
                number += store.edit(page, |bytes| append(bytes, self.id(), run, number))?;
            }
            if number == run.len() {
                break;
            }
            let (key, value) = run.entry(number);
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
    let is_above = node.end_below(run.entry(from).0).is_some();
    if !node.is_of(tree) || !node.is_leaf() || !is_above {
        return 0;
    }
    let (page_size, prefix_length) = (bytes.len(), node.prefix_length());
    let (mut count, mut heap, mut last_head) = (before, node.heap(), 0);
    for number in from..run.len() {
        let (key, value) = run.entry(number);
        let node = Node::new(bytes);
        let Some(suffix) = key.strip_prefix(node.prefix()) else { break };
        let fits_inline =
            key.len() <= inline_key_length(page_size) && key.len() + value.len() + 16 <= cell_length(page_size);
        let is_twice = number > from && run.entry(number - 1).0 == key;
        let value = Stored::Inline(value);
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
    let last = (number + index).min(run.len() - 1);
    Ok(is_full.then(|| common_prefix(run.entry(number).0, run.entry(last).0)))
}
