//! Interactive transactions: private, any number at a time, and the first to commit wins.

use wasm_dbms::prelude::*;

use crate::league::*;
use crate::support::{assert_sound, exported, seed};

#[test]
fn what_it_writes_it_reads_and_nobody_else_before_the_commit() {
    let db = league();
    let tx = db.begin().unwrap();
    let id = tx.insert(&new_team("whites")).unwrap();
    tx.insert(&new_player(id, 20)).unwrap();
    set_points(&tx, 1, 7);
    tx.delete_key::<Team>(2u64).unwrap();
    let seen = |points_of_first: i64, names: &[&str], all: Vec<Team>| {
        assert_eq!(all.iter().map(|team| team.name.as_str()).collect::<Vec<_>>(), names);
        assert_eq!(all[0].points, points_of_first);
    };
    seen(7, &["reds", "greens", "whites"], tx.select::<Team>().all().unwrap());
    seen(0, &["reds", "blues", "greens"], db.select::<Team>().all().unwrap());
    assert_eq!(tx.get_by(Team::NAME, "whites").unwrap().unwrap().id, id);
    assert_eq!(tx.get_by(Team::NAME, "blues").unwrap(), None);
    assert_eq!(tx.select::<Player>().filter(Player::AGE.ge(18)).count().unwrap(), 1);
    assert_eq!(tx.select::<Team>().join::<Player>(Team::ID, Player::TEAM).all().unwrap().len(), 1);
    assert_eq!(tx.query(&Query::from("teams")).unwrap().rows.len(), 3);
    tx.commit(Durability::Full).unwrap();
    seen(7, &["reds", "greens", "whites"], db.select::<Team>().all().unwrap());
    assert_sound(&db);
}

#[test]
fn dropped_or_rolled_back_nothing_of_it_stays() {
    let db = league();
    let before = exported(&db);
    let tx = db.begin().unwrap();
    tx.insert_many(&(0..500).map(|number| new_team(&format!("team {number}"))).collect::<Vec<_>>()).unwrap();
    drop(tx);
    let tx = db.begin().unwrap();
    tx.delete::<Team>().run().unwrap();
    tx.rollback();
    assert_eq!(exported(&db), before);
}

#[test]
fn it_reads_the_commit_that_it_began_with() {
    let db = league();
    let tx = db.begin().unwrap();
    db.update_key::<Team>(1u64).set(Team::POINTS, 9).run().unwrap();
    db.insert(&new_team("late")).unwrap();
    assert_eq!(tx.get::<Team>(1u64).unwrap().unwrap().points, 0);
    assert_eq!(tx.select::<Team>().count().unwrap(), 3);
    // Having written nothing it conflicts with nobody.
    tx.commit(Durability::Full).unwrap();
}

#[test]
fn of_two_that_change_a_row_the_first_to_commit_wins() {
    for isolation in [Isolation::Serializable, Isolation::Snapshot] {
        let db = league();
        let begin = || db.begin_with(BeginOptions::new().isolation(isolation)).unwrap();
        let (first, second) = (begin(), begin());
        set_points(&second, 1, 2);
        set_points(&first, 1, 1);
        first.commit(Durability::Full).unwrap();
        assert_eq!(conflict(second), about("teams", "1"));
        assert_eq!(points(&db, 1), 1);
        assert_sound(&db);
    }
}

#[test]
fn a_plain_statement_wins_over_one_that_is_open() {
    let db = league();
    let tx = db.begin().unwrap();
    set_points(&tx, 3, 2);
    db.update_key::<Team>(3u64).set(Team::POINTS, 5).run().unwrap();
    assert_eq!(conflict(tx), about("teams", "3"));
    let tx = db.begin().unwrap();
    tx.delete_key::<Team>(3u64).unwrap();
    db.delete_key::<Team>(3u64).unwrap();
    assert_eq!(conflict(tx), about("teams", "3"));
}

