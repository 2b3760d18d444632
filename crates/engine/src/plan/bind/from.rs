//! What rows are taken from: tables, queries, values, and how they are joined.

use std::rc::Rc;
use std::sync::Arc;

use wasm_dbms_api::{
    ColumnSchema, Comparison, DataType, Expr, Join, JoinCondition, JoinKind, Name, Origin, Query, SetOperation, Source,
    TableSchema, Value,
};

use crate::Error;
use crate::catalog::Relation;
use crate::error::Fallible;
use crate::full::{IS_FULL, needs_full};
use crate::plan::BoundExpr;
use crate::plan::bind::expr::cast_to;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::names::{Block, Columns, Commons, Entry};
use crate::plan::bind::{BoundBody, BoundDerived, BoundQuery, BoundRows, BoundSource, MAX_SOURCES, Typed, bind_query};
use crate::plan::call::Operator;

/// Rows of another query before they are a source.
struct Rows<'c> {
    body: BoundBody,
    arguments: Vec<BoundExpr>,
    columns: Vec<(Name, Kind<'c>)>,
}

impl<'b, 'c> Block<'b, 'c> {
    /// The sources of a query and how they are joined.
    pub(super) fn from(&mut self, query: &'b Query, depth: usize) -> Fallible<BoundQuery> {
        let mut bound = BoundQuery::default();
        let first = self.source(&mut bound, &query.from, false, depth)?;
        self.enter(first)?;
        for join in &query.joins {
            self.join(&mut bound, join, depth)?;
        }
        Ok(bound)
    }

    fn enter(&mut self, entry: Entry<'c>) -> Fallible<()> {
        if let Some(name) = &entry.name
            && self.entries.iter().any(|other| other.name.as_ref() == Some(name))
        {
            return Err(Error::query(format_args!("table {name} is there twice: give one another name")));
        }
        self.entries.push(entry);
        Ok(())
    }

    fn join(&mut self, bound: &mut BoundQuery, join: &'b Join, depth: usize) -> Fallible<()> {
        let before = self.entries.len();
        match join.kind {
            JoinKind::Inner | JoinKind::Left => {
                let is_left = join.kind == JoinKind::Left;
                let entry = self.source(bound, &join.source, is_left, depth)?;
                self.enter(entry)?;
                let condition = self.join_condition(join, before, depth)?;
                match bound.sources.last_mut() {
                    Some(BoundSource { left: Some(left), .. }) if is_left => left.extend(condition),
                    _ => bound.conjuncts.extend(condition),
                }
            }
            JoinKind::Right | JoinKind::Full if !IS_FULL => needs_full()?,
            JoinKind::Right => {
                let rows = self.wrap(bound);
                let entry = self.source(bound, &join.source, false, depth)?;
                let (source, _) = self.push_rows(bound, rows, true)?;
                self.rename_wrapped(source);
                self.enter(entry)?;
                let condition = self.join_condition(join, before, depth)?;
                if let Some(BoundSource { left: Some(left), .. }) = bound.sources.last_mut() {
                    left.extend(condition);
                }
            }
            JoinKind::Full => self.full_join(bound, join, depth)?,
        }
        if bound.sources.len() > MAX_SOURCES {
            return Err(Error::query(format_args!("a question joins at most {MAX_SOURCES} tables")));
        }
        Ok(())
    }

