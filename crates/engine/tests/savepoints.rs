//! Savepoints as handles: what was written since one is undone, and nothing else, in both kinds of transactions.

use wasm_dbms::prelude::*;
use wasm_dbms::{Connection, Savepoint};

use crate::league::*;
use crate::support::{assert_sound, seed};

/// The names of all teams.
macro_rules! names {
    ($tx:expr) => {
        $tx.select::<Team>().columns(Team::NAME).all().unwrap()
    };
}

/// What both kinds of transactions can do.
trait AnyTransaction: Connection {
    fn query_rows(&self, table: &str) -> Vec<Vec<Value>>;
    fn open(&self) -> Savepoint;
    fn undo(&self, savepoint: &Savepoint) -> Result<()>;
    fn close(&self, savepoint: &Savepoint) -> Result<()>;
}

macro_rules! any_transaction {
    ($transaction:ty) => {
        impl AnyTransaction for $transaction {
            fn query_rows(&self, table: &str) -> Vec<Vec<Value>> {
                self.query(&Query::from(table.to_owned())).unwrap().rows
            }

            fn open(&self) -> Savepoint {
                self.open_savepoint().unwrap()
            }

            fn undo(&self, savepoint: &Savepoint) -> Result<()> {
                self.rollback_to(savepoint)
            }

            fn close(&self, savepoint: &Savepoint) -> Result<()> {
                self.release(savepoint)
            }
        }
    };
}

any_transaction!(OptimisticTransaction);
any_transaction!(Transaction<'_>);

/// Every row that a transaction sees.
fn seen(tx: &impl AnyTransaction) -> Vec<Vec<Vec<Value>>> {
    ["teams", "players", "contracts"].map(|table| tx.query_rows(table)).into()
}

fn is_closed<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error::SavepointClosed))
}

#[test]
fn what_was_written_since_it_is_undone_and_nothing_else() {
    let db = league();
    let tx = db.begin().unwrap();
    tx.insert(&new_team("one")).unwrap();
    let savepoint = tx.open();
    tx.insert(&new_team("two")).unwrap();
    tx.delete_key::<Team>(1u64).unwrap();
    set_points(&tx, 2, 5);
    assert_eq!(names!(tx), ["blues", "greens", "one", "two"]);
    tx.undo(&savepoint).unwrap();
    assert_eq!(names!(tx), ["reds", "blues", "greens", "one"]);
    assert_eq!(tx.get::<Team>(2u64).unwrap().unwrap().points, 0);
    tx.insert(&new_team("three")).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(
        db.select::<Team>().columns(Team::NAME).all().unwrap(),
        ["reds", "blues", "greens", "one", "three"].map(String::from)
    );
    assert_sound(&db);
}

#[test]
fn one_can_be_gone_back_to_again_and_again_until_it_is_released() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    for round in 0..5 {
        tx.insert(&new_team(&format!("team {round}"))).unwrap();
        tx.undo(&savepoint).unwrap();
        assert_eq!(names!(tx), ["reds", "blues", "greens"]);
    }
    tx.insert(&new_team("kept")).unwrap();
    tx.close(&savepoint).unwrap();
    assert!(is_closed(tx.undo(&savepoint)) && is_closed(tx.close(&savepoint)));
    assert_eq!(names!(tx), ["reds", "blues", "greens", "kept"]);
}

#[test]
fn going_back_past_one_closes_it_and_so_does_releasing_one_around_it() {
    let db = league();
    let tx = db.begin().unwrap();
    let outer = tx.open();
    let inner = tx.open();
    tx.undo(&outer).unwrap();
    assert!(is_closed(tx.undo(&inner)));
    let inner = tx.open();
    tx.insert(&new_team("one")).unwrap();
    tx.close(&outer).unwrap();
    assert!(is_closed(tx.close(&inner)));
    assert_eq!(names!(tx).len(), 4);
}

#[test]
fn what_an_inner_one_kept_an_outer_one_undoes() {
    let db = league();
    let tx = db.begin().unwrap();
    let outer = tx.open();
    let inner = tx.open();
    set_points(&tx, 1, 1);
    tx.close(&inner).unwrap();
    tx.undo(&outer).unwrap();
    assert_eq!(tx.get::<Team>(1u64).unwrap().unwrap().points, 0);
}

#[test]
fn one_of_another_transaction_is_refused() {
    let db = league();
    let (tx, other) = (db.begin().unwrap(), db.begin().unwrap());
    let _own = tx.open();
    let savepoint = other.open();
    assert!(is_closed(tx.undo(&savepoint)) && is_closed(tx.close(&savepoint)));
    other.undo(&savepoint).unwrap();
}

