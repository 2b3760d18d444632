//! Vacuum: what was deleted gives its room back, in steps, in the file itself.
//!
//! 1. *Pack*: leaves of every tree are filled up, which frees pages.
//! 2. *Move*: pages past the number that is needed go into free ones further in front.
//! 3. *Give back*: the free pages at the end leave the file.
//!
//! Each step is a transaction of its own and touches about as many pages as it is allowed; between two steps everything
//! else may happen. Where the last one stopped is kept in memory only: a step after opening again begins anew.

use wasm_dbms_api::Page;
use wasm_dbms_memory::{
    MemoryAccess, NodeSummary, PageState, REGISTRY_TREE, RESERVED_PAGES, Registry, Targets, TreeId, UnclaimedPages,
};

use crate::catalog::TreeHead;
use crate::core::Core;
use crate::{Connection, Database, Result};

/// How many pages a step of [`Database::vacuum`] may touch.
const STEP_PAGES: usize = 256;

/// What vacuuming did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VacuumReport {
    /// Pages of the database before.
    pub pages_before: Page,
    /// Pages of the database now.
    pub pages_after: Page,
    /// Pages that were moved to another place.
    pub moved: usize,
    /// Whether nothing is left to do.
    pub is_done: bool,
}

/// Where the next step goes on.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum VacuumPosition {
    /// At the first tree.
    #[default]
    Start,
    /// At this key of this tree.
    Pack(TreeId, Vec<u8>),
    /// Every leaf is full.
    Move,
}

impl Database {
    /// Makes the database as small as it can be: fills pages up, moves those at the end to the front, gives the end of the
    /// file back. It needs no room beside the file, and holds the writer's turn for one step at a time.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let db = Database::in_memory();
    /// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("text", DataType::Text)))?;
    /// for _ in 0..500 {
    ///     db.insert_values("t", &[("text", "some words".repeat(30).into())])?;
    /// }
    /// db.drop_table("t")?;
    /// let report = db.vacuum()?;
    /// assert!(report.pages_after < report.pages_before);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What storage says; steps that were done stay done.
    pub fn vacuum(&self) -> Result<VacuumReport> {
        let mut total: Option<VacuumReport> = None;
        loop {
            let step = self.vacuum_step(STEP_PAGES)?;
            let report = total.get_or_insert(VacuumReport { moved: 0, ..step });
            report.pages_after = step.pages_after;
            report.moved += step.moved;
            report.is_done = step.is_done;
            if step.is_done {
                return Ok(*report);
            }
        }
    }

    /// One step of [`vacuum`](Self::vacuum), of about so many pages.
    ///
    /// # Errors
    /// What storage says; then nothing of the step stays.
    pub fn vacuum_step(&self, pages: usize) -> Result<VacuumReport> {
        let pages = pages.max(1);
        let pages_before = self.page_count();
        let (moved, is_done) = self.write(|core| core.vacuum_step(pages))?;
        let pages_after = self.read(|core| {
            let store = core.store.inner_mut();
            // After the last step what is free stands at the end.
            Ok(if is_done { store.release_tail()? } else { store.page_count() })
        })?;
        Ok(VacuumReport { pages_before, pages_after, moved, is_done })
    }
}

impl Core {
    /// Does one step. Returns how many pages were moved, and whether that was the last step.
    fn vacuum_step(&mut self, pages: usize) -> Result<(usize, bool)> {
        let position = std::mem::take(&mut self.vacuum);
        let (tree, from) = match position {
            VacuumPosition::Move => return self.move_pages(pages),
            VacuumPosition::Start => (0, Vec::new()),
            VacuumPosition::Pack(tree, from) => (tree, from),
        };
        self.vacuum = self.pack_pages(pages, tree, from)?;
        Ok((0, false))
    }

    /// Fills up leaves from this key of this tree on. Returns where the next step goes on.
    fn pack_pages(&mut self, pages: usize, tree: TreeId, mut from: Vec<u8>) -> Result<VacuumPosition> {
        let mut trees: Vec<TreeId> = self.catalog.relations.iter().flat_map(|relation| relation.trees()).collect();
        trees.sort_unstable();
        let mut left = pages;
        for id in trees.into_iter().filter(|id| *id >= tree) {
            if id != tree {
                from.clear();
            }
            loop {
                if left == 0 {
                    return Ok(VacuumPosition::Pack(id, from));
                }
                left -= 1;
                let next = self.with_head(id, |head, store| head.change(|tree| tree.pack_step(store, &from)))?;
                match next.transpose()?.flatten() {
                    Some(next) => from = next,
                    None => break,
                }
            }
        }
        Ok(VacuumPosition::Move)
    }

    /// Moves pages from the end to the front.
    fn move_pages(&mut self, pages: usize) -> Result<(usize, bool)> {
        let unclaimed = UnclaimedPages::sort(&mut self.store)?;
        let limit = self.store.page_count().saturating_sub(unclaimed as Page).max(RESERVED_PAGES);
        let mut targets = Targets::claim(&mut self.store, pages)?;
        let mut walked = Vec::new();
        for page in (limit..self.store.page_count()).rev() {
            if targets.moved() >= pages || targets.is_empty() {
                break;
            }
            // What was claimed above is used by state, and moves nowhere.
            if self.store.page_state(page)? != PageState::Used || targets.holds(page) {
                continue;
            }
            let summary = self.store.view(page, NodeSummary::of)?;
            match summary.kind {
                "leaf" | "branch" => {
                    self.relocate_node(summary.tree, page, &mut targets)?;
                }
                // Once a step for each tree: the walk finds all its chains.
                "overflow" if !walked.contains(&summary.tree) => {
                    walked.push(summary.tree);
                    self.relocate_chains(summary.tree, limit, &mut targets)?;
                }
                _ => {}
            }
        }
        let moved = targets.moved();
        targets.release(&mut self.store)?;
        // A step that finds nothing to move is the last one, whatever stands in the way.
        let is_done = moved == 0;
        self.vacuum = if is_done { VacuumPosition::Start } else { VacuumPosition::Move };
        Ok((moved, is_done))
    }

    fn relocate_node(&mut self, tree: TreeId, page: Page, targets: &mut Targets) -> Result<()> {
        if tree == REGISTRY_TREE {
            Registry::relocate_node(&mut self.store, page, targets)?;
            return Ok(());
        }
        let moved = self.with_head(tree, |head, store| head.change(|tree| tree.relocate_node(store, page, targets)))?;
        moved.transpose()?;
        Ok(())
    }

    fn relocate_chains(&mut self, tree: TreeId, limit: Page, targets: &mut Targets) -> Result<()> {
        let mut from = Some(Vec::new());
        while let Some(key) = from.filter(|_| !targets.is_empty()) {
            from = if tree == REGISTRY_TREE {
                Registry::relocate_chains(&mut self.store, &key, limit, targets)?
            } else {
                let next =
                    self.with_head(tree, |head, store| head.tree.relocate_chains(store, &key, limit, targets))?;
                next.transpose()?.flatten()
            };
        }
        Ok(())
    }

    /// Does something with a tree of the catalog; none if there is no such tree.
    fn with_head<R>(
        &mut self,
        tree: TreeId,
        change: impl FnOnce(&mut TreeHead, &mut crate::store::Store) -> R,
    ) -> Result<Option<R>> {
        let found = self.catalog.relations.iter().position(|relation| relation.trees().contains(&tree));
        let Some(index) = found else { return Ok(None) };
        self.touch(index);
        let Self { store, catalog, .. } = self;
        let head = catalog.relation_mut(index)?.head_mut(tree);
        Ok(head.map(|head| change(head, store)))
    }
}
