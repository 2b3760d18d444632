//! What queries and expressions show is the SQL that says them.

use crate::common::Maker;
use wasm_dbms_sql::{Dialect, Statement, parse, parse_expr};

const ROUNDS: u64 = 20_000;

/// Equal and shown equally: values are equal across types, their text is not.
fn same<T: PartialEq + std::fmt::Debug>(left: &T, right: &T) -> bool {
    left == right && format!("{left:?}") == format!("{right:?}")
}

#[test]
fn an_expression_is_what_its_text_says() {
    for seed in 0..ROUNDS {
        let expr = Maker::new(seed).expr(3);
        let text = expr.to_string();
        let read = parse_expr(&text, Dialect::Shown).unwrap_or_else(|error| panic!("seed {seed}: {text}\n{error}"));
        assert!(same(&read, &expr), "seed {seed}: {text}\n{expr:?}\n{read:?}");
    }
}

#[test]
fn a_query_is_what_its_text_says() {
    for seed in 0..ROUNDS {
        let query = Maker::new(seed).query(3);
        let text = query.to_string();
        let read = parse(&text, Dialect::Shown).unwrap_or_else(|error| panic!("seed {seed}: {text}\n{error}"));
        let expected = Statement::Query(query);
        assert!(same(&read.statement, &expected), "seed {seed}: {text}\n{expected:?}\n{:?}", read.statement);
    }
}
