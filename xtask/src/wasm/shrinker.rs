//! [`Shrinker`]: `wasm-opt` of binaryen, the [copies] that it leaves, then the [arranging](arrange) of what is weighed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::{arrange, copies, packages, size};
use crate::command;
use crate::project::Project;

/// How a module is shrunk. The features are named one by one: with all of them, types appear that Node 20 rejects. Names
/// go first: the passes behind them then merge functions that differed in name alone. Control flow is found anew in flat
/// code; functions with one caller are left to the compiler, which has joined those that it gains by. What is computed twice
/// stays so where a local would have to carry it: repeated bytes compress, and engines find it themselves.
const PASSES: [&str; 17] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--strip-debug",
    "--strip-producers",
    "--low-memory-unused",
    "--one-caller-inline-max-function-size",
    "0",
    "--skip-pass=local-cse",
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
];

/// What makes modules small.
pub(super) struct Shrinker {
    /// The script of `wasm-opt`, for node.
    wasm_opt: PathBuf,
}

impl Shrinker {
    /// Fetches `wasm-opt` as its package is pinned, since what a module weighs depends on it. Nothing where there is no npm.
    pub(super) fn find(project: &Project) -> Result<Option<Self>> {
        if command::find("npm").is_none() {
            return Ok(None);
        }
        let pinned = project.root().join("xtask").join("binaryen");
        let packages = packages::install(&pinned, &project.wasm_target().join("binaryen"))?;
        Ok(Some(Self { wasm_opt: packages.join("binaryen").join("bin").join("wasm-opt") }))
    }

    /// What `wasm-opt` says of itself.
    pub(super) fn version(&self) -> Result<String> {
        Ok(command::output(self.command().arg("--version"))?.trim().to_owned())
    }

    /// Shrinks a module, unless this very one was shrunk in this very way: it takes a quarter of a minute, and arranging it
    /// as long again or longer, which is for modules that are weighed.
    pub(super) fn shrink(&self, raw: &Path, optimized: &Path, is_weighed: bool) -> Result<()> {
        let mut source = Sha256::new_with_prefix(fs::read(raw)?);
        source.update(self.version()?);
        source.update(PASSES.concat());
        source.update(copies::SOURCE);
        source.update(arrange::SOURCES.concat());
        let source = source.finalize();
        let of = optimized.with_extension("of");
        if optimized.is_file() && fs::read(&of).is_ok_and(|known| known == source.as_slice()) {
            println!("{} is that of this module", optimized.display());
            return Ok(());
        }
        command::run(self.command().args(PASSES).arg(raw).arg("-o").arg(optimized))?;
        let mut module = copies::forwarded(&fs::read(optimized)?)?;
        if is_weighed {
            module = arrange::arrange(&module, size::gzip)?;
        }
        fs::write(optimized, module)?;
        Ok(fs::write(of, source)?)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("node");
        command.arg(&self.wasm_opt);
        command
    }
}
