//! The schema snapshot: the description of a table as it is stored, with what only the stored table has: the numbers of
//! its columns, indexes and trees, and the forms that its rows may have.
//!
//! A byte, the snapshot version (0), then a [record](crate::codec::record):
//!
//! | table | |
//! |---|---|
//! | 1 | name: text |
//! | 2 | schema version, which its rows are written with: number; 0 where absent |
//! | 3 | next id: number, above those of all columns and indexes that the table ever had |
//! | 4 | tree of the rows: number |
//! | 5 | tree of the primary key, where rows are keyed by a row id: number; 0 where absent |
//! | 6 | primary key: ids of columns, numbers |
//! | 128 | column: record; one after the other in their order |
//! | 129 | index: record |
//! | 130 | foreign key: record |
//! | 131 | earlier row form: record |
//! | 132 | check: record |
//!
//! | column | |
//! |---|---|
//! | 1 | id: number, never used again in this table |
//! | 2 | name: text |
//! | 3 | type: `u8` |
//! | 4 | may be NULL: no bytes |
//! | 5 | counts up: no bytes |
//! | 6 | default: [value](crate::codec::value) |
//! | 7 | what it is in rows that are older than the column: value; NULL where absent |
//! | 128 | name of an enum: text; in the order of their numbers |
//! | 129 | sanitizer, in their order: [rule](self::rules) |
//! | 130 | validator, in their order: rule |
//!
//! | index | |
//! |---|---|
//! | 1 | id: number, never used again in this table |
//! | 2 | tree: number |
//! | 3 | name: text |
//! | 4 | unique: no bytes |
//! | 5 | columns: numbers, each twice a column's id, and one more where it is descending |
//! | 6 | included columns: ids, numbers |
//!
//! | foreign key | |
//! |---|---|
//! | 1 | name: text |
//! | 2 | columns: ids, numbers |
//! | 3 | table: text |
//! | 4 | on delete: `u8`, 0 restrict, 1 cascade, 2 set null, 3 set default; restrict where absent |
//! | 5 | on update: as on delete |
//! | 128 | column referred to, in the order of those that refer: text |
//!
//! | check | |
//! |---|---|
//! | 1 | name: text; nameless where absent |
//! | 2 | condition: [expression](self::checks) |
//!
//! | earlier row form | |
//! |---|---|
//! | 1 | schema version: number; 0 where absent |
//! | 2 | columns: for each two numbers, the id and twice the type, one more where it may be NULL |

mod checks;
mod rules;

use wasm_dbms_api::{
    CheckSchema, ColumnRef, ColumnSchema, DataType, ForeignKeySchema, IndexColumn, IndexSchema, MemoryError,
    ReferentialAction, TableSchema, Value,
};
use wasm_dbms_memory::TreeId;

use crate::codec::record::{Problem, Reader, Writer};
use crate::numbering::Numbering;

pub(crate) use checks::is_storable;

const VERSION: u8 = 0;

/// How many bytes of column names the keys and indexes of a table may repeat.
const MAX_COPIED_NAME_BYTES: usize = 4 << 20;

/// The most earlier forms that the rows of a table may have.
const MAX_EARLIER_ROW_FORMS: usize = 1000;

/// The number of a column or an index in its table; never used again there.
pub(crate) type PartId = u32;

/// A table's description and what only the stored table has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) schema: TableSchema,
    /// The schema version that rows are written with.
    pub(crate) version: u32,
    /// Above the ids of all columns and indexes that the table ever had.
    pub(crate) next_id: PartId,
    /// The tree of the rows.
    pub(crate) table: TreeId,
    /// The tree of the primary key, where rows are keyed by a row id; else 0.
    pub(crate) primary_key: TreeId,
    /// Of each column, in the schema's order.
    pub(crate) columns: Vec<StoredColumn>,
    /// Of each index, in the schema's order.
    pub(crate) indexes: Vec<StoredIndex>,
    /// The forms of rows that were written with earlier schema versions.
    pub(crate) earlier: Vec<RowForm>,
}

/// What only a stored column has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredColumn {
    pub(crate) id: PartId,
    /// What the column is in rows that are older than it: its default as it was when the column was added.
    pub(crate) initial: Value,
}

/// What only a stored index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredIndex {
    pub(crate) id: PartId,
    pub(crate) tree: TreeId,
}

