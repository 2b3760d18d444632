//! Tables that go from release to release while rows come and go: in one commit, in steps, given up half-way.
//!
//! The releases go round: rows of the last one become rows of the first. What a migration leads to is found out on a copy
//! before it is made, so that every state in between is one that nobody may ever see.

use wasm_dbms::{
    ColumnSchema, Comparison, DataType, Database, Expr, IndexSchema, MigrationOperation, MigrationPlan,
    MigrationPolicy, Options, Query, ReferentialAction, TableSchema, Transaction, Value,
};
use wasm_dbms_memory::HeapProvider;

use crate::workload::Trouble;
use crate::workload::tables::text;

/// What a transaction does to the tables of the releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Rows come, change and go.
    Rows,
    /// The next release, in one commit.
    Jump,
    /// The next release, one step of some rows.
    Step,
    /// A migration in steps is given up, or what one left is removed.
    GiveUp,
}

/// Those that papers are of.
const WRITERS: u32 = 6;

/// The names of the papers' table, from release to release.
const NAMES: [&str; 2] = ["papers", "articles"];

/// The tables of each release.
fn releases() -> [[TableSchema; 2]; 4] {
    let writers = || {
        let name = ColumnSchema::new("name", DataType::Text);
        TableSchema::new("writers").column(ColumnSchema::new("id", DataType::U32)).column(name).primary_key(["id"])
    };
    let papers = |name: &str, pages: ColumnSchema| {
        let mut schema = TableSchema::new(name)
            .column(ColumnSchema::new("id", DataType::U64).autoincrement())
            .column(ColumnSchema::new("title", DataType::Text))
            .column(pages)
            .column(ColumnSchema::new("writer", DataType::U32).nullable())
            .primary_key(["id"])
            .index(["title"]);
        schema.renamed_from = NAMES.iter().filter(|other| **other != name).map(|other| (*other).to_owned()).collect();
        schema
    };
    let pages = |data_type| ColumnSchema::new("pages", data_type).nullable();
    // A column comes, one is wider, an index is filled.
    let mut second = papers("papers", pages(DataType::I64)).index(["pages"]);
    second.columns.insert(1, ColumnSchema::new("note", DataType::Text).default("none"));
    // The table and a column have other names, a column goes, rows refer to others.
    let third = papers("articles", pages(DataType::I64).renamed_from(["length"]))
        .with_index(IndexSchema::new(["pages"]).include(["title"]))
        .unique(["title", "id"])
        .foreign_key("writer", "writers", "id", ReferentialAction::Cascade);
    // Another key, another type; writers have one more column.
    let mut fourth = papers("articles", pages(DataType::Text)).primary_key(["title", "id"]);
    fourth.columns.iter_mut().filter(|column| column.name == "pages").for_each(|column| {
        column.name = "length".into();
        column.renamed_from = vec!["pages".into()];
    });
    let mut first = papers("papers", pages(DataType::I16).renamed_from(["length"]));
    first.columns.swap(2, 3);
    let more = writers().column(ColumnSchema::new("born", DataType::I16).default(1900)).unique(["name"]);
    [[first, writers()], [second, writers()], [third, writers()], [fourth, more]]
}

/// Which release the tables are of.
fn release_of(db: &Database) -> Result<Option<usize>, Trouble> {
    let stored = db.schemas()?;
    let shape = |schema: &TableSchema| {
        let columns = schema.columns.iter().map(|column| format!("{} {}", column.name, column.data_type));
        (schema.name.clone(), columns.collect::<Vec<_>>())
    };
    let shapes: Vec<_> = stored.iter().map(shape).collect();
    Ok(releases().iter().position(|release| release.iter().all(|schema| shapes.contains(&shape(schema)))))
}

fn allowing(plan: &MigrationPlan) -> MigrationPolicy {
    plan.operations.iter().fold(MigrationPolicy::new(), |policy, planned| policy.allow(planned.operation.to_string()))
}

/// The first release.
pub(crate) fn create(db: &Database) -> Result<(), Trouble> {
    let [first, ..] = releases();
    Ok(db.create_tables(&first.iter().collect::<Vec<_>>())?)
}

/// Everything about the tables of the releases but their rows; nothing where there are none.
pub(crate) fn state(db: &Database) -> Result<String, Trouble> {
    let mut schemas = db.schemas()?;
    schemas.retain(|schema| schema.name == "writers" || NAMES.contains(&schema.name.as_str()));
    if schemas.is_empty() {
        return Ok(String::new());
    }
    Ok(format!("{schemas:?} {:?} {}", db.migration_under_way()?, db.migrations()?.len()))
}

