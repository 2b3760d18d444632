//! Walking a whole tree and saying what is wrong with it.

use std::ops::RangeInclusive;

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::{MemoryAccess, PageRef};
use crate::bytes::u32_at;
use crate::tree::node::{BRANCH, LEAF, Node, OVERFLOW, Stored, TREE};
use crate::tree::path::MAX_DEPTH;
use crate::tree::read::full_key;
use crate::tree::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Tree, overflow};

/// How many findings a check lists; the rest is one line more.
pub const MAX_FINDINGS: usize = 1000;

/// Adds a finding to the list, unless it is full.
///
/// ```
/// use wasm_dbms_memory::{MAX_FINDINGS, add_finding};
///
/// let mut findings = Vec::new();
/// for page in 0..2 * MAX_FINDINGS {
///     add_finding(&mut findings, format!("page {page} is damaged"));
/// }
/// assert_eq!(findings.len(), MAX_FINDINGS + 1);
/// ```
pub fn add_finding(findings: &mut Vec<String>, finding: String) {
    if findings.len() < MAX_FINDINGS {
        findings.push(finding);
    } else if findings.len() == MAX_FINDINGS {
        findings.push(format!("and more: only the first {MAX_FINDINGS} findings are listed"));
    }
}

/// What a page of a tree holds, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSummary {
    /// `leaf`, `branch`, `overflow`, or `other` if it is no page of a tree.
    pub kind: &'static str,
    /// The number of the tree it belongs to.
    pub tree: u32,
    /// How many entries it has.
    pub entries: usize,
    /// How many bytes of it are in use.
    pub used_bytes: usize,
    /// The bytes that all its keys begin with.
    pub prefix: Vec<u8>,
}

impl NodeSummary {
    /// What a page holds.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryAccess, MemoryManager, NodeSummary, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let page = store.page(tree.root())?;
    /// assert_eq!((NodeSummary::of(&page).kind, NodeSummary::of(&page).entries), ("leaf", 3));
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    pub fn of(page: &[u8]) -> Self {
        let node = Node::new(page);
        let (kind, entries, used_bytes) = match node.kind() {
            LEAF => ("leaf", node.count(), node.used()),
            BRANCH => ("branch", node.count(), node.used()),
            OVERFLOW => ("overflow", 1, u32_at(page, 8) as usize + 24),
            _ => return Self { kind: "other", tree: 0, entries: 0, used_bytes: 0, prefix: Vec::new() },
        };
        let prefix = if node.kind() == OVERFLOW { Vec::new() } else { node.prefix().to_vec() };
        Self { kind, tree: u32_at(page, TREE), entries, used_bytes, prefix }
    }
}

/// A walk over a whole tree.
struct Walk<'a, M> {
    store: &'a mut M,
    tree: Tree,
    name: &'a str,
    pages: &'a mut dyn FnMut(Page) -> bool,
    findings: &'a mut Vec<String>,
    /// The key met last, and whether it is a separator.
    last_key: Option<(Vec<u8>, bool)>,
    entries: u64,
}

impl Tree {
    /// Walks the whole tree: whether its pages can be read and are nodes of it, kinds, levels, every cell, the order of
    /// keys within and across nodes, chains. `pages` is told of each page and says whether it is met for the first time;
    /// what is wrong is added to `findings`, at most [`MAX_FINDINGS`]. Returns how many entries there are.
    ///
    /// Each page is walked once, whatever the pages say.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut findings = Vec::new();
    /// assert_eq!(tree.check(&mut store, &mut |_page| true, &mut findings)?, 3);
    /// assert!(findings.is_empty());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// None today: what cannot be read is a finding.
    pub fn check<M: MemoryAccess>(
        self,
        store: &mut M,
        pages: &mut dyn FnMut(Page) -> bool,
        findings: &mut Vec<String>,
    ) -> MemoryResult<u64> {
        self.check_as(&format!("tree {}", self.id()), store, pages, findings)
    }

    /// As [`check`](Self::check); the findings call the tree by this name.
    ///
    /// ```
    /// # use wasm_dbms_memory::{MemoryManager, Options, Tree};
    /// # let mut store = MemoryManager::in_memory(Options::new())?;
    /// # let mut tree = Tree::new(7);
    /// # for key in [b"a", b"b", b"c"] {
    /// #     tree.put(&mut store, key, b"value")?;
    /// # }
    /// let mut findings = Vec::new();
    /// assert_eq!(tree.check_as("table users", &mut store, &mut |_page| true, &mut findings)?, 3);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// None today: what cannot be read is a finding.
    pub fn check_as<M: MemoryAccess>(
        self,
        name: &str,
        store: &mut M,
        pages: &mut dyn FnMut(Page) -> bool,
        findings: &mut Vec<String>,
    ) -> MemoryResult<u64> {
        let mut walk = Walk { store, tree: self, name, pages, findings, last_key: None, entries: 0 };
        if self.root() != 0 {
            walk.node(self.root(), None, 0);
        }
        Ok(walk.entries)
    }
}

