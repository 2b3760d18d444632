//! The schema snapshot: the description of a table as it is stored, with the numbers of its trees.
//!
//! | | |
//! |---|---|
//! | `u8` | snapshot version, 0 |
//! | `u32` | the tree of the rows |
//! | text | name |
//! | count, columns | text name, `u8` type, of an enum its names (count, texts), `u8` flags (1 nullable, 2 autoincrement, 4 default follows, 8 rules follow), default, rules (`rules.rs`) |
//! | count, primary key | column numbers |
//! | count, indexes | `u32` tree, `u8` unique, count, column numbers |
//! | `u32` | the tree of the primary key if rows are keyed by a row id, else 0 |
//! | count, foreign keys | column number, text table, text column, `u8` on delete |
//!
//! A text is a `u32` length and its bytes, a count or a column number a `u16`, a value a `u8` kind and its bytes. All
//! numbers are little-endian.

mod rules;

use wasm_dbms_api::{
    ColumnSchema, DataType, Date, ForeignKeySchema, IndexSchema, JsonRef, MemoryError, OnDelete, TableSchema, Uuid,
    Value, ValueRef,
};
use wasm_dbms_memory::TreeId;

use crate::codec::fixed;

const VERSION: u8 = 0;

/// How many bytes of column names the keys and indexes of a table may repeat.
const MAX_COPIED_NAME_BYTES: usize = 4 << 20;

/// A table's description and the numbers of its trees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) schema: TableSchema,
    /// The tree of the rows.
    pub(crate) table: TreeId,
    /// The tree of each index, in the schema's order.
    pub(crate) indexes: Vec<TreeId>,
    /// The tree of the primary key, where rows are keyed by a row id; else 0.
    pub(crate) primary_key: TreeId,
}

impl Snapshot {
    /// The bytes of the snapshot.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        let schema = &self.schema;
        let number_of = |column: &str| schema.position(column).unwrap_or(0);
        writer.0.push(VERSION);
        writer.u32(self.table);
        writer.text(&schema.name);
        writer.count(schema.columns.len());
        for column in &schema.columns {
            writer.text(&column.name);
            writer.0.push(column.data_type.code());
            if column.data_type == DataType::Enum {
                writer.count(column.variants.len());
                for name in &column.variants {
                    writer.text(name);
                }
            }
            let flags = [column.nullable, column.autoincrement, column.default.is_some(), column.has_rules()];
            writer.0.push(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
            if let Some(default) = &column.default {
                writer.value(default.as_ref());
            }
            if column.has_rules() {
                writer.rules(column);
            }
        }
        writer.count(schema.primary_key.len());
        for column in &schema.primary_key {
            writer.count(number_of(column));
        }
        writer.count(schema.indexes.len());
        for (index, tree) in schema.indexes.iter().zip(&self.indexes) {
            writer.u32(*tree);
            writer.0.push(u8::from(index.unique));
            writer.count(index.columns.len());
            for column in &index.columns {
                writer.count(number_of(column));
            }
        }
        writer.u32(self.primary_key);
        writer.count(schema.foreign_keys.len());
        for key in &schema.foreign_keys {
            writer.count(number_of(&key.column));
            writer.text(&key.table);
            writer.text(&key.references);
            writer.0.push(match key.on_delete {
                OnDelete::Cascade => 1,
                _ => 0,
            });
        }
        writer.0
    }

    /// The snapshot of these bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, MemoryError> {
        let snapshot = Reader { bytes, names_left: bytes.len() + MAX_COPIED_NAME_BYTES }.snapshot();
        let snapshot = snapshot.ok_or_else(|| MemoryError::corrupt("a schema snapshot cannot be decoded"))?;
        match snapshot.schema.validate() {
            Ok(()) => Ok(snapshot),
            Err(error) => Err(MemoryError::corrupt(format!("a schema snapshot contradicts itself: {error}"))),
        }
    }
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn count(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u16).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Bool(value) => self.0.extend_from_slice(&[1, u8::from(value)]),
            ValueRef::Integer(number) => self.fixed(2, &number.to_le_bytes()),
            ValueRef::Unsigned(number) => self.fixed(3, &number.to_le_bytes()),
            ValueRef::Float(number) => self.fixed(4, &number.to_bits().to_le_bytes()),
            ValueRef::Text(text) => {
                self.0.push(5);
                self.text(text);
            }
            ValueRef::Bytes(bytes) => {
                self.0.push(6);
                self.bytes(bytes);
            }
            ValueRef::Decimal(decimal) => self.fixed(7, &fixed::decimal_bytes(decimal)),
            ValueRef::Date(date) => self.fixed(8, &date.days().to_le_bytes()),
            ValueRef::DateTime(moment) => self.fixed(9, &fixed::date_time_bytes(moment)),
            ValueRef::Uuid(uuid) => self.fixed(10, uuid.as_bytes()),
            ValueRef::Json(json) => {
                self.0.push(11);
                self.text(json.as_str());
            }
            ValueRef::Enum(number, _) => self.fixed(12, &number.to_le_bytes()),
            _ => self.0.push(0),
        }
    }

    fn fixed(&mut self, kind: u8, bytes: &[u8]) {
        self.0.push(kind);
        self.0.extend_from_slice(bytes);
    }
}

