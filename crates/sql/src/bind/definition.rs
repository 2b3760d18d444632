//! CREATE and DROP, and of ALTER what adds references.

use wasm_dbms::{Connection, SchemaChange, TableSchema, schemas_of};
use wasm_dbms_api::ForeignKeySchema;

use super::view;
use crate::failure::Result;
use crate::{AlterAction, AlterTable, CreateIndex, CreateTable, CreateView, Dialect, Drop, DropObject};

/// What comes or goes.
#[derive(Debug)]
pub(crate) enum Definition {
    Table(CreateTable),
    Index(CreateIndex),
    View(Box<CreateView>, Dialect),
    Drop(Drop),
    /// References that a table gets.
    References {
        table: String,
        if_exists: bool,
        keys: Vec<ForeignKeySchema>,
    },
}

impl Definition {
    /// What ALTER TABLE says, if it is references only.
    pub(super) fn alter(alter: AlterTable) -> Option<Self> {
        let AlterTable { table, if_exists, actions } = alter;
        let key = |action| match action {
            AlterAction::AddForeignKey(key) => Some(key),
            _ => None,
        };
        let keys = actions.into_iter().map(key).collect::<Option<Vec<_>>>()?;
        Some(Self::References { table: table.into(), if_exists, keys })
    }

    /// Whether it goes with the session.
    pub(crate) fn is_temporary(&self) -> bool {
        matches!(self, Self::View(create, _) if create.is_temporary)
    }

    pub(crate) fn run<C: Connection>(&self, connection: &C) -> Result<()> {
        match self {
            Self::Table(CreateTable { schema, if_not_exists }) => create_table(connection, schema, *if_not_exists),
            Self::Index(create) => create_index(connection, create),
            Self::View(create, dialect) => view::create(connection, create, *dialect),
            Self::Drop(drop) => drop_all(connection, drop),
            Self::References { table, if_exists, keys } => add_references(connection, table, *if_exists, keys),
        }
    }
}

fn exists(name: &str) -> wasm_dbms::Error {
    wasm_dbms::Error::TableExists { table: name.to_owned() }
}

fn create_table<C: Connection>(connection: &C, schema: &TableSchema, if_not_exists: bool) -> Result<()> {
    if view::find(connection, &schema.name)?.is_some() {
        return if if_not_exists { Ok(()) } else { Err(exists(&schema.name).into()) };
    }
    match SchemaChange::CreateTable(schema.clone()).run(connection) {
        Err(wasm_dbms::Error::TableExists { .. }) if if_not_exists => Ok(()),
        result => Ok(result?),
    }
}

fn create_index<C: Connection>(connection: &C, create: &CreateIndex) -> Result<()> {
    let CreateIndex { table, index, if_not_exists } = create;
    if *if_not_exists {
        let has_index = |schema: &TableSchema| schema.indexes.iter().any(|other| other.name == index.name);
        if schemas_of(connection)?.iter().any(has_index) {
            return Ok(());
        }
    }
    Ok(SchemaChange::CreateIndex(table.to_string(), index.clone()).run(connection)?)
}

fn add_references<C: Connection>(
    connection: &C,
    table: &str,
    if_exists: bool,
    keys: &[ForeignKeySchema],
) -> Result<()> {
    if if_exists && !schemas_of(connection)?.iter().any(|schema| schema.name == table) {
        return Ok(());
    }
    Ok(SchemaChange::AddForeignKeys(table.to_owned(), keys.to_vec()).run(connection)?)
}

fn drop_all<C: Connection>(connection: &C, drop: &Drop) -> Result<()> {
    let Drop { object, names, if_exists } = drop;
    for name in names {
        let dropped = match object {
            DropObject::View => view::drop(connection, name),
            DropObject::Table => SchemaChange::DropTable(name.to_string()).run(connection),
            DropObject::Index => SchemaChange::DropIndex(name.to_string()).run(connection),
        };
        match dropped {
            Err(wasm_dbms::Error::Unknown { .. }) if *if_exists => {}
            result => result?,
        }
    }
    Ok(())
}
