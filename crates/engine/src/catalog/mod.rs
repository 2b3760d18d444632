//! The tables as the engine works with them: schemas resolved to numbers, trees with their state.

mod drift;
mod foreign_key;
mod hidden;
mod index;
mod relation;
mod rules;

use std::any::TypeId;
use std::cell::{Ref, RefCell};
use std::fmt;
use std::sync::Arc;

use wasm_dbms_api::{ColumnSchema, MemoryError, SchemaError, Table, TableSchema};
use wasm_dbms_memory::{REGISTRY_TREE, Registry, TableId, TreeId};

pub(crate) use drift::differences;
pub(crate) use foreign_key::{ForeignKey, Lookup, Path, Referrer};
pub(crate) use hidden::{NEW, OLD, is_hidden};
pub(crate) use index::Index;
pub(crate) use relation::{KeyShape, Relation, TreeHead};
pub(crate) use rules::Rules;

use crate::Error;
use crate::codec::key;
use crate::codec::snapshot::Snapshot;
use crate::error::Fallible;
use crate::numbering::Numbering;
use crate::store::Store;

/// Where a relation stands in the catalog.
pub(crate) type RelationIndex = usize;

/// The longest code of a primary key that rows are clustered by, in bytes.
pub const MAX_CLUSTERED_KEY_BYTES: usize = 64;

/// Every table of a database.
#[derive(Debug, Default, Clone)]
pub(crate) struct Catalog {
    pub(crate) relations: Vec<Relation>,
    /// The Rust types that were asked for, in the order of their ids.
    types: Vec<(TypeId, RelationIndex)>,
    /// The type asked for last: most calls ask for the same one again.
    last_type: Option<(TypeId, RelationIndex)>,
    /// The tables that were asked for, where somebody wants to know.
    named: Option<RefCell<Named>>,
}

/// What was asked for by name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Named {
    pub(crate) tables: Vec<RelationIndex>,
    /// Whether a table was not there.
    pub(crate) in_vain: bool,
}

impl Catalog {
    /// Reads every table from the registry.
    pub(crate) fn load(store: &mut Store) -> Fallible<Self> {
        let mut catalog = Self::default();
        let mut trees = Numbering::default();
        trees.number(&REGISTRY_TREE.to_be_bytes());
        for (id, name, bytes) in Registry::tables(store)? {
            let mut snapshot = Snapshot::decode(&bytes)?;
            if snapshot.schema.name != name {
                let found = &snapshot.schema.name;
                return Err(MemoryError::corrupt_with(format_args!("table {name} has the snapshot of {found}")).into());
            }
            let described = snapshot.described(bytes);
            let relation = Relation::new(id, snapshot, described)?;
            if let Some(tree) = relation.trees().into_iter().find(|tree| !trees.is_new(&tree.to_be_bytes())) {
                return Err(MemoryError::corrupt_with(format_args!(
                    "table {name} has tree {tree}, which is another's"
                ))
                .into());
            }
            catalog.relations.push(relation);
        }
        catalog.link()?;
        for relation in &mut catalog.relations {
            relation.reload(store)?;
        }
        Ok(catalog)
    }

    /// Every table that is not hidden.
    fn shown(&self) -> impl Iterator<Item = &Relation> {
        self.relations.iter().filter(|relation| !is_hidden(&relation.schema.name))
    }

    /// Refuses to change tables while a migration in steps is under way.
    pub(crate) fn check_no_migration(&self) -> Fallible<()> {
        self.shown().try_for_each(Relation::check_not_held)
    }

    /// The description of every table.
    pub(crate) fn schemas(&self) -> Vec<TableSchema> {
        let mut schemas = Vec::with_capacity(self.relations.len());
        for relation in self.shown() {
            schemas.push(TableSchema::clone(&relation.schema));
        }
        schemas
    }

    /// The name of every table.
    pub(crate) fn names(&self) -> Vec<String> {
        self.shown().map(|relation| relation.schema.name.clone()).collect()
    }

    /// How people call a tree.
    pub(crate) fn tree_name(&self, tree: TreeId) -> Option<String> {
        self.relations.iter().find_map(|relation| relation.tree_name(tree))
    }

    /// Where the table of this name stands.
    pub(crate) fn find(&self, name: &str) -> Fallible<RelationIndex> {
        let found = self.place(name);
        found.ok_or_else(|| Error::unknown("table", &name))
    }

