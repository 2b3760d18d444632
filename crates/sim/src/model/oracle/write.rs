//! Rows that come and change.

use std::sync::Arc;

use wasm_dbms::{Expr, TableSchema, Value};

use crate::model::oracle::eval::{Bound, Scope};
use crate::model::oracle::table::{Reference, RowKey};
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
        for values in rows {
            let refusals = next.insert_row(table, &places, values);
            if !refusals.is_empty() {
                return Verdict { next: None, refusals };
            }
        }
        Verdict::of(next, rows.len())
    }

    /// A row comes. Returns why not.
    fn insert_row(&mut self, name: &str, places: &[usize], values: &[Value]) -> Vec<Refusal> {
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
        refusals.extend(self.dangling(name, &row, None));
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

    /// The references of a row that lead to no row; of a row that was another before, only those that changed. The row
    /// itself need not be there.
    fn dangling(&self, name: &str, row: &Row, before: Option<&Row>) -> Vec<Refusal> {
        let Some(table) = self.table(name) else { return Vec::new() };
        let is_dangling = |reference: &&Reference| {
            let Some(value) = row.get(reference.column).filter(|value| !value.is_null()) else { return false };
            let old = before.and_then(|before| before.get(reference.column));
            let is_same = old.is_some_and(|old| old.as_ref().is_identical(value.as_ref()));
            let is_own = reference.table == name && row.get(reference.referred) == Some(value);
            !is_same && !is_own && !self.has(&reference.table, reference.referred, value)
        };
        let dangling = table.shape.references.iter().filter(is_dangling);
        dangling.map(|reference| Refusal::ForeignKey(table.full_name(&[reference.column]))).collect()
    }

    /// The references that lead to what a row no longer is.
    fn left_behind(&self, name: &str, before: &Row, after: &Row) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for child in &self.tables {
            for reference in child.shape.references.iter().filter(|reference| reference.table == name) {
                let Some(old) = before.get(reference.referred).filter(|old| !old.is_null()) else { continue };
                // The row itself may refer so, and not be there because something else is in its way.
                let is_own = child.name() == name && after.get(reference.column) == Some(old);
                let is_left = is_own || self.has(child.name(), reference.column, old);
                if after.get(reference.referred) != Some(old) && is_left {
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
            changes.iter().flat_map(|(key, row)| next.update_row(name, key, row, true)).collect();
        if !refusals.is_empty() {
            // Nothing says in which order the rows change, so another one may be the first that is in the way.
            let mut other = self.clone();
            refusals.extend(changes.iter().rev().flat_map(|(key, row)| other.update_row(name, key, row, true)));
        }
        if refusals.is_empty() {
            return Verdict::of(next, keys.len());
        }
        // Rows that refer to others of the same statement: whether one of them is in the way depends on their order.
        let is_own = |column: usize| {
            table.shape.references.iter().any(|reference| reference.table == name && reference.referred == column)
        };
        let mut whole = self.clone();
        let may_meet = keys.len() > 1 && values.iter().any(|(column, _)| is_own(*column));
        let may_go_well = may_meet
            && changes.iter().all(|(key, row)| whole.update_row(name, key, row, false).is_empty())
            && changes.iter().all(|(key, row)| {
                let before = table.get(key);
                whole.dangling(name, row, before).is_empty()
                    && before.is_none_or(|before| whole.left_behind(name, before, row).is_empty())
            });
        if may_meet {
            let own = table.shape.references.iter().filter(|reference| reference.table == name);
            refusals.extend(own.map(|reference| Refusal::ForeignKey(table.full_name(&[reference.column]))));
        }
        Verdict { next: may_go_well.then_some((whole, keys.len() as u64)), refusals }
    }

    /// A row becomes another; references are looked at only if asked. Returns why not.
    fn update_row(&mut self, name: &str, key: &RowKey, row: &Row, checks_references: bool) -> Vec<Refusal> {
        let Some(table) = self.table_mut(name) else { return Vec::new() };
        let Some(before) = table.remove(key) else { return Vec::new() };
        let mut refusals = table.collisions(row);
        let new_key = if table.shape.is_clustered { table.key_of(row, 0) } else { key.clone() };
        if refusals.is_empty() {
            table.put(new_key.clone(), Arc::clone(row));
        }
        if checks_references {
            refusals.extend(self.dangling(name, row, Some(&before)));
            refusals.extend(self.left_behind(name, &before, row));
        }
        let Some(table) = self.table_mut(name) else { return refusals };
        if refusals.is_empty() {
            table.count_row(row);
        } else {
            if table.get(&new_key).is_some_and(|there| Arc::ptr_eq(there, row)) {
                table.remove(&new_key);
            }
            table.put(key.clone(), before);
        }
        refusals
    }
}
