//! Reading beside writing: snapshots and implicit reads see one commit, and wait for no writer.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};

use wasm_dbms::prelude::*;
use wasm_dbms::{FileProvider, Guarantees, HeapProvider, MemoryProvider, MemoryResult, Snapshot};

use crate::support::{assert_sound, exported, seed};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "accounts"]
struct Account {
    #[primary_key]
    id: u64,
    #[index]
    owner: String,
    balance: i64,
}

#[derive(DatabaseSchema)]
#[tables(Account = "accounts")]
struct Bank;

const ACCOUNTS: u64 = 400;

fn account(id: u64, balance: i64) -> Account {
    Account { id, owner: format!("owner {}", id % 17), balance }
}

fn fill(db: Database) -> Database {
    let db = db.with_schema::<Bank>().unwrap();
    db.insert_many(&(0..ACCOUNTS).map(|id| account(id, 100)).collect::<Vec<_>>()).unwrap();
    db
}

fn options() -> Options {
    Options::new().page_size(4096).database_id(7)
}

#[track_caller]
fn assert_is(snapshot: &Snapshot, rows: &[Account]) {
    assert_eq!(snapshot.select::<Account>().order_by(Account::ID.asc()).all().unwrap(), rows);
    assert_eq!(snapshot.select::<Account>().count().unwrap(), rows.len() as u64);
    for row in rows.iter().step_by(37) {
        assert_eq!(snapshot.get::<Account>(row.id).unwrap().as_ref(), Some(row));
        let of_owner = snapshot.select::<Account>().filter(Account::OWNER.eq(row.owner.as_str())).count().unwrap();
        assert_eq!(of_owner as usize, rows.iter().filter(|other| other.owner == row.owner).count());
    }
    assert_eq!(snapshot.check().unwrap(), Vec::<String>::new());
}

#[test]
fn snapshots_equal_the_model_of_their_commit_through_changes_of_tables_vacuums_and_openings() {
    let seed = seed(20_261_122);
    for round in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed + round);
        let medium = HeapProvider::new();
        let options = if round % 2 == 0 { options().cache_bytes(0).snapshot_memory_bytes(0) } else { options() };
        let open = || Database::open_with(medium.clone(), options.clone()).unwrap();
        let mut db = fill(open());
        let mut model = db.select::<Account>().order_by(Account::ID.asc()).all().unwrap();
        let mut snapshots: Vec<(Snapshot, Vec<Account>, Vec<u8>)> = Vec::new();
        let mut next = ACCOUNTS;
        for _ in 0..120 {
            match random.u8(..20) {
                0..6 => {
                    let row = account(next, random.i64(..));
                    next += 1;
                    db.insert(&row).unwrap();
                    model.push(row);
                }
                6..9 => {
                    let owner = format!("owner {}", random.u8(..17));
                    let balance = random.i64(..);
                    let change = db.update::<Account>().set(Account::BALANCE, balance);
                    change.filter(Account::OWNER.eq(owner.as_str())).run().unwrap();
                    model.iter_mut().filter(|row| row.owner == owner).for_each(|row| row.balance = balance);
                }
                9..11 => {
                    let end = random.u64(..next);
                    let range = Account::ID.between(end.saturating_sub(30), end);
                    db.delete::<Account>().filter(range).run().unwrap();
                    model.retain(|row| !(end.saturating_sub(30)..=end).contains(&row.id));
                }
                11 => _ = db.vacuum().unwrap(),
                12 => {
                    db.drop_table("accounts").unwrap();
                    db = db.with_schema::<Bank>().unwrap();
                    model.clear();
                }
                13 => {
                    next += 1;
                    db.create_table(&TableSchema::new(format!("t{next}")).column(number())).unwrap();
                }
                14 => {
                    db.close().unwrap();
                    for (snapshot, rows, _) in &snapshots {
                        assert_is(snapshot, rows);
                    }
                    snapshots.clear();
                    db = open();
                }
                15..18 if snapshots.len() < 5 => {
                    snapshots.push((db.snapshot().unwrap(), model.clone(), exported(&db)));
                }
                _ if !snapshots.is_empty() => {
                    let (snapshot, rows, export) = &snapshots[random.usize(..snapshots.len())];
                    assert_is(snapshot, rows);
                    let mut bytes = Vec::new();
                    snapshot.export(&mut bytes).unwrap();
                    assert!(bytes == *export, "seed {seed}, round {round}");
                    if random.bool() {
                        snapshots.swap_remove(random.usize(..snapshots.len()));
                    }
                }
                _ => {}
            }
            assert_eq!(db.select::<Account>().order_by(Account::ID.asc()).all().unwrap(), model);
        }
        assert_sound(&db);
    }
}

fn number() -> ColumnSchema {
    ColumnSchema::new("n", DataType::I64)
}

