//! A table of the oracle.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use wasm_dbms::{DataType, Query, ReferentialAction, TableSchema, Value};

use crate::model::oracle::{Difference, Refusal};

/// The values of a row, in the order of its columns.
pub type Row = Arc<[Value]>;

/// What rows are kept in the order of: a primary key, or a number where there is none or it may be long.
#[derive(Debug, Clone)]
pub(crate) enum RowKey {
    Number(u64),
    Values(Row),
}

impl Ord for RowKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.cmp(right),
            (Self::Values(left), Self::Values(right)) => compare_rows(left, right),
            (Self::Number(_), Self::Values(_)) => Ordering::Less,
            (Self::Values(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for RowKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RowKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RowKey {}

/// The order of two rows, value by value.
pub(crate) fn compare_rows(left: &[Value], right: &[Value]) -> Ordering {
    let orders = left.iter().zip(right).map(|(left, right)| left.as_ref().sort_order(right.as_ref()));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Whether two rows are the same to the last bit.
pub(crate) fn is_same_row(left: &[Value], right: &[Value]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.as_ref().is_identical(right.as_ref()))
}

/// A reference to another table, or to the same.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reference {
    pub(crate) columns: Vec<usize>,
    pub(crate) table: String,
    /// The columns there, in the order of `columns`.
    pub(crate) referred: Vec<usize>,
    pub(crate) on_delete: ReferentialAction,
    pub(crate) on_update: ReferentialAction,
}

impl Reference {
    /// The values that refer to a row; none if there is a NULL among them.
    pub(crate) fn given(&self, row: &[Value]) -> Option<Row> {
        Some(values_at(row, &self.columns)).filter(|values| !values.iter().any(Value::is_null))
    }

    /// Whether a row refers with these values, none of which is NULL.
    pub(crate) fn gives(&self, row: &[Value], values: &[Value]) -> bool {
        self.columns.iter().zip(values).all(|(column, value)| row.get(*column) == Some(value))
    }

    /// Whether a row is referred to by these values, none of which is NULL.
    pub(crate) fn offers(&self, row: &[Value], values: &[Value]) -> bool {
        self.referred.iter().zip(values).all(|(column, value)| row.get(*column) == Some(value))
    }

    /// The values by which a row is referred to; none if there is a NULL among them.
    pub(crate) fn offered(&self, row: &[Value]) -> Option<Row> {
        Some(values_at(row, &self.referred)).filter(|values| !values.iter().any(Value::is_null))
    }
}

/// What of a table never changes.
#[derive(Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) schema: TableSchema,
    pub(crate) key: Vec<usize>,
    pub(crate) uniques: Vec<Vec<usize>>,
    pub(crate) references: Vec<Reference>,
    pub(crate) autoincrement: Option<usize>,
    /// Whether rows are kept in the order of the primary key.
    pub(crate) is_clustered: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub(crate) shape: Arc<Shape>,
    rows: BTreeMap<RowKey, Row>,
    counter: u64,
}

impl Table {
    pub(crate) fn new(shape: Shape) -> Self {
        Self { shape: Arc::new(shape), rows: BTreeMap::new(), counter: 0 }
    }

    /// The description of the table.
    pub fn schema(&self) -> &TableSchema {
        &self.shape.schema
    }

    /// The name of the table.
    pub fn name(&self) -> &str {
        &self.shape.schema.name
    }

