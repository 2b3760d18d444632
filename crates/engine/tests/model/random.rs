//! Random schemas, rows and questions. Values come from small sets, so that they meet; the ends of every type are in
//! them.

use wasm_dbms::Nulls;
use wasm_dbms::prelude::*;

use super::ModelTable;

/// A column that an expression may name.
#[derive(Debug, Clone)]
pub(crate) struct Visible {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
}

impl Visible {
    fn expr(&self) -> Expr {
        Expr::column(&self.name)
    }
}

/// The columns of a table, by their full names.
pub(crate) fn columns_of(schema: &TableSchema) -> Vec<Visible> {
    let name = |column: &ColumnSchema| format!("{}.{}", schema.name, column.name);
    schema.columns.iter().map(|column| Visible { name: name(column), data_type: column.data_type }).collect()
}

/// The names of every column that is an enum: not in the order of their letters.
const VARIANTS: [&str; 3] = ["red", "green", "blue"];

/// A value of a type.
pub(crate) fn value(random: &mut fastrand::Rng, data_type: DataType) -> Value {
    if let Some((low, high)) = data_type.integer_range() {
        return match random.u8(..12) {
            0 => Value::from(low),
            1 => Value::from(high),
            _ if low < 0 => Value::from(random.i64(-3..6)),
            _ => Value::from(random.i64(0..6)),
        };
    }
    match data_type {
        DataType::Bool => Value::from(random.bool()),
        DataType::F32 | DataType::F64 => {
            let floats = [-1.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0, -3.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
            // The ends are rare, or every sum would be NaN.
            Value::from(floats[if random.u8(..10) == 0 { random.usize(9..12) } else { random.usize(..9) }])
        }
        DataType::Text => Value::from(text(random, &["a", "b", "A", "é", "\0", "%", "_", "\\", "zz"])),
        DataType::Decimal => {
            let decimals = ["0", "0.00", "0.5", "1", "1.0", "1.50", "-1.5", "-3", "2", "5.0001", "-0.01"];
            Value::from(decimals[random.usize(..decimals.len())].parse::<Decimal>().unwrap())
        }
        DataType::Date => Value::from(Date::from_days([0, 1, -1, 19_000, i32::MIN, i32::MAX][random.usize(..6)])),
        DataType::DateTime => {
            let microseconds = [0, 1, -1, 1_700_000_000_000_000, i64::MIN, i64::MAX][random.usize(..6)];
            let offset = [0, 3600, -19_800][random.usize(..3)];
            Value::from(DateTime::from_microseconds(microseconds).with_offset(offset).unwrap())
        }
        DataType::Uuid => Value::from(Uuid::from_u128([0, 1, 1 << 127, u128::MAX, 0xFF << 64][random.usize(..5)])),
        DataType::Json => {
            let documents = ["null", "1", "1.0", "[]", "{\"a\":1}", "{\"a\":10e-1}", "\"1.0\"", "[1,2]"];
            Value::from(documents[random.usize(..documents.len())].parse::<Json>().unwrap())
        }
        DataType::Enum => {
            let number = random.usize(..VARIANTS.len());
            Value::Enum(number as u16, VARIANTS[number].into())
        }
        _ => Value::from(
            (0..random.usize(..4)).map(|_| random.choice([0u8, 1, 0xFE, 0xFF]).unwrap()).collect::<Vec<_>>(),
        ),
    }
}

fn text(random: &mut fastrand::Rng, parts: &[&str]) -> String {
    (0..random.usize(..4)).map(|_| parts[random.usize(..parts.len())]).collect()
}

/// A value that can be compared with a type, of whatever kind.
fn comparable(random: &mut fastrand::Rng, data_type: DataType) -> Value {
    let numbers = [DataType::I8, DataType::U64, DataType::I64, DataType::F64, DataType::U8, DataType::Decimal];
    match random.u8(..20) {
        0 => Value::Null,
        1..6 if data_type.is_comparable_with(DataType::F64) => {
            let other = numbers[random.usize(..numbers.len())];
            value(random, other)
        }
        // The name of an enum's value stands for it.
        6..12 if data_type == DataType::Enum => Value::from(VARIANTS[random.usize(..VARIANTS.len())]),
        _ => value(random, data_type),
    }
}

fn comparison(random: &mut fastrand::Rng, data_type: DataType) -> Comparison {
    if !data_type.is_ordered() {
        return if random.bool() { Equal } else { NotEqual };
    }
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    [Equal, Equal, Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual][random.usize(..8)]
}

/// A filter over the columns.
pub(crate) fn filter(random: &mut fastrand::Rng, columns: &[Visible], depth: usize) -> Expr {
    let column = &columns[random.usize(..columns.len())];
    let part = |random: &mut fastrand::Rng| filter(random, columns, depth - 1);
    match random.u8(..if depth == 0 { 60 } else { 100 }) {
        0..28 => column.expr().compare(comparison(random, column.data_type), comparable(random, column.data_type)),
        28..31 => Expr::from(comparable(random, column.data_type))
            .compare(comparison(random, column.data_type), column.expr()),
        31..37 => {
            let alike: Vec<_> =
                columns.iter().filter(|other| other.data_type.is_comparable_with(column.data_type)).collect();
            column.expr().compare(comparison(random, column.data_type), alike[random.usize(..alike.len())].expr())
        }
        37..43 if column.data_type.is_ordered() => {
            let (low, high) = (comparable(random, column.data_type), comparable(random, column.data_type));
            let low = column.expr().compare(Comparison::GreaterOrEqual, low);
            low.and(column.expr().compare(Comparison::LessOrEqual, high))
        }
        37..48 => {
            let values = (0..random.usize(..4)).map(|_| comparable(random, column.data_type)).collect::<Vec<_>>();
            column.expr().in_list(values)
        }
        48..54 => match columns.iter().find(|column| column.data_type == DataType::Text) {
            Some(column) => column.expr().like(text(random, &["a", "b", "%", "_", "\\", "é", "z", "a%", "\0"])),
            None => column.expr().is_null(),
        },
        54..58 => column.expr().is_null(),
        58 => Expr::from([Value::Null, Value::from(true), Value::from(false)][random.usize(..3)].clone()),
        59 => match columns.iter().find(|column| column.data_type == DataType::Bool) {
            Some(column) => column.expr(),
            None => column.expr().is_null(),
        },
        60..80 => part(random).and(part(random)),
        80..90 => part(random).or(part(random)),
        90..96 => part(random).not(),
        96..98 => part(random).is_null(),
        _ => part(random).compare(comparison(random, DataType::Bool), part(random)),
    }
}

/// A table with a column of each type, some nullable, and a primary key and indexes of every kind.
pub(crate) fn table(random: &mut fastrand::Rng, name: &str, rows: usize) -> ModelTable {
    let mut schema = TableSchema::new(name)
        .column(ColumnSchema::new("id", DataType::U64))
        .column(ColumnSchema::new("key", DataType::Text));
    for data_type in DataType::ALL {
        let column = match data_type {
            DataType::Enum => ColumnSchema::one_of("enum", VARIANTS),
            _ => ColumnSchema::new(data_type.to_string(), data_type),
        };
        let is_nullable = random.bool() && data_type != DataType::I32;
        schema = schema.column(if is_nullable { column.nullable() } else { column });
    }
    let keys: [&[&str]; 5] = [&[], &["id"], &["key"], &["i32", "id"], &["key", "i32"]];
    schema = schema.primary_key(keys[random.usize(..5)].iter().copied());
    for number in 0..random.usize(1..7) {
        let ordered = schema.columns.iter().filter(|column| column.data_type.is_ordered());
        let mut columns: Vec<String> = ordered.map(|column| column.name.clone()).collect();
        random.shuffle(&mut columns);
        let rest = columns.split_off(random.usize(1..4).min(columns.len()));
        let is_unique = columns.iter().any(|column| column == "id" || column == "key");
        let columns = columns.iter().map(|name| match random.bool() {
            true => IndexColumn::new(name).descending(),
            false => IndexColumn::new(name),
        });
        let mut index = IndexSchema::new(columns).named(format!("index {number}"));
        if random.bool() {
            index = index.include(rest.iter().take(random.usize(..4)).map(String::as_str));
        }
        schema = schema.with_index(if is_unique && random.bool() { index.unique() } else { index });
    }
    let mut ids: Vec<u64> = (0..rows as u64).collect();
    random.shuffle(&mut ids);
    let row = |id: u64| {
        let columns = schema.columns.iter().map(|column| match column.name.as_str() {
            "id" => Value::from(id),
            "key" => Value::from(format!("{}{}", ["a", "b", ""][id as usize % 3], id * 7 % 101)),
            _ if column.nullable && random.u8(..4) == 0 => Value::Null,
            _ => value(random, column.data_type),
        });
        columns.collect()
    };
    let rows = ids.into_iter().map(row).collect();
    ModelTable { schema, rows }
}

/// A question about one to three of the tables.
pub(crate) fn query(random: &mut fastrand::Rng, tables: &[ModelTable]) -> Query {
    let mut order: Vec<usize> = (0..tables.len()).collect();
    random.shuffle(&mut order);
    let first = &tables[order[0]].schema;
    let mut query = Query::from(first.name.clone());
    let mut columns = columns_of(first);
    let joins = [0, 0, 0, 1, 1, 2][random.usize(..6)];
    for other in order.iter().skip(1).take(joins) {
        let other = &tables[*other].schema;
        let right = columns_of(other);
        let right_column = &right[random.usize(..right.len())];
        let alike: Vec<_> =
            columns.iter().filter(|left| left.data_type.is_comparable_with(right_column.data_type)).collect();
        let left = alike[random.usize(..alike.len())].name.clone();
        query = query.join(other.name.clone(), left.as_str(), right_column.name.as_str());
        columns.extend(right);
    }
    for _ in 0..random.usize(..3) {
        query = query.filter(filter(random, &columns, 3));
    }
    let is_grouped = random.u8(..4) == 0;
    let mut choices: Vec<Expr> = columns.iter().map(Visible::expr).collect();
    if is_grouped {
        choices.clear();
        for _ in 0..random.usize(..3) {
            let key = &columns[random.usize(..columns.len())];
            query = query.group_by(key.name.as_str());
            choices.push(key.expr());
        }
        choices.extend((0..random.usize(1..5)).map(|_| aggregate(random, &columns)));
        query.columns = choices.iter().cloned().map(Into::into).collect();
    } else if random.bool() {
        query.columns =
            (0..random.usize(1..5)).map(|_| choices[random.usize(..choices.len())].clone().into()).collect();
        if random.bool() {
            query.columns.push(filter(random, &columns, 1).into());
        }
    }
    let has_order = |expr: &Expr| {
        let named = |column: &ColumnRef| columns.iter().find(|other| other.name == column.to_string());
        match expr {
            Expr::Column(column) => named(column).is_some_and(|column| column.data_type.is_ordered()),
            _ => true,
        }
    };
    choices.retain(has_order);
    for _ in 0..random.usize(..if choices.is_empty() { 1 } else { 4 }) {
        query = query.order_by(choices[random.usize(..choices.len())].clone(), random.bool());
        if let Some(order) = query.order_by.last_mut() {
            order.nulls = [None, Some(Nulls::First), Some(Nulls::Last)][random.usize(..3)];
        }
    }
    if random.u8(..3) == 0 {
        query = query.limit(random.u64(..12));
    }
    if random.u8(..4) == 0 {
        query = query.offset(random.u64(..8));
    }
    query
}

fn aggregate(random: &mut fastrand::Rng, columns: &[Visible]) -> Expr {
    use AggregateFunction::{Average, Count, Maximum, Minimum, Sum};
    let numbers: Vec<_> = columns.iter().filter(|column| column.data_type.is_comparable_with(DataType::F64)).collect();
    let function = [Count, Sum, Average, Minimum, Maximum][random.usize(..5)];
    let ordered: Vec<_> = columns.iter().filter(|column| column.data_type.is_ordered()).collect();
    let column = match function {
        Minimum | Maximum => ordered[random.usize(..ordered.len())],
        Sum | Average => numbers[random.usize(..numbers.len())],
        _ => &columns[random.usize(..columns.len())],
    };
    let has_argument = function != Count || random.bool();
    Expr::aggregate(function, has_argument.then(|| column.expr()))
}
