//! The end of a tree, remembered: rows that come in the order of their keys need not descend.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::{KeyRange, MemoryAccess};
use crate::tree::Tree;
use crate::tree::node::{Node, head_of, inline_key_length};
use crate::tree::path::{Located, Path};

/// The way to the last leaf of a tree, where it is known. Whoever keeps one forgets it when the tree changes in any
/// other way than by an insert that returned true, and when pages are put back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tail {
    /// Empty where the way is not known.
    path: Path,
}

impl Tree {
    /// As [`locate`](Self::locate), but asks the last leaf first, and remembers it when the key belongs to its end.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tail, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut tail = Tail::default();
    /// for key in [b"d", b"e"] {
    ///     let place = tree.locate_from(&mut store, &mut tail, key)?;
    ///     tree.insert_at(&mut store, place, key, b"in order")?;
    /// }
    /// assert!(tree.contains(&mut store, b"e")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`](wasm_dbms_api::MemoryError::Corrupt).
    pub fn locate_from<M: MemoryAccess>(self, store: &mut M, tail: &mut Tail, key: &[u8]) -> MemoryResult<Located> {
        if let Some((page, _)) = tail.path.last()
            && let Some(end) = store.view(page, |bytes| Node::new(bytes).end_below(key))?
        {
            store.note_read(self.id(), KeyRange::Key(key));
            tail.path.set_last(end);
            return Ok(Located::missing(tail.path));
        }
        let located = self.locate(store, key)?;
        if !located.is_found() && is_at_end(store, &located.path)? {
            tail.path = located.path;
        }
        Ok(located)
    }
}

impl Node<'_> {
    /// The number of entries of a leaf whose keys are seen at a glance to be all below this one.
    #[inline]
    pub(crate) fn end_below(self, key: &[u8]) -> Option<usize> {
        let last = self.count().checked_sub(1)?;
        // Heads know nothing of what stands in chains.
        let inline = key.get(..inline_key_length(self.bytes.len())).unwrap_or(key);
        let suffix = inline.strip_prefix(self.prefix())?;
        (self.is_leaf() && self.head(last) < head_of(suffix)).then_some(last + 1)
    }
}

/// Whether every step of a way is the last of its node.
fn is_at_end<M: MemoryAccess>(store: &mut M, path: &Path) -> MemoryResult<bool> {
    // From the leaf up: only there does the answer differ often.
    let mut steps = *path;
    while let Some((page, position)) = steps.pop() {
        let count = count_of(store, page)?;
        if position != count {
            return Ok(false);
        }
    }
    Ok(!path.is_empty())
}

fn count_of<M: MemoryAccess>(store: &mut M, page: Page) -> MemoryResult<usize> {
    store.view(page, |bytes| Node::new(bytes).count())
}
