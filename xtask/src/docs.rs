//! `cargo xtask docs`: the documentation of every crate, where a broken link is an error, and so is a public function
//! without an example.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command;
use crate::project::Project;

/// The crates that programs name: each of their public functions shows what it is for. Doctests run what it shows.
const SHOWN_CRATES: [&str; 4] = ["api", "memory", "engine", "sql"];

/// Builds the documentation with warnings as errors.
pub(crate) fn run(project: &Project) -> Result<()> {
    command::run(project.cargo_of_everything("doc").arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))?;
    let mut missing = Vec::new();
    for name in SHOWN_CRATES {
        for path in sources(&project.root().join("crates").join(name).join("src"))? {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            let place = path.strip_prefix(project.root()).unwrap_or(&path);
            missing.extend(without_example(&text).map(|line| format!("{}:{line}", place.display())));
        }
    }
    if !missing.is_empty() {
        bail!("these public functions have no example:\n    {}", missing.join("\n    "));
    }
    Ok(())
}

/// Every source file in a folder and those in it.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The lines of public functions whose documentation shows no code. Those that are hidden from it need none.
fn without_example(text: &str) -> impl Iterator<Item = usize> {
    let mut is_shown = false;
    (1..).zip(text.lines().map(str::trim_start)).filter_map(move |(number, line)| {
        let is_function = line.starts_with("pub fn ") || line.starts_with("pub const fn ");
        let is_missing = is_function && !is_shown;
        let is_about_the_next = line.starts_with("///") || line.starts_with("#[");
        is_shown = is_about_the_next && (is_shown || line.contains("```") || line.contains("doc(hidden)"));
        is_missing.then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_function_without_an_example_is_found_by_its_line() {
        let text = "/// Shown.\n///\n/// ```\n/// assert!(true);\n/// ```\n#[must_use]\npub fn shown() {}\n\n\
                    /// Told.\npub const fn told() {}\n\n/// Hidden.\n#[doc(hidden)]\npub fn hidden() {}\n\n\
                    pub(crate) fn inner() {}\n";
        assert_eq!(without_example(text).collect::<Vec<_>>(), [10]);
    }
}