    /// What makes rows of the sources before and of the last one partners.
    fn join_condition(&mut self, join: &Join, before: usize, depth: usize) -> Fallible<Vec<BoundExpr>> {
        let mut conjuncts = Vec::new();
        let names = match &join.condition {
            JoinCondition::Always => return Ok(conjuncts),
            JoinCondition::On(condition) => {
                let condition = self.condition(condition, depth)?;
                if !matches!(condition, BoundExpr::Literal(Value::Bool(true))) {
                    condition.split_conjunction(&mut conjuncts);
                }
                return Ok(conjuncts);
            }
            _ if !IS_FULL => return needs_full().map(|()| conjuncts),
            JoinCondition::Using(names) => names.clone(),
            JoinCondition::Natural => {
                let last = self.entries.get(before).map(Entry::every).unwrap_or_default();
                let mut names = Vec::new();
                for (name, _) in last {
                    if self.find_in(0..before, &name)?.is_some() {
                        names.push(name);
                    }
                }
                names
            }
        };
        if join.kind == JoinKind::Full && !names.is_empty() {
            return Err(Error::query(format_args!("a full join by the names of columns is not supported: say ON")));
        }
        for name in names {
            let unknown = || Error::Unknown { what: "column", name: name.to_string() };
            let left = self.find_in(0..before, &name)?.ok_or_else(unknown)?;
            let right = self.find_in(before..before + 1, &name)?.ok_or_else(unknown)?;
            let expr = Expr::column(&name).compare(Comparison::Equal, Expr::column(&name));
            left.kind.check_comparison(right.kind, &expr)?;
            conjuncts.push(BoundExpr::Compare(Comparison::Equal, left.expr.into(), right.expr.into()));
            // The column that is never missing is the one that the name means.
            let hidden = if join.kind == JoinKind::Right { 0..before } else { before..before + 1 };
            for entry in self.entries.get_mut(hidden).unwrap_or_default() {
                if entry.find(&name)?.is_some() {
                    entry.merged.push(name.clone());
                }
            }
        }
        Ok(conjuncts)
    }

