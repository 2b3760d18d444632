//! Functions that return several values at once, as every host of WebAssembly has long taken them: a fat pointer or a
//! `Result` comes back on the stack of values, where it otherwise goes through memory. Modules are two percent smaller
//! for it, and run fewer instructions.
//!
//! The compiler has no target with that convention, so one is described to it ([`specification`]): its own description of
//! `wasm32-unknown-unknown`, with the convention changed. It holds within a module; what a module imports and exports is
//! numbers either way. LLVM calls the convention experimental, and two things are not right about it. Both are seen in a
//! linked module, and mended there ([`fitted`]): routines that return otherwise than LLVM expects ([`adapters`]), and
//! reads that come before the write that they are to see ([`early_reads`]).

mod adapters;
mod early_reads;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::module::Target;
use crate::command;
use crate::project::Project;

/// Describes the target to the compiler; the file that does. It is called as the target that it stands for, and so is the
/// folder that modules come to.
pub(super) fn specification(project: &Project, rustc: &mut Command) -> Result<PathBuf> {
    let triple = Target::Unknown.triple();
    let question = ["-Zunstable-options", "--print=target-spec-json", "--target", triple];
    let own = command::output(rustc.env("RUSTC_BOOTSTRAP", "1").args(question))
        .context("asking the compiler how it describes its target")?;
    let mut description: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&own)?;
    description.insert("llvm-abiname".to_owned(), "experimental-mv".into());
    description.insert("features".to_owned(), "+multivalue".into());
    let description = serde_json::to_string_pretty(&description)?;
    let folder = project.wasm_target().join("multivalue");
    let file = folder.join(format!("{triple}.json"));
    // A file that is newer than what was built by it has all of that built again.
    if fs::read_to_string(&file).is_ok_and(|known| known == description) {
        return Ok(file);
    }
    fs::create_dir_all(&folder)?;
    fs::write(&file, description)?;
    Ok(file)
}

/// What the compiler is told beside the target.
pub(super) fn flags() -> impl Iterator<Item = String> {
    adapters::flags()
}

/// The linked module in `raw` as LLVM means it; the file that it is in.
pub(super) fn fitted(raw: &Path) -> Result<PathBuf> {
    let module = fs::read(raw).with_context(|| format!("reading {}", raw.display()))?;
    let fitted = raw.with_extension("fitted.wasm");
    let module = early_reads::mended(&adapters::adapted(&module)?)?;
    fs::write(&fitted, module).with_context(|| format!("writing {}", fitted.display()))?;
    Ok(fitted)
}
