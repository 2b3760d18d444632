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

#[derive(Debug, Default)]
struct State {
    /// The commit that all of this is of.
    commit: u64,
    /// The commit that created or dropped tables last.
    schema_commit: u64,
    relations: Vec<Stated>,
}

/// Where the trees of the last commit are rooted and what is counted about them.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    state: Mutex<State>,
}

impl Heads {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit was made that wrote these relations. A reader that comes between the commit and this asks the registry.
    pub(crate) fn note(&self, commit: u64, catalog: &Catalog, written: &[TableId], has_new_schema: bool) {
        let mut state = self.lock();
        if commit == state.commit {
            return;
        }
        let is_first = state.commit == 0;
        state.commit = commit;
        if has_new_schema || is_first {
            state.schema_commit = commit;
            state.relations.clear();
            state.relations.resize(catalog.relations.len(), Stated::default());
        }
        for (stated, relation) in state.relations.iter_mut().zip(&catalog.relations) {
            if !written.contains(&relation.id) {
                continue;
            }
            stated.commit = commit;
            stated.trees.clear();
            stated.trees.extend(relation.tree_states());
        }
    }

    /// Makes a catalog of the commit `from` one of the commit `to`. Returns whether that can be done from here.
    pub(crate) fn take(&self, to: u64, from: u64, catalog: &mut Catalog) -> bool {
        let state = self.lock();
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
