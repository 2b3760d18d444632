//! The process that runs cases, and its keeper: progress goes over standard output, silence is a hang.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use fastrand::Rng;
use wasm_dbms::Result;

use super::damage::damaged;
use super::exercise::exercise;
use super::file::File;
use super::images;

/// A case may take so long; a usual one takes a third of a millisecond.
const CASE_SECONDS_MAX: f64 = 5.0;

/// A process that says nothing for so long hangs.
const SILENCE_SECONDS_MAX: u64 = 30;

/// The address space of a process that runs cases, in KiB: 64 MiB for the case and what the process itself takes.
const ADDRESS_SPACE_KIB: u64 = (64 + 24) * 1024;

/// A process says where it is after so many cases.
const STEP: u64 = 256;

/// The files, taken apart.
pub(crate) struct Cases {
    seed: u64,
    files: Vec<File>,
}

impl Cases {
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let files = images::all()?.iter().filter_map(|bytes| File::parse(bytes)).collect();
        Ok(Self { seed, files })
    }

    /// Runs a case. Returns whether its file could be opened and how many changes went through; or the words of its panic,
    /// or that it took too long, twice: the clock goes on where the machine stands still.
    pub(crate) fn run(&self, case: u64) -> std::result::Result<(bool, u64), String> {
        match self.timed(case) {
            (Ok(_), seconds) if seconds > CASE_SECONDS_MAX => match self.timed(case) {
                (Ok(_), again) if again > CASE_SECONDS_MAX => Err(format!("took {seconds:.1} and {again:.1} s")),
                (outcome, _) => outcome,
            },
            (outcome, _) => outcome,
        }
    }

    /// Runs a case once. Returns what came of it and how long it took.
    fn timed(&self, case: u64) -> (std::result::Result<(bool, u64), String>, f64) {
        let mut random = Rng::with_seed(self.seed ^ case.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let start = Instant::now();
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            plant(case);
            match self.files.get(random.usize(..self.files.len().max(1))) {
                Some(file) => exercise(damaged(file, &mut random), &mut random),
                None => (false, 0),
            }
        }));
        let outcome = outcome.map_err(|panic| format!("panic: {} at {}", words(panic.as_ref()), PLACE.take()));
        (outcome, start.elapsed().as_secs_f64())
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// Test of the test: `HOSTILE_PLANT=panic@5` makes case 5 panic; `slow`, `hang`, `memory`, `stack` and `abort` do as
/// they say, and `pause` is slow the first time only.
#[allow(clippy::panic, reason = "the planted failure")]
fn plant(case: u64) {
    let Ok(planted) = std::env::var("HOSTILE_PLANT") else { return };
    for what in planted.split(',').filter_map(|what| what.strip_suffix(&format!("@{case}"))) {
        match what {
            "panic" => panic!("planted"),
            "slow" => std::thread::sleep(Duration::from_secs_f64(CASE_SECONDS_MAX + 1.0)),
            "pause" if PAUSED.swap(true, Ordering::Relaxed) => {}
            "pause" => std::thread::sleep(Duration::from_secs_f64(CASE_SECONDS_MAX + 1.0)),
            "hang" => std::thread::sleep(Duration::from_secs(1000)),
            "memory" => drop(std::hint::black_box(vec![1u8; 128 << 20])),
            "stack" => drop(std::hint::black_box(deep(u64::MAX))),
            _ => std::process::abort(),
        }
    }
}

/// Whether the planted pause was made.
static PAUSED: AtomicBool = AtomicBool::new(false);

fn deep(levels: u64) -> u64 {
    if std::hint::black_box(levels) == 0 { 0 } else { deep(levels - 1) + std::hint::black_box(1) }
}

thread_local! {
    /// Where the last panic was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps panics, which are reported otherwise, off the standard error.
pub(crate) fn quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        PLACE.with_borrow_mut(|last| *last = place);
    }));
}

