//! Failures of a medium that once left something wrong behind, each as a test of its own. Every other one is in the
//! battery.

use wasm_dbms::prelude::*;
use wasm_dbms_sim::{Fault, Faulty, Injection};

/// Rows of a few hundred bytes, from this number on.
fn insert(tx: &Transaction<'_>, numbers: std::ops::Range<u64>) -> Result<()> {
    numbers.into_iter().try_for_each(|number| {
        let text = format!("{number} {}", "x".repeat(300));
        tx.insert_values("notes", &[("id", Value::from(number)), ("text", Value::from(text))])
    })
}

#[test]
fn a_transaction_larger_than_the_cache_that_cannot_be_written_leaves_no_count_behind() {
    for changes in 0..40 {
        let medium = Faulty::new(HeapProvider::new());
        let options = Options::new().page_size(4096).cache_bytes(0);
        let db = Database::open_with(medium.clone(), options).unwrap();
        let column = |name: &str, kind| ColumnSchema::new(name, kind);
        let notes = TableSchema::new("notes")
            .column(column("id", DataType::U64))
            .column(column("text", DataType::Text))
            .primary_key(["id"])
            .index(["text"]);
        db.create_table(&notes).unwrap();
        db.transaction(|tx| insert(tx, 0..600)).unwrap();
        medium.inject(Injection::after_changes(changes, Fault::Error).for_ever());
        let refused = db.transaction(|tx| {
            // A statement of its own inside, which is undone first.
            tx.savepoint(|tx| insert(tx, 600..1200))?;
            insert(tx, 1200..1500)
        });
        medium.heal();
        assert_eq!(db.check().unwrap(), Vec::<String>::new(), "after {changes} changes: {refused:?}");
        let rows = db.query(&Query::from("notes")).unwrap().rows.len();
        assert_eq!(rows, if refused.is_ok() { 1500 } else { 600 }, "after {changes} changes: {refused:?}");
    }
}
