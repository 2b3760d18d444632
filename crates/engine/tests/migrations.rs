//! Every operation of a migration, of every type, on the first, a middle and the last column, over no row, one and many:
//! afterwards nothing is left to do, every row reads as it should, every index is right.

use std::collections::BTreeMap;

use wasm_dbms::prelude::*;
use wasm_dbms::{CheckSchema, Comparison, MigrationWork};

use crate::support::{assert_sound, exported};

/// A row by the names of its columns.
type Row = BTreeMap<String, Value>;

/// How many rows; the most are tried at one place of each type and in one commit, at all of them and in steps too with the
/// variable `MATRIX=full` of the environment.
const ROWS: [u64; 4] = [0, 1, 300, 10_000];
const PLACES: [&str; 3] = ["first", "middle", "last"];

fn column(name: &str, data_type: DataType) -> ColumnSchema {
    match data_type {
        DataType::Enum => ColumnSchema::one_of(name, ["one", "two", "three"]),
        _ => ColumnSchema::new(name, data_type),
    }
}

fn value(data_type: DataType, number: u64) -> Value {
    match data_type {
        DataType::Bool => number.is_multiple_of(2).into(),
        DataType::F32 => (number as f32 / 4.0).into(),
        DataType::F64 => (number as f64 / 3.0).into(),
        DataType::Text => format!("text {}", "x".repeat(number as usize % 40)).into(),
        DataType::Bytes => number.to_le_bytes().to_vec().into(),
        DataType::Decimal => Decimal::new(number.into(), 2).unwrap().into(),
        DataType::Date => Date::from_days(number as i32).into(),
        DataType::DateTime => DateTime::from_microseconds(number as i64 * 1000).into(),
        DataType::Uuid => Uuid::from_u128(number.into()).into(),
        DataType::Json => Value::Json(format!("[{number}.0]").parse().unwrap()),
        DataType::Enum => Value::Enum((number % 3) as u16, ["one", "two", "three"][number as usize % 3].into()),
        _ => ((number % 100) as i64).into(),
    }
}

/// A table whose first, a middle and last column are of one type; the middle one is never NULL, the last one often.
fn base(data_type: DataType) -> TableSchema {
    TableSchema::new("t")
        .column(column("first", data_type).nullable())
        .column(ColumnSchema::new("id", DataType::U64))
        .column(column("middle", data_type))
        .column(ColumnSchema::new("text", DataType::Text).nullable())
        .column(column("last", data_type).nullable())
        .primary_key(["id"])
        .with_index(IndexSchema::new(["text"]).include(["middle", "id"]).named("carrying"))
}

fn filled(data_type: DataType, count: u64) -> Database {
    let db = Database::in_memory();
    db.create_table(&base(data_type)).unwrap();
    let row = |id: u64| {
        let last = if id.is_multiple_of(3) { Value::Null } else { value(data_type, id + 2) };
        let text = if id.is_multiple_of(5) { Value::Null } else { format!("{id:05}").into() };
        [value(data_type, id), (id + 1).into(), value(data_type, id + 1), text, last]
    };
    db.insert_many_values("t", &["first", "id", "middle", "text", "last"], (0..count).map(row)).unwrap();
    db
}

/// The rows of the table, by the names of its columns, in the order of their ids.
fn rows(db: &Database, table: &str) -> Vec<Row> {
    let answer = db.query(&Query::from(table.to_owned()).order_by(Expr::column("id"), false)).unwrap();
    let names: Vec<String> = answer.columns.iter().map(ToString::to_string).collect();
    answer.rows.into_iter().map(|row| names.iter().cloned().zip(row).collect()).collect()
}

/// What the rows should become: each column what it was under its own or an earlier name, cast where its type is another.
fn expected(db: &Database, wanted: &TableSchema) -> Vec<Row> {
    let stored = &db.schemas().unwrap()[0];
    let mut query = Query::from(stored.name.clone()).order_by(Expr::column("id"), false);
    for column in &wanted.columns {
        let names = std::iter::once(&column.name).chain(&column.renamed_from);
        let found = names.into_iter().find_map(|name| stored.columns.iter().find(|other| other.name == **name));
        let expr = match found {
            Some(old) if old.data_type == column.data_type => Expr::column(&old.name),
            Some(old) => Expr::column(&old.name).cast(column.data_type),
            None => Expr::from(column.default.clone().unwrap_or(Value::Null)),
        };
        query = query.column_as(column.name.clone(), expr);
    }
    let answer = db.query(&query).unwrap();
    let names: Vec<String> = wanted.columns.iter().map(|column| column.name.clone()).collect();
    answer.rows.into_iter().map(|row| names.iter().cloned().zip(row).collect()).collect()
}

