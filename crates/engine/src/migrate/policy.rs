//! [`MigrationPolicy`]: what a migration may lose.

use wasm_dbms_api::MigrationPlan;

use crate::Error;
use crate::error::Fallible;

/// What a migration may lose: nothing, but what is named here.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::MigrationOperation;
///
/// let db = Database::in_memory();
/// let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
/// db.create_table(&table.clone().column(ColumnSchema::new("old", DataType::I32).nullable()))?;
/// db.insert_values("t", &[("n", 1.into()), ("old", 2.into())])?;
/// let error = db.migrate_to(&[&table], false, &MigrationPolicy::new()).unwrap_err();
/// assert!(error.to_string().ends_with("drop column t.old"));
/// db.migrate_to(&[&table], false, &MigrationPolicy::new().allow("drop column t.old"))?;
/// assert_eq!(db.query(&Query::from("t"))?.rows, [[Value::from(1)]]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MigrationPolicy {
    allowed: Vec<String>,
    /// Whether rows come into their new form now.
    pub(super) rewrites: bool,
}

impl MigrationPolicy {
    /// Nothing may be lost.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// let refused = db.migrate_to(&[], true, &MigrationPolicy::new());
    /// assert!(matches!(refused, Err(Error::MigrationRefused { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// This operation may lose what it does away with: in the words that the plan has for it, as `drop column users.age`,
    /// `drop table logs` or `change the type of users.age to i32`.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// db.migrate_to(&[], true, &MigrationPolicy::new().allow("drop table t"))?;
    /// assert!(db.tables()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn allow(mut self, operation: impl Into<String>) -> Self {
        self.allowed.push(operation.into());
        self
    }

    /// Every row comes into its new form at once, not when it is written next: what a dropped column held is gone with the
    /// migration. It then takes as long as there are rows.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// let wanted = table.clone().column(ColumnSchema::new("name", DataType::Text).nullable());
    /// db.migrate_to(&[&wanted], false, &MigrationPolicy::new().rewrite_rows())?;
    /// assert_eq!(db.count_values("t", Expr::column("name").is_null())?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn rewrite_rows(mut self) -> Self {
        self.rewrites = true;
        self
    }

    /// Refuses a plan that would lose what is not named.
    pub(super) fn check(&self, plan: &MigrationPlan) -> Fallible<()> {
        let losing = plan.operations.iter().filter(|planned| planned.is_destructive);
        let losing = losing.map(|planned| planned.operation.to_string());
        let operations: Vec<String> = losing.filter(|operation| !self.allowed.contains(operation)).collect();
        if operations.is_empty() { Ok(()) } else { Err(Error::MigrationRefused { operations }.into()) }
    }
}
