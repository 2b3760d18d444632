//! What statements ask of a medium, seen by the recorder.

use wasm_dbms::prelude::*;
use wasm_dbms_sim::Recorder;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    id: u32,
    name: String,
    #[index]
    email: String,
    age: u32,
    balance: i64,
}

#[derive(DatabaseSchema)]
#[tables(User = "users")]
struct People;

#[test]
fn each_of_two_thousand_single_inserts_costs_exactly_one_sync_but_where_the_ring_grows() {
    /// From 32 KiB to as much as the file has beside it.
    const GROWTHS_MAX: u32 = 4;
    let medium = Recorder::new(HeapProvider::new());
    let db = Database::open(medium.clone()).unwrap().with_schema::<People>().unwrap();
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let mut growths = 0;
    for id in 0..2000 {
        let syncs = medium.counts().syncs;
        let email = format!("{:016x}@example.com", random.u64(..));
        db.insert(&User { id, name: "Ada".into(), email, age: random.u32(..100), balance: 7 }).unwrap();
        match medium.counts().syncs - syncs {
            3 => growths += 1,
            asked => assert_eq!(asked, 1, "insert {id}"),
        }
    }
    assert!((1..=GROWTHS_MAX).contains(&growths), "the ring grew {growths} times");
    let syncs = medium.counts().syncs;
    let many: Vec<User> =
        (2000..12_000).map(|id| User { id, name: "Bob".into(), email: format!("{id}"), age: 1, balance: 0 }).collect();
    db.insert_many(&many).unwrap();
    assert!(medium.counts().syncs - syncs <= 3, "a commit of any size has one, and perhaps a checkpoint after it");
}