/// Migrates a copy of the database, and looks at all of it.
fn migrate(base: &[u8], wanted: &TableSchema, what: &str) -> Database {
    let db = Database::open(HeapProvider::from_bytes(base.to_vec())).unwrap();
    let expected = expected(&db, wanted);
    let plan = db.plan_migration_to(&[wanted], false).unwrap();
    assert!(!plan.is_empty(), "{what}");
    let allowed = plan.operations.iter().map(|planned| planned.operation.to_string());
    let policy = allowed.fold(MigrationPolicy::new(), MigrationPolicy::allow);
    let made = db.migrate_to(&[wanted], false, &policy).unwrap_or_else(|error| panic!("{what}: {error}\n{plan}"));
    assert_eq!(made, plan, "{what}");
    look_at(&db, wanted, &expected, what);
    // What is at once reads and writes no row: a long table is no other than a short one.
    assert!(
        plan.operations
            .iter()
            .all(|planned| { planned.work != MigrationWork::Instant || planned.rows == 0 || planned.is_destructive })
    );
    if expected.len() < 10_000 {
        let again = Database::open(HeapProvider::from_bytes(exported(&db))).unwrap();
        look_at(&again, wanted, &expected, what);
    }
    db
}

/// The same in steps, each looked at: the rows are read as they were until the switch.
fn migrate_in_steps(base: &[u8], wanted: &TableSchema, budget: usize, what: &str) {
    let db = Database::open(HeapProvider::from_bytes(base.to_vec())).unwrap();
    let (expected, before) = (expected(&db, wanted), rows(&db, "t"));
    let plan = db.plan_migration_to(&[wanted], false).unwrap();
    let allowed = plan.operations.iter().map(|planned| planned.operation.to_string());
    let policy = allowed.fold(MigrationPolicy::new(), MigrationPolicy::allow);
    loop {
        let progress = db.migrate_step_to(&[wanted], false, &policy, budget);
        let progress = progress.unwrap_or_else(|error| panic!("{what}: {error}\n{plan}"));
        assert!(progress.done <= budget as u64, "{what}");
        assert_eq!(db.check().unwrap(), Vec::<String>::new(), "{what}");
        if !progress.is_switched {
            assert!(rows(&db, "t") == before, "{what}");
        }
        if progress.is_done {
            break;
        }
    }
    look_at(&db, wanted, &expected, &format!("{what}, in steps"));
}

fn look_at(db: &Database, wanted: &TableSchema, expected: &[Row], what: &str) {
    let left = db.plan_migration_to(&[wanted], false).unwrap();
    assert!(left.is_empty(), "{what} leaves\n{left}");
    assert_eq!(db.check().unwrap(), Vec::<String>::new(), "{what}");
    let found = rows(db, &wanted.name);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let is_same = |(one, other): (&Value, &Value)| one == other || one.to_string() == other.to_string();
        assert!(
            found.keys().eq(expected.keys()) && found.values().zip(expected.values()).all(is_same),
            "{what}: {found:?}, not {expected:?}"
        );
    }
}

/// Refuses a migration, which then has changed nothing.
fn refused(base: &[u8], wanted: &TableSchema, what: &str) -> String {
    let db = Database::open(HeapProvider::from_bytes(base.to_vec())).unwrap();
    let pages = db.page_count();
    let plan = db.plan_migration_to(&[wanted], false).unwrap();
    let allowed = plan.operations.iter().map(|planned| planned.operation.to_string());
    let policy = allowed.fold(MigrationPolicy::new(), MigrationPolicy::allow);
    let error = db.migrate_to(&[wanted], false, &policy).expect_err(what).to_string();
    assert_eq!(db.page_count(), pages, "{what}");
    assert!(exported(&db) == base, "{what} left something");
    assert_sound(&db);
    error
}

fn changed(schema: &TableSchema, name: &str, change: impl FnOnce(&mut ColumnSchema)) -> TableSchema {
    let mut schema = schema.clone();
    change(schema.columns.iter_mut().find(|column| column.name == name).unwrap());
    schema
}

