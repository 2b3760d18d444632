//! Statements, on the database and inside a transaction.

use wasm_dbms::{
    Answer, Database, Expr, OnConflict, OptimisticTransaction, Prepared, Query, ReferentialAction, Result, TableSchema,
    Transaction, UpsertReport, Value,
};

use crate::model::oracle::Merged;
use crate::model::run::Bug;
use crate::model::{Merge, Operation};

/// What statements are done on.
pub(super) trait Verbs {
    /// Does a statement that writes. Returns how many rows it tells of.
    fn write(&self, operation: &Operation, bug: Option<Bug>) -> Result<u64>;

    fn ask(&self, query: &Query) -> Result<Answer>;

    fn ask_prepared(&self, prepared: &Prepared<Answer>, parameters: &[Value]) -> Result<Answer>;
}

macro_rules! verbs {
    ($connection:ty) => {
        impl Verbs for $connection {
            fn write(&self, operation: &Operation, bug: Option<Bug>) -> Result<u64> {
                match operation {
                    Operation::Insert { table, columns, rows } => {
                        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                        if let [row] = rows.as_slice() {
                            let values: Vec<_> = names.into_iter().zip(row.iter().cloned()).collect();
                            return self.insert_values(table, &values).map(|()| 1);
                        }
                        self.insert_many_values(table, &names, rows).map(|count| count as u64)
                    }
                    Operation::Update { table, values, filter } => {
                        let values: Vec<_> =
                            values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
                        let update = values
                            .into_iter()
                            .fold(self.update_table(table), |update, (name, value)| update.set(name, value));
                        match filter.clone() {
                            Some(filter) => update.filter(filter).run(),
                            None => update.run(),
                        }
                    }
                    Operation::Upsert { table, columns, rows, on, merge } => {
                        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                        let on_conflict = on_conflict(on, merge, bug);
                        let report = self.upsert_values(table, &names, rows, &on_conflict)?;
                        let UpsertReport { inserted, updated, unchanged } = report;
                        Ok(Merged { inserted, updated, unchanged }.count())
                    }
                    Operation::Delete { table, filter } => {
                        self.delete_values(table, filter.clone().map(|filter| planted(filter, bug)))
                    }
                    _ => Ok(0),
                }
            }

            fn ask(&self, query: &Query) -> Result<Answer> {
                self.query(query)
            }

            fn ask_prepared(&self, prepared: &Prepared<Answer>, parameters: &[Value]) -> Result<Answer> {
                prepared.query(self, &parameters.iter().map(Value::as_ref).collect::<Vec<_>>())
            }
        }
    };
}

verbs!(Database);
verbs!(Transaction<'_>);
verbs!(OptimisticTransaction);

/// What an upsert does to a row that is there, as a database with this bug understands it.
fn on_conflict(on: &[String], merge: &Merge, bug: Option<Bug>) -> OnConflict {
    let on_conflict = OnConflict::on(on.iter().map(String::as_str));
    match merge {
        Merge::Set(_) if bug == Some(Bug::ForgetExcluded) => on_conflict.do_nothing(),
        Merge::Nothing => on_conflict.do_nothing(),
        Merge::Take(columns) => on_conflict.update(columns.iter().map(String::as_str)),
        Merge::Set(values) => values.iter().fold(on_conflict, |on, (column, value)| on.set(column, value.clone())),
    }
}

/// The filter as a database with this bug understands it.
fn planted(filter: Expr, bug: Option<Bug>) -> Expr {
    if bug == Some(Bug::LoseMatches) && matches!(filter, Expr::And(..)) { Expr::from(false) } else { filter }
}

/// The table as a database with this bug makes it.
pub(super) fn planted_schema(schema: &TableSchema, bug: Option<Bug>) -> TableSchema {
    let mut schema = schema.clone();
    match bug {
        Some(Bug::ForgetUnique) => schema.indexes.iter_mut().for_each(|index| index.unique = false),
        Some(Bug::SkipCascade) => {
            schema.foreign_keys.iter_mut().for_each(|key| key.on_delete = ReferentialAction::Restrict);
        }
        Some(Bug::SkipChecks) => schema.checks.clear(),
        Some(Bug::SkipRules) => schema.columns.iter_mut().for_each(|column| {
            column.sanitizers.clear();
            column.validators.clear();
        }),
        _ => {}
    }
    schema
}
