//! Rows that come and change, and what follows from that for those that refer to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasm_dbms::{Expr, ReferentialAction, TableSchema, Value};

use crate::model::Merge;
use crate::model::oracle::eval::{Bound, Scope};
use crate::model::oracle::follow::Event;
use crate::model::oracle::table::{Reference, RowKey};
use crate::model::oracle::{Refusal, Row, State, Table, Verdict};

/// The value as its column has it: the name of an enum with its number.
pub(super) fn of_column(schema: &TableSchema, column: usize, value: &Value) -> Value {
    let variant = match (schema.columns.get(column), value) {
        (Some(column), Value::Text(name)) => column.variant(name),
        _ => None,
    };
    variant.map_or_else(|| value.clone(), |variant| variant.to_value())
}

/// Why a column cannot have a value.
pub(super) fn misfit(table: &Table, column: usize, value: &Value) -> Option<Refusal> {
    let schema = table.schema().columns.get(column)?;
    let name = || table.full_name(&[column]);
    if value.is_null() {
        return (!schema.nullable).then(|| Refusal::NotNull(name()));
    }
    (!schema.holds(value.as_ref())).then(|| Refusal::Type(name()))
}

/// What the sanitizers of a column make of a value. What it cannot hold passes: it is refused as such.
pub(super) fn sanitized(schema: &TableSchema, column: usize, mut value: Value) -> Value {
    let Some(column) = schema.columns.get(column) else { return value };
    for sanitizer in &column.sanitizers {
        if value.is_null() || !column.holds(value.as_ref()) {
            break;
        }
        if let Some(changed) = sanitizer.apply(value.as_ref(), column.data_type) {
            value = changed;
        }
    }
    value
}

/// What the rules of a column make of a value, and whether they refuse it.
fn ruled(table: &Table, column: usize, value: Value) -> (Value, Option<Refusal>) {
    let value = sanitized(table.schema(), column, value);
    let refuses = table.schema().columns.get(column).is_some_and(|column| {
        let is_asked = !value.is_null() && column.holds(value.as_ref());
        is_asked && !column.validators.iter().all(|validator| validator.accepts(value.as_ref()))
    });
    (value, refuses.then(|| Refusal::Validation(table.full_name(&[column]))))
}

/// The checks of a table that a row breaks.
pub(super) fn broken_checks(table: &Table, row: &Row) -> Vec<Refusal> {
    let schema = table.schema();
    let is_broken = |condition: &Expr| {
        Bound::of(condition, &Scope(vec![schema])).is_some_and(|bound| bound.truth(&[row]) == Some(false))
    };
    let broken = schema.checks.iter().filter(|check| is_broken(&check.condition));
    broken.map(|check| Refusal::Check(format!("{}: {}", table.name(), check.label()))).collect()
}

impl State {
    /// Rows come, in one statement.
    pub fn insert(&self, table: &str, columns: &[String], rows: &[Vec<Value>]) -> Verdict {
        let Some(own) = self.table(table) else { return Verdict::refused(Refusal::Unknown) };
        let places: Option<Vec<usize>> = columns.iter().map(|column| own.schema().position(column)).collect();
        let Some(places) = places else { return Verdict::refused(Refusal::Unknown) };
        let mut next = self.clone();
        // What a row of a statement of many breaks, another one may mend.
        let waits = rows.len() > 1;
        for values in rows {
            let refusals = next.insert_row(table, &places, values, waits);
            if !refusals.is_empty() {
                return Verdict::refused_with(refusals, false);
            }
        }
        Verdict::unless_broken(next, &BTreeSet::from([table.to_owned()]), rows.len() as u64)
    }