#[test]
fn a_snapshot_has_the_tables_of_its_commit() {
    let db = fill(Database::in_memory());
    let before = db.snapshot().unwrap();
    db.drop_table("accounts").unwrap();
    db.create_table(&TableSchema::new("other").column(number())).unwrap();
    let after = db.snapshot().unwrap();
    assert_eq!((before.tables().unwrap(), after.tables().unwrap()), (vec!["accounts".into()], vec!["other".into()]));
    assert_eq!(before.schemas().unwrap()[0].name, "accounts");
    assert_eq!(before.query(&Query::from("accounts")).unwrap().rows.len(), ACCOUNTS as usize);
    drop(db);
    assert_eq!(before.get_by(Account::OWNER, "owner 3").unwrap().unwrap().id, 3);
    assert!(before.page_count().unwrap() > 2);
}

#[test]
fn a_snapshot_that_expired_says_so_and_a_new_one_reads_on() {
    let options = options().snapshot_memory_bytes(0).snapshot_spill_max_bytes(2 * 4096);
    let db = fill(Database::open_with(HeapProvider::new(), options).unwrap());
    let snapshot = db.snapshot().unwrap();
    db.update::<Account>().set(Account::BALANCE, 1i64).run().unwrap();
    let error = snapshot.select::<Account>().all().unwrap_err();
    assert!(error.is_snapshot_expired() && !error.is_corrupt(), "{error}");
    assert_eq!(db.snapshot().unwrap().select::<Account>().count().unwrap(), ACCOUNTS);
    assert_eq!(db.select::<Account>().filter(Account::BALANCE.eq(1)).count().unwrap(), ACCOUNTS);
}

/// A writer that waits at its first bytes until it is let go.
struct Slow<'a> {
    bytes: Vec<u8>,
    barrier: &'a Barrier,
}

impl Write for Slow<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.is_empty() {
            self.barrier.wait();
            self.barrier.wait();
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_export_is_the_commit_at_its_beginning_while_another_thread_commits() {
    let folder = tempfile::tempdir().unwrap();
    let file = FileProvider::open(folder.path().join("a.db")).unwrap();
    for db in [
        fill(Database::open_with(file, options().cache_bytes(0)).unwrap()),
        fill(Database::open_with(HeapProvider::new(), options()).unwrap()),
        fill(Database::in_memory()),
    ] {
        let before = exported(&db);
        let barrier = Barrier::new(2);
        let slow = std::thread::scope(|scope| {
            let export = scope.spawn(|| {
                let mut slow = Slow { bytes: Vec::new(), barrier: &barrier };
                db.export(&mut slow).unwrap();
                slow.bytes
            });
            barrier.wait();
            for round in 0..20 {
                db.update::<Account>().set(Account::BALANCE, round).run().unwrap();
                db.insert(&account(10_000 + round as u64, 1)).unwrap();
            }
            db.delete::<Account>().filter(Account::ID.lt(300)).run().unwrap();
            db.vacuum().unwrap();
            barrier.wait();
            export.join().unwrap()
        });
        assert!(slow == before);
        assert!(exported(&db) != before);
        assert_sound(&db);
    }
}

/// A medium whose syncs can be held up.
#[derive(Clone, Default)]
struct Gate {
    heap: HeapProvider,
    state: Arc<(Mutex<(bool, bool)>, Condvar)>,
}

impl Gate {
    /// From now on a sync waits.
    fn close(&self) {
        self.state.0.lock().unwrap().0 = true;
    }

    fn open(&self) {
        self.state.0.lock().unwrap().0 = false;
        self.state.1.notify_all();
    }

    /// Waits until a sync waits.
    fn wait(&self) {
        let mut state = self.state.0.lock().unwrap();
        while !state.1 {
            state = self.state.1.wait(state).unwrap();
        }
    }
}

impl MemoryProvider for Gate {
    fn size(&self) -> MemoryResult<u64> {
        self.heap.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.heap.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        self.heap.read(offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.heap.write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        let mut state = self.state.0.lock().unwrap();
        while state.0 {
            state.1 = true;
            self.state.1.notify_all();
            state = self.state.1.wait(state).unwrap();
        }
        state.1 = false;
        Ok(())
    }

    fn guarantees(&self) -> Guarantees {
        self.heap.guarantees()
    }
}

fn read_everything(db: &Database, balance: i64) {
    assert_eq!(db.get::<Account>(7).unwrap().unwrap().balance, balance);
    assert_eq!(db.get_by(Account::OWNER, "owner 7").unwrap().unwrap().balance, balance);
    assert_eq!(db.select::<Account>().filter(Account::BALANCE.eq(balance)).count().unwrap(), ACCOUNTS);
    assert_eq!(db.query(&Query::from("accounts")).unwrap().rows.len(), ACCOUNTS as usize);
    assert_eq!(db.tables().unwrap(), ["accounts"]);
    assert_sound(db);
}

#[test]
fn readers_wait_neither_for_an_open_transaction_nor_for_a_commit_in_its_sync() {
    for cache_bytes in [0, 64 << 20] {
        let gate = Gate::default();
        let db = fill(Database::open_with(gate.clone(), options().cache_bytes(cache_bytes)).unwrap());
        let snapshot = db.snapshot().unwrap();
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                db.transaction(|tx| {
                    tx.update::<Account>().set(Account::BALANCE, 1i64).run()?;
                    barrier.wait();
                    barrier.wait();
                    gate.close();
                    Ok(())
                })
            });
            barrier.wait();
            // The transaction is open, and has written everything.
            read_everything(&db, 100);
            barrier.wait();
            gate.wait();
            // The commit waits for its sync.
            read_everything(&db, 100);
            assert_eq!(snapshot.get::<Account>(7).unwrap().unwrap().balance, 100);
            gate.open();
            writer.join().unwrap().unwrap();
        });
        read_everything(&db, 1);
        assert_eq!(snapshot.select::<Account>().filter(Account::BALANCE.eq(100)).count().unwrap(), ACCOUNTS);
        db.close().unwrap();
    }
}

