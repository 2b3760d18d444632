//! What rows are taken from: tables, queries, values, and how they are joined.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use wasm_dbms_api::{
    ColumnSchema, CommonTable, Comparison, DataType, Expr, Join, JoinCondition, JoinKind, Name, Origin, Part, Query,
    SetOperation, Source, TableSchema, Value,
};

use crate::catalog::Relation;
use crate::error::Fallible;
use crate::full::IS_FULL;
use crate::plan::bind::expr::cast_to;
use crate::plan::bind::fault::Fault;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::names::{Block, Columns, Commons, Entry};
use crate::plan::bind::{Binder, MAX_SOURCES, Nested, Typed, bind_query};
use crate::plan::call::Operator;
use crate::plan::{Body, BodyKind, BoundExpr, Derived, Plan, PlanSource, Rows};

/// Rows that belong to no table, before they are a source.
struct Made<'c> {
    body: Body,
    arguments: Vec<BoundExpr>,
    columns: Vec<(Name, Kind<'c>)>,
}

impl<'c> Made<'c> {
    const NOTHING: Self = Self {
        body: Body { kind: BodyKind::Nothing, queries: Vec::new() },
        arguments: Vec::new(),
        columns: Vec::new(),
    };

    /// The rows of a query.
    fn of((bound, arguments, columns): Nested<'c>) -> Self {
        Self { body: Body::of(bound), arguments, columns }
    }

    /// Gives the first columns these names.
    fn rename(&mut self, names: &[Name]) {
        for (column, name) in self.columns.iter_mut().zip(names) {
            column.0.clone_from(name);
        }
    }
}

impl<'b, 'c> Block<'b, 'c> {
    /// The sources of a query and how they are joined.
    pub(super) fn from(&mut self, query: &'b Query, bound: &mut Box<Plan>, depth: usize) {
        let first = self.source(bound, &query.from, false, depth);
        self.enter(first);
        for join in &query.joins {
            // Each may put what was joined before one query deeper, and no more than so many are counted on.
            if self.binder.fault.is_there() {
                break;
            }
            self.join(bound, join, depth);
        }
    }

    fn enter(&mut self, entry: Entry<'c>) {
        if let Some(name) = &entry.name
            && self.entries.iter().any(|other| other.name.as_ref() == Some(name))
        {
            self.binder.fault.say(format_args!("table {name} is there twice: give one another name"));
        }
        self.entries.push(entry);
    }

    fn join(&mut self, bound: &mut Box<Plan>, join: &'b Join, depth: usize) {
        let before = self.entries.len();
        let is_left = match join.kind {
            JoinKind::Inner => false,
            JoinKind::Left => true,
            JoinKind::Right | JoinKind::Full if !IS_FULL => return self.binder.fault.needs_full(),
            JoinKind::Right => true,
            JoinKind::Full => return self.full_join(bound, join, depth),
        };
        if join.kind == JoinKind::Right {
            let rows = self.wrap(bound);
            let entry = self.source(bound, &join.source, false, depth);
            let (source, _) = self.push_rows(bound, rows, true);
            self.rename_wrapped(source);
            self.enter(entry);
        } else {
            let entry = self.source(bound, &join.source, is_left, depth);
            self.enter(entry);
        }
        let mut condition = self.join_condition(join, before, depth);
        match bound.sources.last_mut() {
            Some(PlanSource { left: Some(left), .. }) if is_left => left.append(&mut condition),
            _ => bound.conjuncts.append(&mut condition),
        }
        if bound.sources.len() > MAX_SOURCES {
            self.binder.fault.say(format_args!("a question joins at most {MAX_SOURCES} tables"));
        }
    }

    /// What makes rows of the sources before and of the last one partners.
    fn join_condition(&mut self, join: &Join, before: usize, depth: usize) -> Vec<BoundExpr> {
        let Binder { fault, .. } = self.binder;
        let mut conjuncts = Vec::new();
        let mut names = Vec::new();
        match &join.condition {
            JoinCondition::Always => {}
            JoinCondition::On(condition) => self.conjuncts(condition, &mut conjuncts, depth),
            _ if !IS_FULL => fault.needs_full(),
            JoinCondition::Using(own) => names.clone_from(own),
            JoinCondition::Natural => {
                for number in 0.. {
                    let column = self.entries.get(before).and_then(|entry| entry.column(number));
                    let Some((name, _)) = column else { break };
                    if self.find_in(0..before, &name).is_some() {
                        names.push(name);
                    }
                }
            }
        }
        if !IS_FULL {
            return conjuncts;
        }
        if join.kind == JoinKind::Full && !names.is_empty() {
            fault.say(format_args!("a full join by the names of columns is not supported: say ON"));
        }
        for name in names {
            let left = self.named_in(0..before, &name);
            let right = self.named_in(before..before + 1, &name);
            let expr = Expr::column(&name).compare(Comparison::Equal, Expr::column(&name));
            left.kind.check_comparison(right.kind, &expr, fault);
            conjuncts.push(BoundExpr::Compare(Comparison::Equal, left.expr.into(), right.expr.into()));
            // The column that is never missing is the one that the name means.
            let hidden = if join.kind == JoinKind::Right { 0..before } else { before..before + 1 };
            for entry in self.entries.get_mut(hidden).unwrap_or_default() {
                if entry.find(&name, fault).is_some() {
                    entry.merged.push(name.clone());
                }
            }
        }
        conjuncts
    }

