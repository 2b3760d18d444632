//! Names become numbers, types are checked.

use wasm_dbms_api::{AggregateFunction, ColumnRef, Comparison, DataType, Expr, Nulls, Query};

use crate::catalog::{Catalog, RelationIndex};
use crate::plan::kind::Kind;
use crate::plan::like::Pattern;
use crate::plan::{BoundAggregate, BoundExpr, Grouping, OrderKey};
use crate::{Error, Result};

/// The deepest expression.
pub const MAX_EXPRESSION_DEPTH: usize = 500;

/// The most tables in one question.
pub const MAX_SOURCES: usize = 64;

/// A question whose names are numbers.
#[derive(Debug)]
pub(crate) struct BoundQuery {
    pub(crate) sources: Vec<RelationIndex>,
    /// Everything that must hold, joins too.
    pub(crate) conjuncts: Vec<BoundExpr>,
    pub(crate) grouping: Option<Grouping>,
    pub(crate) outputs: Vec<BoundExpr>,
    pub(crate) names: Vec<String>,
    pub(crate) order: Vec<OrderKey>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

/// The tables that names are looked up in.
struct Scope<'a> {
    catalog: &'a Catalog,
    sources: Vec<RelationIndex>,
}

/// Resolves a question.
pub(crate) fn bind(catalog: &Catalog, query: &Query) -> Result<BoundQuery> {
    let mut scope = Scope { catalog, sources: vec![catalog.find(&query.from)?] };
    let mut conjuncts = Vec::new();
    if query.joins.len() >= MAX_SOURCES {
        return Err(Error::Query(format!("a question joins at most {MAX_SOURCES} tables")));
    }
    for join in &query.joins {
        let relation = catalog.find(&join.table)?;
        if scope.sources.contains(&relation) {
            return Err(Error::Query(format!("table {} is there twice", join.table)));
        }
        scope.sources.push(relation);
        let condition = Expr::Column(join.left.clone()).compare(Comparison::Equal, Expr::Column(join.right.clone()));
        conjuncts.push(scope.bind(&condition, None, 0)?);
    }
    if let Some(filter) = &query.filter {
        let filter = scope.bind(filter, None, 0)?;
        if !scope.kind_of(&filter, None).may_be(DataType::Bool) {
            return Err(Error::Query("a filter must be true or false".into()));
        }
        filter.split_conjunction(&mut conjuncts);
    }
    let has_aggregates = query.columns.iter().any(has_aggregate);
    let mut grouping = None;
    if has_aggregates || !query.group_by.is_empty() {
        let keys = query.group_by.iter().map(|column| scope.column(column)).collect::<Result<Vec<_>>>()?;
        grouping = Some(Grouping { keys, aggregates: Vec::new() });
    }
    let mut outputs = Vec::new();
    let mut names = Vec::new();
    for expr in &query.columns {
        outputs.push(scope.bind(expr, grouping.as_mut(), 0)?);
        names.push(match expr {
            Expr::Column(column) => column.column.to_string(),
            other => other.to_string(),
        });
    }
    if query.columns.is_empty() {
        if let Some(grouping) = &grouping {
            outputs = (0..grouping.keys.len()).map(BoundExpr::Slot).collect();
            names = query.group_by.iter().map(|column| column.column.to_string()).collect();
        } else {
            for (source, relation) in scope.sources.iter().enumerate() {
                for (column, schema) in catalog.relation(*relation)?.schema.columns.iter().enumerate() {
                    outputs.push(BoundExpr::Column { source, column });
                    names.push(schema.name.clone());
                }
            }
        }
    }
    let mut order = Vec::new();
    for key in &query.order_by {
        let expr = scope.bind(&key.expr, grouping.as_mut(), 0)?;
        scope.kind_of(&expr, grouping.as_ref()).check_order(&key.expr)?;
        // NULLs count as smallest.
        let nulls_first = key.nulls.map_or(!key.descending, |nulls| nulls == Nulls::First);
        order.push(OrderKey { expr, descending: key.descending, nulls_first });
    }
    let Scope { sources, .. } = scope;
    Ok(BoundQuery { sources, conjuncts, grouping, outputs, names, order, limit: query.limit, offset: query.offset })
}

/// Whether there is an aggregate in the expression, not counting below `MAX_EXPRESSION_DEPTH`, where binding refuses.
fn has_aggregate(expr: &Expr) -> bool {
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match expr {
            Expr::Aggregate(..) => return true,
            Expr::Compare(_, left, right) | Expr::And(left, right) | Expr::Or(left, right) => {
                pending.extend([&**left, &**right]);
            }
            Expr::Not(inner) | Expr::IsNull(inner) | Expr::InList(inner, _) | Expr::Like(inner, _) => {
                pending.push(inner);
            }
            _ => {}
        }
    }
    false
}

