//! [`Topic`]: what a subscriber wants to hear of.

use std::ops::Bound;

use wasm_dbms_api::{TableSchema, Value, ValueRef};
use wasm_dbms_memory::TableId;

use crate::Error;
use crate::catalog::{Catalog, Relation};
use crate::codec::key;
use crate::error::Fallible;
use crate::history::TableForm;

/// What a subscriber wants to hear of: every table, or one, or the rows of one whose primary keys lie in a range.
///
/// ```
/// use wasm_dbms::{Topic, Value};
///
/// let topic = Topic::table("users").from([Value::from(10)]).below([Value::from(20)]);
/// assert_eq!(topic, topic.clone());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    table: Option<String>,
    range: Option<Range>,
}

/// The keys that are told of. What makes codes of them comes with them: a program that names none links none of it.
#[derive(Debug, Clone)]
struct Range {
    from: Bound<Vec<Value>>,
    to: Bound<Vec<Value>>,
    codes: fn(&Self, &Relation) -> Fallible<Codes>,
}

/// The codes at which keys begin and end.
type Codes = (Option<Vec<u8>>, Option<Vec<u8>>);

impl PartialEq for Range {
    fn eq(&self, other: &Self) -> bool {
        (&self.from, &self.to) == (&other.from, &other.to)
    }
}

impl Range {
    fn new(from: Bound<Vec<Value>>, to: Bound<Vec<Value>>) -> Self {
        Self { from, to, codes: Self::codes }
    }

    fn codes(&self, relation: &Relation) -> Fallible<Codes> {
        Ok((start_code(relation, &self.from)?, end_code(relation, &self.to)?))
    }
}

impl Topic {
    /// Every row of every table, also of those that are made later.
    ///
    /// ```
    /// use wasm_dbms::Topic;
    ///
    /// assert_ne!(Topic::all(), Topic::table("users"));
    /// ```
    pub fn all() -> Self {
        Self { table: None, range: None }
    }

    /// Every row of a table.
    ///
    /// ```
    /// use wasm_dbms::Topic;
    ///
    /// assert_eq!(Topic::table("users"), Topic::table(String::from("users")));
    /// ```
    pub fn table(name: impl Into<String>) -> Self {
        Self { table: Some(name.into()), ..Self::all() }
    }

    /// Only rows whose primary key (its first columns, if fewer values are given) is at or above this.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let mut changes = db.subscribe([Topic::table("t").from([Value::from(10)])])?;
    /// db.insert_many_values("t", &["n"], [[Value::from(9)], [Value::from(10)]])?;
    /// assert_eq!(changes.try_next()?.map(|change| change.key), Some(vec![Value::from(10)]));
    /// assert_eq!(changes.try_next()?, None);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn from(mut self, key: impl Into<Vec<Value>>) -> Self {
        self.range().from = Bound::Included(key.into());
        self
    }

    /// Only rows whose primary key is below this.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let mut changes = db.subscribe([Topic::table("t").below([Value::from(10)])])?;
    /// db.insert_values("t", &[("n", 10.into())])?;
    /// assert_eq!(changes.try_next()?, None);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn below(mut self, key: impl Into<Vec<Value>>) -> Self {
        self.range().to = Bound::Excluded(key.into());
        self
    }

    /// Only the row with this primary key (those that begin with it, if fewer values are given).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// let mut changes = db.subscribe([Topic::table("t").key([Value::from(10)])])?;
    /// db.insert_many_values("t", &["n"], [[Value::from(9)], [Value::from(10)], [Value::from(11)]])?;
    /// assert!(changes.try_next()?.is_some());
    /// assert_eq!(changes.try_next()?, None);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn key(self, key: impl Into<Vec<Value>>) -> Self {
        let key = key.into();
        self.between(Bound::Included(key.clone()), Bound::Included(key))
    }

    /// Only rows whose primary keys lie between these.
    pub(crate) fn between(self, from: Bound<Vec<Value>>, to: Bound<Vec<Value>>) -> Self {
        Self { range: Some(Range::new(from, to)), ..self }
    }

    fn range(&mut self) -> &mut Range {
        self.range.get_or_insert_with(|| Range::new(Bound::Unbounded, Bound::Unbounded))
    }

    /// The topic by numbers.
    pub(crate) fn bind(&self, catalog: &Catalog) -> Fallible<BoundTopic> {
        let Some(name) = &self.table else { return Ok(BoundTopic { table: None, from: Vec::new(), end: None }) };
        let relation = catalog.relation(catalog.find(name)?)?;
        let (from, end) = self.range.as_ref().map_or(Ok((None, None)), |range| (range.codes)(range, relation))?;
        Ok(BoundTopic { table: Some(relation.id), from: from.unwrap_or_default(), end })
    }
}

