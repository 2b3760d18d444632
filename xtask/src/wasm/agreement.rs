//! What must be equal on every host: the answers of the scenario, the bytes of the export, and the answers that one
//! host reads from the database file of another.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use comfy_table::{CellAlignment, Table};
use sha2::{Digest, Sha256};

use super::host::{self, Answers, FileHost, Outcome};
use super::module::{Module, WORLD};
use crate::project::Project;

/// Runs the scenario on every host and compares them. The files stay in `directory` until the next run.
pub(super) fn check(project: &Project, directory: &Path, wasi: &Module, heap: &Module) -> Result<()> {
    make_empty(directory)?;
    let native = FileHost::native(project, WORLD, directory);
    let wasip1 = FileHost::wasip1(project, wasi, directory);
    let outcomes = [native.run()?, wasip1.run()?, host::run_on_heap(project, heap, directory)?];
    print(&outcomes)?;
    check_outcomes(&outcomes)?;
    check_files(&native, &wasip1)
}

/// Runs an example that keeps its database on the heap here and in its module, and compares the answers.
pub(super) fn check_heap(project: &Project, directory: &Path, module: &Module) -> Result<()> {
    let native = Answers::of(&mut Command::new(project.example(module.name)))?;
    let outcome = host::run_on_heap(project, module, directory)?;
    if native.count() == 0 {
        bail!("{} printed no line `answer: ..`", module.name);
    }
    compare_answers("native", &native, outcome.name, &outcome.answers).with_context(|| format!("in {module}"))?;
    println!("{module} does as its program does here: {} equal answers", native.count());
    Ok(())
}

/// The same answers and the same export everywhere.
fn check_outcomes(outcomes: &[Outcome]) -> Result<()> {
    let Some((first, others)) = outcomes.split_first() else { bail!("there is no host") };
    if first.answers.count() == 0 {
        bail!("the scenario printed no line `answer: ..` on {}", first.name);
    }
    for other in others {
        compare_answers(first.name, &first.answers, other.name, &other.answers)?;
        if first.export != other.export {
            let same = first.export.iter().zip(&other.export).take_while(|(one, two)| one == two).count();
            bail!(
                "the exports of {} ({} bytes) and {} ({} bytes) part at byte {same}",
                first.name,
                first.export.len(),
                other.name,
                other.export.len()
            );
        }
    }
    Ok(())
}

/// Each file host opens the database of the other, and reads from it what its author reads from it.
fn check_files(native: &FileHost, wasip1: &FileHost) -> Result<()> {
    for (author, reader) in [(native, wasip1), (wasip1, native)] {
        let read_by = |host: &FileHost| {
            host.verify(author).with_context(|| format!("{} opening the database of {}", host.name, author.name))
        };
        let (own, foreign) = (read_by(author)?, read_by(reader)?);
        if own.count() == 0 {
            bail!("`--verify` printed no line `answer: ..` on {}", author.name);
        }
        compare_answers(author.name, &own, reader.name, &foreign)
            .with_context(|| format!("asked about the database of {}", author.name))?;
        println!("the database of {} opens on {}: {} equal answers", author.name, reader.name, own.count());
    }
    Ok(())
}

fn compare_answers(one: &str, ones: &Answers, two: &str, twos: &Answers) -> Result<()> {
    if ones != twos {
        bail!("{one} and {two} do not answer the same, first at {}", ones.difference(twos));
    }
    Ok(())
}

fn print(outcomes: &[Outcome]) -> Result<()> {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["host", "seconds", "answers", "export bytes", "export sha256"]);
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for outcome in outcomes {
        table.add_row([
            outcome.name.to_owned(),
            format!("{:.2}", outcome.time.as_secs_f64()),
            outcome.answers.count().to_string(),
            outcome.export.len().to_string(),
            sha256(&outcome.export)?,
        ]);
    }
    println!("\n{table}");
    Ok(())
}

fn sha256(bytes: &[u8]) -> Result<String> {
    let mut digits = String::new();
    for byte in Sha256::digest(bytes) {
        write!(digits, "{byte:02x}")?;
    }
    Ok(digits)
}

fn make_empty(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(directory)?,
    }
    Ok(())
}
