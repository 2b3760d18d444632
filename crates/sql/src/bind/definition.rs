//! CREATE, DROP and ALTER.

use std::borrow::Cow;

use wasm_dbms::{AnyConnection, MigrationOperation, TableSchema, schemas_of};

use super::view;
use crate::failure::Inner;
use crate::{AlterAction, AlterTable, CreateIndex, CreateTable, Dialect, Drop, DropObject, Statement};

/// Whether what the statement makes goes with the session.
pub(crate) fn is_temporary(statement: &Statement) -> bool {
    matches!(statement, Statement::CreateView(create) if create.is_temporary)
}

/// Runs a statement by which something comes or goes.
pub(crate) fn define(connection: &AnyConnection<'_>, statement: &Statement, dialect: Dialect) -> Inner<()> {
    match statement {
        Statement::CreateTable(create) => create_table(connection, create),
        Statement::CreateIndex(create) => create_index(connection, create),
        Statement::CreateView(create) => view::create(connection, create, dialect),
        Statement::Drop(drop) => drop_all(connection, drop),
        Statement::AlterTable(alter) => alter_table(connection, alter),
        _ => Ok(()),
    }
}

fn exists(name: &str) -> wasm_dbms::Error {
    wasm_dbms::Error::TableExists { table: name.to_owned() }
}

fn create_table(connection: &AnyConnection<'_>, create: &CreateTable) -> Inner<()> {
    let CreateTable { schema, if_not_exists } = create;
    if view::is_stored(connection, &schema.name)? {
        return if *if_not_exists { Ok(()) } else { Err(exists(&schema.name).into()) };
    }
    match wasm_dbms::create_table(connection, schema) {
        Err(wasm_dbms::Error::TableExists { .. }) if *if_not_exists => Ok(()),
        result => Ok(result?),
    }
}

fn create_index(connection: &AnyConnection<'_>, create: &CreateIndex) -> Inner<()> {
    let CreateIndex { table, index, if_not_exists } = create;
    if *if_not_exists && !tables_with_index(connection, &index.name)?.is_empty() {
        return Ok(());
    }
    let (table, index) = (table.to_string(), index.clone());
    Ok(change_index(connection, MigrationOperation::CreateIndex { table, index })?)
}

fn drop_index(connection: &AnyConnection<'_>, name: &str) -> wasm_dbms::Result<()> {
    let mut tables = tables_with_index(connection, name)?;
    let index = name.to_owned();
    match (tables.pop(), tables.is_empty()) {
        (Some(table), true) => change_index(connection, MigrationOperation::DropIndex { table, index }),
        (Some(_), false) => Err(wasm_dbms::Error::Query(format!("several tables have an index {name}"))),
        (None, _) => Err(wasm_dbms::Error::Unknown { what: "index", name: index }),
    }
}

/// The names of the tables that have an index of this name.
fn tables_with_index(connection: &AnyConnection<'_>, name: &str) -> wasm_dbms::Result<Vec<String>> {
    let mut tables = Vec::new();
    for schema in schemas_of(connection)? {
        if schema.indexes.iter().any(|index| index.name == name) {
            tables.push(schema.name);
        }
    }
    Ok(tables)
}

/// An index comes or goes, which is no migration: what stands in its way is told without the row.
fn change_index(connection: &AnyConnection<'_>, operation: MigrationOperation) -> wasm_dbms::Result<()> {
    match wasm_dbms::alter(connection, &[Cow::Owned(operation)], false) {
        Err(wasm_dbms::Error::MigrationRow { error, .. }) => Err(*error),
        result => result,
    }
}

fn alter_table(connection: &AnyConnection<'_>, alter: &AlterTable) -> Inner<()> {
    let AlterTable { table, if_exists, actions } = alter;
    let schemas = schemas_of(connection)?;
    let stored = schemas.iter().find(|schema| schema.name == **table);
    if *if_exists && stored.is_none() {
        return Ok(());
    }
    let has = |column: &str| stored.is_some_and(|stored| stored.position(column).is_some());
    let mut operations = Vec::with_capacity(actions.len());
    for action in actions {
        operations.push(match action {
            AlterAction::Change(operation, is_lenient) => match &**operation {
                // What it is about may be there, or be missing, and is.
                MigrationOperation::AddColumn { column, .. } if *is_lenient && has(&column.name) => continue,
                MigrationOperation::DropColumn { column, .. } if *is_lenient && !has(column) => continue,
                MigrationOperation::RenameTable { name, .. } if view::is_stored(connection, name)? => {
                    return Err(exists(name).into());
                }
                operation => Cow::Borrowed(operation),
            },
            AlterAction::DropConstraint(name, if_exists) => match drop_constraint(table, stored, name)? {
                Some(operation) => Cow::Owned(operation),
                None if *if_exists => continue,
                None => {
                    let name = format!("{table}.{name}");
                    return Err(wasm_dbms::Error::Unknown { what: "constraint", name }.into());
                }
            },
        });
    }
    Ok(wasm_dbms::alter(connection, &operations, true)?)
}

/// The constraint of that name goes: a unique one, a reference or a check, whichever has it. One that was given no name goes
/// by its columns, joined by `_`; a check by its condition.
fn drop_constraint(table: &str, stored: Option<&TableSchema>, name: &str) -> Inner<Option<MigrationOperation>> {
    let unknown = || wasm_dbms::Error::Unknown { what: "table", name: table.to_owned() };
    let stored = stored.ok_or_else(unknown)?;
    let (table, named) = (table.to_owned(), name.to_owned());
    Ok(if stored.indexes.iter().any(|index| index.unique && index.name == name) {
        Some(MigrationOperation::DropIndex { table, index: named })
    } else if stored.foreign_keys.iter().any(|key| key.name == name) {
        Some(MigrationOperation::DropForeignKey { table, foreign_key: named })
    } else if stored.checks.iter().any(|check| check.label() == name) {
        Some(MigrationOperation::DropCheck { table, check: named })
    } else {
        None
    })
}

/// Drops all that a statement names.
pub(crate) fn drop_all(connection: &AnyConnection<'_>, drop: &Drop) -> Inner<()> {
    let Drop { object, names, if_exists } = drop;
    for name in names {
        let dropped = match object {
            DropObject::View => view::drop(connection, name),
            DropObject::Table => wasm_dbms::drop_table(connection, name),
            DropObject::Index => drop_index(connection, name),
        };
        match dropped {
            Err(wasm_dbms::Error::Unknown { .. }) if *if_exists => {}
            result => result?,
        }
    }
    Ok(())
}