#[test]
fn those_that_touch_different_rows_all_commit() {
    let db = league();
    let all: Vec<_> = (1..=3)
        .map(|id| {
            let tx = db.begin().unwrap();
            set_points(&tx, id, 10 * id as i64);
            tx.insert(&new_player(id, id as u8)).unwrap();
            tx
        })
        .collect();
    for tx in all.into_iter().rev() {
        tx.commit(Durability::Full).unwrap();
    }
    assert_eq!((1..=3).map(|id| points(&db, id)).collect::<Vec<_>>(), [10, 20, 30]);
    assert_eq!(db.select::<Player>().count().unwrap(), 3);
    assert_sound(&db);
}

#[test]
fn no_two_draw_the_same_number_and_none_is_given_back() {
    let db = league();
    let (first, second) = (db.begin().unwrap(), db.begin().unwrap());
    let mut drawn = Vec::new();
    for number in 0..20 {
        drawn.push(first.insert(&new_team(&format!("a{number}"))).unwrap());
        drawn.push(second.insert(&new_team(&format!("b{number}"))).unwrap());
        drawn.push(db.insert(&new_team(&format!("c{number}"))).unwrap());
        let lost = db.begin().unwrap();
        drawn.push(lost.insert(&new_team("lost")).unwrap());
    }
    second.commit(Durability::Full).unwrap();
    first.commit(Durability::Full).unwrap();
    drawn.push(db.insert(&new_team("after")).unwrap());
    let count = drawn.len();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), count);
    assert_sound(&db);
}

#[test]
fn a_number_that_was_drawn_is_not_drawn_again_when_all_are_closed() {
    let db = league();
    let tx = db.begin().unwrap();
    let lost = tx.insert(&new_team("lost")).unwrap();
    drop(tx);
    assert!(db.insert(&new_team("kept")).unwrap() > lost);
    assert!(db.transaction(|tx| tx.insert(&new_team("kept too"))).unwrap() > lost + 1);
}

#[test]
fn rows_without_a_key_get_different_numbers_in_two_at_once() {
    let db = Database::in_memory();
    db.create_table(&TableSchema::new("notes").column(ColumnSchema::new("text", DataType::Text))).unwrap();
    let all: Vec<_> = (0..5).map(|_| db.begin().unwrap()).collect();
    for (number, tx) in all.iter().enumerate() {
        tx.insert_values("notes", &[("text", Value::from(format!("tx {number}")))]).unwrap();
    }
    db.insert_values("notes", &[("text", Value::from("beside"))]).unwrap();
    for tx in all {
        tx.commit(Durability::Full).unwrap();
    }
    assert_eq!(crate::support::rows(&db, "notes").len(), 6);
    assert_sound(&db);
}

#[test]
fn two_that_take_the_same_page_both_commit() {
    // Each grows the tables by pages of its own; their numbers mean nothing outside.
    let db = league();
    let (first, second) = (db.begin().unwrap(), db.begin().unwrap());
    for (tx, team) in [(&first, 1), (&second, 2)] {
        tx.insert_many(&vec![new_player(team, 30); 2000]).unwrap();
    }
    let pages = db.snapshot().unwrap().page_count().unwrap();
    first.commit(Durability::Full).unwrap();
    second.commit(Durability::Full).unwrap();
    assert_eq!(db.select::<Player>().count().unwrap(), 4000);
    assert!(db.snapshot().unwrap().page_count().unwrap() > pages);
    assert_sound(&db);
}

#[test]
fn a_child_inserted_while_its_parent_is_deleted_is_a_conflict_whoever_is_first() {
    for isolation in [Isolation::Serializable, Isolation::Snapshot] {
        for child_is_first in [true, false] {
            let db = league();
            let begin = || db.begin_with(BeginOptions::new().isolation(isolation)).unwrap();
            let (child, parent) = (begin(), begin());
            child.insert(&Contract { number: "c1".into(), team: Some(2) }).unwrap();
            assert!(parent.delete_key::<Team>(2u64).unwrap());
            let (winner, loser) = if child_is_first { (child, parent) } else { (parent, child) };
            winner.commit(Durability::Full).unwrap();
            conflict(loser);
            assert_sound(&db);
        }
    }
}

