//! Tables. The name of a column begins with its type, so that an expression over a table of that name fits whichever table
//! has it.

use wasm_dbms::{ColumnSchema, DataType, IndexColumn, IndexSchema, ReferentialAction, TableSchema, Value};

use crate::model::draw::value::VARIANTS;
use crate::model::draw::{Draw, Theme};
use crate::model::oracle::State;

/// Types that are drawn; those that more depends on more often.
const TYPES: [DataType; 30] = [
    DataType::Bool,
    DataType::I8,
    DataType::I16,
    DataType::I32,
    DataType::I64,
    DataType::I64,
    DataType::U8,
    DataType::U16,
    DataType::U32,
    DataType::U64,
    DataType::U64,
    DataType::U64,
    DataType::F32,
    DataType::F64,
    DataType::F64,
    DataType::Text,
    DataType::Text,
    DataType::Text,
    DataType::Text,
    DataType::Text,
    DataType::Bytes,
    DataType::Bytes,
    DataType::Decimal,
    DataType::Decimal,
    DataType::Date,
    DataType::DateTime,
    DataType::Uuid,
    DataType::Json,
    DataType::Enum,
    DataType::Enum,
];

impl Draw {
    /// A table that can be created.
    pub(super) fn schema(&mut self, state: &State) -> TableSchema {
        let free = (0..).map(|number| format!("t{number}")).find(|name| state.table(name).is_none());
        let mut schema = TableSchema::new(free.unwrap_or_default());
        let many = if self.once_in(24) { 24 } else { 7 };
        for _ in 0..self.random.usize(1..many) {
            let data_type = self.pick(TYPES);
            schema = self.with_column(schema, data_type);
        }
        schema = self.with_key(schema);
        for _ in 0..self.random.usize(..4) {
            if let Some(index) = self.index(&schema) {
                schema.indexes.push(index);
            }
        }
        let references =
            if self.theme == Theme::References { self.random.usize(..4) } else { self.random.usize(..6) / 5 };
        for _ in 0..references {
            schema = self.with_reference(schema, state);
        }
        schema
    }

    fn with_column(&mut self, schema: TableSchema, data_type: DataType) -> TableSchema {
        let same = schema.columns.iter().filter(|column| column.data_type == data_type).count();
        let name = format!("{data_type}{same}");
        let mut column = match data_type {
            DataType::Enum => ColumnSchema::one_of(name, VARIANTS),
            _ => ColumnSchema::new(name, data_type),
        };
        if self.once_in(3) {
            column = column.nullable();
        }
        if self.once_in(5) {
            let default = self.value(data_type);
            if column.holds(default.as_ref()) || data_type == DataType::Enum {
                column = column.default(default);
            }
        }
        schema.column(column)
    }

    /// Up to three columns that may stand in a key, in any order.
    fn key_columns(&mut self, schema: &TableSchema) -> Vec<String> {
        let ordered = schema.columns.iter().filter(|column| column.data_type.is_ordered());
        let mut columns: Vec<String> = ordered.map(|column| column.name.clone()).collect();
        self.random.shuffle(&mut columns);
        columns.truncate(self.pick([1, 1, 1, 2, 2, 3]));
        columns
    }

    /// An index that has another name than those that are there.
    fn index(&mut self, schema: &TableSchema) -> Option<IndexSchema> {
        let columns: Vec<IndexColumn> = self
            .key_columns(schema)
            .into_iter()
            .map(|name| {
                let column = IndexColumn::new(name);
                if self.once_in(4) { column.descending() } else { column }
            })
            .collect();
        let mut index = IndexSchema::new(columns);
        if self.once_in(8) {
            let others = schema.columns.iter().filter(|column| !index.is_on([column.name.as_str()]));
            let others: Vec<&str> = others.map(|column| column.name.as_str()).collect();
            let included = self.one_of(&others).filter(|name| index.columns.iter().all(|column| column.name != **name));
            index = index.include(included.copied());
        }
        if self.once_in(3) {
            index = index.unique();
        }
        let number = schema.indexes.len();
        if schema.indexes.iter().any(|other| other.name == index.name) {
            index = index.named(format!("index{number}"));
        }
        (!index.columns.is_empty()).then_some(index)
    }

