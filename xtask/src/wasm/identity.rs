//! One script of SQL, and the bytes that it exports here, in Node by the npm package and on WASI: they must be the same. The
//! browser compares too, by the digest of what was exported here (`crates/npm/browser_test`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::module::{self, Module};
use super::toolchain::Toolchain;
use super::wasi_files::{self, Host};
use super::wasmtime;
use crate::project::Project;
use crate::{command, debian};

/// The program, of the package of the npm module.
const PROGRAM: &str = "identity";

/// The seed of the script, and how many statements are drawn.
const SEED: &str = "1";
const STATEMENTS: &str = "10000";

/// The script, and what it exports.
pub(super) struct Identity {
    /// The script: a statement in each line.
    pub(super) script: PathBuf,
    /// What it exports on this machine.
    pub(super) export: PathBuf,
}

/// Draws the script and runs it here; what it printed.
pub(super) fn here(project: &Project, directory: &Path) -> Result<(Identity, String)> {
    let identity = Identity { script: directory.join("script.sql"), export: directory.join("native.export") };
    command::run(project.cargo("build").args(["--package", "wasm-dbms-npm", "--example", PROGRAM]))?;
    let native = project.example(PROGRAM);
    command::output(Command::new(&native).args(["write", SEED, STATEMENTS]).arg(&identity.script))?;
    let printed = command::output(Command::new(&native).arg("run").arg(&identity.script).arg(&identity.export))?;
    Ok((identity, printed))
}

/// Runs the script here and in Node, and on WASI in two hosts if that is asked for, and compares.
pub(super) fn check(project: &Project, package: &Path, wasi: Option<&Toolchain>) -> Result<Identity> {
    let directory = project.wasm_target().join("identity");
    fs::create_dir_all(&directory)?;
    let path = |name: &str| directory.join(name);
    let (identity, here) = here(project, &directory)?;
    let native = project.example(PROGRAM);
    let ran = |command: &mut Command| command::output(command);

    let mut compared = vec!["here", "in Node"];
    let in_node = path("node.export");
    let script = project.root().join("crates/npm").join(PROGRAM).join("node.mjs");
    let node = ran(Command::new("node").arg(script).arg(package).arg(&identity.script).arg(&in_node))?;
    compare(&identity.export, &here, &in_node, &node)?;

    if let Some(toolchain) = wasi {
        let module = Module::build(project, toolchain, &module::IDENTITY_ON_WASI)?;
        let mut hosts = vec![Host::Node];
        match wasmtime::packages(project) {
            Ok(packages) => hosts.push(Host::Wasmtime(packages)),
            Err(error) if debian::is_ci() => return Err(error),
            Err(error) => println!("skipped: WASI in wasmtime, since it is not here: {error:#}"),
        }
        for host in hosts {
            match fs::remove_file(path("wasi.db")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
            let words = ["run", "/data/script.sql", "/data/wasi.export", "/data/wasi.db"];
            let wasi = ran(host.command(project, &module, &directory, false).args(words))?;
            compare(&identity.export, &here, &path("wasi.export"), &wasi)?;
            compared.push(host.name());
            wasi_files::check(project, &module, &host, &native)?;
        }
    }
    let length = fs::metadata(&identity.export)?.len();
    println!("{STATEMENTS} statements, seed {SEED}: {length} equal bytes {}", compared.join(", "));
    Ok(identity)
}

/// The same refusals and the same bytes.
fn compare(one: &Path, ones: &str, two: &Path, twos: &str) -> Result<()> {
    if ones != twos {
        bail!("{} and {}: {} and {}", one.display(), two.display(), ones.trim(), twos.trim());
    }
    let (first, second) = (fs::read(one)?, fs::read(two)?);
    if first != second {
        let same = first.iter().zip(&second).take_while(|(one, two)| one == two).count();
        bail!("{} and {} part at byte {same}", one.display(), two.display());
    }
    Ok(())
}
