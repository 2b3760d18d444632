//! The command line: `world [PLACES.csv REGIONS.csv] [--database FILE] [--export FILE] [--quiet] [--verify FILE]`.
//!
//! Two parsers of the same language: by hand for small modules, by `clap` for people at a terminal.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{Error, Result};

/// How the program is called.
pub const USAGE: &str =
    "world [PLACES.csv REGIONS.csv] [--database FILE] [--export FILE] [--quiet]  or  world --verify FILE [--quiet]";

/// What the program is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// Files of places and regions; none for the built-in data.
    pub files: Option<(PathBuf, PathBuf)>,
    /// Where to keep the database; none for a temporary place.
    pub database: Option<PathBuf>,
    /// Where to write the exported database at the end.
    pub export: Option<PathBuf>,
    /// Whether only answers are printed.
    pub quiet: bool,
    /// A database written before, to be asked and not changed.
    pub verify: Option<PathBuf>,
}

/// What a command line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Do this.
    Run(Arguments),
    /// Print this text and be done.
    Help(String),
}

impl Arguments {
    /// Refuses what cannot be asked for together.
    fn checked(self) -> Result<Self> {
        if self.verify.is_some() && (self.files.is_some() || self.database.is_some() || self.export.is_some()) {
            return Err(Error::Usage(String::from("--verify only asks: it goes with no other file")));
        }
        if self.export.is_some() && self.export == self.database {
            return Err(Error::Usage(String::from("--export cannot write over the --database that it reads")));
        }
        Ok(self)
    }
}

/// The pair of data files among the free arguments.
fn pair(files: Vec<PathBuf>) -> Result<Option<(PathBuf, PathBuf)>> {
    let number = files.len();
    let mut files = files.into_iter();
    match (files.next(), files.next(), files.next()) {
        (None, ..) => Ok(None),
        (Some(places), Some(regions), None) => Ok(Some((places, regions))),
        _ => {
            Err(Error::Usage(format!("give two data files, PLACES.csv and REGIONS.csv, or none: {number} were given")))
        }
    }
}

/// Understands the arguments after the name of the program, by hand.
///
/// # Errors
/// If they are not as [`USAGE`] says.
pub fn parse_plain(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed> {
    let mut parsed = Arguments::default();
    let mut files = Vec::new();
    let mut only_files = false;
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        let place = match argument.to_str().filter(|_| !only_files) {
            Some("--database") => &mut parsed.database,
            Some("--export") => &mut parsed.export,
            Some("--verify") => &mut parsed.verify,
            Some("--help" | "-h") => return Ok(Parsed::Help(format!("{USAGE}\n"))),
            Some("--quiet") if !parsed.quiet => {
                parsed.quiet = true;
                continue;
            }
            Some("--") => {
                only_files = true;
                continue;
            }
            Some(option) if option.starts_with('-') => {
                return Err(Error::Usage(format!("unexpected argument `{option}`: {USAGE}")));
            }
            _ => {
                files.push(PathBuf::from(argument));
                continue;
            }
        };
        let option = argument.to_string_lossy();
        if place.is_some() {
            return Err(Error::Usage(format!("{option} is given twice")));
        }
        match rest.next() {
            Some(file) if !file.to_string_lossy().starts_with("--") => *place = Some(PathBuf::from(file)),
            _ => return Err(Error::Usage(format!("{option} needs a file"))),
        }
    }
    parsed.files = pair(files)?;
    parsed.checked().map(Parsed::Run)
}

#[cfg(feature = "terminal")]
pub use by_clap::parse;

/// Understands the arguments after the name of the program.
///
/// # Errors
/// If they are not as [`USAGE`] says.
#[cfg(not(feature = "terminal"))]
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed> {
    parse_plain(arguments)
}

#[cfg(feature = "terminal")]
mod by_clap {
    use clap::Parser;
    use clap::error::ErrorKind;

    use super::{Arguments, Error, OsString, Parsed, PathBuf, Result, pair};

    /// Loads places and regions into a database, changes them, asks about them, looks into the file and exports it.
    #[derive(Parser)]
    #[command(name = "world", version, after_help = "Without files a small data set of the program's own is used.")]
    struct CommandLine {
        /// Places (id,name,country,admin1,lat,lng) and regions (code,name).
        #[arg(value_names = ["PLACES.csv", "REGIONS.csv"], num_args = 0..=2)]
        files: Vec<PathBuf>,
        /// Keep the database in this file; it must hold no places and regions yet [default: a temporary file].
        #[arg(long, value_name = "FILE")]
        database: Option<PathBuf>,
        /// Write the exported database to this file at the end.
        #[arg(long, value_name = "FILE")]
        export: Option<PathBuf>,
        /// Print only the answers.
        #[arg(long)]
        quiet: bool,
        /// Only ask the database in this file, which another run has written, maybe on another host.
        #[arg(long, value_name = "FILE")]
        verify: Option<PathBuf>,
    }

    /// Understands the arguments after the name of the program.
    ///
    /// # Errors
    /// If they are not as [`super::USAGE`] says.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed> {
        let name = std::iter::once(OsString::from("world"));
        match CommandLine::try_parse_from(name.chain(arguments)) {
            Ok(CommandLine { files, database, export, quiet, verify }) => {
                Arguments { files: pair(files)?, database, export, quiet, verify }.checked().map(Parsed::Run)
            }
            Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                Ok(Parsed::Help(error.to_string()))
            }
            Err(error) => Err(Error::Usage(one_line(&error.to_string()))),
        }
    }

    /// The first paragraph of what clap says, which is the fault, without the usage that follows.
    fn one_line(text: &str) -> String {
        let paragraph: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        let line = paragraph.join(" ");
        line.strip_prefix("error: ").unwrap_or(&line).to_owned()
    }
}
