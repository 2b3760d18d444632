//! `cargo xtask npm`: the npm package `wasm-dbms`, put together, measured, tested in Node and in a browser.
//!
//! It consists of the module of `crates/npm`, the scripts beside it, and that of `crates/web` which gives files in a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::module::{self, Module};
use super::toolchain::Toolchain;
use super::{browser, identity, size, tree_functions, vite};
use crate::command;
use crate::project::Project;

/// Where the package's own files are.
const FOLDER: &str = "crates/npm";

/// The script that another crate has.
const OPFS: &str = "crates/web/js/opfs.js";

/// What the scripts that a page loads may weigh together, each after `gzip -9`, in bytes.
const SCRIPTS_GZIP_BYTES_MAX: usize = 15 * 1024;

/// The scripts that no page loads: those of Node, and the face that answers at once.
const NOT_OF_PAGES: [&str; 4] = ["node.js", "node_files.js", "node_sync.js", "sync.js"];

/// What else to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Compare what is exported with a module of WASI too, in Node and in wasmtime, which takes two minutes to build; try files
    /// that these hosts give in part
    #[arg(long)]
    wasi: bool,
    /// Build the example with Vite and open it, and do nothing else
    #[arg(long)]
    vite: bool,
    /// How many seconds two tabs write
    #[arg(long, default_value_t = TWO_TABS_SECONDS)]
    seconds: u32,
}

/// What there is time for before each commit.
const TWO_TABS_SECONDS: u32 = 3;

impl Options {
    /// What is done before each commit.
    pub(crate) fn of_each_commit() -> Self {
        Self { wasi: false, vite: false, seconds: TWO_TABS_SECONDS }
    }
}

/// Builds, measures and tests the package.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if let Some(reason) = super::missing()? {
        bail!("{reason}");
    }
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    let package = build(project, &toolchain, module::OPT_LEVEL)?;
    if options.vite {
        return vite::check(project, &package);
    }
    let tests = project.root().join(FOLDER).join("tests");
    command::run(Command::new("node").arg("--no-warnings").arg("--test").arg(tests).env("PACKAGE", &package))?;
    let identity = identity::check(project, &package, options.wasi.then_some(&toolchain))?;
    browser::drive_package(project, &package, &identity, options.seconds)
}

/// Puts the package together, its module compiled at a level of optimisation; its folder.
pub(super) fn build(project: &Project, toolchain: &Toolchain, opt_level: &str) -> Result<PathBuf> {
    let mut module = Module::build_at(project, toolchain, &module::NPM, opt_level)?;
    tree_functions::check(&module)?;
    if opt_level != module::OPT_LEVEL {
        module.gzip_bytes_max = None;
    }
    size::check(&[&module])?;

    let source = project.root().join(FOLDER);
    let package = project.wasm_target().join("npm").join("wasm-dbms");
    fs::create_dir_all(&package)?;
    copy(module.shipped(), &package.join("wasm_dbms.wasm"))?;
    for file in ["package.json", "README.md"] {
        copy(&source.join(file), &package.join(file))?;
    }
    let mut scripts = vec![project.root().join(OPFS)];
    for entry in fs::read_dir(source.join("js"))? {
        scripts.push(entry?.path());
    }
    let mut together = 0;
    for script in scripts {
        let name = script.file_name().with_context(|| format!("{} has no name", script.display()))?;
        if script.extension().is_none_or(|extension| extension != "js") {
            copy(&script, &package.join(name))?;
            continue;
        }
        let text = fs::read_to_string(&script).with_context(|| format!("reading {}", script.display()))?;
        let text = without_comments(&text);
        fs::write(package.join(name), &text)?;
        if !NOT_OF_PAGES.iter().any(|other| name == *other) {
            together += size::gzip(text.as_bytes())?;
        }
    }
    println!("the scripts that a page loads: {together} bytes gzip; {}", package.display());
    if together > SCRIPTS_GZIP_BYTES_MAX {
        bail!("the scripts that a page loads weigh {together} bytes gzip, over the limit of {SCRIPTS_GZIP_BYTES_MAX}");
    }
    Ok(package)
}

/// A script without the lines that are comments: these are for those who read the source.
fn without_comments(text: &str) -> String {
    let is_comment = |line: &str| ["//", "/**", "*"].iter().any(|start| line.trim_start().starts_with(start));
    text.lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect()
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_comments_are_left_out_and_no_others() {
        let text = "// Head.\nconst one = 1; // kept\n/**\n * About two.\n */\nconst two = one * 2;\n  // three\n";
        assert_eq!(without_comments(text), "const one = 1; // kept\nconst two = one * 2;\n");
    }
}
