//! `cargo xtask wasm`: the example `world` as a wasm module on each host there is here, and the example `one-table`, the
//! module that says what the engine weighs.
//!
//! It finds a toolchain, builds the modules, refuses a tree function that was compiled twice, shrinks and measures the
//! modules, and compares what the hosts did. The modules that run are the ones that were measured.

mod agreement;
mod arrange;
pub(crate) mod bench;
pub(crate) mod browser;
pub(crate) mod canister;
pub(crate) mod component;
mod copies;
pub(crate) mod fuel;
mod host;
mod identity;
mod module;
mod multivalue;
pub(crate) mod npm;
mod packages;
mod pip;
pub(crate) mod playground;
mod shrinker;
mod size;
mod toolchain;
mod tree_functions;
mod vite;
mod wasi_files;
mod wasmtime;

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
    let one_table = Module::build(project, &toolchain, &module::ONE_TABLE_ON_HEAP)?;
    let packages = ["--package", module::WORLD, "--package", module::ONE_TABLE];
    command::run(project.cargo("build").args(packages).args([
        "--example",
        module::WORLD,
        "--example",
        one_table.name,
    ]))?;

    for module in [&heap, &wasi, &one_table] {
        tree_functions::check(module)?;
    }
    let directory = project.wasm_target().join("hosts");
    agreement::check(project, &directory, &wasi, &heap)?;
    agreement::check_heap(project, &directory, &one_table)?;
    size::check(&[&heap, &wasi, &one_table])
}

/// Builds and shrinks every module that the steps of continuous integration take; they find them done.
pub(crate) fn build_modules(project: &Project) -> Result<()> {
    if let Some(reason) = missing()? {
        bail!("{reason}");
    }
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    module::OF_EACH_COMMIT.iter().try_for_each(|source| Module::build(project, &toolchain, source).map(drop))
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
    for (program, package) in [("node", "nodejs"), ("npm", "npm")].iter().chain(programs) {
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
