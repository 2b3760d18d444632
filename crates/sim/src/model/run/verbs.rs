//! Statements, on the database and inside a transaction.

use wasm_dbms::{Answer, Database, Expr, Query, ReferentialAction, Result, TableSchema, Transaction};

use crate::model::Operation;
use crate::model::run::Bug;

/// What statements are done on.
pub(super) trait Verbs {
    /// Does a statement that writes. Returns how many rows it tells of.
    fn write(&self, operation: &Operation, bug: Option<Bug>) -> Result<u64>;

    fn ask(&self, query: &Query) -> Result<Answer>;
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
                        self.update_values(table, &values, filter.clone())
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
        }
    };
}

verbs!(Database);
verbs!(Transaction<'_>);

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
        _ => {}
    }
    schema
}
