//! Schemas, both ways.

use wasm_dbms::{
    CheckSchema, ColumnSchema, DataType, ForeignKeySchema, IndexColumn, IndexSchema, ReferentialAction, TableSchema,
};

use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::failure::Result;
use crate::{expression, value};

/// A table that came in.
pub(crate) fn read(table: wit::Table) -> Result<TableSchema> {
    let mut schema = TableSchema::new(table.name);
    schema.columns = table.columns.into_iter().map(read_column).collect::<Result<_>>()?;
    schema.primary_key = table.primary_key;
    schema.indexes = table.indexes.into_iter().map(read_index).collect();
    schema.foreign_keys = table.foreign_keys.into_iter().map(read_foreign_key).collect();
    for wit::Check { name, condition } in table.checks {
        schema.checks.push(CheckSchema::new(expression::read(condition)?).named(name));
    }
    Ok(schema)
}

fn read_column(column: wit::Column) -> Result<ColumnSchema> {
    let mut schema = ColumnSchema::new(column.name, data_type(column.data_type));
    schema.nullable = column.is_nullable;
    schema.autoincrement = column.is_autoincrement;
    schema.variants = column.choices;
    if let Some(default) = column.default.map(value::read).transpose()? {
        schema = schema.default(default);
    }
    Ok(schema)
}

fn read_index(index: wit::TableIndex) -> IndexSchema {
    let column = |column: wit::IndexColumn| IndexColumn { name: column.name, descending: column.is_descending };
    let mut schema = IndexSchema::new(index.columns.into_iter().map(column));
    if !index.name.is_empty() {
        schema.name = index.name;
    }
    schema.include = index.included;
    schema.unique = index.is_unique;
    schema
}

fn read_foreign_key(key: wit::ForeignKey) -> ForeignKeySchema {
    let name = if key.name.is_empty() { key.columns.join("_") } else { key.name };
    let (on_delete, on_update) = (read_action(key.on_delete), read_action(key.on_update));
    ForeignKeySchema { name, columns: key.columns, table: key.table, references: key.references, on_delete, on_update }
}

fn read_action(action: wit::ReferentialAction) -> ReferentialAction {
    match action {
        wit::ReferentialAction::Restrict => ReferentialAction::Restrict,
        wit::ReferentialAction::Cascade => ReferentialAction::Cascade,
        wit::ReferentialAction::SetNull => ReferentialAction::SetNull,
        wit::ReferentialAction::SetDefault => ReferentialAction::SetDefault,
    }
}

/// A table on its way out.
pub(crate) fn write(schema: TableSchema) -> wit::Table {
    wit::Table {
        name: schema.name,
        columns: schema.columns.into_iter().map(write_column).collect(),
        primary_key: schema.primary_key,
        indexes: schema.indexes.into_iter().map(write_index).collect(),
        foreign_keys: schema.foreign_keys.into_iter().map(write_foreign_key).collect(),
        checks: Vec::new(),
    }
}

fn write_column(schema: ColumnSchema) -> wit::Column {
    wit::Column {
        name: schema.name,
        data_type: written_type(schema.data_type),
        is_nullable: schema.nullable,
        is_autoincrement: schema.autoincrement,
        default: schema.default.map(value::give),
        choices: schema.variants,
    }
}

fn write_index(schema: IndexSchema) -> wit::TableIndex {
    let column = |column: IndexColumn| wit::IndexColumn { name: column.name, is_descending: column.descending };
    wit::TableIndex {
        name: schema.name,
        columns: schema.columns.into_iter().map(column).collect(),
        included: schema.include,
        is_unique: schema.unique,
    }
}

fn write_foreign_key(schema: ForeignKeySchema) -> wit::ForeignKey {
    wit::ForeignKey {
        name: schema.name,
        columns: schema.columns,
        table: schema.table,
        references: schema.references,
        on_delete: written_action(schema.on_delete),
        on_update: written_action(schema.on_update),
    }
}

fn written_action(action: ReferentialAction) -> wit::ReferentialAction {
    match action {
        ReferentialAction::Cascade => wit::ReferentialAction::Cascade,
        ReferentialAction::SetNull => wit::ReferentialAction::SetNull,
        ReferentialAction::SetDefault => wit::ReferentialAction::SetDefault,
        // And whatever is newer than the interface: it does not lose rows.
        _ => wit::ReferentialAction::Restrict,
    }
}

/// The types of the engine beside those of the interface.
const TYPES: [(DataType, wit::DataType); 19] = [
    (DataType::Bool, wit::DataType::Boolean),
    (DataType::I8, wit::DataType::S8),
    (DataType::I16, wit::DataType::S16),
    (DataType::I32, wit::DataType::S32),
    (DataType::I64, wit::DataType::S64),
    (DataType::U8, wit::DataType::U8),
    (DataType::U16, wit::DataType::U16),
    (DataType::U32, wit::DataType::U32),
    (DataType::U64, wit::DataType::U64),
    (DataType::F32, wit::DataType::F32),
    (DataType::F64, wit::DataType::F64),
    (DataType::Text, wit::DataType::Text),
    (DataType::Bytes, wit::DataType::Bytes),
    (DataType::Decimal, wit::DataType::Decimal),
    (DataType::Date, wit::DataType::Date),
    (DataType::DateTime, wit::DataType::Moment),
    (DataType::Uuid, wit::DataType::Uuid),
    (DataType::Json, wit::DataType::Json),
    (DataType::Enum, wit::DataType::Choice),
];

/// The type of a column that came in.
pub(crate) fn data_type(wanted: wit::DataType) -> DataType {
    TYPES.iter().find(|(_, written)| *written == wanted).map_or(DataType::Text, |(data_type, _)| *data_type)
}

fn written_type(wanted: DataType) -> wit::DataType {
    TYPES.iter().find(|(data_type, _)| *data_type == wanted).map_or(wit::DataType::Text, |(_, written)| *written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_engine_is_one_of_the_interface_and_back() {
        for of_engine in DataType::ALL {
            assert_eq!(data_type(written_type(of_engine)), of_engine);
        }
    }

    #[test]
    fn a_table_comes_back_as_it_went() -> Result<()> {
        let posts = TableSchema::new("posts")
            .column(ColumnSchema::new("id", DataType::U64).autoincrement())
            .column(ColumnSchema::one_of("state", ["draft", "live"]))
            .column(ColumnSchema::new("author", DataType::U64).nullable())
            .primary_key(["id"])
            .index(["author"])
            .foreign_key("author", "users", "id", ReferentialAction::SetNull);
        assert_eq!(read(write(posts.clone()))?, posts);
        Ok(())
    }
}
