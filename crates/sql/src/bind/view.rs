//! Views: queries that are stored by name, as the text that made them.

use std::collections::HashMap;

use wasm_dbms::{AnyConnection, DeleteRows, InsertRows, OnConflict, OnRowConflict, Prepared, SchemaChange, schemas_of};
use wasm_dbms_api::{ColumnSchema, CommonTable, Comparison, DataType, Expr, Name, Query, TableSchema, Value};

use crate::failure::{Error, Result};
use crate::limits::MAX_VIEW_DEPTH;
use crate::{CreateView, Dialect, Parsed, Statement, parse};

/// The table that views are stored in. It comes with the first of them.
pub(crate) const VIEWS_TABLE: &str = "sql_views";

fn schema() -> TableSchema {
    TableSchema::new(VIEWS_TABLE)
        .column(ColumnSchema::new("name", DataType::Text))
        .column(ColumnSchema::new("dialect", DataType::Text))
        .column(ColumnSchema::new("text", DataType::Text))
        .primary_key(["name"])
}

/// A view.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    text: String,
    dialect: Dialect,
}

/// Views by their names.
pub(crate) type Views = HashMap<String, Stored>;

/// Every stored view.
fn stored(connection: &AnyConnection<'_>) -> Result<Views> {
    let answer = match Prepared::new(Query::from(VIEWS_TABLE)).query(connection, &[]) {
        Err(wasm_dbms::Error::Unknown { .. }) => return Ok(Views::new()),
        answer => answer?,
    };
    let mut views = Views::new();
    for row in answer.rows {
        let Ok([Value::Text(name), Value::Text(dialect), Value::Text(text)]) = <[Value; 3]>::try_from(row) else {
            continue;
        };
        let dialect = if dialect == "sqlite" { Dialect::Sqlite } else { Dialect::PostgreSql };
        views.insert(name, Stored { text, dialect });
    }
    Ok(views)
}

/// Every view; one of the session hides a stored one.
fn all(connection: &AnyConnection<'_>, temporary: &Views) -> Result<Views> {
    let mut views = stored(connection)?;
    views.extend(temporary.iter().map(|(name, view)| (name.clone(), view.clone())));
    Ok(views)
}

/// The names and the texts of every view, in the order of the names.
pub(super) fn texts(connection: &AnyConnection<'_>, temporary: &Views) -> Result<Vec<(String, String)>> {
    let mut texts: Vec<_> = all(connection, temporary)?.into_iter().map(|(name, view)| (name, view.text)).collect();
    texts.sort_unstable();
    Ok(texts)
}

/// The text of a view.
pub(super) fn find(connection: &AnyConnection<'_>, name: &str) -> Result<Option<String>> {
    Ok(stored(connection)?.remove(name).map(|view| view.text))
}

/// The views among the names of a statement, each behind those that it names itself. What they name is added to the names.
pub(super) fn named(
    connection: &AnyConnection<'_>,
    names: &mut Vec<Name>,
    temporary: &Views,
) -> Result<Vec<CommonTable>> {
    let views = all(connection, temporary)?;
    let mut found = Vec::new();
    if !views.is_empty() {
        let own = names.clone();
        Naming { views: &views, open: Vec::new(), met: names, found: &mut found }.add(&own)?;
    }
    Ok(found)
}

/// The views that are named, as far as they are found.
struct Naming<'v> {
    views: &'v Views,
    /// Those whose own names are looked at.
    open: Vec<Name>,
    met: &'v mut Vec<Name>,
    found: &'v mut Vec<CommonTable>,
}

