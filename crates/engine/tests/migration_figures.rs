//! What a migration costs: a change at once writes as much for a long table as for a short one, and memory is bounded by
//! the cache. The times are of a release build, on demand:
//!
//! ```sh
//! cargo test --release -p wasm-dbms --test migration_figures -- --ignored --nocapture
//! ```

#![cfg(test)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasm_dbms::prelude::*;
use wasm_dbms::{Comparison, FileProvider, Guarantees, HeapProvider, MemoryProvider, MemoryResult, MigrationWork};

use support::Counting;

fn people() -> TableSchema {
    TableSchema::new("people")
        .column(ColumnSchema::new("id", DataType::U32))
        .column(ColumnSchema::new("name", DataType::Text))
        .column(ColumnSchema::new("score", DataType::I32))
        .column(ColumnSchema::new("born", DataType::Text))
        .primary_key(["id"])
}

/// A file that knows how long it waited for the disk: .1 to 4 ms a sync on one machine, whoever asks for it.
#[derive(Clone)]
struct Timed {
    inner: Arc<FileProvider>,
    syncs: Arc<AtomicU64>,
    waited_ns: Arc<AtomicU64>,
}

impl Timed {
    fn open(path: &std::path::Path) -> Self {
        let inner = Arc::new(FileProvider::open(path).unwrap());
        Self { inner, syncs: Arc::default(), waited_ns: Arc::default() }
    }

    /// How often and how long it waited meanwhile, and how long the rest took.
    fn beside(&self, act: impl FnOnce() -> Duration) -> (u64, Duration, Duration) {
        let [syncs, waited] = [&self.syncs, &self.waited_ns].map(|count| count.load(Ordering::Relaxed));
        let took = act();
        let waited = Duration::from_nanos(self.waited_ns.load(Ordering::Relaxed) - waited);
        (self.syncs.load(Ordering::Relaxed) - syncs, waited, took - waited)
    }
}