#[test]
fn a_cascade_takes_no_child_along_that_it_did_not_see() {
    let db = league();
    db.insert(&new_player(2, 20)).unwrap();
    let parent = db.begin_with(BeginOptions::new().isolation(Isolation::Snapshot)).unwrap();
    assert!(parent.delete_key::<Team>(2u64).unwrap());
    db.insert(&new_player(2, 21)).unwrap();
    conflict(parent);
    assert_eq!(db.select::<Player>().count().unwrap(), 2);
    // Children of other parents are nobody's business.
    let parent = db.begin().unwrap();
    assert!(parent.delete_key::<Team>(2u64).unwrap());
    db.insert(&new_player(1, 21)).unwrap();
    db.insert(&new_player(3, 21)).unwrap();
    parent.commit(Durability::Full).unwrap();
    assert_eq!(db.select::<Player>().count().unwrap(), 2);
    assert_sound(&db);
}

#[test]
fn a_unique_value_taken_meanwhile_is_a_conflict() {
    for isolation in [Isolation::Serializable, Isolation::Snapshot] {
        let db = league();
        let begin = || db.begin_with(BeginOptions::new().isolation(isolation)).unwrap();
        let (first, second) = (begin(), begin());
        first.insert(&new_team("same")).unwrap();
        second.insert(&new_team("same")).unwrap();
        first.commit(Durability::Full).unwrap();
        assert_eq!(conflict(second).0, "teams");
        let (first, second) = (begin(), begin());
        first.insert(&Contract { number: "n".into(), team: None }).unwrap();
        second.insert(&Contract { number: "n".into(), team: None }).unwrap();
        second.commit(Durability::Full).unwrap();
        assert_eq!(conflict(first), about("contracts", "'n'"));
        assert_sound(&db);
    }
}

#[test]
fn a_value_that_is_free_again_is_no_conflict_for_its_own_transaction() {
    let db = league();
    let tx = db.begin().unwrap();
    tx.update_key::<Team>(1u64).set(Team::NAME, "tmp").run().unwrap();
    tx.update_key::<Team>(2u64).set(Team::NAME, "reds").run().unwrap();
    tx.update_key::<Team>(1u64).set(Team::NAME, "blues").run().unwrap();
    tx.delete_key::<Team>(3u64).unwrap();
    tx.insert(&Team { id: 3, name: "greens".into(), points: 5 }).unwrap();
    tx.commit(Durability::Full).unwrap();
    let names: Vec<String> = db.select::<Team>().columns(Team::NAME).all().unwrap();
    assert_eq!(names, ["blues", "reds", "greens"]);
    assert_sound(&db);
}

#[test]
fn a_violation_of_its_own_is_no_conflict() {
    let db = league();
    let tx = db.begin().unwrap();
    let taken = tx.insert(&new_team("reds")).unwrap_err();
    assert!(taken.is_constraint() && !taken.is_conflict(), "{taken}");
    let orphan = tx.insert(&new_player(99, 1)).unwrap_err();
    assert!(orphan.is_constraint(), "{orphan}");
    // The transaction goes on.
    tx.insert(&new_team("whites")).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(db.select::<Team>().count().unwrap(), 4);
}

