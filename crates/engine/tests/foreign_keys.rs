//! A row refers only to rows that are there: restrict refuses, cascade takes along, however long the chain.

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, exported, rows, seed};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "teams"]
struct Team {
    #[primary_key]
    id: u32,
    #[unique]
    code: String,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "players"]
struct Player {
    #[primary_key]
    name: String,
    #[foreign_key(table = "teams", column = "id", on_delete = "restrict")]
    #[index]
    team: Option<u32>,
    #[foreign_key(table = "teams", column = "code", on_delete = "cascade")]
    fan_of: Option<String>,
}

#[derive(DatabaseSchema)]
#[tables(Team = "teams", Player = "players")]
struct League;

/// A tree of rows by their own references.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "nodes"]
struct Node {
    #[primary_key]
    id: u64,
    #[foreign_key(table = "nodes", column = "id", on_delete = "cascade")]
    #[index]
    parent: Option<u64>,
}

#[derive(DatabaseSchema)]
#[tables(Node = "nodes")]
struct Forest;

fn league() -> Database {
    let db = Database::in_memory().with_schema::<League>().unwrap();
    for id in 1..=3 {
        db.insert(&Team { id, code: format!("T{id}") }).unwrap();
    }
    let player = |name: &str, team, fan_of: Option<&str>| {
        db.insert(&Player { name: name.into(), team, fan_of: fan_of.map(Into::into) }).unwrap();
    };
    player("ann", Some(1), None);
    player("bob", None, Some("T2"));
    player("cid", Some(1), Some("T2"));
    db
}

fn forest() -> Database {
    Database::in_memory().with_schema::<Forest>().unwrap()
}

