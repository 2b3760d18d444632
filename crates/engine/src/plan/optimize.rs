//! The order of the tables and the access to each.

use wasm_dbms_api::{Comparison, DataType, Value};

use crate::Error;
use crate::catalog::Catalog;
use crate::core::Core;
use crate::error::Fallible;
use crate::full::{IS_FULL, needs_full};
use crate::plan::access::{Candidate, Chooser, KEEP_COST};
use crate::plan::estimate::{Estimates, RANGE_SHARE};
use crate::plan::expr::{bit, parted};
use crate::plan::figures::Figures;
use crate::plan::join_order::{Cost, join_order};
use crate::plan::walk_order::{leading_column, walk_in_order};
use crate::plan::{
    Body, BodyKind, BoundExpr, Plan, PlanSource, Rows, Step, Subquery, equality, flatten, left, semi_join,
};

/// Chooses how to answer a question: the order of the sources that costs least, and the access to each.
pub(crate) fn optimize(core: &mut Core, query: &mut Box<Plan>) -> Fallible<()> {
    flatten::flatten(query);
    let Core { catalog, store, .. } = core;
    choose(catalog, &Figures::new(store), query, 0)
}

/// Queries so deep inside others stay what they are.
const MAX_CHOICES: usize = 3;

/// What a query that is asked again costs beside its rows.
const ASKING_COST: f64 = 20.0;

/// What its answer costs where it is known.
const ANSWER_COST: f64 = 3.0;

/// The cheaper of two ways: with the queries in its conditions asked of each row, or as sources.
fn choose(catalog: &Catalog, figures: &Figures<'_>, query: &mut Box<Plan>, depth: usize) -> Fallible<()> {
    let other = if IS_FULL && depth < MAX_CHOICES { semi_join::convert(catalog, query) } else { None };
    plan_query(catalog, figures, query, depth + 1)?;
    if let Some(mut other) = other
        && plan_query(catalog, figures, &mut other, depth + 1).is_ok()
        && other.cost < query.cost
    {
        *query = other;
    }
    Ok(())
}

fn plan_query(catalog: &Catalog, figures: &Figures<'_>, query: &mut Plan, depth: usize) -> Fallible<()> {
    if IS_FULL {
        left::simplify(query);
    }
    let mut conjuncts;
    (query.gate, conjuncts) = parted(std::mem::take(&mut query.conjuncts), &mut |conjunct| conjunct.sources() == 0);
    let mut lefts = Vec::new();
    let mut estimates = Estimates::new(figures);
    let mut cost = 0.0;
    for source in &mut query.sources {
        lefts.push(source.left.take());
        if let Rows::Derived(derived) = &mut source.rows {
            needs_full()?;
            for query in &mut derived.body.queries {
                choose(catalog, figures, query, depth)?;
            }
        }
        cost += source.cost();
        estimates.push(source.relation(catalog)?, source.estimate(catalog)?, source.is_distinct());
    }
    let sources = query.sources.as_slice();
    let types = |expr: &BoundExpr| match expr {
        BoundExpr::Column { source, column } => Some(sources.get(*source)?.relation(catalog).ok()?.data_type(*column)),
        BoundExpr::Call(call) => call.data_type(),
        _ => None::<DataType>,
    };
    conjuncts.iter_mut().for_each(join_alternatives);
    for left in lefts.iter_mut().flatten() {
        left.iter_mut().for_each(join_alternatives);
    }
    let classes = if IS_FULL { equality::close(&mut conjuncts, &types) } else { Vec::new() };
    let mut joins = Joins { catalog, sources, lefts, conjuncts, classes, estimates, types: &types };
    let order = joins.order().ok_or_else(no_order)?;
    let mut steps = Vec::with_capacity(order.len());
    let (mut entered, mut rows) = (0, 1.0);
    let mut ascending = Vec::new();
    // How many rows the queries of each step are asked for.
    let mut asked = Vec::new();
    for source in order.iter().copied() {
        let (step, own) = joins.step(source, entered, rows, &ascending)?;
        if IS_FULL {
            let relation = sources.get(source).ok_or_else(no_source)?.relation(catalog)?;
            let column = match entered {
                0 => leading_column(relation, &step.access),
                _ => step.access.followed(relation, &ascending),
            };
            if let Some(column) = column {
                ascending.push((source, column));
            }
            asked.push(rows * step.estimate / RANGE_SHARE);
        }
        entered |= bit(source);
        cost += own;
        rows *= step.estimate;
        steps.push(step);
    }
    if IS_FULL {
        for subquery in &mut query.subqueries {
            choose(catalog, figures, &mut subquery.plan, depth)?;
        }
        for (step, rows) in steps.iter().zip(asked) {
            for expr in step.asking.iter().chain(step.after.iter().flatten()) {
                expr.visit_asked(&mut |number, is_given| {
                    let Some(Subquery { plan, .. }) = query.subqueries.get(number) else { return };
                    cost += match is_given {
                        true => rows * (plan.cost + ASKING_COST),
                        false => plan.cost + plan.estimate * KEEP_COST + rows * ANSWER_COST,
                    };
                });
            }
        }
    }
    (query.estimate, query.cost) = (rows, cost);
    // Who wants few rows of many sees to the first ones only.
    if let (Some(limit), true) = (query.limit, query.order.is_empty() && query.answers_rows()) {
        query.cost *= ((limit + 1) as f64 / query.estimate.max(1.0)).min(1.0);
    }
    if query.answers_rows() {
        walk_in_order(catalog, query, &mut steps)?;
    }
    query.steps = steps.into();
    Ok(())
}