    /// Whether there is a table of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn place(&self, name: &str) -> Option<RelationIndex> {
        let found = self.relations.iter().position(|relation| relation.schema.name == name);
        self.note_named(found);
        found
    }

    /// From now on keeps which tables are asked for.
    pub(crate) fn keep_named(&mut self) {
        self.last_type = None;
        self.named = Some(RefCell::default());
    }

    /// The tables that were asked for, if that is kept.
    pub(crate) fn named(&self) -> Option<Ref<'_, Named>> {
        self.named.as_ref().and_then(|named| named.try_borrow().ok())
    }

    /// Keeps that a table was asked for; none: that it was not there.
    pub(crate) fn note_named(&self, index: Option<RelationIndex>) {
        let Some(mut named) = self.named.as_ref().and_then(|named| named.try_borrow_mut().ok()) else { return };
        match index {
            None => named.in_vain = true,
            Some(index) if named.tables.contains(&index) => {}
            Some(index) => named.tables.push(index),
        }
    }

    /// Where the table of this Rust type stands.
    #[inline]
    pub(crate) fn find_type<T: Table>(&mut self) -> Fallible<RelationIndex> {
        match self.last_type {
            Some((last, index)) if last == TypeId::of::<T>() => Ok(index),
            _ => self.find_other_type(TypeId::of::<T>(), T::schema),
        }
    }

    fn find_other_type(&mut self, id: TypeId, schema: fn() -> &'static TableSchema) -> Fallible<RelationIndex> {
        let index = match self.types.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(place) => self.types.get(place).map_or(0, |(_, index)| *index),
            Err(place) => self.bind_type(place, id, schema())?,
        };
        self.note_named(Some(index));
        self.last_type = Some((id, index));
        Ok(index)
    }

    /// Checks once that the stored schema is the Rust type's.
    #[cold]
    fn bind_type(&mut self, place: usize, id: TypeId, schema: &TableSchema) -> Fallible<RelationIndex> {
        let index = self.find(&schema.name)?;
        self.check_same(index, schema)?;
        self.types.insert(place, (id, index));
        Ok(index)
    }

    /// Checks that a table is stored as the program has it.
    pub(crate) fn check_same(&self, index: RelationIndex, compiled: &TableSchema) -> Fallible<()> {
        let stored = &self.relation(index)?.schema;
        let differences = differences(stored, compiled);
        if differences.is_empty() {
            return Ok(());
        }
        Err(Error::SchemaDrift { table: stored.name.clone(), differences }.into())
    }

    #[inline]
    pub(crate) fn relation(&self, index: RelationIndex) -> Fallible<&Relation> {
        self.relations.get(index).ok_or_else(no_relation)
    }

    /// The table with this number, if it is there.
    pub(crate) fn with_id(&self, id: TableId) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.id == id)
    }

    /// The table with this number, if it is there, to change.
    pub(crate) fn with_id_mut(&mut self, id: TableId) -> Option<&mut Relation> {
        self.relations.iter_mut().find(|relation| relation.id == id)
    }

    #[inline]
    pub(crate) fn relation_mut(&mut self, index: RelationIndex) -> Fallible<&mut Relation> {
        self.relations.get_mut(index).ok_or_else(no_relation)
    }

    /// Adds tables to the registry and to the catalog. They may refer to each other.
    pub(crate) fn create(&mut self, store: &mut Store, schemas: &[&TableSchema]) -> Fallible<()> {
        for (number, schema) in schemas.iter().enumerate() {
            schema.validate()?;
            Rules::check_patterns(schema)?;
            let is_twice = schemas.iter().take(number).any(|other| other.name == schema.name);
            if is_twice || self.find(&schema.name).is_ok() {
                return Err(Error::TableExists { table: schema.name.clone() }.into());
            }
            self.check_references(schema, schemas)?;
        }
        for schema in schemas {
            self.add(store, schema)?;
        }
        self.link()
    }

    /// Makes a table that was looked at. It and what refers to it are not linked yet.
    pub(crate) fn add(&mut self, store: &mut Store, schema: &TableSchema) -> Fallible<()> {
        let table = Registry::add_tree(store)?;
        let mut indexes = Vec::new();
        for _ in &schema.indexes {
            indexes.push(Registry::add_tree(store)?);
        }
        let is_clustered = is_clustered(schema) || schema.primary_key.is_empty();
        let primary_key = if is_clustered { 0 } else { Registry::add_tree(store)? };
        let bytes = Snapshot::without_schema(schema, table, primary_key, &indexes).encode_of(schema, None);
        // What is stored must be read again: the bounds of reading are refused here, not at the next opening.
        let snapshot = Snapshot::decode(&bytes)?;
        let id = Registry::add_table(store, &schema.name, &bytes)?;
        self.relations.push(Relation::new(id, snapshot, bytes.into())?);
        Ok(())
    }

    /// Removes a table that no other refers to.
    pub(crate) fn drop(&mut self, store: &mut Store, name: &str) -> Fallible<()> {
        let index = self.find(name)?;
        let relation = self.relation(index)?;
        relation.check_not_held()?;
        if let Some(referrer) = relation.referrers.iter().find(|referrer| referrer.relation != index) {
            let other = self.relation(referrer.relation)?.schema.name.clone();
            return Err(SchemaError { table: name.to_owned(), problem: format!("table {other} refers to it") }.into());
        }
        for tree in relation.trees() {
            Registry::remove_tree(store, tree)?;
        }
        Registry::remove_table(store, relation.id, name)?;
        self.relations.remove(index);
        self.types.clear();
        self.last_type = None;
        self.link()
    }

    /// Checks that what a schema refers to is there, or made with it, of the same types, and unique.
    pub(crate) fn check_references(&self, schema: &TableSchema, together: &[&TableSchema]) -> Fallible<()> {
        for key in &schema.foreign_keys {
            let columns = key.columns.join(", ");
            let found = self.find(&key.table).ok().and_then(|index| self.relations.get(index));
            let made = together.iter().copied().find(|other| other.name == key.table);
            let Some(other) = found.map(|relation| &*relation.schema).or(made) else {
                let problem = format_args!("{columns} refers to table {}, which does not exist", key.table);
                return Err(refusal(schema, problem));
            };
            let target = format!("{}.{}", key.table, key.references.join(", "));
            for (column, referred) in key.columns.iter().zip(&key.references) {
                let column = schema.columns.iter().find(|other| other.name == *column);
                let Some(referred) = other.columns.iter().find(|column| column.name == *referred) else {
                    return Err(refusal(schema, format_args!("{columns} refers to {target}, which does not exist")));
                };
                let is_alike = |column: &ColumnSchema| {
                    column.data_type == referred.data_type && column.variants == referred.variants
                };
                if !column.is_some_and(is_alike) {
                    return Err(refusal(schema, format_args!("{columns} is not of the type of {target}")));
                }
            }
            let is_named = |name: &String| key.references.contains(name);
            let count = key.references.len();
            let is_unique = other.primary_key.len() == count && other.primary_key.iter().all(is_named)
                || other.indexes.iter().any(|index| {
                    index.unique
                        && index.columns.len() == count
                        && index.columns.iter().all(|column| is_named(&column.name))
                });
            if !is_unique {
                return Err(refusal(schema, format_args!("{columns} refers to {target}, which is not unique")));
            }
        }
        Ok(())
    }

    /// Resolves the references between tables.
    fn link(&mut self) -> Fallible<()> {
        for relation in &mut self.relations {
            relation.referrers.clear();
        }
        for index in 0..self.relations.len() {
            let relation = self.relation(index)?;
            let schema = Arc::clone(&relation.schema);
            let mut foreign_keys = Vec::new();
            for (number, key) in schema.foreign_keys.iter().enumerate() {
                let target = self.find(&key.table)?;
                let resolved = ForeignKey::new(key, self.relation(index)?, target, self.relation(target)?)?;
                foreign_keys.push(Arc::new(resolved));
                self.relation_mut(target)?.referrers.push(Referrer { relation: index, foreign_key: number });
            }
            self.relation_mut(index)?.foreign_keys = foreign_keys;
        }
        for index in 0..self.relations.len() {
            let mut referred = Vec::new();
            for referrer in &self.relation(index)?.referrers {
                if let Some(key) = self.relation(referrer.relation)?.foreign_keys.get(referrer.foreign_key) {
                    referred.extend_from_slice(&key.referred);
                }
            }
            self.relation_mut(index)?.sort_columns(&referred);
        }
        Ok(())
    }
}

