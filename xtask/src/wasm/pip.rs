//! Packages of PyPI, fetched where they are used and never kept in git.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::project::Project;

/// The folder `name` with a package in it, which `pip` fetches if it is not there.
pub(super) fn install(project: &Project, name: &str, package: &str) -> Result<PathBuf> {
    let directory = project.wasm_target().join(name);
    if !directory.is_dir() {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--root-user-action=ignore", "--target"]);
        command::run(pip.arg(&directory).arg(package))?;
    }
    Ok(directory)
}
