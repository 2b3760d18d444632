//! A table that comes, goes or changes while interactive transactions are open: what relied on it is a conflict.

use wasm_dbms::SchemaChange;
use wasm_dbms::prelude::*;

use crate::support::assert_sound;

fn table(name: &str) -> TableSchema {
    TableSchema::new(name).column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"])
}

fn database() -> Database {
    let db = Database::in_memory();
    for name in ["one", "two"] {
        db.create_table(&table(name)).unwrap();
        db.insert_values(name, &[("n", 1.into())]).unwrap();
    }
    db
}

/// Begins a transaction that writes into `one`, and does `before` in it.
fn begun(db: &Database, isolation: Isolation, before: impl FnOnce(&OptimisticTransaction)) -> OptimisticTransaction {
    let tx = db.begin_with(BeginOptions::new().isolation(isolation)).unwrap();
    before(&tx);
    tx.insert_values("one", &[("n", 2.into())]).unwrap();
    tx
}

/// The table of the conflict that the commit comes to; none if it is done.
fn conflict(db: &Database, tx: OptimisticTransaction) -> Option<String> {
    let table = match tx.commit(Durability::Full) {
        Ok(()) => None,
        Err(Error::Conflict { table, .. }) => Some(table),
        Err(other) => panic!("{other}"),
    };
    assert_sound(db);
    table
}

const BOTH: [Isolation; 2] = [Isolation::Serializable, Isolation::Snapshot];

#[test]
fn a_table_that_it_has_written_and_another_dropped_is_a_conflict() {
    for isolation in BOTH {
        let db = database();
        let tx = begun(&db, isolation, |_| ());
        db.drop_table("one").unwrap();
        assert_eq!(tx.count_values("one", None).unwrap(), 2);
        assert_eq!(conflict(&db, tx).as_deref(), Some("one"));
    }
}

#[test]
fn a_table_that_it_has_named_and_another_dropped_is_a_conflict_of_serializable_ones() {
    let is_never = || Expr::from(Value::Null);
    let ways: [fn(&OptimisticTransaction); 3] = [
        |tx| assert_eq!(tx.query(&Query::from("two")).unwrap().rows.len(), 1),
        // What cannot be true reads no row.
        |tx| assert_eq!(tx.delete_values("two", Expr::from(Value::Null)).unwrap(), 0),
        |tx| assert_eq!(tx.insert_many_values("two", &["n"], std::iter::empty::<[Value; 1]>()).unwrap(), 0),
    ];
    for way in ways {
        let db = database();
        let serializable = begun(&db, Isolation::Serializable, way);
        let snapshot = begun(&db, Isolation::Snapshot, way);
        db.drop_table("two").unwrap();
        assert_eq!(conflict(&db, serializable).as_deref(), Some("two"));
        assert_eq!(conflict(&db, snapshot), None);
        assert!(db.query(&Query::from("two").filter(is_never())).is_err());
    }
}

#[test]
fn a_table_that_it_has_named_in_a_prepared_question_is_one_that_it_named() {
    let db = database();
    let question = wasm_dbms::Prepared::new(Query::from("two").filter(Expr::from(Value::Null)));
    // Planned by another, so that the transaction only runs the plan.
    assert_eq!(question.query(&db, &[]).unwrap().rows.len(), 0);
    let tx = begun(&db, Isolation::Serializable, |tx| {
        assert_eq!(question.query(tx, &[]).unwrap().rows.len(), 0);
    });
    assert_eq!(question.plan_count(), 1);
    db.drop_table("two").unwrap();
    assert_eq!(conflict(&db, tx).as_deref(), Some("two"));
}

#[test]
fn a_table_that_nobody_asked_for_may_come_go_and_be_referred_to() {
    for isolation in BOTH {
        let db = database();
        db.create_table(&table("three")).unwrap();
        let tx = begun(&db, isolation, |_| ());
        db.drop_table("two").unwrap();
        db.create_table(&table("child").foreign_key("n", "three", "n", ReferentialAction::Cascade)).unwrap();
        assert_eq!(conflict(&db, tx), None);
    }
}

#[test]
fn a_table_made_meanwhile_is_a_conflict_for_one_that_asked_for_it_and_for_nobody_else() {
    for isolation in BOTH {
        let db = database();
        let asked = begun(&db, isolation, |tx| {
            assert!(matches!(tx.query(&Query::from("new")), Err(Error::Unknown { .. })));
        });
        let other = db.begin_with(BeginOptions::new().isolation(isolation)).unwrap();
        other.insert_values("two", &[("n", 2.into())]).unwrap();
        db.create_table(&table("new")).unwrap();
        let is_serializable = isolation == Isolation::Serializable;
        assert_eq!(conflict(&db, asked).as_deref(), is_serializable.then_some("new"));
        assert_eq!(conflict(&db, other), None);
    }
}

#[test]
fn a_reference_made_meanwhile_to_a_row_that_it_replaced_is_a_conflict_of_serializable_ones() {
    for isolation in BOTH {
        let db = database();
        let tx = begun(&db, isolation, |tx| {
            tx.delete_values("one", None).unwrap();
            tx.insert_values("one", &[("n", 1.into())]).unwrap();
        });
        let child = table("child").foreign_key("n", "one", "n", ReferentialAction::Restrict);
        db.create_table(&child).unwrap();
        db.insert_values("child", &[("n", 1.into())]).unwrap();
        let is_serializable = isolation == Isolation::Serializable;
        assert_eq!(conflict(&db, tx).as_deref(), is_serializable.then_some("one"));
    }
}

#[test]
fn a_table_of_the_same_name_made_after_the_one_it_wrote_was_dropped_is_a_conflict() {
    for isolation in BOTH {
        let db = database();
        let tx = begun(&db, isolation, |_| ());
        db.drop_table("one").unwrap();
        db.create_table(&table("one")).unwrap();
        assert_eq!(conflict(&db, tx).as_deref(), Some("one"));
        assert_eq!(db.count_values("one", None).unwrap(), 0);
    }
}

#[test]
fn rows_too_many_to_remember_that_were_written_where_another_table_was_dropped_are_a_conflict() {
    let db = Database::in_memory_with(Options::new().history_bytes(10_000)).unwrap();
    for name in ["dropped", "one", "two"] {
        db.create_table(&table(name)).unwrap();
    }
    let tx = begun(&db, Isolation::Serializable, |tx| assert_eq!(tx.count_values("two", None).unwrap(), 0));
    db.transaction(|tx| {
        tx.insert_many_values("two", &["n"], (0..1000).map(|n| [Value::from(n)]))?;
        SchemaChange::DropTable("dropped".into()).run(tx)
    })
    .unwrap();
    assert_eq!(conflict(&db, tx).as_deref(), Some("two"));
}
