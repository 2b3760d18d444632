//! `cargo xtask test`: every test and doctest of the workspace, then the example on each wasm host, then a browser.

use anyhow::Result;

use crate::project::Project;
use crate::{command, wasm};

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

/// Runs the native tests and doctests, all of them even if one fails.
pub(crate) fn native(project: &Project) -> Result<()> {
    command::run(project.cargo_of_everything("test").arg("--no-fail-fast"))
}
