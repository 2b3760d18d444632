//! Queries: joins, groups, sets, functions, plans, cursors. A few suffice: the planner and the executor are one piece,
//! which any query brings in whole.

use wasm_dbms::prelude::*;
use wasm_dbms::{CommonTable, Interrupt, JoinKind, Prepared, ScalarFunction, Source};

use crate::{Report, answer, line};

/// Asks everything.
///
/// # Errors
/// What the database says.
pub fn show(db: &Database, report: &mut Report<'_>) -> Result<()> {
    for query in [joined(), grouped(), followed(), computed()] {
        answer(report, &query.to_string(), &line(&db.query(&query)?.rows));
        answer(report, "plan", &db.explain(&query)?.replace('\n', ";"));
    }
    let above = Query::from("notes").filter(column("weight").compare(Comparison::Greater, Expr::Parameter(1)));
    answer(report, "with a parameter", &line(&db.query_with(&above, &[2.into()])?.rows));
    let prepared = Prepared::new(above);
    answer(report, "prepared", &line(&prepared.query(db, &[6.into()])?.rows));
    let rows = db.query_iter(&Query::from("notes"))?.collect::<Result<Vec<_>>>()?;
    answer(report, "one by one", &line(&rows));

    let interrupt = Interrupt::new();
    interrupt.stop();
    let every = Query::from("notes");
    for refused in [db.budget(1).query(&every), db.interrupt(&interrupt).query(&every)] {
        answer(report, "stopped", &refused.err().map(|error| error.to_string()).unwrap_or_default());
    }
    Ok(())
}

fn column(name: &str) -> Expr {
    Expr::column(name)
}

fn equal(left: &str, right: &str) -> Expr {
    column(left).compare(Comparison::Equal, column(right))
}

/// Each note with the one it answers, and those that have none or are answered by none.
fn joined() -> Query {
    Query::from("notes")
        .join_on(JoinKind::Full, Source::from("notes").alias("other"), equal("notes.parent", "other.id"))
        .column(column("notes.title"))
        .column(column("other.title"))
        .order_by(column("notes.id"), false)
        .order_by(column("other.id"), true)
}

/// What the answers to each note cost.
fn grouped() -> Query {
    Query::from("notes")
        .group_by("parent")
        .having(Expr::count().compare(Comparison::GreaterOrEqual, 1))
        .column(column("parent"))
        .column(Expr::aggregate(AggregateFunction::Sum, Some(column("price"))))
        .order_by(column("parent"), false)
}

/// A note, the one that it answers, and so on.
fn followed() -> Query {
    let last = Query::from("notes").filter(column("id").compare(Comparison::Equal, 4));
    let next = Query::from("chain").join("notes", "chain.parent", "notes.id").column(column("notes.id"));
    let query = last.column(column("id")).column(column("parent")).union(next.column(column("notes.parent"))).into();
    let chain = CommonTable { name: "chain".into(), columns: Vec::new(), query, is_recursive: true };
    Query { with: vec![chain], ..Query::from("chain") }
}

/// Functions of a few columns.
fn computed() -> Query {
    let call = |function, arguments: [Expr; 2]| Expr::function(function, arguments);
    Query::from("notes")
        .column(call(ScalarFunction::DatePart, ["year".into(), column("written")]))
        .column(call(ScalarFunction::JsonExtract, [column("details"), "$.tags[0]".into()]))
        .column(column("price").cast(DataType::Text))
        .filter(column("title").ilike("F%").or(column("id").in_query(Query::from("notes").column(column("parent")))))
        .order_by(column("price") * Expr::from(2), true)
        .limit(3)
}