    /// A row comes; references to its own table are looked at later if it `waits`. Returns why not.
    fn insert_row(&mut self, name: &str, places: &[usize], values: &[Value], waits: bool) -> Vec<Refusal> {
        let Some(table) = self.table(name) else { return vec![Refusal::Unknown] };
        let schema = table.schema();
        let mut refusals = Vec::new();
        let mut row: Vec<Value> = Vec::with_capacity(schema.columns.len());
        for (number, column) in schema.columns.iter().enumerate() {
            let given = places.iter().position(|place| *place == number).and_then(|place| values.get(place));
            row.push(match given {
                Some(value) => {
                    let (value, refusal) = ruled(table, number, of_column(schema, number, value));
                    refusals.extend(refusal);
                    value
                }
                None if column.autoincrement => {
                    let high = column.data_type.integer_range().map_or(0, |(_, high)| high);
                    match table.counter().checked_add(1).filter(|next| *next <= high) {
                        Some(next) => Value::from(next),
                        None => {
                            refusals.push(Refusal::OutOfRange);
                            Value::from(0)
                        }
                    }
                }
                None => {
                    let (value, refusal) = ruled(table, number, column.default.clone().unwrap_or_default());
                    refusals.extend(refusal);
                    value
                }
            });
        }
        refusals.extend(row.iter().enumerate().filter_map(|(number, value)| misfit(table, number, value)));
        if !refusals.is_empty() {
            return refusals;
        }
        let row: Row = row.into();
        let number = if table.shape.is_clustered { Some(0) } else { table.counter().checked_add(1) };
        refusals.extend(number.is_none().then_some(Refusal::OutOfRange));
        refusals.extend(broken_checks(table, &row));
        refusals.extend(table.collisions(&row));
        refusals.extend(self.dangling(name, &row, None, waits));
        if refusals.is_empty()
            && let (Some(number), Some(table)) = (number, self.table_mut(name))
        {
            table.count_row(&row);
            // Where rows have numbers, those and the column that counts up share the counter.
            table.count_to(number);
            table.put(table.key_of(&row, table.counter()), row);
        }
        refusals
    }

    /// The references of a row that lead to no row; of a row that was another before, only those that changed, and without
    /// those to its own table if it `waits`. The row itself need not be there.
    fn dangling(&self, name: &str, row: &Row, before: Option<&Row>, waits: bool) -> Vec<Refusal> {
        let Some(table) = self.table(name) else { return Vec::new() };
        let is_dangling = |reference: &&Reference| {
            let Some(given) = reference.given(row) else { return false };
            let is_same = before.is_some_and(|before| {
                let is_same = |column: &usize| match (before.get(*column), row.get(*column)) {
                    (Some(old), Some(new)) => old.as_ref().is_identical(new.as_ref()),
                    _ => false,
                };
                reference.columns.iter().all(is_same)
            });
            let is_own = reference.table == name && (waits || reference.offers(row, &given));
            !is_same && !is_own && !self.offers(reference, &given)
        };
        let dangling = table.shape.references.iter().filter(is_dangling);
        dangling.map(|reference| Refusal::ForeignKey(table.full_name(&reference.columns))).collect()
    }

    /// Whether a row is there that has these values where a reference leads.
    fn offers(&self, reference: &Reference, given: &Row) -> bool {
        let parent = self.table(&reference.table);
        parent.is_some_and(|parent| parent.rows().any(|row| reference.offers(row, given)))
    }

