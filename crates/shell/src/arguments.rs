//! The command line.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};
use clap_complete::Shell as CompletionShell;

use crate::error::{Error, Result};
use crate::format::Format;
use crate::migrate::MigrateArguments;

/// SQL and commands on a wasm-dbms database file.
///
/// With neither SQL nor commands it is interactive on a terminal, and reads a script from the standard input elsewhere.
#[derive(Parser, Debug)]
#[command(name = "wasm-dbms", version, after_help = crate::command::HELP)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) subcommand: Option<Subcommand>,
    /// The database file, which SQL makes if it is not there; none, or :memory:, is a database that goes away
    #[arg(value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<OsString>,
    /// SQL and commands, run in order up to the first error
    #[arg(value_name = "SQL|.COMMAND")]
    pub(crate) words: Vec<OsString>,
    /// How rows are printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Nothing is changed
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Prints completions for a shell: bash, zsh, fish, ..
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<CompletionShell>,
    /// Prints the manual page, in roff
    #[arg(long, exclusive = true)]
    man: bool,
}

/// What is asked for by a word in the place of the file; a file that is named like that is `./migrate`.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Subcommand {
    Migrate(MigrateArguments),
}

/// Whether a word in the place of the file is none, but what is to be run.
fn is_no_file(word: &OsString) -> bool {
    let is_sql = word.to_str().is_some_and(crate::input::begins_statement);
    crate::command::is_command(word) || is_sql && !Path::new(word).exists()
}

impl Arguments {
    /// The arguments of these words; none if they ask for a text, which then stands in `out`.
    pub(crate) fn parse(words: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> Result<Option<Self>> {
        let mut arguments = match Self::try_parse_from(words) {
            Ok(arguments) => arguments,
            Err(answer) if !answer.use_stderr() => {
                write!(out, "{answer}")?;
                return Ok(None);
            }
            Err(refusal) => {
                let text = refusal.to_string();
                return Err(Error::Usage(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()));
            }
        };
        if arguments.man {
            man(out)?;
            return Ok(None);
        }
        if let Some(shell) = arguments.completions {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Self::command(), "wasm-dbms", &mut script);
            out.write_all(&script)?;
            return Ok(None);
        }
        // A command or SQL where the file would stand: there is none.
        if arguments.file.as_ref().is_some_and(is_no_file) {
            arguments.words.splice(0..0, arguments.file.take());
        }
        Ok(Some(arguments))
    }

    /// The database file; none if the database goes away.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.file.as_ref().filter(|file| *file != ":memory:").map(PathBuf::from)
    }
}

/// Prints the manual page; what a subcommand takes stands in it.
fn man(out: &mut dyn Write) -> Result<()> {
    let mut command = Arguments::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut &mut *out)?;
    for subcommand in command.get_subcommands() {
        let title = subcommand.get_name().to_ascii_uppercase();
        let man = clap_mangen::Man::new(subcommand.clone());
        let mut page = Vec::new();
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_extra_section(&mut page)?;
        for line in String::from_utf8_lossy(&page).lines() {
            match line.strip_prefix(".SH ") {
                Some(section) => writeln!(out, ".SH \"{title}: {}\"", section.trim_matches('"'))?,
                None => writeln!(out, "{line}")?,
            }
        }
    }
    Ok(())
}
