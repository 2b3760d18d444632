//! Questions and assignments.

use wasm_dbms::{Expr, Join, JoinCondition, JoinKind, Nulls, Order, Output, Query, Source};

use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::expression;
use crate::failure::Result;

/// The question that came in.
pub(crate) fn read(query: wit::Query) -> Result<Query> {
    Ok(Query {
        joins: query.joins.into_iter().map(join).collect::<Result<_>>()?,
        filter: expression::read_some(query.filter)?,
        group_by: query.group_by.into_iter().map(expression::read).collect::<Result<_>>()?,
        having: expression::read_some(query.having)?,
        columns: query.outputs.into_iter().map(output).collect::<Result<_>>()?,
        distinct: query.is_distinct,
        order_by: query.order_by.into_iter().map(order).collect::<Result<_>>()?,
        limit: query.limit.map(Expr::from),
        offset: query.offset.map(Expr::from),
        // A choice, a day or a moment can be said as a text.
        reads_text: true,
        ..Query::from(source(query.table, query.alias))
    })
}

/// The assignments that came in.
pub(crate) fn read_assignments(assignments: Vec<wit::Assignment>) -> Result<Vec<(String, Expr)>> {
    let one = |wit::Assignment { column, value }| Ok((column, expression::read(value)?));
    assignments.into_iter().map(one).collect()
}

fn source(table: String, alias: Option<String>) -> Source {
    Source { alias: alias.map(Into::into), ..Source::from(table) }
}

fn join(wit::Join { kind, table, alias, on }: wit::Join) -> Result<Join> {
    let kind = match kind {
        wit::JoinKind::Inner => JoinKind::Inner,
        wit::JoinKind::Left => JoinKind::Left,
        wit::JoinKind::Right => JoinKind::Right,
        wit::JoinKind::Full => JoinKind::Full,
    };
    Ok(Join { kind, source: source(table, alias), condition: JoinCondition::On(expression::read(on)?) })
}

fn output(wit::Output { expression, name }: wit::Output) -> Result<Output> {
    Ok(Output::Expr(expression::read(expression)?, name.map(Into::into)))
}

fn order(wit::Order { expression, is_descending, are_nulls_first }: wit::Order) -> Result<Order> {
    let nulls = are_nulls_first.map(|are_first| if are_first { Nulls::First } else { Nulls::Last });
    Ok(Order { expr: expression::read(expression)?, descending: is_descending, nulls })
}
