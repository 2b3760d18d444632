//! Every operation of a migration, crashed at every call of the provider and failed at every call: what is there is what
//! was there before, or all of what should be after.

use wasm_dbms::prelude::*;
use wasm_dbms::{CheckSchema, Comparison, MigrationPlan};
use wasm_dbms_memory::MemoryProvider as Provider;
use wasm_dbms_sim::{Crashes, Fault, Faulty, Injection, Recorder};

type Medium = Recorder<Faulty<HeapProvider>>;

const OPTIONS_SEED: u64 = 7;

fn open(provider: impl Provider + 'static) -> Database {
    // As small a cache as can be: pages go to the medium while the migration is under way.
    let options = Options::new().page_size(4096).database_id(OPTIONS_SEED).cache_bytes(0);
    Database::open_with(provider, options).unwrap()
}

fn base() -> TableSchema {
    TableSchema::new("t")
        .column(ColumnSchema::new("id", DataType::U32))
        .column(ColumnSchema::new("text", DataType::Text).nullable())
        .column(ColumnSchema::new("n", DataType::I16).default(3))
        .column(ColumnSchema::new("m", DataType::I32).nullable())
        .primary_key(["id"])
        .with_index(IndexSchema::new(["text"]).include(["n"]))
}

fn filled() -> Vec<u8> {
    let medium = HeapProvider::new();
    let db = open(medium.clone());
    db.create_table(&base()).unwrap();
    db.create_table(&TableSchema::new("other").column(ColumnSchema::new("n", DataType::U64)).unique(["n"])).unwrap();
    let row = |id: u32| [id.into(), Value::from(format!("text {id} {}", "x".repeat(60))), (id % 50).into(), id.into()];
    db.insert_many_values("t", &["id", "text", "n", "m"], (0..150).map(row)).unwrap();
    db.insert_many_values("other", &["n"], (0..50u32).map(|n| [Value::from(n)])).unwrap();
    db.close().unwrap();
    medium.to_bytes()
}

/// Each operation by its name, and all at once.
fn targets() -> Vec<(&'static str, TableSchema)> {
    let with = |change: &dyn Fn(&mut TableSchema)| {
        let mut schema = base();
        change(&mut schema);
        schema
    };
    let mut targets = vec![
        ("add a column", with(&|schema| schema.columns.insert(1, ColumnSchema::new("new", DataType::U8).default(1)))),
        ("drop a column", with(&|schema| drop(schema.columns.remove(3)))),
        (
            "rename a column",
            with(&|schema| schema.columns[3] = ColumnSchema::new("k", DataType::I32).nullable().renamed_from(["m"])),
        ),
        ("rename the table", with(&|schema| (schema.name, schema.renamed_from) = ("u".into(), vec!["t".into()]))),
        ("move columns", with(&|schema| schema.columns.swap(0, 3))),
        ("widen", with(&|schema| schema.columns[3].data_type = DataType::Decimal)),
        ("let be null", with(&|schema| schema.columns[2].nullable = true)),
        ("let not be null", with(&|schema| schema.columns[3].nullable = false)),
        ("default", with(&|schema| schema.columns[2].default = None)),
        ("count up", with(&|schema| schema.columns[0].autoincrement = true)),
        ("index", base().index(["m"])),
        ("drop an index", with(&|schema| schema.indexes.clear())),
        ("rename an index", with(&|schema| schema.indexes[0].name = "other name".into())),
        ("unique", base().unique(["m"])),
        ("check", base().with_check(CheckSchema::new(Expr::column("n").compare(Comparison::Less, 50)))),
        (
            "foreign key",
            with(&|schema| schema.columns[2].data_type = DataType::U64).foreign_key(
                "n",
                "other",
                "n",
                ReferentialAction::Cascade,
            ),
        ),
        ("another key", base().primary_key(["n", "id"])),
        ("no key", base().primary_key([])),
        ("a key of text", base().primary_key(["id"]).unique(["text", "id"])),
        ("another type", with(&|schema| schema.columns[2].data_type = DataType::Text).primary_key(["id"])),
    ];
    targets.iter_mut().filter(|(name, _)| *name == "another type").for_each(|(_, schema)| {
        schema.columns[2].default = Some("3".into());
    });
    let mut all = base().index(["m"]).primary_key(["n", "id"]);
    all.columns.insert(0, ColumnSchema::new("new", DataType::Text).default("new"));
    all.columns[3].data_type = DataType::I64;
    targets.push(("all at once", all));
    targets
}

fn content(db: &Database) -> String {
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    let mut content = String::new();
    for schema in db.schemas().unwrap() {
        let rows = db.query(&Query::from(schema.name.clone())).unwrap().rows;
        content += &format!("{schema:?} {rows:?}");
    }
    content
}

fn policy(plan: &MigrationPlan) -> MigrationPolicy {
    plan.operations.iter().fold(MigrationPolicy::new(), |policy, planned| policy.allow(planned.operation.to_string()))
}

fn migrate(db: &Database, wanted: &TableSchema) -> Result<MigrationPlan> {
    let plan = db.plan_migration_to(&[wanted], false)?;
    db.migrate_to(&[wanted], false, &policy(&plan))
}