/// The bytes of a snapshot that are not read yet, and of names that may still be copied: a column's name is copied for
/// each key and index it is in, and a foreign snapshot may say so thousands of times of a long one.
struct Reader<'a> {
    bytes: &'a [u8],
    names_left: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    fn u8(&mut self) -> Option<u8> {
        self.chunk().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    fn count(&mut self) -> Option<usize> {
        self.chunk().map(u16::from_le_bytes).map(usize::from)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    /// A value, which is one of these names if it is of an enum.
    fn value(&mut self, variants: &[String]) -> Option<Value> {
        Some(match self.u8()? {
            0 => Value::Null,
            1 => Value::Bool(self.u8()? != 0),
            2 => Value::Integer(self.chunk().map(i64::from_le_bytes)?),
            3 => Value::Unsigned(self.chunk().map(u64::from_le_bytes)?),
            4 => Value::Float(f64::from_bits(self.chunk().map(u64::from_le_bytes)?)),
            5 => Value::Text(self.text()?),
            6 => Value::Bytes(self.bytes()?.to_vec()),
            7 => Value::Decimal(fixed::decimal(self.chunk()?)?),
            8 => Value::Date(Date::from_days(self.chunk().map(i32::from_le_bytes)?)),
            9 => Value::DateTime(fixed::date_time(self.chunk()?)?),
            10 => Value::Uuid(Uuid::from_bytes(self.chunk()?)),
            11 => Value::Json(JsonRef::from_stored(&self.text()?).to_json()),
            12 => {
                let number = self.chunk().map(u16::from_le_bytes)?;
                Value::Enum(number, variants.get(usize::from(number))?.as_str().into())
            }
            _ => return None,
        })
    }

    /// As many as the count before them says, at most `limit`; each takes bytes, so a false count ends with them.
    fn list<T>(&mut self, limit: usize, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.count().filter(|count| *count <= limit)?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(one(self)?);
        }
        Some(list)
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        if self.u8()? != VERSION {
            return None;
        }
        let table = self.u32()?;
        let mut schema = TableSchema::new(self.text()?);
        schema.columns = self.list(TableSchema::MAX_COLUMNS, Self::column)?;
        let columns = schema.columns.clone();
        schema.primary_key = self.list(TableSchema::MAX_KEY_COLUMNS, |reader| reader.name(&columns))?;
        let indexes = self.list(TableSchema::MAX_INDEXES, |reader| {
            let tree = reader.u32()?;
            let unique = reader.u8()? != 0;
            let columns = reader.list(TableSchema::MAX_KEY_COLUMNS, |reader| reader.name(&columns))?;
            Some((tree, IndexSchema { columns, unique }))
        })?;
        let (trees, indexes) = indexes.into_iter().unzip();
        schema.indexes = indexes;
        let primary_key = self.u32()?;
        schema.foreign_keys = self.list(TableSchema::MAX_FOREIGN_KEYS, |reader| {
            Some(ForeignKeySchema {
                column: reader.name(&columns)?,
                table: reader.text()?,
                references: reader.text()?,
                on_delete: if reader.u8()? == 1 { OnDelete::Cascade } else { OnDelete::Restrict },
            })
        })?;
        self.bytes.is_empty().then_some(Snapshot { schema, table, indexes: trees, primary_key })
    }

    /// The name of the column whose number follows.
    fn name(&mut self, columns: &[ColumnSchema]) -> Option<String> {
        let name = &columns.get(self.count()?)?.name;
        self.names_left = self.names_left.checked_sub(name.len())?;
        Some(name.clone())
    }

    fn column(&mut self) -> Option<ColumnSchema> {
        let mut column = ColumnSchema::new(self.text()?, DataType::from_code(self.u8()?)?);
        if column.data_type == DataType::Enum {
            column.variants = self.list(TableSchema::MAX_VARIANTS, Self::text)?;
        }
        let flags = self.u8()?;
        column.nullable = flags & 1 != 0;
        column.autoincrement = flags & 2 != 0;
        if flags & 4 != 0 {
            column.default = Some(self.value(&column.variants)?);
        }
        if flags & 8 != 0 {
            self.rules(&mut column)?;
        }
        Some(column)
    }
}
