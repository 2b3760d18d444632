//! Vacuum: what was deleted gives its room back, in steps, in the file itself.
//!
//! 0. *Renew*: rows that were written with earlier versions of their schema come into the present form.
//! 1. *Pack*: leaves of every tree are filled up, which frees pages.
//! 2. *Move*: pages past the number that is needed go into free ones further in front.
//! 3. *Give back*: the free pages at the end leave the file.
//!
//! Each step is a transaction of its own and reads and moves about as many pages as it is allowed; between two steps
//! everything else may happen. Where the last one stopped is kept in memory only: a step after opening again begins anew.
//!
//! Moving is done in *sweeps* from the end of the file to the front. A node is found by its own keys. A page of a chain
//! does not say whose it is: a sweep ends with a walk over the chains of every tree that has such pages at the end. A
//! sweep that moved nothing was the last one.

use std::sync::Arc;

use wasm_dbms_api::Page;
use wasm_dbms_memory::{
    ChainWalk, LeafBatch, MemoryAccess, NodeSummary, PageState, REGISTRY_TREE, RESERVED_PAGES, Registry, TableId,
    Targets, TreeId, UnclaimedPages,
};

use crate::Result;
use crate::catalog::{Relation, TreeHead};
use crate::core::Core;
use crate::error::Fallible;
use crate::store::Store;
use crate::{Connection, Database};

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
    /// At this key of this table, whose rows come into the form of this schema version.
    Renew(TableId, u32, Vec<u8>),
    /// At this key of this tree.
    Pack(TreeId, Vec<u8>),
    /// Every leaf is full.
    Move(Sweep),
}

/// How far the move has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sweep {
    /// Pages from this one on were looked at.
    below: Page,
    /// Whether any page was moved.
    has_moved: bool,
    /// Trees that have pages of chains there, the one that is walked last.
    chained: Vec<TreeId>,
    walk: ChainWalk,
}

impl Default for Sweep {
    fn default() -> Self {
        Self { below: Page::MAX, has_moved: false, chained: Vec::new(), walk: ChainWalk::default() }
    }
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

    /// One step of [`vacuum`](Self::vacuum), of so many pages: it reads at most twice as many, those aside that
    /// lead to them (the branches of a tree, the ledger of unclaimed pages with one page for about two thousand, a key of
    /// more than an eighth of a page), and moves at most half as many.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// while !db.vacuum_step(64)?.is_done {
    ///     // Other work between two steps.
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What storage says; then nothing of the step stays.
    pub fn vacuum_step(&self, pages: usize) -> Result<VacuumReport> {
        let pages = pages.max(1);
        let pages_before = self.page_count();
        let (moved, is_done) = self.write(|core| core.vacuum_step(pages))?;
        let pages_after = self.with_head(|core| {
            let store = core.store.head()?.inner_mut();
            // After the last step what is free stands at the end.
            let pages = if is_done { store.release_tail()? } else { store.page_count() };
            let commit = store.last_commit();
            core.heads.note(commit, &core.catalog, &[], false);
            Ok(pages)
        })?;
        Ok(VacuumReport { pages_before, pages_after, moved, is_done })
    }
}

impl Core {
    /// Does one step. Returns how many pages were moved, and whether that was the last step.
    fn vacuum_step(&mut self, pages: usize) -> Fallible<(usize, bool)> {
        let position = std::mem::take(&mut self.vacuum);
        let mut left = pages;
        let (tree, from) = match position {
            VacuumPosition::Move(sweep) => return self.move_pages(pages, sweep),
            VacuumPosition::Pack(tree, from) => (tree, from),
            VacuumPosition::Start => self.renew_rows(&mut left, (0, 0), Vec::new())?,
            VacuumPosition::Renew(table, version, from) => self.renew_rows(&mut left, (table, version), from)?,
        };
        if left > 0 {
            self.vacuum = self.pack_pages(left, tree, from)?;
        }
        Ok((0, false))
    }

    /// Brings rows into the present form of their tables, from this key of this table on. Returns where packing begins if
    /// all are, with pages left.
    fn renew_rows(
        &mut self,
        left: &mut usize,
        begun: (TableId, u32),
        mut from: Vec<u8>,
    ) -> Fallible<(TreeId, Vec<u8>)> {
        let mut batch = LeafBatch::default();
        let (mut key, mut present) = (Vec::new(), Vec::new());
        let is_old = |relation: &Relation| relation.id >= begun.0 && relation.layout.has_earlier();
        while let Some(place) = self.catalog.relations.iter().position(is_old) {
            let relation = self.catalog.relation(place)?;
            let (id, layout) = (relation.id, Arc::clone(&relation.layout));
            // Whoever changed the table between two steps left rows of one more version.
            if (id, layout.version()) != begun {
                from.clear();
            }
            self.touch(place);
            // Writing a row may join its leaf with the next: each leaf is looked for anew.
            loop {
                let head = &mut self.catalog.relation_mut(place)?.table;
                let store = &mut self.store;
                let mut cursor = head.tree.cursor();
                if !cursor.seek(store, &from)? {
                    break;
                }
                if *left == 0 {
                    self.vacuum = VacuumPosition::Renew(id, layout.version(), from);
                    return Ok((0, Vec::new()));
                }
                *left -= 1;
                cursor.take(store, &mut batch, usize::MAX)?;
                for entry in 0..batch.len() {
                    let row = batch.value(store, entry)?;
                    batch.read_key(store, entry, &mut key, false)?;
                    if !layout.is_current(&row) {
                        layout.bring_up(&row, &mut present)?;
                        head.change(|tree| tree.put(store, &key, &present))?;
                    }
                }
                from.clone_from(&key);
                from.push(0);
            }
            // No row is older than today any more.
            self.touch_schema();
            let mut snapshot = self.stored(place)?;
            snapshot.earlier.clear();
            Registry::set_snapshot(&mut self.store, id, &snapshot.encode())?;
            self.load_catalog()?;
        }
        Ok((0, Vec::new()))
    }

