//! Views: queries that are stored by name, as the text that made them.

use wasm_dbms::{AnyConnection, DeleteRows, InsertRows, NewRows, OnConflict, OnRowConflict, Prepared, schemas_of};
use wasm_dbms_api::{ColumnSchema, CommonTable, Comparison, DataType, Expr, Name, Query, TableSchema, Value};

use crate::failure::{Error, Inner};
use crate::limits::MAX_VIEW_DEPTH;
use crate::{CreateView, Dialect, Parsed, Statement, parse};

/// The table that views are stored in. It comes with the first of them.
pub(crate) const VIEWS_TABLE: &str = "sql_views";

fn schema() -> TableSchema {
    let mut schema = TableSchema::new(VIEWS_TABLE);
    for name in ["name", "dialect", "text"] {
        schema.columns.push(ColumnSchema::new(name, DataType::Text));
    }
    schema.primary_key.push("name".to_owned());
    schema
}

/// A view.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(super) name: String,
    pub(super) text: String,
    dialect: Dialect,
}

/// Views in the order of their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Views(Vec<Stored>);

impl Views {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stored> {
        self.0.iter()
    }

    /// The place of that name, or the one where it would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|view| view.name.as_str().cmp(name))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    fn get(&self, name: &str) -> Option<&Stored> {
        self.0.get(self.place(name).ok()?)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Ok(place) = self.place(name) {
            self.0.remove(place);
        }
    }

    /// Adds a view, in the place of one of the same name.
    fn put(&mut self, view: Stored) {
        self.remove(&view.name);
        let (Ok(place) | Err(place)) = self.place(&view.name);
        self.0.insert(place, view);
    }
}

/// Every stored view.
fn stored(connection: &AnyConnection<'_>) -> Inner<Views> {
    let mut views = Views::default();
    let answer = match Prepared::new(Query::from(VIEWS_TABLE)).query(connection, &[]) {
        Err(wasm_dbms::Error::Unknown { .. }) => return Ok(views),
        answer => answer?,
    };
    for row in answer.rows {
        let [Value::Text(name), Value::Text(dialect), Value::Text(text)] = row.as_slice() else { continue };
        let dialect = if dialect == "sqlite" { Dialect::Sqlite } else { Dialect::PostgreSql };
        views.put(Stored { name: name.clone(), text: text.clone(), dialect });
    }
    Ok(views)
}

/// Every view; one of the session hides a stored one.
pub(super) fn all(connection: &AnyConnection<'_>, temporary: &Views) -> Inner<Views> {
    let mut views = stored(connection)?;
    for view in temporary.iter() {
        views.put(view.clone());
    }
    Ok(views)
}

/// Whether a view of this name is stored.
pub(super) fn is_stored(connection: &AnyConnection<'_>, name: &str) -> Inner<bool> {
    Ok(stored(connection)?.contains(name))
}

/// Those of the views that are among the names of a statement, each behind those that it names itself. What they name is
/// added to the names.
pub(super) fn named(views: &Views, names: &mut Vec<Name>) -> Inner<Vec<CommonTable>> {
    let mut found = Vec::new();
    if !views.is_empty() {
        let own = names.clone();
        Naming { views, open: Vec::new(), met: names, found: &mut found }.add(&own)?;
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
    fn add(&mut self, names: &[Name]) -> Inner<()> {
        if self.open.len() > MAX_VIEW_DEPTH {
            let problem = format!("views are nested deeper than {MAX_VIEW_DEPTH}");
            return Err(wasm_dbms::Error::Query(problem).into());
        }
        for name in names {
            let is_known = self.found.iter().any(|table| table.name == *name);
            let Some(view) = self.views.get(name).filter(|_| !is_known) else { continue };
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

pub(super) fn create(connection: &AnyConnection<'_>, create: &CreateView, dialect: Dialect) -> Inner<()> {
    let CreateView { name, or_replace, if_not_exists, text, .. } = create;
    let schemas = schemas_of(connection)?;
    let is_table = schemas.iter().any(|schema| schema.name == **name);
    let is_there = is_table || is_stored(connection, name)?;
    if is_there && *if_not_exists {
        return Ok(());
    }
    if is_table || (is_there && !or_replace) {
        return Err(wasm_dbms::Error::TableExists { table: name.to_string() }.into());
    }
    // What is stored cannot name what goes with a session.
    check(connection, create, dialect, &Views::default())?;
    if !schemas.iter().any(|schema| schema.name == VIEWS_TABLE) {
        wasm_dbms::create_table(connection, &schema())?;
    }
    let dialect = if dialect == Dialect::Sqlite { "sqlite" } else { "postgresql" };
    let row = vec![Some((&**name).into()), Some(dialect.into()), Some(text.as_str().into())];
    let mut insert = InsertRows::new(VIEWS_TABLE);
    insert.rows = NewRows::Values(vec![row]);
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
) -> Inner<()> {
    let is_there = temporary.contains(&create.name);
    if is_there && create.if_not_exists {
        return Ok(());
    }
    if is_there && !create.or_replace {
        return Err(wasm_dbms::Error::TableExists { table: create.name.to_string() }.into());
    }
    check(connection, create, dialect, temporary)?;
    temporary.put(Stored { name: create.name.to_string(), text: create.text.clone(), dialect });
    Ok(())
}

/// Plans the query: a view answers when it is made.
fn check(connection: &AnyConnection<'_>, create: &CreateView, dialect: Dialect, temporary: &Views) -> Inner<()> {
    let CreateView { name, columns, query, text, .. } = create;
    let mut implied = super::implied(connection, parse(text, dialect)?.tables, temporary)?;
    implied.retain(|table| table.name != *name);
    let own = super::with_implied(query.clone(), &implied);
    let table = CommonTable { name: name.clone(), columns: columns.clone(), query: own.into(), is_recursive: false };
    let mut whole = Query::from(name.to_string());
    whole.with.push(table);
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
