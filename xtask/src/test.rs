//! `cargo xtask test`: every test and doctest of the workspace, then the example on each wasm host, then a browser.

use anyhow::Result;

use crate::project::Project;
use crate::{command, wasm};

/// The binaries of tests of the engine that run a second time, with a check of everything after every commit.
const VERIFIED: [&str; 2] = ["engine", "spills"];

/// What of them does not, by its module: it commits so often, or so much, that a check after each commit takes minutes; or it
/// asks for long, and hardly commits.
const UNVERIFIED: [&str; 7] = [
    "bulk_load",
    "differential",
    "many_joins",
    "partitioning",
    "queries_against_a_model",
    "vacuum",
    "writes_against_a_model",
];

/// What to leave out.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only the native tests
    #[arg(long)]
    skip_wasm: bool,
}

/// Runs the native tests, then what runs on wasm and in a browser if that can be done here.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    native(project)?;
    if options.skip_wasm {
        println!("skipped, as asked: the example on the wasm hosts, and the browser");
        return Ok(());
    }
    match wasm::missing()? {
        Some(reason) => {
            println!("skipped: the example on the wasm hosts, since {reason}");
        }
        None => wasm::run(project, &wasm::Options::default())?,
    }
    wasm::browser::run(project, &wasm::browser::Options::default())
}

/// Runs the native tests and doctests, all of them even if one fails; then those of the engine with a check of everything
/// after every commit.
pub(crate) fn native(project: &Project) -> Result<()> {
    command::run(project.cargo_of_everything("test").arg("--no-fail-fast"))?;
    let mut cargo = project.cargo_of_everything("test");
    for name in VERIFIED {
        cargo.args(["--test", name]);
    }
    cargo.args(["--no-fail-fast", "--quiet", "--"]);
    for module in UNVERIFIED {
        cargo.args(["--skip", &format!("{module}::")]);
    }
    command::run(cargo.env("VERIFY", "all"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The names that follow this beginning of a line.
    fn names<'a>(text: &'a str, head: &'a str, tail: &'a str) -> impl Iterator<Item = &'a str> {
        text.lines().filter_map(move |line| line.strip_prefix(head)?.strip_suffix(tail))
    }

    #[test]
    fn every_file_of_tests_is_in_a_binary_of_its_crate() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        let mut count = 0;
        for member in fs::read_dir(crates).unwrap() {
            let member = member.unwrap().path();
            let manifest = fs::read_to_string(member.join("Cargo.toml")).unwrap();
            if !manifest.contains("\nautotests = false\n") {
                continue;
            }
            let main = fs::read_to_string(member.join("tests/main.rs")).unwrap();
            let binaries = manifest.split("[[test]]\n").skip(1).flat_map(|test| names(test, "name = \"", "\""));
            let named: Vec<&str> = names(&main, "mod ", ";").chain(binaries).chain(["main"]).collect();
            for entry in fs::read_dir(member.join("tests")).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.file_stem().unwrap().to_str().unwrap();
                    assert!(named.contains(&name), "{} is in no binary: it never runs", path.display());
                    count += 1;
                }
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn what_is_not_verified_is_a_module_of_the_tests_of_the_engine() {
        let main = include_str!("../../crates/engine/tests/main.rs");
        for module in UNVERIFIED {
            assert!(names(main, "mod ", ";").any(|name| name == module), "{module}");
        }
    }
}
