//! Steps with a name and a wall time, and the table of them at the end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use comfy_table::Table;

/// The steps done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration, bool)>,
}

impl Steps {
    /// Does one step between its name and its time. After a failure the table is printed, since the steps end there.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        let time = start.elapsed();
        println!("== {name}: {:.1} s", time.as_secs_f64());
        self.done.push((name, time, outcome.is_ok()));
        if outcome.is_err() {
            self.print();
        }
        outcome.with_context(|| format!("step `{name}` failed"))
    }

    /// Prints the table of all steps.
    pub(crate) fn print(&self) {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::ASCII_MARKDOWN).set_header(["step", "time", "result"]);
        for (name, time, passed) in &self.done {
            let result = if *passed { "ok" } else { "FAILED" };
            table.add_row([(*name).to_owned(), format!("{:.1} s", time.as_secs_f64()), result.to_owned()]);
        }
        let total: Duration = self.done.iter().map(|(_, time, _)| *time).sum();
        table.add_row(["total", &format!("{:.1} s", total.as_secs_f64()), ""]);
        println!("\n{table}");
    }
}
