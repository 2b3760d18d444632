//! Sorts, groups, sets and joins of more than fits into memory: the same answers in the same order, in little memory, and
//! scratch space is given back whatever happens.

#![cfg(test)]
#![allow(unsafe_code, reason = "counting what is allocated needs an allocator")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use wasm_dbms::prelude::*;
use wasm_dbms::{
    AggregateCall, FileProvider, FrameBound, FrameUnit, Guarantees, HeapProvider, Interrupt, JoinKind, MemoryError,
    MemoryProvider, MemoryResult, Order, SetOperation, Source, WindowCall, WindowFrame, WindowFunction,
    enable_window_functions,
};

use support::seed;

/// Counts what each thread has allocated, and the most it had.
struct CountingAllocator;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let live = LIVE.get() + bytes;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// What is known of the scratch media of a provider.
#[derive(Debug, Default)]
struct Watch {
    alive: AtomicUsize,
    written: AtomicU64,
    /// After so many bytes it is full; 0: never.
    full_after: AtomicU64,
}

/// A medium whose scratch space is watched.
struct Watched {
    inner: Box<dyn MemoryProvider>,
    watch: Arc<Watch>,
    is_scratch: bool,
}

impl Watched {
    fn over(inner: impl MemoryProvider + 'static) -> (Self, Arc<Watch>) {
        let watch = Arc::<Watch>::default();
        (Self { inner: Box::new(inner), watch: Arc::clone(&watch), is_scratch: false }, watch)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.is_scratch {
            self.watch.alive.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl MemoryProvider for Watched {
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
        if self.is_scratch {
            let written = self.watch.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let full_after = self.watch.full_after.load(Ordering::Relaxed);
            if full_after > 0 && written >= full_after {
                return Err(Box::new(MemoryError::Host {
                    operation: "write",
                    reason: "no room".into(),
                    is_full: true,
                }));
            }
        }
        self.inner.write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        self.inner.sync()
    }

    fn guarantees(&self) -> Guarantees {
        self.inner.guarantees()
    }

    fn scratch(&self) -> MemoryResult<Box<dyn MemoryProvider>> {
        self.watch.alive.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Self { inner: self.inner.scratch()?, watch: Arc::clone(&self.watch), is_scratch: true }))
    }
}

const ROWS: i64 = 12_000;
/// What each thing that is kept may take: some hundredth of the rows.
const LIMIT: usize = 32 << 10;
/// The most that a question takes beside that: handles on scratch pages, a page for each run that is merged, the way
/// through a tree, a row.
const SLACK: usize = 1 << 20;

fn fill(db: &Database) {
    let schema = |name: &str| {
        TableSchema::new(name)
            .column(ColumnSchema::new("id", DataType::I64))
            .column(ColumnSchema::new("word", DataType::Text).nullable())
            .column(ColumnSchema::new("number", DataType::F64).nullable())
            .column(ColumnSchema::new("long", DataType::Text))
            .primary_key(["id"])
    };
    let mut random = fastrand::Rng::with_seed(seed(9));
    for name in ["a", "b"] {
        db.create_table(&schema(name)).unwrap();
        let rows = (0..ROWS).map(|id| {
            let word = match random.u8(..20) {
                0 => Value::Null,
                _ => Value::from(format!("word number {}", random.i64(0..ROWS))),
            };
            let number = if random.u8(..20) == 0 { Value::Null } else { Value::from(random.f64() * 1e6) };
            [id.into(), word, number, "long ".repeat(random.usize(20..60)).into()]
        });
        db.insert_many_values(name, &["id", "word", "number", "long"], rows.collect::<Vec<_>>()).unwrap();
    }
}

fn column(name: &str) -> Expr {
    Expr::column(name)
}

fn aggregate(function: AggregateFunction, of: &str) -> Expr {
    Expr::aggregate(function, Some(column(of)))
}

/// A window over all rows, or over those of a word.
fn window(
    function: WindowFunction,
    by_word: bool,
    order: &str,
    frame: Option<(FrameUnit, FrameBound, FrameBound)>,
) -> Expr {
    let frame = frame.map(|(unit, start, end)| WindowFrame { unit, start, end, exclusion: Default::default() });
    let partition_by = if by_word { vec![column("word")] } else { Vec::new() };
    WindowCall { function, partition_by, order_by: vec![Order::ascending(column(order))], frame }.into()
}

