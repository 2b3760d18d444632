//! wasmtime, as the package of PyPI brings it, and programs of WASI in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::module::Module;
use super::pip;
use crate::project::Project;

/// The package of PyPI.
const PACKAGE: &str = "wasmtime==50.0.1";

/// The folder of the package, which `pip` fetches if it is not there.
pub(super) fn packages(project: &Project) -> Result<PathBuf> {
    pip::install(project, "wasmtime", PACKAGE)
}

/// A program of WASI that sees `directory` as `/data`; its arguments come after.
pub(super) fn wasi(
    project: &Project,
    packages: &Path,
    module: &Module,
    directory: &Path,
    is_read_only: bool,
) -> Command {
    let mut python = Command::new("python3");
    python.arg(project.root().join("xtask/host/wasi_wasmtime.py")).arg(packages).arg(module.shipped());
    python.arg(directory).arg(if is_read_only { "ro" } else { "rw" });
    python
}
