//! A league: teams, their players, contracts. What the tests of transactions work on.

use wasm_dbms::prelude::*;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "teams"]
pub(crate) struct Team {
    #[primary_key]
    #[autoincrement]
    pub(crate) id: u64,
    #[unique]
    pub(crate) name: String,
    pub(crate) points: i64,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "players"]
pub(crate) struct Player {
    #[primary_key]
    #[autoincrement]
    pub(crate) id: u64,
    #[foreign_key(table = "teams", column = "id", on_delete = "cascade")]
    #[index]
    pub(crate) team: u64,
    #[index]
    pub(crate) age: u8,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "contracts"]
pub(crate) struct Contract {
    #[primary_key]
    pub(crate) number: String,
    #[foreign_key(table = "teams", column = "id", on_delete = "restrict")]
    #[index]
    pub(crate) team: Option<u64>,
}

#[derive(DatabaseSchema)]
#[tables(Team = "teams", Player = "players", Contract = "contracts")]
pub(crate) struct League;

pub(crate) fn new_team(name: &str) -> NewTeam {
    NewTeam { name: name.into(), points: 0, ..Default::default() }
}

pub(crate) fn new_player(team: u64, age: u8) -> NewPlayer {
    NewPlayer { team, age, ..Default::default() }
}

/// Three teams: 1, 2, 3.
pub(crate) fn league() -> Database {
    let db = Database::in_memory().with_schema::<League>().unwrap();
    for name in ["reds", "blues", "greens"] {
        db.insert(&new_team(name)).unwrap();
    }
    db
}

pub(crate) fn points(db: &Database, id: u64) -> i64 {
    db.get::<Team>(id).unwrap().unwrap().points
}

pub(crate) fn set_points(tx: &OptimisticTransaction, id: u64, points: i64) {
    assert!(tx.update_key::<Team>(id).set(Team::POINTS, points).run().unwrap());
}

/// The table and the key of the conflict that a commit must end with.
pub(crate) fn conflict(tx: OptimisticTransaction) -> (String, String) {
    match tx.commit(Durability::Full) {
        Err(error @ Error::Conflict { .. }) => {
            assert!(error.is_conflict(), "{error}");
            let Error::Conflict { table, key, .. } = error else { unreachable!() };
            (table, key)
        }
        other => panic!("{other:?} where there must be a conflict"),
    }
}

pub(crate) fn about(table: &str, key: &str) -> (String, String) {
    (table.to_owned(), key.to_owned())
}

/// One step of a random transaction, the same on any connection.
macro_rules! step {
    ($tx:expr, $random:expr) => {{
        let (tx, random) = (&$tx, &mut $random);
        let id = random.u64(1..40);
        let outcome = match random.u8(..7) {
            0 => tx.insert(&Team { id, name: format!("t{}", random.u8(..60)), points: 1 }),
            1 => tx.insert(&Player { id: random.u64(..200), team: id, age: random.u8(..) }),
            2 => tx.insert(&Contract { number: format!("c{}", random.u8(..40)), team: Some(id) }).map(|_| 1),
            3 => tx.update_key::<Team>(id).set(Team::POINTS, random.i64(..)).run().map(u64::from),
            4 => tx.update::<Player>().set(Player::AGE, random.u8(..)).filter(Player::AGE.lt(random.u8(..))).run(),
            5 => tx.delete_key::<Team>(id).map(u64::from),
            _ => tx.delete::<Player>().filter(Player::TEAM.eq(id)).run(),
        };
        let count = tx.select::<Player>().filter(Player::AGE.lt(100)).count().unwrap();
        let sum = tx.select::<Team>().columns(sum(Team::POINTS)).all().map_err(|error| error.to_string());
        format!("{:?} {count} {sum:?}", outcome.map_err(|error| error.to_string()))
    }};
}

pub(crate) use step;
