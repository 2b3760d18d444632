//! Migrations: the schema evolves, the data stays. `docs/MIGRATIONS.md` is the design.
//!
//! [`plan`] compares what is stored with what is wanted and says what is to be done; [`draft`] is the stored descriptions
//! with that done to them; [`carry_out`] writes them, and does with rows and indexes what they ask. A program that never
//! migrates links none of it: of opening only the comparison, of reading only [`crate::codec::row`]'s earlier forms.

mod carry_out;
mod draft;
mod drift;
mod fill;
mod history;
mod plan;
mod policy;
mod rewrite;
mod rows;
mod steps;
mod under_way;

use std::borrow::Cow;

use wasm_dbms_api::{MigrationOperation, MigrationPlan, TableSchema};

use crate::core::Core;
use crate::error::Fallible;
use crate::readers::lock;
use crate::shared::{Migrations, Shared};
use crate::{Connection, Database, Error, Result};

use draft::Draft;

pub(crate) use fill::Filler;
pub(crate) use rows::rows_from;

pub use drift::{Drift, TableDrift};
pub use history::AppliedMigration;
pub use policy::MigrationPolicy;
pub use steps::MigrationProgress;
pub use under_way::MigrationUnderWay;

impl Database {
    /// How the stored tables differ from those that the program was compiled with ([`with_schema`](Self::with_schema)).
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     name: Option<String>,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users")]
    /// # struct People;
    /// # let medium = HeapProvider::new();
    /// # let db = Database::open(medium.clone())?;
    /// # db.create_table(&TableSchema::new("users").column(ColumnSchema::new("id", DataType::U64)).primary_key(["id"]))?;
    /// # db.close()?;
    /// let db = Database::open(medium)?.with_schema::<People>()?;
    /// assert!(db.drift()?.to_string().starts_with("users: "));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] from inside a transaction's closure.
    pub fn drift(&self) -> Result<Drift> {
        let compiled = compiled(self.shared());
        Ok(self.read(|core| Ok(Drift::of(core, &compiled)))?)
    }

    /// What is to be done so that the stored tables become those that the program was compiled with
    /// ([`with_schema`](Self::with_schema)). Stored tables that the program does not have stay.
    ///
    /// ```
    /// use wasm_dbms::prelude::*;
    ///
    /// #[derive(Table)]
    /// #[table = "users"]
    /// #[renamed_from("people")]
    /// struct User {
    ///     #[primary_key]
    ///     id: u64,
    ///     name: String,
    ///     #[default = true]
    ///     active: bool,
    /// }
    ///
    /// #[derive(DatabaseSchema)]
    /// #[tables(User = "users")]
    /// struct Users;
    ///
    /// let db = Database::in_memory();
    /// let people = TableSchema::new("people")
    ///     .column(ColumnSchema::new("id", DataType::U32))
    ///     .column(ColumnSchema::new("name", DataType::Text))
    ///     .primary_key(["id"]);
    /// db.create_table(&people)?;
    /// db.insert_values("people", &[("id", 1.into()), ("name", "Ada".into())])?;
    ///
    /// let db = db.with_schema::<Users>()?;
    /// let plan = db.plan_migration()?;
    /// assert_eq!(
    ///     plan.to_string(),
    ///     "rename table people to users: at once\n\
    ///      change the type of users.id to u64: at once\n\
    ///      add column users.active (bool, not null, default true): at once\n"
    /// );
    /// db.migrate(&MigrationPolicy::new())?;
    /// assert!(db.get::<User>(1)?.ok_or("she is gone")?.active);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Schema`] for a wanted schema that contradicts itself, or that the rows that are there cannot have.
    pub fn plan_migration(&self) -> Result<MigrationPlan> {
        let compiled = compiled(self.shared());
        self.plan_migration_to(&compiled, false)
    }

    /// As [`plan_migration`](Self::plan_migration), to tables given as data; `drops_others` says whether stored tables that
    /// are none of these go.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// let wanted = table.clone().index(["n"]);
    /// assert_eq!(db.plan_migration_to(&[&wanted], false)?.operations.len(), 1);
    /// assert!(db.plan_migration_to(&[&table], false)?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`plan_migration`](Self::plan_migration).
    pub fn plan_migration_to(&self, wanted: &[&TableSchema], drops_others: bool) -> Result<MigrationPlan> {
        let functions = functions(self.shared());
        Ok(self.read(|core| {
            let (plan, draft) = plan::plan(core, wanted, drops_others, functions)?;
            draft.validate(core)?;
            Ok(plan)
        })?)
    }

