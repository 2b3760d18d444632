//! The bytes of a row. Any column can be read in place, without decoding the others.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | low two bits: bytes of an end, as 0 = 1, 1 = 2, 2 = 4; the others: the schema version, or 63 |
//! | 4 | the schema version, little-endian, if it is 63 or above |
//! | null bitmap | one bit for each nullable column, 1 = NULL; whole bytes |
//! | fixed columns | one after the other, little-endian; zero where NULL |
//! | ends | where each variable column ends, counted from the first one's start |
//! | variable columns | one after the other |
//!
//! Columns of the primary key that the key gives back exactly are not in the row.
//!
//! A row that was written with an earlier version of the schema is brought into the present form where it is read
//! ([`earlier`]), so that nothing above knows of others.
//!
//! An entry of an index that includes columns carries a row too, which has the index's own columns and the included ones
//! only.

mod earlier;
mod reader;
mod view;

use wasm_dbms_api::{ColumnSchema, DataType, TableSchema, ValueRef};

use crate::codec::{FixedColumn, fixed, key};

use earlier::EarlierForm;
pub(crate) use earlier::widened;

pub(super) use reader::{Reader, ReaderKind};
pub(crate) use view::RowView;

/// Where a column's value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the key, after this many columns of it.
    Key(usize),
    /// At this offset of the row.
    Fixed(usize),
    /// The variable column of this number.
    Variable(usize),
    /// Nowhere: an index does not carry the column.
    Absent,
}

#[derive(Debug, Clone, Copy)]
struct ColumnLayout {
    data_type: DataType,
    place: Place,
    /// The byte and the bit that tell NULL.
    null: Option<(usize, u8)>,
}

/// Where everything stands in the rows of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowLayout {
    columns: Vec<ColumnLayout>,
    readers: Vec<Reader>,
    /// The types of the key's columns, in the key's order.
    key_types: Vec<DataType>,
    /// Where the ends of the variable columns start: after the null bitmap and the fixed columns.
    ends_at: usize,
    variable_count: usize,
    /// The names of each column that is an enum; as long as the last of these needs.
    variants: Vec<Vec<String>>,
    /// What rows begin with: the schema version, two bits left free for the bytes of an end.
    head: [u8; LONGEST_HEAD],
    head_length: usize,
    /// How rows are read that were written with earlier versions; most tables have none.
    earlier: Vec<EarlierForm>,
}

/// What the bytes of a row depend on, of one of its columns.
#[derive(Debug, Clone, Copy)]
struct FormedColumn<'a> {
    data_type: DataType,
    nullable: bool,
    variants: &'a [String],
}

/// What the bytes of a table's rows depend on, of each column.
fn formed(schema: &TableSchema) -> Vec<FormedColumn<'_>> {
    let mut formed = Vec::with_capacity(schema.columns.len());
    for ColumnSchema { data_type, nullable, variants, .. } in &schema.columns {
        formed.push(FormedColumn { data_type: *data_type, nullable: *nullable, variants });
    }
    formed
}

/// The most bytes before the null bitmap.
const LONGEST_HEAD: usize = 5;

/// The first schema version that does not fit beside the bytes of an end.
const FIRST_LONG_VERSION: u32 = 63;

impl RowLayout {
    /// The layout of the rows that are written with a version of a table's schema and keyed by these columns; none if they
    /// are keyed by a row id.
    pub(crate) fn new(schema: &TableSchema, key_columns: &[usize], version: u32) -> Self {
        Self::of_columns(&formed(schema), key_columns, version, &|_| true)
    }

    /// The layout of what the entries of an index carry of these columns.
    pub(crate) fn of_index(schema: &TableSchema, key_columns: &[usize], carried: &[usize]) -> Self {
        Self::of_columns(&formed(schema), key_columns, 0, &|column| carried.contains(&column))
    }

