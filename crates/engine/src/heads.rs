//! [`Heads`]: what a commit tells readers about trees, so that they need not ask the registry.

use std::sync::{Mutex, MutexGuard, PoisonError};

use wasm_dbms_memory::{TableId, TreeState};

use crate::catalog::Catalog;

/// The trees of a relation, with the commit that changed them last.
#[derive(Debug, Default, Clone)]
struct Stated {
    commit: u64,
    trees: Vec<TreeState>,
}

/// What the next commit changes, noted before anybody can see it.
#[derive(Debug, Default)]
struct Coming {
    /// Its number; 0 if none is on its way.
    commit: u64,
    has_new_schema: bool,
    relation_count: usize,
    /// The relations that it wrote, each with how many of the `trees` are its own.
    written: Vec<(usize, usize)>,
    trees: Vec<TreeState>,
}

#[derive(Debug, Default)]
struct State {
    /// The commit that all of this is of.
    commit: u64,
    /// The commit that created or dropped tables last.
    schema_commit: u64,
    relations: Vec<Stated>,
    coming: Coming,
}

impl State {
    /// The commit that was on its way has been made.
    fn arrive(&mut self) {
        let commit = std::mem::take(&mut self.coming.commit);
        if commit == 0 {
            return;
        }
        if self.coming.has_new_schema || self.commit == 0 {
            self.schema_commit = commit;
            self.relations.clear();
            self.relations.resize(self.coming.relation_count, Stated::default());
        }
        self.commit = commit;
        let mut trees = self.coming.trees.drain(..);
        for (number, tree_count) in self.coming.written.drain(..) {
            let of_relation = trees.by_ref().take(tree_count);
            match self.relations.get_mut(number) {
                Some(stated) => {
                    stated.commit = commit;
                    stated.trees.clear();
                    stated.trees.extend(of_relation);
                }
                None => of_relation.for_each(drop),
            }
        }
    }
}

/// Where the trees of the last commit are rooted and what is counted about them.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    state: Mutex<State>,
}

impl Heads {
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit is made, or was, that wrote these relations. It is noted before readers see it: one that goes on to a
    /// commit that is not noted asks the registry.
    pub(crate) fn note(&self, commit: u64, catalog: &Catalog, written: &[TableId], has_new_schema: bool) {
        let mut state = self.lock();
        if commit == state.commit || commit == state.coming.commit {
            return;
        }
        state.arrive();
        let coming = &mut state.coming;
        (coming.commit, coming.has_new_schema) = (commit, has_new_schema);
        coming.relation_count = catalog.relations.len();
        for (number, relation) in catalog.relations.iter().enumerate() {
            if written.contains(&relation.id) {
                let before = coming.trees.len();
                coming.trees.extend(relation.tree_states());
                coming.written.push((number, coming.trees.len() - before));
            }
        }
    }

    /// What was noted of a commit after this one, the last, is void: it was not made.
    pub(crate) fn withdraw(&self, last_commit: u64) {
        let coming = &mut self.lock().coming;
        if coming.commit > last_commit {
            coming.commit = 0;
            coming.written.clear();
            coming.trees.clear();
        }
    }

    /// Makes a catalog of the commit `from` one of the commit `to`. Returns whether that can be done from here.
    pub(crate) fn take(&self, to: u64, from: u64, catalog: &mut Catalog) -> bool {
        let mut state = self.lock();
        if state.coming.commit == to {
            state.arrive();
        }
        if state.commit != to || from < state.schema_commit || state.relations.len() != catalog.relations.len() {
            return false;
        }
        for (stated, relation) in state.relations.iter().zip(&mut catalog.relations) {
            if stated.commit > from {
                relation.set_tree_states(&stated.trees);
            }
        }
        true
    }
}
