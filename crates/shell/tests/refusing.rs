//! Bad input: one line on stderr, exit code 1, nothing on stdout.

use std::process::Stdio;

use crate::support::{Folder, Run, refused, run_on};

/// Where page `number` of 8 KiB stands in the file: both header slots, the ring, the first group's ledger page.
fn address(number: usize) -> usize {
    8192 + 32768 + 8192 + number * 8192
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let folder = Folder::empty();
    let refusal = folder.refusal(&[".tables"]);
    assert!(refusal.contains("library.db") && refusal.contains("No such file"), "{refusal}");
    assert!(!folder.database().exists());
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = Folder::empty();
    for bytes in [&b""[..], &b"id,name\n1,Ada\n"[..], &[0; 4096][..], &[0; 100_000][..], &[0xFF; 50_000][..]] {
        std::fs::write(folder.database(), bytes).unwrap();
        let refusal = folder.refusal(&[".tables"]);
        assert!(refusal.ends_with("library.db: not a wasm-dbms database"), "{refusal}");
        assert!(std::fs::read(folder.database()).unwrap() == bytes);
    }
}

#[test]
fn a_folder_is_no_database() {
    let folder = Folder::empty();
    let refusal = refused(&run_on(&folder.path("."), &[".tables"]));
    assert!(refusal.to_lowercase().contains("is a directory"), "{refusal}");
}

#[test]
fn a_database_that_is_cut_off_is_refused_by_name() {
    let folder = Folder::with_library(500);
    let bytes = std::fs::read(folder.database()).unwrap();
    std::fs::write(folder.database(), &bytes[..60_000]).unwrap();
    let refusal = folder.refusal(&[".tables"]);
    assert!(refusal.contains("truncated"), "{refusal}");
}

#[test]
fn a_database_that_another_has_open_is_refused() {
    use wasm_dbms::prelude::*;
    let folder = Folder::with_library(1);
    let _open = Database::open(FileProvider::open(folder.database()).unwrap()).unwrap();
    let refusal = folder.refusal(&[".tables"]);
    assert!(refusal.contains("is open already"), "{refusal}");
}

#[test]
fn an_unknown_command_is_refused_before_anything_runs() {
    let folder = Folder::with_library(1);
    let refusal = folder.refusal(&[".tables", ".tabels"]);
    assert_eq!(refusal, "unknown command .tabels; .help lists them");
    let run = folder.run(&["tables"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.starts_with("error: line 1, column 1: expected a statement"), "{}", run.stderr);
}

#[test]
fn a_command_with_wrong_arguments_says_how_it_is_used() {
    let folder = Folder::with_library(1);
    for (words, expected) in [
        (&[".rows"][..], ".rows is used otherwise: .rows TABLE [LIMIT]"),
        (&[".count", "a", "b"], ".count is used otherwise: .count TABLE"),
        (&[".page"], ".page is used otherwise: .page N"),
        (&[".page", "-1"], "unexpected argument '-1'"),
        (&[".page", "x"], "the page of .page is a whole number, not x"),
        (&[".page", "99999999999"], "the page of .page is a whole number, not 99999999999"),
        (&[".rows", "authors", "many"], "the limit of .rows is a whole number, not many"),
        (&[".export"], ".export is used otherwise: .export PATH"),
    ] {
        let run = folder.run(words);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{words:?}");
        assert!(run.stderr.contains(expected), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn an_unknown_table_is_named() {
    let folder = Folder::with_library(1);
    for command in [".rows", ".count", ".schema"] {
        assert_eq!(folder.refusal(&[command, "autors"]), "there is no table autors");
    }
}

#[test]
fn a_page_past_the_end_is_refused() {
    let refusal = Folder::with_library(1).refusal(&[".page", "1000"]);
    assert!(refusal.starts_with("page 1000 is out of range"), "{refusal}");
}

#[test]
fn an_unknown_format_is_refused() {
    let run = Folder::with_library(1).run(&[".rows", "authors", "--format", "xml"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.contains("xml") && run.stderr.contains("json"), "{}", run.stderr);
}

#[test]
fn an_export_overwrites_nothing() {
    let folder = Folder::with_library(1);
    let before = std::fs::read(folder.database()).unwrap();
    let database = folder.database();
    let refusal = folder.refusal(&[".export", database.to_str().unwrap()]);
    assert!(refusal.contains("exists"), "{refusal}");
    assert!(std::fs::read(database).unwrap() == before);
    let nowhere = folder.path("no/such/folder.db");
    assert!(folder.refusal(&[".export", nowhere.to_str().unwrap()]).starts_with("cannot export to "));
}

#[test]
fn a_damaged_page_is_a_finding_with_exit_code_1() {
    let folder = Folder::with_library(2000);
    let mut bytes = std::fs::read(folder.database()).unwrap();
    bytes[address(10) + 4000] ^= 1;
    std::fs::write(folder.database(), bytes).unwrap();
    for command in [".check", ".pages"] {
        let Run { code, stdout, stderr } = folder.run(&[command]);
        assert_eq!((code, stderr.as_str()), (Some(1), ""), "{stdout}");
        assert!(stdout.contains("page 10 has checksum "), "{stdout}");
    }
    let map = folder.run(&[".pages"]).stdout;
    assert_eq!(map.lines().next().unwrap().chars().nth(10 + 10), Some('!'), "{map}");
}

#[test]
fn findings_do_not_keep_later_commands_from_running() {
    let folder = Folder::with_library(2000);
    let mut bytes = std::fs::read(folder.database()).unwrap();
    bytes[address(10) + 4000] ^= 1;
    std::fs::write(folder.database(), bytes).unwrap();
    let run = folder.run(&[".check", ".schema", "books"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("CREATE TABLE books"), "{}", run.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::with_library(20_000);
    for format in ["csv", "json", "table", "line"] {
        let mut child = crate::support::command(&folder.database(), &["--format", format, ".rows", "books", ".check"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn help_and_version_need_no_file() {
    for (word, expected) in [("--help", ".export PATH"), ("--version", "wasm-dbms 0.")] {
        let run = run_on(word.as_ref(), &[]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    }
}