    /// The column of a name that must be there.
    #[inline(never)]
    fn named_in(&self, entries: Range<usize>, name: &Name) -> Typed<'c> {
        let found = self.find_in(entries, name);
        if found.is_none() {
            self.binder.fault.unknown("column", name);
        }
        found.unwrap_or(Typed::nothing())
    }

    /// The column that a name alone means among some of the sources.
    fn find_in(&self, entries: Range<usize>, name: &Name) -> Option<Typed<'c>> {
        let entries = self.entries.get(entries).unwrap_or_default();
        self.find_among(entries, None, name, format_args!("{name} is in more than one table"))
    }

    /// Makes everything joined so far one source, and the block empty. Every column of it comes out in the order of the
    /// entries.
    fn wrap(&mut self, bound: &mut Box<Plan>) -> Made<'c> {
        let mut inner = std::mem::take(bound);
        let mut columns = Vec::new();
        for entry in &self.entries {
            for number in 0.. {
                let Some((name, kind)) = entry.column(number) else { break };
                inner.outputs.push(entry.expr(number));
                columns.push((name, kind));
            }
        }
        inner.subqueries = self.subqueries.take();
        Made { body: Body::of(inner), arguments: self.pass_outer(), columns }
    }

    /// Lets the entries name the columns of the source that [`wrap`](Self::wrap) made of them.
    fn rename_wrapped(&mut self, source: usize) {
        let mut first = 0;
        for entry in &mut self.entries {
            let mut columns = Vec::new();
            while let Some(column) = entry.column(columns.len()) {
                columns.push(column);
            }
            (entry.source, entry.first) = (source, first);
            first += columns.len();
            entry.columns = Columns::Listed(columns);
        }
    }

    /// A full join is two left joins, one each way: of the second only the rows without a partner.
    fn full_join(&mut self, bound: &mut Box<Plan>, join: &'b Join, depth: usize) {
        let before = self.entries.len();
        let left = self.wrap(bound);
        let mut columns = left.columns.clone();
        let mark = columns.len();
        let mut marked = Box::<Plan>::default();
        let (source, _) = self.push_rows(&mut marked, left, false);
        self.rename_wrapped(source);
        let entry = self.source(&mut marked, &join.source, true, depth);
        let mut from_right = Vec::new();
        while let Some(column) = entry.column(from_right.len()) {
            from_right.push(entry.expr(from_right.len()));
            columns.push(column);
        }
        self.enter(entry);
        let mut condition = self.join_condition(join, before, depth);
        if marked.sources.len() != 2 || condition.iter().any(BoundExpr::asks) {
            let problem = format_args!("a subquery in the condition of a full join is not supported");
            return self.binder.fault.say(problem);
        }
        // With partners, or with NULLs where the right ones would be.
        let mut first = marked.clone();
        if let Some(PlanSource { left: Some(left), .. }) = first.sources.last_mut() {
            left.extend_from_slice(&condition);
        }
        for column in 0..mark {
            first.outputs.push(BoundExpr::Column { source: 0, column });
        }
        first.outputs.extend_from_slice(&from_right);
        // The right ones without a partner: joined the other way, a mark of the left ones is missing.
        let mut second = marked;
        second.sources.reverse();
        for expr in condition.iter_mut().chain(&mut from_right) {
            expr.for_each_mut(&mut |part| {
                if let BoundExpr::Column { source, .. } = part {
                    *source = 1 - (*source).min(1);
                }
            });
        }
        if let [right, left] = second.sources.as_mut_slice() {
            right.left = None;
            left.left = Some(condition);
            if let Rows::Derived(derived) = &mut left.rows {
                if let [query] = derived.body.queries.as_mut_slice() {
                    query.outputs.push(BoundExpr::Literal(Value::Bool(true)));
                }
                let mut columns = columns.get(..mark).unwrap_or_default().to_vec();
                columns.push(("".into(), Kind::BOOL));
                if let Some(relation) = self.binder.fault.kept(relation_of(&columns)) {
                    derived.relation = relation;
                }
            }
        }
        second.conjuncts.push(BoundExpr::IsNull(BoundExpr::Column { source: 1, column: mark }.into()));
        for _ in 0..mark {
            second.outputs.push(BoundExpr::Literal(Value::Null));
        }
        second.outputs.append(&mut from_right);
        let kind = BodyKind::Set { operation: SetOperation::Union, all: true };
        let body = Body { kind, queries: vec![first, second] };
        let arguments = self.pass_outer();
        let (source, _) = self.push_rows(bound, Made { body, arguments, columns }, false);
        self.rename_wrapped(source);
    }

    /// Adds a source.
    fn source(&mut self, bound: &mut Box<Plan>, source: &'b Source, is_left: bool, depth: usize) -> Entry<'c> {
        let Binder { catalog, fault, .. } = self.binder;
        self.binder.count_source();
        let name = source.name().cloned();
        let rows = match &source.origin {
            Origin::Table(table) => match self.common(table) {
                Some(common) if IS_FULL => self.common_rows(&common, depth),
                _ => {
                    let number = bound.sources.len();
                    let found = catalog.find(table).and_then(|relation| Ok((relation, catalog.relation(relation)?)));
                    let Some((relation, found)) = fault.kept(found) else {
                        return Entry::new(name, number, Columns::Listed(Vec::new()));
                    };
                    self.binder.note_table(relation);
                    check_names(source, found.schema.columns.len(), fault);
                    let left = is_left.then(Vec::new);
                    bound.sources.push(PlanSource { rows: Rows::Table(relation), left });
                    let columns = Columns::Table { schema: &found.schema, renamed: source.columns.clone() };
                    return Entry::new(name, number, columns);
                }
            },
            Origin::Nothing if IS_FULL => Made::NOTHING,
            Origin::Query(query) if IS_FULL => Made::of(self.beside(query, depth)),
            Origin::Values(rows) if IS_FULL => self.values(rows, depth),
            Origin::Set { operation, all, left, right } if IS_FULL => self.set(*operation, *all, left, right, depth),
            _ => {
                fault.say(format_args!("{source} is not supported"));
                Made::NOTHING
            }
        };
        check_names(source, rows.columns.len(), fault);
        let mut rows = rows;
        rows.rename(&source.columns);
        let (number, columns) = self.push_rows(bound, rows, is_left);
        Entry::new(name, number, Columns::Listed(columns))
    }

    /// Makes rows a source.
    fn push_rows(&self, bound: &mut Box<Plan>, rows: Made<'c>, is_left: bool) -> (usize, Vec<(Name, Kind<'c>)>) {
        let Made { body, arguments, columns } = rows;
        let number = bound.sources.len();
        if let Some(relation) = self.binder.fault.kept(relation_of(&columns)) {
            let rows = Rows::Derived(Derived { relation, body, arguments }.into());
            bound.sources.push(PlanSource { rows, left: is_left.then(Vec::new) });
        }
        (number, columns)
    }

    /// Binds a query in FROM. It does not see the sources beside it, only the query around.
    fn beside(&self, query: &Query, depth: usize) -> Nested<'c> {
        self.beside_with(query, self.commons.clone(), depth)
    }

    #[inline(never)]
    fn beside_with(&self, query: &Query, commons: Option<Rc<Commons<'_>>>, depth: usize) -> Nested<'c> {
        let blind = Block::new(self.binder, self.parent, None);
        blind.outer.set(self.outer.take());
        let bound = bind_query(self.binder, Some(&blind), commons, query, depth + 1);
        self.outer.set(blind.outer.take());
        bound
    }

    fn values(&self, rows: &[Vec<Expr>], depth: usize) -> Made<'c> {
        let fault = &self.binder.fault;
        let width = rows.first().map_or(0, Vec::len);
        let blind = Block::new(self.binder, self.parent, self.commons.clone());
        blind.outer.set(self.outer.take());
        let mut bound = Vec::with_capacity(rows.len());
        for row in rows {
            if row.len() != width {
                fault.say(format_args!("a row has {} values and the first {width}", row.len()));
                break;
            }
            bound.push(Vec::with_capacity(width));
        }
        let mut named = Vec::with_capacity(width);
        for (number, first) in rows.iter().take(1).flatten().enumerate() {
            let mut column = Vec::with_capacity(rows.len());
            for expr in rows.iter().filter_map(|row| row.get(number)) {
                column.push(blind.bind(expr, depth + 1));
            }
            let kind = self.alike(&mut column, first);
            named.push((format!("column{}", number + 1).into(), kind));
            for (row, typed) in bound.iter_mut().zip(column) {
                row.push(cast_to(typed, kind));
            }
        }
        self.outer.set(blind.outer.take());
        if !blind.subqueries.take().is_empty() {
            fault.say(format_args!("a subquery among values is not supported: say SELECT"));
        }
        let body = Body { kind: BodyKind::Values(bound), queries: Vec::new() };
        Made { body, arguments: self.pass_outer(), columns: named }
    }

    pub(super) fn pass_outer(&self) -> Vec<BoundExpr> {
        let outer = self.outer.take();
        let mut passed = Vec::new();
        for number in 0..outer.len() {
            passed.push(Operator::Outer(number, None).of(Vec::new()));
        }
        self.outer.set(outer);
        passed
    }

    fn set(
        &self,
        operation: SetOperation,
        all: bool,
        left: &Part<Query>,
        right: &Part<Query>,
        depth: usize,
    ) -> Made<'c> {
        let whole = left;
        let (mut left, mut right) = (self.beside(left, depth), self.beside(right, depth));
        self.unify(&mut left, &mut right, whole);
        let arguments = join_arguments(&mut left, &mut right);
        let body = Body { kind: BodyKind::Set { operation, all }, queries: vec![left.0, right.0] };
        Made { body, arguments, columns: left.2 }
    }

    /// The query that a name in FROM means.
    fn common(&self, name: &Name) -> Option<Rc<Commons<'b>>> {
        let mut place = self.commons.as_ref();
        while let Some(common) = place {
            if common.table.name == *name {
                return Some(Rc::clone(common));
            }
            place = common.before.as_ref();
        }
        None
    }

    fn common_rows(&self, common: &Commons<'b>, depth: usize) -> Made<'c> {
        let fault = &self.binder.fault;
        let table = common.table;
        let beside = |query| self.beside_with(query, common.before.clone(), depth);
        let mut rows = match (common.working, recursive_parts(table)) {
            // Known from its first part, which was bound before.
            (Some(number), Some((first, ..))) => {
                let (.., columns) = beside(first);
                let body = Body { kind: BodyKind::Working(number), queries: Vec::new() };
                Made { body, arguments: Vec::new(), columns }
            }
            (None, Some((first, next, all))) if table.is_recursive => {
                let number = self.binder.recursions.replace(self.binder.recursions.get() + 1);
                let mut first = beside(first);
                let working = Commons { table, before: common.before.clone(), working: Some(number) };
                let mut next = self.beside_with(next, Some(Rc::new(working)), depth);
                if next.2.len() != first.2.len() {
                    fault.of(&table.name, format_args!("both parts must have the same columns"));
                }
                // The rows found last are rows of the first part's kind.
                for (number, ((_, own), (_, kind))) in next.2.iter().zip(&first.2).enumerate() {
                    own.check_comparison(*kind, &Expr::column(&table.name), fault);
                    next.0.cast_output(number, *own, *kind);
                }
                let arguments = join_arguments(&mut first, &mut next);
                let body = Body { kind: BodyKind::Recursive { number, all }, queries: vec![first.0, next.0] };
                Made { body, arguments, columns: first.2 }
            }
            _ => Made::of(beside(&table.query)),
        };
        if table.columns.len() > rows.columns.len() {
            let (name, count) = (&table.name, rows.columns.len());
            fault.say(format_args!("{name} has {count} columns, and names are given to more"));
        }
        rows.rename(&table.columns);
        rows
    }
}

