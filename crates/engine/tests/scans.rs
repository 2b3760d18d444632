//! Scans that look at many rows at once answer as those that look at one at a time. A condition beside `OR FALSE` is asked
//! row by row, an order without a limit keeps every row: so each question is its own model.

use wasm_dbms::prelude::*;

use crate::model::random;
use crate::support::seed;

const TABLES: u64 = 24;
const QUESTIONS: usize = 60;

/// A table of random columns whose leaves hold a few rows or hundreds; now and then one in a chain.
fn schema(random: &mut fastrand::Rng) -> TableSchema {
    let mut schema = TableSchema::new("t").column(ColumnSchema::new("id", DataType::I64));
    for number in 0..random.usize(1..7) {
        let data_type = DataType::ALL[random.usize(..DataType::ALL.len())];
        let name = format!("c{number}");
        let mut column = match data_type {
            DataType::Enum => ColumnSchema::one_of(name, ["red", "green", "blue"]),
            _ => ColumnSchema::new(name, data_type),
        };
        column.nullable = random.bool();
        schema = schema.column(column);
    }
    schema = schema.column(ColumnSchema::new("pad", DataType::Text));
    if random.bool() {
        schema.primary_key = vec!["id".into()];
    }
    schema
}

fn row(random: &mut fastrand::Rng, schema: &TableSchema, id: i64, longest: usize) -> Vec<(String, Value)> {
    let value = |(column, random): (&ColumnSchema, &mut fastrand::Rng)| match column.name.as_str() {
        "id" => Value::from(id),
        "pad" if random.u8(..60) == 0 => Value::from("x".repeat(5_000)),
        "pad" => Value::from("x".repeat(random.usize(..=longest))),
        _ if column.nullable && random.u8(..4) == 0 => Value::Null,
        _ => random::value(random, column.data_type),
    };
    schema.columns.iter().map(|column| (column.name.clone(), value((column, random)))).collect()
}

/// A condition on one column, most often one that many rows are asked at once.
fn condition(random: &mut fastrand::Rng, schema: &TableSchema) -> Expr {
    let column = &schema.columns[random.usize(..schema.columns.len())];
    let data_type = column.data_type;
    let expr = Expr::column(&column.name);
    let mut literal = || {
        let is_number = data_type.is_integer() || data_type.is_float();
        let numbers = [DataType::I64, DataType::F64, DataType::U64, DataType::Decimal];
        let other = if is_number && random.bool() { numbers[random.usize(..numbers.len())] } else { data_type };
        random::value(random, other)
    };
    let (one, two) = (literal(), literal());
    let comparisons = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];
    // JSON is equal or not; what else there is of its order means nothing.
    let comparison = if data_type == DataType::Json { Comparison::Equal } else { comparisons[random.usize(..6)] };
    let condition = match random.u8(..8) {
        0 => expr.is_null(),
        1 => expr.in_list([one, two]),
        2 => expr.in_list([one, Value::Null]),
        3 if data_type == DataType::Bool => expr,
        _ => expr.compare(comparison, one),
    };
    let condition = if random.u8(..4) == 0 { condition.not() } else { condition };
    if random.u8(..3) == 0 { condition.and(self::condition(random, schema)) } else { condition }
}

fn one_by_one(condition: Expr) -> Expr {
    condition.or(Expr::from(false))
}

fn same(left: &[Vec<Value>], right: &[Vec<Value>]) -> bool {
    let same_row = |(left, right): (&Vec<Value>, &Vec<Value>)| {
        left.len() == right.len()
            && left.iter().zip(right).all(|(left, right)| left.as_ref().is_identical(right.as_ref()))
    };
    left.len() == right.len() && left.iter().zip(right).all(same_row)
}

