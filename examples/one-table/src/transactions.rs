//! Transactions of every kind, savepoints, snapshots, the change feed.

use wasm_dbms::prelude::*;

use crate::{Report, Words, answer};

/// Changes the weight of a note.
macro_rules! weigh {
    ($connection:expr, $id:expr, $weight:expr) => {
        $connection.update_values(
            "notes",
            &[("weight", Value::from($weight))],
            Expr::column("id").compare(Comparison::Equal, $id),
        )
    };
}

/// Commits, rolls back, meets a conflict, hears of changes.
///
/// # Errors
/// What the database says.
pub fn show(db: &Database, report: &mut Report<'_>) -> Result<()> {
    let mut changes = db.subscribe([Topic::table("notes")])?;
    let snapshot = db.snapshot()?;
    let weighed = db.transaction(|tx| {
        weigh!(tx, 1, 10)?;
        let taken_back = tx.savepoint(|tx| {
            weigh!(tx, 1, 11)?;
            Err::<(), _>(Error::other(Words("not so")))
        });
        Ok(taken_back.is_err())
    })?;
    answer(report, "taken back to the savepoint", &weighed.to_string());

    let one = db.begin()?;
    let other = db.begin_with(BeginOptions::new().isolation(Isolation::Snapshot))?;
    weigh!(one, 2, 20)?;
    weigh!(other, 2, 21)?;
    one.commit(Durability::Full)?;
    let lost = other.commit(Durability::Eventual).err();
    answer(report, "conflict", &lost.is_some_and(|error| error.is_conflict()).to_string());
    let retried = db.retry(3, |tx| Ok(weigh!(tx, 3, 30)?))?;
    answer(report, "retried", &retried.to_string());
    let exclusive = db.begin_exclusive()?;
    weigh!(exclusive, 4, 40)?;
    exclusive.rollback();

    while let Some(change) = changes.try_next()? {
        let weight = |row: &Option<Vec<Value>>| row.as_ref().and_then(|row| row.get(3)).map(Value::to_string);
        let (old, new) = (weight(&change.old), weight(&change.new));
        answer(report, "changed", &format!("{} to {}", old.unwrap_or_default(), new.unwrap_or_default()));
    }
    let heavy = Expr::column("weight").compare(Comparison::GreaterOrEqual, 10);
    answer(report, "heavy before", &snapshot.count_values("notes", heavy.clone())?.to_string());
    answer(report, "heavy now", &db.count_values("notes", heavy)?.to_string());
    Ok(())
}
