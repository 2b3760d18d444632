//! `cargo xtask ci`: what must hold before a commit, cheapest first; the first failure ends it.
//!
//! To link a wasm module takes one processor a minute, and there are nine. So they are built beside the tests, by this
//! program in a process of its own and in a target folder of their own; what they have to say comes where they are needed.

use anyhow::{Context, Result};

use crate::project::Project;
use crate::steps::Steps;
use crate::{battery, command, debian, docs, slt, test, wasm};

/// Runs every step. Where the environment says `CI`, what the steps need is installed first.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut steps = Steps::begin();
    if debian::is_ci() {
        steps.step("install", wasm::browser::install)?;
    }
    steps.step("format", || {
        command::run(command::cargo().current_dir(project.root()).args(["fmt", "--all", "--", "--check"]))
    })?;
    steps.step("clippy", || {
        command::run(project.cargo_of_everything("clippy").args(["--all-targets", "--", "-D", "warnings"]))
    })?;
    steps.step("docs", || docs::run(project))?;
    let mut modules = std::process::Command::new(std::env::current_exe().context("where this program is")?);
    steps.begin_beside("modules", modules.arg("modules"), &project.wasm_target().join("modules.log"))?;
    steps.step("tests", || test::native(project))?;
    steps.step("slt", || slt::sample(project))?;
    for name in battery::NAMES {
        steps.step(name, || battery::one(project, name))?;
    }
    steps.end_beside()?;
    steps.step("wasm", || wasm::run(project, &wasm::Options::default()))?;
    // On demand with `--wasi`: the WASI of Node 20 dies in its own collector now and then.
    steps.step("npm", || wasm::npm::run(project, &wasm::npm::Options::of_each_commit()))?;
    steps.step("playground", || wasm::playground::test(project))?;
    steps.step("canister", || wasm::canister::run(project))?;
    // From Python; JavaScript and Rust on demand with `--test`: they take minutes to fetch and to build.
    steps.step("component", || wasm::component::run(project, &wasm::component::Options::of_each_commit()))?;
    steps.step("fuel", || wasm::fuel::run(project, &wasm::fuel::Options::default()))?;
    steps.step("browser", || wasm::browser::run(project, &wasm::browser::Options::default()))?;
    steps.print();
    Ok(())
}
