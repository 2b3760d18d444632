//! `cargo xtask slt PATH`: sqllogictest files, run against the database built as the batteries are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command;
use crate::project::Project;

/// What is run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A file, a folder of files, or an archive (`.tar.xz`) of them
    path: PathBuf,
    /// Run it against SQLite instead: the time to compare with
    #[arg(long)]
    sqlite: bool,
    /// Show every file with its time
    #[arg(long)]
    files: bool,
}

/// Builds the runner and runs the files.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let path = std::path::absolute(&options.path)?;
    let folder = if path.to_string_lossy().ends_with(".tar.xz") { unpacked(project, &path)? } else { path };
    let mut cargo = command::cargo();
    cargo.current_dir(project.root()).args(["run", "--quiet", "--profile", "battery", "--package", "wasm-dbms-slt"]);
    cargo.arg("--").arg(folder);
    cargo.args(options.sqlite.then_some("--sqlite")).args(options.files.then_some("--files"));
    command::run(&mut cargo)
}

/// Runs the sample of the corpus, which is no part of the project, where it lies beside it.
pub(crate) fn sample(project: &Project) -> Result<()> {
    let path = project.root().join("../shared/sqllogictest/sample.tar.xz");
    if !path.exists() {
        println!("skipped: the sample of sqllogictest's corpus, since there is no {}", path.display());
        return Ok(());
    }
    run(project, &Options { path, sqlite: false, files: false })
}

/// The archive, unpacked below the target folder.
fn unpacked(project: &Project, archive: &Path) -> Result<PathBuf> {
    let name = archive.file_name().context("the archive has no name")?;
    let folder = project.root().join("target/slt").join(name);
    std::fs::create_dir_all(&folder)?;
    let mut tar = std::process::Command::new("tar");
    command::run(tar.arg("xJf").arg(archive).arg("-C").arg(&folder))?;
    Ok(folder)
}
