//! `cargo xtask fuel`: how many instructions of wasm each workload takes, compared with what was kept in git.
//!
//! The counts are those of wasmtime's fuel, of the module of the bench (`bench/module`), for one operation of each workload
//! through the typed API and through SQL. They do not depend on the machine, so a change of two percent is one of the code.
//! They do depend on the compiler: counts of another one are not compared.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::module::{self, Module};
use super::shrinker::Shrinker;
use super::toolchain::Toolchain;
use super::wasmtime;
use crate::command;
use crate::project::Project;

/// What is kept: a line that says of what the counts are, then a line for each count.
const KEPT: &str = "bench/fuel.txt";

/// How much more is a change that has to be accepted, in parts of a thousand.
const TOLERANCE_PER_MILLE: u64 = 20;

/// What to do with what is found.
#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Keep the new counts; what they cost belongs into CHANGELOG.md
    #[arg(long)]
    accept: bool,
}

/// The counts by face and workload.
type Counts = BTreeMap<String, u64>;

/// Counts, and compares with what was kept.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if let Some(reason) = super::missing()? {
        bail!("{reason}");
    }
    let packages = match wasmtime::packages(project) {
        Ok(packages) => packages,
        Err(error) => {
            println!("skipped: counting instructions, since there is no wasmtime here: {error:#}");
            return Ok(());
        }
    };
    let toolchain = Toolchain::find()?.context("the toolchain that was here is gone")?;
    println!("wasm toolchain: {toolchain}");
    let module = Module::build(project, &toolchain, &module::BENCH)?;
    let shrinker =
        Shrinker::find(project)?.map_or_else(|| Ok("not shrunk".to_owned()), |shrinker| shrinker.version())?;
    let head = format!("# level {}, {toolchain}, {shrinker}", module::OPT_LEVEL);
    let mut python = Command::new("python3");
    python.arg(project.root().join("bench/wasm/fuel.py")).arg(packages).arg(module.shipped());
    let counts = read(&command::output(&mut python)?)?;

    let kept_path = project.root().join(KEPT);
    let kept = fs::read_to_string(&kept_path).unwrap_or_default();
    if options.accept {
        fs::write(&kept_path, format!("{head}\n{}", lines(&counts)?))?;
        println!("kept in {KEPT}:\n{}", lines(&counts)?);
        return Ok(());
    }
    let (kept_head, kept_counts) = kept.split_once('\n').with_context(|| format!("{KEPT} is empty"))?;
    if kept_head != head {
        println!("skipped: comparing instructions; those kept are of\n  {kept_head}\nand these of\n  {head}");
        println!("{}", lines(&counts)?);
        return Ok(());
    }
    compare(&read(kept_counts)?, &counts)
}

fn read(lines: &str) -> Result<Counts> {
    let count = |line: &str| {
        let (name, count) = line.rsplit_once(' ').with_context(|| format!("`{line}` is no count"))?;
        Ok((name.to_owned(), count.parse().with_context(|| format!("`{line}` is no count"))?))
    };
    lines.lines().map(count).collect()
}

fn lines(counts: &Counts) -> Result<String> {
    let mut lines = String::new();
    for (name, count) in counts {
        writeln!(lines, "{name} {count}")?;
    }
    Ok(lines)
}

/// Says each change of more than the tolerance; an error if one is for the worse.
fn compare(kept: &Counts, counts: &Counts) -> Result<()> {
    let mut worse = String::new();
    for (name, count) in counts {
        let Some(before) = kept.get(name) else {
            println!("{name}: {count}, which nothing is kept of");
            continue;
        };
        let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
        let tolerance = before * TOLERANCE_PER_MILLE / 1000;
        if *count > before + tolerance {
            writeln!(worse, "\n  {name}: {before} -> {count} (+{change:.1} %)")?;
        } else if count + tolerance < *before {
            println!("{name}: {before} -> {count} ({change:.1} %): `cargo xtask fuel --accept` keeps it");
        }
    }
    if !worse.is_empty() {
        bail!(
            "more instructions for one operation than were kept:{worse}\nIf this is what a gain costs, say so in \
             CHANGELOG.md and keep it: cargo xtask fuel --accept"
        );
    }
    println!(
        "{} counts of instructions, none more than {} % above what was kept",
        counts.len(),
        TOLERANCE_PER_MILLE / 10
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lines: &str) -> Counts {
        read(lines).expect("counts")
    }

    #[test]
    fn two_percent_more_is_let_by_and_three_are_not() {
        let kept = counts("typed W1 1000\nsql W2 5000");
        assert!(compare(&kept, &counts("typed W1 1020\nsql W2 100")).is_ok());
        let error = compare(&kept, &counts("typed W1 1030\nsql W2 5000")).expect_err("it is three percent more");
        assert!(error.to_string().contains("typed W1: 1000 -> 1030 (+3.0 %)"), "{error}");
    }
}
