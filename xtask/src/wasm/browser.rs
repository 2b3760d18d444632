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
    /// The seed of the moments at which is killed
    #[arg(long, default_value_t = 1)]
    seed: u32,
    #[command(flatten)]
    kills: Kills,
}

impl Default for Options {
    fn default() -> Self {
        Self { install: false, seed: 1, kills: USUAL_KILLS }
    }
}

/// How many of each kind are killed while they write.
#[derive(clap::Args, Clone, Copy)]
struct Kills {
    /// Workers that are killed
    #[arg(long, default_value_t = USUAL_KILLS.workers)]
    workers: u32,
    /// Tabs that are killed
    #[arg(long, default_value_t = USUAL_KILLS.tabs)]
    tabs: u32,
    /// Browsers that are killed
    #[arg(long, default_value_t = USUAL_KILLS.browsers)]
    browsers: u32,
}

/// What there is time for before each commit.
const USUAL_KILLS: Kills = Kills { workers: 49, tabs: 8, browsers: 2 };

/// What `cargo xtask battery browser-kill` kills.
const BATTERY_KILLS: Kills = Kills { workers: 450, tabs: 40, browsers: 10 };

/// Builds the module and runs it in a browser; says why not where there is none. In continuous integration there must
/// be one.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if options.install || debian::is_ci() {
        install()?;
    }
    match missing()? {
        Some(reason) if debian::is_ci() => bail!("{reason}"),
        Some(reason) => println!("skipped: the browser, since {reason}"),
        None => drive(project, options, &[])?,
    }
    Ok(())
}

/// Kills five hundred times, `times` over, and does nothing else.
pub(crate) fn battery(project: &Project, seed: u32, times: u32) -> Result<()> {
    if let Some(reason) = missing()? {
        bail!("{reason}");
    }
    let Kills { workers, tabs, browsers } = BATTERY_KILLS;
    let kills = Kills { workers: workers * times, tabs: tabs * times, browsers: browsers * times };
    drive(project, &Options { install: false, seed, kills }, &["--kills-only"])
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

fn drive(project: &Project, options: &Options, arguments: &[&str]) -> Result<()> {
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    let module = Module::build(project, &toolchain, &module::BROWSER_TEST)?;
    size::check(&[&module])?;

    let mut node = script(project, FOLDER, "profile")?;
    node.arg("--module").arg(module.shipped());
    let Kills { workers, tabs, browsers } = options.kills;
    for (name, number) in [("seed", options.seed), ("workers", workers), ("tabs", tabs), ("browsers", browsers)] {
        node.arg(format!("--{name}")).arg(number.to_string());
    }
    command::run(node.args(arguments))
}

/// Drives a browser through the npm package, if there is one here.
pub(super) fn drive_package(project: &Project, package: &Path, identity: &Identity, seconds: u32) -> Result<()> {
    match missing()? {
        Some(reason) if debian::is_ci() => bail!("{reason}"),
        Some(reason) => println!("skipped: the package in a browser, since {reason}"),
        None => {
            let mut node = script(project, "crates/npm/browser_test", "package-profile")?;
            node.arg("--package").arg(package).arg("--seconds").arg(seconds.to_string());
            command::run(node.arg("--script").arg(&identity.script).arg("--export").arg(&identity.export))?;
        }
    }
    Ok(())
}

/// Node with the script `drive.mjs` of a folder, which is told of the browser, of what drives it and of a profile.
pub(super) fn script(project: &Project, folder: &str, profile: &str) -> Result<Command> {
    let directory = project.wasm_target().join("browser");
    let packages = packages::install(&project.root().join(FOLDER), &directory)?;
    let mut node = Command::new("node");
    node.arg(project.root().join(folder).join("drive.mjs"));
    node.arg("--executable").arg(chromium().context("the Chromium that was here is gone")?);
    node.arg("--packages").arg(packages);
    node.arg("--profile").arg(directory.join(profile));
    Ok(node)
}
