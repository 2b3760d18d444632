//! Files of WASI that a host gives in part: a folder that is only to be read, one that was not given at all, a full disk. Each
//! must be an error that says what it is, and leave what was there.
//!
//! A disk is one of memory that is mounted for it; where nothing can be mounted, only what needs none is tried.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::module::Module;
use super::wasmtime;
use crate::command;
use crate::project::Project;

/// A host of WASI.
pub(super) enum Host {
    /// `node:wasi`.
    Node,
    /// wasmtime, with the folder of its package.
    Wasmtime(PathBuf),
}

impl Host {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Node => "on a file of WASI in Node",
            Self::Wasmtime(_) => "on a file of WASI in wasmtime",
        }
    }

    /// A program that sees `directory` as `/data`; its arguments come after. Node itself keeps no folder from being
    /// written.
    pub(super) fn command(&self, project: &Project, module: &Module, directory: &Path, is_read_only: bool) -> Command {
        match self {
            Self::Wasmtime(packages) => wasmtime::wasi(project, packages, module, directory, is_read_only),
            Self::Node => {
                let mut node = Command::new("node");
                node.arg("--no-warnings").arg(project.root().join("xtask/host/wasi.mjs"));
                node.arg(module.shipped()).arg(directory);
                node
            }
        }
    }
}

/// A disk of memory, mounted as long as this lives.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Result<Self> {
        fs::create_dir_all(at)?;
        command::output(Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(at))?;
        Ok(Self(at.to_owned()))
    }

    fn remount(&self, options: &str) -> Result<()> {
        command::output(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0)).map(drop)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _tolerated = command::output(Command::new("umount").arg(&self.0));
    }
}

/// Tries all of them on one host. `native` is the same program here.
pub(super) fn check(project: &Project, module: &Module, host: &Host, native: &Path) -> Result<()> {
    let directory = project.wasm_target().join("wasi-files");
    fs::create_dir_all(&directory)?;
    let run = |directory: &Path, is_read_only: bool, words: [&str; 2]| {
        command::output(host.command(project, module, directory, is_read_only).args(words))
    };
    let missing = run(&directory, false, ["fill", "/elsewhere/a.db"])?;
    expect(&missing, "a folder that was not given", &["not opened: host, open: ", "/elsewhere/a.db"])?;
    println!("a folder that was not given, {}: {}", host.name(), missing.trim());

    let mounted = directory.join("disk");
    let disk = match Disk::mount(&mounted) {
        Ok(disk) => disk,
        Err(error) => {
            println!("skipped: a full disk and one that is only read, since none can be mounted here: {error:#}");
            return Ok(());
        }
    };
    let full = run(&mounted, false, ["fill", "/data/a.db"])?;
    expect(&full, "a full disk", &["refused: full: "])?;
    let came = full.split(' ').next().context("it says nothing")?.to_owned();
    expect(&full, "a full disk", &[&format!("{came} rows came, {came} are there")])?;
    println!("a full disk, {}: {}", host.name(), full.trim());
    let count = format!("{came} rows");

    // The native program reads what the module wrote on the full disk.
    let path = mounted.join("a.db");
    expect(&command::output(Command::new(native).arg("count").arg(&path))?, "a full disk, read here", &[&count])?;
    expect(&run(&mounted, false, ["count", "/data/a.db"])?, "a full disk", &[&count])?;

    disk.remount("ro")?;
    let mut read_only = vec![(true, "a disk that is only read")];
    if matches!(host, Host::Wasmtime(_)) {
        read_only.push((false, "a folder that is only to be read"));
    }
    for (is_mounted_so, what) in read_only {
        if !is_mounted_so {
            disk.remount("rw")?;
        }
        let refused = run(&mounted, !is_mounted_so, ["fill", "/data/a.db"])?;
        expect(&refused, what, &["not opened: host, ", "/data/a.db"])?;
        println!("{what}, {}: {}", host.name(), refused.trim());
        expect(&run(&mounted, !is_mounted_so, ["count", "/data/a.db"])?, what, &[&count])?;
    }

    disk.remount("rw,size=64m")?;
    expect(
        &run(&mounted, false, ["fill", "/data/a.db"])?,
        "a disk with room again",
        &["2000 rows came", "refused: nothing"],
    )
}

/// What was printed must have all of this in it.
fn expect(printed: &str, what: &str, wanted: &[&str]) -> Result<()> {
    match wanted.iter().find(|wanted| !printed.contains(**wanted)) {
        Some(wanted) => bail!("{what}: `{wanted}` is not in: {}", printed.trim()),
        None => Ok(()),
    }
}
