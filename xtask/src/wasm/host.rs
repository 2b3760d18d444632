//! The hosts of the scenario. Each runs it and leaves its export; a host with files leaves its database too, and opens
//! the one another host has left.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::module::Module;
use crate::command;
use crate::project::Project;

/// The program that runs the modules.
const NODE: &str = "node";

/// What a run of the scenario left.
pub(super) struct Outcome {
    /// The host.
    pub(super) name: &'static str,
    /// The lines that must be the same everywhere.
    pub(super) answers: Answers,
    /// The exported database.
    pub(super) export: Vec<u8>,
    /// The wall time, start of the host included.
    pub(super) time: Duration,
}

/// The lines `answer: ..` of a run, in order.
#[derive(PartialEq, Eq)]
pub(super) struct Answers(Vec<String>);

/// A host with files.
pub(super) struct FileHost {
    /// Its name, which its files have too.
    pub(super) name: &'static str,
    program: PathBuf,
    /// The arguments that come before those of the example.
    arguments: Vec<OsString>,
    /// The directory of the files, as this tool sees it.
    directory: PathBuf,
    /// The directory of the files, as the program sees it.
    mount: PathBuf,
}

impl FileHost {
    /// The machine itself.
    pub(super) fn native(project: &Project, example: &str, directory: &Path) -> Self {
        Self {
            name: "native",
            program: project.example(example),
            arguments: Vec::new(),
            directory: directory.to_owned(),
            mount: directory.to_owned(),
        }
    }

    /// WASI preview 1 in Node.
    pub(super) fn wasip1(project: &Project, module: &Module, directory: &Path) -> Self {
        Self {
            name: "wasip1",
            program: NODE.into(),
            arguments: node_arguments(project, "wasi.mjs", module, directory),
            directory: directory.to_owned(),
            mount: "/data".into(),
        }
    }

    /// Runs the scenario on a new database.
    pub(super) fn run(&self) -> Result<Outcome> {
        let export = format!("{}.export", self.name);
        let mut command = self.command();
        command.arg("--database").arg(self.mount.join(self.database()));
        command.arg("--export").arg(self.mount.join(&export));
        Outcome::of(self.name, &mut command, &self.directory.join(export))
    }

    /// Asks the questions of the scenario to a database that `author` has written.
    pub(super) fn verify(&self, author: &Self) -> Result<Answers> {
        let mut command = self.command();
        Answers::of(command.arg("--verify").arg(self.mount.join(author.database())))
    }

    fn database(&self) -> String {
        format!("{}.db", self.name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// Runs the scenario on a bare host in Node, where the heap is the only storage.
pub(super) fn run_on_heap(project: &Project, module: &Module, directory: &Path) -> Result<Outcome> {
    let export = directory.join("heap.export");
    let arguments = node_arguments(project, "heap.mjs", module, &export);
    Outcome::of("heap", Command::new(NODE).args(arguments), &export)
}

impl Outcome {
    fn of(name: &'static str, command: &mut Command, export: &Path) -> Result<Self> {
        let start = Instant::now();
        let answers = Answers::of(command)?;
        let time = start.elapsed();
        let export = fs::read(export).with_context(|| format!("reading the export {}", export.display()))?;
        Ok(Self { name, answers, export, time })
    }
}

impl Answers {
    /// What a program answers.
    pub(super) fn of(command: &mut Command) -> Result<Self> {
        let printed = command::output(command)?;
        Ok(Self(printed.lines().filter(|line| line.starts_with("answer: ")).map(str::to_owned).collect()))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The first place where two lists part, for an error.
    pub(super) fn difference(&self, other: &Self) -> String {
        let same = self.0.iter().zip(&other.0).take_while(|(one, two)| one == two).count();
        let line = |answers: &Self| answers.0.get(same).map_or_else(|| "(no more)".to_owned(), Clone::clone);
        format!("answer {}:\n  {}\n  {}", same + 1, line(self), line(other))
    }
}

/// Node with one of our host scripts, which takes the module and a path.
fn node_arguments(project: &Project, script: &str, module: &Module, path: &Path) -> Vec<OsString> {
    let script = project.root().join("xtask").join("host").join(script);
    vec!["--no-warnings".into(), script.into(), module.shipped().into(), path.into()]
}