#[test]
fn no_crash_in_a_migration_leaves_half_of_it() {
    let start = filled();
    let mut images = 0;
    for (name, wanted) in targets() {
        let medium: Medium = Recorder::new(Faulty::new(HeapProvider::from_bytes(start.clone())));
        let db = open(medium.clone());
        let before = content(&db);
        let begun = medium.count();
        migrate(&db, &wanted).unwrap_or_else(|error| panic!("{name}: {error}"));
        let end = medium.count();
        let after = content(&db);
        drop(db);
        let mut met = [0, 0];
        let mut known = std::collections::HashMap::new();
        Crashes::of(&start, &medium.calls()).seed(11).torn_max(24).for_each(&mut |crash| {
            let is_after = *known.entry(crash.hash()).or_insert_with(|| {
                images += 1;
                let found = content(&open(crash.provider()));
                assert!(found == before || found == after, "{name}, {}", crash.describe());
                found == after && after != before
            });
            assert!(!is_after || crash.made() > begun, "{name}, {}", crash.describe());
            assert!(is_after || after == before || crash.made() < end, "{name}, {}", crash.describe());
            met[usize::from(is_after)] += 1;
        });
        assert!(met[0] > 0 && (met[1] > 0 || after == before), "{name}: {met:?}");
    }
    println!("crash, migrations: {images} images");
    assert!(images > 2000, "{images} images");
}

/// What failed calls left of a migration: nothing of it, unless it is in doubt; then all or nothing.
fn look_after_failure(
    medium: &Medium,
    db: &Database,
    before: (&str, u32),
    error: &Error,
    wanted: &TableSchema,
    what: &str,
) {
    let (before, pages) = before;
    // A file that grew is cut at its next commit; what counts is the mark of the last one.
    let again = open(HeapProvider::from_bytes(medium.inner().inner().to_bytes()));
    if !error.is_in_doubt() {
        assert!(content(db) == before, "{what}: {error}");
        assert_eq!(db.page_count(), pages, "{what}: {error}");
        assert!(content(&again) == before, "{what}: {error}");
    } else if content(&again) != before {
        assert!(again.plan_migration_to(&[wanted], false).unwrap().is_empty(), "{what}: {error}");
    }
}

#[test]
fn a_medium_that_fails_or_is_full_at_any_call_leaves_all_as_before() {
    let start = filled();
    for fault in [Fault::Error, Fault::Full] {
        let mut failures = 0;
        for (name, wanted) in targets() {
            for calls in 0.. {
                let medium: Medium = Recorder::new(Faulty::new(HeapProvider::from_bytes(start.clone())));
                let db = open(medium.clone());
                let (before, pages) = (content(&db), db.page_count());
                let injection = Injection::after_changes(calls, fault);
                // A disk that is full stays so.
                medium.inner().inject(if fault == Fault::Full { injection.for_ever() } else { injection });
                let done = migrate(&db, &wanted);
                let has_failed = medium.inner().failed() > 0;
                medium.inner().heal();
                let Err(error) = done else {
                    if has_failed {
                        // Only what was written later than the commit did not succeed.
                        continue;
                    }
                    break;
                };
                failures += 1;
                assert!(matches!(error, Error::Memory(_)), "{name}: {error}");
                assert!(
                    fault != Fault::Full || error.is_full() || error.is_in_doubt(),
                    "{name}, call {calls}: {error}"
                );
                let what = format!("{name}, {fault:?}, call {calls}");
                look_after_failure(&medium, &db, (&before, pages), &error, &wanted, &what);
                if fault == Fault::Full && !error.is_in_doubt() {
                    // Once there is room again the same database goes on.
                    migrate(&db, &wanted).unwrap_or_else(|error| panic!("{what}, healed: {error}"));
                    assert!(db.plan_migration_to(&[&wanted], false).unwrap().is_empty(), "{what}, healed");
                    assert_eq!(db.check().unwrap(), Vec::<String>::new(), "{what}, healed");
                }
            }
        }
        println!("{fault:?}: {failures} failures");
        assert!(failures > 40, "{failures} failures");
    }
}

/// One step of a migration of 40 rows, by the words that the plan has.
fn step(db: &Database, wanted: &TableSchema) -> Result<bool> {
    let plan = db.plan_migration_to(&[wanted], false)?;
    Ok(db.migrate_step_to(&[wanted], false, &policy(&plan), 40)?.is_done)
}

#[test]
fn a_migration_in_steps_goes_on_after_a_crash_anywhere() {
    let start = filled();
    let mut images = 0;
    for (name, wanted) in targets().into_iter().filter(|(name, _)| {
        ["widen", "unique", "foreign key", "another key", "another type", "all at once"].contains(name)
    }) {
        let medium: Medium = Recorder::new(Faulty::new(HeapProvider::from_bytes(start.clone())));
        let db = open(medium.clone());
        // What may be there: the content after each commit.
        let mut known = vec![content(&db)];
        while !step(&db, &wanted).unwrap_or_else(|error| panic!("{name}: {error}")) {
            known.push(content(&db));
        }
        let after = content(&db);
        known.push(after.clone());
        drop(db);
        let mut seen = std::collections::HashSet::new();
        Crashes::of(&start, &medium.calls()).seed(12).torn_max(6).for_each(&mut |crash| {
            if !seen.insert(crash.hash()) {
                return;
            }
            images += 1;
            let db = open(crash.provider());
            let found = content(&db);
            assert!(known.contains(&found), "{name}, {}", crash.describe());
            // Some are abandoned, if that can be, the others are brought to their end.
            if images % 5 == 0 {
                db.abandon_migration().unwrap();
                assert!(content(&db) == found, "{name}, abandoned, {}", crash.describe());
            } else if images % 5 == 1 {
                while !db.abandon_migration_step(30).unwrap().is_done {}
                assert!(content(&db) == found, "{name}, abandoned in steps, {}", crash.describe());
            } else if images % 5 < 4 {
                while !step(&db, &wanted).unwrap_or_else(|error| panic!("{name}: {error}, {}", crash.describe())) {}
                assert!(content(&db) == after, "{name}, {}", crash.describe());
            }
        });
    }
    println!("crash, migrations in steps: {images} images");
    assert!(images > 500, "{images} images");
}