/// The two parts of a query that may name itself: a union.
fn recursive_parts(table: &CommonTable) -> Option<(&Query, &Query, bool)> {
    match &table.query.from.origin {
        Origin::Set { operation: SetOperation::Union, all, left, right } => Some((left, right, *all)),
        _ => None,
    }
}

/// Lets both queries be given the same values of the row around.
fn join_arguments(left: &mut Nested<'_>, right: &mut Nested<'_>) -> Vec<BoundExpr> {
    let mut arguments = std::mem::take(&mut left.1);
    let moved = arguments.len();
    right.0.shift_outer(moved);
    arguments.append(&mut right.1);
    arguments
}

fn check_names(source: &Source, count: usize, fault: &Fault) {
    if source.columns.len() > count {
        fault.say(format_args!("{source} has {count} columns, and names are given to more"));
    }
}

/// A table that rows of these columns could stand in.
pub(in crate::plan) fn relation_of(columns: &[(Name, Kind<'_>)]) -> Fallible<Arc<Relation>> {
    let mut schema = TableSchema::new("");
    for (number, (name, kind)) in columns.iter().enumerate() {
        // Names may be there twice here; who asks for one that is, is refused.
        let name = if name.is_empty() { format!("column{number}") } else { name.to_string() };
        let mut column = ColumnSchema::new(name, kind.data_type.unwrap_or(DataType::Text)).nullable();
        column.variants = kind.variants.to_vec();
        schema.columns.push(column);
    }
    Relation::of_rows(&schema).map(Arc::new)
}
