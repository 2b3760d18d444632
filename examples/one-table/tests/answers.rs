//! What the scenario answers, and that the file it leaves is sound.

#![cfg(test)]

use wasm_dbms::prelude::*;

#[test]
fn the_scenario_does_all_of_it_and_leaves_a_sound_file() {
    let mut lines = Vec::new();
    let exported = one_table::run(&mut |line| {
        lines.push(line.to_owned());
        true
    })
    .unwrap();
    for expected in [
        "answer: inserted: 1 first 3",
        "answer: refused: notes has a row with title = 'second' already",
        "answer: refused: notes refuses a row with weight = -1: weight >= 0",
        "answer: refused: notes.parent = 99 refers to no row of notes",
        "answer: conflict: true",
        "answer: changed: 2 to 30",
        "answer: heavy before: 0",
        "answer: heavy now: 3",
        "answer: findings: 0",
        "answer: smaller: true",
        "answer: notes in the file: 5",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected:?} is not among {lines:#?}");
    }
    let medium = HeapProvider::new();
    medium.write(0, &exported).unwrap();
    let db = Database::open(medium).unwrap();
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    assert_eq!(db.count_values("notes", None).unwrap(), 5);
}