/// Questions that keep most of their rows.
fn questions() -> Vec<(&'static str, Query)> {
    enable_window_functions();
    let over = |function| WindowFunction::Aggregate(AggregateCall::new(function, Some(column("number"))));
    let near = || Some((FrameUnit::Rows, FrameBound::Preceding(100.into()), FrameBound::Following(1_000.into())));
    let within = || Some((FrameUnit::Range, FrameBound::Preceding(1e4.into()), FrameBound::Following(1e3.into())));
    let all =
        || Query::from("a").column(column("id")).column(column("word")).column(column("number")).column(column("long"));
    let grouped = |key: Expr| {
        let sum = aggregate(AggregateFunction::Sum, "number");
        let texts = AggregateCall::new(AggregateFunction::Concatenate, Some(column("long")));
        let distinct = AggregateCall::new(AggregateFunction::Count, Some(column("id"))).distinct();
        let query = Query::from("a").group_by_expr(key.clone()).column(key).column(Expr::count()).column(sum);
        query.column(Expr::from(texts)).column(Expr::from(distinct))
    };
    let words = |table: &str| Query::from(table).column(column("word"));
    let set = |operation, all| words("a").set(operation, all, words("b"));
    let everything = AggregateCall::new(AggregateFunction::Count, Some(column("word"))).distinct();
    let sum_of_distinct = AggregateCall::new(AggregateFunction::Sum, Some(column("number"))).distinct();
    let joined = |left: bool| {
        let condition = column("x.word").compare(Comparison::Equal, column("y.word"));
        let kind = if left { JoinKind::Left } else { JoinKind::Inner };
        let query = Query::from(Source::from("a").alias("x"));
        let query = query.join_on(kind, Source::from("b").alias("y"), condition);
        query.column(column("x.id")).column(column("y.id")).column(column("y.long"))
    };
    vec![
        ("sort", all().order_by(column("word"), false)),
        ("sort down", all().order_by(column("number"), true).order_by(column("word"), false)),
        ("sort from the middle", all().order_by(column("long"), false).limit(11_000).offset(500)),
        ("group", grouped(column("word"))),
        ("group by a number", grouped(column("id"))),
        ("group and sort", grouped(column("word")).order_by(Expr::count(), true).order_by(column("word"), false)),
        ("one group", Query::from("a").column(Expr::from(everything)).column(Expr::from(sum_of_distinct))),
        ("distinct", words("a").distinct()),
        ("distinct and sort", words("a").distinct().order_by(column("word"), true)),
        ("distinct, some", words("a").distinct().limit(6_000)),
        ("union", set(SetOperation::Union, false)),
        (GOES_ON, set(SetOperation::Union, true)),
        ("intersect", set(SetOperation::Intersect, false)),
        ("intersect all", set(SetOperation::Intersect, true)),
        ("except", set(SetOperation::Except, false)),
        ("except all", set(SetOperation::Except, true)),
        ("window", all().column(window(WindowFunction::RowNumber, false, "long", None))),
        (
            "windows of three orders",
            all()
                .column(window(over(AggregateFunction::Sum), false, "number", None))
                .column(window(over(AggregateFunction::Maximum), false, "number", near()))
                .column(window(WindowFunction::Lag(column("long"), Some(7.into()), None), false, "id", None))
                .column(window(WindowFunction::Rank, true, "number", None)),
        ),
        ("window between values", all().column(window(over(AggregateFunction::Count), false, "number", within()))),
        ("join", joined(false)),
        ("left join", joined(true)),
    ]
}

/// The question whose rows go on as they are made: whoever asks has them all, and nothing in between keeps them.
const GOES_ON: &str = "union all";

fn options(limit: usize) -> Options {
    Options::new().page_size(4096).cache_bytes(32 * 4096).query_memory_bytes(limit)
}

#[test]
fn what_does_not_fit_into_memory_is_answered_as_if_it_did() {
    let (provider, watch) = Watched::over(HeapProvider::new());
    let spilling = Database::open_with(provider, options(LIMIT)).unwrap();
    let roomy = Database::in_memory();
    fill(&spilling);
    fill(&roomy);
    for (name, query) in questions() {
        watch.written.store(0, Ordering::Relaxed);
        let rows = spilling.query(&query).unwrap().rows;
        assert!(rows == roomy.query(&query).unwrap().rows, "{name}: {query}");
        assert!(!rows.is_empty(), "{name}");
        let is_written = watch.written.load(Ordering::Relaxed) > LIMIT as u64;
        assert_eq!(is_written, name != GOES_ON, "{name} was kept in memory, or in scratch space for nothing");
        assert_eq!(watch.alive.load(Ordering::Relaxed), 0, "{name} keeps its scratch space");
        // Row by row, and inside a transaction.
        let one_by_one: Vec<_> = spilling.query_iter(&query).unwrap().collect::<Result<_>>().unwrap();
        assert!(one_by_one == rows, "{name}");
        let tx = spilling.begin().unwrap();
        assert!(tx.query(&query).unwrap().rows == rows, "{name}");
    }
}

