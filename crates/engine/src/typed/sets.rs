//! [`Sets`]: what a statement makes of columns, and the rows that it does so to.

use wasm_dbms_api::{ColumnSchema, DataType, Expr, Query, TableSchema, Value, ValueRef};

use crate::catalog::RelationIndex;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::{self, Needs, RowStream};
use crate::function::{Arena, cast};
use crate::plan::{self, Context, Scope};
use crate::store::Purpose;
use crate::typed::by_name::place_beside;
use crate::typed::constants::Constants;
use crate::write::Assignment;

/// New values of columns: those that are the same for every row, and those that are computed from the row as it was.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sets {
    /// Whether a text stands for a value of the column's type: in SQL it does, where types are Rust's it is an error.
    pub(crate) reads_text: bool,
    pub(crate) constants: Constants,
    pub(crate) computed: Vec<(usize, Expr)>,
}

/// A row that changes: its key, and the values that are computed for it.
pub(crate) type Matched = (Vec<u8>, Vec<Value>);

impl Sets {
    /// Sets a column. What is said last of a column holds.
    pub(crate) fn add(&mut self, column: usize, value: Expr) {
        while let Some(place) = self.computed.iter().position(|(other, _)| *other == column) {
            self.computed.remove(place);
        }
        match value {
            Expr::Literal(value) => self.constants.push((column, value)),
            computed => {
                self.constants.forget(column);
                self.computed.push((column, computed));
            }
        }
    }

    /// Sets columns by their names, each once.
    pub(crate) fn named(schema: &TableSchema, named: &mut dyn Iterator<Item = (&str, Expr)>) -> Fallible<Self> {
        let (mut sets, mut places) = (Self::default(), Vec::new());
        for (name, mut value) in named {
            let place = place_beside(schema, name, &places)?;
            places.push(place);
            if let (Expr::Literal(value), Some(column)) = (&mut value, schema.columns.get(place)) {
                *value = assignable(column, std::mem::take(value), false);
            }
            sets.add(place, value);
        }
        Ok(sets)
    }

    /// The question for the rows that change and for what is computed of them.
    pub(crate) fn question(&self, query: Query) -> Query {
        self.computed.iter().fold(query, |query, (_, expr)| query.column(expr.clone()))
    }

    /// Whether they change nothing but bytes of a row: no key, no index, nothing that another table knows.
    pub(crate) fn are_plain(&self, core: &Core, index: RelationIndex) -> Fallible<bool> {
        let relation = core.catalog.relation(index)?;
        let constants = self.constants.iter().map(|(column, _)| column);
        Ok(constants.chain(self.computed.iter().map(|(column, _)| column)).all(|column| relation.is_plain(*column)))
    }

    /// The assignments of a row for which these values were computed.
    pub(crate) fn with(&self, core: &Core, index: RelationIndex, values: Vec<Value>) -> Fallible<Vec<Assignment>> {
        let schema = &core.catalog.relation(index)?.schema;
        let mut assignments = Vec::with_capacity(self.constants.len() + self.computed.len());
        assignments.extend_from_slice(&self.constants);
        for ((column, _), value) in self.computed.iter().zip(values) {
            let value =
                schema.columns.get(*column).map_or(Value::Null, |schema| assignable(schema, value, self.reads_text));
            assignments.push((*column, value));
        }
        Ok(assignments)
    }

    /// Changes the row with this key, and leaves the key that it has then in the scratch. Returns whether there is one.
    /// What is computed asks the row only, and the values of a new one that is called `excluded`.
    pub(crate) fn update_row(
        &self,
        core: &mut Core,
        index: RelationIndex,
        row_key: &[u8],
        excluded: &[ValueRef<'_>],
        parameters: &[ValueRef<'_>],
    ) -> Fallible<bool> {
        if self.computed.is_empty() {
            return core.update_row_written(index, row_key, &self.constants);
        }
        let exprs = &mut self.computed.iter().map(|(_, expr)| expr);
        let Some(values) = row_values(core, index, row_key, excluded, parameters, self.reads_text, exprs)? else {
            return Ok(false);
        };
        let assignments = self.with(core, index, values)?;
        core.update_row_written(index, row_key, &assignments)
    }
}

/// What expressions come to over the row with a key, and over one beside it that is called `excluded` if there is one;
/// none if there is no row.
pub(crate) fn row_values(
    core: &mut Core,
    index: RelationIndex,
    row_key: &[u8],
    excluded: &[ValueRef<'_>],
    parameters: &[ValueRef<'_>],
    reads_text: bool,
    exprs: &mut dyn Iterator<Item = &Expr>,
) -> Fallible<Option<Vec<Value>>> {
    let mut row = Vec::new();
    if core.read_row(index, row_key, &mut row)?.is_none() {
        return Ok(None);
    }
    let relation = core.catalog.relation(index)?;
    let schema = &*relation.schema;
    let view = RowView { layout: &relation.layout, key: row_key, row: &row };
    let mut values = view.values(schema.columns.len())?;
    values.extend_from_slice(excluded);
    let scope = Scope::default();
    let mut found = Vec::new();
    for expr in exprs {
        let bound = plan::bind_value(&core.catalog, schema, !excluded.is_empty(), expr, parameters, reads_text)?;
        found.push(bound.value(Context::Row(&values, &scope))?.to_value());
    }
    Ok(Some(found))
}

/// A value as its column has it: the name of an enum with its number, a number as one of the column's type where that is
/// the same number; with `reads_text` what a text stands for, and a date as the moment it begins. Any other stays as it is:
/// it is refused as such.
pub(crate) fn assignable(column: &ColumnSchema, value: Value, reads_text: bool) -> Value {
    let value = match &value {
        Value::Text(name) => column.variant(name).map(ValueRef::to_value).unwrap_or(value),
        _ => value,
    };
    let own = value.as_ref();
    let is_lossless = match (own, column.data_type) {
        _ if column.holds(own) => return value,
        (ValueRef::Text(_), _) | (ValueRef::Date(_), DataType::DateTime) if reads_text => true,
        // Floats are what is nearest.
        (_, data_type) if data_type.is_number() && own.is_comparable_with(data_type) => data_type.is_float(),
        _ => return value,
    };
    let arena = Arena::default();
    match cast(own, column.data_type, &arena) {
        Ok(other) if is_lossless || other == own => other.to_value(),
        _ => value,
    }
}

/// Every row of a table that a question keeps, with what the columns of the question come to.
pub(crate) fn matching(core: &mut Core, query: &Query, parameters: &[ValueRef<'_>]) -> Fallible<Vec<Matched>> {
    let purpose = core.store.read_for(Purpose::Question);
    let rows = matching_rows(core, query, parameters);
    core.store.read_for(purpose);
    rows
}

fn matching_rows(core: &mut Core, query: &Query, parameters: &[ValueRef<'_>]) -> Fallible<Vec<Matched>> {
    let plan = plan::plan_with(core, query, parameters)?;
    let mut rows = RowStream::new(&core.catalog, &plan, Scope::default(), Needs::Keys)?;
    execute::keys_and_outputs(core, &plan, &mut rows, !query.columns.is_empty())
}
