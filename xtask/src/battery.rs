//! `cargo xtask battery <name>`: the long proofs of the store, built as released.
//!
//! | variable | what |
//! |---|---|
//! | `SEED` | seeds everything that is drawn |
//! | `BATTERY=long` | ten times as much |

use anyhow::{Context, Result};

use crate::project::Project;
use crate::{command, wasm};

/// Every battery, in the order of `all` and of continuous integration. A new one goes into `crates/sim/src/battery` too.
pub(crate) const NAMES: [&str; 7] = ["crash", "recovery", "io-error", "bit-flip", "hostile", "isolation", "model"];

/// The one that needs a browser. A smaller one is part of `cargo xtask browser`, and so of continuous integration.
const BROWSER_KILL: &str = "browser-kill";

/// Which one.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// `crash`, `recovery`, `io-error`, `bit-flip`, `hostile`, `isolation`, `model`, or `all` of them in turn; or `browser-kill`
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(NAMES.into_iter().chain(["all", BROWSER_KILL])))]
    name: String,
}

/// Builds the batteries and runs one, or all.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    match options.name.as_str() {
        "all" => NAMES.iter().try_for_each(|name| one(project, name)),
        BROWSER_KILL => browser_kill(project),
        name => one(project, name),
    }
}

/// Kills workers, tabs and browsers that write.
fn browser_kill(project: &Project) -> Result<()> {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let seed = variable("SEED").map_or(Ok(1), |seed| seed.parse()).context("SEED is a number")?;
    let times = if variable("BATTERY").as_deref() == Some("long") { 10 } else { 1 };
    wasm::browser::battery(project, seed, times)
}

/// Builds the batteries and runs one. It ends with a line of counts; a failure is an error.
pub(crate) fn one(project: &Project, name: &str) -> Result<()> {
    let mut cargo = command::cargo();
    cargo.current_dir(project.root()).args(["run", "--quiet", "--profile", "battery", "--package", "wasm-dbms-sim"]);
    command::run(cargo.args(["--bin", "wasm-dbms-battery", "--", name]))
}
