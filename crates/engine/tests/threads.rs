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
