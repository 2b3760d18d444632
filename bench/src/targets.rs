//! What this project promises about its speed, as data: every run says of each line whether it holds.

use crate::arena::Results;
use crate::engines::EngineKind;
use crate::workload::Workload;

/// A bound on the CPU time of this project's engine in memory, as a ratio to another engine's of the same run.
pub struct Target {
    pub workload: Workload,
    pub against: EngineKind,
    pub ratio_max: f64,
}

/// The promises.
pub const TARGETS: [Target; 5] = [
    sqlite(Workload::W1, 0.6),
    sqlite(Workload::W2, 0.6),
    sqlite(Workload::W4, 0.5),
    sqlite(Workload::W6, 0.6),
    sqlite(Workload::W9, 0.2),
];

const fn sqlite(workload: Workload, ratio_max: f64) -> Target {
    Target { workload, against: EngineKind::Sqlite, ratio_max }
}

impl Target {
    /// One line for the report.
    pub fn verdict(&self, results: &Results) -> String {
        let found = results.cpu_ratio(self.workload, EngineKind::Ours, self.against);
        let verdict = match found {
            Some(ratio) if ratio <= self.ratio_max => format!("reached ({ratio:.2})"),
            Some(ratio) => format!("MISSED ({ratio:.2})"),
            None => "not measured".to_owned(),
        };
        format!(
            "{} ({}) against {}: at most {:.2}: {verdict}",
            self.workload.name(),
            self.workload.title(),
            self.against.title(),
            self.ratio_max
        )
    }
}
