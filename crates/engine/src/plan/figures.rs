//! What the planner asks of the data: how much of a tree lies in a range. Nothing is stored for it. Each end of a range
//! costs one descent in the tree of the snapshot that the question reads, and is remembered while the question is planned.

use std::cell::RefCell;

use wasm_dbms_memory::{Tree, TreeId};

use crate::catalog::Relation;
use crate::plan::{Access, BoundExpr, Context, Scope};
use crate::store::Store;

/// The most descents that planning one question makes.
pub const MAX_PLANNING_DESCENTS: usize = 256;

/// How many ranges of many stand for all.
const SAMPLES: usize = 8;

/// The trees of the question, and what they have been asked.
#[derive(Debug)]
pub(crate) struct Figures<'a> {
    store: RefCell<&'a mut Store>,
    /// The share of each tree that lies below a key.
    known: RefCell<Vec<(TreeId, Vec<u8>, Option<f64>)>>,
}

impl<'a> Figures<'a> {
    pub(super) fn new(store: &'a mut Store) -> Self {
        Self { store: RefCell::new(store), known: RefCell::default() }
    }

    /// The share of a table's rows that a range gives, if all that bounds it is known.
    pub(super) fn share_of(&self, relation: &Relation, access: &Access) -> Option<f64> {
        let mut is_known = true;
        access.visit(&mut |expr| is_known &= matches!(expr, BoundExpr::Literal(_)));
        if !is_known {
            return None;
        }
        let ranges = match access {
            Access::Union { ranges, .. } => ranges.as_slice(),
            access => std::slice::from_ref(access),
        };
        let index = access.index().and_then(|number| relation.indexes.get(number));
        let tree = index.map_or(relation.table.tree, |index| index.head.tree);
        let (mut share, mut count) = (0.0, 0.0);
        for range in ranges.iter().step_by(ranges.len().div_ceil(SAMPLES).max(1)) {
            if let Some(range) = range.key_range(index, Context::Row(&[], &Scope::default())).ok()? {
                let high = range.end.map_or(Some(1.0), |end| self.below(tree, end))?;
                share += (high - self.below(tree, range.start)?).max(0.0);
            }
            count += 1.0;
        }
        Some((share * ranges.len() as f64 / count).min(1.0))
    }

    /// The share of a tree below a key; none if it cannot be read, or was asked enough.
    fn below(&self, tree: Tree, key: Vec<u8>) -> Option<f64> {
        let mut known = self.known.borrow_mut();
        if let Some((.., share)) = known.iter().find(|(id, other, _)| *id == tree.id() && *other == key) {
            return *share;
        }
        if known.len() >= MAX_PLANNING_DESCENTS {
            return None;
        }
        let share = tree.share_below(*self.store.borrow_mut(), &key).ok();
        known.push((tree.id(), key, share));
        share
    }
}
