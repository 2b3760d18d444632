//! The migrations that were made, as the database keeps them: in the registry, a [record](crate::codec::record) each.
//!
//! | migration | |
//! |---|---|
//! | 1 | when, in milliseconds since 1970: number; absent where the host has no clock |
//! | 128 | operation, in words: text; in their order |

use wasm_dbms_api::MigrationOperation;
use wasm_dbms_memory::Registry;

use crate::codec::record::{Reader, Writer};
use crate::core::Core;
use crate::error::Fallible;

/// A migration that was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AppliedMigration {
    /// When, in milliseconds since 1970, if the host had given a [`Clock`](crate::Clock).
    pub time_ms: Option<u64>,
    /// What was done, in words.
    pub operations: Vec<String>,
}

/// Keeps what was done.
pub(super) fn add(
    core: &mut Core,
    operations: &mut dyn Iterator<Item = &MigrationOperation>,
    now_ms: Option<u64>,
) -> Fallible<()> {
    let mut writer = Writer::default();
    if let Some(now_ms) = now_ms {
        writer.field(1, |field| field.number(now_ms));
    }
    for operation in operations {
        writer.field_of_text(128, &operation.to_string());
    }
    let number = Registry::migrations(&mut core.store)?.len() as u32;
    Ok(Registry::add_migration(&mut core.store, number, &writer.0)?)
}

/// What was done, in order.
pub(super) fn migrations(core: &mut Core) -> Fallible<Vec<AppliedMigration>> {
    let mut migrations = Vec::new();
    for bytes in Registry::migrations(&mut core.store)? {
        let mut migration = AppliedMigration::default();
        let mut reader = Reader::new(&bytes);
        reader.fields("a migration", &mut |tag, field| {
            match tag {
                1 => migration.time_ms = Some(field.number()),
                128 => migration.operations.push(field.text()),
                _ => return false,
            }
            true
        });
        reader.finish().map_err(|problem| problem.into_error("a migration that was made"))?;
        migrations.push(migration);
    }
    Ok(migrations)
}
