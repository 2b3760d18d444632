//! INSERT, UPDATE, DELETE as statements of the engine.

use wasm_dbms::{
    DeleteRows, InsertRows, NewRows, OnConflict as OnKeyConflict, OnRowConflict, PreparedDelete, PreparedInsert,
    PreparedUpdate, UpdateRows,
};
use wasm_dbms_api::{CommonTable, Name};

use super::Problem;
use crate::{Assignment, Delete, Dialect, Insert, InsertSource, OnConflict, Update};

type Result<T> = std::result::Result<T, Problem>;

/// What the statement names: views and the like, then its own.
fn with(implied: &[CommonTable], own: Vec<CommonTable>) -> Vec<CommonTable> {
    implied.iter().cloned().chain(own).collect()
}

pub(super) fn insert(insert: Insert, implied: &[CommonTable]) -> Result<PreparedInsert> {
    let Insert { with: own, table, alias, columns, source, on_conflict, returning } = insert;
    let columns = match source {
        InsertSource::DefaultValues => Some(Vec::new()),
        _ => (!columns.is_empty()).then_some(columns),
    };
    let rows = match source {
        InsertSource::DefaultValues => NewRows::Values(vec![Vec::new()]),
        InsertSource::Rows(rows) => NewRows::Values(rows),
        InsertSource::Query(query) => NewRows::Query(query),
    };
    let on_conflict = on_conflict.map(|action| conflict(action, alias.as_ref())).transpose()?;
    let with = with(implied, own);
    Ok(InsertRows { with, table, alias, columns, rows, on_conflict, returning }.prepare())
}

fn conflict(action: OnConflict, alias: Option<&Name>) -> Result<OnRowConflict> {
    Ok(match action {
        OnConflict::Replace => OnRowConflict::Replace,
        OnConflict::DoNothing(target) if target.is_empty() => OnRowConflict::Skip,
        OnConflict::DoNothing(target) => {
            OnRowConflict::Of(OnKeyConflict::on(target.iter().map(|name| &**name)).do_nothing())
        }
        OnConflict::DoUpdate { .. } if alias.is_some() => {
            return Err(Problem::NotSupported("an alias of a table with ON CONFLICT DO UPDATE"));
        }
        OnConflict::DoUpdate { target, assignments, filter } => {
            let mut action = OnKeyConflict::on(target.iter().map(|name| &**name));
            for Assignment { column, value } in assignments {
                let Some(value) = value else {
                    return Err(Problem::NotSupported("DEFAULT in ON CONFLICT DO UPDATE"));
                };
                action = action.set(&column, value);
            }
            OnRowConflict::Of(match filter {
                Some(filter) => action.filter(filter),
                None => action,
            })
        }
    })
}

pub(super) fn update(update: Update, implied: &[CommonTable], dialect: Dialect) -> Result<PreparedUpdate> {
    let Update { with: own, table, alias, mut assignments, from, filter, returning } = update;
    if dialect == Dialect::Sqlite {
        // What is said last of a column holds.
        let mut last: Vec<Assignment> = Vec::with_capacity(assignments.len());
        for assignment in assignments {
            last.retain(|other| other.column != assignment.column);
            last.push(assignment);
        }
        assignments = last;
    }
    let sets = assignments.into_iter().map(|Assignment { column, value }| (column, value)).collect();
    let with = with(implied, own);
    Ok(UpdateRows { with, table, alias, sets, from, filter, returning }.prepare()?)
}

pub(super) fn delete(delete: Delete, implied: &[CommonTable]) -> Result<PreparedDelete> {
    let Delete { with: own, table, alias, using, filter, returning } = delete;
    let with = with(implied, own);
    Ok(DeleteRows { with, table, alias, using, filter, returning }.prepare()?)
}
