//! `.page`: one page from near.

use std::io::Write;

use wasm_dbms::Page;
use wasm_dbms::prelude::*;

use crate::cell;
use crate::error::Result;

/// Prints what a page is, and its bytes.
pub(super) fn write(database: &Database, number: Page, out: &mut dyn Write) -> Result<()> {
    let page = database.page(number)?;
    let size = page.bytes.len();
    writeln!(out, "page     {number} of {}", database.page_count())?;
    writeln!(out, "kind     {}", page.kind)?;
    if !page.tree.is_empty() {
        writeln!(out, "tree     {}", cell::escaped(&page.tree))?;
    }
    writeln!(out, "entries  {}", page.entries)?;
    writeln!(out, "used     {} of {size} bytes ({})", page.used, percent(page.used as u64, size as u64))?;
    if !page.prefix.is_empty() {
        writeln!(out, "prefix   {}", cell::hex(&page.prefix))?;
    }
    writeln!(out)?;
    out.write_all(page.hex_dump().as_bytes())?;
    Ok(())
}

/// `part` of `whole` in words.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        _ => format!("{} %", u128::from(part) * 100 / u128::from(whole)),
    }
}
