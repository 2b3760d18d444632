//! How rows are printed.

use std::io::Write;

use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use wasm_dbms::prelude::Value;

use crate::cell;
use crate::error::Result;

/// The narrowest terminal that lines are broken for, in characters.
const WIDTH_MIN: u16 = 20;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: aligned columns, long values cut
    Table,
    /// RFC 4180 with a header; NULL is an empty field, bytes are hexadecimal
    Csv,
    /// An array with one object a line; bytes are hexadecimal strings
    Json,
    /// A table of Markdown
    Markdown,
    /// One value a line, rows apart by an empty line
    Line,
}

/// Prints rows.
pub(crate) fn write(format: Format, columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Table => write_table(columns, rows, out),
        Format::Csv => write_csv(columns, rows, out),
        Format::Json => write_json(columns, rows, out),
        Format::Markdown => write_markdown(columns, rows, out),
        Format::Line => write_lines(columns, rows, out),
    }
}

/// A table without rows yet, as every command draws it; columns of numbers are aligned by [`align`].
pub(crate) fn table(columns: &[String]) -> Table {
    let mut table = Table::new();
    // A terminal that says no width, or next to none, gets lines as long as they are.
    let is_known = table.width().is_some_and(|width| width >= WIDTH_MIN);
    let arrangement = if is_known { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_content_arrangement(arrangement);
    table.set_header(columns.iter().map(|name| cell::escaped(name)));
    table
}

/// Aligns a column to the right.
pub(crate) fn align(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn write_table(columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> Result<()> {
    let mut table = table(columns);
    for row in rows {
        table.add_row(row.iter().map(cell::short));
    }
    for column in 0..columns.len() {
        if is_numeric(rows, column) {
            align(&mut table, column);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn write_csv(columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(row.iter().map(cell::plain))?;
    }
    Ok(writer.flush()?)
}

fn write_json(columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> Result<()> {
    out.write_all(b"[")?;
    for (number, row) in rows.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        write_object(columns, row, out)?;
    }
    out.write_all(if rows.is_empty() { b"]\n" } else { b"\n]\n" })?;
    Ok(())
}

/// An object a line, without a bracket around them.
pub(crate) fn write_json_lines(columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> Result<()> {
    for row in rows {
        write_object(columns, row, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_object(columns: &[String], row: &[Value], out: &mut dyn Write) -> Result<()> {
    out.write_all(b"{")?;
    for (number, (name, value)) in columns.iter().zip(row).enumerate() {
        // By hand: an object of serde_json would sort its keys, and columns have an order of their own.
        let comma = if number == 0 { "" } else { "," };
        let name = serde_json::Value::from(name.as_str());
        write!(out, "{comma}{name}:{}", cell::json(value))?;
    }
    out.write_all(b"}")?;
    Ok(())
}

fn write_markdown(columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> Result<()> {
    let cell = |text: String| text.replace('\\', "\\\\").replace('|', "\\|");
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    writeln!(out, "{}", line(columns.iter().map(|name| cell(cell::escaped(name))).collect()))?;
    let marks = (0..columns.len()).map(|column| if is_numeric(rows, column) { "--:" } else { "---" });
    writeln!(out, "{}", line(marks.map(str::to_owned).collect()))?;
    for row in rows {
        writeln!(out, "{}", line(row.iter().map(|value| cell(cell::readable(value))).collect()))?;
    }
    Ok(())
}

/// Whether a column has numbers, and nothing else but NULL.
fn is_numeric(rows: &[Vec<Value>], column: usize) -> bool {
    let mut values = rows.iter().filter_map(|row| row.get(column)).filter(|value| !value.is_null()).peekable();
    let has_values = values.peek().is_some();
    let is_number =
        |value: &Value| matches!(value, Value::Integer(_) | Value::Unsigned(_) | Value::Float(_) | Value::Decimal(_));
    has_values && values.all(is_number)
}

fn write_lines(columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> Result<()> {
    let width = columns.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        for (name, value) in columns.iter().zip(row) {
            writeln!(out, "{:>width$} = {}", cell::escaped(name), cell::readable(value))?;
        }
    }
    Ok(())
}
