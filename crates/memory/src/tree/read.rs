//! Reading a tree by key: from the root to one leaf, each node searched in place.

use std::cmp::Ordering;

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{KeyRange, MemoryAccess, PageRef};
use crate::tree::node::{Node, Stored};
use crate::tree::path::{Located, Path};
use crate::tree::search::{Search, Step, Way};
use crate::tree::{MAX_KEY_BYTES, Tree, broken_level, check_child, overflow};

/// Where a value stands; good until the tree changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the key is not there.
    Missing,
    /// In these bytes of a page.
    InPage {
        /// The page.
        page: Page,
        /// The first byte.
        start: u16,
        /// The byte after the last.
        end: u16,
    },
    /// Where this entry says, in a chain if need be.
    Entry {
        /// The leaf.
        page: Page,
        /// The entry.
        index: usize,
    },
}

/// A value read from a tree: still in its page if it stands there, else with bytes of its own.
#[derive(Debug, Clone)]
pub enum ValueBytes {
    /// In its page.
    InPage(PageRef, usize, usize),
    /// Collected from a chain.
    Owned(Vec<u8>),
}

impl std::ops::Deref for ValueBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InPage(page, start, end) => page.get(*start..*end).unwrap_or_default(),
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Tree {
    /// Where the value of a key stands.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let _place = tree.place(&mut store, b"b")?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn place<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<Place> {
        store.note_read(self.id(), KeyRange::Key(key));
        let mut page = self.root();
        let mut level = None;
        let mut share = 0;
        while page != 0 {
            // A leaf is searched and its cell looked at in one view: a point read is the commonest call there is.
            let way = store.view(page, |bytes| {
                let node = Node::new(bytes);
                if level == Some(0) && share > 0 {
                    node.foresee(share);
                }
                node.way(key)
            })?;
            let found_level = match way {
                Way::Child(_, level, _) => level,
                _ => 0,
            };
            if level.is_some_and(|expected| expected != found_level) && !matches!(way, Way::Tie) {
                return Err(broken_level(page, found_level));
            }
            match way {
                Way::Child(child, found_level, share_of_child) => {
                    share = share_of_child;
                    level = Some(found_level - 1);
                    page = child;
                }
                Way::Value(start, end) => return Ok(Place::InPage { page, start, end }),
                Way::Entry(index) => return Ok(Place::Entry { page, index: index.into() }),
                Way::Missing => break,
                // What chains must tell takes the long way.
                Way::Tie => {
                    let Some((page, index)) = self.find(store, key)? else { break };
                    return Ok(Place::Entry { page, index });
                }
            }
        }
        Ok(Place::Missing)
    }

    /// Looks at the value of a key in place: `look` gets the value's bytes. Returns whether the key is there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut length = 0;
    /// assert!(tree.look(&mut store, b"b", &mut |value| length = value.len())?);
    /// assert_eq!(length, 5);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn look<M: MemoryAccess>(self, store: &mut M, key: &[u8], look: &mut dyn FnMut(&[u8])) -> MemoryResult<bool> {
        match self.place(store, key)? {
            Place::Missing => return Ok(false),
            Place::InPage { page, start, end } => {
                store.view(page, |bytes| look(bytes.get(usize::from(start)..usize::from(end)).unwrap_or_default()))?;
            }
            Place::Entry { page, index } => look_in(store, self.id(), page, index, look)?,
        }
        Ok(true)
    }

    /// Looks at the value of an entry that was found, in place if it stands there.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let place = tree.locate(&mut store, b"b")?;
    /// let mut length = 0;
    /// tree.look_at(&mut store, place.page(), place.index(), &mut |value| length = value.len())?;
    /// assert_eq!(length, 5);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn look_at<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        index: usize,
        look: &mut dyn FnMut(&[u8]),
    ) -> MemoryResult<()> {
        look_in(store, self.id(), page, index, look)
    }

    /// The value of a key.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert_eq!(tree.get(&mut store, b"b")?.as_deref(), Some(&b"value"[..]));
    /// assert!(tree.get(&mut store, b"x")?.is_none());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn get<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<Option<ValueBytes>> {
        store.note_read(self.id(), KeyRange::Key(key));
        let Some((page, index)) = self.find(store, key)? else { return Ok(None) };
        let page = store.page(page)?;
        value_of(store, self.id(), &page, index).map(Some)
    }

    /// Whether there is an entry with this key.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert!(tree.contains(&mut store, b"b")?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn contains<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<bool> {
        store.note_read(self.id(), KeyRange::Key(key));
        self.find(store, key).map(|found| found.is_some())
    }

    /// The leaf and the place in it of a key that is there: [`locate`](Self::locate) without the way.
    pub(crate) fn find<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<Option<(Page, usize)>> {
        let mut page = self.root();
        let mut level = None;
        while page != 0 {
            let Step { search, child, level: found_level } = self.step(store, page, key, level)?;
            if found_level == 0 {
                return Ok(match search {
                    Search::Found(index) => Some((page, index)),
                    _ => None,
                });
            }
            level = Some(found_level - 1);
            page = child;
        }
        Ok(None)
    }

    /// Searches one node: where the key is or would be, the child that leads on, the node's level.
    #[inline]
    pub(crate) fn step<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        key: &[u8],
        expected_level: Option<u8>,
    ) -> MemoryResult<Step> {
        let mut step = store.view(page, |bytes| Node::new(bytes).step(key))?;
        if expected_level.is_some_and(|expected| step.level != expected) {
            return Err(broken_level(page, step.level));
        }
        if matches!(step.search, Search::Tie(_)) {
            (step.search, step.child) = self.search_with_chains(store, page, key)?;
        }
        Ok(step)
    }

    /// Sets `rest` to what follows `start` in the first key that begins with it, and `value` to that entry's value; false
    /// if no key does. A walk of one step, without a cursor and without a copy of the key.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// tree.put(&mut store, b"user:7", b"Ada")?;
    /// let (mut rest, mut value) = (Vec::new(), Vec::new());
    /// assert!(tree.first_with(&mut store, b"user:", &mut rest, &mut value)?);
    /// assert_eq!((rest, value), (b"7".to_vec(), b"Ada".to_vec()));
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn first_with<M: MemoryAccess>(
        self,
        store: &mut M,
        start: &[u8],
        rest: &mut Vec<u8>,
        value: &mut Vec<u8>,
    ) -> MemoryResult<bool> {
        store.note_read(self.id(), KeyRange::Prefix(start));
        let mut page = self.root();
        let mut level = None;
        while page != 0 {
            let Step { search, child, level: found_level } = self.step(store, page, start, level)?;
            if found_level > 0 {
                level = Some(found_level - 1);
                page = child;
                continue;
            }
            let (Search::Found(index) | Search::Missing(index) | Search::Tie(index)) = search;
            let begins = store.view(page, |bytes| Node::new(bytes).read_rest(index, start, rest, value))?;
            if let Some(begins) = begins {
                return Ok(begins);
            }
            break;
        }
        // It stands in the next leaf, or in a chain.
        let mut cursor = self.cursor();
        if !cursor.go_to(store, start)? {
            return Ok(false);
        }
        cursor.read_key(store, rest)?;
        if !rest.starts_with(start) {
            return Ok(false);
        }
        rest.drain(..start.len());
        value.clear();
        value.extend_from_slice(&cursor.value(store)?);
        Ok(true)
    }

    /// Where a key is or would be. Good until the tree changes.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// assert!(tree.locate(&mut store, b"b")?.is_found());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn locate<M: MemoryAccess>(self, store: &mut M, key: &[u8]) -> MemoryResult<Located> {
        store.note_read(self.id(), KeyRange::Key(key));
        let mut path = Path::default();
        if self.root() == 0 {
            return Ok(Located::missing(path));
        }
        let mut page = self.root();
        let mut level = None;
        loop {
            let Step { search, child, level: found_level } = self.step(store, page, key, level)?;
            let (is_found, index) = match search {
                Search::Found(index) => (true, index),
                Search::Missing(index) | Search::Tie(index) => (false, index),
            };
            if found_level == 0 {
                path.push(page, index)?;
                return Ok(Located { path, is_found });
            }
            path.push(page, index + usize::from(is_found))?;
            level = Some(found_level - 1);
            page = check_child(page, child)?;
        }
    }

    /// Searches a node where only chains can tell.
    pub(crate) fn search_with_chains<M: MemoryAccess>(
        self,
        store: &mut M,
        page: Page,
        key: &[u8],
    ) -> MemoryResult<(Search, Page)> {
        let handle = store.page(page)?;
        let node = Node::new(&handle);
        let (mut low, mut high) = (0, node.count());
        let mut search = Search::Missing(0);
        while low < high {
            let middle = low.midpoint(high);
            match full_key(store, self.id(), node, middle)?.as_slice().cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    search = Search::Found(middle);
                    break;
                }
            }
        }
        let (search, position) = match search {
            Search::Found(index) => (search, index + 1),
            _ => (Search::Missing(low), low),
        };
        Ok((search, node.child(position)))
    }
}

