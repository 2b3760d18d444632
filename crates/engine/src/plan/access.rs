//! How the rows of one source are reached.

use wasm_dbms_api::{Comparison, Value};

use crate::catalog::{Index, KeyShape, Relation};
use crate::codec::key;
use crate::full::IS_FULL;
use crate::plan::BoundExpr;
use crate::plan::condition::{Condition, ConditionKind, Types};
use crate::plan::estimate::Estimates;
use crate::plan::expr::bit;

/// How the rows of one source are reached.
#[derive(Debug, PartialEq)]
pub(crate) enum Access {
    /// Every row, in the order of their keys.
    Scan,
    /// The rows whose first key columns equal these, and whose next one lies between the bounds.
    Range {
        /// The index, none for the table itself.
        index: Option<usize>,
        equal: Vec<BoundExpr>,
        low: Option<Bound>,
        high: Option<Bound>,
    },
    /// One range after the other.
    Union {
        ranges: Vec<Self>,
        /// One of these must hold for a row, and a row may be in several ranges: it is given by those that belong to the
        /// first condition that holds. Without conditions no row is in two, and the ranges are in the order of keys.
        conditions: Vec<BoundExpr>,
        /// The condition that each range belongs to, by its number.
        parts: Vec<usize>,
    },
    /// The rows that another access gives and that pass these filters, read once and kept.
    Kept {
        from: Box<Self>,
        filters: Vec<BoundExpr>,
        /// Of the rows kept, only those are meant in which these columns equal what the sources before say.
        columns: Vec<usize>,
        probe: Vec<BoundExpr>,
    },
}

impl Access {
    /// The index that rows are reached through, if it is one for all of them.
    pub(crate) fn index(&self) -> Option<usize> {
        match self {
            Self::Scan | Self::Kept { .. } => None,
            Self::Range { index, .. } => *index,
            Self::Union { ranges, .. } => {
                let index = ranges.first()?.index();
                ranges.iter().all(|range| range.index() == index).then_some(index)?
            }
        }
    }

    /// The column of the key that the ranges follow, if the values of these columns come in ascending order: each range
    /// lies behind the one before then, or is the same.
    pub(super) fn followed(&self, relation: &Relation, ascending: &[(usize, usize)]) -> Option<usize> {
        let Self::Range { index, equal, .. } = self else { return None };
        if !IS_FULL {
            return None;
        }
        let place = equal.iter().position(|expr| expr.sources() != 0)?;
        let BoundExpr::Column { source, column } = equal.get(place)? else { return None };
        if !ascending.contains(&(*source, *column)) {
            return None;
        }
        match (index.and_then(|number| relation.indexes.get(number)), &relation.shape) {
            (Some(index), _) => index.columns.get(place).filter(|_| index.descending.get(place) == Some(&false)),
            (None, KeyShape::Columns(columns)) => columns.get(place),
            (None, KeyShape::RowId) => None,
        }
        .copied()
    }

    /// Calls `visit` with what it is computed from, and what it asks of rows.
    pub(crate) fn visit(&self, visit: &mut dyn FnMut(&BoundExpr)) {
        match self {
            Self::Scan => {}
            Self::Range { equal, low, high, .. } => {
                equal.iter().for_each(&mut *visit);
                for bound in [low, high].into_iter().flatten() {
                    if let Bound::Included(expr) | Bound::Excluded(expr) = bound {
                        visit(expr);
                    }
                }
            }
            Self::Union { ranges, conditions, .. } => {
                ranges.iter().for_each(|range| range.visit(visit));
                conditions.iter().for_each(visit);
            }
            Self::Kept { from, filters, probe, .. } => {
                from.visit(visit);
                filters.iter().chain(probe).for_each(visit);
            }
        }
    }
}

/// An end of a range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bound {
    Included(BoundExpr),
    Excluded(BoundExpr),
    /// Text that begins with this: both ends at once.
    Prefix(String),
}

/// An access with what it is expected to cost, in rows of a scan.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) access: Access,
    /// What it costs once.
    pub(super) setup: f64,
    /// What it costs for each row of the sources before.
    pub(super) cost: f64,
    /// The conjuncts that the access makes true by itself.
    pub(super) used: Vec<usize>,
    /// The share of the source's rows for which the conjuncts in `told` hold, as the data has it.
    pub(super) measured: f64,
    pub(super) told: Vec<usize>,
}