    fn of_columns(
        columns: &[FormedColumn<'_>],
        key_columns: &[usize],
        version: u32,
        has: &dyn Fn(usize) -> bool,
    ) -> Self {
        let mut layout = Self::default();
        let [a, b, c, d] = version.to_le_bytes();
        (layout.head, layout.head_length) = match version {
            FIRST_LONG_VERSION.. => ([(FIRST_LONG_VERSION as u8) << 2, a, b, c, d], LONGEST_HEAD),
            version => ([(version as u8) << 2, 0, 0, 0, 0], 1),
        };
        let is_null_told = |(index, column): (usize, &FormedColumn<'_>)| column.nullable && has(index);
        let nullable = columns.iter().enumerate().filter(|column| is_null_told(*column)).count();
        layout.ends_at = layout.head_length + nullable.div_ceil(8);
        let mut null_bits = 0;
        for (index, column) in columns.iter().enumerate() {
            let in_key = key_columns.iter().position(|key| *key == index).filter(|_| key::gives_back(column.data_type));
            let place = match (in_key, column.data_type.width()) {
                (Some(position), _) => Place::Key(position),
                _ if !has(index) => Place::Absent,
                (None, Some(width)) => {
                    layout.ends_at += width;
                    Place::Fixed(layout.ends_at - width)
                }
                (None, None) => {
                    layout.variable_count += 1;
                    Place::Variable(layout.variable_count - 1)
                }
            };
            let is_null_told = is_null_told((index, column));
            let null = is_null_told.then_some((layout.head_length + null_bits / 8, 1 << (null_bits % 8)));
            null_bits += usize::from(is_null_told);
            if !column.variants.is_empty() {
                while layout.variants.len() < index {
                    layout.variants.push(Vec::new());
                }
                layout.variants.push(column.variants.to_vec());
            }
            let column = ColumnLayout { data_type: column.data_type, place, null };
            layout.readers.push(Reader::new(&column));
            layout.columns.push(column);
        }
        for index in key_columns {
            if let Some(column) = columns.get(*index) {
                layout.key_types.push(column.data_type);
            }
        }
        layout
    }

    /// A layout of as many columns, each of which is NULL in [`NULL_ROW`](Self::NULL_ROW).
    pub(crate) fn missing(&self) -> Self {
        let null = Reader { kind: ReaderKind::Bool, null_bit: 1, null_at: 0, at: 0 };
        let mut layout = Self::default();
        for _ in &self.readers {
            layout.readers.push(null);
        }
        layout
    }

    /// Whether this is the layout of a row that is missing.
    pub(crate) fn is_missing(&self) -> bool {
        self.columns.len() != self.readers.len()
    }

    /// The bytes of a row of a layout whose every column is NULL.
    pub(crate) const NULL_ROW: &[u8] = &[1];

    /// The first value that is none of its column's type.
    pub(crate) fn misfit<'a>(&self, values: &[ValueRef<'a>]) -> Option<ValueRef<'a>> {
        self.columns.iter().zip(values).find(|(column, value)| !value.fits(column.data_type)).map(|(_, value)| *value)
    }

    /// Whether the rows have this column, or their keys.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|column| column.place != Place::Absent)
    }

    /// Whether reading this column needs the key.
    pub(crate) fn is_in_key(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|column| matches!(column.place, Place::Key(_)))
    }

    /// How many bytes a row has at least: up to the ends of the variable columns.
    pub(crate) fn fixed_length(&self) -> usize {
        self.ends_at
    }

    /// The column as numbers that order as its values do, if it stands at a fixed place and has such.
    pub(crate) fn fixed_column(&self, column: usize) -> Option<FixedColumn> {
        self.readers.get(column).and_then(|reader| FixedColumn::new(*reader))
    }

    /// Whether the column is NULL, as a column; none if it stands in the key.
    pub(crate) fn presence(&self, column: usize) -> Option<FixedColumn> {
        let reader = self.readers.get(column);
        let reader = reader
            .filter(|reader| !matches!(reader.kind, ReaderKind::KeyInteger | ReaderKind::Key | ReaderKind::Absent));
        reader.map(|reader| FixedColumn::presence(*reader))
    }

    /// Sets `row` to the bytes of these values, which are of their columns' types.
    pub(crate) fn encode(&self, values: &[ValueRef<'_>], row: &mut Vec<u8>) {
        row.clear();
        let variable_bytes = |(layout, value): (&ColumnLayout, &ValueRef<'_>)| match (layout.place, value) {
            (Place::Variable(_), ValueRef::Text(text)) => text.len(),
            (Place::Variable(_), ValueRef::Bytes(bytes)) => bytes.len(),
            (Place::Variable(_), ValueRef::Json(json)) => json.as_str().len(),
            _ => 0,
        };
        let total: usize = self.columns.iter().zip(values).map(variable_bytes).sum();
        let (width_code, width) = match total {
            0..=0xFF => (0, 1),
            0x100..=0xFFFF => (1, 2),
            _ => (2, 4),
        };
        let ends_at = self.ends_at;
        let data_at = ends_at + self.variable_count * width;
        row.reserve(data_at + total);
        row.resize(data_at, 0);
        let [first, version @ ..] = self.head;
        set(row, 0, &[first | width_code]);
        if self.head_length == LONGEST_HEAD {
            set(row, 1, &version);
        }
        for (layout, value) in self.columns.iter().zip(values) {
            if let Some((at, bit)) = layout.null
                && value.is_null()
                && let Some(byte) = row.get_mut(at)
            {
                *byte |= bit;
            }
            match layout.place {
                Place::Key(_) | Place::Absent => {}
                Place::Fixed(offset) => set_fixed(row, offset, *value, layout.data_type),
                Place::Variable(number) => {
                    match value {
                        ValueRef::Text(text) => row.extend_from_slice(text.as_bytes()),
                        ValueRef::Bytes(bytes) => row.extend_from_slice(bytes),
                        ValueRef::Json(json) => row.extend_from_slice(json.as_str().as_bytes()),
                        _ => {}
                    }
                    let end = (row.len() - data_at) as u32;
                    set(row, ends_at + number * width, end.to_le_bytes().get(..width).unwrap_or_default());
                }
            }
        }
    }

    /// Whether a change of this column changes nothing else of the row's bytes: its place is fixed.
    pub(crate) fn is_fixed(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|column| matches!(column.place, Place::Fixed(_)))
    }

    /// Overwrites a fixed column in the bytes of a row.
    pub(crate) fn patch(&self, row: &mut [u8], column: usize, value: ValueRef<'_>) {
        let Some(ColumnLayout { data_type, place: Place::Fixed(offset), null }) = self.columns.get(column) else {
            return;
        };
        if let Some((at, bit)) = null
            && let Some(byte) = row.get_mut(*at)
        {
            if value.is_null() {
                *byte |= bit;
            } else {
                *byte &= !bit;
            }
        }
        if value.is_null() {
            // NULL has one form: zeros under its bit.
            let width = data_type.width().unwrap_or(0);
            set(row, *offset, [0; LONGEST_FIXED].get(..width).unwrap_or_default());
        } else {
            set_fixed(row, *offset, value, *data_type);
        }
    }
}

