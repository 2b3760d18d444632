//! What the planner asks of the data: how much of a tree lies in a range. Nothing is stored for it. Each end of a range
//! costs one descent in the tree of the snapshot that the question reads, and is remembered while the question is planned.

use std::cell::RefCell;

use wasm_dbms_memory::{Tree, TreeId};

use crate::catalog::Relation;
use crate::plan::{Access, Context, Scope};
use crate::store::Store;

/// The most descents that planning one question makes.
pub const MAX_PLANNING_DESCENTS: u32 = 256;

/// How many ranges of many stand for all.
const SAMPLES: usize = 8;

/// The trees of the question, and what they have been asked.
#[derive(Debug)]
pub(crate) struct Figures<'a> {
    asked: RefCell<Asked<'a>>,
}

#[derive(Debug)]
struct Asked<'a> {
    store: &'a mut Store,
    /// The share of each tree that lies below a key.
    known: Vec<(TreeId, Vec<u8>, f64)>,
}

impl<'a> Figures<'a> {
    pub(super) fn new(store: &'a mut Store) -> Self {
        Self { asked: RefCell::new(Asked { store, known: Vec::new() }) }
    }

    /// The share of a table's rows that a range gives, all bounds of which are values.
    pub(super) fn share_of(&self, relation: &Relation, access: &Access) -> Option<f64> {
        let ranges = match access {
            Access::Union { ranges, .. } => ranges.as_slice(),
            access => std::slice::from_ref(access),
        };
        let index = access.index().and_then(|number| relation.indexes.get(number));
        let tree = index.map_or(relation.table.tree, |index| index.head.tree);
        let mut share = 0.0;
        let step = ranges.len().div_ceil(SAMPLES).max(1);
        for range in ranges.iter().step_by(step) {
            if let Some(range) = range.key_range(index, Context::Row(&[], &Scope::default())).ok()? {
                let high = range.end.map_or(Some(1.0), |end| self.below(tree, end))?;
                share += (high - self.below(tree, range.start)?).max(0.0);
            }
        }
        Some((share * step as f64).min(1.0))
    }

    /// The share of a tree below a key; none if it cannot be read, or was asked enough.
    fn below(&self, tree: Tree, key: Vec<u8>) -> Option<f64> {
        let Asked { store, known } = &mut *self.asked.borrow_mut();
        if let Some((.., share)) = known.iter().find(|(id, other, _)| *id == tree.id() && *other == key) {
            return Some(*share);
        }
        if known.len() >= MAX_PLANNING_DESCENTS as usize {
            return None;
        }
        let share = tree.share_below(*store, &key).ok()?;
        known.push((tree.id(), key, share));
        Some(share)
    }
}
