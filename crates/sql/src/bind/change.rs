//! INSERT, UPDATE, DELETE as statements of the engine.

use wasm_dbms::{
    DeleteRows, InsertRows, NewRows, OnConflict as OnKeyConflict, OnRowConflict, PreparedDelete, PreparedInsert,
    PreparedUpdate, UpdateRows,
};
use wasm_dbms_api::{CommonTable, Expr, Name};

use super::{Problem, with};
use crate::{Assignment, Delete, Dialect, Insert, InsertSource, OnConflict, Update};

type Result<T> = std::result::Result<T, Problem>;

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

#[inline(never)]
fn of_key(target: &[Name]) -> OnKeyConflict {
    OnKeyConflict::on(target.iter().map(|name| &**name))
}

fn conflict(action: OnConflict, alias: Option<&Name>) -> Result<OnRowConflict> {
    Ok(match action {
        OnConflict::Replace => OnRowConflict::Replace,
        OnConflict::DoNothing(target) if target.is_empty() => OnRowConflict::Skip,
        OnConflict::DoNothing(target) => OnRowConflict::Of(of_key(&target).do_nothing()),
        OnConflict::DoUpdate { .. } if alias.is_some() => {
            return Err(Problem::NotSupported("an alias of a table with ON CONFLICT DO UPDATE"));
        }
        OnConflict::DoUpdate { target, assignments, filter } => {
            let mut action = of_key(&target);
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
    let Update { with: own, table, alias, assignments, from, filter, returning } = update;
    let mut sets: Vec<(Name, Option<Expr>)> = Vec::with_capacity(assignments.len());
    for Assignment { column, value } in assignments {
        if dialect == Dialect::Sqlite {
            // What is said last of a column holds.
            sets.retain(|(other, _)| *other != column);
        }
        sets.push((column, value));
    }
    let with = with(implied, own);
    Ok(UpdateRows { with, table, alias, sets, from, filter, returning }.prepare()?)
}

pub(super) fn delete(delete: Delete, implied: &[CommonTable]) -> Result<PreparedDelete> {
    let Delete { with: own, table, alias, using, filter, returning } = delete;
    let with = with(implied, own);
    Ok(DeleteRows { with, table, alias, using, filter, returning }.prepare()?)
}
