//! `cargo xtask playground`: a page to try SQL on a database in the browser, put together as static files, tried in a browser or
//! served. What it consists of is in `playground/`, and the npm package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::toolchain::Toolchain;
use super::{browser, module, npm};
use crate::project::Project;
use crate::{command, debian};

/// Where the page's own files are.
const FOLDER: &str = "playground";

/// The files that a host of static files carries.
const FILES: [&str; 5] = ["index.html", "style.css", "playground.js", "pages.js", "sample.js"];

/// What to do with it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Try it in a headless browser and leave pictures, in place of serving it
    #[arg(long)]
    test: bool,
    /// The port on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Puts it together and serves it, or tries it.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let folder = build(project)?;
    println!("static files, for any host: {}", folder.display());
    if options.test {
        return drive(project, &folder);
    }
    let mut node = Command::new("node");
    node.arg(project.root().join(FOLDER).join("serve.mjs")).arg(folder).arg(options.port.to_string());
    command::run(&mut node)
}

/// Puts it together and tries it in a browser.
pub(crate) fn test(project: &Project) -> Result<()> {
    run(project, &Options { test: true, port: 0 })
}

fn build(project: &Project) -> Result<PathBuf> {
    if let Some(reason) = super::missing()? {
        bail!("{reason}");
    }
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    let package = npm::build(project, &toolchain, module::OPT_LEVEL)?;
    let folder = project.wasm_target().join(FOLDER);
    let beside = folder.join("wasm-dbms");
    fs::create_dir_all(&beside)?;
    for file in FILES {
        fs::copy(project.root().join(FOLDER).join(file), folder.join(file))
            .with_context(|| format!("copying {file}"))?;
    }
    for entry in fs::read_dir(package)? {
        let entry = entry?;
        fs::copy(entry.path(), beside.join(entry.file_name()))?;
    }
    Ok(folder)
}

fn drive(project: &Project, folder: &Path) -> Result<()> {
    match browser::missing()? {
        Some(reason) if debian::is_ci() => bail!("{reason}"),
        Some(reason) => println!("skipped: the playground in a browser, since {reason}"),
        None => command::run(browser::script(project, FOLDER, "playground-profile")?.arg("--folder").arg(folder))?,
    }
    Ok(())
}
