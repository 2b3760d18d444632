//! The workloads of BENCH.md: what each does to an engine, and how many operations that counts as.

use anyhow::Result;

use crate::{Answer, Dataset, Engine};

/// Ages of W5, a tenth of the users.
const SCANNED_AGES: std::ops::RangeInclusive<u32> = 30..=39;
/// Age of W8, a hundredth of the users.
const JOINED_AGE: u32 = 42;
/// Statements of W12.
const MAX_STATEMENTS: usize = 10_000;
/// Rows of W10.
const POOREST_COUNT: usize = 10;

/// One workload. Declared in the order of the report's columns; [`Workload::RUN_ORDER`] is the order of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum), value(rename_all = "verbatim"))]
pub enum Workload {
    W1,
    W1b,
    W2,
    W3,
    W4,
    W5,
    W6,
    W7,
    W8,
    W9,
    W10,
    W11,
    W12,
}

impl Workload {
    /// Reads first, then the writes that disturb the trees.
    pub const RUN_ORDER: [Self; 13] = [
        Self::W1,
        Self::W2,
        Self::W3,
        Self::W4,
        Self::W5,
        Self::W9,
        Self::W10,
        Self::W12,
        Self::W6,
        Self::W7,
        Self::W8,
        Self::W1b,
        Self::W11,
    ];

    /// As the report prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::W1 => "W1",
            Self::W1b => "W1b",
            Self::W2 => "W2",
            Self::W3 => "W3",
            Self::W4 => "W4",
            Self::W5 => "W5",
            Self::W6 => "W6",
            Self::W7 => "W7",
            Self::W8 => "W8",
            Self::W9 => "W9",
            Self::W10 => "W10",
            Self::W11 => "W11",
            Self::W12 => "W12",
        }
    }

    /// What one operation is.
    pub fn title(self) -> &'static str {
        match self {
            Self::W1 => "bulk insert, per row",
            Self::W1b => "insert and commit one row",
            Self::W2 => "get by key",
            Self::W3 => "get by indexed email",
            Self::W4 => "key range of 1,000 rows",
            Self::W5 => "scan for a tenth of the rows",
            Self::W6 => "update by key, per row",
            Self::W7 => "delete by key, per row",
            Self::W8 => "join, 1% of the users",
            Self::W9 => "count, sum, avg by 100 groups",
            Self::W10 => "order by, limit 10",
            Self::W11 => "open a file, read one row",
            Self::W12 => "prepare a statement, run it once",
        }
    }

    /// Whether the workload changes rows, so that the table is compared with the model afterwards.
    pub fn writes(self) -> bool {
        matches!(self, Self::W1 | Self::W1b | Self::W6 | Self::W7)
    }

    /// Whether the rows come in a defined order.
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::W2 | Self::W3 | Self::W4 | Self::W10 | Self::W12)
    }

    /// How many operations a run is divided by.
    pub fn operation_count(self, data: &Dataset) -> u64 {
        let count = match self {
            Self::W1 => data.users.len(),
            Self::W1b => data.late_users.len(),
            Self::W2 => data.keys.len(),
            Self::W3 => data.emails.len(),
            Self::W4 => data.key_ranges.len(),
            Self::W6 => data.balance_changes.len(),
            Self::W7 => data.deleted_keys.len(),
            Self::W5 | Self::W8 | Self::W9 | Self::W10 => 3,
            Self::W11 => 10,
            Self::W12 => data.keys.len().min(MAX_STATEMENTS),
        };
        count as u64
    }

    /// Runs the workload once.
    ///
    /// # Panics
    /// W11 has no operation without a clock.
    pub fn operate(self, engine: &mut dyn Engine, data: &Dataset, answer: &mut Answer) -> Result<()> {
        let repetitions = 0..self.operation_count(data);
        match self {
            Self::W1 => engine.insert_users(&data.users),
            Self::W1b => engine.insert_users_singly(&data.late_users),
            Self::W2 => engine.users_by_id(&data.keys, answer),
            Self::W3 => engine.users_by_email(&data.emails, answer),
            Self::W4 => engine.users_in_key_ranges(&data.key_ranges, answer),
            Self::W5 => repetitions.into_iter().try_for_each(|_| engine.users_of_ages(SCANNED_AGES, answer)),
            Self::W6 => {
                answer.add_changed(engine.update_balances(&data.balance_changes)?);
                Ok(())
            }
            Self::W7 => {
                answer.add_changed(engine.delete_users(&data.deleted_keys)?);
                Ok(())
            }
            Self::W8 => repetitions.into_iter().try_for_each(|_| engine.posts_of_age(JOINED_AGE, answer)),
            Self::W9 => repetitions.into_iter().try_for_each(|_| engine.totals_by_age(answer)),
            Self::W10 => repetitions.into_iter().try_for_each(|_| engine.poorest_users(POOREST_COUNT, answer)),
            Self::W11 => unreachable!("reopens between its operations"),
            Self::W12 => {
                let keys = data.keys.get(..MAX_STATEMENTS).unwrap_or(&data.keys);
                engine.users_by_new_statements(keys, answer)
            }
        }
    }
}
