//! The side-by-side bench: the workloads of BENCH.md over this project, SQLite, redb, `BTreeMap` and the crate
//! `wasm-dbms` 0.11, in one process, every answer checked against a plain model.

mod arena;
mod engines;
mod measure;
mod picture;
#[cfg(feature = "ours")]
mod readers;
mod report;
#[cfg(feature = "ours")]
mod sizes;
mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum as _};
use workloads::{Dataset, Workload};

use crate::arena::Results;
use crate::engines::EngineKind;

/// Compare this project with other engines, side by side
#[derive(Parser)]
struct Options {
    /// Rows of each table
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    rows: u32,
    /// Seed of all rows and operations
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Rounds; the best of each figure counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only these workloads, such as W1,W2
    #[arg(long, value_delimiter = ',', ignore_case = true)]
    only: Vec<Workload>,
    /// Only these engines
    #[arg(long, value_delimiter = ',')]
    engines: Vec<EngineKind>,
    /// Rows of each table for wasm-dbms 0.11, which gets a run of its own
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    peer_rows: u32,
    /// Rounds of that run
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    peer_rounds: u32,
    /// Where the files of the engines live meanwhile; a real disk, not one in memory
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target"))]
    files: PathBuf,
    /// Where `results.md` and `ratios.svg` are written
    #[arg(long, default_value = env!("CARGO_MANIFEST_DIR"))]
    output: PathBuf,
    /// The largest table of the point reads of growing tables, which a run of all workloads ends with; 0 leaves them out
    #[arg(long, default_value_t = 10_000_000)]
    sizes: u32,
    /// Only the reader threads, which a run of all workloads has too; prints, writes nothing
    #[arg(long)]
    readers: bool,
    /// Only print, write nothing
    #[arg(long)]
    dry: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    fs::create_dir_all(&options.files)?;
    if options.readers {
        println!("{}", reader_threads(&options)?);
        return Ok(());
    }
    let workloads = if options.only.is_empty() { Workload::RUN_ORDER.to_vec() } else { options.only.clone() };
    let (peers, engines): (Vec<_>, Vec<_>) =
        chosen_engines(&options)?.into_iter().partition(|kind| *kind == EngineKind::Peer);

    println!("seed {}", options.seed);
    let large = if engines.is_empty() { None } else { Some(run(&options, &engines, &workloads)?) };
    let small = if peers.is_empty() { None } else { Some(run_peer(&options, &engines, &workloads)?) };

    let sizes =
        if options.only.is_empty() { point_reads(&options)? + &reader_threads(&options)? } else { String::new() };

    let report = report::write(large.as_ref(), &sizes, small.as_ref());
    println!("{report}");
    if !options.dry {
        let picture = large.as_ref().and_then(picture::draw);
        write_outputs(&options.output, &report, picture.as_deref())?;
    }
    Ok(())
}

/// The table of point reads of growing tables.
#[cfg(feature = "ours")]
fn point_reads(options: &Options) -> Result<String> {
    sizes::run(options.seed, options.sizes).map(|found| report::point_reads(&found))
}

/// What reader threads come to.
#[cfg(feature = "ours")]
fn reader_threads(options: &Options) -> Result<String> {
    Ok(readers::run(options.seed, &options.files)?.report())
}

#[cfg(not(feature = "ours"))]
fn reader_threads(_: &Options) -> Result<String> {
    Ok(String::new())
}

#[cfg(not(feature = "ours"))]
fn point_reads(_: &Options) -> Result<String> {
    Ok(String::new())
}

fn chosen_engines(options: &Options) -> Result<Vec<EngineKind>> {
    if options.engines.is_empty() {
        return Ok(EngineKind::value_variants().iter().copied().filter(|kind| kind.is_compiled()).collect());
    }
    let mut engines = options.engines.clone();
    engines.sort_unstable();
    engines.dedup();
    for kind in &engines {
        ensure!(kind.is_compiled(), "{} is not part of this build: see bench/README.md", kind.title());
    }
    Ok(engines)
}

fn run(options: &Options, engines: &[EngineKind], workloads: &[Workload]) -> Result<Results> {
    let data = Dataset::generate(options.seed, options.rows);
    arena::run(&data, engines, workloads, options.rounds, &options.files)
}

/// wasm-dbms 0.11 would take minutes for one round of the full size: fewer rows, beside our engine with as few.
fn run_peer(options: &Options, engines: &[EngineKind], workloads: &[Workload]) -> Result<Results> {
    let mut contenders = vec![EngineKind::Peer];
    contenders.extend(engines.iter().filter(|kind| **kind == EngineKind::Ours));
    let data = Dataset::generate(options.seed, options.peer_rows);
    arena::run(&data, &contenders, workloads, options.peer_rounds, &options.files)
}

fn write_outputs(directory: &Path, report: &str, picture: Option<&str>) -> Result<()> {
    let mut report = report.to_owned();
    match picture {
        Some(picture) => {
            fs::write(directory.join("ratios.svg"), picture)?;
            report.push_str("![CPU time relative to wasm-dbms](ratios.svg)\n");
        }
        None => println!("no picture: it compares other engines in memory with wasm-dbms in memory"),
    }
    fs::write(directory.join("results.md"), report)?;
    println!("written to {}", directory.display());
    Ok(())
}
