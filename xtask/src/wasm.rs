//! `cargo xtask wasm`: the example `world` as a wasm module on each host there is here.
//!
//! It finds a toolchain, builds both modules, refuses a tree function that was compiled twice, shrinks and measures the
//! modules, and compares what the hosts did. The modules that run are the ones that were measured.

mod agreement;
pub(crate) mod browser;
mod host;
mod module;
mod size;
mod toolchain;
mod tree_functions;

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::{command, debian};
use module::Module;
use toolchain::Toolchain;

/// How to come by a toolchain.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Install the Debian packages that are missing (needs root; done without asking where CI is set)
    #[arg(long)]
    install: bool,
}

/// Builds, runs, compares and measures.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if options.install || debian::is_ci() {
        install()?;
    }
    if let Some(reason) = missing()? {
        bail!("{reason}");
    }
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");

    let heap = Module::build(project, &toolchain, &module::WORLD_ON_HEAP)?;
    let wasi = Module::build(project, &toolchain, &module::WORLD_ON_WASI)?;
    command::run(project.cargo("build").args(["--package", module::WORLD, "--example", module::WORLD]))?;

    tree_functions::check(&heap)?;
    tree_functions::check(&wasi)?;
    agreement::check(project, &project.wasm_target().join("hosts"), &wasi, &heap)?;
    size::check(&[&heap, &wasi])
}

/// Installs what is missing here to build, shrink and run wasm. Where that cannot be done it says so; whoever needs a
/// missing thing will name it.
pub(crate) fn install() -> Result<()> {
    install_with("wasm", &[])
}

/// Installs the above, and the packages of these programs where the program is not here.
fn install_with(purpose: &str, programs: &[(&str, &'static str)]) -> Result<()> {
    let mut packages = Vec::new();
    if Toolchain::find()?.is_none() {
        packages.extend(debian::missing(&debian::TOOLCHAIN));
    }
    for (program, package) in [("wasm-opt", "binaryen"), ("node", "nodejs")].iter().chain(programs) {
        if command::find(program).is_none() {
            packages.push(package);
        }
    }
    if packages.is_empty() {
        println!("everything that {purpose} needs is installed");
    } else if let Err(error) = debian::install(&packages) {
        println!("not installed: {error:#}");
    }
    Ok(())
}

/// Why wasm cannot be built and run here, and what to do about it; nothing if it can.
pub(crate) fn missing() -> Result<Option<String>> {
    if command::find("node").is_none() {
        return Ok(Some("there is no `node` in the search path (20 or newer runs the modules)".to_owned()));
    }
    Ok(match Toolchain::find()? {
        Some(_) => None,
        None => Some(toolchain::advice()),
    })
}