/// The sources and what ties them.
struct Joins<'q, 's> {
    catalog: &'q Catalog,
    sources: &'q [PlanSource],
    /// Of each left join, its conditions.
    lefts: Vec<Option<Vec<BoundExpr>>>,
    conjuncts: Vec<BoundExpr>,
    /// Of each conjunct the class of equal columns that it belongs to, 0 if to none.
    classes: Vec<usize>,
    estimates: Estimates<'q, 's>,
    types: &'q dyn Fn(&BoundExpr) -> Option<DataType>,
}

impl<'s> Joins<'_, 's> {
    // Not where it is asked for: it is asked for often.
    #[inline(never)]
    fn left(&self, source: usize) -> Option<&Vec<BoundExpr>> {
        self.lefts.get(source).and_then(Option::as_ref)
    }

    /// The order of the sources.
    fn order(&self) -> Option<Vec<usize>> {
        if self.estimates.is_lone() {
            return Some(vec![0]);
        }
        let mut ties: Vec<u64> = Vec::new();
        for source in 0..self.sources.len() {
            let mut tied = 0;
            for part in self.left(source).unwrap_or(&self.conjuncts) {
                let sources = part.sources();
                if sources & bit(source) != 0 {
                    tied |= sources;
                }
            }
            ties.push(tied & !bit(source));
        }
        // What is known of a source after others depends on those only that something ties it to.
        let mut known: Vec<(Asked, Known)> = Vec::new();
        // Of each source the column in whose order its rows come if it is the first.
        let mut leading: Vec<Option<usize>> = Vec::new();
        for source in 0..if IS_FULL { self.sources.len() } else { 0 } {
            let chooser = self.chooser(source, 0, true, &[]).ok()?;
            leading.push(leading_column(chooser.relation, &chooser.candidates().0.access));
        }
        join_order(self.sources.len(), &mut |source, entered, rows, first| {
            let tied = ties.get(source).copied().unwrap_or(0) & entered;
            let first = first.filter(|first| IS_FULL && tied & bit(*first) != 0);
            let ascending = first.and_then(|first| Some((first, (*leading.get(first)?)?)));
            let key = (source, tied, entered == 0, first);
            let place = known.binary_search_by(|(other, _)| other.cmp(&key));
            let own = match place {
                Ok(place) => known.get(place).map(|(_, own)| *own)?,
                Err(place) => {
                    let own = self.known(source, tied, entered == 0, ascending.as_slice()).ok()?;
                    known.insert(place, (key, own));
                    own
                }
            };
            let Known { direct, setup, kept, factor } = own;
            let cost = (rows * direct).min(setup + rows * kept);
            if let Some(left) = self.left(source) {
                let needed = left.iter().fold(0, |all, part| all | part.sources()) & !bit(source);
                return (entered != 0 && needed & !entered == 0).then_some(Cost { cost, factor: factor.max(1.0) });
            }
            Some(Cost { cost, factor })
        })
    }

    fn known(&self, source: usize, tied: u64, is_first: bool, ascending: &[(usize, usize)]) -> Fallible<Known> {
        let (direct, kept) = self.chooser(source, tied, is_first, ascending)?.candidates();
        Ok(self.known_of(source, tied, &direct, kept.as_ref()))
    }

    /// What these candidates say.
    fn known_of(&self, source: usize, tied: u64, direct: &Candidate, kept: Option<&Candidate>) -> Known {
        let (setup, kept) = kept.map_or((f64::INFINITY, 0.0), |kept| (kept.setup, kept.cost));
        let own = self.left(source).unwrap_or(&self.conjuncts);
        let mut share = 1.0;
        for number in self.ready(source, tied, own, &direct.told) {
            share *= own.get(number).map_or(1.0, |part| self.estimates.share(part));
        }
        Known { direct: direct.cost, setup, kept, factor: self.estimates.rows(source) * direct.measured * share }
    }

    fn chooser<'q>(
        &'q self,
        source: usize,
        bound: u64,
        is_first: bool,
        ascending: &'q [(usize, usize)],
    ) -> Fallible<Chooser<'q, 's>> {
        let own = self.sources.get(source).ok_or_else(no_source)?;
        Ok(Chooser {
            relation: own.relation(self.catalog)?,
            source,
            bound,
            is_first,
            ascending,
            conjuncts: self.left(source).unwrap_or(&self.conjuncts),
            types: self.types,
            estimates: &self.estimates,
        })
    }

    /// The numbers of those of `parts` that can be asked once the source has a row and could not before, without those
    /// that follow from others and from `used`.
    fn ready(&self, source: usize, entered: u64, parts: &[BoundExpr], used: &[usize]) -> Vec<usize> {
        let is_left = self.left(source).is_some_and(|own| std::ptr::eq(own.as_slice(), parts));
        let class = |number: usize| if is_left { 0 } else { self.classes.get(number).copied().unwrap_or(0) };
        // Two columns of a source may be in one class: each is made equal to one of the others.
        let column = |number: usize| match parts.get(number) {
            Some(BoundExpr::Compare(_, left, right)) => match (&**left, &**right) {
                (BoundExpr::Column { source: own, column }, _) if *own == source => Some(*column),
                (_, BoundExpr::Column { column, .. }) => Some(*column),
                _ => None,
            },
            _ => None,
        };
        let mut told: Vec<(usize, Option<usize>)> = Vec::new();
        if IS_FULL {
            for number in used {
                told.push((class(*number), column(*number)));
            }
        }
        let mut ready = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let sources = part.sources();
            let is_ready = sources & !(entered | bit(source)) == 0 && (is_left || sources & bit(source) != 0);
            if !is_ready || used.contains(&number) {
                continue;
            }
            if IS_FULL {
                let own = (class(number), column(number));
                if own.0 > 0 && told.contains(&own) {
                    continue;
                }
                told.push(own);
            }
            ready.push(number);
        }
        ready
    }

    /// The step that enters a source, after others that have so many rows. What it tests is taken out of the conditions.
    fn step(&mut self, source: usize, entered: u64, rows: f64, ascending: &[(usize, usize)]) -> Fallible<(Step, f64)> {
        let chooser = self.chooser(source, entered, entered == 0, ascending)?;
        let (direct, kept) = chooser.candidates();
        let known = self.known_of(source, entered, &direct, kept.as_ref());
        let Candidate { access, used, setup, cost, .. } = match kept {
            Some(kept) if kept.setup + rows * kept.cost < rows * direct.cost => kept,
            _ => direct,
        };
        let is_merge = access.followed(chooser.relation, ascending).is_some();
        let left = self.left(source);
        let own = self.ready(source, entered, left.unwrap_or(&self.conjuncts), &used);
        let after = left.map(|_| self.ready(source, entered, &self.conjuncts, &[]));
        let left = self.lefts.get_mut(source).and_then(Option::as_mut);
        let own = taken(left.unwrap_or(&mut self.conjuncts), &own, source);
        let after = after.map(|numbers| taken(&mut self.conjuncts, &numbers, source));
        let (asking, filters) = parted(own, &mut BoundExpr::asks);
        let estimate = if after.is_some() { known.factor.max(1.0) } else { known.factor };
        let step = Step { source, access, filters, asking, after, is_backward: false, is_merge, estimate };
        Ok((step, setup + rows * cost))
    }
}

