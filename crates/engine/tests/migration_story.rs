//! A story of ten releases: one jump and step by step come to the same; what a migration costs, loses and leaves.

use wasm_dbms::prelude::*;
use wasm_dbms::{Comparison, MigrationOperation};

use crate::support::shop::{allowing_all, migrate_to, releases, text};
use crate::support::{Counting, assert_sound, exported, rows};

/// A database of the first release.
fn first_release() -> Vec<u8> {
    let db = Database::in_memory();
    db.create_table(&releases()[0][0]).unwrap();
    for id in 0..500u32 {
        let shoe = if id % 3 == 0 { Value::Null } else { format!("size {id}").into() };
        let values = [("id", id.into()), ("mail", format!("{id}@example.com").into()), ("shoe", shoe)];
        db.insert_values("people", &values).unwrap();
    }
    exported(&db)
}

fn content(db: &Database) -> Vec<(String, Vec<Vec<Value>>)> {
    let content = db.schemas().unwrap().into_iter().map(|schema| (format!("{schema:?}"), rows(db, &schema.name)));
    content.collect()
}

#[test]
fn one_jump_over_any_releases_comes_to_what_each_step_comes_to() {
    let releases = releases();
    let mut stages = vec![first_release()];
    for release in &releases[1..] {
        let db = Database::open(HeapProvider::from_bytes(stages[stages.len() - 1].clone())).unwrap();
        migrate_to(&db, release);
        stages.push(exported(&db));
    }
    for (from, stage) in stages.iter().enumerate() {
        for (to, release) in releases.iter().enumerate().skip(from + 1) {
            let open = |bytes: &Vec<u8>| Database::open(HeapProvider::from_bytes(bytes.clone())).unwrap();
            let (jump, steps) = (open(stage), open(&stages[to]));
            migrate_to(&jump, release);
            assert_eq!(content(&jump), content(&steps), "from {} to {}", from + 1, to + 1);
            jump.vacuum().unwrap();
            assert_sound(&jump);
            assert_eq!(content(&jump), content(&steps), "from {} to {}", from + 1, to + 1);
        }
    }
}

#[test]
fn a_row_of_any_release_is_read_changed_and_deleted_in_the_last_one() {
    let releases = releases();
    let db = Database::open(HeapProvider::from_bytes(first_release())).unwrap();
    for (number, release) in releases.iter().enumerate().skip(1) {
        migrate_to(&db, release);
        let users = &release[0];
        let names: Vec<String> = users.columns.iter().map(|column| column.name.clone()).collect();
        let values = users.columns.iter().map(|column| match (column.name.as_str(), column.data_type) {
            ("id", _) => Value::from(1000 + number as u32),
            (_, DataType::Text) => format!("new {number}").into(),
            _ => Value::from(number as u32),
        });
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        db.insert_many_values(&users.name, &names, [values.collect::<Vec<_>>()]).unwrap();
        assert_sound(&db);
    }
    let id = |number: i64| Expr::column("id").compare(Comparison::Equal, number);
    for (number, old) in [(7, "7@example.com"), (1004, "new 4"), (1008, "new 8")] {
        let found = db.query(&Query::from("users").filter(id(number))).unwrap();
        assert_eq!(found.rows[0][2], Value::from(old));
        assert_eq!(
            db.update_values("users", &[("address", format!("changed {number}").into())], id(number)).unwrap(),
            1
        );
        let by_index = Expr::column("address").compare(Comparison::Equal, format!("changed {number}"));
        assert_eq!(db.query(&Query::from("users").filter(by_index)).unwrap().rows.len(), 1);
    }
    assert_eq!(db.delete_values("users", Expr::column("id").compare(Comparison::GreaterOrEqual, 250)).unwrap(), 259);
    assert_sound(&db);
}

#[test]
fn a_migration_is_refused_that_would_lose_what_nobody_named_and_is_kept_when_it_is_made() {
    let releases = releases();
    let db = Database::open(HeapProvider::from_bytes(first_release())).unwrap();
    let wanted: Vec<&TableSchema> = releases[9].iter().collect();
    let before = exported(&db);
    for allowed in ["drop column users.shoes", "drop table users", "drop column people.shoe"] {
        let error = db.migrate_to(&wanted, false, &MigrationPolicy::new().allow(allowed)).unwrap_err();
        let refusal = "the migration would lose data, which its policy does not allow: drop column users.shoe";
        assert_eq!(error.to_string(), refusal);
        assert!(matches!(error, Error::MigrationRefused { .. }));
    }
    assert!(exported(&db) == before);
    assert_eq!(db.migrations().unwrap(), []);
    let plan = db.migrate_to(&wanted, false, &MigrationPolicy::new().allow("drop column users.shoe")).unwrap();
    let kept = db.migrations().unwrap();
    assert_eq!(kept.len(), 1);
    let words: Vec<String> = plan.operations.iter().map(|planned| planned.operation.to_string()).collect();
    assert_eq!(kept[0].operations, words);
    assert_eq!(kept[0].time_ms, None);
    // The history is in the file.
    let again = Database::open(HeapProvider::from_bytes(exported(&db))).unwrap();
    assert_eq!(again.migrations().unwrap(), kept);
}