impl Candidate {
    fn scan(rows: f64) -> Self {
        Self {
            access: Access::Scan,
            setup: 0.0,
            cost: rows.max(1.0),
            used: Vec::new(),
            measured: 1.0,
            told: Vec::new(),
        }
    }
}

/// What a row reached through an index costs more than one of a scan.
const LOOKUP_COST: f64 = 4.0;

/// What it costs to go to a range, beside what depends on how deep its tree is.
const SEEK_COST: f64 = 0.5;

/// What it costs to go to a range that lies behind the last one.
const NEAR_COST: f64 = 0.5;

/// Where so little is to be done the data is not asked: whatever is chosen is quick.
const FEW_ROWS: f64 = 256.0;

/// What a row costs that is kept, and one that is found among those that are kept.
pub(super) const KEEP_COST: f64 = 4.0;
const KEPT_COST: f64 = 0.3;

/// The most ranges that one access is made of.
pub const MAX_RANGES: usize = 256;

/// One source, when those in `bound` have rows, and the conditions on it.
pub(super) struct Chooser<'q, 's> {
    pub(super) relation: &'q Relation,
    pub(super) source: usize,
    pub(super) bound: u64,
    /// Whether there are no rows of other sources before.
    pub(super) is_first: bool,
    /// The columns of sources before whose values come in ascending order.
    pub(super) ascending: &'q [(usize, usize)],
    pub(super) conjuncts: &'q [BoundExpr],
    pub(super) types: Types<'q>,
    pub(super) estimates: &'q Estimates<'q, 's>,
}

impl Chooser<'_, '_> {
    /// The cheapest access that is the same again for each row before, and the cheapest that keeps rows.
    pub(super) fn candidates(&self) -> (Candidate, Option<Candidate>) {
        let direct = self.direct(self.bound);
        if self.is_first {
            return (direct, None);
        }
        let own = bit(self.source);
        let mut from = self.direct(0);
        let mut rows = self.estimates.rows(self.source);
        let (mut columns, mut probe, mut filters, mut found) = (Vec::new(), Vec::new(), Vec::new(), 1.0);
        for (number, conjunct) in self.conjuncts.iter().enumerate() {
            if conjunct.sources() & !own == 0 && !conjunct.asks() {
                rows *= self.estimates.share(conjunct);
                if !from.used.contains(&number) {
                    filters.push(conjunct.clone());
                    from.used.push(number);
                }
                continue;
            }
            if let Some(condition) = self.condition(number, conjunct, self.bound)
                && let ConditionKind::Compare(Comparison::Equal, value) = condition.kind
                && condition.depends_on_sources
                && !columns.contains(&condition.column)
            {
                columns.push(condition.column);
                probe.push(value.clone());
                found *= self.estimates.share(conjunct);
                from.used.push(number);
            }
        }
        let access = Access::Kept { from: from.access.into(), filters, columns, probe };
        let setup = from.setup + from.cost + rows * KEEP_COST;
        let cost = 1.5 + rows * found * KEPT_COST;
        (direct, Some(Candidate { access, setup, cost, used: from.used, ..Candidate::scan(0.0) }))
    }

