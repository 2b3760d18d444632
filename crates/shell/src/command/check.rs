//! `.check`: walks everything.

use std::io::Write;

use wasm_dbms::prelude::*;

use crate::error::Result;
use crate::{Outcome, cell};

/// Prints what is wrong with the database.
pub(super) fn write(database: &Database, out: &mut dyn Write) -> Result<Outcome> {
    let mut findings = Vec::new();
    // Every page once, free ones too: reading verifies its checksum.
    for number in 0..database.page_count() {
        if let Err(error) = database.page(number) {
            keep_damage(error, &mut findings)?;
        }
    }
    match database.check() {
        Ok(found) => findings.extend(found),
        Err(error) => keep_damage(error, &mut findings)?,
    }
    findings.dedup();
    if findings.is_empty() {
        writeln!(out, "ok: {} pages, nothing wrong", database.page_count())?;
        return Ok(Outcome::Done);
    }
    for finding in &findings {
        writeln!(out, "{}", cell::escaped(finding))?;
    }
    writeln!(out, "findings: {}", findings.len())?;
    Ok(Outcome::Findings)
}

/// Damage is a finding; anything else ends the check.
fn keep_damage(error: Error, findings: &mut Vec<String>) -> Result<()> {
    if !error.is_corrupt() {
        return Err(error.into());
    }
    let finding = error.to_string();
    if !findings.contains(&finding) {
        findings.push(finding);
    }
    Ok(())
}
