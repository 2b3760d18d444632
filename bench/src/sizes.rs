//! Point reads of small and of very large tables: how their time grows with the number of rows.

use std::collections::BTreeMap;
use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use rusqlite::Connection;
use wasm_dbms::prelude::*;

use crate::measure::{BestCost, measure};

/// Reads of a table of one size, and how often they are timed.
const READ_COUNT: u32 = 200_000;
const ROUNDS: u32 = 5;

/// Rows that go into the table at once.
const CHUNK_ROWS: u32 = 100_000;

/// A row short enough for ten million of them.
#[derive(Debug, Clone, PartialEq, Eq, Table)]
#[table = "numbers"]
struct Number {
    #[primary_key]
    id: u32,
    value: i64,
}

#[derive(DatabaseSchema)]
#[tables(Number = "numbers")]
struct Numbers;

/// What a point read takes in a table of so many rows, in microseconds of CPU time.
#[derive(Debug, Clone, Copy)]
pub struct PointRead {
    pub rows: u32,
    pub ours_us: f64,
    pub sqlite_us: f64,
    pub btree_us: f64,
}

fn number(id: u32) -> Number {
    Number { id, value: i64::from(id.wrapping_mul(2_654_435_761)) }
}

/// Times point reads in memory from 1,000 rows on, ten times as many each time.
pub fn run(seed: u64, rows_max: u32) -> Result<Vec<PointRead>> {
    let mut random = Rng::with_seed(seed);
    let database = Database::in_memory().with_schema::<Numbers>()?;
    let sqlite = Connection::open_in_memory()?;
    sqlite.execute_batch("CREATE TABLE numbers(id INTEGER PRIMARY KEY, value INTEGER NOT NULL)")?;
    let mut map = BTreeMap::new();
    let (mut found, mut filled) = (Vec::new(), 0);
    for rows in (3..).map(|power| 10u32.pow(power)).take_while(|rows| *rows <= rows_max) {
        eprintln!("point reads of {rows} rows");
        while filled < rows {
            let end = rows.min(filled + CHUNK_ROWS);
            let numbers: Vec<Number> = (filled..end).map(number).collect();
            database.insert_many(&numbers)?;
            let transaction = sqlite.unchecked_transaction()?;
            let mut insert = transaction.prepare("INSERT INTO numbers VALUES (?1, ?2)")?;
            for number in &numbers {
                insert.execute((number.id, number.value))?;
            }
            drop(insert);
            transaction.commit()?;
            map.extend(numbers.into_iter().map(|number| (number.id, number)));
            filled = end;
        }
        let ids: Vec<u32> = (0..READ_COUNT).map(|_| random.u32(0..rows)).collect();
        let expected = ids.iter().fold(0i64, |sum, id| sum.wrapping_add(number(*id).value));
        let best = |read: &mut dyn FnMut() -> Result<i64>| -> Result<f64> {
            let mut best_us = f64::INFINITY;
            for _ in 0..ROUNDS {
                let (sum, cost) = measure(&mut *read)?;
                ensure!(sum == expected, "wrong answer among {rows} rows, seed {seed}");
                best_us = best_us.min(BestCost::new(cost, READ_COUNT.into()).cpu_us);
            }
            Ok(best_us)
        };
        let ours_us = best(&mut || {
            Ok(database.transaction(|transaction| {
                ids.iter().try_fold(0i64, |sum, id| {
                    let number = transaction.get::<Number>(*id)?;
                    Ok(sum.wrapping_add(number.map_or(0, |number| number.value)))
                })
            })?)
        })?;
        let sqlite_us = best(&mut || {
            let transaction = sqlite.unchecked_transaction()?;
            let mut select = transaction.prepare("SELECT id, value FROM numbers WHERE id = ?1")?;
            let mut sum = 0i64;
            for id in &ids {
                let number: Number =
                    select.query_row([id], |row| Ok(Number { id: row.get(0)?, value: row.get(1)? }))?;
                sum = sum.wrapping_add(number.value);
            }
            drop(select);
            transaction.commit()?;
            Ok(sum)
        })?;
        let btree_us = best(&mut || {
            ids.iter().try_fold(0i64, |sum, id| {
                let number = black_box(map.get(id).context("every row is there")?.clone());
                Ok(sum.wrapping_add(number.value))
            })
        })?;
        found.push(PointRead { rows, ours_us, sqlite_us, btree_us });
    }
    Ok(found)
}
