//! `.pages`: a map of the file, and totals.

use std::collections::BTreeMap;
use std::io::Write;

use wasm_dbms::prelude::*;

use crate::error::Result;
use crate::page::percent;
use crate::{Outcome, cell, format};

/// Pages in a line of the map.
const LINE_PAGES: usize = 64;

/// What the characters of the map mean.
const LEGEND: &str = "\
░ ▒ ▓ █  leaf, by fill     b B  branch, less or more than half full     o O  overflow, likewise
R  registry     U  unclaimed ledger     .  free     ?  other     !  damaged";

/// Pages that belong together.
#[derive(Debug, Default)]
struct Total {
    leaves: u64,
    branches: u64,
    overflow: u64,
    others: u64,
    /// Entries of leaves: rows, or entries of an index.
    entries: u64,
    used_bytes: u64,
}

impl Total {
    fn add(&mut self, page: &PageView) {
        match page.kind.as_str() {
            "leaf" => {
                self.leaves += 1;
                self.entries += page.entries as u64;
            }
            "branch" => self.branches += 1,
            "overflow" => self.overflow += 1,
            _ => self.others += 1,
        }
        self.used_bytes += page.used as u64;
    }

    fn pages(&self) -> u64 {
        self.leaves + self.branches + self.overflow + self.others
    }
}

/// Prints the map and the totals.
pub(crate) fn write(database: &Database, out: &mut dyn Write) -> Result<Outcome> {
    let mut totals: BTreeMap<String, Total> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut page_bytes = 0;
    let mut line = String::new();
    let count = database.page_count();
    for number in 0..count {
        match database.page(number) {
            Ok(page) => {
                page_bytes = page.bytes.len() as u64;
                line.push(symbol(&page));
                totals.entry(owner(&page)).or_default().add(&page);
            }
            Err(error) if error.is_corrupt() => {
                line.push('!');
                findings.push(error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
        let next = number as usize + 1;
        if next.is_multiple_of(LINE_PAGES) || number + 1 == count {
            writeln!(out, "{:>8}  {line}", (next - 1) / LINE_PAGES * LINE_PAGES)?;
            line.clear();
        }
    }
    writeln!(out, "\n{LEGEND}\n")?;
    write_totals(&totals, page_bytes, out)?;
    writeln!(out, "{count} pages of {page_bytes} bytes")?;
    for finding in &findings {
        writeln!(out, "{}", cell::escaped(finding))?;
    }
    Ok(if findings.is_empty() { Outcome::Done } else { Outcome::Findings })
}

/// Whose page it is.
fn owner(page: &PageView) -> String {
    match (page.kind.as_str(), page.tree.as_str()) {
        ("free", _) => "(free)".into(),
        ("unclaimed", _) => "(unclaimed ledger)".into(),
        // The trees of tables and indexes have names; the one that has none is the registry's own.
        ("registry" | "leaf" | "branch" | "overflow", "") => "(registry)".into(),
        (_, "") => "(other)".into(),
        (_, tree) => tree.to_owned(),
    }
}

/// One character for a page.
fn symbol(page: &PageView) -> char {
    let is_half_full = page.used * 2 >= page.bytes.len();
    match page.kind.as_str() {
        "leaf" => match page.used * 4 / page.bytes.len().max(1) {
            0 => '░',
            1 => '▒',
            2 => '▓',
            _ => '█',
        },
        "branch" if is_half_full => 'B',
        "branch" => 'b',
        "overflow" if is_half_full => 'O',
        "overflow" => 'o',
        "registry" => 'R',
        "unclaimed" => 'U',
        "free" => '.',
        _ => '?',
    }
}

fn write_totals(totals: &BTreeMap<String, Total>, page_bytes: u64, out: &mut dyn Write) -> Result<()> {
    let columns = ["tree", "pages", "leaf", "branch", "overflow", "entries", "fill"].map(str::to_owned);
    let mut table = format::table(&columns);
    for (owner, total) in totals {
        let counts = [total.pages(), total.leaves, total.branches, total.overflow, total.entries];
        let fill = match owner.as_str() {
            "(free)" | "(unclaimed ledger)" | "(other)" => "-".to_owned(),
            _ => percent(total.used_bytes, total.pages() * page_bytes),
        };
        let line = [cell::escaped(owner)].into_iter().chain(counts.map(|count| count.to_string())).chain([fill]);
        table.add_row(line);
    }
    for column in 1..columns.len() {
        format::align(&mut table, column);
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