/// The number of a column.
pub(crate) fn column_of(schema: &TableSchema, name: &str) -> Fallible<usize> {
    let position = schema.position(name);
    position.ok_or_else(|| Error::unknown("column", &format_args!("{}.{name}", schema.name)))
}

/// The positions of columns with these names.
pub(crate) fn columns_of<'n>(
    schema: &TableSchema,
    names: impl IntoIterator<Item = &'n String>,
) -> Fallible<Vec<usize>> {
    let mut columns = Vec::new();
    for name in names {
        columns.push(column_of(schema, name)?);
    }
    Ok(columns)
}

/// What stands in the way of a table of this schema.
#[cold]
fn refusal(schema: &TableSchema, problem: fmt::Arguments<'_>) -> Box<Error> {
    SchemaError { table: schema.name.clone(), problem: problem.to_string() }.into()
}

/// Whether rows are clustered by the primary key: there is one, and its code cannot be long.
pub(crate) fn is_clustered(schema: &TableSchema) -> bool {
    let codes = schema.primary_key.iter().map(|name| {
        let column = schema.columns.iter().find(|column| column.name == *name)?;
        key::longest_code(column.data_type)
    });
    let longest: Option<usize> = codes.sum();
    !schema.primary_key.is_empty() && longest.is_some_and(|longest| longest <= MAX_CLUSTERED_KEY_BYTES)
}

fn no_relation() -> Box<Error> {
    Error::unknown("table", &"of a statement whose table was dropped")
}
