//! Tables by name, check, vacuum, scrub, pages, export.

use wasm_dbms::prelude::*;

use crate::{Report, answer};

/// Makes a table and drops it, then looks after the file.
///
/// # Errors
/// What the database says.
pub fn show(db: &Database, report: &mut Report<'_>) -> Result<()> {
    let schema = TableSchema::new("words")
        .column(ColumnSchema::new("id", DataType::U64).autoincrement())
        .column(ColumnSchema::new("word", DataType::Text))
        .primary_key(["id"]);
    db.create_table(&schema)?;
    let words = (0..500).map(|number: u64| [Value::from("word ".repeat(20) + &number.to_string())]);
    db.insert_many_values("words", &["word"], words)?;
    answer(report, "tables", &db.tables()?.join(" "));
    answer(report, "columns", &db.schemas()?.iter().map(|schema| schema.columns.len()).sum::<usize>().to_string());
    db.drop_table("words")?;

    answer(report, "findings", &db.check()?.len().to_string());
    let vacuumed = db.vacuum()?;
    answer(report, "smaller", &(vacuumed.pages_after < vacuumed.pages_before).to_string());
    db.scrub()?;
    db.sync()?;
    answer(report, "counters", &db.counters()?.len().to_string());
    for number in 0..db.page_count() {
        let page = db.page(number)?;
        answer(report, &page.kind, &page.hex_dump().lines().count().to_string());
    }
    Ok(())
}
