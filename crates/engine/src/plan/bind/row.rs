//! Expressions over one row, and over rows beside it: what a check says, what an update makes of a column, what RETURNING
//! answers. Their values stand one behind the other: [`Context::Row`](crate::plan::Context::Row).

use wasm_dbms_api::{Expr, Name, Query, TableSchema, ValueRef};

use crate::catalog::Catalog;
use crate::error::Fallible;
use crate::plan::BoundExpr;
use crate::plan::bind::names::{Block, Columns, Entry};
use crate::plan::bind::{Binder, bind_query, from};

/// Resolves a condition over the columns of one table. Nothing is asked by it but the row. Its texts are read, as they
/// are in SQL: a check has no other way to name a day, and files hold checks that do.
pub(crate) fn bind_row(catalog: &Catalog, schema: &TableSchema, expr: &Expr) -> Fallible<BoundExpr> {
    over_row(Binder::new(catalog, &[], true, None), schema, Beside::Nothing, expr, true)
}

/// The rows beside one of a table: their columns stand behind its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Beside<'s> {
    Nothing,
    /// Another row of the table, called `excluded`: a column's name alone means the row that is there.
    Excluded,
    /// Rows of tables of these names and columns.
    Rows(&'s [TableSchema]),
}

/// Resolves a value over the columns of one table, and of rows beside.
pub(crate) fn bind_value(
    catalog: &Catalog,
    schema: &TableSchema,
    beside: Beside<'_>,
    expr: &Expr,
    parameters: &[ValueRef<'_>],
    reads_text: bool,
) -> Fallible<BoundExpr> {
    over_row(Binder::new(catalog, parameters, reads_text, None), schema, beside, expr, false)
}

/// What a question answers, as a table of this name.
pub(crate) fn schema_of(
    catalog: &Catalog,
    name: &str,
    query: &Query,
    parameters: &[ValueRef<'_>],
) -> Fallible<TableSchema> {
    let binder = Binder::new(catalog, parameters, query.reads_text, None);
    let (.., columns) = bind_query(&binder, None, None, query, 0);
    binder.fault.end()?;
    Ok(TableSchema { name: name.to_owned(), ..TableSchema::clone(&from::relation_of(&columns)?.schema) })
}

fn over_row(
    binder: Binder<'_>,
    schema: &TableSchema,
    beside: Beside<'_>,
    expr: &Expr,
    is_condition: bool,
) -> Fallible<BoundExpr> {
    let mut block = Block::new(&binder, None, None);
    let mut starts = vec![0];
    let mut width = schema.columns.len();
    let mut enter = |name: &str, schema, merged: Vec<Name>| {
        let columns = Columns::Table { schema, renamed: Vec::new() };
        let entry = Entry::new(Some(name.to_owned().into()), block.entries.len(), columns);
        block.entries.push(Entry { merged, ..entry });
    };
    enter(&schema.name, schema, Vec::new());
    match beside {
        Beside::Nothing => {}
        Beside::Excluded => {
            starts.push(width);
            let mut merged = Vec::new();
            for column in &schema.columns {
                merged.push(column.name.clone().into());
            }
            enter("excluded", schema, merged);
        }
        Beside::Rows(others) => {
            for other in others {
                starts.push(width);
                width += other.columns.len();
                enter(&other.name, other, Vec::new());
            }
        }
    }
    let mut bound = if is_condition { block.condition(expr, 0) } else { block.bind(expr, 0).expr };
    if bound.asks() {
        binder.fault.of(expr, format_args!("only the row itself can be asked here"));
    }
    bound.for_each_mut(&mut |part| {
        if let BoundExpr::Column { source, column } = part {
            (*source, *column) = (0, *column + starts.get(*source).copied().unwrap_or(0));
        }
    });
    drop(block);
    binder.fault.end()?;
    Ok(bound)
}
