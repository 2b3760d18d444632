//! The interactive shell, on a terminal of its own.

#![cfg(unix)]

use std::process::Command;
use std::time::Duration;

use rexpect::session::{PtySession, spawn_command};

use crate::support::Folder;

const PROMPT: &str = "wasm-dbms> ";

/// Starts the shell on the database of a folder.
fn talk(folder: &Folder) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-dbms"));
    command.arg(folder.database()).env("WASM_DBMS_HISTORY", folder.path("history")).env("TERM", "xterm");
    // Colours would stand between the words that are waited for.
    command.env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(20_000)).unwrap();
    session.exp_string(".help lists the commands").unwrap();
    session.exp_string(PROMPT).unwrap();
    session
}

#[test]
fn statements_of_several_lines_run_at_their_semicolon_and_stay_in_the_history() {
    let folder = Folder::with_library(2);
    let mut session = talk(&folder);
    session.send_line("SELECT id * 1000 AS thousands").unwrap();
    session.send_line("FROM authors;").unwrap();
    session.exp_string("2000").unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_line("DELETE FROM authors WHERE id = 1;").unwrap();
    session.exp_string("ok, rows: 1").unwrap();
    session.send_line("SELECT nothing FROM authors;").unwrap();
    session.exp_string("there is no column nothing").unwrap();
    session.send_line(".count books").unwrap();
    session.exp_string("\n1").unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_line(".quit").unwrap();
    session.exp_eof().unwrap();
    let history = std::fs::read_to_string(folder.path("history")).unwrap();
    assert!(history.contains(".count books") && history.contains("thousands\\nFROM authors;"), "{history}");
    // What was said is there again, with the arrow up.
    let mut session = talk(&folder);
    session.send("\u{1b}[A\u{1b}[A").unwrap();
    session.flush().unwrap();
    session.exp_string(".count books").unwrap();
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn tab_completes_the_names_of_the_database() {
    let folder = Folder::with_library(1);
    let mut session = talk(&folder);
    session.send("select count(*) from boo\t").unwrap();
    session.flush().unwrap();
    session.exp_string("books").unwrap();
    session.send_line(";").unwrap();
    session.exp_string("1").unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn control_c_stops_the_statement_and_not_the_shell() {
    let folder = Folder::with_library(2000);
    let mut session = talk(&folder);
    session.send_line("BEGIN;").unwrap();
    session.exp_string("wasm-dbms*> ").unwrap();
    // Eight thousand million rows: nobody waits for them.
    session
        .send_line("SELECT count(*) FROM books a, books b, books c WHERE a.title < b.title OR b.title > c.title;")
        .unwrap();
    session.exp_string("\n").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    session.send_control('c').unwrap();
    session.exp_string("the statement was interrupted").unwrap();
    session.exp_string("wasm-dbms*> ").unwrap();
    session.send_line("SELECT count(*) * 7 FROM books;").unwrap();
    session.exp_string("14000").unwrap();
    session.send_control('d').unwrap();
    session.exp_string("the transaction was not committed").unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn sql_is_shown_in_colours() {
    let folder = Folder::with_library(1);
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-dbms"));
    command.arg(folder.database()).env("WASM_DBMS_HISTORY", "").env("TERM", "xterm").env_remove("NO_COLOR");
    let mut session = spawn_command(command, Some(20_000)).unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send("select 'a'").unwrap();
    session.flush().unwrap();
    session.exp_string("\u{1b}[32m'a'\u{1b}[0m").unwrap();
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
}