/// A topic by numbers: key codes at or above `from` and below `end`.
#[derive(Debug)]
pub(crate) struct BoundTopic {
    table: Option<TableId>,
    from: Vec<u8>,
    end: Option<Vec<u8>>,
}

impl BoundTopic {
    /// Whether it is about this table.
    pub(crate) fn is_about(&self, table: TableId) -> bool {
        self.table.is_none_or(|own| own == table)
    }

    /// Whether it is about a row of this table with this key.
    pub(crate) fn holds(&self, form: &TableForm, values: &[Value]) -> bool {
        if !self.is_about(form.id) {
            return false;
        }
        if self.from.is_empty() && self.end.is_none() {
            return true;
        }
        let mut code = Vec::new();
        values.iter().for_each(|value| key::push(&mut code, value.as_ref()));
        code >= self.from && self.end.as_ref().is_none_or(|end| code < *end)
    }
}

/// The code that every key from this bound on is at or above.
fn start_code(relation: &Relation, bound: &Bound<Vec<Value>>) -> Fallible<Option<Vec<u8>>> {
    Ok(match bound {
        Bound::Unbounded => None,
        Bound::Included(values) => Some(code(relation, values)?),
        Bound::Excluded(values) => Some(above(code(relation, values)?).unwrap_or(vec![u8::MAX; NO_KEY_BYTES])),
    })
}

/// The code that every key up to this bound is below.
fn end_code(relation: &Relation, bound: &Bound<Vec<Value>>) -> Fallible<Option<Vec<u8>>> {
    Ok(match bound {
        Bound::Unbounded => None,
        Bound::Included(values) => above(code(relation, values)?),
        Bound::Excluded(values) => Some(code(relation, values)?),
    })
}

/// No code of a key begins with so many of the largest byte.
const NO_KEY_BYTES: usize = 16;

/// The smallest code above all that begin with this one.
fn above(mut code: Vec<u8>) -> Option<Vec<u8>> {
    key::make_successor(&mut code).then_some(code)
}

fn code(relation: &Relation, values: &[Value]) -> Fallible<Vec<u8>> {
    let schema: &TableSchema = &relation.schema;
    let columns = relation.primary_key();
    let refused = |problem: &str| Error::Query(format!("a range of keys of {}: {problem}", schema.name));
    if values.len() > columns.len().max(1) {
        return Err(refused("more values than the key has columns").into());
    }
    let mut code = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let column = columns.get(place).and_then(|column| schema.columns.get(*column));
        let variant = match (column, value) {
            (Some(column), Value::Text(name)) => column.variant(name),
            _ => None,
        };
        let value = variant.unwrap_or(value.as_ref());
        // Rows without a key have a number.
        let is_held = column.map_or(value.as_i128().is_some(), |column| column.holds(value));
        if value.is_null() || !is_held {
            return Err(refused(&format!("{} is no value of its column", shown(value))).into());
        }
        key::push(&mut code, value);
    }
    Ok(code)
}

fn shown(value: ValueRef<'_>) -> String {
    value.to_value().to_string()
}