#[test]
fn memory_is_bounded_whatever_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (provider, watch) = Watched::over(FileProvider::open(folder.path().join("db")).unwrap());
    let db = Database::open_with(provider, options(LIMIT)).unwrap();
    fill(&db);
    for (name, query) in questions() {
        drop(db.query_iter(&Query::from("a").limit(1)).unwrap());
        watch.written.store(0, Ordering::Relaxed);
        let before = LIVE.get();
        PEAK.set(before);
        let mut rows = 0;
        for row in db.query_iter(&query).unwrap() {
            row.unwrap();
            rows += 1;
        }
        let peak = (PEAK.get() - before) as usize;
        let written = watch.written.load(Ordering::Relaxed);
        println!("{name}: {rows} rows, {peak} bytes at most, {written} bytes written to scratch space");
        // A join keeps one side, sets and sorts what they answer, some of them twice.
        assert!(peak < 3 * LIMIT + SLACK, "{name} took {peak} bytes");
    }
}

#[test]
fn scratch_space_is_given_back_after_an_error_an_interrupt_and_half_an_answer() {
    let (provider, watch) = Watched::over(HeapProvider::new());
    let db = Database::open_with(provider, options(LIMIT)).unwrap();
    fill(&db);
    let alive = || watch.alive.load(Ordering::Relaxed);
    for (name, query) in questions() {
        assert!(matches!(db.budget(9_000).query(&query), Err(Error::OverBudget { .. })), "{name}");
        assert_eq!(alive(), 0, "{name}");
        let mut rows = db.query_iter(&query).unwrap();
        rows.next().unwrap_or_else(|| panic!("{name} answers nothing")).unwrap();
        drop(rows);
        assert_eq!(alive(), 0, "{name}");
        let interrupt = Interrupt::new();
        interrupt.stop();
        assert!(db.interrupt(&interrupt).query(&query).unwrap_err().is_interrupted());
        assert_eq!(alive(), 0, "{name}");
    }
}

#[test]
fn a_scratch_medium_that_is_full_is_an_error_and_the_database_goes_on() {
    let (provider, watch) = Watched::over(HeapProvider::new());
    let db = Database::open_with(provider, options(LIMIT)).unwrap();
    fill(&db);
    for (name, query) in questions().into_iter().filter(|(name, _)| *name != GOES_ON) {
        for full_after in [1, 40_000] {
            watch.written.store(0, Ordering::Relaxed);
            watch.full_after.store(full_after, Ordering::Relaxed);
            let error = db.query(&query).unwrap_err();
            assert!(error.is_full(), "{name}: {error:?}");
            assert_eq!(watch.alive.load(Ordering::Relaxed), 0, "{name}");
        }
        watch.full_after.store(0, Ordering::Relaxed);
    }
    assert_eq!(db.query(&Query::from("a")).unwrap().rows.len(), ROWS as usize);
}

#[test]
fn typed_rows_are_sorted_outside_of_memory_too() {
    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "items"]
    struct Item {
        #[primary_key]
        id: u64,
        name: String,
        note: Option<String>,
    }
    let mut random = fastrand::Rng::with_seed(seed(10));
    let items: Vec<Item> = (0..4000)
        .map(|id| Item {
            id,
            name: format!("name {}", random.u32(..500)),
            note: random.bool().then(|| "note ".repeat(random.usize(..20))),
        })
        .collect();
    let (provider, watch) = Watched::over(HeapProvider::new());
    let db = Database::open_with(provider, options(LIMIT)).unwrap();
    db.create_table(Item::schema()).unwrap();
    db.insert_many(&items).unwrap();
    let mut expected = items;
    expected.sort_by(|left, right| right.name.cmp(&left.name));
    watch.written.store(0, Ordering::Relaxed);
    let select = || db.select::<Item>().order_by(Item::NAME.desc());
    assert_eq!(select().all().unwrap(), expected);
    assert!(watch.written.load(Ordering::Relaxed) > 0);
    assert_eq!(select().iter().unwrap().collect::<Result<Vec<_>>>().unwrap(), expected);
    assert_eq!(select().limit(3).offset(2).all().unwrap(), expected[2..5]);
    assert_eq!(watch.alive.load(Ordering::Relaxed), 0);
}