    /// Does what [`plan_migration`](Self::plan_migration) says: all of it in one transaction, or nothing. Returns what was
    /// done.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     name: Option<String>,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users")]
    /// # struct People;
    /// # let medium = HeapProvider::new();
    /// # let db = Database::open(medium.clone())?;
    /// # db.create_table(&TableSchema::new("users").column(ColumnSchema::new("id", DataType::U64)).primary_key(["id"]))?;
    /// # db.close()?;
    /// let db = Database::open(medium)?.with_schema::<People>()?;
    /// db.migrate(&MigrationPolicy::new())?;
    /// assert!(db.drift()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MigrationRefused`] if it would lose data that the policy does not name; [`Error::MigrationRow`] for a row
    /// that stands in the way; [`Error::Schema`]; what storage says.
    pub fn migrate(&self, policy: &MigrationPolicy) -> Result<MigrationPlan> {
        let compiled = compiled(self.shared());
        self.migrate_to(&compiled, false, policy)
    }

    /// As [`migrate`](Self::migrate), to tables given as data; `drops_others` says whether stored tables that are none of
    /// these go.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// let wanted = table.clone().column(ColumnSchema::new("name", DataType::Text).nullable());
    /// db.migrate_to(&[&wanted], false, &MigrationPolicy::new())?;
    /// assert_eq!(db.schemas()?, [wanted]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub fn migrate_to(
        &self,
        wanted: &[&TableSchema],
        drops_others: bool,
        policy: &MigrationPolicy,
    ) -> Result<MigrationPlan> {
        let (now_ms, functions) = (self.shared().now_ms(), functions(self.shared()));
        Ok(self.write_many(|core| {
            let (plan, draft) = plan::plan(core, wanted, drops_others, functions)?;
            core.migrate(&plan, draft, policy, now_ms)?;
            Ok(plan)
        })?)
    }

    /// Does what a plan says, one that was shown, edited or kept as data: all of it in one transaction, or nothing. What is
    /// lost is judged anew.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// # use wasm_dbms::MigrationOperation;
    /// let rename = MigrationOperation::RenameTable { table: "t".into(), name: "numbers".into() };
    /// db.apply_migration(&[rename], &MigrationPolicy::new())?;
    /// assert_eq!(db.tables()?, ["numbers"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub fn apply_migration(
        &self,
        operations: &[MigrationOperation],
        policy: &MigrationPolicy,
    ) -> Result<MigrationPlan> {
        let (now_ms, functions) = (self.shared().now_ms(), functions(self.shared()));
        Ok(self.write_many(|core| {
            let (plan, draft) = plan::judged(core, operations, functions)?;
            core.migrate(&plan, draft, policy, now_ms)?;
            Ok(plan)
        })?)
    }

    /// Does what [`migrate`](Self::migrate) would do, and undoes it: rows that would stand in the way are found, and nothing
    /// changes. Returns what would be done.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     name: Option<String>,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users")]
    /// # struct People;
    /// # let medium = HeapProvider::new();
    /// # let db = Database::open(medium.clone())?;
    /// # db.create_table(&TableSchema::new("users").column(ColumnSchema::new("id", DataType::U64)).primary_key(["id"]))?;
    /// # db.close()?;
    /// let db = Database::open(medium)?.with_schema::<People>()?;
    /// assert!(!db.try_migration(&MigrationPolicy::new())?.is_empty());
    /// assert!(!db.drift()?.is_empty()); // Nothing was changed.
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub fn try_migration(&self, policy: &MigrationPolicy) -> Result<MigrationPlan> {
        let compiled = compiled(self.shared());
        self.try_migration_to(&compiled, false, policy)
    }

    /// As [`try_migration`](Self::try_migration), to tables given as data; `drops_others` says whether stored tables that
    /// are none of these go.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32).nullable());
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", Value::Null)])?;
    /// let wanted = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// let error = db.try_migration_to(&[&wanted], false, &MigrationPolicy::new()).unwrap_err();
    /// assert!(error.to_string().contains("stands in the way"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub fn try_migration_to(
        &self,
        wanted: &[&TableSchema],
        drops_others: bool,
        policy: &MigrationPolicy,
    ) -> Result<MigrationPlan> {
        let functions = functions(self.shared());
        let mut planned = None;
        let tried = self.write_many(|core| {
            let (plan, draft) = plan::plan(core, wanted, drops_others, functions)?;
            core.migrate(&plan, draft, policy, None)?;
            planned = Some(plan);
            // Only an error discards what a turn has written.
            Err::<(), _>(Error::Query("tried".into()).into())
        });
        match (planned, tried) {
            (Some(plan), _) => Ok(plan),
            (None, Err(error)) => Err(*error),
            (None, Ok(())) => Ok(MigrationPlan::default()),
        }
    }

    /// The migrations that were made, in their order.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// db.migrate_to(&[&table.clone().index(["n"])], false, &MigrationPolicy::new())?;
    /// assert_eq!(db.migrations()?.len(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What storage says.
    pub fn migrations(&self) -> Result<Vec<AppliedMigration>> {
        Ok(self.read(history::migrations)?)
    }
}