    /// The references from and to these tables that lead to no row.
    pub(super) fn broken(&self, names: &BTreeSet<String>) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for child in &self.tables {
            let is_meant = |reference: &&Reference| names.contains(child.name()) || names.contains(&reference.table);
            for reference in child.shape.references.iter().filter(is_meant) {
                let parents = self.table(&reference.table).into_iter().flat_map(Table::rows);
                let parents: BTreeSet<RowKey> =
                    parents.filter_map(|row| reference.offered(row)).map(RowKey::Values).collect();
                let leads_nowhere =
                    |row: &Row| reference.given(row).is_some_and(|given| !parents.contains(&RowKey::Values(given)));
                if child.rows().any(leads_nowhere) {
                    refusals.push(Refusal::ForeignKey(child.full_name(&reference.columns)));
                }
            }
        }
        refusals
    }

    /// What is wrong with the rows of all tables; nothing, however they came together.
    pub(crate) fn unsound(&self) -> Vec<Refusal> {
        let mut refusals = self.broken(&self.tables.iter().map(|table| table.name().to_owned()).collect());
        for table in &self.tables {
            let mut others = (**table).clone();
            for (key, row) in table.entries() {
                others.remove(key);
                refusals.extend(others.collisions(row));
                refusals.extend(broken_checks(table, row));
            }
        }
        refusals
    }

    /// The keys of the rows of a table that a filter keeps; none if it names what there is not.
    pub(super) fn kept(&self, table: &Table, filter: Option<&Expr>) -> Option<Vec<RowKey>> {
        let Some(filter) = filter else { return Some(table.entries().map(|(key, _)| key.clone()).collect()) };
        let filter = Bound::of(filter, &Scope(vec![table.schema()]))?;
        let kept = table.entries().filter(|(_, row)| filter.truth(&[&***row]) == Some(true));
        Some(kept.map(|(key, _)| key.clone()).collect())
    }

    /// Rows change.
    pub fn update(&self, name: &str, values: &[(String, Expr)], filter: Option<&Expr>) -> Verdict {
        let Some(table) = self.table(name) else { return Verdict::refused(Refusal::Unknown) };
        let scope = Scope(vec![table.schema()]);
        let place = |(column, value): &(String, Expr)| Some((table.schema().position(column)?, value.clone()));
        let Some(values) = values.iter().map(place).collect::<Option<Vec<(usize, Expr)>>>() else {
            return Verdict::refused(Refusal::Unknown);
        };
        let Some(sets) = sets(&values, &scope) else { return Verdict::refused(Refusal::Unknown) };
        let Some(keys) = self.kept(table, filter) else { return Verdict::refused(Refusal::Unknown) };
        if keys.is_empty() {
            return Verdict::of(self.clone(), 0);
        }
        if keys.len() > 1 && self.depends_on_order(table, &values) {
            return Verdict::undecided();
        }
        let is_loose = keys.len() > 1 || self.is_tied(table);
        let mut refusals = Vec::new();
        let mut changes: Vec<(&RowKey, Row)> = Vec::new();
        for key in &keys {
            let Some(row) = table.get(key) else { continue };
            let (row, refused) = with_sets(table, row, &sets, &[row]);
            refusals.extend(refused);
            changes.push((key, row));
        }
        if !refusals.is_empty() {
            return Verdict::refused_with(refusals, is_loose);
        }
        if changes.iter().any(|(key, row)| table.get(key).is_some_and(|before| table.refers_to_its_past(before, row))) {
            return Verdict::undecided();
        }
        let mut next = self.clone();
        let mut touched = BTreeSet::new();
        for (key, row) in &changes {
            refusals.extend(next.change(name, key, row, true, &mut touched));
        }
        if refusals.contains(&Refusal::OfSomeOrder) {
            return Verdict::undecided();
        }
        if refusals.is_empty() {
            return Verdict { is_loose, ..Verdict::unless_broken(next, &touched, keys.len() as u64) };
        }
        Verdict::refused_with(refusals, is_loose)
    }

    /// Whether rows of a table refer to others, or others to them.
    fn is_tied(&self, table: &Table) -> bool {
        let mut references = self.tables.iter().flat_map(|child| &child.shape.references);
        !table.shape.references.is_empty() || references.any(|reference| reference.table == table.name())
    }

    /// Whether the order in which rows change may decide what they become: others change with them, or one takes
    /// the key that another has until it changes too.
    fn depends_on_order(&self, table: &Table, values: &[(usize, Expr)]) -> bool {
        let is_set = |column: &usize| values.iter().any(|(set, _)| set == column);
        let is_computed =
            |column: &usize| values.iter().any(|(set, value)| set == column && !matches!(value, Expr::Literal(_)));
        if std::iter::once(&table.shape.key).chain(&table.shape.uniques).flatten().any(is_computed) {
            return true;
        }
        self.tables.iter().flat_map(|child| &child.shape.references).any(|reference| {
            reference.table == table.name()
                && reference.on_update != ReferentialAction::Restrict
                && reference.referred.iter().any(is_set)
        })
    }

    /// A row becomes another; what its statement may mend is looked at later. Returns why not.
    fn change(
        &mut self,
        name: &str,
        key: &RowKey,
        row: &Row,
        waits: bool,
        touched: &mut BTreeSet<String>,
    ) -> Vec<Refusal> {
        touched.insert(name.to_owned());
        let Some(table) = self.table_mut(name) else { return Vec::new() };
        let Some(before) = table.remove(key) else { return Vec::new() };
        let mut refusals: Vec<Refusal> =
            row.iter().enumerate().filter_map(|(column, value)| misfit(table, column, value)).collect();
        refusals.extend(broken_checks(table, row));
        refusals.extend(table.collisions(row));
        refusals.extend(self.dangling(name, row, Some(&before), waits));
        let Some(table) = self.table_mut(name) else { return refusals };
        if !refusals.is_empty() {
            table.put(key.clone(), before);
            return refusals;
        }
        let new_key = if table.shape.is_clustered { table.key_of(row, 0) } else { key.clone() };
        table.put(new_key, Arc::clone(row));
        table.count_row(row);
        let after = Some(Arc::clone(row));
        self.follow(vec![Event { table: name.to_owned(), before, after }], touched)
    }
}

