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

use crate::codec::record::{Reader, Writer};
use crate::core::Core;
use crate::error::Fallible;

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
        let read = Reader(&bytes).fields("a migration under way", &mut |tag, field| {
            match tag {
                1 => state.stage = field.u32()?,
                2 => state.key = std::mem::take(&mut field.0).to_vec(),
                3 => state.rows = field.number()?,
                128 => state.operations.push(field.text()?),
                _ => return Ok(false),
            }
            Ok(true)
        });
        read.map_err(|problem| problem.into_error("a migration under way"))?;
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
