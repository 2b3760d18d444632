//! Typed left joins: a row without a partner has `None` beside it.

use wasm_dbms::prelude::*;

use crate::league::*;

/// Team 1 has two players, team 2 has one and a contract, team 3 has neither.
fn teams_with_players() -> Database {
    let db = league();
    db.insert_many(&[new_player(1, 20), new_player(1, 30), new_player(2, 40)]).unwrap();
    db.insert(&Contract { number: "c".into(), team: Some(2) }).unwrap();
    db.insert(&Contract { number: "free".into(), team: None }).unwrap();
    db
}

#[test]
fn a_row_with_partners_stands_beside_each_and_one_without_beside_none() {
    let db = teams_with_players();
    let rows =
        db.select::<Team>().left_join(Team::ID, Player::TEAM).order_by(Team::ID.asc()).order_by(Player::AGE.asc());
    let found: Vec<(Team, Option<Player>)> = rows.all().unwrap();
    let found: Vec<_> = found.into_iter().map(|(team, player)| (team.id, player.map(|player| player.age))).collect();
    assert_eq!(found, [(1, Some(20)), (1, Some(30)), (2, Some(40)), (3, None)]);
}

#[test]
fn null_has_no_partner() {
    let db = teams_with_players();
    let rows = db.select::<Contract>().left_join(Contract::TEAM, Team::ID).order_by(Contract::NUMBER.asc()).all();
    let rows = rows.unwrap().into_iter().map(|(contract, team)| (contract.number, team.map(|team| team.name)));
    assert_eq!(rows.collect::<Vec<_>>(), [("c".into(), Some("blues".into())), ("free".into(), None)]);
}

#[test]
fn either_join_of_three_tables_may_be_a_left_one() {
    let db = teams_with_players();
    let both = db.select::<Team>().left_join(Team::ID, Player::TEAM).left_join(Team::ID, Contract::TEAM);
    let both: Vec<(Team, Option<Player>, Option<Contract>)> = both.order_by(Team::ID.asc()).all().unwrap();
    let shape: Vec<_> = both.iter().map(|(team, player, of)| (team.id, player.is_some(), of.is_some())).collect();
    assert_eq!(shape, [(1, true, false), (1, true, false), (2, true, true), (3, false, false)]);

    let first = db.select::<Team>().left_join(Team::ID, Player::TEAM).join(Team::ID, Contract::TEAM).all().unwrap();
    assert_eq!(first.iter().map(|(team, player, _)| (team.id, player.is_some())).collect::<Vec<_>>(), [(2, true)]);

    let last = db.select::<Team>().join(Team::ID, Player::TEAM).left_join(Team::ID, Contract::TEAM).all().unwrap();
    assert_eq!(last.iter().filter(|(_, _, contract)| contract.is_none()).count(), 2);
    assert_eq!(last.len(), 3);
}

#[test]
fn a_filter_on_what_is_missing_finds_the_rows_without_a_partner() {
    let db = teams_with_players();
    let idle = || db.select::<Team>().left_join(Team::ID, Player::TEAM).filter(Player::ID.is_null());
    assert_eq!(idle().all().unwrap().into_iter().map(|(team, _)| team.id).collect::<Vec<_>>(), [3]);
    assert_eq!(idle().count().unwrap(), 1);
    assert!(idle().exists().unwrap());
}

#[test]
fn every_way_to_ask_gives_the_same_rows() {
    let db = teams_with_players();
    let ask = || db.select::<Team>().left_join(Team::ID, Player::TEAM).order_by(Team::ID.asc());
    let all = ask().all().unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(ask().prepare().all(&db, &[]).unwrap(), all);
    let mut visited = Vec::new();
    ask()
        .for_each(|row| {
            visited.push(row);
            Ok(())
        })
        .unwrap();
    assert_eq!(visited, all);
    let unordered = || db.select::<Team>().left_join(Team::ID, Player::TEAM);
    let streamed = unordered().iter().unwrap().collect::<Result<Vec<_>>>().unwrap();
    assert_eq!(streamed, unordered().all().unwrap());
    assert_eq!(streamed.len(), 4);
}

#[test]
fn a_key_without_a_row_stands_beside_none_whatever_was_there_before() {
    let db = teams_with_players();
    let tx = db.begin().unwrap();
    tx.delete_key::<Team>(1u64).unwrap();
    let rows = tx.select::<Team>().left_join(Team::ID, Player::TEAM).order_by(Team::ID.asc()).all().unwrap();
    assert_eq!(
        rows.iter().map(|(team, player)| (team.id, player.is_some())).collect::<Vec<_>>(),
        [(2, true), (3, false)]
    );
    assert!(tx.select::<Team>().left_join(Team::ID, Player::TEAM).group_by(Team::ID).all().is_err());
}
