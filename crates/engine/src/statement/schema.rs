//! [`SchemaChange`]: tables and indexes that come and go.

use std::sync::Arc;

use wasm_dbms_api::{IndexSchema, TableSchema};
use wasm_dbms_memory::Registry;

use crate::catalog::{Catalog, Relation, RelationIndex, is_hidden};
use crate::codec::snapshot::{Snapshot, StoredIndex};
use crate::core::Core;
use crate::error::Fallible;
use crate::migrate::{Filler, rows_from};
use crate::{Connection, Error, Result};

/// A table or an index that comes or goes, as data: it is made on any connection that can write, inside a transaction too,
/// but for an interactive one.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::SchemaChange;
///
/// let db = Database::in_memory();
/// let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64));
/// SchemaChange::CreateTable(table).run(&db)?;
/// db.insert_values("t", &[("n", 1.into())])?;
/// let index = IndexSchema { name: "by_n".into(), ..IndexSchema::new(["n"]) };
/// SchemaChange::CreateIndex("t".into(), index).run(&db)?;
/// assert_eq!(db.schemas()?[0].indexes.len(), 1);
/// SchemaChange::DropIndex("by_n".into()).run(&db)?;
/// assert!(db.schemas()?[0].indexes.is_empty());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SchemaChange {
    /// A new table.
    CreateTable(TableSchema),
    /// A table goes, with its rows and indexes.
    DropTable(String),
    /// A new index of the table, over the rows that are there.
    CreateIndex(String, IndexSchema),
    /// The index of this name goes.
    DropIndex(String),
}

/// The description of every table as a connection sees them, in the order of their creation.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::schemas_of;
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// assert_eq!(schemas_of(&db.begin()?)?[0].name, "t");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// What storage says.
pub fn schemas_of<C: Connection>(connection: &C) -> Result<Vec<TableSchema>> {
    Ok(connection.read(|core| Ok(core.catalog.schemas()))?)
}

/// The schema of a table: the same one, as long as the table stays as it is.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::schema_of;
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// assert_eq!(schema_of(&db, "t")?.columns[0].name, "n");
/// assert!(schema_of(&db, "u").is_err());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Unknown`]; what storage says.
pub fn schema_of<C: Connection>(connection: &C, table: &str) -> Result<Arc<TableSchema>> {
    Ok(connection.read(|core| {
        let index = core.catalog.find(table)?;
        Ok(Arc::clone(&core.catalog.relation(index)?.schema))
    })?)
}

/// Whether there is a table of each of these names, as a connection sees it.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::has_tables;
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// assert!(has_tables(&db, &["t"])?);
/// assert!(!has_tables(&db, &["t", "u"])?);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// What storage says.
pub fn has_tables<C: Connection, N: AsRef<str>>(connection: &C, names: &[N]) -> Result<bool> {
    Ok(connection.read(|core| Ok(names.iter().all(|name| core.catalog.has(name.as_ref()))))?)
}

impl SchemaChange {
    /// Makes the change.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::SchemaChange;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// SchemaChange::DropTable("t".into()).run(&db)?;
    /// assert!(db.tables()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TableExists`], [`Error::Schema`], [`Error::Unknown`]; [`Error::Unique`] for
    /// rows that a new index refuses; [`Error::Query`] in an interactive transaction; what storage says.
    pub fn run<C: Connection>(&self, connection: &C) -> Result<()> {
        match self {
            Self::CreateTable(schema) => create_table(connection, schema),
            Self::DropTable(name) => drop_table(connection, name),
            Self::CreateIndex(table, index) => changed(connection, &mut |core| core.create_index(table, index)),
            Self::DropIndex(name) => changed(connection, &mut |core| core.drop_index(name)),
        }
    }
}

/// [`SchemaChange::CreateTable`], for who makes no other change: nothing else of them is linked.
#[doc(hidden)]
pub fn create_table<C: Connection>(connection: &C, schema: &TableSchema) -> Result<()> {
    changed(connection, &mut |core| core.create_tables(&[schema]))
}

