//! Rows that come and change.

use std::collections::BTreeSet;
use std::sync::Arc;

use wasm_dbms::{Expr, TableSchema, Value};

use crate::model::oracle::eval::{Bound, Scope};
use crate::model::oracle::table::{Reference, RowKey, values_at};
use crate::model::oracle::{Refusal, Row, State, Table, Verdict};

/// The value as its column has it: the name of an enum with its number.
fn of_column(schema: &TableSchema, column: usize, value: &Value) -> Value {
    let variant = match (schema.columns.get(column), value) {
        (Some(column), Value::Text(name)) => column.variant(name),
        _ => None,
    };
    variant.map_or_else(|| value.clone(), |variant| variant.to_value())
}

/// Why a column cannot have a value.
fn misfit(table: &Table, column: usize, value: &Value) -> Option<Refusal> {
    let schema = table.schema().columns.get(column)?;
    let name = || table.full_name(&[column]);
    if value.is_null() {
        return (!schema.nullable).then(|| Refusal::NotNull(name()));
    }
    (!schema.holds(value.as_ref())).then(|| Refusal::Type(name()))
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
                return Verdict { next: None, refusals };
            }
        }
        Verdict::unless_broken(next, table, rows.len())
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
                Some(value) => of_column(schema, number, value),
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
                None => column.default.clone().unwrap_or_default(),
            });
        }
        refusals.extend(row.iter().enumerate().filter_map(|(number, value)| misfit(table, number, value)));
        if !refusals.is_empty() {
            return refusals;
        }
        let row: Row = row.into();
        let number = if table.shape.is_clustered { Some(0) } else { table.counter().checked_add(1) };
        refusals.extend(number.is_none().then_some(Refusal::OutOfRange));
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
            let Some(value) = row.get(reference.column).filter(|value| !value.is_null()) else { return false };
            let old = before.and_then(|before| before.get(reference.column));
            let is_same = old.is_some_and(|old| old.as_ref().is_identical(value.as_ref()));
            let is_own = reference.table == name && (waits || row.get(reference.referred) == Some(value));
            !is_same && !is_own && !self.has(&reference.table, reference.referred, value)
        };
        let dangling = table.shape.references.iter().filter(is_dangling);
        dangling.map(|reference| Refusal::ForeignKey(table.full_name(&[reference.column]))).collect()
    }

    /// The references from and to a table that lead to no row.
    fn broken(&self, name: &str) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for child in &self.tables {
            let is_meant = |reference: &&Reference| child.name() == name || reference.table == name;
            for reference in child.shape.references.iter().filter(is_meant) {
                let key = |row: &Row, column: usize| RowKey::Values(values_at(row, &[column]));
                let parents = self.table(&reference.table).into_iter().flat_map(Table::rows);
                let parents: BTreeSet<RowKey> = parents.map(|row| key(row, reference.referred)).collect();
                let leads_nowhere = |row: &Row| {
                    let is_null = row.get(reference.column).is_none_or(Value::is_null);
                    !is_null && !parents.contains(&key(row, reference.column))
                };
                if child.rows().any(leads_nowhere) {
                    refusals.push(Refusal::ForeignKey(child.full_name(&[reference.column])));
                }
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
    pub fn update(&self, name: &str, values: &[(String, Value)], filter: Option<&Expr>) -> Verdict {
        let Some(table) = self.table(name) else { return Verdict::refused(Refusal::Unknown) };
        let place = |(column, value): &(String, Value)| {
            let place = table.schema().position(column)?;
            Some((place, of_column(table.schema(), place, value)))
        };
        let Some(values) = values.iter().map(place).collect::<Option<Vec<(usize, Value)>>>() else {
            return Verdict::refused(Refusal::Unknown);
        };
        let Some(keys) = self.kept(table, filter) else { return Verdict::refused(Refusal::Unknown) };
        if keys.is_empty() {
            return Verdict::of(self.clone(), 0);
        }
        let misfits: Vec<Refusal> = values.iter().filter_map(|(column, value)| misfit(table, *column, value)).collect();
        if !misfits.is_empty() {
            return Verdict { next: None, refusals: misfits };
        }
        let changes: Vec<(&RowKey, Row)> = keys
            .iter()
            .filter_map(|key| {
                let mut row = table.get(key)?.to_vec();
                for (column, value) in &values {
                    if let Some(place) = row.get_mut(*column) {
                        *place = value.clone();
                    }
                }
                Some((key, row.into()))
            })
            .collect();
        let mut next = self.clone();
        let mut refusals: Vec<Refusal> =
            changes.iter().flat_map(|(key, row)| next.update_row(name, key, row)).collect();
        if refusals.is_empty() {
            return Verdict::unless_broken(next, name, keys.len());
        }
        // Nothing says in which order the rows change, so another one may be the first that is in the way.
        let mut other = self.clone();
        refusals.extend(changes.iter().rev().flat_map(|(key, row)| other.update_row(name, key, row)));
        Verdict { next: None, refusals }
    }

    /// A row becomes another; what its statement may mend is looked at later. Returns why not.
    fn update_row(&mut self, name: &str, key: &RowKey, row: &Row) -> Vec<Refusal> {
        let Some(table) = self.table_mut(name) else { return Vec::new() };
        let Some(before) = table.remove(key) else { return Vec::new() };
        let mut refusals = table.collisions(row);
        refusals.extend(self.dangling(name, row, Some(&before), true));
        let Some(table) = self.table_mut(name) else { return refusals };
        if refusals.is_empty() {
            let new_key = if table.shape.is_clustered { table.key_of(row, 0) } else { key.clone() };
            table.put(new_key, Arc::clone(row));
            table.count_row(row);
        } else {
            table.put(key.clone(), before);
        }
        refusals
    }
}

impl Verdict {
    /// A statement has changed some rows of a table: it is refused if a reference leads to no row now.
    fn unless_broken(next: State, name: &str, count: usize) -> Self {
        let refusals = next.broken(name);
        Self { next: refusals.is_empty().then_some((next, count as u64)), refusals }
    }
}