/// Every migration of a column of a type, with what it is called.
fn targets(data_type: DataType, place: &str) -> Vec<(String, TableSchema)> {
    let base = base(data_type);
    let at = base.position(place).unwrap();
    let mut targets = Vec::new();
    let mut add = |what: &str, schema: TableSchema| targets.push((format!("{what} {place} of {data_type}"), schema));

    let mut dropped = base.clone();
    dropped.columns.remove(at);
    dropped.indexes.retain(|index| !index.include.iter().any(|name| name == place));
    add("drop", dropped);

    let mut renamed = changed(&base, place, |column| {
        column.name = "other".into();
        column.renamed_from = vec!["older".into(), place.into()];
    });
    renamed.indexes[0].include.iter_mut().filter(|name| *name == place).for_each(|name| *name = "other".into());
    add("rename", renamed);

    for (what, new) in [
        ("add nullable at", column("new", data_type).nullable()),
        ("add with a default at", column("new", data_type).default(value(data_type, 4))),
        ("add nullable with a default at", column("new", data_type).nullable().default(value(data_type, 5))),
    ] {
        let mut added = base.clone();
        added.columns.insert(if place == "last" { at + 1 } else { at }, new);
        add(what, added);
    }

    for to in [0, base.columns.len() - 1] {
        let mut moved = base.clone();
        let column = moved.columns.remove(at);
        moved.columns.insert(to, column);
        if moved != base {
            add("move", moved);
        }
    }

    add("default of", changed(&base, place, |column| column.default = Some(value(data_type, 6))));
    if place == "middle" {
        add("let be null", changed(&base, place, |column| column.nullable = true));
    }
    if place == "first" {
        add("let not be null", changed(&base, place, |column| column.nullable = false));
    }
    for wider in DataType::ALL {
        let is_wider = match (data_type.integer_range(), wider.integer_range()) {
            (Some((low, high)), Some((lower, higher))) => lower <= low && high <= higher,
            (Some(_), None) => wider == DataType::Decimal,
            _ => (data_type, wider) == (DataType::F32, DataType::F64),
        };
        let is_castable = wider == DataType::Text && data_type != DataType::Bytes;
        if wider != data_type && (is_wider || is_castable) {
            add(
                &format!("as {wider}"),
                changed(&base, place, |column| {
                    column.data_type = wider;
                    column.variants.clear();
                }),
            );
        }
    }
    if data_type == DataType::Enum {
        add("more names of", changed(&base, place, |column| column.variants.push("four".into())));
        add("other order of names of", changed(&base, place, |column| column.variants.reverse()));
    }
    if data_type.is_ordered() {
        add("index", base.clone().index([place]));
        add("unique index", base.clone().unique([place, "id"]));
        add("index with other columns", base.clone().with_index(IndexSchema::new([place]).include(["text"])));
        if place == "middle" {
            add("key", base.clone().primary_key([place, "id"]));
        }
    }
    let check = Expr::column("id").compare(Comparison::Greater, 0).or(Expr::column(place).is_null());
    add("check", base.with_check(CheckSchema::new(check).named("one")));
    targets
}

fn matrix(types: &[DataType]) {
    let is_full = std::env::var_os("MATRIX").is_some_and(|matrix| matrix == "full");
    // With VERIFY a commit is followed by a check, which reads every page: long tables would take most of the time of all
    // tests.
    let is_verified = std::env::var_os("VERIFY").is_some();
    for (number, data_type) in types.iter().enumerate() {
        for count in ROWS.into_iter().filter(|count| *count < 10_000 || !is_verified) {
            let base = exported(&filled(*data_type, count));
            let is_tried = |place: usize| is_full || count < 10_000 || place == number % 3;
            for (_, place) in PLACES.into_iter().enumerate().filter(|(place, _)| is_tried(*place)) {
                for (target, (what, wanted)) in targets(*data_type, place).into_iter().enumerate() {
                    let what = format!("{what}, {count} rows");
                    let db = migrate(&base, &wanted, &what);
                    if is_full || count <= 300 && target.is_multiple_of(2) {
                        // Three steps of what there is, and then some.
                        migrate_in_steps(&base, &wanted, (count as usize / 3).max(1) + 30, &what);
                    }
                    if !is_full && count == 10_000 && !target.is_multiple_of(5) {
                        continue;
                    }
                    // A write brings a row up to date, a vacuum all others.
                    let before = rows(&db, "t");
                    db.delete_values("t", Expr::column("id").compare(Comparison::Equal, 1)).unwrap();
                    let left = before.get(1..).unwrap_or_default();
                    look_at(&db, &wanted, left, &what);
                    db.vacuum().unwrap();
                    look_at(&db, &wanted, left, &what);
                }
            }
        }
    }
}

#[test]
fn every_operation_on_integers_and_bools() {
    use DataType::{Bool, I8, I16, I32, I64, U8, U16, U32, U64};
    matrix(&[Bool, I8, I16, I32, I64, U8, U16, U32, U64]);
}

#[test]
fn every_operation_on_other_types_of_fixed_width() {
    use DataType::{Date, DateTime, Decimal, Enum, F32, F64, Uuid};
    matrix(&[F32, F64, Decimal, Date, DateTime, Uuid, Enum]);
}

#[test]
fn every_operation_on_types_that_each_value_says_the_width_of() {
    matrix(&[DataType::Text, DataType::Bytes, DataType::Json]);
}

#[test]
fn a_row_that_stands_in_the_way_is_named_and_nothing_changes() {
    let base_schema = base(DataType::I32);
    let base = exported(&filled(DataType::I32, 200));
    let null = changed(&base_schema, "last", |column| column.nullable = false);
    let error = refused(&base, &null, "not null");
    assert_eq!(error, "the row of t with id = 1 stands in the way: column t.last must not be null");
    let error = refused(&base, &base_schema.clone().unique(["first"]), "unique");
    assert_eq!(error, "the row of t with id = 101 stands in the way: t has a row with first = 0 already");
    let check = Expr::column("middle").compare(Comparison::Less, 42);
    let error = refused(&base, &base_schema.clone().check(check), "check");
    assert_eq!(error, "the row of t with id = 42 stands in the way: t refuses a row with middle = 42: middle < 42");
    let error = refused(&base, &base_schema.clone().primary_key(["middle"]), "key");
    assert_eq!(error, "the row of t with id = 101 stands in the way: t has a row with middle = 1 already");
    let shorter = changed(&base_schema, "text", |column| column.data_type = DataType::I8);
    let error = refused(&base, &shorter, "cast");
    assert_eq!(error, "the row of t with id = 129 stands in the way: '00128' as i8 is out of range");
}