/// The longest fixed column: a uuid.
const LONGEST_FIXED: usize = 16;

#[inline]
fn set(row: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(target) = row.get_mut(at..at + bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

#[inline(always)]
fn set_fixed(row: &mut [u8], at: usize, value: ValueRef<'_>, data_type: DataType) {
    let width = data_type.width().unwrap_or(0);
    let bytes = match value {
        ValueRef::Bool(value) => u64::from(value).to_le_bytes(),
        ValueRef::Integer(number) => number.to_le_bytes(),
        ValueRef::Unsigned(number) => number.to_le_bytes(),
        // One NaN: the bytes of a file must not depend on which one a processor makes.
        ValueRef::Float(number) if data_type == DataType::F32 => {
            let number = if number.is_nan() { f32::NAN } else { number as f32 };
            u64::from(number.to_bits()).to_le_bytes()
        }
        ValueRef::Float(number) if number.is_nan() => f64::NAN.to_bits().to_le_bytes(),
        ValueRef::Float(number) => number.to_bits().to_le_bytes(),
        _ => return set_longer(row, at, &value),
    };
    set(row, at, bytes.get(..width).unwrap_or_default());
}

/// As [`set_fixed`], for the types that are more than one number. Apart, so that the others stay short.
#[inline(never)]
fn set_longer(row: &mut [u8], at: usize, value: &ValueRef<'_>) {
    match *value {
        ValueRef::Decimal(decimal) => set(row, at, &fixed::decimal_bytes(decimal)),
        ValueRef::Date(date) => set(row, at, &date.days().to_le_bytes()),
        ValueRef::DateTime(moment) => set(row, at, &fixed::date_time_bytes(moment)),
        ValueRef::Uuid(uuid) => set(row, at, uuid.as_bytes()),
        ValueRef::Enum(number, _) => set(row, at, &number.to_le_bytes()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use wasm_dbms_api::{ColumnSchema, Date, DateTime, Decimal, JsonRef, Uuid, Value};

    use super::*;

    /// A table with a nullable and another column of each type.
    fn schema() -> TableSchema {
        DataType::ALL.into_iter().fold(TableSchema::new("t"), |schema, data_type| {
            let column = |name: String| match data_type {
                DataType::Enum => ColumnSchema::one_of(name, ["one", "two"]),
                _ => ColumnSchema::new(name, data_type),
            };
            schema.column(column(format!("{data_type}"))).column(column(format!("{data_type} or null")).nullable())
        })
    }

    fn value(random: &mut fastrand::Rng, data_type: DataType) -> Value {
        match data_type {
            DataType::Bool => random.bool().into(),
            DataType::F32 => random.f32().into(),
            DataType::F64 => random.f64().into(),
            DataType::Text => "é".repeat(random.usize(..200)).into(),
            DataType::Bytes => vec![random.u8(..); random.usize(..200)].into(),
            DataType::Decimal => Decimal::new(random.i64(..).into(), random.u8(..29)).unwrap().into(),
            DataType::Date => Date::from_days(random.i32(..)).into(),
            DataType::DateTime => DateTime::from_microseconds(random.i64(..)).with_offset(60).unwrap().into(),
            DataType::Uuid => Uuid::from_u128(random.u128(..)).into(),
            DataType::Json => Value::Json(JsonRef::from_stored("[1.0]").to_json()),
            DataType::Enum => Value::Enum(1, "two".into()),
            _ => i64::from(random.i8(0..)).into(),
        }
    }

    #[test]
    fn rows_say_with_which_version_of_the_schema_they_were_written() {
        let schema = schema();
        let values: Vec<ValueRef<'_>> = schema.columns.iter().map(|_| ValueRef::Null).collect();
        for version in [0, 1, 62, 63, 64, 70_000, u32::MAX] {
            let layout = RowLayout::new(&schema, &[], version);
            let mut row = Vec::new();
            layout.encode(&values, &mut row);
            match row[0] >> 2 {
                63 => assert_eq!(row[1..5], version.to_le_bytes()),
                short => assert_eq!(u32::from(short), version),
            }
            assert_eq!(version >= FIRST_LONG_VERSION, row[0] >> 2 == 63);
            let view = RowView { layout: &layout, key: &[], row: &row };
            let nullable = (0..values.len()).filter(|column| schema.columns[*column].nullable);
            assert!(nullable.into_iter().all(|column| view.value(column).unwrap().is_null()), "version {version}");
        }
    }

    #[test]
    fn what_an_index_carries_is_read_as_a_row_that_lacks_columns() {
        let schema = schema();
        let mut random = fastrand::Rng::with_seed(8);
        let columns: Vec<usize> = (0..schema.columns.len()).collect();
        for _ in 0..500 {
            let keys: Vec<usize> = [0, 2, 6].into_iter().filter(|_| random.bool()).collect();
            let carried: Vec<usize> = columns.iter().copied().filter(|_| random.u8(..3) == 0).collect();
            let layout = RowLayout::of_index(&schema, &keys, &carried);
            let values: Vec<Value> = schema.columns.iter().map(|column| value(&mut random, column.data_type)).collect();
            let values: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
            let (mut row, mut key) = (Vec::new(), Vec::new());
            layout.encode(&values, &mut row);
            keys.iter().for_each(|column| key::push(&mut key, values[*column]));
            let view = RowView { layout: &layout, key: &key, row: &row };
            for column in &columns {
                let is_there = carried.contains(column) || keys.contains(column);
                let found = view.value(*column).map(|found| found.is_identical(values[*column]));
                assert_eq!(found, is_there.then_some(true));
                assert_eq!(layout.has(*column), is_there);
            }
        }
    }

    #[test]
    fn every_type_comes_back_and_damaged_rows_are_refused_without_a_panic() {
        let schema = schema();
        let keys: Vec<usize> =
            (0..schema.columns.len()).step_by(2).filter(|key| schema.columns[*key].data_type.is_ordered()).collect();
        let layouts = [RowLayout::new(&schema, &[], 0), RowLayout::new(&schema, &keys, 0)];
        let mut random = fastrand::Rng::with_seed(3);
        for round in 0..4_000 {
            let layout = &layouts[round % 2];
            let value = |column: &ColumnSchema| match column.nullable && random.bool() {
                true => Value::Null,
                false => value(&mut random, column.data_type),
            };
            let values: Vec<Value> = schema.columns.iter().map(value).collect();
            let borrowed: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
            let (mut row, mut key) = (Vec::new(), Vec::new());
            layout.encode(&borrowed, &mut row);
            keys.iter().for_each(|column| key::push(&mut key, borrowed[*column]));
            let view = RowView { layout, key: &key, row: &row };
            for (column, value) in borrowed.iter().enumerate() {
                assert!(view.value(column).unwrap().is_identical(*value), "{} {value}", schema.columns[column].name);
            }
            let column = random.usize(..values.len());
            let mut patched = row.clone();
            layout.patch(&mut patched, column, borrowed[column]);
            assert_eq!(patched, row);
            for _ in 0..20 {
                let (mut row, mut key) = (row.clone(), key.clone());
                for bytes in [&mut row, &mut key] {
                    let at = random.usize(..bytes.len());
                    bytes[at] = random.u8(..);
                    if random.bool() {
                        bytes.truncate(at);
                    }
                }
                let view = RowView { layout, key: &key, row: &row };
                for column in 0..=values.len() {
                    let _ = (view.value(column).map(ValueRef::to_value), view.integer(column), view.text(column));
                }
            }
        }
    }
}
