//! Packages of npm, as a `package-lock.json` of ours pins them; they are fetched where they are used and never kept in git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;

/// Installs the packages that `source` pins into `directory`, if they are not there; returns their folder.
pub(super) fn install(source: &Path, directory: &Path) -> Result<PathBuf> {
    /// The lock file that was followed, in the folder of the packages.
    const INSTALLED: &str = ".pinned.json";
    let packages = directory.join("node_modules");
    let pinned = fs::read(source.join("package-lock.json")).context("reading what npm is to install")?;
    if fs::read(packages.join(INSTALLED)).is_ok_and(|installed| installed == pinned) {
        return Ok(packages);
    }
    fs::create_dir_all(directory)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), directory.join(file)).with_context(|| format!("copying {file}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    command::run(npm.current_dir(directory))?;
    fs::write(packages.join(INSTALLED), pinned)?;
    Ok(packages)
}
