//! A database of each release of a shop, kept as a file: all of them become one of the last release, in one jump and step by
//! step. `GOLDEN=write` makes them anew, for a change of the format that was meant.

use std::path::PathBuf;

use wasm_dbms::prelude::*;

use crate::support::shop::{migrate_to, releases};
use crate::support::{assert_sound, exported, rows};

/// Rows that each release writes: what is there is of all forms up to its own.
const ROWS: u32 = 12;

fn path(number: usize) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/release_{number:02}.db"))
}

fn open(bytes: Vec<u8>) -> Database {
    Database::open_with(HeapProvider::from_bytes(bytes), Options::new().page_size(4096).database_id(10)).unwrap()
}

/// What a release writes, whatever its columns are called.
fn write_rows(db: &Database, number: usize, release: &[TableSchema]) {
    for table in release {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let value = |row: u32, column: &ColumnSchema| {
            let id = number as u32 * 100 + row;
            match (column.name.as_str(), column.data_type) {
                ("number", _) => Value::from(id),
                ("user" | "id", _) => id.into(),
                (_, DataType::Text) if column.nullable && row.is_multiple_of(3) => Value::Null,
                ("age", DataType::Text) => (20 + row).to_string().into(),
                (_, DataType::Text) => format!("{} {id} of release {number}", column.name).into(),
                (_, DataType::Decimal) => Decimal::new(i128::from(id) * 5, 2).unwrap().into(),
                _ => (20 + row).into(),
            }
        };
        let row = |row: u32| table.columns.iter().map(|column| value(row, column)).collect::<Vec<_>>();
        db.insert_many_values(&table.name, &names, (0..ROWS).map(row)).unwrap();
    }
}

/// The database that each release left, whose user went from one to the next.
fn made() -> Vec<Vec<u8>> {
    let mut stages = Vec::new();
    let releases = releases();
    let medium = HeapProvider::new();
    let options = || Options::new().page_size(4096).database_id(10);
    for (number, release) in releases.iter().enumerate() {
        let db = Database::open_with(medium.clone(), options()).unwrap();
        match number {
            0 => db.create_table(&release[0]).unwrap(),
            _ => drop(migrate_to(&db, release)),
        }
        write_rows(&db, number + 1, release);
        stages.push(exported(&db));
        db.close().unwrap();
    }
    stages
}

fn content(db: &Database) -> Vec<(String, Vec<Vec<Value>>)> {
    assert_sound(db);
    let content = db.schemas().unwrap().into_iter().map(|schema| (format!("{schema:?}"), rows(db, &schema.name)));
    content.collect()
}

#[test]
fn each_release_leaves_the_file_that_is_kept() {
    for (number, bytes) in made().into_iter().enumerate() {
        let path = path(number + 1);
        if std::env::var("GOLDEN").is_ok_and(|value| value == "write") {
            std::fs::write(&path, &bytes).unwrap();
        }
        let kept = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(kept == bytes, "{} is another file now", path.display());
    }
}

#[test]
fn the_files_of_all_releases_become_the_last_one_in_one_jump_and_step_by_step() {
    let releases = releases();
    for from in 1..=releases.len() {
        let kept = || open(std::fs::read(path(from)).unwrap());
        let (jump, each, steps) = (kept(), kept(), kept());
        assert_eq!(jump.migrations().unwrap().len(), from - 1);
        let last = releases.last().unwrap();
        migrate_to(&jump, last);
        releases.iter().skip(from).for_each(|release| drop(migrate_to(&each, release)));
        let wanted: Vec<&TableSchema> = last.iter().collect();
        let plan = steps.plan_migration_to(&wanted, false).unwrap();
        let words = plan.operations.iter().map(|planned| planned.operation.to_string());
        let policy = words.fold(MigrationPolicy::new(), MigrationPolicy::allow);
        while !steps.migrate_step_to(&wanted, false, &policy, 7).unwrap().is_done {}
        let reached = content(&jump);
        assert_eq!(reached, content(&each), "from release {from}, step by step");
        assert_eq!(reached, content(&steps), "from release {from}, in bounded commits");
        let count: usize = reached.iter().map(|(_, rows)| rows.len()).sum();
        let orders = from.saturating_sub(5);
        assert_eq!(count, ROWS as usize * (from + orders), "from release {from}");
        for db in [jump, each] {
            db.vacuum().unwrap();
            assert_eq!(content(&db), reached);
        }
    }
}
