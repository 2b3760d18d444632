//! What the file is made of: its pages by tree and kind, and one page from near.

use wasm_dbms::prelude::*;

use crate::Result;
use crate::report::Report;
use crate::schema::PAGE_SIZE;

/// Lines of the hex dump that are shown.
const HEX_LINES: usize = 6;

/// Pages of one kind in one tree.
#[derive(Debug, Default)]
struct Sum {
    pages: u64,
    entries: u64,
    used_bytes: u64,
}

/// Shows the pages of `database`, and the first leaf of the tree `tree` from near.
///
/// # Errors
/// If a page cannot be read.
pub fn show(database: &Database, tree: &str, report: &mut dyn Report) -> Result<()> {
    report.heading("What the file is made of")?;
    let page_bytes = PAGE_SIZE as u64;
    let mut sums: Vec<((String, String), Sum)> = Vec::new();
    let mut near = None;
    for number in 0..database.page_count() {
        let page = database.page(number)?;
        let is_same = |((tree, kind), _): &((String, String), Sum)| *tree == page.tree && *kind == page.kind;
        let place = sums.iter().position(is_same).unwrap_or(sums.len());
        if place == sums.len() {
            sums.push(((page.tree.to_string(), page.kind.to_string()), Sum::default()));
        }
        if let Some((_, sum)) = sums.get_mut(place) {
            sum.pages += 1;
            sum.entries += page.entries as u64;
            sum.used_bytes += page.used as u64;
        }
        if near.is_none() && page.kind == "leaf" && page.tree == tree {
            near = Some(page);
        }
    }
    sums.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let row = |((tree, kind), sum): &((String, String), Sum)| {
        let fill = percent(sum.used_bytes, sum.pages * page_bytes);
        vec![tree.clone(), kind.clone(), sum.pages.to_string(), sum.entries.to_string(), fill]
    };
    let rows: Vec<Vec<String>> = sums.iter().map(row).collect();
    report.table(&["tree", "kind", "pages", "entries", "fill"], &rows)?;

    if let Some(page) = near {
        report.heading(&format!("Page {} from near", page.number))?;
        let fill = percent(page.used as u64, page_bytes);
        report.note(&format!("a {} of {} with {} entries, {fill} full", page.kind, page.tree, page.entries))?;
        for line in page.hex_dump().lines().take(HEX_LINES) {
            report.note(line)?;
        }
    }
    Ok(())
}

/// `part` of `whole` in words.
fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => String::from("-"),
        _ => format!("{} %", 100 * part / whole),
    }
}
