//! `cargo xtask bench`: the side-by-side benchmark, a workspace of its own so that peers stay out of ours.

use anyhow::Result;

use crate::command;
use crate::project::Project;

/// What to run, and what to pass on.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Without the crate `wasm-dbms` 0.11, which takes minutes for what the others do in a second
    #[arg(long)]
    no_peer: bool,
    /// Arguments of the benchmark
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the benchmark in its release build.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut cargo = command::cargo();
    cargo.current_dir(project.root()).args(["run", "--release", "--manifest-path", "bench/Cargo.toml"]);
    if !options.no_peer {
        // Its manifest asks for a newer compiler than its code needs.
        cargo.args(["--features", "peer", "--ignore-rust-version"]);
    }
    command::run(cargo.arg("--").args(&options.arguments))
}