/// The columns that rows of a schema version have, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowForm {
    pub(crate) version: u32,
    pub(crate) columns: Vec<FormColumn>,
}

/// A column in the rows of a schema version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormColumn {
    pub(crate) id: PartId,
    pub(crate) data_type: DataType,
    pub(crate) nullable: bool,
}

impl Snapshot {
    /// The snapshot of a new table with these trees.
    pub(crate) fn new(schema: &TableSchema, table: TreeId, primary_key: TreeId, trees: &[TreeId]) -> Self {
        let mut next_id = 1;
        let mut take_id = || {
            next_id += 1;
            next_id - 1
        };
        let columns = schema.columns.iter().map(|_| StoredColumn { id: take_id(), initial: Value::Null }).collect();
        let indexes = trees.iter().map(|tree| StoredIndex { id: take_id(), tree: *tree }).collect();
        let schema = schema.clone();
        Self { schema, version: 0, next_id, table, primary_key, columns, indexes, earlier: Vec::new() }
    }

    /// The bytes of the snapshot.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer(vec![VERSION]);
        let schema = &self.schema;
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
        for (column, stored) in schema.columns.iter().zip(&self.columns) {
            writer.field(128, |field| encode_column(field, column, stored));
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

    /// The snapshot of these bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, MemoryError> {
        let mut decoder = Decoder::new(bytes.len());
        let snapshot = match decoder.snapshot(bytes) {
            Ok(snapshot) => snapshot,
            Err(problem) => {
                let of = if decoder.name.is_empty() { String::new() } else { format!(" of {}", decoder.name) };
                return Err(problem.into_error(&format!("the schema snapshot{of}")));
            }
        };
        match snapshot.schema.validate() {
            Ok(()) => Ok(snapshot),
            Err(error) => Err(MemoryError::corrupt(format!("a schema snapshot contradicts itself: {error}"))),
        }
    }
}

