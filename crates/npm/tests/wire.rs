//! Bytes that are no parameters are refused, whatever they are.

use wasm_dbms::Value;
use wasm_dbms_module::{Server, read_values};

#[test]
fn bytes_of_any_kind_are_values_or_an_error() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..100_000 {
        let length = random.usize(..40);
        // Small bytes are tags and lengths, large ones neither.
        let bytes: Vec<u8> = (0..length).map(|_| if random.bool() { random.u8(..12) } else { random.u8(..) }).collect();
        let _ = read_values(&bytes);
    }
}

#[test]
fn a_length_that_is_longer_than_the_bytes_is_refused() {
    for tag in [7, 8, 10] {
        assert!(read_values(&[tag, 255, 255, 255, 255, b'x']).is_err());
        assert!(read_values(&[tag, 2, 0, 0]).is_err());
    }
    assert!(read_values(&[99]).is_err());
}

#[test]
fn numbers_that_nobody_was_given_are_errors() {
    let mut server = Server::default();
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
    let mut server = Server::default();
    let database = server.open(&[Value::from("memory")]).expect("memory opens");
    let session = server.begin(database).expect("a session");
    server.script(database, session, "CREATE TABLE t (n integer); BEGIN; INSERT INTO t VALUES (1)").expect("a script");
    server.subscribe(database, &[Value::from("t")]).expect("there is a table t");
    assert!(server.close(database).is_ok());
}