impl MemoryProvider for Timed {
    fn size(&self) -> MemoryResult<u64> {
        self.inner.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.inner.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        self.inner.read(offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.inner.write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        let start = Instant::now();
        let synced = self.inner.sync();
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.waited_ns.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        synced
    }

    fn guarantees(&self) -> Guarantees {
        self.inner.guarantees()
    }

    fn scratch(&self) -> MemoryResult<Box<dyn MemoryProvider>> {
        self.inner.scratch()
    }

    fn entropy(&self) -> u64 {
        self.inner.entropy()
    }
}

fn open(provider: impl MemoryProvider + 'static, cache_bytes: usize) -> Database {
    Database::open_with(provider, Options::new().cache_bytes(cache_bytes)).unwrap()
}

fn fill(db: &Database, rows: u32) {
    db.create_table(&people()).unwrap();
    let row = |id: u32| [id.into(), format!("name {id}").into(), id.into(), format!("{}", 1900 + id % 100).into()];
    for start in (0..rows).step_by(50_000) {
        let part = start..rows.min(start + 50_000);
        db.insert_many_values("people", &["id", "name", "score", "born"], part.map(row)).unwrap();
    }
}

fn with_nickname() -> TableSchema {
    people().column(ColumnSchema::new("nickname", DataType::Text).nullable())
}

/// Two columns become of other types, which are no wider ones.
fn with_other_types() -> TableSchema {
    let mut schema = people();
    schema.columns[2].data_type = DataType::F64;
    schema.columns[3].data_type = DataType::I64;
    schema
}

/// Makes the table what is wanted, and returns how long that took and what was done with rows.
fn migrate(db: &Database, wanted: &TableSchema) -> (Duration, Vec<MigrationWork>) {
    let plan = db.plan_migration_to(&[wanted], false).unwrap();
    let words = plan.operations.iter().map(|planned| planned.operation.to_string());
    let policy = words.fold(MigrationPolicy::new(), MigrationPolicy::allow);
    let start = Instant::now();
    let done = db.migrate_to(&[wanted], false, &policy).unwrap();
    (start.elapsed(), done.operations.iter().map(|planned| planned.work).collect())
}

/// What stands in this line of the status that Linux keeps of a process, in bytes.
fn status_bytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches(':').trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// How much more memory than at its beginning the process had at most meanwhile; none where the system does not say.
fn peak_growth_bytes(act: impl FnOnce()) -> Option<u64> {
    // From here on the peak is counted anew.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = status_bytes("VmRSS")?;
    act();
    Some(status_bytes("VmHWM")?.saturating_sub(before))
}

#[test]
fn a_nullable_column_comes_with_as_few_bytes_whatever_the_size_of_the_table() {
    if std::env::var_os("VERIFY").is_some() {
        println!("skipped: with VERIFY a commit is followed by a check, which reads every page");
        return;
    }
    let added = |rows: u32| {
        let medium = Counting::over(HeapProvider::new());
        let reopened = || open(medium.clone(), 256 * 1024);
        let db = reopened();
        fill(&db, rows);
        db.close().unwrap();
        let db = reopened();
        let (pages, read, written) = (db.page_count(), medium.read(), medium.written());
        let (_, work) = migrate(&db, &with_nickname());
        assert_eq!(work, [MigrationWork::Instant]);
        let more = db.page_count() - pages;
        db.close().unwrap();
        let cost = (more, medium.read() - read, medium.written() - written);
        let rows = reopened().query(&Query::from("people")).unwrap().rows;
        assert!(rows.iter().all(|row| row[4].is_null()));
        cost
    };
    let (few, many) = (added(1_000), added(100_000));
    println!("pages more, bytes read, bytes written: {few:?} of 1,000 rows, {many:?} of 100,000");
    assert_eq!(few, many);
    assert!(many.2 < 64 * 1024, "{many:?}");
}

#[test]
#[ignore = "times of a release build"]
fn a_column_comes_at_once_and_rows_are_rewritten_quickly_in_little_memory() {
    const ROWS: u32 = 1_000_000;
    const TURNS: usize = 3;
    const CACHE_BYTES: usize = 8 << 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figures.db");
    let db = open(FileProvider::open(&path).unwrap(), CACHE_BYTES);
    fill(&db, ROWS);
    // Else the first commit of a copy writes the pages that the log of the load still owes.
    db.close().unwrap();
    let (mut rewritten, mut more_memory) = (Duration::MAX, 0);
    let (mut first, mut next) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let copy = folder.path().join(format!("turn {turn}.db"));
        std::fs::copy(&path, &copy).unwrap();
        // Else the first commit waits for the whole copy.
        std::fs::File::options().write(true).open(&copy).unwrap().sync_all().unwrap();
        let medium = Timed::open(&copy);
        let db = open(medium.clone(), CACHE_BYTES);
        first.push(medium.beside(|| migrate(&db, &with_nickname()).0));
        migrate(&db, &people());
        next.push(medium.beside(|| migrate(&db, &with_nickname()).0));
        migrate(&db, &people());
        let growth = peak_growth_bytes(|| {
            let (took, work) = migrate(&db, &with_other_types());
            assert_eq!(work, [MigrationWork::Rewrite; 2]);
            rewritten = rewritten.min(took);
        });
        more_memory = more_memory.max(growth.unwrap_or_default());
        let count = db
            .query(&Query::from("people").filter(Expr::column("born").compare(Comparison::Equal, 1907)))
            .unwrap()
            .rows
            .len();
        assert_eq!(count, ROWS as usize / 100);
        drop(db);
        std::fs::remove_file(&copy).unwrap();
    }
    let rows_per_second = f64::from(ROWS) / rewritten.as_secs_f64();
    println!("{ROWS} rows on file, {TURNS} turns; a nullable column more (wanted: < 1 ms beside the disk's syncs)");
    for (when, costs) in [("the first commit after opening", &first), ("a later commit", &next)] {
        for (syncs, waited, beside) in costs {
            println!("{when}: {beside:?}, and {syncs} syncs of {waited:?}");
        }
    }
    println!("two columns of other types: {rewritten:?}, {rows_per_second:.0} rows/s (wanted: >= 500,000)");
    println!("memory more than before, at most: {more_memory} bytes, of which {CACHE_BYTES} are the cache's");
    // The first one after opening also writes both headers, whatever it commits.
    for (costs, syncs_max) in [(first, 3), (next, 1)] {
        assert!(costs.iter().all(|(syncs, ..)| *syncs <= syncs_max), "{costs:?}");
        assert!(costs.iter().map(|cost| cost.2).min() < Some(Duration::from_millis(1)), "{costs:?}");
    }
    assert!(rows_per_second >= 500_000.0, "{rows_per_second}");
    assert!(more_memory <= 2 * CACHE_BYTES as u64, "{more_memory}");
}
