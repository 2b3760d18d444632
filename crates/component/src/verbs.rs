//! What a database and a transaction have in common.

use wasm_dbms::{
    Connection, Database, DeleteRows, Expr, InsertRows, NewRows, OptimisticTransaction, Prepared, Query, UpdateRows,
    Value,
};
use wasm_dbms_sql::Sql;

use crate::bindings::exports::wasm_dbms::database::types as wit;
use crate::failure::{Result, nonsense, of, of_sql};
use crate::rows::RowsResource;
use crate::{expression, question, value};

/// The methods of a resource that has a `with` for what statements run on.
macro_rules! verbs {
    () => {
        fn get(&self, table: String, key: wit::Row) -> Result<Option<wit::Row>> {
            self.with(|ground| verbs::get(ground, &table, key))
        }

        fn insert(&self, table: String, columns: Vec<String>, rows: Vec<wit::Row>) -> Result<u64> {
            self.with(|ground| verbs::insert(ground, table, columns, rows))
        }

        fn update(
            &self,
            table: String,
            assignments: Vec<wit::Assignment>,
            filter: Option<wit::Expression>,
            parameters: wit::Row,
        ) -> Result<u64> {
            self.with(|ground| verbs::update(ground, table, assignments, filter, parameters))
        }

        fn delete(&self, table: String, filter: Option<wit::Expression>, parameters: wit::Row) -> Result<u64> {
            self.with(|ground| verbs::delete(ground, table, filter, parameters))
        }

        fn query(&self, query: wit::Query, parameters: wit::Row) -> Result<Rows> {
            self.with(|ground| verbs::query(ground, query, parameters).map(Rows::new))
        }

        fn execute(&self, sql: String, parameters: wit::Row) -> Result<u64> {
            self.with(|ground| verbs::execute(ground, &sql, parameters))
        }

        fn select(&self, sql: String, parameters: wit::Row) -> Result<Rows> {
            self.with(|ground| verbs::select(ground, &sql, parameters).map(Rows::new))
        }
    };
}

pub(crate) use verbs;

/// What statements run on.
pub(crate) trait Ground: Connection {
    /// The row with this key.
    fn row(&self, table: &str, key: &[Value]) -> wasm_dbms::Result<Option<Vec<Value>>>;

    /// What a question answers.
    fn ask(&self, query: Query, parameters: &[Value]) -> Result<RowsResource>;

    /// What a text answers.
    fn ask_text(&self, text: &str, parameters: Vec<Value>) -> Result<RowsResource>;
}

impl Ground for Database {
    fn row(&self, table: &str, key: &[Value]) -> wasm_dbms::Result<Option<Vec<Value>>> {
        self.get_values(table, key)
    }

    fn ask(&self, query: Query, parameters: &[Value]) -> Result<RowsResource> {
        Ok(RowsResource::walk(Prepared::new(query).query_iter(self, &value::lend(parameters)).map_err(of)?))
    }

    fn ask_text(&self, text: &str, parameters: Vec<Value>) -> Result<RowsResource> {
        let statement = Sql::prepare(self, text).map_err(of_sql)?;
        Ok(RowsResource::of_sql(statement.stream(parameters).map_err(of_sql)?))
    }
}

impl Ground for OptimisticTransaction {
    fn row(&self, table: &str, key: &[Value]) -> wasm_dbms::Result<Option<Vec<Value>>> {
        self.get_values(table, key)
    }

    fn ask(&self, query: Query, parameters: &[Value]) -> Result<RowsResource> {
        Ok(RowsResource::made(self.query_with(&query, &value::lend(parameters)).map_err(of)?))
    }

    fn ask_text(&self, text: &str, parameters: Vec<Value>) -> Result<RowsResource> {
        let statement = Sql::prepare(self, text).map_err(of_sql)?;
        Ok(RowsResource::of_sql(statement.query(parameters).map_err(of_sql)?))
    }
}

pub(crate) fn get(ground: &impl Ground, table: &str, key: wit::Row) -> Result<Option<wit::Row>> {
    let row = ground.row(table, &value::read_row(key)?).map_err(of)?;
    Ok(row.map(|row| row.into_iter().map(value::give).collect()))
}

pub(crate) fn insert(ground: &impl Ground, table: String, columns: Vec<String>, rows: Vec<wit::Row>) -> Result<u64> {
    let Some(width) = rows.first().map(Vec::len) else { return Ok(0) };
    if let Some(other) = rows.iter().position(|row| row.len() != width) {
        return Err(nonsense(format!("row {other} has another number of values than the first, {width}")));
    }
    let literal = |value| Ok(Some(Expr::Literal(value::read(value)?)));
    let row = |row: wit::Row| row.into_iter().map(literal).collect::<Result<_>>();
    let mut insert = InsertRows::new(table);
    if !columns.is_empty() {
        insert = insert.columns(columns);
    }
    insert.rows = NewRows::Values(rows.into_iter().map(row).collect::<Result<_>>()?);
    Ok(insert.prepare().run(ground, &[]).map_err(of)?.count)
}

pub(crate) fn update(
    ground: &impl Ground,
    table: String,
    assignments: Vec<wit::Assignment>,
    filter: Option<wit::Expression>,
    parameters: wit::Row,
) -> Result<u64> {
    let mut update = UpdateRows::new(table);
    for (column, expr) in question::read_assignments(assignments)? {
        update = update.set(column, Some(expr));
    }
    update.filter = expression::read_some(filter)?;
    let parameters = value::read_row(parameters)?;
    Ok(update.prepare().and_then(|update| update.run(ground, &value::lend(&parameters))).map_err(of)?.count)
}

pub(crate) fn delete(
    ground: &impl Ground,
    table: String,
    filter: Option<wit::Expression>,
    parameters: wit::Row,
) -> Result<u64> {
    let mut delete = DeleteRows::new(table);
    delete.filter = expression::read_some(filter)?;
    let parameters = value::read_row(parameters)?;
    Ok(delete.prepare().and_then(|delete| delete.run(ground, &value::lend(&parameters))).map_err(of)?.count)
}

pub(crate) fn query(ground: &impl Ground, query: wit::Query, parameters: wit::Row) -> Result<RowsResource> {
    ground.ask(question::read(query)?, &value::read_row(parameters)?)
}

pub(crate) fn execute(ground: &impl Ground, text: &str, parameters: wit::Row) -> Result<u64> {
    Sql::execute(ground, text, value::read_row(parameters)?).map_err(of_sql)
}

pub(crate) fn select(ground: &impl Ground, text: &str, parameters: wit::Row) -> Result<RowsResource> {
    ground.ask_text(text, value::read_row(parameters)?)
}