#[test]
fn a_savepoint_takes_its_own_rows_back_and_no_others() {
    let db = league();
    let mut tx = db.begin().unwrap();
    tx.insert(&new_team("one")).unwrap();
    let undone = tx.savepoint(|tx| {
        tx.insert(&new_team("two"))?;
        tx.savepoint(|tx| tx.delete::<Team>().run())?;
        assert_eq!(tx.select::<Team>().count()?, 0);
        Err::<(), _>(Error::other("no"))
    });
    assert!(undone.is_err());
    tx.savepoint(|tx| tx.insert(&new_team("three"))).unwrap();
    tx.commit(Durability::Full).unwrap();
    let names: Vec<String> = db.select::<Team>().columns(Team::NAME).all().unwrap();
    assert_eq!(names, ["reds", "blues", "greens", "one", "three"]);
    assert_sound(&db);
}

#[test]
fn an_exclusive_one_makes_everybody_wait_and_conflicts_with_nobody() {
    let db = league();
    let loser = db.begin().unwrap();
    set_points(&loser, 1, 1);
    let mut tx = db.begin_exclusive().unwrap();
    assert!(matches!(db.begin_exclusive(), Err(Error::Busy)));
    tx.savepoint(|tx| tx.update_key::<Team>(1u64).set(Team::POINTS, 2).run()).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(conflict(loser), about("teams", "1"));
    db.begin_exclusive().unwrap().rollback();
    let tx = db.begin_exclusive().unwrap();
    tx.delete::<Team>().run().unwrap();
    drop(tx);
    assert_eq!(points(&db, 1), 2);
}

#[test]
fn run_again_after_a_conflict_it_gets_through_the_last_time_at_the_latest() {
    let db = league();
    let mut runs = 0;
    let sum = db
        .retry(4, |tx| {
            runs += 1;
            let sum: i64 = tx.select::<Team>().all()?.iter().map(|team| team.points).sum();
            if runs < 4 {
                // Somebody is always first; the last time nobody can.
                db.update_key::<Team>(2u64).set(Team::POINTS, sum + 1).run()?;
            } else {
                assert!(matches!(db.insert(&new_team("no")), Err(Error::Busy)));
            }
            set_points(tx, 1, 100);
            Ok(sum)
        })
        .unwrap();
    assert_eq!((runs, sum, points(&db, 1)), (4, 3, 100));
    let mut runs = 0;
    let refused = db.retry(5, |_| {
        runs += 1;
        Err::<(), _>(Error::other("no"))
    });
    assert!(refused.is_err() && runs == 1);
}

#[test]
fn a_count_of_all_rows_gets_through_under_steady_writes() {
    let db = league();
    let is_done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0;
            while !is_done.load(std::sync::atomic::Ordering::Relaxed) || count < 50 {
                db.insert(&new_player(1, 1)).unwrap();
                count += 1;
            }
        });
        for number in 0..20 {
            db.retry(3, |tx| {
                let count = tx.select::<Player>().count()?;
                assert_eq!(count, tx.select::<Player>().all()?.len() as u64);
                tx.insert(&Contract { number: format!("{number}: {count}"), team: None })
            })
            .unwrap();
            let tx = db.begin_with(BeginOptions::new().read_only(true)).unwrap();
            assert_eq!(tx.select::<Player>().count().unwrap(), tx.select::<Player>().all().unwrap().len() as u64);
            tx.commit(Durability::Full).unwrap();
        }
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
    });
    assert_eq!(db.select::<Contract>().count().unwrap(), 20);
    assert_sound(&db);
}

#[test]
fn one_for_reading_only_refuses_writes_and_is_kept_nothing_for() {
    let db = league();
    let tx = db.begin_with(BeginOptions::new().read_only(true)).unwrap();
    assert!(matches!(tx.insert(&new_team("no")).unwrap_err().memory(), Some(MemoryError::ReadOnly { .. })));
    assert!(matches!(tx.delete::<Team>().run().unwrap_err().memory(), Some(MemoryError::ReadOnly { .. })));
    db.insert(&new_team("beside")).unwrap();
    assert_eq!(tx.select::<Team>().count().unwrap(), 3);
    assert_eq!(db.history_measure().unwrap(), (0, 0));
    tx.commit(Durability::Full).unwrap();
}

