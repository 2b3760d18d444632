//! What would break a constraint is refused with an error that names table, column and value, and nothing of the refused
//! statement stays.

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, exported, rows};

fn id() -> ColumnSchema {
    ColumnSchema::new("id", DataType::U64)
}

fn text(name: &str) -> ColumnSchema {
    ColumnSchema::new(name, DataType::Text)
}

fn database(schemas: &[TableSchema]) -> Database {
    let db = Database::in_memory();
    for schema in schemas {
        db.create_table(schema).unwrap();
    }
    db
}

/// The message of a refused insert, which must leave no byte: neither by itself nor inside a transaction.
fn refused(db: &Database, table: &str, values: &[(&str, Value)]) -> String {
    let before = exported(db);
    let error = db.insert_values(table, values).unwrap_err();
    assert!(error.is_constraint(), "{error:?}");
    assert!(exported(db) == before, "{error}: something stayed");
    db.transaction(|tx| {
        let inside = tx.insert_values(table, values).unwrap_err();
        assert_eq!(inside.to_string(), error.to_string());
        Ok(())
    })
    .unwrap();
    assert!(exported(db) == before, "{error}: something stayed in a transaction");
    assert_sound(db);
    error.to_string()
}

/// A row by position, for tables whose columns are `a`, `b`, ..
fn row(values: &[Value]) -> Vec<(&'static str, Value)> {
    ["a", "b", "c"].into_iter().zip(values.iter().cloned()).collect()
}

#[test]
fn a_primary_key_is_there_once() {
    let db = database(&[TableSchema::new("t").column(id()).column(text("x")).primary_key(["id"])]);
    let row = [("id", Value::from(7)), ("x", Value::from("first"))];
    db.insert_values("t", &row).unwrap();
    assert_eq!(refused(&db, "t", &row), "t has a row with id = 7 already");
}

#[test]
fn a_composite_primary_key_is_there_once_and_its_parts_may_come_again() {
    for b in [DataType::I32, DataType::Text] {
        let a = ColumnSchema::new("a", DataType::U8);
        let schema = TableSchema::new("t").column(a).column(ColumnSchema::new("b", b)).primary_key(["b", "a"]);
        let db = database(&[schema]);
        let part = |n: i32| if b == DataType::Text { Value::from(format!("x{n}")) } else { Value::from(n) };
        for (a, b) in [(1, 1), (1, 2), (2, 1)] {
            db.insert_values("t", &row(&[Value::from(a), part(b)])).unwrap();
        }
        let shown = if b == DataType::Text { "'x2', 1" } else { "2, 1" };
        let expected = format!("t has a row with b, a = {shown} already");
        assert_eq!(refused(&db, "t", &row(&[Value::from(1), part(2)])), expected);
    }
}

#[test]
fn a_text_primary_key_is_there_once() {
    let db = database(&[TableSchema::new("t").column(text("a")).primary_key(["a"])]);
    for key in ["", "a", "a\0", "a\0b", "é"] {
        db.insert_values("t", &row(&[key.into()])).unwrap();
        assert_eq!(refused(&db, "t", &row(&[key.into()])), format!("t has a row with a = '{key}' already"));
    }
}

#[test]
fn unique_columns_hold_a_value_once_and_null_any_number_of_times() {
    let schema = TableSchema::new("t").column(text("a").nullable()).unique(["a"]);
    let db = database(&[schema]);
    for value in [Value::Null, Value::from("x"), Value::Null, Value::from("")] {
        db.insert_values("t", &row(&[value])).unwrap();
    }
    assert_eq!(refused(&db, "t", &row(&["x".into()])), "t has a row with a = 'x' already");
    assert_eq!(rows(&db, "t").len(), 4);
}

