//! Migrations in steps: each is bounded and a commit of its own; what was begun goes on wherever it stopped, or is undone.

use wasm_dbms::prelude::*;
use wasm_dbms::{CheckSchema, Comparison, MemoryManager, MigrationProgress};
use wasm_dbms_memory::{Registry, TreeState};

use crate::support::{Counting, assert_sound};

fn number(name: &str) -> ColumnSchema {
    ColumnSchema::new(name, DataType::I64)
}

/// People and the posts of theirs, which refer to each other and to themselves.
fn people() -> TableSchema {
    TableSchema::new("people")
        .column(ColumnSchema::new("id", DataType::U32))
        .column(ColumnSchema::new("name", DataType::Text))
        .column(ColumnSchema::new("friend", DataType::U32).nullable())
        .primary_key(["id"])
        .unique(["name"])
        .foreign_key("friend", "people", "id", ReferentialAction::SetNull)
}

fn posts() -> TableSchema {
    TableSchema::new("posts")
        .column(ColumnSchema::new("author", DataType::U32))
        .column(ColumnSchema::new("text", DataType::Text))
        .column(number("n").nullable())
        .foreign_key("author", "people", "id", ReferentialAction::Cascade)
}

fn fill(db: &Database, people_count: u32) {
    let person =
        |id: u32| [id.into(), Value::from(format!("person {id}")), if id == 0 { Value::Null } else { 0.into() }];
    db.insert_many_values("people", &["id", "name", "friend"], (0..people_count).map(person)).unwrap();
    let post = |id: u32| [(id % people_count).into(), Value::from(format!("post {id}")), (id % 7).into()];
    db.insert_many_values("posts", &["author", "text", "n"], (0..people_count * 3).map(post)).unwrap();
}

fn filled(people_count: u32) -> Database {
    let db = Database::in_memory();
    db.create_tables(&[&people(), &posts()]).unwrap();
    fill(&db, people_count);
    db
}

/// Other types at both ends of both references, another key, an index and a check, one more column.
fn wanted() -> [TableSchema; 2] {
    let mut people = people().index(["friend"]);
    people.columns[0].data_type = DataType::Text;
    people.columns[2].data_type = DataType::Text;
    let mut posts = posts()
        .primary_key(["author", "text"])
        .with_check(CheckSchema::new(Expr::column("n").compare(Comparison::Less, 7)));
    posts.columns[0].data_type = DataType::Text;
    posts.columns.push(ColumnSchema::new("new", DataType::Text).default("none"));
    [people, posts]
}

fn step(db: &Database, wanted: &[TableSchema], rows: usize) -> Result<MigrationProgress> {
    let wanted: Vec<&TableSchema> = wanted.iter().collect();
    let plan = db.plan_migration_to(&wanted, false)?;
    let allowed = plan.operations.iter().map(|planned| planned.operation.to_string());
    db.migrate_step_to(&wanted, false, &allowed.fold(MigrationPolicy::new(), MigrationPolicy::allow), rows)
}

fn content(db: &Database) -> String {
    let mut content = String::new();
    for schema in db.schemas().unwrap() {
        let mut rows = db.query(&Query::from(schema.name.clone())).unwrap().rows;
        rows.sort_by_key(|row| format!("{row:?}"));
        content += &format!("{schema:?} {rows:?}");
    }
    content
}

