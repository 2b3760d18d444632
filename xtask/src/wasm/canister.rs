//! `cargo xtask canister`: the example of a canister under a host of our own (`xtask/host/canister.py`): messages that trap at
//! each of their calls, upgrades, a budget of instructions, stable memory that does not grow, the bytes of every host.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::module::{self, Module};
use super::toolchain::Toolchain;
use super::{identity, wasmtime};
use crate::command;
use crate::project::Project;

/// Builds and runs.
pub(crate) fn run(project: &Project) -> Result<()> {
    if let Some(reason) = super::missing()? {
        bail!("{reason}");
    }
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    let packages = wasmtime::packages(project)?;
    let module = Module::build(project, &toolchain, &module::CANISTER)?;
    let directory = project.wasm_target().join("identity");
    fs::create_dir_all(&directory)?;
    let identity = identity::here(project, &directory)?.0;
    let mut python = Command::new("python3");
    python.arg(project.root().join("xtask/host/canister.py")).arg(packages).arg(module.shipped());
    command::run(python.arg(&identity.script).arg(&identity.export))
}
