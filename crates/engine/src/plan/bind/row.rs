//! Expressions over one row, and over rows beside it: what a check says, what an update makes of a column, what RETURNING
//! answers. Their values stand one behind the other: [`Context::Row`](crate::plan::Context::Row).

use std::sync::Arc;

use wasm_dbms_api::{Expr, Name, Output, Query, TableSchema, ValueRef};

use crate::catalog::Catalog;
use crate::error::Fallible;
use crate::plan::BoundExpr;
use crate::plan::bind::names::{Block, Columns, Entry};
use crate::plan::bind::{Binder, commons_of, names_of};

/// Resolves a condition over the columns of one table. Nothing is asked by it but the row. Its texts are read, as they
/// are in SQL: a check has no other way to name a day, and files hold checks that do.
pub(crate) fn bind_row(catalog: &Catalog, schema: &TableSchema, expr: &Expr) -> Fallible<BoundExpr> {
    over_row(Binder::new(catalog, &[], true, None), schema, false, expr, true)
}

/// Resolves a value over the columns of one table and, if it `has_excluded`, of another row of it that is called `excluded`:
/// a column's name alone means the row that is there.
pub(crate) fn bind_value(
    catalog: &Catalog,
    schema: &TableSchema,
    has_excluded: bool,
    expr: &Expr,
    parameters: &[ValueRef<'_>],
    reads_text: bool,
) -> Fallible<BoundExpr> {
    over_row(Binder::new(catalog, parameters, reads_text, None), schema, has_excluded, expr, false)
}

/// Resolves what is answered of a row of the table that a question is about, and of the named rows that it joins it with, whose
/// columns stand behind its own. Also the names of the columns.
pub(crate) fn bind_outputs(
    catalog: &Catalog,
    question: &Query,
    outputs: &[Output],
    parameters: &[ValueRef<'_>],
) -> Fallible<(Vec<BoundExpr>, Arc<[String]>)> {
    let binder = Binder::new(catalog, parameters, true, None);
    let mut block = Block::new(&binder, None, commons_of(question, None));
    let (mut bound, mut columns) = (Box::default(), Vec::new());
    block.from(question, &mut bound, 0);
    block.entries.retain(|entry| entry.name.is_some());
    let mut first = 0;
    for entry in &mut block.entries {
        (entry.source, entry.first) = (0, first);
        entry.merged.clear();
        first += entry.width();
    }
    for output in outputs {
        block.output(output, &mut bound, &mut columns, 0);
        if let (Output::Expr(expr, _), Some(own)) = (output, bound.outputs.last()) {
            block.check_row(own, expr);
        }
    }
    drop(block);
    binder.fault.end()?;
    Ok((bound.outputs, names_of(columns)))
}

fn over_row(
    binder: Binder<'_>,
    schema: &TableSchema,
    has_excluded: bool,
    expr: &Expr,
    is_condition: bool,
) -> Fallible<BoundExpr> {
    let mut block = Block::new(&binder, None, None);
    block.enter_row(&schema.name, schema, 0, Vec::new());
    if has_excluded {
        let mut merged = Vec::new();
        for column in &schema.columns {
            merged.push(column.name.clone().into());
        }
        block.enter_row("excluded", schema, schema.columns.len(), merged);
    }
    let bound = if is_condition { block.condition(expr, 0) } else { block.bind(expr, 0).expr };
    block.check_row(&bound, expr);
    drop(block);
    binder.fault.end()?;
    Ok(bound)
}

impl<'c> Block<'_, 'c> {
    /// Lets expressions call the columns of a row by their names, the first of which stands in this place. Those merged with
    /// columns of rows before need the name of the row.
    fn enter_row(&mut self, name: &str, schema: &'c TableSchema, first: usize, merged: Vec<Name>) {
        let columns = Columns::Table { schema, renamed: Vec::new() };
        let entry = Entry::new(Some(name.to_owned().into()), 0, columns);
        self.entries.push(Entry { first, merged, ..entry });
    }

    fn check_row(&self, bound: &BoundExpr, expr: &Expr) {
        if bound.asks() {
            self.binder.fault.of(expr, format_args!("only the row itself can be asked here"));
        }
    }
}