    /// The column that a name alone means among some of the sources.
    fn find_in(&self, entries: std::ops::Range<usize>, name: &Name) -> Fallible<Option<Typed<'c>>> {
        let mut found = None;
        for entry in self.entries.get(entries).unwrap_or_default() {
            if entry.merged.contains(name) {
                continue;
            }
            if let Some(typed) = entry.find(name)?
                && found.replace(typed).is_some()
            {
                return Err(Error::query(format_args!("column {name} is in more than one table")));
            }
        }
        Ok(found)
    }

    /// Makes everything joined so far one source, and the block empty. Every column of it comes out in the order of the
    /// entries.
    fn wrap(&mut self, bound: &mut BoundQuery) -> Rows<'c> {
        let mut inner = std::mem::take(bound);
        let mut columns = Vec::new();
        for entry in &self.entries {
            for (name, Typed { expr, kind }) in entry.every() {
                inner.names.push(name.to_string());
                inner.outputs.push(expr);
                columns.push((name, kind));
            }
        }
        inner.subqueries = self.subqueries.take();
        Rows { body: BoundBody::Query(inner.into()), arguments: self.pass_outer(), columns }
    }

    /// Lets the entries name the columns of the source that [`wrap`](Self::wrap) made of them.
    fn rename_wrapped(&mut self, source: usize) {
        let mut column = 0;
        for entry in &mut self.entries {
            let renamed = entry.every().into_iter().map(|(name, typed)| {
                column += 1;
                (name, Typed { expr: BoundExpr::Column { source, column: column - 1 }, ..typed })
            });
            entry.columns = Columns::Listed(renamed.collect());
        }
    }

    /// A full join is two left joins, one each way: of the second only the rows without a partner.
    fn full_join(&mut self, bound: &mut BoundQuery, join: &'b Join, depth: usize) -> Fallible<()> {
        let before = self.entries.len();
        let left = self.wrap(bound);
        let left_columns = left.columns.clone();
        let mut marked = BoundQuery::default();
        let (source, _) = self.push_rows(&mut marked, left, false)?;
        self.rename_wrapped(source);
        let entry = self.source(&mut marked, &join.source, true, depth)?;
        let right_columns: Vec<(Name, Typed<'c>)> = entry.every();
        self.enter(entry)?;
        let condition = self.join_condition(join, before, depth)?;
        if marked.sources.len() != 2 || condition.iter().any(BoundExpr::asks) {
            return Err(Error::query(format_args!("a subquery in the condition of a full join is not supported")));
        }
        // With partners, or with NULLs where the right ones would be.
        let mut first = marked.clone();
        if let Some(BoundSource { left: Some(left), .. }) = first.sources.last_mut() {
            left.extend(condition.iter().cloned());
        }
        let from_left = (0..left_columns.len()).map(|column| BoundExpr::Column { source: 0, column });
        let from_right = right_columns.iter().map(|(_, typed)| typed.expr.clone());
        first.outputs = from_left.chain(from_right.clone()).collect();
        // The right ones without a partner: joined the other way, a mark of the left ones is missing.
        let mut second = marked;
        second.sources.reverse();
        let swap = |expr: &mut BoundExpr| {
            expr.for_each_mut(&mut |part| {
                if let BoundExpr::Column { source, .. } = part {
                    *source = 1 - (*source).min(1);
                }
            });
        };
        let mark = left_columns.len();
        if let [right, left] = second.sources.as_mut_slice() {
            right.left = None;
            let mut condition = condition;
            condition.iter_mut().for_each(swap);
            left.left = Some(condition);
            if let BoundRows::Derived(derived) = &mut left.rows {
                if let BoundBody::Query(query) = &mut derived.body {
                    query.outputs.push(BoundExpr::Literal(Value::Bool(true)));
                    query.names.push(String::new());
                }
                let mut columns = left_columns.clone();
                columns.push(("".into(), Kind::BOOL));
                derived.relation = Arc::new(relation_of(&columns)?);
            }
        }
        second.conjuncts.push(BoundExpr::IsNull(BoundExpr::Column { source: 1, column: mark }.into()));
        let mut from_right: Vec<BoundExpr> = from_right.collect();
        from_right.iter_mut().for_each(swap);
        second.outputs = left_columns.iter().map(|_| BoundExpr::Literal(Value::Null)).chain(from_right).collect();
        let columns = left_columns.into_iter().chain(right_columns.into_iter().map(|(name, typed)| (name, typed.kind)));
        let columns: Vec<(Name, Kind<'c>)> = columns.collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| name.to_string()).collect();
        (first.names, second.names) = (names.clone(), names);
        let (left, right) = (first.into(), second.into());
        let body = BoundBody::Set { operation: SetOperation::Union, all: true, left, right };
        let arguments = self.pass_outer();
        let (source, _) = self.push_rows(bound, Rows { body, arguments, columns }, false)?;
        self.rename_wrapped(source);
        Ok(())
    }

    /// Adds a source.
    fn source(
        &mut self,
        bound: &mut BoundQuery,
        source: &'b Source,
        is_left: bool,
        depth: usize,
    ) -> Fallible<Entry<'c>> {
        self.binder.count_source()?;
        let name = source.name().cloned();
        let rows = match &source.origin {
            Origin::Table(table) => match self.common(table) {
                Some(common) if IS_FULL => self.common_rows(&common, depth)?,
                _ => {
                    let relation = self.binder.catalog.find(table)?;
                    let schema = &*self.binder.catalog.relation(relation)?.schema;
                    check_names(source, schema.columns.len())?;
                    let number = bound.sources.len();
                    let left = is_left.then(Vec::new);
                    bound.sources.push(BoundSource { rows: BoundRows::Table(relation), left });
                    let columns = Columns::Table { source: number, schema, renamed: source.columns.clone() };
                    return Ok(Entry { name, columns, merged: Vec::new() });
                }
            },
            _ if !IS_FULL => return Err(Error::query(format_args!("{source} is not supported"))),
            Origin::Nothing => Rows { body: BoundBody::Nothing, arguments: Vec::new(), columns: Vec::new() },
            Origin::Query(query) => self.query_rows(query, depth)?,
            Origin::Values(rows) => self.values(rows, depth)?,
            Origin::Set { operation, all, left, right } => self.set(*operation, *all, left, right, depth)?,
            _ => return Err(Error::query(format_args!("{source} is not supported"))),
        };
        check_names(source, rows.columns.len())?;
        let mut rows = rows;
        for (column, name) in rows.columns.iter_mut().zip(&source.columns) {
            column.0 = name.clone();
        }
        let (_, columns) = self.push_rows(bound, rows, is_left)?;
        Ok(Entry { name, columns: Columns::Listed(columns), merged: Vec::new() })
    }

    /// Makes rows a source, or what they are made of sources of this query.
    fn push_rows(
        &self,
        bound: &mut BoundQuery,
        rows: Rows<'c>,
        is_left: bool,
    ) -> Fallible<(usize, Vec<(Name, Typed<'c>)>)> {
        let Rows { body, arguments, columns } = rows;
        let number = bound.sources.len();
        let relation = Arc::new(relation_of(&columns)?);
        let rows = BoundRows::Derived(BoundDerived { relation, body, arguments }.into());
        bound.sources.push(BoundSource { rows, left: is_left.then(Vec::new) });
        let typed = columns
            .into_iter()
            .enumerate()
            .map(|(column, (name, kind))| (name, Typed { expr: BoundExpr::Column { source: number, column }, kind }));
        Ok((number, typed.collect()))
    }

    /// The rows of a query in FROM. It does not see the sources beside it, only the query around.
    fn query_rows(&self, query: &Query, depth: usize) -> Fallible<Rows<'c>> {
        let (bound, arguments, kinds) = self.beside(query, depth)?;
        let columns = bound.names.iter().map(|name| name.clone().into()).zip(kinds).collect();
        Ok(Rows { body: BoundBody::Query(bound.into()), arguments, columns })
    }

    /// Binds a query that does not see the sources of this one.
    fn beside(&self, query: &Query, depth: usize) -> Fallible<super::Nested<'c>> {
        self.beside_with(query, self.commons.clone(), depth)
    }

    fn beside_with(
        &self,
        query: &Query,
        commons: Option<Rc<Commons<'_>>>,
        depth: usize,
    ) -> Fallible<super::Nested<'c>> {
        let blind = Block::new(self.binder, self.parent, None);
        blind.outer.replace(self.outer.borrow().clone());
        let bound = bind_query(self.binder, Some(&blind), commons, query, depth + 1);
        self.outer.replace(blind.outer.take());
        bound
    }

    fn values(&self, rows: &[Vec<Expr>], depth: usize) -> Fallible<Rows<'c>> {
        let width = rows.first().map_or(0, Vec::len);
        let blind = Block::new(self.binder, self.parent, self.commons.clone());
        blind.outer.replace(self.outer.borrow().clone());
        let mut columns: Vec<Vec<Typed<'c>>> = Vec::new();
        columns.resize_with(width, Vec::new);
        for row in rows {
            if row.len() != width {
                return Err(Error::query(format_args!("a row has {} values and the first {width}", row.len())));
            }
            for (column, expr) in columns.iter_mut().zip(row) {
                column.push(blind.bind(expr, depth + 1)?);
            }
        }
        let mut kinds = Vec::with_capacity(width);
        for (column, expr) in columns.iter_mut().zip(rows.iter().flatten()) {
            kinds.push(self.alike(column, expr)?);
        }
        self.outer.replace(blind.outer.take());
        if !blind.subqueries.borrow().is_empty() {
            return Err(Error::query(format_args!("a subquery among values is not supported: say SELECT")));
        }
        let mut bound = Vec::new();
        bound.resize_with(rows.len(), || Vec::with_capacity(width));
        for (column, kind) in columns.into_iter().zip(&kinds) {
            for (row, typed) in bound.iter_mut().zip(column) {
                row.push(cast_to(typed, *kind).expr);
            }
        }
        let body = BoundBody::Values(bound);
        let arguments = self.pass_outer();
        let columns = kinds.iter().enumerate().map(|(number, kind)| (format!("column{}", number + 1).into(), *kind));
        Ok(Rows { body, arguments, columns: columns.collect() })
    }

    pub(super) fn pass_outer(&self) -> Vec<BoundExpr> {
        (0..self.outer.borrow().len()).map(|number| Operator::Outer(number, None).of(Vec::new())).collect()
    }

    fn set(&self, operation: SetOperation, all: bool, left: &Query, right: &Query, depth: usize) -> Fallible<Rows<'c>> {
        let (mut left_bound, mut right_bound) = (self.beside(left, depth)?, self.beside(right, depth)?);
        let kinds = self.unify(&mut left_bound, &mut right_bound, left)?;
        let names: Vec<Name> = left_bound.0.names.iter().map(|name| name.clone().into()).collect();
        let arguments = join_arguments(&mut left_bound, &mut right_bound);
        let body = BoundBody::Set { operation, all, left: left_bound.0.into(), right: right_bound.0.into() };
        Ok(Rows { body, arguments, columns: names.into_iter().zip(kinds).collect() })
    }

    /// The query that a name in FROM means.
    fn common(&self, name: &Name) -> Option<Rc<Commons<'b>>> {
        let mut place = self.commons.clone();
        while let Some(common) = place {
            if common.table.name == *name {
                return Some(common);
            }
            place = common.before.clone();
        }
        None
    }

    fn common_rows(&self, common: &Rc<Commons<'b>>, depth: usize) -> Fallible<Rows<'c>> {
        let table = common.table;
        let mut rows = if let Some(number) = common.working {
            // Known from its first part, which was bound before.
            let (first, ..) = recursive_parts(table)?;
            let (bound, _, kinds) = self.beside_with(first, common.before.clone(), depth)?;
            let columns = bound.names.iter().map(|name| name.clone().into()).zip(kinds).collect();
            Rows { body: BoundBody::Working(number), arguments: Vec::new(), columns }
        } else if table.is_recursive && recursive_parts(table).is_ok() {
            self.recursive(common, depth)?
        } else {
            let (bound, arguments, kinds) = self.beside_with(&table.query, common.before.clone(), depth)?;
            let columns = bound.names.iter().map(|name| name.clone().into()).zip(kinds).collect();
            Rows { body: BoundBody::Query(bound.into()), arguments, columns }
        };
        if table.columns.len() > rows.columns.len() {
            let (name, count) = (&table.name, rows.columns.len());
            return Err(Error::query(format_args!("{name} has {count} columns, and names are given to more")));
        }
        for (column, name) in rows.columns.iter_mut().zip(&table.columns) {
            column.0 = name.clone();
        }
        Ok(rows)
    }

    fn recursive(&self, common: &Rc<Commons<'b>>, depth: usize) -> Fallible<Rows<'c>> {
        let table = common.table;
        let (first, next, all) = recursive_parts(table)?;
        let number = self.binder.recursions.get();
        self.binder.recursions.set(number + 1);
        let mut first = self.beside_with(first, common.before.clone(), depth)?;
        let working = Commons { table, before: common.before.clone(), working: Some(number) };
        let mut next = self.beside_with(next, Some(Rc::new(working)), depth)?;
        if next.2.len() != first.2.len() {
            return Err(Error::query(format_args!("{}: both parts must have the same columns", table.name)));
        }
        // The rows found last are rows of the first part's kind.
        let kinds = first.2.clone();
        for (number, (own, kind)) in next.2.iter().zip(&kinds).enumerate() {
            own.check_comparison(*kind, &Expr::column(&table.name))?;
            next.0.cast_output(number, *own, *kind);
        }
        let names: Vec<Name> = first.0.names.iter().map(|name| name.clone().into()).collect();
        let arguments = join_arguments(&mut first, &mut next);
        let body = BoundBody::Recursive { number, all, first: first.0.into(), next: next.0.into() };
        Ok(Rows { body, arguments, columns: names.into_iter().zip(kinds).collect() })
    }
}

/// The two parts of a query that names itself.
fn recursive_parts(table: &wasm_dbms_api::CommonTable) -> Fallible<(&Query, &Query, bool)> {
    match &table.query.from.origin {
        Origin::Set { operation: SetOperation::Union, all, left, right } => Ok((left, right, *all)),
        _ => Err(Error::query(format_args!("{}: a query that names itself is a union of two", table.name))),
    }
}

/// Lets both queries be given the same values of the row around.
fn join_arguments(left: &mut super::Nested<'_>, right: &mut super::Nested<'_>) -> Vec<BoundExpr> {
    let mut arguments = std::mem::take(&mut left.1);
    let moved = arguments.len();
    right.0.shift_outer(moved);
    arguments.append(&mut right.1);
    arguments
}

fn check_names(source: &Source, count: usize) -> Fallible<()> {
    if source.columns.len() > count {
        return Err(Error::query(format_args!("{source} has {count} columns, and names are given to more")));
    }
    Ok(())
}

/// A table that rows of these columns could stand in.
pub(super) fn relation_of(columns: &[(Name, Kind<'_>)]) -> Fallible<Relation> {
    let mut schema = TableSchema::new("");
    for (number, (name, kind)) in columns.iter().enumerate() {
        // Names may be there twice here; who asks for one that is, is refused.
        let name = if name.is_empty() { format!("column{number}") } else { name.to_string() };
        let mut column = ColumnSchema::new(name, kind.data_type.unwrap_or(DataType::Text)).nullable();
        column.variants = kind.variants.to_vec();
        schema = schema.column(column);
    }
    Relation::of_rows(&schema)
}
