//! How the rows of one table are reached.

use wasm_dbms_api::{Comparison, DataType, ValueRef};

use crate::catalog::{Index, KeyShape, Relation};
use crate::codec::key;
use crate::plan::BoundExpr;

/// How the rows of one table are reached.
#[derive(Debug, Clone, PartialEq)]
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
    /// The rows whose column equals the value, found in a hash table of the whole of it.
    Hash { column: usize, probe: BoundExpr },
}

impl Access {
    /// What it is computed from.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &BoundExpr> {
        let (one, list, bounds): (Option<&BoundExpr>, &[BoundExpr], [&Option<Bound>; 2]) = match self {
            Self::Scan => (None, &[], [&None, &None]),
            Self::Hash { probe, .. } => (Some(probe), &[], [&None, &None]),
            Self::Range { equal, low, high, .. } => (None, equal, [low, high]),
        };
        let bounds = bounds.into_iter().flatten().filter_map(|bound| match bound {
            Bound::Included(expr) | Bound::Excluded(expr) => Some(expr),
            Bound::Prefix(_) => None,
        });
        one.into_iter().chain(list).chain(bounds)
    }

    /// Calls `visit` with every column that the access reads of other sources.
    pub(crate) fn visit_columns(&self, visit: &mut dyn FnMut(usize, usize)) {
        self.exprs().for_each(|expr| expr.visit_columns(visit));
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

/// An access with what it is expected to cost.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) access: Access,
    /// Expected rows for each row of the tables before.
    pub(crate) rows: f64,
    /// Expected cost, in rows of a scan.
    pub(crate) cost: f64,
    /// The conjuncts that the access makes true by itself.
    pub(crate) used: Vec<usize>,
}

/// What a row reached through an index costs more than one of a scan.
const LOOKUP_COST: f64 = 4.0;

/// Where nothing is known: the share of rows that an equality or a bound keeps.
pub(crate) const EQUALITY_SHARE: f64 = 0.02;
pub(crate) const RANGE_SHARE: f64 = 0.3;

/// The cheapest access to a source, when the sources for which `is_bound` holds have a row.
pub(crate) fn choose(
    relation: &Relation,
    total: f64,
    source: usize,
    conjuncts: &[BoundExpr],
    is_bound: &dyn Fn(usize) -> bool,
    types: &dyn Fn(&BoundExpr) -> Option<DataType>,
) -> Candidate {
    let mut best = Candidate { access: Access::Scan, rows: total, cost: total.max(1.0), used: Vec::new() };
    let usable: Vec<Condition> = conjuncts
        .iter()
        .enumerate()
        .filter_map(|(number, conjunct)| Condition::of(number, conjunct, source, is_bound))
        .filter(|condition| condition.fits(relation, types))
        .collect();
    let mut consider = |index: Option<usize>, columns: &[usize], is_unique: bool, cost_factor: f64| {
        let Some((access, share, used)) = range(index, columns, &usable) else { return };
        let Access::Range { equal, .. } = &access else { return };
        let is_one = is_unique && equal.len() == columns.len();
        let rows = if is_one { 1.0 } else { (total * share).max(1.0) };
        let cost = rows * cost_factor + (total.max(2.0)).log2() / 4.0;
        if cost < best.cost || (is_one && best.rows > 1.0) {
            best = Candidate { access, rows, cost, used };
        }
    };
    if let KeyShape::Columns(columns) = &relation.shape {
        consider(None, columns, true, 1.0);
    }
    for (number, index) in relation.indexes.iter().enumerate() {
        consider(Some(number), &index.columns, index.is_unique, LOOKUP_COST);
    }
    if best.access == Access::Scan {
        let joined = usable.iter().find(|condition| {
            matches!(condition.kind, ConditionKind::Compare(Comparison::Equal, _)) && condition.depends_on_sources
        });
        if let Some(Condition { column, kind: ConditionKind::Compare(_, value), .. }) = joined {
            let rows = (total * EQUALITY_SHARE).max(1.0).min(total.sqrt().max(1.0));
            let access = Access::Hash { column: *column, probe: value.clone() };
            best = Candidate { access, rows, cost: rows, used: Vec::new() };
        }
    }
    best
}