#[test]
fn composite_unique_columns_are_free_again_with_a_null_among_them() {
    let a = ColumnSchema::new("a", DataType::F64).nullable();
    let db = database(&[TableSchema::new("t").column(a).column(text("b").nullable()).unique(["a", "b"])]);
    for _ in 0..2 {
        db.insert_values("t", &row(&[Value::Null, "x".into()])).unwrap();
        db.insert_values("t", &row(&[1.5.into(), Value::Null])).unwrap();
    }
    db.insert_values("t", &row(&[0.0.into(), "x".into()])).unwrap();
    let negative_zero = row(&[(-0.0).into(), "x".into()]);
    assert_eq!(refused(&db, "t", &negative_zero), "t has a row with a, b = -0.0, 'x' already");
    db.insert_values("t", &row(&[f64::NAN.into(), "x".into()])).unwrap();
    assert_eq!(refused(&db, "t", &row(&[(-f64::NAN).into(), "x".into()])), "t has a row with a, b = NaN, 'x' already");
}

#[test]
fn a_column_that_must_not_be_null_is_named() {
    let db = database(&[TableSchema::new("t").column(text("a")).column(text("b").default("x"))]);
    assert_eq!(refused(&db, "t", &[("b", "x".into())]), "column t.a must not be null");
    assert_eq!(refused(&db, "t", &row(&[Value::Null])), "column t.a must not be null");
    assert_eq!(refused(&db, "t", &row(&["x".into(), Value::Null])), "column t.b must not be null");
    db.insert_values("t", &row(&["x".into()])).unwrap();
    assert_eq!(rows(&db, "t"), [[Value::from("x"), Value::from("x")]]);
}

#[test]
fn a_value_out_of_the_range_of_its_type_is_refused_at_both_ends() {
    let big = |number: i128| match i64::try_from(number) {
        Ok(number) => Value::from(number),
        Err(_) => Value::from(number as u64),
    };
    for data_type in DataType::ALL.into_iter().filter(|data_type| data_type.is_integer()) {
        let db = database(&[TableSchema::new("t").column(ColumnSchema::new("a", data_type)).primary_key(["a"])]);
        let (low, high) = data_type.integer_range().unwrap();
        let outside = [i128::from(low) - 1, i128::from(high) + 1];
        let storable = i128::from(i64::MIN)..=i128::from(u64::MAX);
        for number in outside.into_iter().filter(|number| storable.contains(number)) {
            let expected = format!("column t.a of type {data_type} cannot hold {number}");
            assert_eq!(refused(&db, "t", &row(&[big(number)])), expected);
        }
        for number in [low.into(), high.into()] {
            db.insert_values("t", &row(&[big(number)])).unwrap();
        }
        assert_eq!(rows(&db, "t"), [[big(low.into())], [big(high.into())]]);
        assert!(refused(&db, "t", &row(&[1.0.into()])).contains("cannot hold 1.0"));
    }
}

#[test]
fn a_value_of_another_kind_is_refused() {
    for (data_type, value, shown) in [
        (DataType::Text, Value::from(1), "1"),
        (DataType::Bytes, Value::from("x"), "'x'"),
        (DataType::Bool, Value::from(1), "1"),
        (DataType::F64, Value::from(1), "1"),
        (DataType::F32, Value::from(0.1), "0.1"),
        (DataType::I64, Value::from(true), "true"),
    ] {
        let db = database(&[TableSchema::new("t").column(ColumnSchema::new("a", data_type))]);
        let expected = format!("column t.a of type {data_type} cannot hold {shown}");
        assert_eq!(refused(&db, "t", &row(&[value])), expected);
    }
}