impl Scope<'_> {
    fn column(&self, column: &ColumnRef) -> Result<BoundExpr> {
        let mut found = None;
        for (source, relation) in self.sources.iter().enumerate() {
            let schema = &self.catalog.relation(*relation)?.schema;
            if column.table.as_ref().is_some_and(|table| *table != schema.name) {
                continue;
            }
            if let Some(position) = schema.position(&column.column) {
                if found.is_some() {
                    return Err(Error::Query(format!("column {column} is in more than one table: name the table")));
                }
                found = Some(BoundExpr::Column { source, column: position });
            }
        }
        found.ok_or_else(|| Error::Unknown { what: "column", name: column.to_string() })
    }

    /// Binds an expression; with a grouping, columns become slots and aggregates are added to it.
    fn bind(&self, expr: &Expr, grouping: Option<&mut Grouping>, depth: usize) -> Result<BoundExpr> {
        if depth > MAX_EXPRESSION_DEPTH {
            return Err(Error::Query(format!("an expression is nested deeper than {MAX_EXPRESSION_DEPTH}")));
        }
        let mut grouping = grouping;
        let mut bind = |expr: &Expr| self.bind(expr, grouping.as_deref_mut(), depth + 1).map(Box::new);
        let bound = match expr {
            Expr::Literal(value) => BoundExpr::Literal(value.clone()),
            Expr::Column(column) => {
                let bound = self.column(column)?;
                match grouping {
                    None => bound,
                    Some(grouping) => {
                        let slot = grouping.keys.iter().position(|key| *key == bound);
                        let slot = slot.ok_or_else(|| {
                            Error::Query(format!("column {column} is neither grouped by nor inside an aggregate"))
                        })?;
                        BoundExpr::Slot(slot)
                    }
                }
            }
            Expr::Compare(comparison, left, right) => {
                let (mut left, mut right) = (bind(left)?, bind(right)?);
                let grouping = grouping.as_deref();
                self.kind_of(&right, grouping).convert(&mut left, expr)?;
                self.kind_of(&left, grouping).convert(&mut right, expr)?;
                let (left_kind, right_kind) = (self.kind_of(&left, grouping), self.kind_of(&right, grouping));
                left_kind.check_comparison(right_kind, expr)?;
                if !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
                    left_kind.check_order(expr)?;
                    right_kind.check_order(expr)?;
                }
                BoundExpr::Compare(*comparison, left, right)
            }
            Expr::And(left, right) => {
                let (left, right) = (bind(left)?, bind(right)?);
                self.check_truth(expr, &[&left, &right], grouping.as_deref())?;
                BoundExpr::And(left, right)
            }
            Expr::Or(left, right) => {
                let (left, right) = (bind(left)?, bind(right)?);
                self.check_truth(expr, &[&left, &right], grouping.as_deref())?;
                BoundExpr::Or(left, right)
            }
            Expr::Not(inner) => {
                let inner = bind(inner)?;
                self.check_truth(expr, &[&inner], grouping.as_deref())?;
                BoundExpr::Not(inner)
            }
            Expr::IsNull(inner) => BoundExpr::IsNull(bind(inner)?),
            Expr::InList(inner, values) => {
                let inner = bind(inner)?;
                let kind = self.kind_of(&inner, grouping.as_deref());
                let values = values.iter().map(|value| kind.literal(value.clone(), expr)).collect::<Result<_>>()?;
                BoundExpr::InList(inner, values)
            }
            Expr::Like(inner, pattern) => {
                let inner = bind(inner)?;
                if !self.kind_of(&inner, grouping.as_deref()).may_be(DataType::Text) {
                    return Err(Error::Query(format!("{expr}: only text can be matched with a pattern")));
                }
                BoundExpr::Like(inner, Pattern::new(pattern))
            }
            Expr::Aggregate(function, argument) => {
                let Some(grouping) = grouping else {
                    return Err(Error::Query(format!("{expr} cannot stand here: aggregates are columns or orders")));
                };
                let argument = match argument {
                    None if *function == AggregateFunction::Count => None,
                    None => return Err(Error::Query(format!("{expr} needs an argument"))),
                    Some(argument) => Some(self.bind(argument, None, depth + 1)?),
                };
                if let Some(argument) = &argument {
                    self.kind_of(argument, None).check_aggregate(*function, expr)?;
                }
                let aggregate = BoundAggregate { function: *function, argument };
                let known = grouping.aggregates.iter().position(|other| *other == aggregate);
                let position = known.unwrap_or(grouping.aggregates.len());
                if known.is_none() {
                    grouping.aggregates.push(aggregate);
                }
                BoundExpr::Slot(grouping.keys.len() + position)
            }
            other => return Err(Error::Query(format!("{other} is not supported"))),
        };
        Ok(bound)
    }

    /// What is known of the values of an expression; with a grouping, of its slots too.
    fn kind_of(&self, expr: &BoundExpr, grouping: Option<&Grouping>) -> Kind<'_> {
        match expr {
            BoundExpr::Column { source, column } => {
                let relation = self.sources.get(*source).and_then(|relation| self.catalog.relation(*relation).ok());
                relation
                    .and_then(|relation| relation.schema.columns.get(*column))
                    .map_or(Kind::UNKNOWN, Kind::of_column)
            }
            BoundExpr::Literal(value) => Kind::of_value(value.as_ref()),
            BoundExpr::Slot(slot) => {
                let Some(grouping) = grouping else { return Kind::UNKNOWN };
                if let Some(key) = grouping.keys.get(*slot) {
                    return self.kind_of(key, None);
                }
                let aggregate = grouping.aggregates.get(slot - grouping.keys.len());
                aggregate.map_or(Kind::UNKNOWN, |aggregate| {
                    let argument = aggregate.argument.as_ref().map_or(Kind::UNKNOWN, |of| self.kind_of(of, None));
                    argument.of_aggregate(aggregate.function)
                })
            }
            _ => Kind::BOOL,
        }
    }

    /// Checks that the parts of a logical expression are true or false.
    fn check_truth(&self, expr: &Expr, parts: &[&BoundExpr], grouping: Option<&Grouping>) -> Result<()> {
        let mut kinds = parts.iter().map(|part| self.kind_of(part, grouping));
        match kinds.find(|kind| !kind.may_be(DataType::Bool)) {
            Some(kind) => Err(Error::Query(format!("{expr}: {kind} is neither true nor false"))),
            None => Ok(()),
        }
    }
}