/// A copy in memory.
pub(crate) fn copy_of(db: &Database) -> Result<Database, Trouble> {
    let mut bytes = Vec::new();
    db.export(&mut bytes)?;
    Ok(Database::open_with(HeapProvider::from_bytes(bytes), Options::new())?)
}

/// A migration, or a step of one, or the end of one. `splits` is a bug: it is committed in two parts.
pub(crate) fn migrate(db: &Database, change: Change, random: &mut fastrand::Rng, splits: bool) -> Result<(), Trouble> {
    let rows = random.usize(1..40);
    if change == Change::GiveUp {
        if rows.is_multiple_of(2) {
            db.abandon_migration()?;
        } else {
            db.abandon_migration_step(rows)?;
        }
        return Ok(());
    }
    let releases = releases();
    let next = release_of(db)?.map_or(0, |release| (release + 1) % releases.len());
    let Some(wanted) = releases.get(next) else { return Ok(()) };
    let wanted: Vec<&TableSchema> = wanted.iter().collect();
    let plan = db.plan_migration_to(&wanted, false)?;
    let is_begun = db.migration_under_way()?.is_some();
    if change == Change::Step || is_begun {
        db.migrate_step_to(&wanted, false, &allowing(&plan), rows)?;
    } else if splits {
        let operations: Vec<MigrationOperation> =
            plan.operations.iter().map(|planned| planned.operation.clone()).collect();
        let (first, second) = operations.split_at(operations.len() / 2);
        db.apply_migration(first, &allowing(&plan))?;
        db.apply_migration(second, &allowing(&plan))?;
    } else {
        db.migrate_to(&wanted, false, &allowing(&plan))?;
    }
    Ok(())
}

/// The papers' table as it is; none while nobody may write it.
pub(crate) fn papers(db: &Database) -> Result<Option<TableSchema>, Trouble> {
    if db.migration_under_way()?.is_some_and(|under_way| !under_way.operations.is_empty()) {
        return Ok(None);
    }
    Ok(db.schemas()?.into_iter().find(|schema| NAMES.contains(&schema.name.as_str())))
}

/// Papers come with their writers, change and go.
pub(crate) fn apply(
    tx: &mut Transaction<'_>,
    papers: &TableSchema,
    serial: u64,
    random: &mut fastrand::Rng,
) -> wasm_dbms::Result<()> {
    let with_id =
        |table: &str, id: u32| Query::from(table.to_owned()).filter(Expr::column("id").compare(Comparison::Equal, id));
    for id in 0..WRITERS {
        if random.bool() && tx.query(&with_id("writers", id))?.rows.is_empty() {
            let name = format!("{serial} {id} {}", text(random, 30));
            tx.insert_values("writers", &[("id", id.into()), ("name", name.into())])?;
        }
    }
    let there: Vec<Value> =
        tx.query(&Query::from("writers").column(Expr::column("id")))?.rows.into_iter().flatten().collect();
    let pages_name = papers.columns.iter().find(|column| ["pages", "length"].contains(&column.name.as_str()));
    let Some(pages) = pages_name else { return Ok(()) };
    let pages_of = |number: u16| match pages.data_type {
        DataType::Text => Value::from(number.to_string()),
        _ => Value::from(number),
    };
    let mut rows = Vec::new();
    for number in 0..random.u32(1..16) {
        // Some so long that keys of indexes go on elsewhere.
        let longest = if random.u8(..24) == 0 { 900 } else { 80 };
        let title = format!("{serial}.{number} {}", text(random, longest));
        let writer = match there.is_empty() || random.u8(..4) == 0 {
            true => Value::Null,
            false => there.get(random.usize(..there.len())).cloned().unwrap_or(Value::Null),
        };
        rows.push([title.into(), if random.bool() { pages_of(random.u16(..9000)) } else { Value::Null }, writer]);
    }
    tx.insert_many_values(&papers.name, &["title", &pages.name, "writer"], rows)?;
    let writer = random.u32(..WRITERS);
    match random.u8(..4) {
        0 => {
            let values = [(&*pages.name, pages_of(random.u16(..9000)))];
            tx.update_values(&papers.name, &values, Expr::column("writer").compare(Comparison::Equal, writer))?;
        }
        1 => _ = tx.delete_values(&papers.name, Expr::column("writer").compare(Comparison::Equal, writer))?,
        // Papers go with their writers.
        2 if !papers.foreign_keys.is_empty() => {
            _ = tx.delete_values("writers", Expr::column("id").compare(Comparison::Equal, writer))?
        }
        _ => {}
    }
    Ok(())
}
