//! Walking a whole tree and saying what is wrong with it.

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::MemoryAccess;
use crate::bytes::u32_at;
use crate::tree::node::{BRANCH, LEAF, Node, OVERFLOW, Stored, TREE};
use crate::tree::path::MAX_DEPTH;
use crate::tree::read::full_key;
use crate::tree::{Tree, overflow};

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
    pages: &'a mut dyn FnMut(Page) -> bool,
    findings: &'a mut Vec<String>,
    /// The key met last, and whether it is a separator.
    last_key: Option<(Vec<u8>, bool)>,
    entries: u64,
}

impl Tree {
    /// Walks the whole tree: kinds, levels, order of keys, chains. `pages` is told of each page and says whether it is
    /// met for the first time; what is wrong is added to `findings`. Returns how many entries there are.
    ///
    /// # Errors
    /// What the store says.
    pub fn check<M: MemoryAccess>(
        self,
        store: &mut M,
        pages: &mut dyn FnMut(Page) -> bool,
        findings: &mut Vec<String>,
    ) -> MemoryResult<u64> {
        let mut walk = Walk { store, tree: self, pages, findings, last_key: None, entries: 0 };
        if self.root() != 0 {
            walk.node(self.root(), None, 0)?;
        }
        Ok(walk.entries)
    }
}

impl<M: MemoryAccess> Walk<'_, M> {
    fn finding(&mut self, page: Page, what: &str) {
        self.findings.push(format!("page {page} of tree {}: {what}", self.tree.id()));
    }

    fn node(&mut self, page: Page, level: Option<u8>, depth: usize) -> MemoryResult<()> {
        if depth > MAX_DEPTH {
            self.finding(page, "lies too deep");
            return Ok(());
        }
        if !(self.pages)(page) {
            self.finding(page, "is used twice");
            return Ok(());
        }
        let handle = self.store.page(page)?;
        let node = Node::new(&handle);
        if node.kind() != LEAF && node.kind() != BRANCH {
            self.finding(page, "is no node");
            return Ok(());
        }
        if node.is_leaf() != (node.level() == 0) || level.is_some_and(|level| level != node.level()) {
            self.finding(page, "has the wrong level");
            return Ok(());
        }
        if node.tree() != self.tree.id() {
            self.finding(page, &format!("belongs to tree {}", node.tree()));
        }
        if node.used() + node.garbage() + node.gap() != handle.len() {
            self.finding(page, "does not add up");
        }
        if !node.is_leaf() {
            self.node(node.child(0), node.level().checked_sub(1), depth + 1)?;
        }
        for index in 0..node.count() {
            self.entry(page, node, index)?;
            if !node.is_leaf() {
                self.node(node.child(index + 1), node.level().checked_sub(1), depth + 1)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, page: Page, node: Node<'_>, index: usize) -> MemoryResult<()> {
        let cell = node.cell(index);
        let mut chains: Vec<Page> = cell.key_chain.into_iter().collect();
        if let Stored::Chain { first, .. } = cell.value {
            chains.push(first);
        }
        for chain in chains {
            let Self { store, pages, .. } = self;
            let mut is_double = false;
            overflow::pages(*store, chain, &mut |page| {
                let is_new = pages(page);
                is_double |= !is_new;
                is_new
            })?;
            if is_double {
                self.finding(chain, "starts a chain with a page that is used twice");
            }
        }
        let key = full_key(self.store, node, index)?;
        let is_ascending = match &self.last_key {
            None => true,
            // The first key of a leaf may equal the separator before it.
            Some((last, is_separator)) if *is_separator && node.is_leaf() => *last <= key,
            Some((last, _)) => *last < key,
        };
        if !is_ascending {
            self.finding(page, &format!("entry {index} is out of order"));
        }
        self.last_key = Some((key, !node.is_leaf()));
        if node.is_leaf() {
            self.entries += 1;
        }
        Ok(())
    }
}