impl<M: MemoryAccess> Walk<'_, M> {
    fn finding(&mut self, page: Page, what: &str) {
        add_finding(self.findings, format!("page {page} of {}: {what}", self.name));
    }

    /// A page that is met for the first time and can be read.
    fn visit(&mut self, page: Page) -> Option<PageRef> {
        match self.store.page(page) {
            Err(error) => {
                self.finding(page, &error.to_string());
                None
            }
            Ok(_) if page >= self.store.page_count() => {
                self.finding(page, "is past the last page");
                None
            }
            Ok(_) if !(self.pages)(page) => {
                self.finding(page, "is used twice");
                None
            }
            Ok(handle) => Some(handle),
        }
    }

    fn node(&mut self, page: Page, level: Option<u8>, depth: usize) {
        if depth >= MAX_DEPTH {
            return self.finding(page, &format!("lies below {MAX_DEPTH} levels"));
        }
        let Some(handle) = self.visit(page) else { return };
        let node = Node::new(&handle);
        if let Some(what) = broken_head(node, level, self.tree.id()) {
            return self.finding(page, &what);
        }
        if !node.is_sound() {
            self.finding(page, "its cells do not fit its heap");
        }
        let below = node.level().checked_sub(1);
        if below.is_some() {
            self.node(node.child(0), below, depth + 1);
        }
        for index in 0..node.count() {
            self.entry(page, node, index);
            if below.is_some() {
                self.node(node.child(index + 1), below, depth + 1);
            }
        }
    }

    fn entry(&mut self, page: Page, node: Node<'_>, index: usize) {
        let cell = node.cell(index);
        let unused = node.head(index).to_be_bytes();
        if unused.get(cell.suffix_length..).is_some_and(|unused| unused.iter().any(|byte| *byte != 0)) {
            self.finding(page, &format!("the head of entry {index} is longer than its key"));
        }
        if let Stored::Chain { length, first } = cell.value {
            self.chain(page, index, first, (length as usize..=length as usize, MAX_VALUE_BYTES));
        }
        let is_readable =
            cell.key_chain.is_none_or(|first| self.chain(page, index, first, (1..=MAX_KEY_BYTES, MAX_KEY_BYTES)));
        if is_readable {
            match full_key(self.store, self.tree.id(), node, index) {
                Ok(key) => self.key(page, node, index, key),
                Err(error) => self.finding(page, &format!("the key of entry {index}: {error}")),
            }
        }
        if node.is_leaf() {
            self.entries += 1;
        }
    }

    /// Keys ascend within a node and across nodes; a separator is above all keys before it, and the first key after it
    /// may equal it.
    fn key(&mut self, page: Page, node: Node<'_>, index: usize, key: Vec<u8>) {
        let what = match &self.last_key {
            Some((last, true)) if node.is_leaf() && *last > key => "is below the separator that leads to it",
            Some((last, false)) if !node.is_leaf() && *last >= key => "separates keys that are not below it",
            Some((last, is_separator)) if *last >= key && !(*is_separator && node.is_leaf()) => "is out of order",
            _ => "",
        };
        if !what.is_empty() {
            self.finding(page, &format!("entry {index} {what}"));
        }
        self.last_key = Some((key, !node.is_leaf()));
    }

    /// Walks a chain; whether it can be read. It holds so many bytes, and never more than the limit.
    fn chain(
        &mut self,
        owner: Page,
        index: usize,
        first: Page,
        (expected, limit): (RangeInclusive<usize>, usize),
    ) -> bool {
        let mut found = 0;
        let mut page = first;
        loop {
            let Some(handle) = self.visit(page) else { return false };
            let Some((chunk, next)) = overflow::link(&handle, self.tree.id()) else {
                self.finding(page, &format!("does not go on with the chain of entry {index} of page {owner}"));
                return false;
            };
            found += chunk.len();
            if next == 0 || found > limit {
                break;
            }
            page = next;
        }
        if !expected.contains(&found) {
            let expected = expected.end();
            self.finding(owner, &format!("the chain of entry {index} holds {found} bytes, it says {expected}"));
        }
        found <= limit
    }
}

/// What is wrong with the header of a node.
fn broken_head(node: Node<'_>, level: Option<u8>, tree: u32) -> Option<String> {
    if node.kind() != LEAF && node.kind() != BRANCH {
        return Some(format!("is no node: its kind is {}", node.kind()));
    }
    if node.is_leaf() != (node.level() == 0) || level.is_some_and(|level| level != node.level()) {
        let expected = level.map_or("another".to_owned(), |level| level.to_string());
        return Some(format!("has level {}, {expected} was expected", node.level()));
    }
    if node.tree() != tree {
        return Some(format!("belongs to tree {}, tree {tree} was expected", node.tree()));
    }
    (!node.is_coherent()).then(|| "its header does not fit the page".to_owned())
}
