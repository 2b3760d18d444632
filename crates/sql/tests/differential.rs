//! Drawn schemas, rows and queries, answered as SQLite answers them.
//!
//! `QUERIES` says how many are asked (4,000 if nothing is said, 60,000 in continuous integration, where those of
//! `partitioning.rs` make them more than 200,000), `SEED` what is drawn. A statement of which one of the two
//! says no must be refused by both, but for sums that leave their type and the like, which SQLite makes something of.

use fastrand::Rng;
use wasm_dbms::Database;
use wasm_dbms_sql::{Dialect, Session};

use crate::peer::draw::Draw;
use crate::peer::{own, sqlite, store, variable, variable_or_in_ci};

const QUERIES_OF_A_SCHEMA: usize = 100;

#[test]
fn drawn_queries_are_answered_as_sqlite_answers_them() {
    let (queries, seed) = (variable_or_in_ci("QUERIES", 4_000, 60_000), variable("SEED", 7));
    println!("SEED={seed} QUERIES={queries}");
    let mut rng = Rng::with_seed(seed);
    let (mut asked, mut refused) = (0, 0);
    while asked < queries {
        let mut draw = Draw { rng: rng.fork(), tables: 1 + rng.usize(..3) };
        let database = Database::in_memory();
        let session = Session::with_dialect(&database, Dialect::Sqlite);
        let peer = rusqlite::Connection::open_in_memory().unwrap();
        let script = draw.schema();
        store(&session, &peer, &script);
        let mut changes = Vec::new();
        for _ in 0..QUERIES_OF_A_SCHEMA {
            asked += 1;
            if draw.rng.u8(..8) == 0 {
                let change = draw.change();
                let (own, other) = (session.execute(&change, ()), peer.execute_batch(&change));
                assert_eq!(own.is_ok(), other.is_ok(), "{script:#?}\n{changes:#?}\n{change}\n{own:?}\n{other:?}");
                changes.push(change);
                continue;
            }
            let query = draw.query();
            let (mut own, mut other) = match (own(&session, &query), sqlite(&peer, &query)) {
                (Ok(own), Ok(other)) => (own, other),
                // A sum that leaves its type.
                (Err(error), _) if error.contains("out of range") => {
                    refused += 1;
                    continue;
                }
                (own, other) => panic!("{script:#?}\n{changes:#?}\n{query}\nown {own:?}\nsqlite {other:?}"),
            };
            if !query.contains("LIMIT") {
                own.sort_unstable();
                other.sort_unstable();
            }
            assert!(own == other, "{script:#?}\n{changes:#?}\n{query}\nown    {own:?}\nsqlite {other:?}");
        }
        assert_eq!(database.check().unwrap(), Vec::<String>::new(), "{script:#?}\n{changes:#?}");
    }
    println!("{asked} asked, {refused} refused");
    assert!(refused < asked / 10);
}