/// [`SchemaChange::DropTable`], for who makes no other change.
#[doc(hidden)]
pub fn drop_table<C: Connection>(connection: &C, name: &str) -> Result<()> {
    changed(connection, &mut |core| {
        core.touch_schema();
        core.catalog.drop(&mut core.store, name)
    })
}

fn changed<C: Connection>(connection: &C, change: &mut dyn FnMut(&mut Core) -> Fallible<()>) -> Result<()> {
    Ok(connection.write_many(|core| {
        if core.store.private().is_some() {
            return Err(Error::query(format_args!(
                "tables and indexes cannot come or go in an interactive transaction: use one that has the writer's turn \
                 (BEGIN IMMEDIATE)"
            )));
        }
        change(core)
    })?)
}

impl Core {
    /// The stored description of a table.
    pub(crate) fn stored(&mut self, index: RelationIndex) -> Fallible<Snapshot> {
        let id = self.catalog.relation(index)?.id;
        for (other, _, bytes) in Registry::tables(&mut self.store)? {
            if other == id {
                return Ok(Snapshot::decode(&bytes)?);
            }
        }
        Err(Error::unknown("table", &id))
    }

    /// Stores another description of a table, and reads every table anew. What is counted must be in the registry.
    pub(super) fn restore(&mut self, index: RelationIndex, snapshot: &Snapshot) -> Fallible<()> {
        snapshot.schema.validate()?;
        let bytes = snapshot.encode();
        Snapshot::decode(&bytes)?;
        let id = self.catalog.relation(index)?.id;
        Registry::set_snapshot(&mut self.store, id, &bytes)?;
        self.catalog = Catalog::load(&mut self.store)?;
        Ok(())
    }

    fn create_index(&mut self, table: &str, index: &IndexSchema) -> Fallible<()> {
        let place = self.catalog.find(table)?;
        self.change_schema()?;
        self.flush()?;
        let mut snapshot = self.stored(place)?;
        let tree = Registry::add_tree(&mut self.store)?;
        snapshot.schema.indexes.push(index.clone());
        snapshot.indexes.push(StoredIndex { id: snapshot.next_id, tree });
        snapshot.next_id += 1;
        snapshot.schema.validate()?;
        // Nobody else knows it while it is filled: no question is answered by it.
        let again = Snapshot::decode(&snapshot.encode())?;
        let mut with_index = Relation::new(self.catalog.relation(place)?.id, again, Arc::default())?;
        let relation = self.catalog.relation(place)?.clone();
        let mut filler = Filler::new(&with_index, &|other| other == tree);
        let mut filled = Ok(());
        rows_from(self, &relation, &[], &mut |core, key, values| {
            filled = filler.add(core, &relation, key, values);
            Ok(filled.is_ok())
        })?;
        filled?;
        filler.finish(&mut self.store, &mut with_index)?;
        if let Some(new) = with_index.indexes.iter_mut().find(|index| index.head.tree.id() == tree) {
            new.head.flush(&mut self.store)?;
        }
        self.restore(place, &snapshot)
    }

    /// Where the index of this name stands: its table and its number.
    fn index_of(&self, name: &str) -> Fallible<(RelationIndex, usize)> {
        let mut found = self.catalog.relations.iter().enumerate().filter_map(|(place, relation)| {
            if is_hidden(&relation.schema.name) {
                return None;
            }
            let number = relation.schema.indexes.iter().position(|index| index.name == name)?;
            Some((place, number))
        });
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Error::unknown("index", &name)),
            _ => Err(Error::query(format_args!("several tables have an index {name}"))),
        }
    }

    fn drop_index(&mut self, name: &str) -> Fallible<()> {
        self.change_schema()?;
        let (place, number) = self.index_of(name)?;
        self.flush()?;
        let mut snapshot = self.stored(place)?;
        if number >= snapshot.indexes.len() {
            return Err(Error::unknown("index", &name));
        }
        snapshot.schema.indexes.remove(number);
        let gone = snapshot.indexes.remove(number);
        Registry::remove_tree(&mut self.store, gone.tree)?;
        self.restore(place, &snapshot)
    }
}