#[test]
fn a_closure_closes_its_own_and_those_left_open_in_it_and_none_outside() {
    let db = league();
    let mut tx = db.begin().unwrap();
    let outside = tx.open();
    let mut left_open = None;
    tx.savepoint(|tx| {
        assert!(is_closed(tx.undo(&outside)) && is_closed(tx.close(&outside)));
        let inside = tx.open();
        tx.insert(&new_team("undone"))?;
        tx.undo(&inside)?;
        tx.insert(&new_team("kept"))?;
        left_open = Some(inside);
        Ok(())
    })
    .unwrap();
    assert!(is_closed(tx.undo(&left_open.unwrap())));
    let failed = tx.savepoint(|tx| {
        tx.open();
        tx.insert(&new_team("failed"))?;
        Err::<(), _>(Error::other("no"))
    });
    assert_eq!(failed.unwrap_err().to_string(), "no");
    assert_eq!(names!(tx), ["reds", "blues", "greens", "kept"]);
    tx.undo(&outside).unwrap();
    assert_eq!(names!(tx), ["reds", "blues", "greens"]);
}

#[test]
fn a_unique_value_and_a_parent_are_again_as_they_were() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    let id = tx.insert(&new_team("whites")).unwrap();
    tx.insert(&new_player(id, 20)).unwrap();
    tx.delete_key::<Team>(1u64).unwrap();
    tx.insert(&Team { id: 50, name: "reds".into(), points: 3 }).unwrap();
    tx.undo(&savepoint).unwrap();
    // The team is gone, its name is free, the other name is taken again.
    assert!(tx.insert(&new_player(id, 20)).unwrap_err().is_constraint());
    assert!(tx.insert(&new_team("reds")).unwrap_err().is_constraint());
    tx.insert(&new_team("whites")).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_sound(&db);
}

#[test]
fn a_cascade_is_undone_with_what_caused_it() {
    let db = league();
    db.insert_many(&(0..300).map(|number| new_player(1 + number % 3, 20)).collect::<Vec<_>>()).unwrap();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    tx.delete::<Team>().run().unwrap();
    assert_eq!(tx.count::<Player>().unwrap(), 0);
    tx.undo(&savepoint).unwrap();
    assert_eq!(tx.count::<Player>().unwrap(), 300);
    assert_eq!(tx.select::<Player>().filter(Player::TEAM.eq(2)).count().unwrap(), 100);
    tx.delete_key::<Team>(3u64).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(db.count::<Player>().unwrap(), 200);
    assert_sound(&db);
}

#[test]
fn a_refused_statement_leaves_its_savepoint_open() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    set_points(&tx, 1, 4);
    assert!(tx.insert_many(&[new_team("new"), new_team("blues")]).unwrap_err().is_constraint());
    assert_eq!(tx.get::<Team>(1u64).unwrap().unwrap().points, 4);
    tx.undo(&savepoint).unwrap();
    assert_eq!(tx.get::<Team>(1u64).unwrap().unwrap().points, 0);
}

#[test]
fn a_row_that_only_an_undone_statement_was_about_counts_as_read_at_both_levels() {
    for isolation in [Isolation::Snapshot, Isolation::Serializable] {
        let db = league();
        let tx = db.begin_with(BeginOptions::new().isolation(isolation)).unwrap();
        let savepoint = tx.open();
        set_points(&tx, 2, 7);
        tx.undo(&savepoint).unwrap();
        tx.insert(&new_team("whites")).unwrap();
        db.update_key::<Team>(2u64).set(Team::POINTS, 1).run().unwrap();
        assert_eq!(conflict(tx), about("teams", "2"));
    }
}

#[test]
fn what_others_commit_beside_it_does_not_show_after_going_back() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    set_points(&tx, 1, 7);
    db.update_key::<Team>(1u64).set(Team::POINTS, 9).run().unwrap();
    tx.undo(&savepoint).unwrap();
    assert_eq!(tx.get::<Team>(1u64).unwrap().unwrap().points, 0);
}

#[test]
fn what_was_read_before_going_back_is_still_read() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    let read = tx.get::<Team>(2u64).unwrap().unwrap().points;
    tx.undo(&savepoint).unwrap();
    set_points(&tx, 1, read + 1);
    db.update_key::<Team>(2u64).set(Team::POINTS, 9).run().unwrap();
    assert_eq!(conflict(tx), about("teams", "2"));
}