/// The conditions of these numbers, which a step of this source tests. A column of the source is left in place of each: it
/// says nothing of the sources that are entered later.
fn taken(conditions: &mut [BoundExpr], numbers: &[usize], source: usize) -> Vec<BoundExpr> {
    let mut taken = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some(condition) = conditions.get_mut(*number) {
            taken.push(std::mem::replace(condition, BoundExpr::Column { source, column: 0 }));
        }
    }
    taken
}

/// A source, those before that something ties it to, whether it is the first, and the one of those that is.
type Asked = (usize, u64, bool, Option<usize>);

/// What is known of a source after others.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// What it costs for each row before.
    direct: f64,
    /// What it costs to keep its rows, and then for each row before.
    setup: f64,
    kept: f64,
    /// How many rows there are for each one before.
    factor: f64,
}

#[cold]
fn no_source() -> Box<Error> {
    Error::query(format_args!("there is no such source"))
}

#[cold]
fn no_order() -> Box<Error> {
    Error::query(format_args!("the conditions of the left joins need each other"))
}

/// Makes alternatives for one column a list: `a = 1 OR a = 2`.
fn join_alternatives(expr: &mut BoundExpr) {
    let mut values = Vec::new();
    if let BoundExpr::Or(..) = expr
        && let Some(column) = alternatives(expr, &mut values)
    {
        *expr = BoundExpr::InList(column.clone().into(), values);
    }
}