fn encode_column(record: &mut Writer, column: &ColumnSchema, stored: &StoredColumn) {
    record.field_of_number(1, stored.id);
    record.field_of_text(2, &column.name);
    record.field_of_bytes(3, &[column.data_type.code()]);
    record.field_of_flag(4, column.nullable);
    record.field_of_flag(5, column.autoincrement);
    if let Some(default) = &column.default {
        record.field(6, |field| field.value(default.as_ref()));
    }
    if !stored.initial.is_null() {
        record.field(7, |field| field.value(stored.initial.as_ref()));
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

/// What is known of a snapshot while it is read. A column's name is copied for each key and index it is in, and a foreign
/// snapshot may say so thousands of times of a long one: `names_left` bounds the bytes of the copies.
struct Decoder {
    name: String,
    /// The columns so far by their ids, in the order of these.
    positions: Vec<(PartId, usize)>,
    names_left: usize,
}

impl Decoder {
    fn new(length: usize) -> Self {
        let names_left = length.saturating_add(MAX_COPIED_NAME_BYTES);
        Self { name: String::new(), positions: Vec::new(), names_left }
    }

    fn snapshot(&mut self, bytes: &[u8]) -> Result<Snapshot, Problem> {
        let mut reader = Reader(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Problem::Newer(format!("version {version}")));
        }
        let mut snapshot = Snapshot::new(&TableSchema::new(""), 0, 0, &[]);
        // Ids of columns are known only when the columns are, which follow.
        let mut primary_key = Reader(&[]);
        reader.fields("a table", &mut |tag, field| {
            match tag {
                1 => {
                    snapshot.schema.name = field.text()?;
                    self.name.clone_from(&snapshot.schema.name);
                }
                2 => snapshot.version = field.u32()?,
                3 => snapshot.next_id = field.u32()?,
                4 => snapshot.table = field.u32()?,
                5 => snapshot.primary_key = field.u32()?,
                6 => primary_key = std::mem::replace(field, Reader(&[])),
                128 => self.column(field, &mut snapshot)?,
                129 => self.index(field, &mut snapshot)?,
                130 => {
                    let key = self.foreign_key(field, &snapshot.schema)?;
                    push(&mut snapshot.schema.foreign_keys, key, TableSchema::MAX_FOREIGN_KEYS)?;
                }
                131 => push(&mut snapshot.earlier, row_form(field)?, MAX_EARLIER_ROW_FORMS)?,
                132 => {
                    let check = self.check(field, &snapshot.schema)?;
                    push(&mut snapshot.schema.checks, check, TableSchema::MAX_CHECKS)?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        snapshot.schema.primary_key = self.names(&mut primary_key, &snapshot.schema)?;
        let ids = snapshot.columns.iter().map(|column| column.id).chain(snapshot.indexes.iter().map(|index| index.id));
        let mut seen = Numbering::default();
        for id in ids {
            if id == 0 || id >= snapshot.next_id || !seen.is_new(&id.to_be_bytes()) {
                return Err(Problem::Damaged);
            }
        }
        let mut versions: Vec<u32> = snapshot.earlier.iter().map(|form| form.version).collect();
        versions.push(snapshot.version);
        if !versions.is_sorted_by(|one, next| one < next) {
            return Err(Problem::Damaged);
        }
        Ok(snapshot)
    }

    fn column(&mut self, record: &mut Reader<'_>, snapshot: &mut Snapshot) -> Result<(), Problem> {
        let mut column = ColumnSchema::new("", DataType::Bool);
        let mut stored = StoredColumn { id: 0, initial: Value::Null };
        record.fields("a column", &mut |tag, field| {
            match tag {
                1 => stored.id = field.u32()?,
                2 => column.name = field.text()?,
                3 => column.data_type = data_type(field.u8()?)?,
                4 => column.nullable = true,
                5 => column.autoincrement = true,
                6 => column.default = Some(field.value()?),
                7 => stored.initial = field.value()?,
                128 => push(&mut column.variants, field.text()?, TableSchema::MAX_VARIANTS)?,
                129 => push(&mut column.sanitizers, field.sanitizer()?, ColumnSchema::MAX_RULES)?,
                130 => push(&mut column.validators, field.validator()?, ColumnSchema::MAX_RULES)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        if !column.holds(stored.initial.as_ref()) {
            return Err(Problem::Damaged);
        }
        let place = self.positions.partition_point(|(id, _)| *id <= stored.id);
        self.positions.insert(place, (stored.id, snapshot.columns.len()));
        snapshot.columns.push(stored);
        push(&mut snapshot.schema.columns, column, TableSchema::MAX_COLUMNS)
    }

    fn index(&mut self, record: &mut Reader<'_>, snapshot: &mut Snapshot) -> Result<(), Problem> {
        let mut index = IndexSchema::new([""; 0]);
        let mut stored = StoredIndex { id: 0, tree: 0 };
        let schema = &snapshot.schema;
        record.fields("an index", &mut |tag, field| {
            match tag {
                1 => stored.id = field.u32()?,
                2 => stored.tree = field.u32()?,
                3 => index.name = field.text()?,
                4 => index.unique = true,
                5 => {
                    index.columns = field.list(TableSchema::MAX_KEY_COLUMNS, |field| {
                        let number = field.number()?;
                        let name = self.name_of(number / 2, schema)?;
                        Ok(IndexColumn { name, descending: number % 2 == 1 })
                    })?;
                }
                6 => index.include = self.names(field, schema)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        snapshot.indexes.push(stored);
        push(&mut snapshot.schema.indexes, index, TableSchema::MAX_INDEXES)
    }

    fn foreign_key(&mut self, record: &mut Reader<'_>, schema: &TableSchema) -> Result<ForeignKeySchema, Problem> {
        let mut key = ForeignKeySchema::new([], "", []);
        record.fields("a foreign key", &mut |tag, field| {
            match tag {
                1 => key.name = field.text()?,
                2 => key.columns = self.names(field, schema)?,
                3 => key.table = field.text()?,
                4 => key.on_delete = action(field.u8()?)?,
                5 => key.on_update = action(field.u8()?)?,
                128 => push(&mut key.references, field.text()?, TableSchema::MAX_KEY_COLUMNS)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(key)
    }

    fn check(&mut self, record: &mut Reader<'_>, schema: &TableSchema) -> Result<CheckSchema, Problem> {
        let (mut name, mut condition) = (String::new(), None);
        record.fields("a check", &mut |tag, field| {
            match tag {
                1 => name = field.text()?,
                2 => {
                    condition = Some(field.condition(&mut |number| {
                        let column = self.name_of(number / 2, schema)?.into();
                        Ok(ColumnRef { table: (number % 2 == 1).then(|| schema.name.clone().into()), column })
                    })?);
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(CheckSchema { name, condition: condition.ok_or(Problem::Damaged)? })
    }

    /// The names of the columns whose ids follow.
    fn names(&mut self, field: &mut Reader<'_>, schema: &TableSchema) -> Result<Vec<String>, Problem> {
        field.list(TableSchema::MAX_INCLUDED_COLUMNS, |field| {
            let id = field.number()?;
            self.name_of(id, schema)
        })
    }

    fn name_of(&mut self, id: u64, schema: &TableSchema) -> Result<String, Problem> {
        let place = self.positions.partition_point(|(other, _)| u64::from(*other) <= id);
        let (found, position) =
            place.checked_sub(1).and_then(|place| self.positions.get(place)).ok_or(Problem::Damaged)?;
        let column = schema.columns.get(*position).filter(|_| u64::from(*found) == id).ok_or(Problem::Damaged)?;
        self.names_left = self.names_left.checked_sub(column.name.len()).ok_or(Problem::Damaged)?;
        Ok(column.name.clone())
    }
}

fn push<T>(list: &mut Vec<T>, one: T, limit: usize) -> Result<(), Problem> {
    list.push(one);
    if list.len() <= limit { Ok(()) } else { Err(Problem::Damaged) }
}

fn row_form(record: &mut Reader<'_>) -> Result<RowForm, Problem> {
    let mut form = RowForm { version: 0, columns: Vec::new() };
    record.fields("a row form", &mut |tag, field| {
        match tag {
            1 => form.version = field.u32()?,
            2 => {
                form.columns = field.list(TableSchema::MAX_COLUMNS, |field| {
                    let (id, number) = (field.u32()?, field.number()?);
                    let code = u8::try_from(number / 2).map_err(|_| Problem::Damaged)?;
                    Ok(FormColumn { id, data_type: data_type(code)?, nullable: number % 2 == 1 })
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(form)
}

const ACTIONS: [ReferentialAction; 4] = [
    ReferentialAction::Restrict,
    ReferentialAction::Cascade,
    ReferentialAction::SetNull,
    ReferentialAction::SetDefault,
];

fn action_code(action: ReferentialAction) -> u8 {
    ACTIONS.iter().position(|other| *other == action).map_or(u8::MAX, |code| code as u8)
}

fn action(code: u8) -> Result<ReferentialAction, Problem> {
    let action = ACTIONS.get(usize::from(code)).copied();
    action.ok_or_else(|| Problem::Newer(format!("the action {code} of a foreign key")))
}

fn data_type(code: u8) -> Result<DataType, Problem> {
    DataType::from_code(code).ok_or_else(|| Problem::Newer(format!("the type {code}")))
}

#[cfg(test)]
mod tests {
    use wasm_dbms_api::{Case, Expr, Sanitizer, ScalarFunction, Validator};

    use super::*;

    /// A condition that has everything.
    fn every_expression() -> Expr {
        let (id, text) = (Expr::column("id"), Expr::column("text"));
        let case = Case {
            operand: Some(text.clone()),
            branches: vec![(Expr::from("a"), id.clone()), (Expr::from("b"), -id.clone())],
            otherwise: Some(Expr::from(1.5)),
        };
        let number = (id.clone() + 1) * Expr::from(case).cast(DataType::Decimal) - Expr::from(3) / Value::Null;
        let function = Expr::function(ScalarFunction::Substring, [text.clone(), id.clone() % 3]);
        let other = Case { operand: None, branches: vec![(number.is_null(), Expr::from(true))], otherwise: None };
        text.clone()
            .like("a%")
            .or(text.like_with(function, None, true).is_true())
            .and(Expr::column("state").in_list(["live", "draft"]).not().is_false())
            .and(id.clone().is_distinct(5).or(id.between(1, u64::MAX)))
            .and(other.into())
    }

    /// A snapshot that has everything.
    fn snapshot() -> Snapshot {
        let schema = TableSchema::new("t")
            .column(ColumnSchema::new("id", DataType::U64).autoincrement())
            .column(ColumnSchema::one_of("state", ["draft", "live"]).default("live").nullable())
            .column(
                ColumnSchema::new("text", DataType::Text)
                    .nullable()
                    .default("a")
                    .sanitizer(Sanitizer::Trim)
                    .sanitizer(Sanitizer::Custom("own".into()))
                    .validator(Validator::LenRange(1, 3000)),
            )
            .column(ColumnSchema::new("later", DataType::I32).nullable())
            .primary_key(["id"])
            .with_index(IndexSchema::new([IndexColumn::new("state").descending(), "later".into()]).include(["text"]))
            .with_index(IndexSchema::new(["text"]).unique().named("texts"))
            .foreign_key("later", "others", "number", ReferentialAction::Cascade)
            .with_foreign_key(
                ForeignKeySchema::new(["text", "state"], "t", ["state", "text"])
                    .on_delete(ReferentialAction::SetNull)
                    .on_update(ReferentialAction::SetDefault)
                    .named("pair"),
            )
            .check(Expr::column("t.later").is_null())
            .with_check(CheckSchema::new(every_expression()).named("everything"));
        let mut snapshot = Snapshot::new(&schema, 7, 0, &[8, 9]);
        snapshot.version = 300;
        snapshot.next_id = 12;
        snapshot.columns[3] = StoredColumn { id: 11, initial: Value::from(-5) };
        let column = |id| FormColumn { id, data_type: DataType::Text, nullable: id > 2 };
        snapshot.earlier.push(RowForm { version: 0, columns: vec![column(1), column(3)] });
        snapshot.earlier.push(RowForm { version: 70, columns: vec![column(10)] });
        snapshot
    }

    #[test]
    fn everything_of_a_snapshot_comes_back() {
        let snapshot = snapshot();
        assert_eq!(Snapshot::decode(&snapshot.encode()), Ok(snapshot));
    }

    #[test]
    fn ids_of_columns_and_indexes_are_told_apart() {
        let ids = |snapshot: &Snapshot| {
            let columns = snapshot.columns.iter().map(|column| column.id);
            columns.chain(snapshot.indexes.iter().map(|index| index.id)).collect::<Vec<_>>()
        };
        assert_eq!(ids(&Snapshot::new(&snapshot().schema, 7, 0, &[8, 9])), [1, 2, 3, 4, 5, 6]);
        let broken: [fn(&mut Snapshot); 5] = [
            |snapshot| snapshot.columns[1].id = 1,
            |snapshot| snapshot.indexes[1].id = 11,
            |snapshot| snapshot.next_id = 11,
            |snapshot| snapshot.earlier[1].version = 300,
            |snapshot| snapshot.columns[3].initial = Value::from("text"),
        ];
        for (number, damage) in broken.into_iter().enumerate() {
            let mut snapshot = snapshot();
            damage(&mut snapshot);
            let error = Snapshot::decode(&snapshot.encode()).unwrap_err();
            assert_eq!(error.to_string(), "corrupt: the schema snapshot of t cannot be decoded", "{number}");
        }
    }

    #[test]
    fn what_a_newer_version_adds_is_refused_by_its_name() {
        let refused = |bytes: &[u8]| Snapshot::decode(bytes).unwrap_err().to_string();
        let mut bytes = snapshot().encode();
        bytes.extend_from_slice(&[140, 2, 5, 6]);
        let end = "was written by a newer version; this build cannot read it";
        assert_eq!(refused(&bytes), format!("field 140 of a table in the schema snapshot of t {end}"));
        let mut writer = Writer(vec![VERSION]);
        writer.field_of_text(1, "t");
        let rest = writer.0.clone();
        writer.field(128, |column| column.field_of_bytes(3, &[99]));
        assert_eq!(refused(&writer.0), format!("the type 99 in the schema snapshot of t {end}"));
        let mut writer = Writer(rest);
        writer.field(128, |column| column.field_of_flag(77, true));
        assert_eq!(refused(&writer.0), format!("field 77 of a column in the schema snapshot of t {end}"));
        assert_eq!(refused(&[3, 1, 1]), format!("version 3 in the schema snapshot {end}"));
    }

    #[test]
    fn damaged_snapshots_are_refused_or_read_without_a_panic() {
        let bytes = snapshot().encode();
        for length in 0..bytes.len() {
            let _ = Snapshot::decode(&bytes[..length]);
        }
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..50_000 {
            let mut bytes = bytes.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..bytes.len());
                bytes[at] = if random.bool() { random.u8(..) } else { bytes[at] ^ 1 << random.u8(..8) };
            }
            if let Ok(snapshot) = Snapshot::decode(&bytes) {
                assert_eq!(Snapshot::decode(&snapshot.encode()), Ok(snapshot));
            }
        }
    }
}