#[test]
fn what_was_kept_conflicts_as_if_there_were_no_savepoint() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    set_points(&tx, 1, 5);
    tx.close(&savepoint).unwrap();
    let undone = tx.open();
    set_points(&tx, 2, 5);
    tx.undo(&undone).unwrap();
    db.update_key::<Team>(1u64).set(Team::POINTS, 9).run().unwrap();
    assert_eq!(conflict(tx), about("teams", "1"));
}

#[test]
fn one_that_undid_everything_has_nothing_to_conflict_about() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    set_points(&tx, 1, 5);
    tx.undo(&savepoint).unwrap();
    db.update_key::<Team>(1u64).set(Team::POINTS, 9).run().unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(points(&db, 1), 9);
}

#[test]
fn numbers_that_were_drawn_are_not_given_back() {
    let db = league();
    let tx = db.begin().unwrap();
    let savepoint = tx.open();
    let undone = tx.insert(&new_team("undone")).unwrap();
    tx.undo(&savepoint).unwrap();
    assert!(tx.insert(&new_team("kept")).unwrap() > undone);
}

#[test]
fn one_left_open_at_the_commit_does_not_reach_into_the_next_transaction() {
    let db = league();
    let tx = db.begin_exclusive().unwrap();
    let left_open = tx.open();
    tx.insert(&new_team("first")).unwrap();
    tx.commit(Durability::Full).unwrap();
    let tx = db.begin_exclusive().unwrap();
    assert!(is_closed(tx.undo(&left_open)));
    let savepoint = tx.open();
    tx.insert(&new_team("undone")).unwrap();
    tx.undo(&savepoint).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(db.count::<Team>().unwrap(), 4);
    db.transaction(|tx| {
        tx.open();
        tx.insert(&new_team("second"))
    })
    .unwrap();
    assert!(db.insert_many(&[new_team("third"), new_team("second")]).is_err());
    assert_eq!(db.count::<Team>().unwrap(), 5);
    assert_sound(&db);
}

#[test]
fn one_that_has_expired_opens_none() {
    let db = league();
    let tx = db.begin_with(BeginOptions::new().age_max_commits(1)).unwrap();
    let savepoint = tx.open();
    for name in ["a", "b", "c"] {
        db.insert(&new_team(name)).unwrap();
    }
    assert!(matches!(tx.open_savepoint(), Err(Error::TransactionExpired)));
    assert!(matches!(tx.rollback_to(&savepoint), Err(Error::TransactionExpired)));
    assert!(matches!(tx.release(&savepoint), Err(Error::TransactionExpired)));
}

/// Random statements between savepoints that are opened, released and gone back to at random. What is seen after going
/// back must be what was seen when the savepoint was opened. Returns every answer.
macro_rules! play {
    ($tx:expr, $random:expr, $context:expr) => {{
        let (tx, random) = (&$tx, &mut $random);
        let mut open = Vec::new();
        let mut answers = Vec::new();
        for _ in 0..60 {
            match random.u8(..8) {
                0 if open.len() < 6 => open.push((tx.open(), seen(tx))),
                1 if !open.is_empty() => {
                    let place = random.usize(..open.len());
                    open.truncate(place + 1);
                    let (savepoint, before) = &open[place];
                    tx.undo(savepoint).unwrap();
                    assert_eq!(&seen(tx), before, "{}", $context);
                }
                2 if !open.is_empty() => {
                    let place = random.usize(..open.len());
                    tx.close(&open[place].0).unwrap();
                    open.truncate(place);
                }
                _ => answers.push(step!(*tx, *random)),
            }
        }
        (answers, seen(tx))
    }};
}

#[test]
fn at_random_what_is_gone_back_to_is_what_was_there_and_both_kinds_agree() {
    let seed = seed(11);
    for round in 0..40 {
        let (db, other) = (league(), league());
        let mut random = fastrand::Rng::with_seed(seed + round);
        for turn in 0..3 {
            let context = format!("round {round}, turn {turn} of {seed}");
            let mut same = random.clone();
            let tx = db.begin().unwrap();
            let (answers, at_the_end) = play!(tx, random, context);
            tx.commit(Durability::Full).unwrap();
            let exclusive = other.begin_exclusive().unwrap();
            assert_eq!(play!(exclusive, same, context), (answers, at_the_end.clone()), "{context}");
            exclusive.commit(Durability::Full).unwrap();
            for db in [&db, &other] {
                assert_eq!(seen(&db.begin().unwrap()), at_the_end, "{context}");
            }
        }
        assert_sound(&db);
        assert_sound(&other);
    }
}