/// The one column that every part of a disjunction says the values of.
fn alternatives<'e>(expr: &'e BoundExpr, values: &mut Vec<Value>) -> Option<&'e BoundExpr> {
    match expr {
        BoundExpr::Or(left, right) => {
            let column = alternatives(left, values)?;
            alternatives(right, values).filter(|other| *other == column)
        }
        BoundExpr::Compare(Comparison::Equal, left, right) => match (&**left, &**right) {
            (column @ BoundExpr::Column { .. }, BoundExpr::Literal(value))
            | (BoundExpr::Literal(value), column @ BoundExpr::Column { .. }) => {
                values.push(value.clone());
                Some(column)
            }
            _ => None,
        },
        BoundExpr::InList(column, list) if matches!(**column, BoundExpr::Column { .. }) => {
            values.extend_from_slice(list);
            Some(column)
        }
        _ => None,
    }
}

impl PlanSource {
    /// How many rows it has.
    fn estimate(&self, catalog: &Catalog) -> Fallible<f64> {
        Ok(match &self.rows {
            Rows::Table(relation) => catalog.relation(*relation)?.table.rows as f64,
            Rows::Derived(_) if !IS_FULL => 1.0,
            Rows::Derived(derived) => match &derived.body.kind {
                BodyKind::Nothing => 1.0,
                BodyKind::Values(rows) => rows.len() as f64,
                BodyKind::Working(_) => 10.0,
                BodyKind::Recursive { .. } => {
                    derived.body.queries.first().map_or(0.0, |first| first.answer_estimate() * 10.0)
                }
                BodyKind::Query | BodyKind::Windows(_) | BodyKind::Set { .. } => {
                    derived.body.queries.iter().map(|plan| plan.answer_estimate()).sum()
                }
            },
        })
    }

    /// Whether no two rows are the same.
    fn is_distinct(&self) -> bool {
        match &self.rows {
            Rows::Derived(derived) if IS_FULL && matches!(derived.body.kind, BodyKind::Query) => {
                derived.body.queries.iter().all(|plan| plan.is_distinct)
            }
            _ => false,
        }
    }

    /// What making its rows costs.
    fn cost(&self) -> f64 {
        let Rows::Derived(derived) = &self.rows else { return 0.0 };
        if !IS_FULL {
            return 0.0;
        }
        let Body { kind, queries } = &derived.body;
        match (kind, queries.as_slice()) {
            (_, []) => 1.0,
            (BodyKind::Recursive { .. }, [first, next]) => first.cost + next.cost * 10.0,
            (_, plans) => plans.iter().map(|plan| plan.cost + plan.estimate).sum(),
        }
    }
}

impl Plan {
    /// How many rows the answer is expected to have.
    fn answer_estimate(&self) -> f64 {
        let rows = match &self.grouping {
            None => self.estimate,
            Some(grouping) if grouping.keys.is_empty() => 1.0,
            Some(_) => (self.estimate / 10.0).max(1.0),
        };
        self.limit.map_or(rows, |limit| rows.min(limit as f64)).max(1.0)
    }
}
