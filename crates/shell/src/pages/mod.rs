//! `.pages`: the map of the file, in the terminal and as a picture.
//!
//! ```text
//! map        every page: what it is, whose, how full; totals
//! terminal   a character a page
//! svg        a square a page
//! ```

mod map;
mod svg;
mod terminal;

use std::fs::File;
use std::io::Write;
use std::path::Path;

use wasm_dbms::prelude::Database;

use crate::error::{Error, Result};
use crate::{Outcome, cell};
use map::Map;

/// Prints the map and the totals.
pub(crate) fn write(database: &Database, out: &mut dyn Write) -> Result<Outcome> {
    let map = Map::of(database)?;
    terminal::write(&map, out)?;
    findings(&map, out)
}

/// Writes the map into a new file, as SVG.
pub(crate) fn write_svg(database: &Database, path: &Path, out: &mut dyn Write) -> Result<Outcome> {
    let map = Map::of(database)?;
    let picture = svg::draw(&map);
    // Nothing that is there is overwritten.
    let mut file = File::create_new(path).map_err(|error| Error::export(path, error))?;
    file.write_all(picture.as_bytes()).map_err(|error| Error::export(path, error))?;
    writeln!(out, "{} pages in {}", map.pages.len(), path.display())?;
    findings(&map, out)
}

fn findings(map: &Map, out: &mut dyn Write) -> Result<Outcome> {
    for finding in &map.findings {
        writeln!(out, "{}", cell::escaped(finding))?;
    }
    Ok(if map.findings.is_empty() { Outcome::Done } else { Outcome::Findings })
}
