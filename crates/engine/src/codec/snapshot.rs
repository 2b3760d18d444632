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
//! | 7 | nobody writes its rows, as a migration in steps is under way: no bytes |
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
//! | 8 | the fields of the struct that its JSON is: text; nothing is said of it where absent |
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
mod decode;
mod encode;
mod rules;

use std::mem::take;
use std::sync::Arc;

use wasm_dbms_api::{DataType, ReferentialAction, TableSchema, Value};
use wasm_dbms_memory::TreeId;

pub(crate) use checks::is_storable;

const VERSION: u8 = 0;

/// How many bytes of column names the keys and indexes of a table may repeat.
const MAX_COPIED_NAME_BYTES: usize = 4 << 20;

/// The most earlier forms that the rows of a table may have.
pub(crate) const MAX_EARLIER_ROW_FORMS: usize = 64;

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
    /// Whether nobody writes its rows, as a migration in steps is under way.
    pub(crate) is_held: bool,
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
        Self { schema: schema.clone(), ..Self::without_schema(schema, table, primary_key, trees) }
    }

    /// As [`new`](Self::new), of a table without a name: [`encode_of`](Self::encode_of) is told of the schema again.
    pub(crate) fn without_schema(schema: &TableSchema, table: TreeId, primary_key: TreeId, trees: &[TreeId]) -> Self {
        let mut next_id = 1;
        let mut take_id = || {
            next_id += 1;
            next_id - 1
        };
        let columns = schema.columns.iter().map(|_| StoredColumn { id: take_id(), initial: Value::Null }).collect();
        let indexes = trees.iter().map(|tree| StoredIndex { id: take_id(), tree: *tree }).collect();
        let (schema, earlier) = (TableSchema::new(""), Vec::new());
        Self { schema, version: 0, next_id, table, primary_key, columns, indexes, earlier, is_held: false }
    }

    /// The description without what may change while the table stays the same: how old its rows may be, who writes it. It is
    /// stored as these bytes.
    pub(crate) fn described(&mut self, bytes: Vec<u8>) -> Arc<[u8]> {
        if self.version == 0 && self.earlier.is_empty() && !self.is_held {
            return bytes.into();
        }
        let own = (take(&mut self.version), take(&mut self.earlier), take(&mut self.is_held));
        let bytes = self.encode();
        (self.version, self.earlier, self.is_held) = own;
        bytes.into()
    }
}

const ACTIONS: [ReferentialAction; 4] = [
    ReferentialAction::Restrict,
    ReferentialAction::Cascade,
    ReferentialAction::SetNull,
    ReferentialAction::SetDefault,
];

#[cfg(test)]
mod tests {
    use wasm_dbms_api::{
        Case, CheckSchema, ColumnSchema, Expr, ForeignKeySchema, IndexColumn, IndexSchema, Sanitizer, ScalarFunction,
        Validator,
    };

    use crate::codec::record::Writer;

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