#[test]
fn with_none_open_nothing_is_recorded() {
    let db = league();
    for number in 0..200 {
        db.insert(&new_team(&number.to_string())).unwrap();
    }
    db.transaction(|tx| tx.update::<Team>().set(Team::POINTS, 3).run()).unwrap();
    db.delete::<Team>().filter(Team::ID.gt(100)).run().unwrap();
    assert_eq!(db.history_measure().unwrap(), (0, 0));
    let tx = db.begin().unwrap();
    db.insert(&new_team("seen")).unwrap();
    assert_eq!(db.history_measure().unwrap().0, 1);
    assert!(db.history_measure().unwrap().1 > 0);
    drop(tx);
    db.insert(&new_team("unseen")).unwrap();
    assert_eq!(db.history_measure().unwrap(), (1, 0));
}

#[test]
fn one_open_for_too_many_commits_expires_with_a_typed_error() {
    let db = league();
    let tx = db.begin_with(BeginOptions::new().age_max_commits(3)).unwrap();
    set_points(&tx, 1, 1);
    for number in 0..3 {
        db.insert(&new_team(&number.to_string())).unwrap();
    }
    assert!(tx.get::<Team>(1u64).is_ok());
    db.insert(&new_team("too many")).unwrap();
    assert!(matches!(tx.get::<Team>(1u64), Err(Error::TransactionExpired)));
    assert!(matches!(tx.commit(Durability::Full), Err(Error::TransactionExpired)));
    assert_eq!(db.history_measure().unwrap().1, 0);
}

#[test]
fn one_whose_history_was_dropped_expires_with_a_typed_error() {
    let options = Options::new().history_bytes(20_000);
    let db = Database::in_memory_with(options).unwrap().with_schema::<League>().unwrap();
    let tx = db.begin().unwrap();
    tx.insert(&new_team("mine")).unwrap();
    for number in 0..400 {
        db.insert(&new_team(&format!("some team {number}"))).unwrap();
        assert!(db.history_measure().unwrap().1 <= 20_000);
    }
    assert!(matches!(tx.commit(Durability::Full), Err(Error::TransactionExpired)));
    // A commit of very many rows is known by its tables only.
    let (reader, other) = (db.begin().unwrap(), db.begin().unwrap());
    reader.insert(&new_team("mine")).unwrap();
    other.insert(&Contract { number: "mine".into(), team: None }).unwrap();
    db.insert_many(&(0..1000).map(|number| new_team(&format!("one of many {number}"))).collect::<Vec<_>>()).unwrap();
    assert!(db.history_measure().unwrap().1 <= 20_000);
    assert_eq!(conflict(reader), about("teams", ""));
    other.commit(Durability::Full).unwrap();
}

#[test]
fn a_clock_of_the_host_ends_what_was_forgotten() {
    #[derive(Debug, Clone, Default)]
    struct Hands(std::sync::Arc<std::sync::atomic::AtomicU64>);
    impl wasm_dbms::Clock for Hands {
        fn now_ms(&self) -> u64 {
            self.0.load(std::sync::atomic::Ordering::Relaxed)
        }
    }
    let hands = Hands::default();
    let db = league().with_clock(hands.clone());
    let tx = db.begin_with(BeginOptions::new().timeout_ms(500)).unwrap();
    set_points(&tx, 1, 1);
    hands.0.store(499, std::sync::atomic::Ordering::Relaxed);
    db.insert(&new_team("one")).unwrap();
    assert!(tx.get::<Team>(1u64).is_ok());
    hands.0.store(500, std::sync::atomic::Ordering::Relaxed);
    // Nothing is kept for it from the next commit on.
    db.insert(&new_team("two")).unwrap();
    assert_eq!(db.history_measure().unwrap().1, 0);
    assert!(matches!(tx.commit(Durability::Full), Err(Error::TransactionExpired)));
}