/// A conjunct that says something of one column of one source.
struct Condition {
    /// Which conjunct it is.
    conjunct: usize,
    column: usize,
    kind: ConditionKind,
    /// Whether its other side needs the row of another source.
    depends_on_sources: bool,
}

enum ConditionKind {
    Compare(Comparison, BoundExpr),
    Prefix(String),
}

impl Condition {
    fn of(number: usize, conjunct: &BoundExpr, source: usize, is_bound: &dyn Fn(usize) -> bool) -> Option<Self> {
        match conjunct {
            BoundExpr::Compare(comparison, left, right) => {
                let compare =
                    |comparison, column, value| Self::compare(number, comparison, column, value, source, is_bound);
                compare(*comparison, left, right).or_else(|| compare(comparison.flipped(), right, left))
            }
            BoundExpr::Like(inner, pattern) => match &**inner {
                BoundExpr::Column { source: other, column } if *other == source => {
                    let prefix = pattern.prefix();
                    let kind = ConditionKind::Prefix(prefix);
                    let is_useful = !matches!(&kind, ConditionKind::Prefix(prefix) if prefix.is_empty());
                    is_useful.then_some(Self { conjunct: number, column: *column, kind, depends_on_sources: false })
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn compare(
        conjunct: usize,
        comparison: Comparison,
        column: &BoundExpr,
        value: &BoundExpr,
        source: usize,
        is_bound: &dyn Fn(usize) -> bool,
    ) -> Option<Self> {
        let BoundExpr::Column { source: other, column } = column else { return None };
        if *other != source || comparison == Comparison::NotEqual {
            return None;
        }
        let mut depends_on_sources = false;
        let mut is_known = true;
        value.visit_columns(&mut |source, _| {
            depends_on_sources = true;
            is_known &= is_bound(source);
        });
        let kind = ConditionKind::Compare(comparison, value.clone());
        is_known.then_some(Self { conjunct, column: *column, kind, depends_on_sources })
    }

    /// Whether the other side has the key code of the column: a value that the column can hold, or one of a type with
    /// the same code. Anything else is left to the filters.
    fn fits(&self, relation: &Relation, types: &dyn Fn(&BoundExpr) -> Option<DataType>) -> bool {
        let data_type = relation.data_type(self.column);
        match &self.kind {
            ConditionKind::Prefix(_) => data_type == DataType::Text,
            ConditionKind::Compare(_, BoundExpr::Literal(value)) => match value.as_ref() {
                // A float column keys any float; a whole number has the same code in every integer column.
                value if data_type.is_float() => matches!(value, ValueRef::Float(_)),
                value => value.fits(data_type) || (data_type.is_integer() && value.as_i128().is_some()),
            },
            ConditionKind::Compare(_, value) => types(value).is_some_and(|other| {
                other == data_type
                    || (other.is_integer() && data_type.is_integer())
                    || (other.is_float() && data_type.is_float())
            }),
        }
    }
}

/// The range of a key that the conditions give, and the share of rows it is expected to keep.
fn range(index: Option<usize>, columns: &[usize], conditions: &[Condition]) -> Option<(Access, f64, Vec<usize>)> {
    let mut equal = Vec::new();
    let (mut low, mut high) = (None, None);
    let mut share = 1.0;
    let mut used = Vec::new();
    for column in columns {
        let of_column = || conditions.iter().filter(|condition| condition.column == *column);
        let equality = of_column().find_map(|condition| match &condition.kind {
            ConditionKind::Compare(Comparison::Equal, value) => Some((condition.conjunct, value.clone())),
            _ => None,
        });
        if let Some((conjunct, value)) = equality {
            used.push(conjunct);
            equal.push(value);
            share *= EQUALITY_SHARE;
            continue;
        }
        for condition in of_column() {
            match &condition.kind {
                ConditionKind::Compare(Comparison::Greater, value) if low.is_none() => {
                    low = Some(Bound::Excluded(value.clone()));
                    used.push(condition.conjunct);
                }
                ConditionKind::Compare(Comparison::GreaterOrEqual, value) if low.is_none() => {
                    low = Some(Bound::Included(value.clone()));
                    used.push(condition.conjunct);
                }
                ConditionKind::Compare(Comparison::Less, value) if high.is_none() => {
                    high = Some(Bound::Excluded(value.clone()));
                    used.push(condition.conjunct);
                }
                ConditionKind::Compare(Comparison::LessOrEqual, value) if high.is_none() => {
                    high = Some(Bound::Included(value.clone()));
                    used.push(condition.conjunct);
                }
                ConditionKind::Prefix(prefix) if low.is_none() && high.is_none() => {
                    low = Some(Bound::Prefix(prefix.clone()));
                    high = low.clone();
                    share *= EQUALITY_SHARE;
                }
                _ => {}
            }
        }
        if low.is_some() != high.is_some() {
            share *= RANGE_SHARE;
        } else if low.is_some() {
            share *= RANGE_SHARE * RANGE_SHARE;
        }
        break;
    }
    let is_useful = !equal.is_empty() || low.is_some() || high.is_some();
    is_useful.then_some((Access::Range { index, equal, low, high }, share, used))
}

/// The bytes that a range of keys starts with and ends before; none if no key can be in it.
pub(crate) struct KeyRange {
    pub(crate) start: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
}

/// What a bound comes to when the tables before have their rows.
pub(crate) enum BoundValue<'a> {
    Included(ValueRef<'a>),
    Excluded(ValueRef<'a>),
    Prefix(&'a str),
}

/// Puts the bytes of a range together. `index` is the index whose keys they are; none for the table's own.
pub(crate) fn key_range(
    index: Option<&Index>,
    equal: &[ValueRef<'_>],
    low: Option<BoundValue<'_>>,
    high: Option<BoundValue<'_>>,
) -> Option<KeyRange> {
    let push = |bytes: &mut Vec<u8>, position: usize, value: ValueRef<'_>| match index {
        Some(index) => index.push(bytes, position, value),
        None => key::push(bytes, value),
    };
    let mut base = Vec::new();
    for (position, value) in equal.iter().enumerate() {
        if value.is_null() {
            return None;
        }
        push(&mut base, position, *value);
    }
    let position = equal.len();
    let is_descending = index.is_some_and(|index| index.descending.get(position) == Some(&true));
    // Where the largest come first, the upper bound is the one that keys begin with.
    let (first, last) = if is_descending { (high, low) } else { (low, high) };
    let has_first = first.is_some();
    // Appends a bound and says whether keys that begin with it are within.
    let push_bound = |bytes: &mut Vec<u8>, bound: BoundValue<'_>| match bound {
        BoundValue::Included(value) | BoundValue::Excluded(value) if value.is_null() => None,
        BoundValue::Included(value) => {
            push(bytes, position, value);
            Some(true)
        }
        BoundValue::Excluded(value) => {
            push(bytes, position, value);
            Some(false)
        }
        BoundValue::Prefix(prefix) => {
            let start = bytes.len();
            if index.is_some() {
                key::push_value_tag(bytes);
            }
            key::push_escaped(bytes, prefix.as_bytes());
            if is_descending {
                key::flip(bytes, start);
            }
            Some(true)
        }
    };
    let mut start = base.clone();
    let has_start = match first {
        Some(bound) => push_bound(&mut start, bound)?,
        None => {
            // A bound at the other end only: NULLs, which come first here, are not within it.
            if last.is_some() && index.is_some() && !is_descending {
                key::push_value_tag(&mut start);
            }
            true
        }
    };
    if !has_start && !key::make_successor(&mut start) {
        return None;
    }
    let mut end = base;
    let has_end = match last {
        Some(bound) => push_bound(&mut end, bound)?,
        // NULLs come last here.
        None if has_first && is_descending => {
            key::push_directed(&mut end, ValueRef::Null, true);
            false
        }
        None => true,
    };
    if !has_end {
        return Some(KeyRange { start, end: Some(end) });
    }
    let end = key::make_successor(&mut end).then_some(end);
    Some(KeyRange { start, end })
}
