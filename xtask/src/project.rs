//! Where things are: the root of the workspace and the directory it is built in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command;

/// The profile that lints, documentation, tests and native runs share, so that a dependency is compiled once.
const PROFILE: &str = "checked";

/// The workspace this tool belongs to.
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the workspace around this tool's own source.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is not in a workspace")?;
        let metadata = command::output(command::cargo().current_dir(root).args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
        ]))?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata).context("reading `cargo metadata`")?;
        let target = metadata.get("target_directory").and_then(serde_json::Value::as_str);
        Ok(Self { root: root.to_owned(), target: target.context("`cargo metadata` names no target directory")?.into() })
    }

    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where everything for wasm is built, apart from the native build: other compilers may be at work there.
    pub(crate) fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }

    /// A native example program, after `cargo build --example` with [`Project::cargo`].
    pub(crate) fn example(&self, name: &str) -> PathBuf {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.target.join(PROFILE).join("examples").join(file)
    }

    /// `cargo <verb> --profile checked` of the whole workspace, with what the database has only if it is asked for.
    pub(crate) fn cargo_of_everything(&self, verb: &str) -> std::process::Command {
        let mut cargo = self.cargo(verb);
        cargo.args(["--workspace", "--features", "wasm-dbms/serde,wasm-dbms/regex"]);
        cargo
    }

    /// `cargo <verb> --profile checked` in the workspace.
    pub(crate) fn cargo(&self, verb: &str) -> std::process::Command {
        let mut cargo = command::cargo();
        cargo.current_dir(&self.root).args([verb, "--profile", PROFILE]);
        cargo
    }
}
