//! References between tables, with the ways to the rows at both ends.

use wasm_dbms_api::{ForeignKeySchema, ReferentialAction, ValueRef};

use crate::catalog::{KeyShape, Relation, RelationIndex, columns_of};
use crate::codec::key;
use crate::error::Fallible;

/// A resolved reference to another table.
#[derive(Debug)]
pub(crate) struct ForeignKey {
    /// The columns that refer.
    pub(crate) columns: Vec<usize>,
    /// The table referred to.
    pub(crate) relation: RelationIndex,
    /// Its columns, one for each that refers.
    pub(crate) referred: Vec<usize>,
    pub(crate) on_delete: ReferentialAction,
    pub(crate) on_update: ReferentialAction,
    /// The way to the row referred to.
    pub(crate) to_referred: Lookup,
    /// The way to the rows that refer.
    pub(crate) to_referring: Lookup,
}

/// A table that refers to this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Referrer {
    pub(crate) relation: RelationIndex,
    pub(crate) foreign_key: usize,
}

/// The way to the rows that have given values in some columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub(crate) path: Path,
    /// The places, among the columns given, of those that the keys begin with; in the order of the keys.
    pub(crate) places: Vec<usize>,
    /// Whether these are all of the columns.
    pub(crate) is_exact: bool,
}

/// What leads to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// The keys of the table.
    Key,
    /// An index.
    Index(usize),
    /// Nothing does: every row is looked at.
    Scan,
}

impl ForeignKey {
    pub(crate) fn new(
        key: &ForeignKeySchema,
        referring: &Relation,
        index: RelationIndex,
        other: &Relation,
    ) -> Fallible<Self> {
        let columns = columns_of(&referring.schema, &key.columns)?;
        let referred = columns_of(&other.schema, &key.references)?;
        Ok(Self {
            to_referred: Lookup::to_one(other, &referred),
            to_referring: Lookup::new(referring, &columns),
            columns,
            relation: index,
            referred,
            on_delete: key.on_delete,
            on_update: key.on_update,
        })
    }
}

impl Lookup {
    /// The best way to rows by these columns: what begins with the most of them.
    pub(crate) fn new(relation: &Relation, columns: &[usize]) -> Self {
        Self::best(relation, columns, false)
    }

    /// The way to the one row by these columns, which are a key or those of a unique index.
    fn to_one(relation: &Relation, columns: &[usize]) -> Self {
        Self::best(relation, columns, true)
    }

    fn best(relation: &Relation, columns: &[usize], is_to_one: bool) -> Self {
        let mut best = Self { path: Path::Scan, places: Vec::new(), is_exact: false };
        let mut offer = |path: Path, keys: &[usize], is_unique: bool| {
            if is_to_one && !(is_unique && keys.len() == columns.len()) {
                return;
            }
            let mut places = Vec::new();
            for key in keys {
                let Some(place) = columns.iter().position(|column| column == key) else { break };
                places.push(place);
            }
            if places.len() > best.places.len() {
                best = Self { path, is_exact: places.len() == columns.len(), places };
            }
        };
        if let KeyShape::Columns(keys) = &relation.shape {
            offer(Path::Key, keys, true);
        }
        for (number, index) in relation.indexes.iter().enumerate() {
            offer(Path::Index(number), &index.columns, index.is_unique);
        }
        best
    }

    /// Sets `start` to what the keys of rows with these values begin with; `value` gives each by its place.
    #[inline]
    pub(crate) fn key_start<'v>(
        &self,
        relation: &Relation,
        value: impl Fn(usize) -> ValueRef<'v>,
        start: &mut Vec<u8>,
    ) {
        start.clear();
        let index = match self.path {
            Path::Index(number) => relation.indexes.get(number),
            _ => None,
        };
        for (position, place) in self.places.iter().enumerate() {
            match index {
                Some(index) => index.push(start, position, value(*place)),
                None => key::push(start, value(*place)),
            }
        }
    }
}