/// Asks a question both ways, of whatever reads.
fn ask(random: &mut fastrand::Rng, schema: &TableSchema, query: &dyn Fn(&Query) -> Result<Vec<Vec<Value>>>) -> usize {
    let condition = condition(random, schema);
    let what = format!("{condition:?} of {schema:?}");
    let plain = Query::from("t").filter(condition.clone());
    let rows = query(&plain).unwrap();
    let slow = query(&Query::from("t").filter(one_by_one(condition.clone()))).unwrap();
    assert!(same(&rows, &slow), "{} rows, one by one {}: {what}", rows.len(), slow.len());

    let mut keys: Vec<&ColumnSchema> = schema.columns.iter().filter(|column| column.data_type.is_ordered()).collect();
    random.shuffle(&mut keys);
    let mut sorted = plain;
    for key in keys.iter().take(random.usize(1..3)) {
        let expr = Expr::column(&key.name);
        let order = if random.bool() { Order::descending(expr) } else { Order::ascending(expr) };
        sorted.order_by.push(if random.bool() { order.nulls_first() } else { order.nulls_last() });
    }
    let all = query(&sorted).unwrap();
    let (offset, limit) = (random.usize(..4), random.usize(..20));
    let top = query(&sorted.clone().offset(offset as u64).limit(limit as u64)).unwrap();
    let expected: Vec<Vec<Value>> = all.into_iter().skip(offset).take(limit).collect();
    assert!(same(&top, &expected), "{:?}, {offset}, {limit}: {what}", sorted.order_by);

    let column = |random: &mut fastrand::Rng| schema.columns[random.usize(..schema.columns.len())].clone();
    let (key, number) = (column(random), column(random));
    let group = |condition: Expr| {
        let mut query = Query::from("t").filter(condition).column(count()).column(count_of(Expr::column(&number.name)));
        if is_grouped_by(&key) {
            query = query.group_by(ColumnRef::from(key.name.as_str())).column(Expr::column(&key.name));
        }
        if number.data_type.is_ordered() {
            query = query.column(min_of(&number.name)).column(max_of(&number.name));
        }
        let is_number = number.data_type.is_integer() || number.data_type.is_float();
        if is_number {
            query = query.column(avg_of(&number.name)).column(sum_of(&number.name));
        }
        query
    };
    match (query(&group(condition.clone())), query(&group(one_by_one(condition)))) {
        (Ok(fast), Ok(slow)) => assert!(same(&fast, &slow), "{fast:?}, one by one {slow:?}: {what}"),
        (Err(Error::OutOfRange(_)), Err(Error::OutOfRange(_))) => {}
        (fast, slow) => panic!("{fast:?}, one by one {slow:?}: {what}"),
    }
    rows.len()
}

/// Groups by all but the padding and the number of the row.
fn is_grouped_by(key: &ColumnSchema) -> bool {
    key.name.starts_with('c')
}

fn aggregate(function: AggregateFunction, name: &str) -> Expr {
    Expr::aggregate(function, Some(Expr::column(name)))
}

fn count() -> Expr {
    Expr::count()
}

fn count_of(expr: Expr) -> Expr {
    Expr::aggregate(AggregateFunction::Count, Some(expr))
}

fn min_of(name: &str) -> Expr {
    aggregate(AggregateFunction::Minimum, name)
}

fn max_of(name: &str) -> Expr {
    aggregate(AggregateFunction::Maximum, name)
}

fn avg_of(name: &str) -> Expr {
    aggregate(AggregateFunction::Average, name)
}

fn sum_of(name: &str) -> Expr {
    aggregate(AggregateFunction::Sum, name)
}

#[test]
fn rows_looked_at_together_are_those_looked_at_one_by_one() {
    let seed = seed(77);
    let mut found = 0;
    for round in 0..TABLES {
        let mut random = fastrand::Rng::with_seed(seed ^ round << 32);
        let schema = schema(&mut random);
        let db = Database::in_memory_with(Options::new().page_size([4096, 8192, 65536][random.usize(..3)])).unwrap();
        db.create_table(&schema).unwrap();
        let longest = [0, 30, 300][random.usize(..3)];
        let insert = |random: &mut fastrand::Rng, tx: &Transaction<'_>, ids: std::ops::Range<i64>| {
            for id in ids {
                let row = row(random, &schema, id, longest);
                let row: Vec<(&str, Value)> = row.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
                tx.insert_values("t", &row)?;
            }
            Ok(())
        };
        db.transaction(|tx| insert(&mut random, tx, 0..400)).unwrap();
        for _ in 0..QUESTIONS {
            found += ask(&mut random, &schema, &|query| Ok(db.query(query)?.rows));
        }
        let snapshot = db.snapshot().unwrap();
        db.transaction(|tx| {
            insert(&mut random, tx, 400..500)?;
            for _ in 0..QUESTIONS / 4 {
                found += ask(&mut random, &schema, &|query| Ok(tx.query(query)?.rows));
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(snapshot.query(&Query::from("t")).unwrap().rows.len(), 400);
        assert_eq!(db.query(&Query::from("t")).unwrap().rows.len(), 500);
        for _ in 0..QUESTIONS / 4 {
            found += ask(&mut random, &schema, &|query| Ok(snapshot.query(query)?.rows));
        }
    }
    println!("{found} rows found");
    assert!(found > 100_000);
}
