//! `wasm-dbms migrate`: the plan, what may be lost, what it comes to.

use std::path::Path;

use crate::support::{Folder, Run, output_on, run_on};

const EXTRA: &str = "ALTER TABLE authors ADD COLUMN born integer DEFAULT 1900;";

/// A library, and its schema with a change in a file.
fn library(change: &str) -> (Folder, String) {
    let folder = Folder::with_library(3);
    let wanted = format!("{}\n{change}", folder.output(&[".schema"]));
    let path = folder.path("wanted.sql");
    std::fs::write(&path, wanted).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn migrate(folder: &Folder, words: &[&str]) -> Run {
    let database = folder.database();
    let words: Vec<&str> = std::iter::once(database.to_str().unwrap()).chain(words.iter().copied()).collect();
    run_on(Path::new("migrate"), &words)
}

fn bytes(folder: &Folder) -> Vec<u8> {
    std::fs::read(folder.database()).unwrap()
}

#[test]
fn the_exit_code_says_whether_there_is_something_to_do() {
    let (folder, path) = library(EXTRA);
    let before = bytes(&folder);
    let plan = "add column authors.born (i32, null, default 1900): at once\n";
    for words in [vec![&*path], vec![&*path, "--plan"]] {
        let run = migrate(&folder, &words);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(2), plan, ""));
    }
    assert!(bytes(&folder) == before);
    let run = migrate(&folder, &[&path, "--apply"]);
    assert_eq!((run.code, run.stdout), (Some(0), format!("{plan}done\n")));
    let run = migrate(&folder, &[&path, "--plan"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "nothing to do\n"));
    let history = folder.output(&[".migrate", "history"]);
    assert!(history.starts_with("1: 20"), "{history}");
    assert!(history.ends_with("\n  add column authors.born (i32, null, default 1900)\n"), "{history}");
    assert_eq!(migrate(&folder, &["--history"]).stdout, history);
}

#[test]
fn each_operation_that_loses_data_is_allowed_by_a_flag_of_its_own() {
    let (folder, path) = library("ALTER TABLE authors DROP COLUMN active; ALTER TABLE books DROP COLUMN cover;");
    let before = bytes(&folder);
    for flags in [&["--plan"][..], &["--apply"], &["--apply", "--allow", "drop column authors.active"]] {
        let words: Vec<&str> = std::iter::once(path.as_str()).chain(flags.iter().copied()).collect();
        let run = migrate(&folder, &words);
        assert_eq!(run.code, Some(3), "{}", run.stderr);
        assert!(run.stdout.contains("drop column books.cover: at once, of 3 rows; LOSES DATA\n"), "{}", run.stdout);
        assert!(run.stderr.contains(" --allow 'drop column books.cover'"), "{}", run.stderr);
        assert!(bytes(&folder) == before);
    }
    let allowed = ["--allow", "drop column authors.active", "--allow", "drop column books.cover"];
    let words = |last: &'static str| [&[path.as_str()][..], &allowed, &[last]].concat();
    assert_eq!(migrate(&folder, &words("--plan")).code, Some(2));
    let run = migrate(&folder, &words("--apply"));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(folder.output(&[".check", "SELECT * FROM books", "--format", "csv"]).lines().count(), 5);
}

#[test]
fn a_dry_run_finds_rows_in_the_way_and_leaves_no_trace() {
    let (folder, path) = library("ALTER TABLE books ALTER COLUMN price SET NOT NULL;");
    let before = bytes(&folder);
    let run = migrate(&folder, &[&path, "--apply", "--dry-run"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("the row of books with isbn = 'isbn-00002' stands in the way"), "{}", run.stderr);
    let (other, extra) = library(EXTRA);
    let run = migrate(&other, &[&extra, "--apply", "--dry-run"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(run.stdout.ends_with("done on a copy, which is sound and gone\n"), "{}", run.stdout);
    assert_eq!(migrate(&other, &[&extra]).code, Some(2));
    assert!(bytes(&folder) == before);
    for folder in [folder, other] {
        let left = std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("dry")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn what_was_called_otherwise_is_renamed_and_other_tables_may_stay() {
    let (folder, _) = library("");
    let path = folder.path("wanted.json");
    let schema = r#"[{"name": "writers", "primary_key": ["id"], "columns": [
        {"name": "id", "data_type": "U64", "autoincrement": true},
        {"name": "mail", "data_type": "Text"},
        {"name": "active", "data_type": "Bool", "default": {"Bool": true}}
    ]}]"#;
    std::fs::write(&path, schema).unwrap();
    let path = path.to_str().unwrap();
    let renamed = ["--renamed", "authors=writers", "--renamed", "writers.email=mail"];
    let words = |last: &[&'static str]| [&[path][..], &renamed, last].concat();
    let plan = migrate(&folder, &words(&[])).stdout;
    assert!(
        plan.starts_with("rename table authors to writers: at once\nrename column writers.email to mail: at once\n")
    );
    assert!(plan.contains("drop table books: at once, of 3 rows; LOSES DATA\n"), "{plan}");
    let run = migrate(&folder, &words(&["--keep-others", "--apply"]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(output_on(&folder.database(), &[".count writers", ".count books", ".check"]).lines().count(), 3);
    let run = migrate(&folder, &words(&["--keep-others", "--json"]));
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "{\n  \"operations\": []\n}\n"));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_word() {
    let (folder, path) = library("");
    let refused = |words: &[&str], part: &str| {
        let run = migrate(&folder, words);
        assert_eq!(run.code, Some(1), "{words:?}");
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains(part), "{words:?}: {}", run.stderr);
    };
    refused(&[], "SCHEMA");
    refused(&[&path, "--plan", "--apply"], "cannot be used with");
    refused(&[&path, "--dry-run"], "--apply");
    refused(&[&path, "--renamed", "authors"], "OLD=NEW");
    refused(&[&path, "--renamed", "people=nobody"], "OLD=NEW");
    refused(&["nowhere.sql"], "nowhere.sql");
    let run = run_on(Path::new("migrate"), &["nowhere.db", &path]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("nowhere.db"), "{}", run.stderr);
    assert!(run_on(Path::new("migrate"), &["--help"]).stdout.contains("Exit codes:"));
    let man = output_on(Path::new("--man"), &[]);
    assert!(man.contains("MIGRATE: OPTIONS") && man.contains("dry\\-run") && man.contains("Exit codes:"), "{man}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(output_on(Path::new("--completions"), &[shell]).contains("keep-others"), "{shell}");
    }
}