#[test]
fn too_large_a_transaction_is_refused_with_the_limit() {
    let options = Options::new().transaction_memory_bytes(100_000);
    let db = Database::in_memory_with(options).unwrap().with_schema::<League>().unwrap();
    let tx = db.begin().unwrap();
    let many: Vec<_> = (0..2000).map(|number| new_team(&format!("one of many {number}"))).collect();
    let refused = tx.insert_many(&many).unwrap_err();
    assert!(refused.is_full(), "{refused}");
    // The statement is gone, the transaction is not.
    tx.insert(&new_team("a few")).unwrap();
    tx.commit(Durability::Full).unwrap();
    assert_eq!(db.select::<Team>().count().unwrap(), 1);
    let pages = Options::new().transaction_memory_bytes(16 << 20).transaction_spill_max_bytes(0);
    let db = Database::in_memory_with(pages.page_size(4096)).unwrap().with_schema::<League>().unwrap();
    let tx = db.begin().unwrap();
    let long = "x".repeat(1_000_000);
    let refused = (0..40).find_map(|number| tx.insert(&new_team(&format!("{number}{long}"))).err()).unwrap();
    assert!(refused.is_full(), "{refused}");
}

#[test]
fn pages_of_a_large_one_wait_in_scratch_space() {
    let options = Options::new().page_size(4096).transaction_memory_bytes(2 << 20);
    let medium = HeapProvider::new();
    let db = Database::open_with(medium, options).unwrap().with_schema::<League>().unwrap();
    let tx = db.begin().unwrap();
    let ages = |number: u64| (number * 7919 % 251) as u8;
    tx.insert(&new_team("t")).unwrap();
    for round in 0..5 {
        let many: Vec<_> = (0..2000).map(|number| new_player(1, ages(round * 2000 + number))).collect();
        tx.insert_many(&many).unwrap();
    }
    assert_eq!(tx.select::<Player>().filter(Player::AGE.ge(0)).count().unwrap(), 10_000);
    tx.commit(Durability::Full).unwrap();
    assert_eq!(db.select::<Player>().count().unwrap(), 10_000);
    assert_sound(&db);
}

#[test]
fn it_outlives_the_database_but_cannot_commit() {
    let db = league();
    let tx = db.begin().unwrap();
    let reader = db.begin().unwrap();
    set_points(&tx, 1, 1);
    db.close().unwrap();
    assert_eq!(reader.select::<Team>().count().unwrap(), 3);
    reader.commit(Durability::Full).unwrap();
    assert!(matches!(tx.commit(Durability::Full), Err(Error::Closed)));
}

#[test]
fn it_can_be_sent_to_another_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>() {}
    is_send_and_sync::<Database>();
    is_send_and_sync::<wasm_dbms::Snapshot>();
    is_send::<OptimisticTransaction>();
    let db = league();
    let tx = db.begin().unwrap();
    let db = &db;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            set_points(&tx, 1, 4);
            tx.commit(Durability::Full).unwrap();
        });
    });
    assert_eq!(points(db, 1), 4);
}

#[test]
fn alone_it_does_what_a_transaction_with_the_writers_turn_does() {
    let seed = seed(7);
    for round in 0..60 {
        let (db, other) = (league(), league());
        let mut random = fastrand::Rng::with_seed(seed + round);
        for _ in 0..4 {
            let mut same = random.clone();
            let tx = db.begin().unwrap();
            let answers: Vec<String> = (0..25).map(|_| step!(tx, random)).collect();
            tx.commit(Durability::Full).unwrap();
            let expected =
                other.transaction(|tx| Ok((0..25).map(|_| step!(*tx, same)).collect::<Vec<String>>())).unwrap();
            assert_eq!(answers, expected, "round {round} of {seed}");
            for table in ["teams", "players", "contracts"] {
                assert_eq!(
                    crate::support::rows(&db, table),
                    crate::support::rows(&other, table),
                    "round {round} of {seed}"
                );
            }
        }
        assert_sound(&db);
    }
}