#[test]
fn any_budget_ends_where_one_jump_does() {
    let jumped = filled(40);
    let wanted = wanted();
    let tables: Vec<&TableSchema> = wanted.iter().collect();
    let plan = jumped.plan_migration_to(&tables, false).unwrap();
    let allowed = plan.operations.iter().map(|planned| planned.operation.to_string());
    jumped.migrate_to(&tables, false, &allowed.fold(MigrationPolicy::new(), MigrationPolicy::allow)).unwrap();
    for rows in [1, 2, 7, 40, 41, 160, 100_000] {
        let db = filled(40);
        let (before, mut steps, mut left) = (content(&db), 0, u64::MAX);
        loop {
            let progress = step(&db, &wanted, rows).unwrap();
            assert_sound(&db);
            assert!(progress.done <= rows as u64 && progress.left <= left, "{rows}: {progress:?}");
            left = progress.left;
            steps += 1;
            if !progress.is_switched {
                assert!(content(&db) == before, "{rows}: before the switch");
            } else {
                assert!(content(&db) == content(&jumped), "{rows}: after the switch");
            }
            if progress.is_done {
                break;
            }
        }
        // 160 rows are copied, asked and removed, and each of the stages may end with less than a whole step.
        assert!(steps >= 480 / rows && steps <= 480 / rows + 8, "{rows}: {steps} steps");
        assert_eq!(db.migrations().unwrap(), jumped.migrations().unwrap());
        let again = step(&db, &wanted, rows).unwrap();
        assert!(again.is_done && again.done == 0);
        db.insert_values("posts", &[("author", "1".into()), ("text", "written again".into())]).unwrap();
        assert_sound(&db);
    }
}

#[test]
fn what_was_begun_goes_on_after_every_opening() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap();
    db.create_tables(&[&people(), &posts()]).unwrap();
    fill(&db, 30);
    db.close().unwrap();
    let wanted = wanted();
    for number in 0.. {
        let db = Database::open(medium.clone()).unwrap();
        let progress = step(&db, &wanted, 11).unwrap();
        if number % 3 == 0 {
            db.vacuum().unwrap();
        }
        assert_sound(&db);
        if number % 2 == 0 {
            db.close().unwrap();
        }
        if progress.is_done {
            break;
        }
    }
    let db = Database::open(medium).unwrap();
    assert_eq!(db.schemas().unwrap(), wanted);
    assert_eq!(db.count_values("posts", None).unwrap(), 90);
    let one = Expr::column("id").compare(Comparison::Equal, "0");
    db.delete_values("people", one).unwrap();
    assert_eq!(db.count_values("posts", None).unwrap(), 87);
    assert_sound(&db);
}

#[test]
fn nobody_writes_what_is_at_work_and_everybody_reads_it() {
    let db = filled(40);
    let other = TableSchema::new("other").column(number("n"));
    db.create_table(&other).unwrap();
    let open = db.begin().unwrap();
    open.insert_values("people", &[("id", 99.into()), ("name", "late".into())]).unwrap();
    let before = content(&db);
    let wanted = wanted();
    assert!(!step(&db, &wanted, 10).unwrap().is_switched);
    let is_refused = |result: Result<()>| {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, Error::MigrationUnderWay { table } if table == "people" || table == "posts"),
            "{error}"
        );
    };
    let zero = || Expr::column("id").compare(Comparison::Equal, 0);
    is_refused(db.insert_values("people", &[("id", 77.into()), ("name", "new".into())]).map(drop));
    is_refused(db.delete_values("people", zero()).map(drop));
    is_refused(db.update_values("people", &[("name", "new".into())], zero()).map(drop));
    is_refused(db.transaction(|tx| tx.insert_values("people", &[("id", 77.into()), ("name", "n".into())])).map(drop));
    is_refused(db.drop_table("posts"));
    let tables: Vec<&TableSchema> = wanted.iter().collect();
    let plan = db.plan_migration_to(&tables, false).unwrap();
    let operations: Vec<_> = plan.operations.iter().map(|planned| planned.operation.clone()).collect();
    let allowed = operations.iter().map(ToString::to_string).fold(MigrationPolicy::new(), MigrationPolicy::allow);
    is_refused(db.apply_migration(&operations, &allowed).map(drop));
    // Another migration than the one that was begun.
    is_refused(step(&db, &[people().index(["friend"])], 10).map(drop));
    // So is a transaction that was open before, and one that begins now.
    is_refused(open.commit(Durability::Full).map(drop));
    let late = db.begin().unwrap();
    is_refused(late.insert_values("people", &[("id", 77.into()), ("name", "new".into())]).map(drop));
    drop(late);
    assert!(content(&db) == before);
    // What the migration does not touch is written as ever.
    db.insert_values("other", &[("n", 1.into())]).unwrap();
    assert_eq!(db.tables().unwrap(), ["people", "posts", "other"]);
    assert_sound(&db);
}