#[test]
fn a_writer_does_not_wait_for_a_reader_in_the_middle_of_its_rows() {
    let db = fill(Database::in_memory());
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut sum = 0;
            db.select::<Account>()
                .for_each(|row| {
                    if row.id == 5 {
                        barrier.wait();
                        barrier.wait();
                    }
                    sum += row.balance;
                    Ok(())
                })
                .unwrap();
            sum
        });
        barrier.wait();
        db.update::<Account>().set(Account::BALANCE, 0i64).run().unwrap();
        db.drop_table("accounts").unwrap();
        barrier.wait();
        assert_eq!(reader.join().unwrap(), 100 * ACCOUNTS as i64);
    });
}

/// Ends the readers, should the writer panic too.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Threads move money to and fro, others add it up all the time: it is always as much. Some read the whole from the
/// medium again and again, as the cache is small.
#[test]
fn every_read_sees_one_commit_whatever_writers_checkpoints_and_vacuums_do() {
    let folder = tempfile::tempdir().unwrap();
    let seed = seed(20_261_122);
    let file = |name: &str| FileProvider::open(folder.path().join(name)).unwrap();
    let small = options().cache_bytes(0).snapshot_memory_bytes(20 * 4096);
    let databases = [
        Database::open_with(file("small.db"), small.clone()).unwrap(),
        Database::open_with(file("large.db"), options()).unwrap(),
        Database::open_with(HeapProvider::new(), small).unwrap(),
        Database::in_memory(),
    ];
    for db in databases.map(fill) {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (db, is_over) = (&db, &is_over);
            let reader = |number: u64| {
                move || {
                    let mut random = fastrand::Rng::with_seed(seed + number);
                    let mut reads = 0;
                    // On a busy machine the writer may be done before this begins.
                    while !is_over.load(Ordering::Relaxed) || reads < 2 {
                        reads += 1;
                        if random.u8(..4) == 0 {
                            let snapshot = db.snapshot().unwrap();
                            let total = || snapshot.select::<Account>().columns(sum(Account::BALANCE)).first().unwrap();
                            assert_eq!(total(), Some(Some(100 * ACCOUNTS as i64)));
                            std::thread::yield_now();
                            assert_eq!(total(), Some(Some(100 * ACCOUNTS as i64)));
                            let mut bytes = Vec::new();
                            snapshot.export(&mut bytes).unwrap();
                            let copy = Database::open(HeapProvider::from_bytes(bytes)).unwrap();
                            assert_eq!(copy.select::<Account>().count().unwrap(), ACCOUNTS);
                        } else {
                            let total = db.select::<Account>().columns(sum(Account::BALANCE)).first().unwrap();
                            assert_eq!(total, Some(Some(100 * ACCOUNTS as i64)));
                            let id = random.u64(..ACCOUNTS);
                            assert_eq!(db.get::<Account>(id).unwrap().unwrap().owner, account(id, 0).owner);
                        }
                    }
                    reads
                }
            };
            let readers: Vec<_> = (0..3).map(|number| scope.spawn(reader(number))).collect();
            let mut random = fastrand::Rng::with_seed(seed);
            let ends = Ends(is_over);
            for round in 0..400 {
                db.transaction(|tx| {
                    for _ in 0..random.usize(1..20) {
                        let (from, to) = (random.u64(..ACCOUNTS), random.u64(..ACCOUNTS));
                        let amount = random.i64(0..50);
                        let balance = tx.get::<Account>(from)?.unwrap().balance;
                        tx.update_key::<Account>(from).set(Account::BALANCE, balance - amount).run()?;
                        let balance = tx.get::<Account>(to)?.unwrap().balance;
                        tx.update_key::<Account>(to).set(Account::BALANCE, balance + amount).run()?;
                    }
                    Ok(())
                })
                .unwrap();
                if round % 40 == 0 {
                    db.vacuum().unwrap();
                }
            }
            drop(ends);
            let reads: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
            assert!(reads > 3, "{reads} reads");
        });
        assert_sound(&db);
    }
}
