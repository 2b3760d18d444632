//! A database that is nothing but lists of values, and questions answered the naive way.

mod eval;
pub(crate) mod random;

use std::cmp::Ordering;
use std::collections::HashMap;

use wasm_dbms::prelude::*;
use wasm_dbms::{JoinCondition, Nulls, Output, Source};

pub(crate) use eval::value;
use eval::{Row, aggregate, sort_order};

/// A table of the model.
#[derive(Debug, Clone)]
pub(crate) struct ModelTable {
    pub(crate) schema: TableSchema,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl ModelTable {
    /// A row with the names of its columns.
    pub(crate) fn named<'a>(&'a self, row: &'a [Value]) -> Vec<(&'a str, &'a str, &'a Value)> {
        let names = self.schema.columns.iter().map(|column| column.name.as_str());
        names.zip(row).map(|(column, value)| (self.schema.name.as_str(), column, value)).collect()
    }

    /// Whether a filter keeps a row.
    pub(crate) fn keeps(&self, filter: &Expr, row: &[Value]) -> bool {
        value(filter, &self.named(row)) == Value::Bool(true)
    }
}

/// What a question may answer: every row with the values it is ordered by, in order.
pub(crate) struct Expected {
    rows: Vec<(Vec<Value>, Vec<Value>)>,
    limit: usize,
    offset: usize,
}

/// Answers a question; none if a sum is out of range.
pub(crate) fn answer(tables: &[ModelTable], query: &Query) -> Option<Expected> {
    let table = |source: &Source| {
        let name = source.name().unwrap();
        tables.iter().find(|table| table.schema.name == *name).unwrap()
    };
    let columns: Vec<&Expr> = query
        .columns
        .iter()
        .map(|output| match output {
            Output::Expr(expr, _) => expr,
            other => panic!("{other} is not in the model"),
        })
        .collect();
    let mut joined: Vec<Vec<(&str, &str, &Value)>> = {
        let first = table(&query.from);
        first.rows.iter().map(|row| first.named(row)).collect()
    };
    for join in &query.joins {
        let other = table(&join.source);
        let JoinCondition::On(on) = &join.condition else { panic!("{join} is not in the model") };
        let mut next = Vec::new();
        for left in &joined {
            for right in &other.rows {
                let row = [left.as_slice(), &other.named(right)].concat();
                if value(on, &row) == Value::Bool(true) {
                    next.push(row);
                }
            }
        }
        joined = next;
    }
    if let Some(filter) = &query.filter {
        joined.retain(|row| value(filter, row) == Value::Bool(true));
    }
    let is_aggregate = |expr: &Expr| matches!(expr, Expr::Aggregate(..));
    let is_grouped = !query.group_by.is_empty() || columns.iter().copied().any(is_aggregate);
    let mut rows = Vec::new();
    if is_grouped {
        for group in groups(query, &joined) {
            let of = |expr: &Expr| match expr {
                Expr::Aggregate(call) => aggregate(call.function, call.argument.as_ref(), &group),
                key => group.first().map(|row| value(key, row)),
            };
            let key = query.order_by.iter().map(|order| of(&order.expr)).collect::<Option<Vec<_>>>()?;
            rows.push((key, columns.iter().copied().map(of).collect::<Option<Vec<_>>>()?));
        }
    } else {
        for row in &joined {
            let outputs = match query.columns.is_empty() {
                true => row.iter().map(|(.., value)| (*value).clone()).collect(),
                false => columns.iter().map(|expr| value(expr, row)).collect(),
            };
            rows.push((query.order_by.iter().map(|order| value(&order.expr, row)).collect::<Vec<_>>(), outputs));
        }
    }
    rows.sort_by(|(left, _), (right, _)| {
        let parts = left.iter().zip(right).zip(&query.order_by);
        parts.fold(Ordering::Equal, |order, ((left, right), key)| {
            let next = match (left.is_null(), right.is_null()) {
                (false, false) if key.descending => sort_order(left, right).reverse(),
                (false, false) => sort_order(left, right),
                (left, right) => {
                    let is_first = key.nulls.map_or(!key.descending, |nulls| nulls == Nulls::First);
                    if is_first { right.cmp(&left) } else { left.cmp(&right) }
                }
            };
            order.then(next)
        })
    });
    let count = |expr: &Option<Expr>| match expr {
        Some(Expr::Literal(Value::Integer(count))) => Some(*count as usize),
        _ => None,
    };
    let (limit, offset) = (count(&query.limit).unwrap_or(usize::MAX), count(&query.offset).unwrap_or(0));
    Some(Expected { rows, limit, offset })
}

fn groups<'a>(query: &Query, joined: &'a [Vec<(&'a str, &'a str, &'a Value)>]) -> Vec<Vec<&'a Row<'a>>> {
    let mut groups: Vec<Vec<&Row<'_>>> = Vec::new();
    let mut numbers = HashMap::new();
    if query.group_by.is_empty() {
        groups.push(Vec::new());
        numbers.insert(String::new(), 0);
    }
    for row in joined {
        let key = query.group_by.iter().map(|key| value(key, row)).collect::<Vec<_>>();
        let number = *numbers.entry(shown(&key)).or_insert(groups.len());
        if number == groups.len() {
            groups.push(Vec::new());
        }
        groups[number].push(row);
    }
    groups
}

/// Values as text that is the same for equal ones.
pub(crate) fn shown(values: &[Value]) -> String {
    let shown = values.iter().map(|value| match value {
        Value::Float(zero) if *zero == 0.0 => "0.0".into(),
        Value::Decimal(decimal) => decimal.normalized().to_string(),
        Value::DateTime(moment) => moment.with_offset(0).unwrap().to_string(),
        Value::Json(document) => eval::json(document),
        value => value.to_string(),
    });
    shown.collect::<Vec<_>>().join(" | ")
}

impl Expected {
    /// How many rows the answer has.
    pub(crate) fn len(&self) -> usize {
        self.rows.len().saturating_sub(self.offset).min(self.limit)
    }

    /// Checks an answer. Rows equal in what they are ordered by may come in any order, and any of them may be cut off.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self, found: &[Vec<Value>]) -> std::result::Result<(), String> {
        if found.len() != self.len() {
            return Err(format!("{} rows instead of {}", found.len(), self.len()));
        }
        let mut left: HashMap<(String, String), usize> = HashMap::new();
        for (key, row) in &self.rows {
            *left.entry((shown(key), shown(row))).or_default() += 1;
        }
        for (number, (row, (key, _))) in found.iter().zip(self.rows.iter().skip(self.offset)).enumerate() {
            match left.get_mut(&(shown(key), shown(row))) {
                Some(count) if *count > 0 => *count -= 1,
                _ => return Err(format!("row {number} is {}, ordered by {}", shown(row), shown(key))),
            }
        }
        Ok(())
    }
}
