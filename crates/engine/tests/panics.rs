//! A panic of the caller's inside a transaction undoes what it interrupted, and the database goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, rows};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    #[autoincrement]
    id: u64,
    #[unique]
    email: String,
}

#[derive(DatabaseSchema)]
#[tables(User = "users")]
struct People;

fn user(email: &str) -> NewUser {
    NewUser { email: email.into(), ..Default::default() }
}

fn people() -> Database {
    let db = Database::in_memory().with_schema::<People>().unwrap();
    db.insert(&user("ada")).unwrap();
    db
}

fn five_users() -> Vec<NewUser> {
    (0..5).map(|number| user(&number.to_string())).collect()
}

/// The users, then a panic.
fn panicking(users: &[NewUser]) -> impl Iterator<Item = &NewUser> {
    users.iter().chain(std::iter::once_with(|| panic!("in an iterator")))
}

#[test]
fn a_panic_in_a_closure_undoes_the_transaction_and_the_database_goes_on() {
    let db = people();
    let before = rows(&db, "users");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        db.transaction(|tx| {
            tx.insert(&user("new"))?;
            tx.savepoint(|tx| {
                tx.delete::<User>().run()?;
                Ok(())
            })?;
            if tx.select::<User>().count()? == 0 {
                panic!("changed my mind");
            }
            Ok(())
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(rows(&db, "users"), before);
    let panicked = catch_unwind(AssertUnwindSafe(|| db.select::<User>().for_each(|_| panic!("in a visitor"))));
    assert!(panicked.is_err());
    let users = five_users();
    assert!(catch_unwind(AssertUnwindSafe(|| db.insert_many(panicking(&users)))).is_err());
    assert_eq!(rows(&db, "users"), before);
    db.insert(&user("after")).unwrap();
    assert_sound(&db);
}

#[test]
fn a_panic_that_the_transaction_catches_undoes_only_the_statement_or_savepoint() {
    let db = people();
    let users = five_users();
    db.transaction(|tx| {
        tx.insert(&user("before"))?;
        assert!(catch_unwind(AssertUnwindSafe(|| tx.insert_many(panicking(&users)))).is_err());
        assert_eq!(tx.select::<User>().count()?, 2);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            tx.savepoint(|tx| {
                tx.delete::<User>().run()?;
                if tx.select::<User>().count()? == 0 {
                    panic!("in a savepoint");
                }
                Ok(())
            })
        }));
        assert!(caught.is_err());
        assert_eq!(tx.select::<User>().count()?, 2);
        let undone = tx.savepoint(|tx| {
            tx.insert(&user("undone"))?;
            Err::<(), _>(Error::other("no"))
        });
        assert!(undone.is_err());
        tx.insert(&user("after"))?;
        Ok(())
    })
    .unwrap();
    let emails: Vec<String> = db.select::<User>().all().unwrap().into_iter().map(|user| user.email).collect();
    assert_eq!(emails, ["ada", "before", "after"]);
    assert_sound(&db);
}