/// The tables that the program was compiled with.
fn compiled(shared: &Shared) -> Vec<&'static TableSchema> {
    lock(&shared.compiled).clone()
}

/// The functions that the program was compiled with.
fn functions(shared: &Shared) -> Migrations {
    lock(&shared.migrations).clone()
}

impl Core {
    fn migrate(
        &mut self,
        plan: &MigrationPlan,
        draft: Draft,
        policy: &MigrationPolicy,
        now_ms: Option<u64>,
    ) -> Fallible<()> {
        if plan.is_empty() {
            return Ok(());
        }
        policy.check(plan)?;
        carry_out::carry_out(self, draft, policy.rewrites, None)?;
        history::add(self, &mut plan.operations.iter().map(|planned| &planned.operation), now_ms)
    }
}

/// Changes of stored tables, as data, on any connection that can write but an interactive transaction: what ALTER TABLE
/// says. It is the word of whoever makes it, so no policy is asked.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::{MigrationOperation, SchemaAlteration};
///
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32)))?;
/// db.insert_values("t", &[("n", 1.into())])?;
/// let column = ColumnSchema::new("text", DataType::Text).default("none");
/// SchemaAlteration(vec![MigrationOperation::AddColumn { table: "t".into(), column }]).run(&db)?;
/// assert_eq!(db.query(&Query::from("t"))?.rows, [[Value::from(1), "none".into()]]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaAlteration(pub Vec<MigrationOperation>);

impl SchemaAlteration {
    /// Makes the changes: all of them or none.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_values("t", &[("n", 1.into())])?;
    /// # use wasm_dbms::{MigrationOperation, SchemaAlteration};
    /// let rename = MigrationOperation::RenameTable { table: "t".into(), name: "numbers".into() };
    /// SchemaAlteration(vec![rename]).run(&db)?;
    /// assert_eq!(db.tables()?, ["numbers"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MigrationRow`] for a row that stands in the way; [`Error::Schema`], [`Error::Unknown`],
    /// [`Error::TableExists`]; [`Error::Query`] in an interactive transaction; what storage says.
    pub fn run<C: Connection>(&self, connection: &C) -> Result<()> {
        let mut operations = Vec::with_capacity(self.0.len());
        for operation in &self.0 {
            operations.push(Cow::Borrowed(operation));
        }
        altered(connection, &operations, Draft::apply, true)
    }
}

/// Makes the changes of stored tables that a text says, of which another has the operations. `is_migration` says whether
/// they are told among the [migrations](Database::migrations).
#[doc(hidden)]
pub fn alter<C: Connection>(
    connection: &C,
    operations: &[Cow<'_, MigrationOperation>],
    is_migration: bool,
) -> Result<()> {
    altered(connection, operations, Draft::apply_said, is_migration)
}

fn altered<C: Connection>(
    connection: &C,
    operations: &[Cow<'_, MigrationOperation>],
    apply: fn(&mut Draft, &MigrationOperation) -> Fallible<()>,
    is_migration: bool,
) -> Result<()> {
    Ok(connection.write_many(|core| {
        if core.store.private().is_some() {
            return Err(Error::query(format_args!(
                "tables cannot be altered in an interactive transaction: use one that has the writer's turn (BEGIN \
                 IMMEDIATE)"
            )));
        }
        let mut draft = Draft::of(core, Migrations::new())?;
        for operation in operations {
            apply(&mut draft, operation)?;
        }
        if operations.is_empty() {
            return Ok(());
        }
        carry_out::carry_out(core, draft, false, None)?;
        match is_migration {
            true => history::add(core, &mut operations.iter().map(AsRef::as_ref), None),
            false => Ok(()),
        }
    })?)
}