/// What columns are set to, with places for names; none if one is unknown.
fn sets<'a>(values: &'a [(usize, Expr)], scope: &Scope<'_>) -> Option<Vec<(usize, Bound<'a>)>> {
    values.iter().map(|(column, value)| Some((*column, Bound::of(value, scope)?))).collect()
}

/// A row with columns set to what is computed from `scope`, and why it cannot be.
fn with_sets(table: &Table, row: &Row, sets: &[(usize, Bound<'_>)], scope: &[&Row]) -> (Row, Vec<Refusal>) {
    let scope: Vec<&[Value]> = scope.iter().map(|row| &***row).collect();
    let mut refusals = Vec::new();
    let mut new = row.to_vec();
    for (column, value) in sets {
        let computed = match value.checked_value(&scope) {
            Ok(value) => value,
            Err(refusal) => {
                refusals.push(refusal);
                Value::Null
            }
        };
        let (computed, refusal) = ruled(table, *column, of_column(table.schema(), *column, &computed));
        refusals.extend(refusal);
        let misfit = misfit(table, *column, &computed);
        // A sum may be refused before its column refuses it.
        refusals.extend(misfit.as_ref().filter(|_| matches!(value, Bound::Sum(..))).map(|_| Refusal::OutOfRange));
        refusals.extend(misfit);
        if let Some(place) = new.get_mut(*column) {
            *place = computed;
        }
    }
    (new.into(), refusals)
}

/// What becomes of the rows of an upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Merged {
    pub(crate) inserted: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
}

impl Merged {
    /// All three as one number.
    pub(crate) fn count(self) -> u64 {
        (self.inserted << 40) + (self.updated << 20) + self.unchanged
    }
}

impl State {
    /// Rows come, or change those that are there.
    pub fn upsert(&self, name: &str, columns: &[String], rows: &[Vec<Value>], on: &[String], merge: &Merge) -> Verdict {
        let Some(table) = self.table(name) else { return Verdict::refused(Refusal::Unknown) };
        let schema = table.schema();
        let places = |names: &[String]| names.iter().map(|name| schema.position(name)).collect::<Option<Vec<usize>>>();
        let excluded = TableSchema { name: "excluded".to_owned(), ..schema.clone() };
        let scope = Scope(vec![schema, &excluded]);
        let (taken, set) = match merge {
            Merge::Nothing => (Some(Vec::new()), Some(Vec::new())),
            Merge::Take(columns) => (places(columns), Some(Vec::new())),
            Merge::Set(values) => {
                let place = |(column, value): &(String, Expr)| Some((schema.position(column)?, value.clone()));
                (Some(Vec::new()), values.iter().map(place).collect::<Option<Vec<(usize, Expr)>>>())
            }
        };
        let (Some(given), Some(key), Some(taken), Some(set)) = (places(columns), places(on), taken, set) else {
            return Verdict::refused_with(vec![Refusal::Unknown, Refusal::Query], false);
        };
        let Some(set) = sets(&set, &scope) else { return Verdict::refused(Refusal::Unknown) };
        let key = if key.is_empty() { table.shape.key.clone() } else { key };
        let is_key = |columns: &Vec<usize>| {
            !columns.is_empty() && columns.len() == key.len() && columns.iter().all(|column| key.contains(column))
        };
        if !std::iter::once(&table.shape.key).chain(&table.shape.uniques).any(is_key) {
            return Verdict::refused(Refusal::Query);
        }
        let mut next = self.clone();
        let mut merged = Merged::default();
        for values in rows {
            let refusals = next.upsert_row(name, (&given, values), &key, (merge, &taken, &set), &mut merged);
            if refusals.contains(&Refusal::OfSomeOrder) {
                return Verdict::undecided();
            }
            if !refusals.is_empty() {
                return Verdict::refused_with(refusals, self.is_tied(table));
            }
        }
        Verdict { next: Some((next, merged.count())), refusals: Vec::new(), is_decided: true, is_loose: false }
    }

    fn upsert_row(
        &mut self,
        name: &str,
        (places, values): (&[usize], &[Value]),
        key: &[usize],
        (merge, taken, set): (&Merge, &[usize], &[(usize, Bound<'_>)]),
        merged: &mut Merged,
    ) -> Vec<Refusal> {
        let Some(table) = self.table(name) else { return vec![Refusal::Unknown] };
        let schema = table.schema();
        let given = |column: usize| {
            let value = places.iter().position(|place| *place == column).and_then(|place| values.get(place));
            value.map(|value| of_column(schema, column, value))
        };
        let default = |column: usize| {
            let default = schema.columns.get(column).and_then(|column| column.default.clone());
            of_column(schema, column, &default.unwrap_or_default())
        };
        let new: Row =
            (0..schema.columns.len()).map(|column| given(column).unwrap_or_else(|| default(column))).collect();
        let asked: Vec<(usize, Value)> = key
            .iter()
            .map(|column| (*column, sanitized(schema, *column, new.get(*column).cloned().unwrap_or_default())))
            .collect();
        let is_askable = asked.iter().all(|(column, value)| {
            !value.is_null() && schema.columns.get(*column).is_some_and(|column| column.holds(value.as_ref()))
        });
        let is_same = |row: &Row| asked.iter().all(|(column, value)| row.get(*column) == Some(value));
        let found = table.entries().find(|(_, row)| is_askable && is_same(row));
        let Some((row_key, row)) = found.map(|(key, row)| (key.clone(), Arc::clone(row))) else {
            let refusals = self.insert_row(name, places, values, false);
            merged.inserted += 1;
            return refusals;
        };
        let (changed, refusals) = match merge {
            Merge::Nothing => {
                merged.unchanged += 1;
                return Vec::new();
            }
            Merge::Take(_) => {
                let mut refusals = Vec::new();
                let mut changed = row.to_vec();
                for (column, place) in changed.iter_mut().enumerate() {
                    let counts = schema.columns.get(column).is_some_and(|column| column.autoincrement);
                    let is_taken = match taken.is_empty() {
                        true => given(column).is_some() && !key.contains(&column),
                        false => taken.contains(&column) && (given(column).is_some() || !counts),
                    };
                    if is_taken {
                        let value = new.get(column).cloned().unwrap_or_default();
                        let (value, refusal) = ruled(table, column, value);
                        refusals.extend(refusal);
                        refusals.extend(misfit(table, column, &value));
                        *place = value;
                    }
                }
                (changed.into(), refusals)
            }
            Merge::Set(_) => with_sets(table, &row, set, &[&row, &new]),
        };
        if !refusals.is_empty() {
            return refusals;
        }
        merged.updated += 1;
        let mut touched = BTreeSet::new();
        let refusals = self.change(name, &row_key, &changed, false, &mut touched);
        if refusals.is_empty() { self.broken(&touched) } else { refusals }
    }
}

impl Verdict {
    /// A statement has changed rows of some tables: it is refused if a reference leads to no row now.
    pub(super) fn unless_broken(next: State, touched: &BTreeSet<String>, count: u64) -> Self {
        let refusals = next.broken(touched);
        Self { next: refusals.is_empty().then_some((next, count)), refusals, is_decided: true, is_loose: false }
    }
}
