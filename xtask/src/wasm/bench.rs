//! `cargo xtask bench-wasm`: the workloads inside Node, or with `--browser` in Chromium, this project's engine as a module beside the wasm builds of others.
//!
//! It builds `bench/module` and the npm package and lets `bench/wasm/run.mjs` or `bench/wasm/browser` run it beside `@sqlite.org/sqlite-wasm` and `sql.js`, which npm
//! fetches as pinned by the `package-lock.json` there.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::module::{self, Module};
use super::toolchain::Toolchain;
use super::{browser, npm, packages, size};
use crate::command;
use crate::project::Project;

/// The bench's own folder.
const FOLDER: &str = "bench/wasm";

/// How much, and of what.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Rows of each table
    #[arg(long, default_value_t = 100_000)]
    rows: u32,
    /// Seed of all rows and operations
    #[arg(long, default_value_t = 42)]
    seed: u32,
    /// Rounds; the best of each figure counts
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Only these workloads, such as W1,W2
    #[arg(long)]
    only: Option<String>,
    /// The level of optimisation of the module: z, s, 1, 2 or 3
    #[arg(long, default_value = module::OPT_LEVEL)]
    opt_level: String,
    /// In a headless Chromium in place of Node: in memory, and on OPFS
    #[arg(long)]
    browser: bool,
    /// Only print, leave `bench/results-wasm.md` as it is
    #[arg(long)]
    dry: bool,
}

/// Builds the module, fetches the others and lets them take turns.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if let Some(reason) = super::missing()? {
        bail!("{reason}");
    }
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    let module = Module::build_at(project, &toolchain, &module::BENCH, &options.opt_level)?;
    size::check(&[&module])?;
    let package = npm::build(project, &toolchain, &options.opt_level)?;

    let source = project.root().join(FOLDER);
    let packages = packages::install(&source, &project.wasm_target().join("bench"))?;
    let mut node = match options.browser {
        true => {
            if let Some(reason) = browser::missing()? {
                bail!("{reason}");
            }
            let mut node = browser::script(project, &format!("{FOLDER}/browser"), "bench-profile")?;
            node.arg("--others").arg(packages);
            node
        }
        false => {
            let mut node = Command::new("node");
            node.arg("--no-warnings").arg(source.join("run.mjs")).arg("--packages").arg(packages);
            node
        }
    };
    node.arg("--module").arg(module.shipped()).arg("--package").arg(package);
    node.args(["--rows", &options.rows.to_string(), "--seed", &options.seed.to_string()]);
    node.args(["--rounds", &options.rounds.to_string()]);
    node.args(["--note", &format!("The module is compiled at level `{}` ({toolchain}).", options.opt_level)]);
    if let Some(only) = &options.only {
        node.args(["--only", only]);
    }
    if !options.dry {
        node.arg("--output").arg(project.root().join("bench/results-wasm.md"));
    }
    command::run(&mut node)
}
