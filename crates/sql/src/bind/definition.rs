//! CREATE, DROP and ALTER.

use wasm_dbms::{AnyConnection, MigrationOperation, SchemaAlteration, SchemaChange, TableSchema, schemas_of};

use super::view;
use crate::failure::Inner;
use crate::{AlterAction, AlterTable, CreateIndex, CreateTable, CreateView, Dialect, Drop, DropObject};

/// What comes or goes.
#[derive(Debug)]
pub(crate) enum Definition {
    Table(CreateTable),
    Index(CreateIndex),
    View(Box<CreateView>, Dialect),
    Drop(Drop),
    Alter(AlterTable),
}

impl Definition {
    /// Whether it goes with the session.
    pub(crate) fn is_temporary(&self) -> bool {
        matches!(self, Self::View(create, _) if create.is_temporary)
    }

    pub(crate) fn run(&self, connection: &AnyConnection<'_>) -> Inner<()> {
        match self {
            Self::Table(CreateTable { schema, if_not_exists }) => create_table(connection, schema, *if_not_exists),
            Self::Index(create) => create_index(connection, create),
            Self::View(create, dialect) => view::create(connection, create, *dialect),
            Self::Drop(drop) => drop_all(connection, drop),
            Self::Alter(alter) => alter_table(connection, alter),
        }
    }
}

fn exists(name: &str) -> wasm_dbms::Error {
    wasm_dbms::Error::TableExists { table: name.to_owned() }
}

fn create_table(connection: &AnyConnection<'_>, schema: &TableSchema, if_not_exists: bool) -> Inner<()> {
    if view::is_stored(connection, &schema.name)? {
        return if if_not_exists { Ok(()) } else { Err(exists(&schema.name).into()) };
    }
    match SchemaChange::CreateTable(schema.clone()).run(connection) {
        Err(wasm_dbms::Error::TableExists { .. }) if if_not_exists => Ok(()),
        result => Ok(result?),
    }
}

fn create_index(connection: &AnyConnection<'_>, create: &CreateIndex) -> Inner<()> {
    let CreateIndex { table, index, if_not_exists } = create;
    if *if_not_exists {
        let has_index = |schema: &TableSchema| schema.indexes.iter().any(|other| other.name == index.name);
        if schemas_of(connection)?.iter().any(has_index) {
            return Ok(());
        }
    }
    Ok(SchemaChange::CreateIndex(table.to_string(), index.clone()).run(connection)?)
}

fn alter_table(connection: &AnyConnection<'_>, alter: &AlterTable) -> Inner<()> {
    let AlterTable { table, if_exists, actions } = alter;
    let schemas = schemas_of(connection)?;
    let stored = schemas.iter().find(|schema| schema.name == **table);
    if *if_exists && stored.is_none() {
        return Ok(());
    }
    let mut operations = Vec::new();
    for action in actions {
        if let AlterAction::Rename(name) = action
            && view::is_stored(connection, name)?
        {
            return Err(exists(name).into());
        }
        put_operation(&mut operations, table, stored, action)?;
    }
    Ok(SchemaAlteration(operations).run(connection)?)
}

/// Puts down what an action of ALTER TABLE is to a migration; nothing where what it is about may be there, or be missing,
/// and is.
fn put_operation(
    operations: &mut Vec<MigrationOperation>,
    table: &str,
    stored: Option<&TableSchema>,
    action: &AlterAction,
) -> Inner<()> {
    use MigrationOperation as Operation;
    let has = |column: &str| stored.is_some_and(|stored| stored.position(column).is_some());
    let table = table.to_owned();
    operations.push(match action {
        AlterAction::AddColumn(column, true) if has(&column.name) => return Ok(()),
        AlterAction::DropColumn(column, true) if !has(column) => return Ok(()),
        AlterAction::DropConstraint(name, if_exists) => match drop_constraint(table, stored, name, *if_exists)? {
            Some(operation) => operation,
            None => return Ok(()),
        },
        AlterAction::AddColumn(column, _) => Operation::AddColumn { table, column: column.clone() },
        AlterAction::AddPrimaryKey(columns) => Operation::SetPrimaryKey { table, columns: columns.clone() },
        AlterAction::AddUnique(index) => Operation::CreateIndex { table, index: index.clone() },
        AlterAction::AddForeignKey(key) => Operation::AddForeignKey { table, foreign_key: key.clone() },
        AlterAction::AddCheck(check) => Operation::AddCheck { table, check: check.clone() },
        AlterAction::DropColumn(column, _) => Operation::DropColumn { table, column: column.to_string() },
        AlterAction::Rename(name) => Operation::RenameTable { table, name: name.to_string() },
        AlterAction::RenameColumn(column, name) => {
            Operation::RenameColumn { table, column: column.to_string(), name: name.to_string() }
        }
        AlterAction::SetType(column, data_type) => {
            Operation::ChangeType { table, column: column.to_string(), data_type: *data_type, variants: Vec::new() }
        }
        AlterAction::SetDefault(column, default) => {
            Operation::SetDefault { table, column: column.to_string(), default: default.clone() }
        }
        AlterAction::SetNullable(column, nullable) => {
            Operation::SetNullable { table, column: column.to_string(), nullable: *nullable }
        }
    });
    Ok(())
}

/// The constraint of that name goes: a unique one, a reference or a check, whichever has it. One that was given no name goes
/// by its columns, joined by `_`; a check by its condition.
fn drop_constraint(
    table: String,
    stored: Option<&TableSchema>,
    name: &str,
    if_exists: bool,
) -> Inner<Option<MigrationOperation>> {
    let unknown = |what, name| wasm_dbms::Error::Unknown { what, name };
    let stored = stored.ok_or_else(|| unknown("table", table.clone()))?;
    let named = name.to_owned();
    if stored.indexes.iter().any(|index| index.unique && index.name == name) {
        Ok(Some(MigrationOperation::DropIndex { table, index: named }))
    } else if stored.foreign_keys.iter().any(|key| key.name == name) {
        Ok(Some(MigrationOperation::DropForeignKey { table, foreign_key: named }))
    } else if stored.checks.iter().any(|check| check.label() == name) {
        Ok(Some(MigrationOperation::DropCheck { table, check: named }))
    } else if if_exists {
        Ok(None)
    } else {
        Err(unknown("constraint", format!("{table}.{name}")).into())
    }
}

fn drop_all(connection: &AnyConnection<'_>, drop: &Drop) -> Inner<()> {
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
