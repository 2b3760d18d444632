//! What the tests share: databases in a folder that goes away, and runs of the binary.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use wasm_dbms::prelude::*;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "authors"]
pub(crate) struct Author {
    #[primary_key]
    #[autoincrement]
    pub(crate) id: u64,
    #[unique]
    pub(crate) email: String,
    #[default = true]
    pub(crate) active: bool,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "books"]
#[index(author, title)]
pub(crate) struct Book {
    #[primary_key]
    pub(crate) isbn: String,
    #[foreign_key(table = "authors", column = "id", on_delete = "cascade")]
    pub(crate) author: u64,
    pub(crate) title: String,
    pub(crate) price: Option<f64>,
    pub(crate) cover: Vec<u8>,
}

#[derive(DatabaseSchema)]
#[tables(Author = "authors", Book = "books")]
pub(crate) struct Library;

/// What a run came to.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A folder with a database in it.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with a library of as many authors, each with a book.
    pub(crate) fn with_library(authors: u64) -> Self {
        let folder = Self::empty();
        folder.change(|db| {
            db.transaction(|tx| {
                for number in 1..=authors {
                    let email = format!("author{number}@example.com");
                    let author = tx.insert(&NewAuthor { email, ..Default::default() })?;
                    tx.insert(&Book {
                        isbn: format!("isbn-{number:05}"),
                        author,
                        title: format!("Title, \"{number}\""),
                        price: (number % 2 == 1).then_some(number as f64 + 0.5),
                        cover: vec![number as u8, 0xAB],
                    })?;
                }
                Ok(())
            })
            .unwrap();
        });
        folder
    }

    /// Changes the library, which is made if it is not there. On a copy in memory: a file that this process had open
    /// would stay locked for as long as a child that another test has just forked still shares its handle.
    pub(crate) fn change(&self, change: impl FnOnce(&Database)) {
        let medium = HeapProvider::from_bytes(std::fs::read(self.database()).unwrap_or_default());
        let options = Options::new().database_id(7);
        let db = Database::open_with(medium.clone(), options).unwrap().with_schema::<Library>().unwrap();
        change(&db);
        db.close().unwrap();
        std::fs::write(self.database(), medium.to_bytes()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("library.db")
    }

    /// Runs the binary on the database.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        run_on(&self.database(), words)
    }

    /// Runs the binary, which must succeed, and returns what it printed.
    pub(crate) fn output(&self, words: &[&str]) -> String {
        let run = self.run(words);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{words:?}");
        run.stdout
    }

    /// Runs the binary, which must refuse in one line, and returns the line.
    pub(crate) fn refusal(&self, words: &[&str]) -> String {
        refused(&self.run(words))
    }
}

/// The one line of a run that was refused.
pub(crate) fn refused(run: &Run) -> String {
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{}", run.stderr);
    let line = run.stderr.strip_prefix("error: ").unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    line.trim_end().to_owned()
}

pub(crate) fn command(file: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-dbms"));
    command.arg(file).args(words).stdin(Stdio::null());
    command
}

pub(crate) fn run_on(file: &Path, words: &[&str]) -> Run {
    let output = command(file, words).output().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the binary on a script.
pub(crate) fn run_script(file: &Path, words: &[&str], script: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wasm-dbms"));
    child.arg(file).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let script = script.to_owned();
    // On a thread of its own: who prints much does not read all of it first.
    let writer = std::thread::spawn(move || {
        // A script that is refused early is not read to its end.
        let _may_be_closed = input.write_all(script.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the binary, which must succeed, and returns what it printed.
pub(crate) fn output_on(file: &Path, words: &[&str]) -> String {
    let run = run_on(file, words);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{words:?}");
    run.stdout
}
