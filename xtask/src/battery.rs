//! `cargo xtask battery <name>`: the long proofs of the store, built as released.
//!
//! | variable | what |
//! |---|---|
//! | `SEED` | seeds everything that is drawn |
//! | `BATTERY=long` | ten times as much |

use anyhow::Result;

use crate::command;
use crate::project::Project;

/// Every battery, in the order of `all` and of continuous integration. A new one goes into `crates/sim/src/battery` too.
pub(crate) const NAMES: [&str; 7] = ["crash", "recovery", "io-error", "bit-flip", "hostile", "isolation", "model"];

/// Which one.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// `crash`, `recovery`, `io-error`, `bit-flip`, `hostile`, `isolation`, `model`, or `all` of them in turn
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(NAMES.into_iter().chain(["all"])))]
    name: String,
}

/// Builds the batteries and runs one, or all.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    match options.name.as_str() {
        "all" => NAMES.iter().try_for_each(|name| one(project, name)),
        name => one(project, name),
    }
}

/// Builds the batteries and runs one. It ends with a line of counts; a failure is an error.
pub(crate) fn one(project: &Project, name: &str) -> Result<()> {
    let mut cargo = command::cargo();
    cargo.current_dir(project.root()).args(["run", "--quiet", "--profile", "battery", "--package", "wasm-dbms-sim"]);
    command::run(cargo.args(["--bin", "wasm-dbms-battery", "--", name]))
}
