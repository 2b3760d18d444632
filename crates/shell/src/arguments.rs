//! The command line.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::Parser;

use crate::error::{Error, Result};
use crate::format::Format;

/// Looks into a wasm-dbms database file. It changes no row.
#[derive(Parser, Debug)]
#[command(name = "wasm-dbms", version, after_help = crate::command::HELP)]
pub(crate) struct Arguments {
    /// The database file; it must exist
    pub(crate) file: PathBuf,
    /// Commands with their arguments, in order; none: .help .tables
    #[arg(value_name = ".COMMAND")]
    pub(crate) commands: Vec<OsString>,
    /// How rows are printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

impl Arguments {
    /// The arguments of these words; none if help or the version was asked for, which then stands in `out`.
    pub(crate) fn parse(words: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> Result<Option<Self>> {
        match Self::try_parse_from(words) {
            Ok(arguments) => Ok(Some(arguments)),
            Err(answer) if !answer.use_stderr() => {
                write!(out, "{answer}")?;
                Ok(None)
            }
            Err(refusal) => {
                let text = refusal.to_string();
                Err(Error::Usage(text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()))
            }
        }
    }
}
