//! [`OnConflict`]: what becomes of a row whose key a new row has.

use wasm_dbms_api::Expr;

use crate::Error;
use crate::catalog::{KeyShape, RelationIndex, columns_of};
use crate::core::Core;
use crate::error::Fallible;
use crate::typed::sets::Sets;

/// What happens to a row whose key is there already: of the primary key, or of a unique index. A row with NULL in it, or
/// with a number that the database chooses, meets none.
///
/// ```
/// use wasm_dbms::{Expr, OnConflict};
///
/// let by_email = OnConflict::on(["email"]).update(["name"]);
/// let only_new = OnConflict::key().do_nothing();
/// // The row that is there goes by the table's name, the new one by `excluded`.
/// let counted = OnConflict::key().set("visits", Expr::column("pages.visits") + Expr::column("excluded.visits"));
/// # let _ = (by_email, only_new, counted);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OnConflict {
    /// The columns of the key, in any order; those of the primary key if there are none.
    pub(super) columns: Vec<String>,
    /// What becomes of the row that is there; none where it stays as it is.
    changes: Option<Changes>,
}

/// What becomes of a row that is there.
#[derive(Debug, Clone, PartialEq, Default)]
struct Changes {
    /// The columns that are taken from the new row; every one that it gives if nothing is said.
    taken: Vec<String>,
    /// What others are set to.
    set: Vec<(String, Expr)>,
    /// Where this is not true, nothing becomes of it.
    filter: Option<Expr>,
}

impl OnConflict {
    /// A row with the same primary key takes every column that the new one gives.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::OnConflict;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).column(ColumnSchema::new("m", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.insert_values("t", &[("n", 1.into()), ("m", 5.into())])?;
    /// let upserted = db.upsert_values("t", &["n", "m"], [[Value::from(1), Value::from(7)]], &OnConflict::key())?;
    /// assert_eq!(upserted.updated, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn key() -> Self {
        Self { columns: Vec::new(), changes: Some(Changes::default()) }
    }

    /// A row equal in these columns, which a unique index has, takes every column that the new one gives.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::OnConflict;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).column(ColumnSchema::new("m", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.insert_values("t", &[("n", 1.into()), ("m", 5.into())])?;
    /// let upserted = db.upsert_values("t", &["n", "m"], [[Value::from(1), Value::from(7)]], &OnConflict::on(["n"]))?;
    /// assert_eq!(upserted.updated, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        Self { columns: columns.into_iter().map(str::to_owned).collect(), ..Self::key() }
    }

    /// The row that is there stays as it is.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::OnConflict;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).column(ColumnSchema::new("m", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.insert_values("t", &[("n", 1.into()), ("m", 5.into())])?;
    /// let upserted = db.upsert_values("t", &["n", "m"], [[Value::from(1), Value::from(7)]], &OnConflict::key().do_nothing())?;
    /// assert_eq!(upserted.unchanged, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn do_nothing(self) -> Self {
        Self { changes: None, ..self }
    }

    /// The row that is there takes only these columns from the new one, and those named before.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::OnConflict;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).column(ColumnSchema::new("m", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.insert_values("t", &[("n", 1.into()), ("m", 5.into())])?;
    /// let upserted = db.upsert_values("t", &["n", "m"], [[Value::from(1), Value::from(7)]], &OnConflict::key().update(["m"]))?;
    /// assert_eq!(upserted.updated, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn update<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.changes.get_or_insert_default().taken.extend(columns.into_iter().map(str::to_owned));
        self
    }

    /// The row that is there gets this value in a column: a constant, or an expression over it and the new row, which is
    /// called `excluded`. Other columns are only taken where [`update`](Self::update) names them.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::OnConflict;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).column(ColumnSchema::new("m", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.insert_values("t", &[("n", 1.into()), ("m", 5.into())])?;
    /// let sum = Expr::column("t.m") + Expr::column("excluded.m");
    /// let upserted = db.upsert_values("t", &["n", "m"], [[Value::from(1), Value::from(7)]], &OnConflict::key().set("m", sum))?;
    /// assert_eq!(upserted.updated, 1);
    /// assert_eq!(db.get_values("t", &[1.into()])?, Some(vec![Value::from(1), Value::from(12)]));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn set(mut self, column: &str, value: impl Into<Expr>) -> Self {
        self.put(column, value.into());
        self
    }

    /// The row that is there stays as it is unless this is true, of it and of the new row, which is called `excluded`.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::OnConflict;
    /// # let db = Database::in_memory();
    /// # let numbers = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)).column(ColumnSchema::new("m", DataType::I64)).primary_key(["n"]);
    /// # db.create_table(&numbers)?;
    /// db.insert_values("t", &[("n", 1.into()), ("m", 5.into())])?;
    /// let larger = Expr::column("excluded.m").compare(Comparison::Greater, Expr::column("t.m"));
    /// let upserted = db.upsert_values("t", &["n", "m"], [[Value::from(1), Value::from(7)]], &OnConflict::key().filter(larger))?;
    /// assert_eq!(upserted.updated, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: Expr) -> Self {
        let changes = self.changes.get_or_insert_default();
        changes.filter = Some(match changes.filter.take() {
            Some(other) => other.and(filter),
            None => filter,
        });
        self
    }

    /// As [`set`](Self::set), of one that stands somewhere.
    #[doc(hidden)]
    pub fn put(&mut self, column: &str, value: Expr) {
        self.changes.get_or_insert_default().set.push((column.to_owned(), value));
    }
}

