//! The example of a page that Vite bundles (`examples/vite`): built with the package, served, and opened in a browser.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{browser, packages};
use crate::project::Project;
use crate::{command, debian};

/// The example's own folder.
const FOLDER: &str = "examples/vite";

/// What of it is copied to where it is built.
const FILES: [&str; 3] = ["index.html", "main.js", "vite.config.js"];

/// Builds it and tries it in a browser, if there is one here.
pub(super) fn check(project: &Project, package: &Path) -> Result<()> {
    match browser::missing()? {
        Some(reason) if debian::is_ci() => bail!("{reason}"),
        Some(reason) => {
            println!("skipped: the example with Vite, since {reason}");
            return Ok(());
        }
        None => {}
    }
    let source = project.root().join(FOLDER);
    let directory = project.wasm_target().join("vite");
    let installed = packages::install(&source, &directory)?.join("wasm-dbms");
    fs::create_dir_all(&installed)?;
    for entry in fs::read_dir(package)? {
        let entry = entry?;
        fs::copy(entry.path(), installed.join(entry.file_name()))?;
    }
    for file in FILES {
        fs::copy(source.join(file), directory.join(file)).with_context(|| format!("copying {file}"))?;
    }
    command::run(browser::script(project, FOLDER, "vite-profile")?.arg("--folder").arg(directory))
}
