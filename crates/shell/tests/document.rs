//! What `docs/SHELL.md` shows is what happens.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;

/// Runs a line of a session in a folder and returns what it prints.
fn printed(line: &str, folder: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_wasm-dbms")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", line]).current_dir(folder).env("PATH", path).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn the_sessions_of_the_document_run_as_they_are_shown() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SHELL.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for block in document.split("```console\n").skip(1) {
        let session = block.split("```").next().unwrap_or_default();
        for step in session.split("$ ").skip(1) {
            let (line, expected) = step.split_once('\n').unwrap();
            assert_eq!(printed(line, folder.path()), expected, "{line}");
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} lines are shown");
}