/// An [`OnConflict`] in numbers.
pub(crate) struct Conflict {
    /// The columns of the key.
    pub(super) columns: Vec<usize>,
    /// The index that has them; none if the table itself is keyed by them.
    pub(super) index: Option<usize>,
    /// What becomes of the row that is there, if anything does.
    pub(super) update: Option<Update>,
}

/// What becomes of it, in numbers.
pub(super) struct Update {
    /// The columns that are taken from the new row.
    pub(super) taken: Vec<usize>,
    /// Whether every one is that the new row gives.
    pub(super) takes_all: bool,
    pub(super) sets: Sets,
    pub(super) filter: Option<Expr>,
}

impl Conflict {
    pub(crate) fn resolve(core: &Core, index: RelationIndex, on_conflict: &OnConflict) -> Fallible<Self> {
        let relation = core.catalog.relation(index)?;
        let schema = &*relation.schema;
        let named = columns_of(schema, &on_conflict.columns)?;
        let asked: &[usize] = if named.is_empty() { relation.primary_key() } else { &named };
        let is_same = |columns: &[usize]| {
            columns.len() == asked.len() && !asked.is_empty() && columns.iter().all(|column| asked.contains(column))
        };
        let update = match &on_conflict.changes {
            None => None,
            Some(Changes { taken, set, filter }) => Some(Update {
                taken: columns_of(schema, taken)?,
                takes_all: taken.is_empty() && set.is_empty(),
                sets: Sets::named(schema, &mut set.iter().map(|(name, value)| (name.as_str(), value.clone())))?,
                filter: filter.clone(),
            }),
        };
        if let KeyShape::Columns(columns) = &relation.shape
            && is_same(columns)
        {
            return Ok(Self { columns: columns.clone(), index: None, update });
        }
        let found = relation.indexes.iter().position(|index| index.is_unique && is_same(&index.columns));
        let found = found.and_then(|number| Some((number, relation.indexes.get(number)?)));
        let Some((number, unique)) = found else {
            let columns = relation.column_names(asked);
            let what = if asked.is_empty() { "no primary key".into() } else { format!("no unique key on {columns}") };
            return Err(Error::query(format_args!("table {} has {what}", schema.name)));
        };
        Ok(Self { columns: unique.columns.clone(), index: Some(number), update })
    }

    /// Every key of a table; nothing becomes of the row that is there.
    pub(crate) fn of_every_key(core: &Core, index: RelationIndex) -> Fallible<Vec<Self>> {
        let relation = core.catalog.relation(index)?;
        let mut keys = Vec::new();
        if let KeyShape::Columns(columns) = &relation.shape {
            keys.push(Self { columns: columns.clone(), index: None, update: None });
        }
        for (number, index) in relation.indexes.iter().enumerate().filter(|(_, index)| index.is_unique) {
            keys.push(Self { columns: index.columns.clone(), index: Some(number), update: None });
        }
        Ok(keys)
    }
}
