//! `cargo xtask docs`: the documentation of every crate, where a broken link is an error.

use anyhow::Result;

use crate::command;
use crate::project::Project;

/// Builds the documentation with warnings as errors.
pub(crate) fn run(project: &Project) -> Result<()> {
    command::run(project.cargo_of_everything("doc").arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}
