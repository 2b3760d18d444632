//! References that come when the rows are there, rules of columns, the pieces of a text.

use wasm_dbms::{Database, Sanitizer, Validator};
use wasm_dbms_sql::{Dialect, Session, Sql, TokenKind, tokens};

fn chickens_and_eggs() -> Database {
    let db = Database::in_memory();
    let script = "CREATE TABLE chickens (id bigint PRIMARY KEY, egg bigint);
                  CREATE TABLE eggs (id bigint PRIMARY KEY, chicken bigint NOT NULL);
                  INSERT INTO chickens VALUES (1, 10), (2, NULL);
                  INSERT INTO eggs VALUES (10, 1);";
    Session::new(&db).run(script).unwrap();
    db
}

#[test]
fn references_in_a_circle_are_added_to_rows_that_are_there() {
    let db = chickens_and_eggs();
    db.execute("ALTER TABLE chickens ADD CONSTRAINT laid FOREIGN KEY (egg) REFERENCES eggs (id)", ()).unwrap();
    db.execute("ALTER TABLE eggs ADD FOREIGN KEY (chicken) REFERENCES chickens (id) ON DELETE CASCADE", ()).unwrap();
    let names: Vec<String> =
        db.schemas().unwrap().iter().flat_map(|schema| &schema.foreign_keys).map(|key| key.name.clone()).collect();
    assert_eq!(names, ["laid", "chicken"]);
    let refused = db.execute("INSERT INTO eggs VALUES (11, 3)", ()).unwrap_err();
    assert!(refused.to_string().contains("refers to no row of chickens"), "{refused}");
    assert_eq!(db.execute("UPDATE chickens SET egg = NULL", ()).unwrap(), 2);
    assert_eq!(db.execute("DELETE FROM chickens WHERE id = 1", ()).unwrap(), 1);
    assert_eq!(db.query_row::<(i64,)>("SELECT count(*) FROM eggs", ()).unwrap(), (0,));
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_reference_that_a_row_breaks_is_refused_and_leaves_the_table_as_it_was() {
    let db = chickens_and_eggs();
    db.execute("UPDATE chickens SET egg = 99 WHERE id = 2", ()).unwrap();
    let before = db.schemas().unwrap();
    let add = "ALTER TABLE chickens ADD FOREIGN KEY (egg) REFERENCES eggs (id)";
    let refused = db.execute(add, ()).unwrap_err();
    let row = "the row of chickens with id = 2 stands in the way";
    assert_eq!(refused.to_string(), format!("{row}: chickens.egg = 99 refers to no row of eggs"));
    assert_eq!(db.schemas().unwrap(), before);
    let session = Session::new(&db);
    session.run("BEGIN IMMEDIATE; INSERT INTO chickens VALUES (3, NULL)").unwrap();
    session.run(add).unwrap_err();
    session.run("INSERT INTO chickens VALUES (4, 1000); COMMIT").unwrap();
    assert_eq!(db.schemas().unwrap(), before);
    assert_eq!(db.query_row::<(i64,)>("SELECT count(*) FROM chickens", ()).unwrap(), (4,));
    for nonsense in ["egg) REFERENCES nests (id)", "egg) REFERENCES eggs (chicken)", "nest) REFERENCES eggs (id)"] {
        db.execute(&format!("ALTER TABLE chickens ADD FOREIGN KEY ({nonsense}"), ()).unwrap_err();
        assert_eq!(db.schemas().unwrap(), before);
    }
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_constraint_of_any_kind_goes_by_its_name() {
    let db = Database::in_memory();
    db.execute(
        "CREATE TABLE t (a integer CONSTRAINT once UNIQUE, b integer CONSTRAINT up REFERENCES t (a), c integer,
         CONSTRAINT low CHECK (c < 100), UNIQUE (b, c))",
        (),
    )
    .unwrap();
    let refused = db.execute("INSERT INTO t VALUES (1, NULL, 100)", ()).unwrap_err();
    assert!(refused.to_string().contains("low"), "{refused}");
    let refused = db.execute("ALTER TABLE t DROP CONSTRAINT once", ()).unwrap_err();
    assert!(refused.to_string().contains("b refers to t.a, which is not unique"), "{refused}");
    for name in ["up", "once", "low", "b_c"] {
        db.execute(&format!("ALTER TABLE t DROP CONSTRAINT {name}"), ()).unwrap();
        let refused = db.execute(&format!("ALTER TABLE t DROP CONSTRAINT {name}"), ()).unwrap_err();
        assert!(refused.to_string().starts_with(&format!("there is no constraint t.{name}")), "{refused}");
        db.execute(&format!("ALTER TABLE t DROP CONSTRAINT IF EXISTS {name}"), ()).unwrap();
    }
    db.execute("INSERT INTO t VALUES (1, 9, 100), (1, 9, 100)", ()).unwrap();
    assert_eq!(db.check().unwrap(), Vec::<String>::new());
    db.execute("ALTER TABLE none DROP CONSTRAINT low", ()).unwrap_err();
    db.execute("ALTER TABLE IF EXISTS none DROP CONSTRAINT low", ()).unwrap();
}

#[test]
fn constraints_keep_their_names() {
    let db = Database::in_memory();
    db.execute(
        "CREATE TABLE t (a integer CONSTRAINT one UNIQUE, b integer CONSTRAINT two REFERENCES t (a), c integer,
         CONSTRAINT three UNIQUE (b, c), CONSTRAINT four FOREIGN KEY (c) REFERENCES t (a))",
        (),
    )
    .unwrap();
    let schema = db.schemas().unwrap().remove(0);
    let indexes: Vec<&str> = schema.indexes.iter().map(|index| index.name.as_str()).collect();
    let keys: Vec<&str> = schema.foreign_keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!((indexes, keys), (vec!["one", "three"], vec!["two", "four"]));
}

