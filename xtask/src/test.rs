//! `cargo xtask test`: every test and doctest of the workspace, then the example on each wasm host, then a browser.

use anyhow::Result;

use crate::project::Project;
use crate::{command, wasm};

/// Tests of the engine that commit so often, or so much, that a check after each commit takes minutes; and one that measures
/// time.
const UNVERIFIED: [&str; 6] =
    ["bulk_load", "kill_nine", "queries_against_a_model", "reader_threads", "vacuum", "writes_against_a_model"];

/// What to leave out.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only the native tests
    #[arg(long)]
    skip_wasm: bool,
}

/// Runs the native tests, then what runs on wasm and in a browser if that can be done here.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    native(project)?;
    if options.skip_wasm {
        println!("skipped, as asked: the example on the wasm hosts, and the browser");
        return Ok(());
    }
    match wasm::missing()? {
        Some(reason) => {
            println!("skipped: the example on the wasm hosts, since {reason}");
        }
        None => wasm::run(project, &wasm::Options::default())?,
    }
    wasm::browser::run(project, &wasm::browser::Options::default())
}

/// Runs the native tests and doctests, all of them even if one fails; then those of the engine with a check of everything
/// after every commit.
pub(crate) fn native(project: &Project) -> Result<()> {
    command::run(project.cargo_of_everything("test").arg("--no-fail-fast"))?;
    let mut cargo = project.cargo_of_everything("test");
    for name in verified(project)? {
        cargo.args(["--test", &name]);
    }
    command::run(cargo.args(["--no-fail-fast", "--quiet"]).env("VERIFY", "all"))
}

/// The tests of the engine but those that are [not verified](UNVERIFIED).
fn verified(project: &Project) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(project.root().join("crates/engine/tests"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rs") && !UNVERIFIED.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
