//! `cargo xtask bench`: the side-by-side benchmark, a workspace of its own so that peers stay out of ours.

use anyhow::Result;

use crate::command;
use crate::project::Project;

/// What to pass on.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Arguments of the benchmark
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the benchmark in its release build.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut cargo = command::cargo();
    cargo.current_dir(project.root()).args(["run", "--release", "--manifest-path", "bench/Cargo.toml", "--"]);
    command::run(cargo.args(&options.arguments))
}