#[test]
fn rules_of_a_column_are_written_behind_its_type() {
    let db = Database::in_memory();
    db.execute(
        "CREATE TABLE users (
             email text NOT NULL SANITIZE (Trim, lower_case) VALIDATE (Email, MaxLen(20)),
             age integer SANITIZE (Clamp(0, 150)) VALIDATE (Range(-1, 200)) DEFAULT 7)",
        (),
    )
    .unwrap();
    let schema = db.schemas().unwrap().remove(0);
    assert_eq!(schema.columns[0].sanitizers, [Sanitizer::Trim, Sanitizer::LowerCase]);
    assert_eq!(schema.columns[0].validators, [Validator::Email, Validator::MaxLen(20)]);
    assert_eq!(schema.columns[1].default, Some(7.into()));
    db.execute("INSERT INTO users VALUES (' Ada@Example.com', 1000)", ()).unwrap();
    let row: (String, i64) = db.query_row("SELECT email, age FROM users", ()).unwrap();
    assert_eq!(row, ("ada@example.com".into(), 150));
    db.execute("INSERT INTO users VALUES ('nobody', 1)", ()).unwrap_err();
    for nonsense in
        ["VALIDATE (Nothing)", "VALIDATE (MaxLen(-1))", "VALIDATE (MaxLen)", "SANITIZE (Email)", "SANITIZE ()"]
    {
        let refused = db.execute(&format!("CREATE TABLE t (a text {nonsense})"), ()).unwrap_err();
        assert!(matches!(refused, wasm_dbms_sql::Error::Text(_)), "{refused}");
    }
}

#[test]
fn the_pieces_of_any_text_stand_behind_each_other_and_end() {
    for text in [
        "",
        "SELECT 1",
        "'",
        "\"a",
        "/* a",
        "$$ a",
        "$a",
        "é€ 'ü' \u{0} \\ @ ~ 12ab",
        "E'\\",
        "--",
        "x'0",
        "1..2",
        "u&'a'",
        "SELECT /* 'a; */ 'it''s' || $x$;$x$ ; -- ;",
    ] {
        let mut end = 0;
        for (kind, range) in tokens(text, Dialect::PostgreSql) {
            assert!(
                range.start >= end && range.end > range.start && text.get(range.clone()).is_some(),
                "{text}: {kind:?}"
            );
            end = range.end;
        }
    }
    let kinds = |text: &str| tokens(text, Dialect::PostgreSql).map(|(kind, _)| kind).collect::<Vec<_>>();
    for unfinished in ["'a;", "\"a", "SELECT /* ;", "$$ ;", "E'a\\'"] {
        assert_eq!(kinds(unfinished).last(), Some(&TokenKind::Unfinished), "{unfinished}");
    }
    assert_eq!(kinds("\\ 1"), [TokenKind::Unknown, TokenKind::Number]);
}