impl Naming<'_> {
    fn add(&mut self, names: &[Name]) -> Result<()> {
        if self.open.len() > MAX_VIEW_DEPTH {
            let problem = format!("views are nested deeper than {MAX_VIEW_DEPTH}");
            return Err(wasm_dbms::Error::Query(problem).into());
        }
        for name in names {
            let is_known = self.found.iter().any(|table| table.name == *name);
            let Some(view) = self.views.get(&**name).filter(|_| !is_known) else { continue };
            if self.open.contains(name) {
                continue;
            }
            self.open.push(name.clone());
            let Parsed { statement, tables, .. } = parse(&view.text, view.dialect)?;
            self.add(&tables)?;
            self.met.extend(tables);
            self.open.pop();
            if let Statement::CreateView(CreateView { name, columns, query, .. }) = statement {
                self.found.push(CommonTable { name, columns, query: query.into(), is_recursive: false });
            }
        }
        Ok(())
    }
}

pub(super) fn create(connection: &AnyConnection<'_>, create: &CreateView, dialect: Dialect) -> Result<()> {
    let CreateView { name, or_replace, if_not_exists, text, .. } = create;
    let schemas = schemas_of(connection)?;
    let is_table = schemas.iter().any(|schema| schema.name == **name);
    let is_there = is_table || find(connection, name)?.is_some();
    if is_there && *if_not_exists {
        return Ok(());
    }
    if is_table || (is_there && !or_replace) {
        return Err(wasm_dbms::Error::TableExists { table: name.to_string() }.into());
    }
    // What is stored cannot name what goes with a session.
    check(connection, create, dialect, &Views::new())?;
    if !schemas.iter().any(|schema| schema.name == VIEWS_TABLE) {
        SchemaChange::CreateTable(schema()).run(connection)?;
    }
    let dialect = if dialect == Dialect::Sqlite { "sqlite" } else { "postgresql" };
    let mut insert = InsertRows::new(VIEWS_TABLE).row([(&**name).into(), dialect.into(), text.as_str().into()]);
    insert.on_conflict = or_replace.then(|| OnRowConflict::Of(OnConflict::key()));
    insert.prepare().run(connection, &[])?;
    Ok(())
}

/// Makes a view that goes with the session.
pub(crate) fn create_temporary(
    connection: &AnyConnection<'_>,
    create: &CreateView,
    dialect: Dialect,
    temporary: &mut Views,
) -> Result<()> {
    let is_there = temporary.contains_key(&*create.name);
    if is_there && create.if_not_exists {
        return Ok(());
    }
    if is_there && !create.or_replace {
        return Err(wasm_dbms::Error::TableExists { table: create.name.to_string() }.into());
    }
    check(connection, create, dialect, temporary)?;
    temporary.insert(create.name.to_string(), Stored { text: create.text.clone(), dialect });
    Ok(())
}

/// Plans the query: a view answers when it is made.
fn check(connection: &AnyConnection<'_>, create: &CreateView, dialect: Dialect, temporary: &Views) -> Result<()> {
    let CreateView { name, columns, query, text, .. } = create;
    let mut implied = super::implied(connection, parse(text, dialect)?.tables, temporary)?;
    implied.retain(|table| table.name != *name);
    let own = super::with_implied(query.clone(), &implied);
    let table = CommonTable { name: name.clone(), columns: columns.clone(), query: own.into(), is_recursive: false };
    let whole = Query { with: vec![table], ..Query::from(name.to_string()) };
    let planned = Prepared::new(whole).explain(connection, &[]);
    planned.map(|_| ()).map_err(|error| Error::at(error, text, dialect))
}

pub(super) fn drop(connection: &AnyConnection<'_>, name: &str) -> wasm_dbms::Result<()> {
    let unknown = || wasm_dbms::Error::Unknown { what: "view", name: name.to_owned() };
    let is_it = Expr::column("name").compare(Comparison::Equal, name);
    let deleted = DeleteRows::new(VIEWS_TABLE).filter(is_it).prepare()?.run(connection, &[]);
    match deleted {
        Ok(changed) if changed.count > 0 => Ok(()),
        Ok(_) | Err(wasm_dbms::Error::Unknown { .. }) => Err(unknown()),
        Err(error) => Err(error),
    }
}
