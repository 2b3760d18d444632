//! The sources that names are looked up in.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_dbms_api::{ColumnRef, CommonTable, Name, TableSchema};

use crate::Error;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::{Binder, BlockWindows, BoundSubquery, Typed};
use crate::plan::call::Operator;
use crate::plan::{BoundAggregate, BoundExpr};

/// A source as names see it.
#[derive(Clone)]
pub(super) struct Entry<'c> {
    pub(super) name: Option<Name>,
    pub(super) columns: Columns<'c>,
    /// Columns that a join merged with those of the sources before: a name alone does not mean them.
    pub(super) merged: Vec<Name>,
}

/// The columns of a source.
#[derive(Clone)]
pub(super) enum Columns<'c> {
    /// Those of a table, looked up when they are asked for.
    Table { source: usize, schema: &'c TableSchema, renamed: Vec<Name> },
    /// What another query puts out.
    Listed(Vec<(Name, Typed<'c>)>),
}

impl<'c> Entry<'c> {
    /// The column of this name.
    pub(super) fn find(&self, name: &str) -> Fallible<Option<Typed<'c>>> {
        match &self.columns {
            Columns::Table { source, schema, renamed } => {
                let position = match renamed.iter().position(|other| other == name) {
                    Some(position) => Some(position),
                    None => schema.position(name).filter(|position| *position >= renamed.len()),
                };
                Ok(position.and_then(|column| Self::of_table(*source, schema, column)))
            }
            Columns::Listed(columns) => {
                let mut found = columns.iter().filter(|(own, _)| own == name);
                let first = found.next().map(|(_, typed)| typed.clone());
                match found.next() {
                    Some(_) => Err(Error::query(format_args!("column {name} is there twice: give one another name"))),
                    None => Ok(first),
                }
            }
        }
    }

    fn of_table(source: usize, schema: &'c TableSchema, column: usize) -> Option<Typed<'c>> {
        let kind = Kind::of_column(schema.columns.get(column)?);
        Some(Typed { expr: BoundExpr::Column { source, column }, kind })
    }

    /// Every column with its name.
    pub(super) fn every(&self) -> Vec<(Name, Typed<'c>)> {
        match &self.columns {
            Columns::Listed(columns) => columns.clone(),
            Columns::Table { source, schema, renamed } => {
                let mut every = Vec::with_capacity(schema.columns.len());
                for (number, column) in schema.columns.iter().enumerate() {
                    let name = renamed.get(number).cloned().unwrap_or_else(|| column.name.clone().into());
                    let expr = BoundExpr::Column { source: *source, column: number };
                    every.push((name, Typed { expr, kind: Kind::of_column(column) }));
                }
                every
            }
        }
    }
}

/// The queries that have names, the innermost first.
pub(super) struct Commons<'q> {
    pub(super) table: &'q CommonTable,
    pub(super) before: Option<Rc<Self>>,
    /// The rows found last, while the query itself is bound.
    pub(super) working: Option<usize>,
}

/// One block of a query while its names are looked up.
pub(in crate::plan) struct Block<'b, 'c> {
    pub(super) binder: &'b Binder<'c>,
    pub(super) parent: Option<&'b Block<'b, 'c>>,
    pub(super) entries: Vec<Entry<'c>>,
    /// What is taken from the query around, in its own terms.
    pub(super) outer: RefCell<Vec<BoundExpr>>,
    pub(super) subqueries: RefCell<Vec<BoundSubquery>>,
    /// The aggregates met; none where there can be none.
    pub(super) aggregates: RefCell<Option<Vec<BoundAggregate>>>,
    /// The kinds of their values.
    pub(super) aggregate_kinds: RefCell<Vec<Kind<'c>>>,
    /// The windows met; none where there can be none.
    pub(super) windows: RefCell<Option<Box<dyn BlockWindows<'c> + 'c>>>,
    /// The aggregates that have an order of their own, if there are any.
    pub(super) ordered: RefCell<Option<Box<dyn BlockWindows<'c> + 'c>>>,
    pub(super) commons: Option<Rc<Commons<'b>>>,
}

impl<'c> Block<'_, 'c> {
    /// The column of a name, here or in a query around.
    pub(super) fn column(&self, column: &ColumnRef) -> Fallible<Typed<'c>> {
        let unknown = || Error::unknown("column", column);
        self.find(column)?.ok_or_else(unknown)
    }

    pub(super) fn find(&self, column: &ColumnRef) -> Fallible<Option<Typed<'c>>> {
        if let Some(found) = self.find_here(column)? {
            return Ok(Some(found));
        }
        let Some(parent) = self.parent.filter(|_| IS_FULL) else { return Ok(None) };
        let Some(found) = parent.find(column)? else { return Ok(None) };
        let mut outer = self.outer.borrow_mut();
        let known = outer.iter().position(|other| *other == found.expr);
        let number = known.unwrap_or(outer.len());
        if known.is_none() {
            outer.push(found.expr);
        }
        Ok(Some(Typed { expr: Operator::Outer(number, found.kind.data_type).of(Vec::new()), kind: found.kind }))
    }

    pub(super) fn find_here(&self, column: &ColumnRef) -> Fallible<Option<Typed<'c>>> {
        let mut found = None;
        for entry in &self.entries {
            let is_meant = match &column.table {
                Some(table) => entry.name.as_ref() == Some(table),
                None => !entry.merged.contains(&column.column),
            };
            if !is_meant {
                continue;
            }
            if let Some(typed) = entry.find(&column.column)? {
                if found.is_some() {
                    return Err(Error::query(format_args!(
                        "column {column} is in more than one table: name the table"
                    )));
                }
                found = Some(typed);
            }
        }
        Ok(found)
    }
}
