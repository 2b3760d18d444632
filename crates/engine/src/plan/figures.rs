//! What the planner asks of the data: how much of a tree lies in a range, and how much one value takes of it on average.
//! Nothing is stored for it. Each answer costs a few descents in the tree of the snapshot that the question reads, and is
//! remembered while the question is planned.

use std::cell::{Cell, RefCell};

use wasm_dbms_memory::{Tree, TreeId};

use crate::catalog::{KeyShape, Relation};
use crate::codec::key;
use crate::plan::{Access, BoundExpr, Context, KeyRange, Scope};
use crate::store::Store;

/// The most descents that planning one question makes.
pub const MAX_PLANNING_DESCENTS: u32 = 256;

/// Tables of fewer rows are not worth it: whatever is chosen is quick.
const FEW_ROWS: u64 = 256;

/// How many values of an index stand for all, and how many ranges of many.
const SAMPLES: usize = 8;

/// The trees of the question, and what they have been asked.
#[derive(Debug)]
pub(crate) struct Figures<'a> {
    store: RefCell<&'a mut Store>,
    descents: Cell<u32>,
    known: RefCell<Vec<(Asked, Option<f64>)>>,
    /// Whether what changes no choice is asked too.
    pub(super) is_thorough: bool,
}

#[derive(Debug, PartialEq)]
enum Asked {
    /// The share of a range.
    Range(TreeId, Vec<u8>, Option<Vec<u8>>),
    /// The share that one value of so many columns has on average.
    Value(TreeId, usize),
}

impl<'a> Figures<'a> {
    pub(super) fn new(store: &'a mut Store, is_thorough: bool) -> Self {
        Self { store: RefCell::new(store), descents: Cell::new(0), known: RefCell::default(), is_thorough }
    }

    /// The share of a table's rows that a range gives, if all that bounds it is known.
    pub(super) fn share_of(&self, relation: &Relation, access: &Access) -> Option<f64> {
        let ranges = match access {
            Access::Union { ranges, .. } => ranges.as_slice(),
            access => std::slice::from_ref(access),
        };
        let mut is_known = relation.table.rows >= FEW_ROWS;
        access.visit(&mut |expr| is_known &= matches!(expr, BoundExpr::Literal(_)));
        if !is_known {
            return None;
        }
        let step = ranges.len().div_ceil(SAMPLES).max(1);
        let (mut share, mut count) = (0.0, 0);
        for range in ranges.iter().step_by(step) {
            let index = range.index().and_then(|number| relation.indexes.get(number));
            let tree = index.map_or(relation.table.tree, |index| index.head.tree);
            if let Some(range) = range.key_range(index, Context::Row(&[], &Scope::default())).ok()? {
                share += self.share_of_range(tree, range)?;
            }
            count += 1;
        }
        Some((share * ranges.len() as f64 / f64::from(count.max(1))).min(1.0))
    }

    fn share_of_range(&self, tree: Tree, range: KeyRange) -> Option<f64> {
        let KeyRange { start, end } = range;
        self.once(Asked::Range(tree.id(), start, end), |asked| {
            let Asked::Range(_, start, end) = asked else { return None };
            self.measure(tree, start, end.as_deref())
        })
    }

    /// The share of a table's rows that have the same values in the first columns of a key, for values that are not known:
    /// one over the number of different ones. What a row that is drawn shares its values with says how many rows stand
    /// for one value, so the mean of its inverse over rows is that number.
    pub(super) fn share_of_value(&self, relation: &Relation, index: Option<usize>, columns: usize) -> Option<f64> {
        if relation.table.rows < FEW_ROWS {
            return None;
        }
        let own = index.and_then(|number| relation.indexes.get(number));
        let tree = own.map_or(relation.table.tree, |index| index.head.tree);
        self.once(Asked::Value(tree.id(), columns), |_| {
            let mut count = 0.0;
            for number in 0..SAMPLES {
                self.descend()?;
                let place = (number as f64 + 0.5) / SAMPLES as f64;
                let mut key = tree.key_at(*self.store.borrow_mut(), place).ok()??;
                key.truncate(prefix_length(relation, index, columns, &key)?);
                let mut end = key.clone();
                let end = key::make_successor(&mut end).then_some(end);
                let share = self.measure(tree, &key, end.as_deref())?;
                count += 1.0 / share.max(1.0 / relation.table.rows as f64);
            }
            Some(SAMPLES as f64 / count)
        })
    }

    /// What a tree answers, the first time it is asked.
    fn once(&self, asked: Asked, ask: impl FnOnce(&Asked) -> Option<f64>) -> Option<f64> {
        let known = self.known.borrow().iter().find(|(other, _)| *other == asked).map(|(_, share)| *share);
        known.unwrap_or_else(|| {
            let share = ask(&asked);
            self.known.borrow_mut().push((asked, share));
            share
        })
    }

    fn measure(&self, tree: Tree, start: &[u8], end: Option<&[u8]>) -> Option<f64> {
        let below = |key: &[u8]| {
            self.descend()?;
            tree.share_below(*self.store.borrow_mut(), key).ok()
        };
        let low = if start.is_empty() { 0.0 } else { below(start)? };
        Some((end.map_or(Some(1.0), below)? - low).max(0.0))
    }

    /// Counts a descent; none if there were enough.
    fn descend(&self) -> Option<()> {
        let descents = self.descents.get() + 1;
        self.descents.set(descents);
        (descents <= MAX_PLANNING_DESCENTS).then_some(())
    }
}

/// How many bytes the first columns of a key take.
fn prefix_length(relation: &Relation, index: Option<usize>, columns: usize, key: &[u8]) -> Option<usize> {
    let mut length = 0;
    let own = index.and_then(|number| relation.indexes.get(number));
    let keyed = match (own, &relation.shape) {
        (Some(index), _) => &index.columns,
        (None, KeyShape::Columns(columns)) => columns,
        (None, KeyShape::RowId) => return None,
    };
    for (position, column) in keyed.iter().enumerate().take(columns) {
        let (rest, data_type) = (key.get(length..)?, relation.data_type(*column));
        length += match own {
            Some(index) => key::directed_length(rest, data_type, index.descending.get(position) == Some(&true))?,
            None => key::length(rest, data_type)?,
        };
    }
    Some(length)
}
