//! What a question may answer.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use wasm_dbms::{Comparison, Expr, Nulls, Order, Query, Value};

use crate::model::oracle::eval::{Bound, Joined, Scope};
use crate::model::oracle::table::{compare_rows, is_same_row, shown};
use crate::model::oracle::{Refusal, State, Table};

/// Every row of an answer with the values it is ordered by, in order. Rows equal in these may come in any order, and any of
/// them may be cut off.
#[derive(Debug)]
pub struct Expected {
    rows: Vec<(Vec<Value>, Vec<Value>)>,
    orders: Vec<Order>,
    limit: usize,
    offset: usize,
    /// Whether values are those of rows, to the last bit; those of groups are equal.
    is_exact: bool,
}

/// A key of groups, in the order of its values.
#[derive(PartialEq)]
struct GroupKey(Vec<Value>);

impl Eq for GroupKey {}

impl Ord for GroupKey {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_rows(&self.0, &other.0)
    }
}

impl PartialOrd for GroupKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A table of a joined row, and its column.
type ColumnPlace = (usize, usize);

impl State {
    /// Answers a question.
    ///
    /// # Errors
    /// How it must be refused.
    pub fn answer(&self, query: &Query) -> Result<Expected, Refusal> {
        let unknown = || Refusal::Unknown;
        let names = std::iter::once(&query.from).chain(query.joins.iter().map(|join| &join.table));
        let tables: Option<Vec<&Table>> = names.map(|name| self.table(name)).collect();
        let tables = tables.ok_or_else(unknown)?;
        let schemas: Vec<_> = tables.iter().map(|table| table.schema()).collect();
        let scope = Scope(schemas.clone());
        let bound = |expr| Bound::of(expr, &scope).ok_or_else(unknown);
        let filter = query.filter.as_ref().map(bound).transpose()?;
        let keys: Option<Vec<_>> = query.group_by.iter().map(|column| scope.place(column)).collect();
        let keys = keys.ok_or_else(unknown)?;
        let columns = query.columns.iter().map(bound).collect::<Result<Vec<_>, _>>()?;
        let orders = query.order_by.iter().map(|order| bound(&order.expr)).collect::<Result<Vec<_>, _>>()?;
        let mut conditions = Vec::new();
        for (number, join) in query.joins.iter().enumerate() {
            let scope = Scope(schemas.iter().take(number + 2).copied().collect());
            conditions
                .push((scope.place(&join.left).ok_or_else(unknown)?, scope.place(&join.right).ok_or_else(unknown)?));
        }
        let joined = joined(&tables, &conditions);
        let is_kept = |row: &Vec<&[Value]>| filter.as_ref().is_none_or(|filter| filter.truth(row) == Some(true));
        let joined: Vec<Vec<&[Value]>> = joined.into_iter().filter(is_kept).collect();
        let is_grouped = !keys.is_empty() || query.columns.iter().any(|expr| matches!(expr, Expr::Aggregate(..)));
        let mut rows = Vec::new();
        if is_grouped {
            let out_of_range = || Refusal::OutOfRange;
            let named: Vec<_> = keys.iter().map(|(source, column)| Bound::Column(*source, *column)).collect();
            for group in groups(&keys, &joined).values() {
                let of = |expr: &Bound<'_>| expr.over(group).ok_or_else(out_of_range);
                let key = orders.iter().map(of).collect::<Result<Vec<_>, _>>()?;
                // Without columns the answer has those that rows are grouped by.
                let outputs = if columns.is_empty() { &named } else { &columns };
                rows.push((key, outputs.iter().map(of).collect::<Result<Vec<_>, _>>()?));
            }
        } else {
            for row in &joined {
                let outputs = match columns.as_slice() {
                    [] => row.iter().copied().flatten().cloned().collect(),
                    columns => columns.iter().map(|expr| expr.value(row)).collect(),
                };
                rows.push((orders.iter().map(|expr| expr.value(row)).collect(), outputs));
            }
        }
        if !query.order_by.is_empty() {
            rows.sort_by(|(left, _), (right, _)| compare_keys(&query.order_by, left, right));
        }
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let offset = query.offset as usize;
        Ok(Expected { rows, orders: query.order_by.clone(), limit, offset, is_exact: !is_grouped })
    }
}

