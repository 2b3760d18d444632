//! Threads share a database: each transaction has its turn, and one that panics harms no other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, seed};

const THREADS: u64 = 4;
const TRANSACTIONS: u64 = 300;
const ACCOUNTS: u64 = 10;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "accounts"]
struct Account {
    #[primary_key]
    id: u64,
    balance: i64,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "transfers"]
struct Transfer {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[foreign_key(table = "accounts", column = "id", on_delete = "restrict")]
    #[index]
    from: u64,
    amount: i64,
}

#[derive(DatabaseSchema)]
#[tables(Account = "accounts", Transfer = "transfers")]
struct Bank;

/// Moves money; panics between the two sides if asked.
fn transfer(db: &Database, from: u64, to: u64, amount: i64, panics: bool) -> Result<()> {
    db.transaction(|tx| {
        let balance = |id| Ok::<_, Error>(tx.get::<Account>(id)?.ok_or_else(|| Error::other("no account"))?.balance);
        tx.update_key::<Account>(from).set(Account::BALANCE, balance(from)? - amount).run()?;
        assert!(!panics, "between the two sides");
        tx.update_key::<Account>(to).set(Account::BALANCE, balance(to)? + amount).run()?;
        tx.insert(&NewTransfer { from, amount, ..Default::default() })?;
        Ok(())
    })
}

#[test]
fn money_is_neither_made_nor_lost_by_threads_that_panic_now_and_then() {
    let seed = seed(42);
    let db = Database::in_memory().with_schema::<Bank>().unwrap();
    db.insert_many(&(0..ACCOUNTS).map(|id| Account { id, balance: 100 }).collect::<Vec<_>>()).unwrap();
    let done: u64 = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let mut random = fastrand::Rng::with_seed(seed + thread);
            let mut done = 0;
            for _ in 0..TRANSACTIONS {
                let (from, to) = (random.u64(..ACCOUNTS), random.u64(..ACCOUNTS));
                let panics = random.u8(..10) == 0;
                let amount = random.i64(1..50);
                let result = catch_unwind(AssertUnwindSafe(|| transfer(&db, from, to, amount, panics)));
                assert_eq!(result.is_err(), panics);
                done += u64::from(result.is_ok_and(|result| result.is_ok()));
                let sum = db.select::<Account>().columns(sum(Account::BALANCE)).first().unwrap();
                assert_eq!(sum, Some(Some(1000)));
            }
            done
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(db.select::<Transfer>().count().unwrap(), done);
    assert!(done > THREADS * TRANSACTIONS / 2);
    assert_sound(&db);
}

/// Two readers, one of which is asked now and then only, go on over commits that were made, refused by storage and taken
/// back, of one table and of the other.
#[test]
fn readers_go_on_to_what_was_committed_and_never_to_what_was_not() {
    let seed = seed(7);
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let provider = FileProvider::open(folder.path().join("bank.db")).unwrap();
    let db = Database::open(provider).unwrap().with_schema::<Bank>().unwrap();
    let counts = || (db.select::<Account>().count().unwrap(), db.select::<Transfer>().count().unwrap());
    let mut expected = (0, 0);
    db.transaction(|tx| tx.insert(&Account { id: 0, balance: 0 }).map(|_| ())).unwrap();
    expected.0 += 1;
    std::thread::scope(|scope| {
        let (ask, asked) = std::sync::mpsc::channel::<()>();
        let (answer, answered) = std::sync::mpsc::channel();
        scope.spawn(move || asked.iter().for_each(|()| answer.send(counts()).unwrap()));
        for round in 0..400 {
            let (is_account, row_count) = (random.bool(), random.u64(1..60));
            // Refused by the commit itself: a file keeps what it is given.
            let durability = if random.u8(..3) == 0 { Durability::None } else { Durability::Eventual };
            let is_taken_back = random.u8(..5) == 0;
            let committed = db.transaction_with(durability, |tx| {
                for number in 0..row_count {
                    if is_account {
                        tx.insert(&Account { id: expected.0 + number, balance: 0 })?;
                    } else {
                        tx.insert(&NewTransfer { from: 0, amount: 1, ..Default::default() })?;
                    }
                }
                if is_taken_back { Err(Error::other("taken back")) } else { Ok(()) }
            });
            assert_eq!(committed.is_ok(), durability == Durability::Eventual && !is_taken_back);
            if committed.is_ok() {
                *(if is_account { &mut expected.0 } else { &mut expected.1 }) += row_count;
            }
            if random.bool() {
                assert_eq!(counts(), expected, "seed {seed}, round {round}");
            }
            if random.u8(..8) == 0 {
                ask.send(()).unwrap();
                assert_eq!(answered.recv().unwrap(), expected, "seed {seed}, round {round}");
            }
        }
        drop(ask);
    });
    assert_sound(&db);
}
