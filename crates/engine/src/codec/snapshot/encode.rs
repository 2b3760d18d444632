//! A snapshot to bytes.

use wasm_dbms_api::{ColumnSchema, ReferentialAction, TableSchema};

use crate::codec::record::Writer;
use crate::codec::snapshot::{ACTIONS, Snapshot, StoredColumn, VERSION};

impl Snapshot {
    /// The bytes of the snapshot.
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.encode_of(&self.schema, None)
    }

    /// The bytes of the snapshot with this schema, and another name of one column: everything else names columns by their
    /// ids.
    pub(crate) fn encode_of(&self, schema: &TableSchema, renamed: Option<(&str, &str)>) -> Vec<u8> {
        let mut writer = Writer(vec![VERSION]);
        let id_of = |column: &str| {
            let stored = schema.position(column).and_then(|position| self.columns.get(position));
            u64::from(stored.map_or(0, |stored| stored.id))
        };
        let ids = |field: &mut Writer, columns: &[String]| columns.iter().for_each(|name| field.number(id_of(name)));
        writer.field_of_text(1, &schema.name);
        writer.field_of_number(2, self.version);
        writer.field_of_number(3, self.next_id);
        writer.field_of_number(4, self.table);
        writer.field_of_number(5, self.primary_key);
        if !schema.primary_key.is_empty() {
            writer.field(6, |field| ids(field, &schema.primary_key));
        }
        writer.field_of_flag(7, self.is_held);
        for (column, stored) in schema.columns.iter().zip(&self.columns) {
            let name = renamed.filter(|(old, _)| *old == column.name).map_or(&*column.name, |(_, new)| new);
            writer.field(128, |field| encode_column(field, name, column, stored));
        }
        for (index, stored) in schema.indexes.iter().zip(&self.indexes) {
            writer.field(129, |record| {
                record.field_of_number(1, stored.id);
                record.field_of_number(2, stored.tree);
                record.field_of_text(3, &index.name);
                record.field_of_flag(4, index.unique);
                record.field(5, |field| {
                    for column in &index.columns {
                        field.number(id_of(&column.name) * 2 + u64::from(column.descending));
                    }
                });
                if !index.include.is_empty() {
                    record.field(6, |field| ids(field, &index.include));
                }
            });
        }
        for key in &schema.foreign_keys {
            writer.field(130, |record| {
                record.field_of_text(1, &key.name);
                record.field(2, |field| ids(field, &key.columns));
                record.field_of_text(3, &key.table);
                for (tag, action) in [(4, key.on_delete), (5, key.on_update)] {
                    if action != ReferentialAction::Restrict {
                        record.field_of_bytes(tag, &[action_code(action)]);
                    }
                }
                for name in &key.references {
                    record.field_of_text(128, name);
                }
            });
        }
        for form in &self.earlier {
            writer.field(131, |record| {
                record.field_of_number(1, form.version);
                record.field(2, |field| {
                    for column in &form.columns {
                        field.number(column.id.into());
                        field.number(u64::from(column.data_type.code()) * 2 + u64::from(column.nullable));
                    }
                });
            });
        }
        for check in &schema.checks {
            writer.field(132, |record| {
                if !check.name.is_empty() {
                    record.field_of_text(1, &check.name);
                }
                record.field(2, |field| field.condition(&check.condition, &id_of));
            });
        }
        writer.0
    }
}

fn encode_column(record: &mut Writer, name: &str, column: &ColumnSchema, stored: &StoredColumn) {
    record.field_of_number(1, stored.id);
    record.field_of_text(2, name);
    record.field_of_bytes(3, &[column.data_type.code()]);
    record.field_of_flag(4, column.nullable);
    record.field_of_flag(5, column.autoincrement);
    if let Some(default) = &column.default {
        record.field(6, |field| field.value(default.as_ref()));
    }
    if !stored.initial.is_null() {
        record.field(7, |field| field.value(stored.initial.as_ref()));
    }
    if !column.shape.is_empty() {
        record.field_of_text(8, &column.shape);
    }
    for name in &column.variants {
        record.field_of_text(128, name);
    }
    for sanitizer in &column.sanitizers {
        record.field(129, |field| field.sanitizer(sanitizer));
    }
    for validator in &column.validators {
        record.field(130, |field| field.validator(validator));
    }
}

fn action_code(action: ReferentialAction) -> u8 {
    ACTIONS.iter().position(|other| *other == action).map_or(u8::MAX, |code| code as u8)
}