#[test]
fn a_table_that_nobody_wants_goes_only_where_that_is_said() {
    let db = Database::open(HeapProvider::from_bytes(first_release())).unwrap();
    let other = TableSchema::new("other").column(text("t"));
    assert_eq!(db.plan_migration_to(&[&other], false).unwrap().to_string(), "create table other: at once\n");
    let error = db.migrate_to(&[&other], true, &MigrationPolicy::new()).unwrap_err();
    assert!(error.to_string().ends_with(": drop table people"), "{error}");
    db.migrate_to(&[&other], true, &MigrationPolicy::new().allow("drop table people")).unwrap();
    assert_eq!(db.tables().unwrap(), ["other"]);
    assert_sound(&db);
    let bytes = exported(&db);
    assert!(!bytes.windows(12).any(|window| window == b"@example.com"));
}

fn holds(db: &Database, what: &str) -> bool {
    exported(db).windows(what.len()).any(|window| window == what.as_bytes())
}

#[test]
fn what_a_dropped_column_held_is_gone_once_its_rows_are_written() {
    let mut without = releases()[0][0].clone();
    without.columns.remove(2);
    let policy = || MigrationPolicy::new().allow("drop column people.shoe");
    let open = || Database::open(HeapProvider::from_bytes(first_release())).unwrap();

    let vacuumed = open();
    vacuumed.migrate_to(&[&without], false, &policy()).unwrap();
    assert!(holds(&vacuumed, "size 7"));
    vacuumed.vacuum().unwrap();
    assert!(!holds(&vacuumed, "size "));

    let written = open();
    written.migrate_to(&[&without], false, &policy()).unwrap();
    let seventh = Expr::column("id").compare(Comparison::Equal, 70);
    written.update_values("people", &[("mail", "m".into())], seventh).unwrap();
    assert!(!holds(&written, "size 70"));
    assert!(holds(&written, "size 71"));

    let rewritten = open();
    rewritten.migrate_to(&[&without], false, &policy().rewrite_rows()).unwrap();
    assert!(!holds(&rewritten, "size "));
    for db in [vacuumed, written, rewritten] {
        assert_sound(&db);
    }
}

#[test]
fn what_a_migration_does_at_once_writes_a_few_pages_whatever_the_tables_length() {
    if std::env::var_os("VERIFY").is_some() {
        println!("skipped: with VERIFY a commit is followed by a check, which reads every page");
        return;
    }
    let wanted = |table: &TableSchema| {
        let mut wanted = table.clone().column(text("more").nullable()).column(text("default").default("d"));
        wanted.columns[1] = text("address").renamed_from(["mail"]);
        wanted.columns[0].data_type = DataType::U64;
        wanted.columns.swap(0, 1);
        wanted.columns.remove(2);
        wanted
    };
    let written = |count: u32| {
        let counting = Counting::over(HeapProvider::new());
        let db = Database::open(counting.clone()).unwrap();
        let people = &releases()[0][0];
        db.create_table(people).unwrap();
        let row = |id: u32| [id.into(), Value::from(format!("{id}@example.com"))];
        db.insert_many_values("people", &["id", "mail"], (0..count).map(row)).unwrap();
        db.close().unwrap();
        let db = Database::open(counting.clone()).unwrap();
        let before = (counting.read(), counting.written());
        let policy = MigrationPolicy::new().allow("drop column people.shoe");
        let plan = db.migrate_to(&[&wanted(people)], false, &policy).unwrap();
        assert_eq!(plan.operations.len(), 6, "{plan}");
        let cost = (counting.read() - before.0, counting.written() - before.1);
        assert_eq!(db.query(&Query::from("people").limit(1)).unwrap().rows[0].len(), 4);
        cost
    };
    let (few, many) = (written(100), written(50_000));
    assert!(many.0 <= few.0 + 8192, "{many:?} bytes read and written, of few rows {few:?}");
    assert!(many.1 <= few.1 + 1024, "{many:?} bytes read and written, of few rows {few:?}");
}

#[test]
fn after_more_changes_than_forms_are_kept_rows_are_written_anew() {
    let db = Database::in_memory();
    let mut table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64));
    db.create_table(&table).unwrap();
    for number in 0..150i64 {
        db.insert_values("t", &[("n", number.into())]).unwrap();
        table = table.column(ColumnSchema::new(format!("c{number}"), DataType::I64).default(number));
        db.migrate_to(&[&table], false, &MigrationPolicy::new()).unwrap();
    }
    assert_sound(&db);
    let found = rows(&db, "t");
    assert_eq!(found.len(), 150);
    for (number, row) in found.iter().enumerate() {
        assert_eq!(row[0], Value::from(number as i64));
        assert!(row[1..].iter().enumerate().all(|(at, value)| *value == Value::from(at as i64)));
    }
}

#[test]
fn operations_that_were_kept_as_data_are_made_later() {
    let db = Database::open(HeapProvider::from_bytes(first_release())).unwrap();
    let wanted: Vec<TableSchema> = releases().remove(4);
    let plan = db.plan_migration_to(&[&wanted[0]], false).unwrap();
    let operations: Vec<MigrationOperation> = plan.operations.iter().map(|planned| planned.operation.clone()).collect();
    assert_eq!(db.apply_migration(&operations, &allowing_all(&plan)).unwrap(), plan);
    assert!(db.plan_migration_to(&[&wanted[0]], false).unwrap().is_empty());
    assert_sound(&db);
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<wasm_dbms::MigrationPlan>(&text).unwrap(), plan);
    }
}
