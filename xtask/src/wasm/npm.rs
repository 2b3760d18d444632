//! `cargo xtask npm`: the npm package `wasm-dbms`, put together, measured, tested in Node and in a browser.
//!
//! It consists of the modules of `crates/npm` (with SQL) and `crates/tables` (without), the scripts beside the former, and that of
//! `crates/web` which gives files in a browser. What is published, and tested, is what esbuild makes of the scripts: shorter names
//! and no comments; file by file, so that a page loads no more than it did.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::module::{self, Module};
use super::toolchain::Toolchain;
use super::{browser, identity, packages, size, tree_functions, vite};
use crate::command;
use crate::project::Project;

/// Where the package's own files are.
const FOLDER: &str = "crates/npm";

/// The script that another crate has.
const OPFS: &str = "crates/web/js/opfs.js";

/// What a page imports, with SQL or without, and what the scripts that it loads by that may weigh together, each after `gzip -9`,
/// in bytes. Without SQL a script says by objects what the module with SQL reads.
const FACES: [(&str, usize); 2] = [("browser.js", 11_700), ("tables_browser.js", 15_000)];

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
    let build = |source| -> Result<Module> {
        let mut module = Module::build_at(project, toolchain, source, opt_level)?;
        tree_functions::check(&module)?;
        if opt_level != module::OPT_LEVEL {
            module.gzip_bytes_max = None;
        }
        Ok(module)
    };
    let (sql, tables) = (build(&module::NPM)?, build(&module::TABLES)?);
    size::check(&[&sql, &tables])?;

    let source = project.root().join(FOLDER);
    let package = project.wasm_target().join("npm").join("wasm-dbms");
    fs::create_dir_all(&package)?;
    copy(sql.shipped(), &package.join("wasm_dbms.wasm"))?;
    copy(tables.shipped(), &package.join("wasm_dbms_tables.wasm"))?;
    for file in ["package.json", "README.md"] {
        copy(&source.join(file), &package.join(file))?;
    }
    let mut scripts = vec![project.root().join(OPFS)];
    for entry in fs::read_dir(source.join("js"))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "js") {
            scripts.push(file);
        } else if let Some(name) = file.file_name() {
            copy(&file, &package.join(name))?;
        }
    }
    let mut texts = BTreeMap::new();
    for script in minified(project, &scripts)? {
        let name =
            script.file_name().and_then(|name| name.to_str()).with_context(|| format!("{}", script.display()))?;
        copy(&script, &package.join(name))?;
        texts.insert(name.to_owned(), fs::read_to_string(&script)?);
    }
    for (face, gzip_bytes_max) in FACES {
        let mut together = 0;
        for name in loaded_by(face, &texts) {
            together += texts.get(&name).map_or(Ok(0), |text| size::gzip(text.as_bytes()))?;
        }
        println!("the scripts that a page with {face} loads: {together} bytes gzip; {}", package.display());
        if together > gzip_bytes_max {
            bail!("the scripts of {face} weigh {together} bytes gzip, over the limit of {gzip_bytes_max}");
        }
    }
    Ok(package)
}

/// What esbuild makes of scripts, one for each of the same name.
fn minified(project: &Project, scripts: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let directory = project.wasm_target().join("minify");
    let packages = packages::install(&project.root().join(FOLDER).join("minify"), &directory)?;
    // In one folder, since files of several would come into several.
    let (readable, short) = (directory.join("readable"), directory.join("short"));
    for folder in [&readable, &short] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
    }
    let mut esbuild = Command::new(packages.join(".bin").join("esbuild"));
    let mut made = Vec::new();
    for script in scripts {
        let name = script.file_name().with_context(|| format!("{}", script.display()))?;
        copy(script, &readable.join(name))?;
        esbuild.arg(readable.join(name));
        made.push(short.join(name));
    }
    // What every browser has that has files (OPFS) for a worker.
    esbuild.args(["--minify", "--format=esm", "--target=es2022", "--charset=utf8", "--log-level=warning"]);
    command::run(esbuild.arg(format!("--outdir={}", short.display())))?;
    Ok(made)
}

/// The scripts that one loads, itself among them: every text in it that names a script beside it.
fn loaded_by(face: &str, texts: &BTreeMap<String, String>) -> Vec<String> {
    let mut loaded = vec![face.to_owned()];
    let mut number = 0;
    while let Some(text) = loaded.get(number).and_then(|name| texts.get(name)) {
        for named in text.split(['"', '\'', '`']).filter_map(|part| part.strip_prefix("./")) {
            if texts.contains_key(named) && !loaded.iter().any(|other| other == named) {
                loaded.push(named.to_owned());
            }
        }
        number += 1;
    }
    loaded
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_loads_is_what_it_names_and_what_that_names() {
        let texts = [
            ("a.js", "import { b } from './b.js';"),
            ("b.js", "new Worker(new URL(\"./c.js\", import.meta.url));import\"./a.js\";"),
            ("c.js", "import './missing.js';"),
            ("d.js", ""),
        ];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        assert_eq!(loaded_by("a.js", &texts), ["a.js", "b.js", "c.js"]);
    }
}
