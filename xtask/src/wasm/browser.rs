//! `cargo xtask browser`: databases in the OPFS of a real browser, written, killed and opened again.
//!
//! It builds the module of `crates/web/browser_test`, measures it, and lets the script `drive.mjs` there drive a
//! headless Chromium. The browser is Debian's or one that is in the search path; what drives it is `playwright-core`
//! from npm, as pinned by the `package-lock.json` there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::identity::Identity;
use super::module::{self, Module};
use super::toolchain::Toolchain;
use super::{install_with, packages, size};
use crate::project::Project;
use crate::{command, debian};

/// What a Chromium is called.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The programs that it needs beside those of wasm, and Debian's packages that have them.
const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("npm", "npm")];

/// The test's own folder.
const FOLDER: &str = "crates/web/browser_test";

/// How much, and of what.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Install the Debian packages that are missing (needs root; done without asking where CI is set)
    #[arg(long)]
    install: bool,
    /// How many times as many kills
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// The seed of the moments at which is killed
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { install: false, times: 1, seed: 1 }
    }
}

/// Builds the module and runs it in a browser; says why not where there is none. In continuous integration there must
/// be one.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if options.install || debian::is_ci() {
        install()?;
    }
    match missing()? {
        Some(reason) if debian::is_ci() => bail!("{reason}"),
        Some(reason) => println!("skipped: the browser, since {reason}"),
        None => drive(project, options)?,
    }
    Ok(())
}

/// Installs what is missing here to build a module and run it in a browser. Where that cannot be done it says so;
/// whoever needs a missing thing will name it.
pub(crate) fn install() -> Result<()> {
    install_with("the browser test", &PROGRAMS)
}

/// Why nothing can be run in a browser here; nothing if it can.
pub(crate) fn missing() -> Result<Option<String>> {
    if let Some(reason) = super::missing()? {
        return Ok(Some(reason));
    }
    if command::find("npm").is_none() {
        return Ok(Some("there is no `npm` in the search path, to install what drives a browser".to_owned()));
    }
    Ok(match chromium() {
        Some(_) => None,
        None => Some("there is no Chromium in the search path (Debian: chromium)".to_owned()),
    })
}

fn chromium() -> Option<PathBuf> {
    CHROMIUM.iter().find_map(|name| command::find(name))
}

fn drive(project: &Project, options: &Options) -> Result<()> {
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    let module = Module::build(project, &toolchain, &module::BROWSER_TEST)?;
    size::check(&[&module])?;

    let mut node = script(project, FOLDER, "profile")?;
    node.arg("--module").arg(module.shipped());
    node.args(["--seed", &options.seed.to_string(), "--times", &options.times.to_string()]);
    command::run(&mut node)
}

/// Drives a browser through the npm package, if there is one here.
pub(super) fn drive_package(project: &Project, package: &Path, identity: &Identity) -> Result<()> {
    match missing()? {
        Some(reason) if debian::is_ci() => bail!("{reason}"),
        Some(reason) => println!("skipped: the package in a browser, since {reason}"),
        None => {
            let mut node = script(project, "crates/npm/browser_test", "package-profile")?;
            node.arg("--package").arg(package);
            command::run(node.arg("--script").arg(&identity.script).arg("--export").arg(&identity.export))?;
        }
    }
    Ok(())
}

/// Node with the script `drive.mjs` of a folder, which is told of the browser, of what drives it and of a profile.
fn script(project: &Project, folder: &str, profile: &str) -> Result<Command> {
    let directory = project.wasm_target().join("browser");
    let packages = packages::install(&project.root().join(FOLDER), &directory)?;
    let mut node = Command::new("node");
    node.arg(project.root().join(folder).join("drive.mjs"));
    node.arg("--executable").arg(chromium().context("the Chromium that was here is gone")?);
    node.arg("--packages").arg(packages);
    node.arg("--profile").arg(directory.join(profile));
    Ok(node)
}
