//! The map as text: a character a page, then totals.

use std::io::Write;

use super::map::{Kind, Map, Place};
use crate::command::percent;
use crate::error::Result;
use crate::{cell, format};

/// Pages in a line of the map.
const LINE_PAGES: usize = 64;

/// What the characters of the map mean.
const LEGEND: &str = "\
░ ▒ ▓ █  table, by fill     ▂ ▄ ▆ ▇  index, by fill     b B  branch, less or more than half full     o O  overflow, likewise
R  registry     U  unclaimed ledger     .  free     ?  other     !  damaged";

/// Prints the map and the totals.
pub(super) fn write(map: &Map, out: &mut dyn Write) -> Result<()> {
    for (number, line) in map.pages.chunks(LINE_PAGES).enumerate() {
        writeln!(out, "{:>8}  {}", number * LINE_PAGES, line.iter().map(symbol).collect::<String>())?;
    }
    writeln!(out, "\n{LEGEND}\n")?;
    write_totals(map, out)?;
    writeln!(out, "{} pages of {} bytes", map.pages.len(), map.page_bytes)?;
    Ok(())
}

/// One character for a page.
fn symbol(page: &Place) -> char {
    let by_fill = |symbols: [char; 4]| {
        let [first, second, third, fourth] = symbols;
        match page.fill {
            0..25 => first,
            25..50 => second,
            50..75 => third,
            _ => fourth,
        }
    };
    match page.kind {
        Kind::TableLeaf => by_fill(['░', '▒', '▓', '█']),
        Kind::IndexLeaf => by_fill(['▂', '▄', '▆', '▇']),
        Kind::Branch if page.fill >= 50 => 'B',
        Kind::Branch => 'b',
        Kind::Overflow if page.fill >= 50 => 'O',
        Kind::Overflow => 'o',
        Kind::Registry => 'R',
        Kind::Unclaimed => 'U',
        Kind::Free => '.',
        Kind::Other => '?',
        Kind::Damaged => '!',
    }
}

fn write_totals(map: &Map, out: &mut dyn Write) -> Result<()> {
    let columns = ["tree", "pages", "leaf", "branch", "overflow", "entries", "fill"].map(str::to_owned);
    let mut table = format::table(&columns);
    for (owner, total) in &map.totals {
        let counts = [total.pages(), total.leaves, total.branches, total.overflow, total.entries];
        let fill = match owner.as_str() {
            "(free)" | "(unclaimed ledger)" | "(other)" => "-".to_owned(),
            _ => percent(total.used_bytes, total.pages() * map.page_bytes),
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