    fn condition<'e>(&self, number: usize, conjunct: &'e BoundExpr, bound: u64) -> Option<Condition<'e>> {
        Condition::of(number, conjunct, self.source, bound, self.relation, self.types)
    }

    fn direct(&self, bound: u64) -> Candidate {
        let mut best = Candidate::scan(self.estimates.rows(self.source));
        let conjuncts = || self.conjuncts.iter().enumerate();
        let mut usable: Vec<Condition<'_>> = Vec::new();
        for (number, conjunct) in conjuncts() {
            if let Some(condition) = self.condition(number, conjunct, bound) {
                usable.push(condition);
            }
        }
        self.search(&usable, &mut best);
        if !IS_FULL {
            return best;
        }
        for (number, conjunct) in conjuncts().filter(|(_, conjunct)| matches!(conjunct, BoundExpr::Or(..))) {
            if conjunct.sources() & !(bound | bit(self.source)) == 0 && !conjunct.asks() {
                self.search_each(number, conjunct, bound, &mut best);
            }
        }
        best
    }

    /// Takes a range of a key in place of `best`, if one costs less.
    fn search(&self, usable: &[Condition<'_>], best: &mut Candidate) {
        if usable.is_empty() {
            return;
        }
        let indexes = self.relation.indexes.iter().enumerate();
        let indexes = indexes.map(|(number, index)| (Some(number), index.columns.as_slice(), index.is_unique));
        let table = match &self.relation.shape {
            KeyShape::Columns(columns) => Some((None, columns.as_slice(), true)),
            KeyShape::RowId => None,
        };
        for (index, columns, is_unique) in table.into_iter().chain(indexes) {
            let Some(Found { access, mut used, mut share, equal, count, is_known, is_prefix }) =
                self.range(index, columns, usable)
            else {
                continue;
            };
            let is_whole_key = is_unique && equal == columns.len();
            // A lone table without indexes has no choice.
            let is_settled = self.estimates.is_lone() && self.relation.indexes.is_empty();
            if is_known
                && !is_whole_key
                && best.cost > FEW_ROWS
                && !is_settled
                && let Some(measured) = self.estimates.figures.share_of(self.relation, &access)
            {
                share = measured;
                if !used.iter().any(|number| best.told.contains(number)) {
                    best.measured *= share;
                    best.told.extend_from_slice(&used);
                }
            }
            if is_prefix {
                used.pop();
            }
            let total = self.estimates.rows(self.source);
            let rows = if is_whole_key { count } else { (total * share).max(1.0) };
            let factor = if index.is_some() { LOOKUP_COST } else { 1.0 };
            let seek = match access.followed(self.relation, self.ascending) {
                Some(_) => NEAR_COST,
                // As its tree is deep.
                None => SEEK_COST + f64::from((total.max(2.0) as u64).ilog2()) / 4.0,
            };
            let cost = rows * factor + count * seek;
            // A key that is given in full is a row at most, whatever is expected of others.
            let is_one = is_whole_key && count == 1.0;
            if cost < best.cost || (is_one && best.access == Access::Scan) {
                (best.access, best.cost, best.used) = (access, cost, used);
            }
        }
    }

    /// As [`search`](Self::search), for a disjunction, each part of which has a range of its own.
    fn search_each(&self, number: usize, conjunct: &BoundExpr, bound: u64, best: &mut Candidate) {
        let (mut ranges, mut conditions, mut parts, mut cost) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
        let mut waiting = vec![conjunct];
        while let Some(part) = waiting.pop() {
            if let BoundExpr::Or(left, right) = part {
                waiting.push(right);
                waiting.push(left);
                continue;
            }
            let mut own = Vec::new();
            part.clone().split_conjunction(&mut own);
            // What must hold anyway helps each part.
            let mut usable: Vec<Condition<'_>> = Vec::new();
            for part in own.iter().chain(self.conjuncts) {
                if let Some(condition) = self.condition(0, part, bound) {
                    usable.push(condition);
                }
            }
            let mut found = Candidate::scan(self.estimates.rows(self.source));
            self.search(&usable, &mut found);
            match found.access {
                Access::Scan => return,
                Access::Union { ranges: mut own, .. } => ranges.append(&mut own),
                access => ranges.push(access),
            }
            parts.resize(ranges.len(), conditions.len());
            conditions.push(part.clone());
            cost += found.cost;
            if cost >= best.cost || ranges.len() > MAX_RANGES {
                return;
            }
        }
        best.access = Access::Union { ranges, conditions, parts };
        (best.cost, best.used) = (cost, vec![number]);
    }

    /// The range of a key that the conditions give.
    fn range(&self, index: Option<usize>, columns: &[usize], conditions: &[Condition<'_>]) -> Option<Found> {
        let own = index.and_then(|number| self.relation.indexes.get(number));
        let mut starts: Vec<Vec<BoundExpr>> = vec![Vec::new()];
        let (mut low, mut high, mut is_known, mut is_prefix) = (None, None, true, false);
        let mut share = 1.0;
        let mut used = Vec::new();
        let mut equal = 0;
        for column in columns {
            let of_column = || conditions.iter().filter(|condition| condition.column == *column);
            let mut is_equal = false;
            for condition in of_column() {
                let is_first = !is_equal;
                match &condition.kind {
                    ConditionKind::Compare(Comparison::Equal, value) if is_first => {
                        is_known &= matches!(value, BoundExpr::Literal(_));
                        starts.iter_mut().for_each(|start| start.push((*value).clone()));
                    }
                    _ => continue,
                }
                is_equal = true;
                used.push(condition.conjunct);
                share *= self.estimates.equality(self.source, *column);
            }
            for condition in of_column() {
                if let (ConditionKind::OneOf(values), false) = (&condition.kind, is_equal) {
                    let values = in_order(own, equal, values);
                    if values.len() * starts.len() > MAX_RANGES {
                        continue;
                    }
                    let mut longer = Vec::new();
                    for start in &starts {
                        for (_, value) in &values {
                            let mut start = start.clone();
                            start.push(BoundExpr::Literal((*value).clone()));
                            longer.push(start);
                        }
                    }
                    starts = longer;
                    is_equal = true;
                    used.push(condition.conjunct);
                    share *= self.estimates.equality(self.source, *column) * values.len() as f64;
                }
            }
            if is_equal {
                equal += 1;
                continue;
            }
            for condition in of_column() {
                let (comparison, value) = match &condition.kind {
                    ConditionKind::Prefix(_) if low.is_some() || high.is_some() => continue,
                    ConditionKind::Prefix(prefix) => {
                        low = Some(Bound::Prefix(prefix.clone()));
                        high.clone_from(&low);
                        share *= self.estimates.equality(self.source, *column);
                        used.push(condition.conjunct);
                        is_prefix = true;
                        continue;
                    }
                    ConditionKind::Compare(comparison, value) => (*comparison, *value),
                    ConditionKind::OneOf(_) => continue,
                };
                let (end, make): (_, fn(BoundExpr) -> Bound) = match comparison {
                    Comparison::Greater => (&mut low, Bound::Excluded),
                    Comparison::GreaterOrEqual => (&mut low, Bound::Included),
                    Comparison::Less => (&mut high, Bound::Excluded),
                    Comparison::LessOrEqual => (&mut high, Bound::Included),
                    _ => continue,
                };
                if end.is_some() {
                    continue;
                }
                *end = Some(make(value.clone()));
                is_known &= matches!(value, BoundExpr::Literal(_));
                used.push(condition.conjunct);
                share *= crate::plan::estimate::RANGE_SHARE;
            }
            break;
        }
        if equal == 0 && low.is_none() && high.is_none() {
            return None;
        }
        let count = starts.len() as f64;
        let mut ranges = Vec::new();
        for equal in starts {
            ranges.push(Access::Range { index, equal, low: low.clone(), high: high.clone() });
        }
        let access = match ranges.pop_if(|_| count == 1.0) {
            Some(range) => range,
            None => Access::Union { ranges, conditions: Vec::new(), parts: Vec::new() },
        };
        Some(Found { access, used, share, equal, count, is_known, is_prefix })
    }
}

/// A range, or several.
struct Found {
    access: Access,
    used: Vec<usize>,
    /// The share of rows it is expected to keep.
    share: f64,
    /// How many columns are given.
    equal: usize,
    /// How many ranges there are.
    count: f64,
    /// Whether all that bounds it are values.
    is_known: bool,
    /// Whether the last conjunct used is one that holds of fewer rows than the range has.
    is_prefix: bool,
}

/// The values of a list that can be met, each once, in the order that they have at this place of a key; of more than
/// [`MAX_RANGES`] only some, but more than that.
fn in_order<'v>(index: Option<&Index>, position: usize, values: &'v [Value]) -> Vec<(Vec<u8>, &'v Value)> {
    let mut ordered: Vec<(Vec<u8>, &Value)> = Vec::new();
    for value in values.iter().filter(|value| !value.is_null()) {
        let mut code = Vec::new();
        match index {
            Some(index) => index.push(&mut code, position, value.as_ref()),
            None => key::push(&mut code, value.as_ref()),
        }
        if let Err(place) = ordered.binary_search_by(|(other, _)| other.cmp(&code)) {
            ordered.insert(place, (code, value));
        }
        if ordered.len() > MAX_RANGES {
            break;
        }
    }
    ordered
}
