//! [`Statement`]: what a text says, to be run any number of times.

use std::cell::RefCell;
use std::sync::Arc;

use wasm_dbms::{
    Answer, AnyConnection, Changed, ColumnRef, Comparison, Error, Expr, InsertRows, Prepared, PreparedDelete,
    PreparedUpdate, Query, SchemaChange, TableSchema, Value, ValueRef, schema_of,
};

/// What a text says. What it asks is planned when it is first run, and then kept.
pub(crate) enum Statement {
    /// Begins or ends a transaction.
    Turn(Turn),
    /// A table or an index comes or goes; whether one that is there or missing is all right.
    Define(SchemaChange, bool),
    /// Anything else, with the number of its parameters.
    Ask(Asked, usize),
    /// The row of a key.
    Row(Row),
    /// New rows, in the parameters behind those that are counted.
    Insert(InsertRows, usize),
}

/// What becomes of the transaction.
#[derive(Clone, Copy)]
pub(crate) enum Turn {
    Begin,
    /// With the writer's turn from the beginning.
    BeginImmediate,
    Commit,
    RollBack,
}

pub(crate) enum Asked {
    Question(Box<Prepared<Answer>>),
    Update(Box<PreparedUpdate>),
    Delete(Box<PreparedDelete>),
}

/// A question, and the schema that its table has.
type Kept = (Arc<TableSchema>, Arc<Prepared<Answer>>);

/// The row whose primary key the parameters are.
pub(crate) struct Row {
    table: String,
    /// The question, as long as the table has this schema.
    kept: RefCell<Option<Kept>>,
}

impl Statement {
    pub(crate) fn question(query: Query, parameter_count: usize) -> Self {
        Self::Ask(Asked::Question(Prepared::new(query).into()), parameter_count)
    }

    pub(crate) fn row(table: String) -> Self {
        Self::Row(Row { table, kept: RefCell::default() })
    }

    pub(crate) fn insert(rows: InsertRows, parameter_count: usize) -> Self {
        Self::Insert(rows, parameter_count)
    }

    pub(crate) fn update(update: PreparedUpdate, parameter_count: usize) -> Self {
        Self::Ask(Asked::Update(update.into()), parameter_count)
    }

    pub(crate) fn delete(delete: PreparedDelete, parameter_count: usize) -> Self {
        Self::Ask(Asked::Delete(delete.into()), parameter_count)
    }

    pub(crate) fn define(change: SchemaChange, is_lenient: bool) -> Self {
        Self::Define(change, is_lenient)
    }

    /// Whether it is worth to be kept.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self, Self::Ask(..) | Self::Row(_) | Self::Insert(..))
    }

    /// Runs what is no [`Turn`].
    pub(crate) fn run(&self, connection: &AnyConnection<'_>, parameters: &[Value]) -> wasm_dbms::Result<Changed> {
        let lent: Vec<ValueRef<'_>> = parameters.iter().map(Value::as_ref).collect();
        match self {
            Self::Turn(_) => Ok(Changed::default()),
            Self::Define(change, is_lenient) => define(connection, change, *is_lenient),
            Self::Ask(asked, count) => {
                if lent.len() != *count {
                    let given = lent.len();
                    return Err(Error::Query(format!("there are {given} parameters where {count} are asked for")));
                }
                asked.run(connection, &lent)
            }
            Self::Row(row) => answered(row.question(connection, lent.len())?.query(connection, &lent)?),
            Self::Insert(rows, count) => insert(connection, rows, *count, parameters, &lent),
        }
    }
}

fn answered(returned: Answer) -> wasm_dbms::Result<Changed> {
    Ok(Changed { count: returned.rows.len() as u64, returned })
}

impl Asked {
    fn run(&self, connection: &AnyConnection<'_>, parameters: &[ValueRef<'_>]) -> wasm_dbms::Result<Changed> {
        match self {
            Self::Question(question) => answered(question.query(connection, parameters)?),
            Self::Update(update) => update.run(connection, parameters),
            Self::Delete(delete) => delete.run(connection, parameters),
        }
    }
}

impl Row {
    fn question(&self, connection: &AnyConnection<'_>, given: usize) -> wasm_dbms::Result<Arc<Prepared<Answer>>> {
        let schema = schema_of(connection, &self.table)?;
        let width = schema.primary_key.len();
        if given != width || width == 0 {
            let table = &self.table;
            return Err(Error::Query(format!(
                "the primary key of {table} has {width} columns, there are {given} values"
            )));
        }
        let mut kept = self.kept.borrow_mut();
        match &*kept {
            Some((of, question)) if Arc::ptr_eq(of, &schema) => Ok(Arc::clone(question)),
            _ => {
                let mut query = Query::from(self.table.as_str());
                query.reads_text = true;
                for (column, number) in schema.primary_key.iter().zip(1..) {
                    let column = Expr::Column(ColumnRef { table: None, column: column.clone().into() });
                    query = query.filter(column.compare(Comparison::Equal, Expr::Parameter(number)));
                }
                let question = Arc::new(Prepared::new(query));
                *kept = Some((schema, Arc::clone(&question)));
                Ok(question)
            }
        }
    }
}

fn insert(
    connection: &AnyConnection<'_>,
    rows: &InsertRows,
    count: usize,
    parameters: &[Value],
    lent: &[ValueRef<'_>],
) -> wasm_dbms::Result<Changed> {
    let width = rows.columns.as_ref().map_or(0, Vec::len);
    let (of_text, values) = parameters.split_at_checked(count).unwrap_or((parameters, &[]));
    if of_text.len() != count || width == 0 || values.len() % width != 0 {
        let given = values.len();
        return Err(Error::Query(format!("there are {given} values for rows of {width} columns")));
    }
    let mut left = values.chunks(width);
    rows.run_each(connection, lent, &mut |row| {
        row.extend(left.next().unwrap_or_default().iter().map(Value::as_ref));
        Ok(!row.is_empty())
    })
}

fn define(connection: &AnyConnection<'_>, change: &SchemaChange, is_lenient: bool) -> wasm_dbms::Result<Changed> {
    if is_lenient
        && let SchemaChange::CreateIndex(table, index) = change
        && schema_of(connection, table)?.indexes.iter().any(|other| other.name == index.name)
    {
        return Ok(Changed::default());
    }
    match (change.run(connection), change) {
        (Err(Error::TableExists { .. }), SchemaChange::CreateTable(_)) if is_lenient => {}
        (Err(Error::Unknown { .. }), SchemaChange::DropTable(_) | SchemaChange::DropIndex(_)) if is_lenient => {}
        (result, _) => result?,
    }
    Ok(Changed::default())
}