/// Runs cases in this process.
#[allow(clippy::print_stdout, reason = "the keeper reads it")]
pub(crate) fn run(seed: u64, range: Range<u64>, says_each: bool) -> ExitCode {
    quiet();
    let cases = match Cases::new(seed) {
        Ok(cases) => cases,
        Err(error) => {
            println!("failed {} the files cannot be made: {error}", range.start);
            return ExitCode::FAILURE;
        }
    };
    let (mut opened, mut changed) = (0, 0);
    for case in range {
        if says_each || case.is_multiple_of(STEP) {
            println!("at {case}");
            // What is buffered is lost when the process dies.
            let _nobody_listens = std::io::stdout().flush();
        }
        match cases.run(case) {
            Ok((is_open, changes)) => (opened, changed) = (opened + u64::from(is_open), changed + changes),
            Err(what) => println!("failed {case} {}", what.replace('\n', " ")),
        }
    }
    println!("done {opened} {changed}");
    ExitCode::SUCCESS
}

/// The keeper of a process that runs cases.
pub(crate) struct Worker {
    seed: u64,
    report: Report,
}

/// What came of some cases.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// In words.
    pub(crate) failures: Vec<String>,
    /// Files that could be opened.
    pub(crate) opened: u64,
    /// Statements that changed them.
    pub(crate) changes: u64,
}

/// How a process ended.
enum End {
    Done,
    /// At or after this case.
    Died(u64, String),
}

impl Worker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, report: Report::default() }
    }

    /// Runs the cases, in as many processes as it takes.
    pub(crate) fn cases(mut self, range: Range<u64>) -> Report {
        let mut from = range.start;
        while from < range.end {
            let End::Died(last, _) = self.process(from..range.end, false) else { break };
            // Once more, case by case, from the last one it spoke of.
            let to = (last + STEP).min(range.end);
            match self.process(last..to, true) {
                End::Done => from = to,
                End::Died(case, how) => {
                    self.fail(case, &how);
                    from = case + 1;
                }
            }
        }
        self.report
    }

    fn fail(&mut self, case: u64, what: &str) {
        let failure = format!("case {case}, seed {}: {what}", self.seed);
        // Cases before the death of a process are run again.
        if !self.report.failures.contains(&failure) {
            self.report.failures.push(failure);
        }
    }

    fn process(&mut self, range: Range<u64>, says_each: bool) -> End {
        let mut last = range.start;
        let Ok((mut child, lines)) = self.spawn(&range, says_each) else {
            return End::Died(last, "its process cannot be started".into());
        };
        loop {
            let line = match lines.recv_timeout(Duration::from_secs(SILENCE_SECONDS_MAX)) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => {
                    let _it_may_be_gone = child.kill();
                    let _reaped = child.wait();
                    return End::Died(last, format!("hangs: nothing for {SILENCE_SECONDS_MAX} s"));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                    return End::Died(last, format!("its process died: {status}"));
                }
            };
            match line.split_once(' ') {
                Some(("at", case)) => last = case.parse().unwrap_or(last),
                Some(("failed", what)) => {
                    let (case, what) = what.split_once(' ').unwrap_or((what, ""));
                    self.fail(case.parse().unwrap_or(last), what);
                }
                Some(("done", counts)) => {
                    let (opened, changed) = counts.split_once(' ').unwrap_or_default();
                    self.report.opened += opened.parse().unwrap_or(0);
                    self.report.changes += changed.parse().unwrap_or(0);
                    let _reaped = child.wait();
                    return End::Done;
                }
                _ => {}
            }
        }
    }

    /// Starts this program again for some cases, with less memory.
    fn spawn(&self, range: &Range<u64>, says_each: bool) -> std::io::Result<(Child, Receiver<String>)> {
        let program = std::env::current_exe()?;
        let limited = format!("ulimit -v {ADDRESS_SPACE_KIB}; exec \"$0\" \"$@\"");
        let mut child = Command::new("sh")
            .args(["-c", &limited])
            .arg(program)
            .args(["hostile", &range.start.to_string(), &range.end.to_string()])
            .args(says_each.then_some("each"))
            .env("SEED", self.seed.to_string())
            .env_remove("VERIFY")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (sender, lines) = channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(std::io::Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok((child, lines))
    }
}