/// The whole key of an entry.
pub(crate) fn full_key<M: MemoryAccess>(
    store: &mut M,
    tree: u32,
    node: Node<'_>,
    index: usize,
) -> MemoryResult<Vec<u8>> {
    let mut key = Vec::new();
    node.push_key(index, &mut key);
    if let Some(chain) = node.cell(index).key_chain {
        overflow::read(store, tree, chain, MAX_KEY_BYTES, &mut key)?;
    }
    Ok(key)
}

/// The value of an entry.
pub(crate) fn value_of<M: MemoryAccess>(
    store: &mut M,
    tree: u32,
    page: &PageRef,
    index: usize,
) -> MemoryResult<ValueBytes> {
    let node = Node::new(page);
    let cell = node.cell(index);
    match cell.value {
        Stored::Inline(value) => {
            let end = node.offset(index).wrapping_add(cell.length);
            Ok(ValueBytes::InPage(page.clone(), end.saturating_sub(value.len()), end))
        }
        Stored::Chain { length, first } => read_chain(store, tree, length, first).map(ValueBytes::Owned),
    }
}

/// Calls `look` with the value of an entry, in place if it stands there.
fn look_in<M: MemoryAccess>(
    store: &mut M,
    tree: u32,
    page: Page,
    index: usize,
    look: &mut dyn FnMut(&[u8]),
) -> MemoryResult<()> {
    let chain = store.view(page, |bytes| match Node::new(bytes).value_range(index) {
        Some(range) => {
            look(bytes.get(range).unwrap_or_default());
            None
        }
        None => match Node::new(bytes).cell(index).value {
            Stored::Chain { length, first } => Some((length, first)),
            Stored::Inline(_) => None,
        },
    })?;
    match chain {
        Some((length, first)) => {
            look(&read_chain(store, tree, length, first)?);
            Ok(())
        }
        None => Ok(()),
    }
}

fn read_chain<M: MemoryAccess>(store: &mut M, tree: u32, length: u32, first: Page) -> MemoryResult<Vec<u8>> {
    let mut bytes = Vec::new();
    overflow::read(store, tree, first, length as usize, &mut bytes)?;
    if bytes.len() != length as usize {
        return Err(MemoryError::corrupt_with(format_args!(
            "the overflow chain at page {first} holds {} bytes, its entry says {length}",
            bytes.len()
        )));
    }
    Ok(bytes)
}
