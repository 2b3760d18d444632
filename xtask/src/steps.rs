//! Steps with a name and a wall time, one of them beside the others if need be, and the table of them at the end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use comfy_table::Table;

/// The steps done so far.
pub(crate) struct Steps {
    start: Instant,
    done: Vec<(&'static str, Duration, bool)>,
    beside: Option<Beside>,
}

/// A step that a process does while others are done here.
struct Beside {
    name: &'static str,
    process: Child,
    log: PathBuf,
    start: Instant,
}

impl Steps {
    /// None is done.
    pub(crate) fn begin() -> Self {
        Self { start: Instant::now(), done: Vec::new(), beside: None }
    }

    /// Does one step between its name and its time. After a failure, also of the step beside it, the table is printed,
    /// since the steps end there.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        self.end(name, start, outcome)?;
        match self.beside.as_mut().map(|beside| beside.process.try_wait()).transpose()?.flatten() {
            Some(status) if !status.success() => self.end_beside(),
            _ => Ok(()),
        }
    }

    /// Begins a step that this command does beside the next ones. What it says is kept in the log.
    pub(crate) fn begin_beside(&mut self, name: &'static str, command: &mut Command, log: &Path) -> Result<()> {
        println!("\n== {name} begins beside what follows: {}", log.display());
        fs::create_dir_all(log.parent().context("a log is in a folder")?)?;
        let output = File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let process = command.spawn().with_context(|| format!("step `{name}` could not begin"))?;
        self.beside = Some(Beside { name, process, log: log.to_owned(), start: Instant::now() });
        Ok(())
    }

    /// Waits for the step beside and prints all that it said.
    pub(crate) fn end_beside(&mut self) -> Result<()> {
        let Some(mut beside) = self.beside.take() else { return Ok(()) };
        let status = beside.process.wait()?;
        println!("\n== {}\n{}", beside.name, fs::read_to_string(&beside.log)?.trim_end());
        self.end(beside.name, beside.start, succeeded(status))
    }

    fn end(&mut self, name: &'static str, start: Instant, outcome: Result<()>) -> Result<()> {
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
        table.add_row(["from begin to end", &format!("{:.1} s", self.start.elapsed().as_secs_f64()), ""]);
        println!("\n{table}");
    }
}

impl Drop for Steps {
    /// What is still done beside the last step begins nothing new.
    fn drop(&mut self) {
        if let Some(beside) = &mut self.beside {
            let _it_may_be_done = beside.process.kill();
            let _reaped = beside.process.wait();
        }
    }
}

fn succeeded(status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("its process failed: {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]);
        shell
    }

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("steps-{}-{name}", std::process::id())).join("log")
    }

    #[test]
    fn a_failure_beside_ends_the_steps_at_the_next_one() {
        let mut steps = Steps::begin();
        steps.begin_beside("beside", &mut shell("echo said; exit 3"), &log("fails")).unwrap();
        let long_enough = || {
            std::thread::sleep(Duration::from_secs(1));
            Ok(())
        };
        let error = format!("{:#}", steps.step("here", long_enough).unwrap_err());
        assert!(error.starts_with("step `beside` failed: "), "{error}");
        assert_eq!(
            steps.done.iter().map(|(name, _, passed)| (*name, *passed)).collect::<Vec<_>>(),
            [("here", true), ("beside", false)]
        );
    }

    #[test]
    fn what_is_done_beside_ends_where_it_is_waited_for_or_with_the_steps() {
        let mut steps = Steps::begin();
        steps.begin_beside("short", &mut shell("true"), &log("short")).unwrap();
        steps.end_beside().unwrap();
        steps.begin_beside("long", &mut shell("sleep 100"), &log("long")).unwrap();
        assert!(steps.step("here", || bail!("wrong")).is_err());
        drop(steps);
    }
}