    /// Fills up leaves from this key of this tree on. Returns where the next step goes on.
    fn pack_pages(&mut self, pages: usize, tree: TreeId, mut from: Vec<u8>) -> Fallible<VacuumPosition> {
        let mut trees = Vec::new();
        for relation in &self.catalog.relations {
            trees.append(&mut relation.trees());
        }
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
                let Some((head, store)) = self.head_of(id)? else { break };
                match head.change(|tree| tree.pack_step(store, &from))? {
                    Some(next) => from = next,
                    None => break,
                }
            }
        }
        Ok(VacuumPosition::Move(Sweep::default()))
    }

    /// Moves pages from the end to the front.
    fn move_pages(&mut self, pages: usize, mut sweep: Sweep) -> Fallible<(usize, bool)> {
        let unclaimed = UnclaimedPages::sort(&mut self.store)?;
        let limit = self.store.page_count().saturating_sub(unclaimed as Page).max(RESERVED_PAGES);
        let mut targets = Targets::claim(&mut self.store, pages.div_ceil(2))?;
        let can_move = !targets.is_empty();
        let mut left = pages;
        sweep.below = sweep.below.min(self.store.page_count());
        while sweep.below > limit && left > 0 && !targets.is_empty() {
            sweep.below -= 1;
            let page = sweep.below;
            // What was claimed above is used by state, and moves nowhere.
            if self.store.page_state(page)? != PageState::Used || targets.holds(page) {
                // No page is read for that, but there may be many.
                left -= usize::from(page.is_multiple_of(64));
                continue;
            }
            left -= 1;
            let summary = self.store.view(page, NodeSummary::of)?;
            match summary.kind {
                "leaf" | "branch" => self.relocate_node(summary.tree, page, &mut targets)?,
                "overflow" if !sweep.chained.contains(&summary.tree) => sweep.chained.push(summary.tree),
                _ => {}
            }
        }
        while sweep.below <= limit
            && left > 0
            && !targets.is_empty()
            && let Some(tree) = sweep.chained.last().copied()
        {
            left -= 1;
            if self.relocate_chains(tree, &mut sweep.walk, limit, &mut targets, &mut left)? {
                sweep.chained.pop();
                sweep.walk = ChainWalk::default();
            }
        }
        let moved = targets.moved();
        targets.release(&mut self.store)?;
        sweep.has_moved |= moved > 0;
        let is_over = sweep.below <= limit && sweep.chained.is_empty();
        // A sweep that finds nothing to move is the last one, whatever stands in the way.
        let is_done = !can_move || is_over && !sweep.has_moved;
        self.vacuum = match (is_done, is_over) {
            (true, _) => VacuumPosition::Start,
            (false, true) => VacuumPosition::Move(Sweep::default()),
            (false, false) => VacuumPosition::Move(sweep),
        };
        Ok((moved, is_done))
    }

    fn relocate_node(&mut self, tree: TreeId, page: Page, targets: &mut Targets) -> Fallible<()> {
        if tree == REGISTRY_TREE {
            Registry::relocate_node(&mut self.store, page, targets)?;
            return Ok(());
        }
        if let Some((head, store)) = self.head_of(tree)? {
            head.change(|tree| tree.relocate_node(store, page, targets))?;
        }
        Ok(())
    }

    fn relocate_chains(
        &mut self,
        tree: TreeId,
        walk: &mut ChainWalk,
        limit: Page,
        targets: &mut Targets,
        pages: &mut usize,
    ) -> Fallible<bool> {
        if tree == REGISTRY_TREE {
            return Ok(Registry::relocate_chains(&mut self.store, walk, limit, targets, pages)?);
        }
        // Whose tree is gone has no chains.
        let Some((head, store)) = self.head_of(tree)? else { return Ok(true) };
        Ok(head.tree.relocate_chains(store, walk, limit, targets, pages)?)
    }

    /// A tree of the catalog that is to be changed, and where; none if there is no such tree.
    #[inline(never)]
    fn head_of(&mut self, tree: TreeId) -> Fallible<Option<(&mut TreeHead, &mut Store)>> {
        let found = self.catalog.relations.iter().position(|relation| relation.trees().contains(&tree));
        let Some(index) = found else { return Ok(None) };
        self.touch(index);
        let Self { store, catalog, .. } = self;
        Ok(catalog.relation_mut(index)?.head_mut(tree).map(|head| (head, store)))
    }
}
