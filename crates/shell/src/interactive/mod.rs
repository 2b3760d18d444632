//! The prompt: lines that are edited, kept, completed and coloured; Ctrl-C stops the statement, not the shell.
//!
//! ```text
//! prompt      the help of the line editor: when a statement is whole, what completes it, how it is coloured
//! complete    commands, keywords, tables, columns, files
//! highlight   SQL in colours
//! ```

mod complete;
mod highlight;
mod prompt;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustyline::config::Config;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Editor};

use crate::Outcome;
use crate::error::{Error, Result};
use crate::input::Script;
use crate::shell::Shell;
use prompt::Prompt;

/// How many entries of the history are kept.
const HISTORY_ENTRIES: usize = 10_000;

/// Where the history is kept: as the variable `WASM_DBMS_HISTORY` says (nowhere, if it is empty), else in the folder for
/// the state of programs.
fn history_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("WASM_DBMS_HISTORY") {
        return (!path.is_empty()).then(|| path.into());
    }
    let folder = match std::env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(&std::env::var_os("HOME")?).join(".local/state"),
    };
    Some(folder.join("wasm-dbms/history"))
}

/// Talks until the end.
pub(crate) fn run(shell: &mut Shell<'_>, path: Option<&Path>, out: &mut dyn Write) -> Result<Outcome> {
    let config = Config::builder().max_history_size(HISTORY_ENTRIES)?.completion_type(CompletionType::List);
    let config = config.history_ignore_space(true).auto_add_history(true).build();
    let mut editor: Editor<Prompt<'_>, FileHistory> = Editor::with_config(config)?;
    let is_coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    editor.set_helper(Some(Prompt::new(shell.database, is_coloured)));
    let history = history_path();
    if let Some(history) = &history {
        // The first time there is none; one that cannot be read is no reason not to talk.
        let _there_may_be_none = editor.load_history(history);
    }
    let interrupt = shell.session.interrupt().clone();
    ctrlc::set_handler(move || interrupt.stop()).map_err(|error| Error::Usage(format!("Ctrl-C: {error}")))?;
    shell.is_interactive = true;
    let name = path.map_or_else(|| "a database that goes away".into(), |path| path.display().to_string());
    writeln!(out, "wasm-dbms {}: {name}; .help lists the commands, .quit ends", env!("CARGO_PKG_VERSION"))?;
    let talked = talk(shell, &mut editor, out);
    if let Some(history) = &history {
        if let Some(folder) = history.parent() {
            let _saving_says_so = std::fs::create_dir_all(folder);
        }
        if let Err(error) = editor.save_history(history) {
            writeln!(io::stderr(), "the history is not kept: {error}")?;
        }
    }
    talked?;
    if shell.session.is_in_transaction() {
        writeln!(out, "the transaction was not committed: nothing of it stays")?;
        out.flush()?;
    }
    Ok(Outcome::Done)
}

fn talk(shell: &mut Shell<'_>, editor: &mut Editor<Prompt<'_>, FileHistory>, out: &mut dyn Write) -> Result<()> {
    loop {
        out.flush()?;
        let prompt = if shell.session.is_in_transaction() { "wasm-dbms*> " } else { "wasm-dbms> " };
        let text = match editor.readline(prompt) {
            Ok(text) => text,
            // What is being written is dropped.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        shell.session.interrupt().reset();
        if answer(shell, &text, out)? == Outcome::Quit {
            return Ok(());
        }
    }
}

/// Runs what was written; what is wrong with it is said, and the talk goes on.
fn answer(shell: &mut Shell<'_>, text: &str, out: &mut dyn Write) -> Result<Outcome> {
    let mut script = Script::default();
    let mut inputs = Vec::new();
    let mut problem = None;
    for line in text.split_inclusive('\n') {
        match script.push(line) {
            Ok(input) => inputs.extend(input),
            Err(error) => {
                problem = Some(error);
                break;
            }
        }
    }
    inputs.extend(script.end());
    for (_, input) in inputs {
        match shell.run(&input, out) {
            Ok(Outcome::Quit) => return Ok(Outcome::Quit),
            Ok(_) => {}
            Err(Error::Output(error)) => return Err(Error::Output(error)),
            Err(error) => {
                problem = Some(error);
                break;
            }
        }
    }
    if let Some(error) = problem {
        writeln!(out, "error: {error}")?;
    }
    Ok(Outcome::Done)
}