/// Runs a statement that must be refused: by itself and inside a transaction it leaves no byte.
fn refused(db: &Database, expected: &str, statement: impl Fn(&Transaction<'_>) -> Result<()>) {
    let before = exported(db);
    db.transaction(|tx| {
        let error = statement(tx).unwrap_err();
        assert!(error.is_constraint(), "{error:?}");
        assert_eq!(error.to_string(), expected);
        Ok(())
    })
    .unwrap();
    assert!(exported(db) == before, "{expected}: something stayed");
    assert_sound(db);
}

#[test]
fn a_row_whose_parent_is_missing_is_refused() {
    let db = league();
    let zed = |team, fan_of: Option<&str>| Player { name: "zed".into(), team, fan_of: fan_of.map(Into::into) };
    refused(&db, "players.team = 9 refers to no row of teams", |tx| tx.insert(&zed(Some(9), None)).map(drop));
    refused(&db, "players.fan_of = 'T9' refers to no row of teams", |tx| {
        tx.insert(&zed(Some(1), Some("T9"))).map(drop)
    });
    refused(&db, "players.team = 9 refers to no row of teams", |tx| {
        tx.update_key::<Player>("ann").set(Player::TEAM, Some(9)).run().map(drop)
    });
    db.insert(&zed(None, None)).unwrap();
}

#[test]
fn restrict_refuses_the_delete() {
    let db = league();
    let expected = "players.team = 1 still refers to teams";
    refused(&db, expected, |tx| tx.delete_key::<Team>(1).map(drop));
    refused(&db, expected, |tx| tx.delete::<Team>().run().map(drop));
    let error = db.delete_key::<Team>(1).unwrap_err();
    assert_eq!(error.to_string(), expected);
    db.update::<Player>().set(Player::TEAM, None).run().unwrap();
    assert!(db.delete_key::<Team>(1).unwrap());
    assert_sound(&db);
}

#[test]
fn cascade_takes_referring_rows_along_by_a_text_key_and_without_an_index() {
    let db = league();
    assert!(db.delete_key::<Team>(2).unwrap());
    assert_eq!(rows(&db, "players").len(), 1);
    assert!(db.get::<Player>("ann").unwrap().is_some());
    assert!(!db.delete_key::<Team>(2).unwrap());
    assert_sound(&db);
}

#[test]
fn a_key_that_is_referred_to_does_not_change() {
    let db = league();
    refused(&db, "players.team = 1 still refers to teams", |tx| {
        tx.update_key::<Team>(1).set(Team::ID, 50u32).run().map(drop)
    });
    refused(&db, "players.fan_of = 'T2' still refers to teams", |tx| {
        tx.update::<Team>().set(Team::CODE, "new").filter(Team::ID.eq(2)).run().map(drop)
    });
    assert!(db.update_key::<Team>(3).set(Team::ID, 50u32).set(Team::CODE, "T50").run().unwrap());
    assert!(db.update_key::<Team>(1).set(Team::CODE, "T1b").run().unwrap());
    assert!(db.update_key::<Team>(1).set(Team::ID, 1u32).run().unwrap());
    assert_sound(&db);
}

#[test]
fn a_chain_of_ten_thousand_rows_goes_at_once() {
    let db = forest();
    let chain: Vec<Node> = (0..10_000).map(|id| Node { id, parent: id.checked_sub(1) }).collect();
    db.insert_many(&chain).unwrap();
    db.insert(&Node { id: 99_999, parent: None }).unwrap();
    assert!(db.delete_key::<Node>(0).unwrap());
    assert_eq!(db.select::<Node>().all().unwrap(), [Node { id: 99_999, parent: None }]);
    assert_sound(&db);
}

#[test]
fn a_cycle_and_a_row_that_refers_to_itself_are_deleted() {
    let db = forest();
    db.insert(&Node { id: 7, parent: Some(7) }).unwrap();
    assert!(db.delete_key::<Node>(7).unwrap());
    for id in 1..=3 {
        db.insert(&Node { id, parent: None }).unwrap();
    }
    for (id, parent) in [(1, 3), (2, 1), (3, 2)] {
        assert!(db.update_key::<Node>(id).set(Node::PARENT, Some(parent)).run().unwrap());
    }
    assert!(db.delete_key::<Node>(2).unwrap());
    assert_eq!(rows(&db, "nodes").len(), 0);
    assert_sound(&db);
}

#[test]
fn a_row_that_refers_to_itself_changes_both_sides_or_is_refused() {
    let db = forest();
    db.insert(&Node { id: 1, parent: Some(1) }).unwrap();
    refused(&db, "nodes.parent = 1 still refers to nodes", |tx| {
        tx.update_key::<Node>(1).set(Node::ID, 2u64).run().map(drop)
    });
    assert!(db.update_key::<Node>(1).set(Node::ID, 2u64).set(Node::PARENT, Some(2)).run().unwrap());
    assert_eq!(db.select::<Node>().all().unwrap(), [Node { id: 2, parent: Some(2) }]);
    assert_sound(&db);
}

#[test]
fn a_row_does_not_refer_to_the_key_it_gives_up() {
    let db = forest();
    db.insert(&Node { id: 1, parent: None }).unwrap();
    refused(&db, "nodes.parent = 1 refers to no row of nodes", |tx| {
        tx.update_key::<Node>(1).set(Node::ID, 2u64).set(Node::PARENT, Some(1)).run().map(drop)
    });
    assert_eq!(db.select::<Node>().all().unwrap(), [Node { id: 1, parent: None }]);
}

/// Every row refers to one that is there.
fn assert_no_orphans(nodes: &[Node]) {
    for node in nodes {
        let is_there = node.parent.is_none_or(|parent| nodes.iter().any(|other| other.id == parent));
        assert!(is_there, "{node:?} is an orphan");
    }
}

#[test]
fn random_inserts_updates_and_deletes_leave_no_orphan() {
    let seed = seed(808);
    let mut random = fastrand::Rng::with_seed(seed);
    let db = forest();
    let (mut accepted, mut refused) = (0, 0);
    for step in 0..3000 {
        let (id, other) = (random.u64(..40), random.u64(..40));
        let parent = random.bool().then_some(other);
        let result = db.transaction(|tx| match random.u8(..5) {
            0 | 1 => tx.insert(&Node { id, parent }).map(drop),
            2 => tx.update_key::<Node>(id).set(Node::PARENT, parent).run().map(drop),
            3 => tx.update_key::<Node>(id).set(Node::ID, other).set(Node::PARENT, parent).run().map(drop),
            _ => tx.delete_key::<Node>(id).map(drop),
        });
        match result {
            Ok(()) => accepted += 1,
            Err(error) => {
                assert!(error.is_constraint(), "seed {seed}, step {step}: {error:?}");
                refused += 1;
            }
        }
        assert_no_orphans(&db.select::<Node>().all().unwrap());
        if step % 50 == 0 {
            assert_sound(&db);
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 500 && refused > 500);
    assert_sound(&db);
}
