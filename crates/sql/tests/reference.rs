//! Every example of `docs/SQL.md`, run in order.

use wasm_dbms::{Database, Value};
use wasm_dbms_sql::{Row, Session};

const REFERENCE: &str = include_str!("../../../docs/SQL.md");

/// A statement and what stands behind it.
#[derive(Default)]
struct Example {
    sql: String,
    answer: Vec<String>,
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let blocks = REFERENCE.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next());
    for block in blocks {
        let mut example = Example::default();
        for line in block.lines() {
            if let Some(answer) = line.strip_prefix("-- ") {
                example.answer.push(answer.to_owned());
                continue;
            }
            if example.sql.trim_end().ends_with(';') {
                examples.push(std::mem::take(&mut example));
            }
            example.sql.push_str(line);
            example.sql.push('\n');
        }
        examples.push(example);
    }
    examples
}

fn shown(row: &Row) -> String {
    let show = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => other.to_string().trim_matches('\'').to_owned(),
    };
    row.values().iter().map(show).collect::<Vec<_>>().join("|")
}

#[test]
fn every_example_of_the_reference_answers_what_stands_there() {
    let db = Database::in_memory();
    let session = Session::new(&db);
    let examples = examples();
    assert!(examples.len() > 50, "{} examples", examples.len());
    for Example { sql, answer } in examples {
        let is_shown = !sql.starts_with("EXPLAIN");
        let wanted_error = answer.first().and_then(|line| line.strip_prefix("error: "));
        match (session.query_rows::<Row>(&sql, ()), wanted_error) {
            (Ok(rows), None) if is_shown => assert_eq!(rows.iter().map(shown).collect::<Vec<_>>(), answer, "{sql}"),
            (Ok(_), None) => {}
            (Err(error), Some(wanted)) => assert!(error.to_string().contains(wanted), "{sql}{error}"),
            (Ok(_), Some(wanted)) => panic!("{sql}runs, and should say {wanted}"),
            (Err(error), None) => panic!("{sql}{error}"),
        }
    }
}

#[test]
fn what_the_reference_calls_refused_is_refused_by_its_name() {
    let database = Database::in_memory();
    Session::new(&database).execute("CREATE TABLE t (n bigint, s text)", ()).unwrap();
    let table = REFERENCE.split("| refused | instead |").nth(1).expect("the table of what is refused");
    let statements: Vec<&str> = table
        .lines()
        .skip(2)
        .filter_map(|line| line.split(" | ").next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    for statement in &statements {
        let mut refused = Session::new(&database).execute(statement, ()).expect_err(statement).to_string();
        refused.truncate(200);
        assert!(refused.contains("not supported: "), "{statement}: {refused}");
    }
    assert!(statements.len() > 50, "{}", statements.len());
}