#[test]
fn what_is_abandoned_leaves_nothing() {
    let db = filled(200);
    let before = content(&db);
    let wanted = wanted();
    assert!(!db.abandon_migration().unwrap());
    let mut pages = Vec::new();
    for _ in 0..4 {
        while step(&db, &wanted, 300).unwrap().left > 1200 {}
        assert!(db.abandon_migration().unwrap());
        assert_sound(&db);
        assert!(content(&db) == before);
        pages.push(db.page_count());
    }
    // What came back is used again.
    assert!(pages.windows(2).all(|two| two[0] == two[1]), "{pages:?}");
    let untouched = filled(200);
    untouched.vacuum().unwrap();
    db.vacuum().unwrap();
    assert!(db.page_count() <= untouched.page_count() + 1, "{} {}", db.page_count(), untouched.page_count());
    db.insert_values("people", &[("id", 777.into()), ("name", "new".into())]).unwrap();
}

#[test]
fn a_row_in_the_way_is_named_and_all_can_be_abandoned() {
    let refused = |wanted: &[TableSchema], expected: &str| {
        let db = filled(40);
        let before = content(&db);
        let error = loop {
            match step(&db, wanted, 25) {
                Ok(progress) => assert!(!progress.is_switched, "{expected}"),
                Err(error) => break error.to_string(),
            }
        };
        assert_eq!(error, expected);
        assert_eq!(step(&db, wanted, 25).unwrap_err().to_string(), expected);
        assert_sound(&db);
        db.abandon_migration().unwrap();
        assert_sound(&db);
        assert!(content(&db) == before, "{expected}");
    };
    let unique = [people(), posts().unique(["n"])];
    refused(&unique, "row 8 of posts stands in the way: posts has a row with n = 0 already");
    let mut null = [people(), posts()];
    null[0].columns[2].nullable = false;
    null[0].foreign_keys[0].on_delete = ReferentialAction::Restrict;
    let problem = "the row of people with id = 0 stands in the way: column people.friend must not be null";
    refused(&null, problem);
    let check = Expr::column("posts.n").compare(Comparison::Less, 6);
    let problem = "row 7 of posts stands in the way: posts refuses a row with n = 6: posts.n < 6";
    refused(&[people(), posts().check(check)], problem);
    let mut cast = [people(), posts()];
    cast[0].columns[1].data_type = DataType::I32;
    let problem = "the row of people with id = 0 stands in the way: 'person 0' is no i32";
    refused(&cast, problem);
    let mut reference = [people(), posts()];
    reference[1].columns[2].data_type = DataType::U32;
    let reference =
        [reference[0].clone(), reference[1].clone().foreign_key("n", "people", "id", ReferentialAction::Restrict)];
    let db = filled(5);
    let error = loop {
        match step(&db, &reference, 4) {
            Ok(progress) => assert!(!progress.is_switched),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(error, "row 6 of posts stands in the way: posts.n = 5 refers to no row of people");
}

#[test]
fn a_column_that_counts_up_comes_to_rows_that_are_there() {
    let counted = |jumps: bool, schema: &TableSchema| {
        let db = Database::in_memory();
        let table = TableSchema { columns: vec![number("n").nullable()], ..TableSchema::new("t") };
        db.create_table(&table).unwrap();
        db.insert_many_values("t", &["n"], (0..300).map(|n| [Value::from(n * 2)])).unwrap();
        db.delete_values("t", Expr::column("n").compare(Comparison::Less, 20)).unwrap();
        let (before, policy) = (content(&db), MigrationPolicy::new());
        let done = if jumps {
            db.migrate_to(&[schema], false, &policy).map(drop)
        } else {
            loop {
                match db.migrate_step_to(&[schema], false, &policy, 64) {
                    Ok(progress) if progress.is_done => break Ok(()),
                    Ok(_) => assert_sound(&db),
                    Err(error) => break Err(error),
                }
            }
        };
        assert_sound(&db);
        match done {
            Ok(()) => {
                db.insert_values("t", &[("n", Value::Null)]).unwrap();
                assert_sound(&db);
                Ok(db.query(&Query::from("t").order_by(Expr::column("id"), false)).unwrap().rows)
            }
            Err(error) => {
                assert!(content(&db) == before);
                Err(error.to_string())
            }
        }
    };
    for jumps in [true, false] {
        let id = |data_type| ColumnSchema::new("id", data_type).autoincrement();
        let table = |data_type| TableSchema::new("t").column(id(data_type)).column(number("n").nullable());
        for schema in [table(DataType::U32), table(DataType::I64).primary_key(["id"])] {
            let rows = counted(jumps, &schema).unwrap();
            assert_eq!(rows.len(), 291);
            assert_eq!(rows[0], [Value::from(1), 20.into()]);
            assert_eq!(rows[289], [Value::from(290), 598.into()]);
            // Numbers that rows had are not given again.
            assert_eq!(rows[290], [Value::from(301), Value::Null]);
        }
        let error = counted(jumps, &table(DataType::U8)).unwrap_err();
        assert_eq!(error, "row 266 of t stands in the way: 256 in column id is out of range");
    }
}

#[test]
fn counts_of_rows_that_no_table_has_stop_no_step() {
    if std::env::var_os("VERIFY").is_some() {
        println!("skipped: with VERIFY a commit is followed by a check, which rightly finds such counts");
        return;
    }
    let table = TableSchema::new("t").column(number("n"));
    let wanted = [table.clone().index(["n"]), TableSchema::new("u").column(number("n"))];
    let wanted: Vec<&TableSchema> = wanted.iter().collect();
    for steps_before in 0..10 {
        let medium = HeapProvider::new();
        let db = Database::open(medium.clone()).unwrap();
        let gone = |name: &str| TableSchema::new(name).column(number("n"));
        db.create_tables(&[&table, &gone("gone"), &gone("gone too")]).unwrap();
        for name in ["t", "gone", "gone too"] {
            db.insert_many_values(name, &["n"], (0..4).map(|n| [Value::from(n)])).unwrap();
        }
        let policy = MigrationPolicy::new().allow("drop table gone").allow("drop table gone too");
        for _ in 0..steps_before {
            db.migrate_step_to(&wanted, true, &policy, 2).unwrap();
        }
        db.close().unwrap();
        let mut store = MemoryManager::open(Box::new(medium.clone()), Options::new()).unwrap();
        for tree in 0..40 {
            let state = Registry::tree_state(&mut store, tree).unwrap();
            if state.root != 0 {
                let state = TreeState { rows: u64::MAX, ..state };
                Registry::set_tree_state(&mut store, tree, &state).unwrap();
            }
        }
        store.commit(Durability::Full).unwrap();
        store.close().unwrap();
        let db = Database::open(medium).unwrap();
        for _ in 0..20 {
            // What it answers is of no use; it answers.
            let _ = db.migrate_step_to(&wanted, true, &policy, 2);
        }
    }
}

/// The most that one step writes where each message is a commit of its own and the host limits it: until it is done, of dropping, rewriting, giving up.
fn written_max(people_count: u32, wanted: &[TableSchema], drops: bool, abandons: bool) -> u64 {
    let medium = Counting::of_messages();
    let db = Database::open(medium.clone()).unwrap();
    db.create_tables(&[&people(), &posts()]).unwrap();
    fill(&db, people_count);
    let wanted: Vec<&TableSchema> = wanted.iter().collect();
    let plan = db.plan_migration_to(&wanted, drops).unwrap();
    let allowed = plan.operations.iter().map(|planned| planned.operation.to_string());
    let policy = allowed.fold(MigrationPolicy::new(), MigrationPolicy::allow);
    let (mut most, mut steps) = (0, 0u64);
    loop {
        let before = medium.written();
        let is_given_up = abandons && steps * 20 > u64::from(people_count) * 2;
        let progress = match is_given_up {
            true => db.abandon_migration_step(20).unwrap(),
            false => db.migrate_step_to(&wanted, drops, &policy, 20).unwrap(),
        };
        most = most.max(medium.written() - before);
        steps += 1;
        if progress.is_done {
            break;
        }
    }
    assert!(steps > u64::from(people_count) / 20);
    assert_sound(&db);
    assert_eq!(db.schemas().unwrap().len(), if drops { 1 } else { 2 });
    assert_eq!(db.plan_migration_to(&wanted, drops).unwrap().is_empty(), !abandons);
    most
}

#[test]
fn no_step_writes_more_for_longer_tables_not_even_where_tables_and_indexes_go() {
    if std::env::var_os("VERIFY").is_some() {
        println!("skipped: with VERIFY a commit is followed by a check, which reads every page of some thousand steps");
        return;
    }
    let mut without_index = people();
    without_index.indexes.clear();
    let cases: [(&str, Vec<TableSchema>, bool, bool); 4] = [
        ("drop a table", vec![people()], true, false),
        ("drop an index", vec![without_index, posts()], false, false),
        ("other types", wanted().to_vec(), false, false),
        ("given up", wanted().to_vec(), false, true),
    ];
    for (name, wanted, drops, abandons) in cases {
        let [few, many] = [300, 6_000].map(|count| written_max(count, &wanted, drops, abandons));
        println!("{name}: {few} bytes at most in a step of a short table, {many} of a long one");
        assert!(many < few * 2 + 32 * 1024, "{name}: {few}, {many}");
    }
}

#[test]
fn a_migration_is_given_up_in_steps_of_any_size() {
    for (done, rows) in [(1, 1), (3, 7), (5, 1000)] {
        let db = filled(40);
        let before = content(&db);
        let pages = db.page_count();
        for _ in 0..done {
            step(&db, &wanted(), 30).unwrap();
        }
        db.abandon_migration_step(rows).unwrap();
        db.insert_values("people", &[("id", 1000.into()), ("name", "new".into())]).unwrap();
        db.delete_values("people", Expr::column("id").compare(Comparison::Equal, 1000)).unwrap();
        let mut left = u64::MAX;
        loop {
            let progress = db.abandon_migration_step(rows).unwrap();
            assert_sound(&db);
            assert!(progress.left <= left && progress.done <= rows as u64);
            assert!(content(&db) == before);
            left = progress.left;
            if progress.is_done {
                break;
            }
        }
        assert!(!db.abandon_migration().unwrap());
        db.vacuum().unwrap();
        assert!(db.page_count() <= pages);
    }
}

/// What each step of a migration writes where there is a log, the least first, and how long the file is then.
fn written_with_log(people_count: u32) -> (Vec<u64>, u64) {
    let medium = Counting::over(HeapProvider::new());
    let db = Database::open(medium.clone()).unwrap();
    db.create_tables(&[&people(), &posts()]).unwrap();
    fill(&db, people_count);
    let wanted = wanted();
    let mut written = Vec::new();
    loop {
        let before = medium.written();
        let is_done = step(&db, &wanted, 20).unwrap().is_done;
        written.push(medium.written() - before);
        if is_done {
            break;
        }
    }
    written.sort_unstable();
    (written, medium.size().unwrap())
}

#[test]
fn where_there_is_a_log_a_step_writes_as_little_and_now_and_then_what_the_log_owes_of_the_steps_before() {
    if std::env::var_os("VERIFY").is_some() {
        println!("skipped: with VERIFY a commit is followed by a check, which reads every page of a thousand steps");
        return;
    }
    for count in [300, 6_000] {
        let (written, file) = written_with_log(count);
        let at = |share: usize| written[(written.len() - 1) * share / 1000];
        let most = at(1000);
        println!("{count} rows: {} bytes half of the steps, {} of 99 %, {most} at most", at(500), at(990));
        assert!(at(500) <= 8 * 1024, "{count}: {}", at(500));
        assert!(at(990) <= 96 * 1024, "{count}: {}", at(990));
        // 64 pages of earlier commits in place, its own record, or once a longer ring.
        assert!(most <= file / 8 + 64 * 8192 + 128 * 1024, "{count}: {most}, {file}");
    }
}