/// The rows of the tables side by side, where the columns of each condition are equal.
fn joined<'a>(tables: &[&'a Table], conditions: &[(ColumnPlace, ColumnPlace)]) -> Vec<Vec<&'a [Value]>> {
    let Some((first, others)) = tables.split_first() else { return Vec::new() };
    let mut joined: Vec<Vec<&[Value]>> = first.rows().map(|row| vec![&**row]).collect();
    let null = Value::Null;
    for (other, (left, right)) in others.iter().zip(conditions) {
        let mut next = Vec::new();
        for row in &joined {
            for new in other.rows() {
                let whole: Vec<&[Value]> = row.iter().copied().chain([&**new]).collect();
                let value = |(source, column): &(usize, usize)| {
                    whole.get(*source).and_then(|row| row.get(*column)).unwrap_or(&null)
                };
                if value(left)
                    .as_ref()
                    .compare(value(right).as_ref())
                    .is_some_and(|order| Comparison::Equal.holds(order))
                {
                    next.push(whole);
                }
            }
        }
        joined = next;
    }
    joined
}

fn groups<'a>(keys: &[(usize, usize)], joined: &'a [Vec<&'a [Value]>]) -> BTreeMap<GroupKey, Vec<&'a Joined<'a>>> {
    let mut groups: BTreeMap<GroupKey, Vec<&Joined<'_>>> = BTreeMap::new();
    if keys.is_empty() {
        groups.insert(GroupKey(Vec::new()), Vec::new());
    }
    for row in joined {
        let value = |(source, column): &(usize, usize)| row.get(*source).and_then(|row| row.get(*column)).cloned();
        let key = keys.iter().map(|place| value(place).unwrap_or_default()).collect();
        groups.entry(GroupKey(key)).or_default().push(row);
    }
    groups
}

fn compare_keys(orders: &[Order], left: &[Value], right: &[Value]) -> Ordering {
    for ((left, right), order) in left.iter().zip(right).zip(orders) {
        let next = match (left.is_null(), right.is_null()) {
            (false, false) if order.descending => right.as_ref().sort_order(left.as_ref()),
            (false, false) => left.as_ref().sort_order(right.as_ref()),
            (left, right) => {
                let is_first = order.nulls.map_or(!order.descending, |nulls| nulls == Nulls::First);
                if is_first { right.cmp(&left) } else { left.cmp(&right) }
            }
        };
        if next.is_ne() {
            return next;
        }
    }
    Ordering::Equal
}

impl Expected {
    /// How many rows the answer has.
    pub fn row_count(&self) -> usize {
        self.rows.len().saturating_sub(self.offset).min(self.limit)
    }

    /// Checks an answer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, found: &[Vec<Value>]) -> Result<(), String> {
        if found.len() != self.row_count() {
            return Err(format!("the answer has {} rows and should have {}", found.len(), self.row_count()));
        }
        // Most often they come as they are thought of.
        let expected = self.rows.iter().skip(self.offset).map(|(_, row)| row);
        if found.iter().zip(expected).all(|(found, expected)| self.is_same(found, expected)) {
            return Ok(());
        }
        let mut start = 0;
        while let Some((key, _)) = self.rows.get(start) {
            let rest = self.rows.get(start..).unwrap_or_default();
            let ties = rest.iter().take_while(|(other, _)| compare_keys(&self.orders, key, other).is_eq()).count();
            let mut expected: Vec<&[Value]> = rest.iter().take(ties).map(|(_, row)| row.as_slice()).collect();
            let from = start.saturating_sub(self.offset).min(found.len());
            let to = (start + ties).saturating_sub(self.offset).min(found.len());
            for row in found.get(from..to).unwrap_or_default() {
                match expected.iter().position(|expected| self.is_same(row, expected)) {
                    Some(place) => {
                        expected.swap_remove(place);
                    }
                    None => {
                        let example =
                            expected.first().map_or_else(String::new, |row| format!(", as {} would", shown(row)));
                        return Err(format!("the row {} does not belong here{example}", shown(row)));
                    }
                }
            }
            start += ties;
        }
        Ok(())
    }

    fn is_same(&self, found: &[Value], expected: &[Value]) -> bool {
        if self.is_exact { is_same_row(found, expected) } else { found == expected }
    }
}
