//! What this project promises about its speed and size, as data: every run says of each line whether it holds.

use workloads::Workload;

use crate::arena::Results;
use crate::engines::EngineKind;

/// What a bound is on.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    /// CPU time of one workload, as a ratio of the engine's to another's of the same run.
    Cpu { workload: Workload, engine: EngineKind, against: EngineKind },
    /// Wall time of a durable commit of one row, as a ratio to a bare append and sync of the same run.
    DurableCommit,
    /// Stored bytes of a user in the table alone, compacted.
    TableBytes,
    /// Stored bytes of a user with the index, compacted.
    RowBytes,
}

/// A promise: the figure is at most this.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub figure: Figure,
    pub max: f64,
}

/// The promises.
pub const TARGETS: [Target; 27] = [
    in_memory(Workload::W1, 0.4),
    in_memory(Workload::W2, 0.5),
    in_memory(Workload::W3, 0.6),
    in_memory(Workload::W4, 0.35),
    in_memory(Workload::W5, 0.3),
    in_memory(Workload::W6, 0.4),
    in_memory(Workload::W7, 0.5),
    in_memory(Workload::W8, 0.5),
    in_memory(Workload::W9, 0.06),
    in_memory(Workload::W10, 0.15),
    cpu(Workload::W2, EngineKind::Ours, EngineKind::Btree, 1.0),
    by_sql(Workload::W1, 0.6),
    by_sql(Workload::W2, 0.7),
    by_sql(Workload::W5, 0.4),
    by_sql(Workload::W8, 0.5),
    by_sql(Workload::W9, 0.1),
    by_sql(Workload::W12, 1.5),
    on_file(Workload::W1, 0.5),
    on_file(Workload::W2, 0.4),
    on_file(Workload::W3, 0.4),
    on_file(Workload::W6, 0.8),
    on_file(Workload::W7, 0.5),
    on_file(Workload::W11, 1.0),
    cpu(Workload::W1b, EngineKind::OursFile, EngineKind::SqliteFile, 1.0),
    Target { figure: Figure::DurableCommit, max: 1.3 },
    Target { figure: Figure::TableBytes, max: 62.0 },
    Target { figure: Figure::RowBytes, max: 92.0 },
];

const fn cpu(workload: Workload, engine: EngineKind, against: EngineKind, max: f64) -> Target {
    Target { figure: Figure::Cpu { workload, engine, against }, max }
}

const fn in_memory(workload: Workload, max: f64) -> Target {
    cpu(workload, EngineKind::Ours, EngineKind::Sqlite, max)
}

const fn by_sql(workload: Workload, max: f64) -> Target {
    cpu(workload, EngineKind::OursSql, EngineKind::Sqlite, max)
}

const fn on_file(workload: Workload, max: f64) -> Target {
    cpu(workload, EngineKind::OursFile, EngineKind::SqliteFile, max)
}

impl Target {
    /// One line for the report.
    pub fn verdict(&self, results: &Results) -> String {
        let verdict = match self.figure.found(results) {
            Some(found) if found <= self.max => format!("reached ({found:.2})"),
            Some(found) => format!("MISSED ({found:.2})"),
            None => "not measured".to_owned(),
        };
        format!("{}: at most {:.2}: {verdict}", self.figure.title(), self.max)
    }
}

impl Figure {
    fn found(self, results: &Results) -> Option<f64> {
        match self {
            Self::Cpu { workload, engine, against } => results.cpu_ratio(workload, engine, against),
            Self::DurableCommit => {
                let cost = results.costs.get(&(Workload::W1b, EngineKind::OursFile))?;
                Some(cost.wall_us / results.append_us?)
            }
            Self::TableBytes => results.stored.get(&EngineKind::Ours)?.in_table,
            Self::RowBytes => Some(results.stored.get(&EngineKind::Ours)?.in_all),
        }
    }

    fn title(self) -> String {
        match self {
            Self::Cpu { workload, engine, against } => {
                format!("{} ({}), {} / {}", workload.name(), workload.title(), engine.title(), against.title())
            }
            Self::DurableCommit => "W1b on file, wall time / a bare append of 4 KiB + fdatasync".to_owned(),
            Self::TableBytes => "stored bytes of a user in the table, compacted".to_owned(),
            Self::RowBytes => "stored bytes of a user with the index, compacted".to_owned(),
        }
    }
}
