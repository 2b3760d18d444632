//! The order in which sources are joined.

use crate::full::IS_FULL;
use crate::plan::expr::bit;

/// As many sources are joined in the best of all orders; of more, each next one is the best at the time.
const MAX_EXHAUSTIVE: usize = 10;

/// What a source costs after others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// What it costs to walk it.
    pub(super) cost: f64,
    /// How many rows there are for each of those before.
    pub(super) factor: f64,
}

/// What a joined row costs, in rows of a scan.
const OUTPUT_COST: f64 = 0.1;

/// Says what a source costs after those of a set, which have so many rows together, with the one that comes first of all;
/// none if it cannot come yet.
pub(super) type CostOf<'a> = &'a mut dyn FnMut(usize, u64, f64, Option<usize>) -> Option<Cost>;

/// Finds an order of so many sources. None if there is none.
pub(super) fn join_order(count: usize, cost: CostOf<'_>) -> Option<Vec<usize>> {
    match count {
        ..=MAX_EXHAUSTIVE => exhaustive(count, cost),
        _ if IS_FULL => greedy(count, cost),
        // As they were written: who is joined stands behind those that its condition names.
        _ => Some((0..count).collect()),
    }
}

/// Of every set of sources the cheapest order.
fn exhaustive(count: usize, cost: CostOf<'_>) -> Option<Vec<usize>> {
    // The cost and the rows of each set, what came last and what first.
    let mut sets = vec![(0.0, 1.0, usize::MAX, None)];
    while sets.len() < 1 << count {
        sets.push((f64::INFINITY, 1.0, usize::MAX, None));
    }
    for set in 0..sets.len() {
        let Some((before, rows, _, first)) = sets.get(set).copied().filter(|own| own.0.is_finite()) else { continue };
        for source in (0..count).filter(|source| set & 1 << source == 0) {
            let Some(own) = cost(source, set as u64, rows, first) else { continue };
            let rows = rows * own.factor;
            let total = (before + own.cost + rows * OUTPUT_COST).min(f64::MAX);
            if let Some(place) = sets.get_mut(set | 1 << source).filter(|place| total < place.0) {
                *place = (total, rows, source, first.or(Some(source)));
            }
        }
    }
    let mut order = Vec::new();
    let mut set = sets.len() - 1;
    while set != 0 {
        let last = sets.get(set).map(|own| own.2).filter(|last| *last < count)?;
        order.push(last);
        set &= !(1 << last);
    }
    order.reverse();
    Some(order)
}

/// Always the source that costs least and leaves the fewest rows.
fn greedy(count: usize, cost: CostOf<'_>) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = Vec::new();
    let (mut set, mut rows) = (0, 1.0);
    while order.len() < count {
        let mut best: Option<(f64, f64, usize)> = None;
        for source in (0..count).filter(|source| set & bit(*source) == 0) {
            let Some(own) = cost(source, set, rows, order.first().copied()) else { continue };
            let after = rows * own.factor;
            let total = own.cost + after;
            if best.is_none_or(|best| total < best.0) {
                best = Some((total, after, source));
            }
        }
        let (_, after, source) = best?;
        rows = after.min(f64::MAX);
        set |= bit(source);
        order.push(source);
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::{Cost, join_order};

    /// Sources in a chain, each tied to the next; the first is small.
    fn chain(source: usize, set: u64, rows: f64, _: Option<usize>) -> Option<Cost> {
        let size = if source == 0 { 1.0 } else { 1000.0 };
        let is_tied = source > 0 && set & 1 << (source - 1) != 0 || set & 2u64 << source != 0;
        Some(if is_tied { Cost { cost: rows, factor: 1.0 } } else { Cost { cost: rows * size, factor: size } })
    }

    #[test]
    fn ties_are_followed_whatever_the_number_of_sources() {
        for count in [1, 2, 7, 10, 11, 40] {
            let order = join_order(count, &mut chain).unwrap();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn sources_that_need_each_other_have_no_order() {
        for count in [3, 12] {
            let mut cost = |source, set: u64, rows, _| match source {
                0 => Some(Cost { cost: rows, factor: 1.0 }),
                _ => (set > 1).then_some(Cost { cost: rows, factor: 1.0 }),
            };
            assert_eq!(join_order(count, &mut cost), None);
        }
    }
}