    fn with_key(&mut self, mut schema: TableSchema) -> TableSchema {
        let counts = match self.random.u8(..10) {
            0..2 => return self.counting(schema),
            2..5 => {
                let data_type = self.pick([DataType::U64, DataType::I64, DataType::U32, DataType::I8]);
                let mut column = ColumnSchema::new("id", data_type);
                if self.random.bool() {
                    column = column.autoincrement();
                }
                schema.columns.insert(self.random.usize(..=schema.columns.len()), column);
                return schema.primary_key(["id"]);
            }
            drawn => drawn > 6,
        };
        let key = self.key_columns(&schema);
        for column in schema.columns.iter_mut().filter(|column| key.contains(&column.name)) {
            column.nullable = false;
            column.default = column.default.take().filter(|default| !default.is_null());
        }
        schema = schema.primary_key(key.iter().map(String::as_str));
        if counts { self.counting(schema) } else { schema }
    }

    /// Perhaps a column that counts up, wherever it stands.
    fn counting(&mut self, mut schema: TableSchema) -> TableSchema {
        let mut integers: Vec<&mut ColumnSchema> =
            schema.columns.iter_mut().filter(|column| column.data_type.is_integer()).collect();
        let count = integers.len();
        if count > 0
            && self.random.bool()
            && let Some(column) = integers.get_mut(self.random.usize(..count))
        {
            (column.nullable, column.autoincrement) = (false, true);
            column.default = None;
        }
        schema
    }

    /// A reference to a table that is there, or to the table itself.
    fn with_reference(&mut self, schema: TableSchema, state: &State) -> TableSchema {
        let own = self.once_in(4);
        let any = self.random.usize(..state.tables.len().max(1));
        let target = match state.tables.get(any) {
            Some(table) if !own => table.schema().clone(),
            _ => schema.clone(),
        };
        let indexes = target.indexes.iter().filter(|index| index.unique).map(|index| match index.columns.as_slice() {
            [only] => Some(&only.name),
            _ => None,
        });
        let key = match target.primary_key.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let mut unique: Vec<&String> = indexes.chain([key]).flatten().collect();
        self.random.shuffle(&mut unique);
        let referred = unique.first().and_then(|name| target.columns.iter().find(|column| column.name == **name));
        let Some(referred) = referred else { return schema };
        let on_delete = if self.once_in(3) { ReferentialAction::Restrict } else { ReferentialAction::Cascade };
        let before = schema.columns.len();
        let mut schema = self.with_column(schema, referred.data_type);
        let mut name = String::new();
        if let Some(column) = schema.columns.get_mut(before) {
            column.default = None;
            // A row that refers to its own table must be able to be the first.
            column.nullable |= target.name == schema.name || self.random.bool();
            name.clone_from(&column.name);
        }
        let is_indexed = self.random.bool();
        let schema = schema.foreign_key(&name, &target.name, &referred.name, on_delete);
        if is_indexed { schema.index([name.as_str()]) } else { schema }
    }

    /// A table that must be refused, most often.
    pub(super) fn wrong_schema(&mut self, state: &State) -> TableSchema {
        let mut schema = self.schema(state);
        match self.random.u8(..7) {
            0 => schema.foreign_key("id", "no such table", "id", ReferentialAction::Restrict),
            1 => {
                let name = schema.name.clone();
                schema.foreign_key("no such column", &name, "id", ReferentialAction::Cascade)
            }
            2 => schema.primary_key(["no such column"]),
            3 => {
                schema.columns.clear();
                schema
            }
            4 => {
                let first = schema.columns.first().map(|column| column.name.clone()).unwrap_or_default();
                schema.index([first.as_str(), first.as_str()])
            }
            5 => schema.column(ColumnSchema::new("null", DataType::I64).default(Value::Null)),
            _ => {
                let name = state.tables.first().map(|table| table.name().to_owned()).unwrap_or_default();
                let first = schema.columns.first().map(|column| column.name.clone()).unwrap_or_default();
                schema.foreign_key(&first, &name, "text0", ReferentialAction::Restrict)
            }
        }
    }
}