    /// The rows, in the order the table holds them.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.values()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&RowKey, &Row)> {
        self.rows.iter()
    }

    /// The last number that was given to a row or to its column that counts up.
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Whether rows get no numbers: neither a column counts up nor has a row a number of its own.
    pub(crate) fn is_countless(&self) -> bool {
        self.shape.autoincrement.is_none() && self.shape.is_clustered
    }

    /// Whether this is the same table as another, whatever rows they have.
    pub(crate) fn is_same_table(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shape, &other.shape)
    }

    /// Whether a row that changes refers to what it was and will no longer be: whether that is refused, or undone by what
    /// follows from the change, nothing says.
    pub(crate) fn refers_to_its_past(&self, before: &Row, row: &Row) -> bool {
        self.shape.references.iter().filter(|reference| reference.table == self.name()).any(|reference| {
            let given = reference.given(row);
            given.is_some_and(|given| reference.offers(before, &given) && !reference.offers(row, &given))
        })
    }

    pub(crate) fn get(&self, key: &RowKey) -> Option<&Row> {
        self.rows.get(key)
    }

    pub(crate) fn remove(&mut self, key: &RowKey) -> Option<Row> {
        self.rows.remove(key)
    }

    /// Puts a row under its key, whatever the constraints say.
    pub(crate) fn put(&mut self, key: RowKey, row: Row) {
        self.rows.insert(key, row);
    }

    /// The counter is at least this from now on.
    pub(crate) fn count_to(&mut self, number: u64) {
        self.counter = self.counter.max(number);
    }

    /// The counter is at least what the row has in its column that counts up.
    pub(crate) fn count_row(&mut self, row: &[Value]) {
        let value = self.shape.autoincrement.and_then(|column| row.get(column));
        let number = value.and_then(|value| value.as_ref().as_i128()).and_then(|number| u64::try_from(number).ok());
        self.count_to(number.unwrap_or(0));
    }

    /// The key of a row; a row without one is kept under `number`.
    pub(crate) fn key_of(&self, row: &Row, number: u64) -> RowKey {
        if self.shape.is_clustered { RowKey::Values(values_at(row, &self.shape.key)) } else { RowKey::Number(number) }
    }

    /// The unique keys that a row would share with one that is there.
    pub(crate) fn collisions(&self, row: &[Value]) -> Vec<Refusal> {
        let unique = std::iter::once(&self.shape.key).chain(&self.shape.uniques).filter(|columns| !columns.is_empty());
        let taken = unique.filter(|columns| {
            let is_null = columns.iter().any(|column| row.get(*column).is_none_or(Value::is_null));
            let is_shared = |other: &&Row| columns.iter().all(|column| other.get(*column) == row.get(*column));
            !is_null && self.rows().any(|other| is_shared(&other))
        });
        taken.map(|columns| Refusal::Unique(self.full_name(columns))).collect()
    }

    /// `table.column, column`
    pub(crate) fn full_name(&self, columns: &[usize]) -> String {
        let names = columns.iter().filter_map(|column| self.shape.schema.columns.get(*column));
        let names: Vec<&str> = names.map(|column| column.name.as_str()).collect();
        format!("{}.{}", self.name(), names.join(", "))
    }

    /// Compares the rows with those that `ask` finds.
    pub(crate) fn compare(
        &self,
        ask: &dyn Fn(&Query) -> wasm_dbms::Result<wasm_dbms::Answer>,
    ) -> Result<(), Difference> {
        let mut found = ask(&Query::from(self.name().to_owned()))?.rows;
        let is_same = |found: &[Vec<Value>]| found.iter().zip(self.rows()).all(|(found, row)| is_same_row(found, row));
        if found.len() == self.rows.len() && is_same(&found) {
            return Ok(());
        }
        // Nothing promises the order.
        let mut expected: Vec<Vec<Value>> = self.rows().map(|row| row.to_vec()).collect();
        found.sort_by(|left, right| compare_rows(left, right));
        expected.sort_by(|left, right| compare_rows(left, right));
        let differing = found.iter().zip(&expected).find(|(found, expected)| !is_same_row(found, expected));
        match differing {
            Some((found, expected)) => {
                Err(format!("{} has the row {} where {} should be", self.name(), shown(found), shown(expected)))
            }
            None if found.len() != expected.len() => {
                Err(format!("{} has {} rows and should have {}", self.name(), found.len(), expected.len()))
            }
            None => Ok(()),
        }
        .map_err(Difference::Found)
    }
}

/// A row in words.
pub(crate) fn shown(row: &[Value]) -> String {
    let values: Vec<String> = row
        .iter()
        .map(|value| {
            let text = value.to_string();
            if text.len() > 80 {
                format!("{}.. ({} bytes)", text.chars().take(60).collect::<String>(), text.len())
            } else {
                text
            }
        })
        .collect();
    format!("({})", values.join(", "))
}

/// The values of some columns.
pub(crate) fn values_at(row: &[Value], columns: &[usize]) -> Row {
    columns.iter().map(|column| row.get(*column).cloned().unwrap_or(Value::Null)).collect()
}

/// Whether rows are clustered by a key of these types: its code cannot be longer than 64 bytes.
pub(crate) fn is_clustered(types: &[DataType]) -> bool {
    let longest = types.iter().map(|data_type| match data_type {
        DataType::Text | DataType::Bytes | DataType::Json => 1000,
        DataType::Uuid => 16,
        DataType::Decimal => 18,
        _ => 9,
    });
    !types.is_empty() && longest.sum::<usize>() <= wasm_dbms::MAX_CLUSTERED_KEY_BYTES
}
