//! Writing and reading rows, as structs and by name.

use wasm_dbms::OnConflict;
use wasm_dbms::prelude::*;

use crate::note::{NewNote, Note};
use crate::{Report, Words, answer, line};

/// The columns that rows are given in by name.
const COLUMNS: [&str; 5] = ["parent", "title", "price", "written", "details"];

/// A row by name.
fn named(parent: Option<u64>, title: &str, price: &str) -> Result<[Value; 5]> {
    let written = DateTime::from_microseconds(1_700_000_000_000_000);
    let details: Json = "{\"tags\":[\"new\"]}".parse().map_err(Error::other)?;
    Ok([
        Value::from(parent),
        title.into(),
        price.parse::<Decimal>().map_err(Error::other)?.into(),
        written.into(),
        details.into(),
    ])
}

/// Writes the rows that the other parts ask about.
///
/// # Errors
/// What the database says.
pub fn show(db: &Database, report: &mut Report<'_>) -> Result<()> {
    let written = DateTime::from_microseconds(1_600_000_000_000_000);
    let first = NewNote {
        id: None,
        parent: None,
        title: String::from("  first "),
        weight: Some(3),
        price: "1.50".parse().map_err(Error::other)?,
        written,
        details: "{\"tags\":[\"old\"]}".parse().map_err(Error::other)?,
    };
    let id = db.insert(&first)?;
    let Note { title, weight, .. } = db.get::<Note>(id)?.ok_or_else(|| Error::other(Words("the note is gone")))?;
    answer(report, "inserted", &format!("{id} {title} {weight}"));

    let rows =
        [named(Some(id), "second", "2.25")?, named(Some(id), "third", "-0.75")?, named(Some(2), "fourth", "10")?];
    answer(report, "inserted by name", &db.insert_many_values("notes", &COLUMNS, &rows)?.to_string());
    let again = [named(Some(id), "second", "3")?, named(None, "fifth", "5")?];
    let merge = OnConflict::on(["title"]).update(["price"]);
    let upserted = db.upsert_values("notes", &COLUMNS, &again, &merge)?;
    answer(report, "inserted and updated", &format!("{} {}", upserted.inserted, upserted.updated));

    db.update::<Note>().set(Note::WEIGHT, 7).filter(Note::TITLE.like("f%")).run()?;
    let light = Expr::column("weight").compare(Comparison::Less, 2);
    let returned = db.update_values_returning("notes", &[("weight", 2.into())], light)?;
    answer(report, "updated", &returned.rows.len().to_string());
    let sixth = db.insert_values_returning("notes", &COLUMNS, [named(None, "sixth", "6")?])?;
    answer(report, "returned", &line(&sixth.rows));
    let gone = db.delete_values_returning("notes", Expr::column("title").compare(Comparison::Equal, "sixth"))?;
    answer(report, "deleted", &gone.rows.len().to_string());

    for refused in [
        db.insert_many_values("notes", &COLUMNS, [named(None, "second", "1")?]).map(drop),
        db.update_values("notes", &[("weight", Value::from(-1))], None).map(drop),
        db.update_values("notes", &[("parent", Value::from(99))], None).map(drop),
    ] {
        answer(report, "refused", &refused.err().map(|error| error.to_string()).unwrap_or_default());
    }
    answer(report, "by key", &line(&[db.get_values("notes", &[Value::from(2)])?.unwrap_or_default()]));
    answer(
        report,
        "answers to the first",
        &db.load_values("notes", "parent", &[id.into()])?.concat().len().to_string(),
    );
    let dear = db
        .select::<Note>()
        .filter(Note::PRICE.gt("2".parse::<Decimal>().map_err(Error::other)?))
        .order_by(Note::PRICE.desc())
        .all()?;
    answer(report, "dear", &dear.into_iter().map(|note| note.title).collect::<Vec<_>>().join(" "));
    Ok(())
}
