//! Tables. The name of a column begins with its type, so that an expression over a table of that name fits whichever table
//! has it.

use wasm_dbms::{
    CheckSchema, ColumnSchema, Comparison, DataType, Decimal, ForeignKeySchema, IndexColumn, IndexSchema,
    ReferentialAction, Sanitizer, TableSchema, Validator, Value,
};

use crate::model::draw::expr::visible;
use crate::model::draw::value::VARIANTS;
use crate::model::draw::{Draw, Theme};
use crate::model::oracle::{State, is_clustered};

/// A check is no longer than this, as it is shown: bytes take two characters each, and 16 KiB can be stored.
const CHECK_CHARACTERS_MAX: usize = 4000;

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
        if self.theme == Theme::Interactive {
            schema = countless(schema);
        }
        self.with_checks(schema)
    }

    /// Perhaps checks: such that most rows pass.
    fn with_checks(&mut self, mut schema: TableSchema) -> TableSchema {
        if !self.once_in(4) {
            return schema;
        }
        let Some(table) = State::default().create(&TableSchema { foreign_keys: Vec::new(), ..schema.clone() }).next
        else {
            return schema;
        };
        let Some(table) = table.0.tables.first() else { return schema };
        let columns: Vec<_> = visible(&[table]).into_iter().map(|column| column.bare()).collect();
        for number in 0..self.random.usize(1..3) {
            let Some(column) = self.one_of(&columns).copied() else { break };
            let data_type = column.schema.data_type;
            let lax = if data_type.is_integer() {
                column.expr().compare(Comparison::GreaterOrEqual, self.random.i64(-3..3))
            } else {
                column.expr().compare(Comparison::NotEqual, self.comparable(column))
            };
            let condition = if self.random.bool() { lax } else { lax.or(self.filter_over(&columns, 1)) };
            if condition.to_string().len() > CHECK_CHARACTERS_MAX {
                continue;
            }
            let check = CheckSchema::new(condition);
            schema = schema.with_check(if self.random.bool() { check.named(format!("check{number}")) } else { check });
        }
        schema
    }

    /// Perhaps rules for the values of a column.
    fn with_rules(&mut self, column: ColumnSchema) -> ColumnSchema {
        if !self.once_in(5) {
            return column;
        }
        let data_type = column.data_type;
        let texts = [Sanitizer::Trim, Sanitizer::CollapseWhitespace, Sanitizer::LowerCase, Sanitizer::UpperCase];
        match data_type {
            DataType::Text => {
                let mut column =
                    (0..self.random.usize(..3)).fold(column, |column, _| match self.one_of(&texts).cloned() {
                        Some(sanitizer) => column.sanitizer(sanitizer),
                        None => column,
                    });
                if self.once_in(4) {
                    column = column.sanitizer(Sanitizer::NullIfEmpty);
                }
                if self.once_in(2) { column.validator(Validator::MaxLen(self.random.u32(2..20))) } else { column }
            }
            DataType::Bytes => column.validator(Validator::LenRange(0, self.random.u32(2..9))),
            DataType::Decimal | DataType::F64 if self.random.bool() => {
                column.sanitizer(Sanitizer::RoundToScale(self.random.u8(..2)))
            }
            DataType::DateTime => column.sanitizer(Sanitizer::Utc),
            DataType::I64 | DataType::U64 | DataType::I8 | DataType::Decimal => {
                let number = |number: u8| match data_type {
                    DataType::Decimal => Value::from(Decimal::from(number)),
                    _ => Value::from(number),
                };
                let (low, high) = (number(self.random.u8(..3)), number(self.random.u8(20..90)));
                if self.random.bool() {
                    column.sanitizer(Sanitizer::Clamp(low, high))
                } else {
                    column.validator(Validator::Range(low, high))
                }
            }
            _ => column,
        }
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
        let column = self.with_rules(column);
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
            column.sanitizers.clear();
            column.validators.clear();
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
        let indexes = target.indexes.iter().filter(|index| index.unique);
        let indexes = indexes.map(|index| index.columns.iter().map(|column| column.name.clone()).collect());
        let mut unique: Vec<Vec<String>> = indexes.chain([target.primary_key.clone()]).collect();
        unique.retain(|columns| !columns.is_empty());
        let Some(mut referred) = self.one_of(&unique).cloned() else { return schema };
        if self.random.bool() {
            self.random.shuffle(&mut referred);
        }
        let on_delete = self.action();
        let on_update = if self.random.bool() { ReferentialAction::Restrict } else { self.action() };
        let changes = |action| matches!(action, ReferentialAction::SetNull | ReferentialAction::SetDefault);
        let is_free = changes(on_delete) || changes(on_update);
        let default = if is_free && self.random.bool() { self.any_offered(state, &target, &referred) } else { None };
        let mut schema = schema;
        let mut names = Vec::new();
        for (place, name) in referred.iter().enumerate() {
            let Some(other) = target.columns.iter().find(|column| column.name == *name) else { return schema };
            let before = schema.columns.len();
            schema = self.with_column(schema, other.data_type);
            let Some(column) = schema.columns.get_mut(before) else { return schema };
            column.default = default.as_ref().and_then(|default| default.get(place)).cloned();
            // A row that refers to its own table must be able to be the first.
            column.nullable |= target.name == schema.name || is_free || self.random.bool();
            if self.random.bool() {
                column.sanitizers.clear();
                column.validators.clear();
            }
            names.push(column.name.clone());
        }
        let key =
            ForeignKeySchema::new(names.iter().map(String::as_str), &target.name, referred.iter().map(String::as_str));
        let schema = schema.with_foreign_key(key.on_delete(on_delete).on_update(on_update));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match self.random.u8(..8) {
            0..4 => schema.index(names),
            // What refers can be referred to: chains come about.
            4 => schema.unique(names),
            _ => schema,
        }
    }

    fn action(&mut self) -> ReferentialAction {
        use ReferentialAction::{Cascade, Restrict, SetDefault, SetNull};
        self.pick([Restrict, Cascade, Cascade, SetNull, SetDefault])
    }

    /// The values of some columns of a row that is there.
    fn any_offered(&mut self, state: &State, target: &TableSchema, columns: &[String]) -> Option<Vec<Value>> {
        let table = state.table(&target.name)?;
        let row = self.any_row(table)?;
        let values = columns.iter().map(|column| Some(row.get(target.position(column)?)?.clone()));
        values.collect::<Option<Vec<Value>>>().filter(|values| !values.iter().any(Value::is_null))
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

/// The table without numbers that it gives to rows: keyed by its columns.
fn countless(mut schema: TableSchema) -> TableSchema {
    schema.columns.iter_mut().for_each(|column| column.autoincrement = false);
    let types = schema.primary_key.iter().filter_map(|name| schema.columns.iter().find(|column| column.name == *name));
    let types: Vec<DataType> = types.map(|column| column.data_type).collect();
    if is_clustered(&types) {
        return schema;
    }
    schema.columns.push(ColumnSchema::new("key", DataType::U64));
    schema.primary_key(["key"])
}