#[test]
fn a_statement_of_many_rows_is_refused_as_a_whole() {
    #[derive(Table, Debug, Clone)]
    #[table = "t"]
    struct Row {
        #[primary_key]
        id: u64,
        #[unique]
        code: u32,
    }
    #[derive(DatabaseSchema)]
    #[tables(Row = "t")]
    struct Schema;
    let db = Database::in_memory().with_schema::<Schema>().unwrap();
    let all = |ids: std::ops::Range<u64>| ids.map(|id| Row { id, code: id as u32 % 500 }).collect::<Vec<_>>();
    db.insert_many(&all(0..100)).unwrap();
    let before = exported(&db);
    let error = db.insert_many(&all(100..501)).unwrap_err();
    assert_eq!(error.to_string(), "t has a row with code = 0 already");
    assert!(exported(&db) == before);
    db.transaction(|tx| {
        assert!(tx.insert_many(&all(100..501)).unwrap_err().is_constraint());
        assert!(tx.update::<Row>().set(Row::CODE, 7u32).filter(Row::ID.ge(50)).run().unwrap_err().is_constraint());
        assert!(tx.update::<Row>().set(Row::CODE, 1000u32).run().unwrap_err().is_constraint());
        assert_eq!(tx.select::<Row>().count()?, 100);
        assert_eq!(tx.get::<Row>(0)?.map(|row| row.code), Some(0));
        Ok(())
    })
    .unwrap();
    assert!(exported(&db) == before);
    assert_sound(&db);
}

#[test]
fn a_table_without_a_primary_key_numbers_its_rows() {
    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "log"]
    struct Line {
        #[autoincrement]
        number: u64,
        text: String,
    }
    #[derive(DatabaseSchema)]
    #[tables(Line = "log")]
    struct Schema;
    let db = Database::in_memory().with_schema::<Schema>().unwrap();
    for number in [None, Some(100), None, Some(5), None] {
        let id = db.insert(&NewLine { number, text: "x".into() }).unwrap();
        let line = db.get::<Line>(id).unwrap().unwrap();
        assert!(number.is_none_or(|number| number == line.number), "{id:?} gives {line:?}");
    }
    let numbers: Vec<u64> = db.select::<Line>().all().unwrap().iter().map(|line| line.number).collect();
    assert_eq!(numbers, [1, 100, 101, 5, 103]);
    let id = db.insert(&NewLine { number: Some(u64::MAX), text: "last".into() }).unwrap();
    assert!(db.get::<Line>(id).unwrap().is_some());
    let error = db.insert(&NewLine { number: None, text: "x".into() }).unwrap_err();
    assert_eq!(error.to_string(), "the next value of log.number is out of range");
    let error = db.insert(&NewLine { number: Some(1), text: "x".into() }).unwrap_err();
    assert_eq!(error.to_string(), "the next row id of log is out of range");
    assert_sound(&db);
}

#[test]
fn counting_up_never_meets_a_value_that_was_given() {
    #[derive(Table, Debug, Clone)]
    #[table = "t"]
    struct Row {
        #[primary_key]
        #[autoincrement]
        id: i16,
        mark: bool,
    }
    #[derive(DatabaseSchema)]
    #[tables(Row = "t")]
    struct Schema;
    let db = Database::in_memory().with_schema::<Schema>().unwrap();
    let next = || db.insert(&NewRow::default()).unwrap();
    assert_eq!(next(), 1);
    db.insert(&Row { id: 10, mark: true }).unwrap();
    assert_eq!(next(), 11);
    db.insert(&Row { id: -5, mark: true }).unwrap();
    assert!(db.update_key::<Row>(1).set(Row::ID, 20i16).run().unwrap());
    assert_eq!(next(), 21);
    assert_eq!(db.update::<Row>().set(Row::ID, 30i16).filter(Row::ID.eq(21)).run().unwrap(), 1);
    assert_eq!(next(), 31);
    assert!(db.delete_key::<Row>(31).unwrap());
    assert_eq!(next(), 32);
    assert!(db.insert(&Row { id: 32, mark: true }).is_err());
    db.insert(&Row { id: i16::MAX, mark: true }).unwrap();
    let error = db.insert(&NewRow::default()).unwrap_err();
    assert_eq!(error.to_string(), "the next value of t.id is out of range");
    assert_sound(&db);
}
