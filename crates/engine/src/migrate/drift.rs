//! [`Drift`]: how stored tables differ from those of the program, in words.

use std::fmt;

use wasm_dbms_api::TableSchema;

use crate::catalog::differences;
use crate::core::Core;

/// How stored tables differ from those of the program. Shown, it is one line for each difference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drift {
    /// Each table that differs.
    pub tables: Vec<TableDrift>,
}

/// How one table differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDrift {
    /// The name of the table in the program.
    pub table: String,
    /// Every difference, in words.
    pub differences: Vec<String>,
}

impl Drift {
    /// Whether there is no difference.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// assert!(Database::in_memory().drift()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    pub(super) fn of(core: &Core, compiled: &[&TableSchema]) -> Self {
        let mut drift = Self::default();
        for schema in compiled {
            let stored = core.catalog.relations.iter().find(|relation| relation.schema.name == schema.name);
            let differences = match stored {
                Some(stored) => differences(&stored.schema, schema),
                None => vec![match schema.renamed_from.iter().find(|name| core.catalog.find(name).is_ok()) {
                    Some(earlier) => format!("the table is stored as {earlier}"),
                    None => "the table is not stored".to_owned(),
                }],
            };
            if !differences.is_empty() {
                drift.tables.push(TableDrift { table: schema.name.clone(), differences });
            }
        }
        drift
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for TableDrift { table, differences } in &self.tables {
            differences.iter().try_for_each(|difference| writeln!(f, "{table}: {difference}"))?;
        }
        Ok(())
    }
}
