//! The anomalies of Hermitage, each by both levels of isolation; `docs/ISOLATION.md` has the table.
//!
//! Two rows: 1 with 10, 2 with 20. Nobody ever waits, so each test is one thread that takes the steps in turn.

use wasm_dbms::prelude::*;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "test"]
struct Row {
    #[primary_key]
    id: u64,
    #[index]
    value: i64,
}

#[derive(DatabaseSchema)]
#[tables(Row = "test")]
struct Test;

type Tx = OptimisticTransaction;

fn open() -> Database {
    let db = Database::in_memory().with_schema::<Test>().unwrap();
    db.insert_many(&[Row { id: 1, value: 10 }, Row { id: 2, value: 20 }]).unwrap();
    db
}

fn at_both_levels(test: impl Fn(&Database, &dyn Fn() -> Tx, Isolation)) {
    for isolation in [Isolation::Snapshot, Isolation::Serializable] {
        let db = open();
        test(&db, &|| db.begin_with(BeginOptions::new().isolation(isolation)).unwrap(), isolation);
        assert_eq!(db.check().unwrap(), Vec::<String>::new());
    }
}

fn set(tx: &Tx, id: u64, value: i64) {
    assert!(tx.update_key::<Row>(id).set(Row::VALUE, value).run().unwrap());
}

fn get(tx: &Tx, id: u64) -> Option<i64> {
    tx.get::<Row>(id).unwrap().map(|row| row.value)
}

/// The values of all rows, by id.
fn all(tx: &Tx) -> Vec<i64> {
    tx.select::<Row>().order_by(Row::ID.asc()).columns(Row::VALUE).all().unwrap()
}

/// The ids of the rows with values in a range: asked of the index.
fn within(tx: &Tx, from: i64, to: i64) -> Vec<u64> {
    tx.select::<Row>().filter(Row::VALUE.ge(from).and(Row::VALUE.lt(to))).columns(Row::ID).all().unwrap()
}

#[track_caller]
fn commits(tx: Tx) {
    tx.commit(Durability::Full).unwrap();
}

#[track_caller]
fn conflicts(tx: Tx) {
    let error = tx.commit(Durability::Full).unwrap_err();
    assert!(error.is_conflict(), "{error}");
}

/// Commits by snapshot isolation only.
#[track_caller]
fn conflicts_if_serializable(tx: Tx, isolation: Isolation) {
    if isolation == Isolation::Serializable { conflicts(tx) } else { commits(tx) }
}

fn stored(db: &Database) -> Vec<i64> {
    all(&db.begin_with(BeginOptions::new().read_only(true)).unwrap())
}

#[test]
fn g0_two_do_not_overwrite_each_other_by_turns() {
    at_both_levels(|db, begin, _| {
        let (t1, t2) = (begin(), begin());
        set(&t1, 1, 11);
        set(&t2, 1, 12);
        set(&t1, 2, 21);
        commits(t1);
        set(&t2, 2, 22);
        conflicts(t2);
        assert_eq!(stored(db), [11, 21]);
    });
}

#[test]
fn g1a_what_is_rolled_back_is_not_read() {
    at_both_levels(|_, begin, _| {
        let (t1, t2) = (begin(), begin());
        set(&t1, 1, 101);
        assert_eq!(all(&t2), [10, 20]);
        t1.rollback();
        assert_eq!(all(&t2), [10, 20]);
        commits(t2);
    });
}

#[test]
fn g1b_what_is_not_final_is_not_read() {
    at_both_levels(|_, begin, _| {
        let (t1, t2) = (begin(), begin());
        set(&t1, 1, 101);
        assert_eq!(all(&t2), [10, 20]);
        set(&t1, 1, 11);
        commits(t1);
        assert_eq!(all(&t2), [10, 20]);
        commits(t2);
    });
}

#[test]
fn g1c_two_do_not_read_of_each_other() {
    at_both_levels(|db, begin, isolation| {
        let (t1, t2) = (begin(), begin());
        set(&t1, 1, 11);
        set(&t2, 2, 22);
        assert_eq!((get(&t1, 2), get(&t2, 1)), (Some(20), Some(10)));
        commits(t1);
        // Neither saw the other: that is a write skew.
        conflicts_if_serializable(t2, isolation);
        assert_eq!(stored(db)[0], 11);
    });
}

#[test]
fn otv_what_was_seen_of_a_transaction_does_not_vanish() {
    at_both_levels(|db, begin, _| {
        let (t1, t2) = (begin(), begin());
        set(&t1, 1, 11);
        set(&t1, 2, 19);
        set(&t2, 1, 12);
        commits(t1);
        let t3 = begin();
        assert_eq!(get(&t3, 1), Some(11));
        set(&t2, 2, 18);
        assert_eq!(get(&t3, 2), Some(19));
        conflicts(t2);
        assert_eq!((get(&t3, 2), get(&t3, 1)), (Some(19), Some(11)));
        commits(t3);
        assert_eq!(stored(db), [11, 19]);
    });
}

