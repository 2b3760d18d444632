//! The sources that names are looked up in.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use wasm_dbms_api::{ColumnRef, CommonTable, Name, TableSchema};

use crate::full::IS_FULL;
use crate::plan::bind::fault::Fault;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::{Binder, BlockWindows, Typed};
use crate::plan::call::Operator;
use crate::plan::{BoundAggregate, BoundExpr, Subquery};

/// A source as names see it.
pub(super) struct Entry<'c> {
    pub(super) name: Option<Name>,
    /// Where its columns are: of which source of the block, and from which column of that on.
    pub(super) source: usize,
    pub(super) first: usize,
    pub(super) columns: Columns<'c>,
    /// Columns that a join merged with those of the sources before: a name alone does not mean them.
    pub(super) merged: Vec<Name>,
}

/// The columns of a source.
pub(super) enum Columns<'c> {
    /// Those of a table, looked up when they are asked for.
    Table { schema: &'c TableSchema, renamed: Vec<Name> },
    /// What another query puts out.
    Listed(Vec<(Name, Kind<'c>)>),
}

impl<'c> Entry<'c> {
    /// A source that begins with the first column of this one.
    pub(super) fn new(name: Option<Name>, source: usize, columns: Columns<'c>) -> Self {
        Self { name, source, first: 0, columns, merged: Vec::new() }
    }

    /// The column of this name.
    pub(super) fn find(&self, name: &str, fault: &Fault) -> Option<Typed<'c>> {
        let number = match &self.columns {
            Columns::Table { schema, renamed } => match renamed.iter().position(|other| other == name) {
                Some(number) => number,
                None => schema.position(name).filter(|number| *number >= renamed.len())?,
            },
            Columns::Listed(columns) => {
                let mut found = None;
                for (number, (own, _)) in columns.iter().enumerate() {
                    if own == name && found.replace(number).is_some() {
                        fault.say(format_args!("column {name} is there twice: give one another name"));
                        break;
                    }
                }
                found?
            }
        };
        let kind = match &self.columns {
            Columns::Table { schema, .. } => Kind::of_column(schema.columns.get(number)?),
            Columns::Listed(columns) => columns.get(number)?.1,
        };
        Some(Typed { expr: self.expr(number), kind })
    }

    /// A column of this number.
    pub(super) fn expr(&self, number: usize) -> BoundExpr {
        BoundExpr::Column { source: self.source, column: self.first + number }
    }

    /// How many columns it has.
    pub(super) fn width(&self) -> usize {
        match &self.columns {
            Columns::Table { schema, .. } => schema.columns.len(),
            Columns::Listed(columns) => columns.len(),
        }
    }

    /// The column of this number with its name.
    #[inline(never)]
    pub(super) fn column(&self, number: usize) -> Option<(Name, Kind<'c>)> {
        match &self.columns {
            Columns::Listed(columns) => columns.get(number).cloned(),
            Columns::Table { schema, renamed } => {
                let column = schema.columns.get(number)?;
                let name = renamed.get(number).cloned().unwrap_or_else(|| column.name.clone().into());
                Some((name, Kind::of_column(column)))
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
    pub(super) outer: Cell<Vec<BoundExpr>>,
    pub(super) subqueries: Cell<Vec<Subquery>>,
    /// The aggregates met; none where there can be none.
    pub(super) aggregates: Cell<Option<Vec<BoundAggregate>>>,
    /// The kinds of their values.
    pub(super) aggregate_kinds: Cell<Vec<Kind<'c>>>,
    /// The windows met; none where there can be none.
    pub(super) windows: Cell<Option<Box<dyn BlockWindows<'c> + 'c>>>,
    /// The aggregates that have an order of their own, if there are any.
    pub(super) ordered: Cell<Option<Box<dyn BlockWindows<'c> + 'c>>>,
    pub(super) commons: Option<Rc<Commons<'b>>>,
}

impl<'c> Block<'_, 'c> {
    /// The column of a name, here or in a query around.
    pub(super) fn column(&self, column: &ColumnRef) -> Typed<'c> {
        self.find(column).unwrap_or_else(|| {
            self.binder.fault.unknown("column", column);
            Typed::nothing()
        })
    }

    fn find(&self, column: &ColumnRef) -> Option<Typed<'c>> {
        let here = self.find_here(column);
        let Some(parent) = self.parent.filter(|_| IS_FULL && here.is_none()) else { return here };
        let Typed { expr, kind } = parent.find(column)?;
        let mut outer = self.outer.take();
        let known = outer.iter().position(|other| *other == expr);
        let number = known.unwrap_or(outer.len());
        if known.is_none() {
            outer.push(expr);
        }
        self.outer.set(outer);
        Some(Typed { expr: Operator::Outer(number, kind.data_type).of(Vec::new()), kind })
    }

    pub(super) fn find_here(&self, column: &ColumnRef) -> Option<Typed<'c>> {
        let shown = format_args!("{column} is in more than one table: name the table");
        self.find_among(&self.entries, column.table.as_ref(), &column.column, shown)
    }

    /// The column that a name means among some of the sources; what is said if it is one of several.
    pub(super) fn find_among(
        &self,
        entries: &[Entry<'c>],
        table: Option<&Name>,
        name: &Name,
        problem: fmt::Arguments<'_>,
    ) -> Option<Typed<'c>> {
        let mut found = None;
        for entry in entries {
            let is_meant = match table {
                Some(_) => entry.name.as_ref() == table,
                None => !entry.merged.contains(name),
            };
            if is_meant
                && let Some(typed) = entry.find(name, &self.binder.fault)
                && found.replace(typed).is_some()
            {
                self.binder.fault.say(format_args!("column {problem}"));
            }
        }
        found
    }

    /// The column of a source with its name and that of the source.
    pub(super) fn column_at(&self, source: usize, column: usize) -> Option<(Option<&Name>, Name, Kind<'c>)> {
        for entry in &self.entries {
            if entry.source == source
                && let Some(number) = column.checked_sub(entry.first)
                && let Some((name, kind)) = entry.column(number)
            {
                return Some((entry.name.as_ref(), name, kind));
            }
        }
        None
    }
}
