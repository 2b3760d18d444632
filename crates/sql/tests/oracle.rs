//! `sqlparser` accepts and rejects the same texts.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Command;

use crate::common::Maker;
use sqlparser::dialect::{PostgreSqlDialect, SQLiteDialect};
use wasm_dbms_sql::{Dialect, parse, parse_all};

fn oracle(text: &str, dialect: Dialect) -> bool {
    let parsed = match dialect {
        Dialect::Sqlite => sqlparser::parser::Parser::parse_sql(&SQLiteDialect {}, text),
        _ => sqlparser::parser::Parser::parse_sql(&PostgreSqlDialect {}, text),
    };
    parsed.is_ok()
}

/// The statements of sqllogictest files that any database is meant to take, and those that SQLite is.
fn statements(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    for record in text.split("\n\n") {
        let mut lines = record.lines().filter(|line| !line.starts_with('#')).peekable();
        let mut is_ours = true;
        let mut is_record = false;
        while let Some(line) = lines.peek() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("onlyif"), Some(name)) => is_ours &= name == "sqlite",
                (Some("skipif"), Some(name)) => is_ours &= name != "sqlite",
                (Some("statement"), Some(expected)) => (is_record, is_ours) = (true, is_ours && expected == "ok"),
                (Some("query"), _) => is_record = true,
                (Some("hash-threshold" | "halt"), _) | (None, _) => {}
                _ => break,
            }
            lines.next();
        }
        let sql: Vec<&str> = lines.take_while(|line| *line != "----" && !line.starts_with("hash-threshold")).collect();
        if is_ours && is_record && !sql.is_empty() {
            statements.push(sql.join("\n"));
        }
    }
    statements
}

#[test]
fn every_statement_of_the_corpus_is_read() {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/sqllogictest/sample.tar.xz");
    let Some(output) = archive.exists().then(|| Command::new("tar").arg("-xJOf").arg(&archive).output().ok()).flatten()
    else {
        println!("skipped: there is no {}, or no tar", archive.display());
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    let statements: HashSet<String> = statements(&text).into_iter().collect();
    assert!(output.status.success() && statements.len() > 10_000, "{}", statements.len());
    let mut refused = BTreeMap::<String, (usize, &str)>::new();
    let mut read_here_only = 0;
    for statement in &statements {
        match parse_all(statement, Dialect::Sqlite) {
            Ok(_) => read_here_only += usize::from(!oracle(statement, Dialect::Sqlite)),
            Err(error) => refused.entry(error.kind.to_string()).or_insert((0, statement)).0 += 1,
        }
    }
    println!("{} statements, {read_here_only} of them read by us only", statements.len());
    // What is refused by name, and how often it may be.
    for (reason, most) in [("not supported: INDEXED BY and NOT INDEXED", 3), ("DISTINCT takes one argument only", 1)] {
        let count = refused.remove(reason).map_or(0, |(count, _)| count);
        assert!(count <= most, "{reason}: {count}");
    }
    assert!(refused.is_empty(), "{refused:#?}");
    // `x IN table`.
    assert!(read_here_only < 100, "{read_here_only}");
}

#[test]
fn what_the_database_can_say_sqlparser_reads_too() {
    let mut refused = Vec::new();
    for seed in 0..5_000 {
        let mut maker = Maker::new(seed);
        maker.own_forms = false;
        let text = maker.query(3).to_string();
        assert!(parse(&text, Dialect::PostgreSql).is_ok(), "seed {seed}: {text}");
        if let Err(error) = sqlparser::parser::Parser::parse_sql(&PostgreSqlDialect {}, &text) {
            refused.push(format!("seed {seed}: {error}: {text}"));
        }
    }
    assert!(
        refused.is_empty(),
        "{}\n{}",
        refused.len(),
        refused.iter().take(8).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// Texts with one word taken away, put in twice or changed: what we take, `sqlparser` takes.
#[test]
fn a_text_with_a_mistake_is_taken_only_if_sqlparser_takes_it() {
    let mut taken = 0;
    for seed in 0..5_000 {
        let mut maker = Maker::new(seed);
        maker.own_forms = false;
        let text = maker.query(2).to_string();
        let mut words: Vec<&str> = text.split_inclusive([' ', '(', ')', ',']).collect();
        let place = maker.rng.usize(..words.len());
        match maker.rng.u8(..3) {
            0 => {
                words.remove(place);
            }
            1 => words.insert(place, words[place]),
            _ => words.swap(place, maker.rng.usize(..text.split_inclusive([' ', '(', ')', ',']).count())),
        }
        let text = words.concat();
        if parse(&text, Dialect::PostgreSql).is_ok() {
            assert!(oracle(&text, Dialect::PostgreSql), "seed {seed}: {text}");
            taken += 1;
        }
    }
    println!("{taken} of 5000 taken");
}