#[test]
fn pmp_a_question_asked_twice_has_one_answer() {
    at_both_levels(|_, begin, _| {
        let (t1, t2) = (begin(), begin());
        assert_eq!(within(&t1, 30, 31), Vec::<u64>::new());
        t2.insert(&Row { id: 3, value: 30 }).unwrap();
        commits(t2);
        assert_eq!(within(&t1, 25, 100), Vec::<u64>::new());
        commits(t1);
    });
}

#[test]
fn pmp_a_deletion_by_a_filter_does_not_miss_what_changed() {
    at_both_levels(|db, begin, _| {
        let (t1, t2) = (begin(), begin());
        for (id, value) in [(1, 20), (2, 30)] {
            set(&t1, id, value);
        }
        assert_eq!(t2.delete::<Row>().filter(Row::VALUE.eq(20)).run().unwrap(), 1);
        commits(t1);
        conflicts(t2);
        assert_eq!(stored(db), [20, 30]);
    });
}

#[test]
fn p4_no_update_is_lost() {
    at_both_levels(|db, begin, _| {
        let (t1, t2) = (begin(), begin());
        let (seen_1, seen_2) = (get(&t1, 1).unwrap(), get(&t2, 1).unwrap());
        set(&t1, 1, seen_1 + 1);
        set(&t2, 1, seen_2 + 2);
        commits(t1);
        conflicts(t2);
        assert_eq!(stored(db), [11, 20]);
    });
}

#[test]
fn g_single_what_is_read_is_of_one_moment() {
    at_both_levels(|_, begin, _| {
        let (t1, t2) = (begin(), begin());
        assert_eq!(get(&t1, 1), Some(10));
        set(&t2, 1, 12);
        set(&t2, 2, 18);
        commits(t2);
        assert_eq!(get(&t1, 2), Some(20));
        assert_eq!(within(&t1, 12, 20), Vec::<u64>::new());
        commits(t1);
    });
}

#[test]
fn g_single_nor_is_what_changed_since_deleted() {
    at_both_levels(|db, begin, _| {
        let (t1, t2) = (begin(), begin());
        assert_eq!(get(&t1, 1), Some(10));
        set(&t2, 1, 12);
        set(&t2, 2, 18);
        commits(t2);
        assert_eq!(t1.delete::<Row>().filter(Row::VALUE.eq(20)).run().unwrap(), 1);
        conflicts(t1);
        assert_eq!(stored(db), [12, 18]);
    });
}

#[test]
fn g2_item_two_do_not_change_what_the_other_has_read() {
    at_both_levels(|db, begin, isolation| {
        let (t1, t2) = (begin(), begin());
        assert_eq!((all(&t1), all(&t2)), (vec![10, 20], vec![10, 20]));
        set(&t1, 1, 11);
        set(&t2, 2, 21);
        commits(t1);
        conflicts_if_serializable(t2, isolation);
        assert_eq!(stored(db), if isolation == Isolation::Serializable { [11, 20] } else { [11, 21] });
    });
}

#[test]
fn g2_two_do_not_insert_what_the_other_found_missing() {
    at_both_levels(|db, begin, isolation| {
        let (t1, t2) = (begin(), begin());
        for tx in [&t1, &t2] {
            assert_eq!(within(tx, 30, 50), Vec::<u64>::new());
        }
        t1.insert(&Row { id: 3, value: 30 }).unwrap();
        t2.insert(&Row { id: 4, value: 42 }).unwrap();
        commits(t1);
        conflicts_if_serializable(t2, isolation);
        assert_eq!(stored(db).len(), if isolation == Isolation::Serializable { 3 } else { 4 });
    });
}

#[test]
fn g2_one_that_only_reads_does_not_see_what_no_order_gives() {
    at_both_levels(|_, begin, isolation| {
        let t1 = begin();
        assert_eq!(all(&t1), [10, 20]);
        let t2 = begin();
        set(&t2, 2, 25);
        commits(t2);
        let t3 = begin();
        assert_eq!(all(&t3), [10, 25]);
        commits(t3);
        set(&t1, 1, 0);
        conflicts_if_serializable(t1, isolation);
    });
}

#[test]
fn what_no_question_was_about_is_no_conflict() {
    at_both_levels(|db, begin, _| {
        // So many that the index is asked.
        db.insert_many(&(100..600).map(|id| Row { id, value: 1000 }).collect::<Vec<_>>()).unwrap();
        let (t1, t2) = (begin(), begin());
        assert_eq!(within(&t1, 30, 50), Vec::<u64>::new());
        set(&t1, 1, 11);
        t2.insert(&Row { id: 3, value: 50 }).unwrap();
        set(&t2, 2, 29);
        commits(t2);
        commits(t1);
    });
}
