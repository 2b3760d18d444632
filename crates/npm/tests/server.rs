//! What is open, by its numbers.

use wasm_dbms::Value;
use wasm_dbms_module::Server;
use wasm_dbms_npm::Sql;

#[test]
fn numbers_that_nobody_was_given_are_errors() {
    let mut server = Server::<Sql>::default();
    assert!(server.begin(3).is_err());
    assert!(server.close(3).is_err());
    let database = server.open(&[Value::from("memory")]).expect("memory opens");
    let statement = server.prepare("SELECT 1");
    assert!(server.run(database, 7, statement, Vec::new()).is_err());
    assert!(server.run(database, 0, 9, Vec::new()).is_err());
    assert!(server.open(&[Value::from("tape"), Value::Null]).is_err());
    assert!(server.open(&[]).is_err());
    assert!(server.close(database).is_ok());
    assert!(server.close(database).is_err());
}

#[test]
fn a_database_closes_with_a_transaction_open_and_a_subscriber() {
    let mut server = Server::<Sql>::default();
    let database = server.open(&[Value::from("memory")]).expect("memory opens");
    let session = server.begin(database).expect("a session");
    server.script(database, session, "CREATE TABLE t (n integer); BEGIN; INSERT INTO t VALUES (1)").expect("a script");
    server.subscribe(database, &[Value::from("t")]).expect("there is a table t");
    assert!(server.close(database).is_ok());
}
