//! How far a migration in steps has come, as the database keeps it: in the registry, a [record](crate::codec::record).
//!
//! | migration | |
//! |---|---|
//! | 1 | which stage: number; 0 where absent |
//! | 2 | the key of the last row of the stage that was done with: bytes |
//! | 3 | how many rows were done with in all stages: number |
//! | 128 | operation, in words: text; in their order |

use wasm_dbms_api::MigrationPlan;
use wasm_dbms_memory::Registry;

use crate::catalog::is_hidden;
use crate::codec::record::{Reader, Writer};
use crate::core::Core;
use crate::error::Fallible;
use crate::{Connection, Database, Result};

/// A migration in [steps](Database::migrate_step) that is not done yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MigrationUnderWay {
    /// What is done, in words; none once the tables are switched, or the migration was abandoned.
    pub operations: Vec<String>,
    /// How many rows were worked on so far, each as often as that was.
    pub rows_done: u64,
    /// How many rows there are beside those of tables that are shown: copied, or left to remove.
    pub rows_beside: u64,
}

impl Database {
    /// The migration in steps that is not done yet, if there is one: what a program asks that was closed or has crashed
    /// meanwhile.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # let table = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I32));
    /// # db.create_table(&table)?;
    /// # db.insert_many_values("t", &["n"], (0..10).map(|n| [Value::from(n)]))?;
    /// let wanted = table.clone().index(["n"]);
    /// assert_eq!(db.migration_under_way()?, None);
    /// db.migrate_step_to(&[&wanted], false, &MigrationPolicy::new(), 4)?;
    /// let under_way = db.migration_under_way()?.ok_or("nothing is under way")?;
    /// assert_eq!((under_way.rows_done, under_way.operations.len()), (4, 1));
    /// db.abandon_migration()?;
    /// assert_eq!(db.migration_under_way()?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`](crate::Error::Busy) from inside a transaction's closure; what storage says.
    pub fn migration_under_way(&self) -> Result<Option<MigrationUnderWay>> {
        Ok(self.read(|core| {
            let state = UnderWay::read(core)?;
            let hidden = || core.catalog.relations.iter().filter(|relation| is_hidden(&relation.schema.name));
            if state.is_none() && hidden().next().is_none() {
                return Ok(None);
            }
            let rows_beside = hidden().fold(0, |rows: u64, relation| rows.saturating_add(relation.table.rows));
            let UnderWay { operations, rows: rows_done, .. } = state.unwrap_or_default();
            Ok(Some(MigrationUnderWay { operations, rows_done, rows_beside }))
        })?)
    }
}

/// How far a migration has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct UnderWay {
    pub(super) stage: u32,
    /// The key of the last row of the stage that was done with; empty before the first.
    pub(super) key: Vec<u8>,
    pub(super) rows: u64,
    /// What is done, in words.
    pub(super) operations: Vec<String>,
}

impl UnderWay {
    /// The beginning of what a plan says.
    pub(super) fn of(plan: &MigrationPlan) -> Self {
        let operations = plan.operations.iter().map(|planned| planned.operation.to_string());
        Self { operations: operations.collect(), ..Self::default() }
    }

    /// What is under way, if something is.
    pub(super) fn read(core: &mut Core) -> Fallible<Option<Self>> {
        let Some(bytes) = Registry::migration_under_way(&mut core.store)? else { return Ok(None) };
        let mut state = Self::default();
        let mut reader = Reader::new(&bytes);
        reader.fields("a migration under way", &mut |tag, field| {
            match tag {
                1 => state.stage = field.u32(),
                2 => state.key = field.rest().to_vec(),
                3 => state.rows = field.number(),
                128 => state.operations.push(field.text()),
                _ => return false,
            }
            true
        });
        reader.finish().map_err(|problem| problem.into_error("a migration under way"))?;
        Ok(Some(state))
    }

    /// Keeps it.
    pub(super) fn write(&self, core: &mut Core) -> Fallible<()> {
        let mut writer = Writer::default();
        writer.field_of_number(1, self.stage);
        if !self.key.is_empty() {
            writer.field_of_bytes(2, &self.key);
        }
        writer.field(3, |field| field.number(self.rows));
        self.operations.iter().for_each(|operation| writer.field_of_text(128, operation));
        Ok(Registry::set_migration_under_way(&mut core.store, Some(&writer.0))?)
    }

    /// Nothing is under way any more.
    pub(super) fn clear(core: &mut Core) -> Fallible<()> {
        Ok(Registry::set_migration_under_way(&mut core.store, None)?)
    }
}
