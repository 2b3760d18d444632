//! Rows in the order of their keys take a short way to the end of their table. It must lead there whatever happened in
//! between.

use std::collections::BTreeMap;

use wasm_dbms::prelude::*;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "readings"]
struct Reading {
    #[primary_key]
    time: u32,
    // Pages that one of both trees releases, the other may take.
    #[index]
    text: String,
}

#[derive(DatabaseSchema)]
#[tables(Reading = "readings")]
struct Station;

fn reading(time: u32) -> Reading {
    Reading { time, text: format!("reading {time}").repeat(1 + time as usize % 7) }
}

fn contents(db: &Database) -> Vec<Reading> {
    db.select::<Reading>().order_by(Reading::TIME.asc()).all().unwrap()
}

#[test]
fn ascending_rows_stand_in_order_after_every_kind_of_change_and_of_rollback() {
    for seed in [20_261_122, 1, 2] {
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let db = Database::in_memory_with(Options::new().page_size(4096)).unwrap().with_schema::<Station>().unwrap();
        let mut model = BTreeMap::new();
        let mut next = 0;
        for _ in 0..300 {
            let rows: Vec<Reading> = (0..random.u32(1..60)).map(|step| reading(next + step * 2)).collect();
            let last = rows.last().unwrap().time;
            match random.u32(..8) {
                // Taken back, split pages and all: the next rows come to the same end.
                0 => {
                    let taken_back = db.transaction(|tx| {
                        tx.insert_many(&rows)?;
                        Err::<(), _>(Error::other("changed my mind"))
                    });
                    assert!(taken_back.is_err());
                }
                1 => db
                    .transaction(|tx| {
                        assert!(
                            tx.savepoint(|tx| tx.insert_many(&rows).and(Err::<(), _>(Error::other("no")))).is_err()
                        );
                        tx.insert_many(&rows).map(|_| ())
                    })
                    .map(|()| model.extend(rows.iter().map(|row| (row.time, row.clone()))))
                    .unwrap(),
                // The end itself goes, and with it the page that the short way leads to.
                2 => {
                    let from = last.saturating_sub(random.u32(..400));
                    db.delete::<Reading>().filter(Reading::TIME.ge(from)).run().unwrap();
                    model.retain(|time, _| *time < from);
                }
                // Leaves in the middle go: the way to the end stays as long, and takes other steps.
                3 => {
                    let from = random.u32(..next + 1);
                    let to = from + random.u32(..600);
                    db.delete::<Reading>().filter(Reading::TIME.between(from, to)).run().unwrap();
                    model.retain(|time, _| !(from..=to).contains(time));
                }
                4 => {
                    let time = random.u32(..next + 2) | 1;
                    if model.insert(time, reading(time)).is_none() {
                        db.insert(&reading(time)).unwrap();
                    }
                }
                _ => {
                    db.insert_many(&rows).unwrap();
                    model.extend(rows.iter().map(|row| (row.time, row.clone())));
                }
            }
            next = model.last_key_value().map_or(0, |(time, _)| (time + 2) & !1);
        }
        assert_eq!(contents(&db), model.into_values().collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(db.check().unwrap(), Vec::<String>::new(), "seed {seed}");
    }
}
