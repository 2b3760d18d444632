//! The tables of a run, as Markdown: what the terminal shows is what `results.md` keeps.

use std::fmt::Write as _;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use workloads::Workload;

use crate::arena::Results;
use crate::engines::EngineKind;
use crate::measure::BestCost;
use crate::targets::TARGETS;

/// Engines whose CPU times are put in relation: only memory with memory, file with file.
const PAIRS: [(EngineKind, EngineKind); 7] = [
    (EngineKind::Ours, EngineKind::Sqlite),
    (EngineKind::OursSql, EngineKind::Sqlite),
    (EngineKind::Ours, EngineKind::Redb),
    (EngineKind::Ours, EngineKind::Btree),
    (EngineKind::Ours, EngineKind::Peer),
    (EngineKind::OursFile, EngineKind::SqliteFile),
    (EngineKind::OursFile, EngineKind::RedbFile),
];
/// Workloads that wait for the disk if the engine has a file: the wall clock is shown too.
const WAITING: [Workload; 2] = [Workload::W1b, Workload::W11];

/// The report of a run. `sizes` is the table of point reads. `small` is a run of its own with fewer rows, for an engine that cannot finish the large one.
pub fn write(large: Option<&Results>, sizes: &str, small: Option<&Results>) -> String {
    let mut text = String::from("# Side by side\n\n");
    if let Some(results) = large {
        section(&mut text, results);
        text.push_str("## Promises\n\nCPU time as a ratio to another engine of this run, if nothing else is said.\n\n");
        for target in &TARGETS {
            let _ = writeln!(text, "- {}", target.verdict(results));
        }
    }
    text.push_str(sizes);
    if let Some(results) = small {
        text.push_str(
            "\n## wasm-dbms 0.11 of crates.io\n\nA run of its own, with fewer rows. Every insert, update and\n",
        );
        text.push_str("delete of 0.11 commits by itself, its fastest way.\n\n");
        section(&mut text, results);
    }
    text
}

/// Point reads of growing tables.
#[cfg(feature = "ours")]
pub fn point_reads(found: &[crate::sizes::PointRead]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(["rows", "wasm-dbms", "SQLite", "BTreeMap", "wasm-dbms / SQLite"]);
    for read in found {
        let ratio = significant(read.ours_us / read.sqlite_us);
        let [ours, sqlite, btree] = [read.ours_us, read.sqlite_us, read.btree_us].map(significant);
        table.add_row([read.rows.to_string(), ours, sqlite, btree, ratio]);
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!(
        "\n## Point reads of growing tables\n\nCPU microseconds of a get by key, in memory, rows of an `u32` and an \
         `i64`, keys at random. Each looks at as\nmany pages as the tree has levels, two up to 100,000 rows and three up \
         to ten million\n(`crates/memory/tests/pages_touched.rs`); what grows is the way to memory.\n\n{table}\n"
    )
}

fn section(text: &mut String, results: &Results) {
    let _ = writeln!(
        text,
        "{}: {} rows per table, seed {}, best of {} rounds, engines alternating, every answer checked.\n",
        jiff::Timestamp::now().strftime("%Y-%m-%d"),
        results.rows,
        results.seed,
        results.rounds
    );
    let workloads = measured(results);
    let _ = writeln!(
        text,
        "CPU microseconds per operation; in parentheses the wall clock where an engine waits for the disk.\n"
    );
    let _ = writeln!(text, "{}\n", costs(results, &workloads));
    if let Some(ratios) = ratios(results, &workloads) {
        let _ = writeln!(text, "CPU time as a ratio; below 1 the first takes less.\n");
        let _ = writeln!(text, "{ratios}\n");
    }
    if let Some(commits) = durable_commits(results) {
        let _ = writeln!(text, "{commits}");
    }
    if !results.stored.is_empty() {
        let sizes = results.stored.iter().map(|(kind, stored)| {
            let in_table = stored.in_table.map_or(String::new(), |bytes| format!(" ({bytes:.1} in the table)"));
            format!("{} {:.1}{in_table}", kind.title(), stored.in_all)
        });
        let sizes: Vec<String> = sizes.collect();
        let _ = writeln!(
            text,
            "Stored bytes per user, table and index (redb: no index), compacted: {}.\n",
            sizes.join(", ")
        );
    }
    for workload in &workloads {
        let _ = writeln!(text, "- {}: {}", workload.name(), workload.title());
    }
    text.push('\n');
}

fn measured(results: &Results) -> Vec<Workload> {
    let mut workloads: Vec<Workload> = results.costs.keys().map(|(workload, _)| *workload).collect();
    workloads.dedup();
    workloads
}

/// One row per engine, one column per workload.
fn costs(results: &Results, workloads: &[Workload]) -> Table {
    let mut engines: Vec<EngineKind> = results.costs.keys().map(|(_, kind)| *kind).collect();
    engines.sort_unstable();
    engines.dedup();
    let rows = engines.into_iter().map(|kind| {
        let cell = |workload: &Workload| {
            results
                .costs
                .get(&(*workload, kind))
                .map_or("-".to_owned(), |found| cost(found, kind.is_on_file() && WAITING.contains(workload)))
        };
        (kind.title().to_owned(), workloads.iter().map(cell).collect())
    });
    table(workloads, rows)
}

/// One row per pair of engines that both took part.
fn ratios(results: &Results, workloads: &[Workload]) -> Option<Table> {
    let mut rows = Vec::new();
    for (engine, other) in PAIRS {
        let ratio = |workload: &Workload| results.cpu_ratio(*workload, engine, other);
        let ratios: Vec<Option<f64>> = workloads.iter().map(ratio).collect();
        if ratios.iter().any(Option::is_some) {
            let cell = |ratio: Option<f64>| ratio.map_or("-".to_owned(), significant);
            let cells = ratios.into_iter().map(cell).collect();
            rows.push((format!("{} / {}", engine.title(), other.title()), cells));
        }
    }
    (!rows.is_empty()).then(|| table(workloads, rows))
}

/// What the wall clock says of W1b on file, in units of the bare disk operation.
fn durable_commits(results: &Results) -> Option<String> {
    let append_us = results.append_us?;
    let mut text = format!(
        "A bare append of 4 KiB + fdatasync took {append_us:.0} us (wall). One durable commit of one row (W1b), as a\n\
         multiple of it:"
    );
    let mut separator = " ";
    for kind in [EngineKind::OursFile, EngineKind::SqliteFile, EngineKind::RedbFile] {
        if let Some(cost) = results.costs.get(&(Workload::W1b, kind)) {
            let _ = write!(text, "{separator}{} {:.2}", kind.title(), cost.wall_us / append_us);
            separator = ", ";
        }
    }
    (separator != " ").then(|| text + ".\n")
}

fn table(workloads: &[Workload], rows: impl IntoIterator<Item = (String, Vec<String>)>) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(std::iter::once(String::new()).chain(workloads.iter().map(|workload| workload.name().to_owned())));
    for (title, cells) in rows {
        table.add_row(std::iter::once(title).chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn cost(cost: &BestCost, waits: bool) -> String {
    let cpu = significant(cost.cpu_us);
    if waits { format!("{cpu} ({})", significant(cost.wall_us)) } else { cpu }
}

/// Three digits or so: more would be noise.
fn significant(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
