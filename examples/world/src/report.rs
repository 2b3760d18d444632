//! How the lines of the scenario leave it: to a terminal, to a log of the host, to a test.

use std::io::Write;

use crate::Result;
use crate::stopwatch::Rate;

/// What begins a line that is the same on every host.
pub const ANSWER: &str = "answer: ";

/// Receives what the scenario has to say.
pub trait Report {
    /// One line of text, without its end. All other methods end here unless they are overridden.
    ///
    /// # Errors
    /// If the line cannot be shown; the scenario stops.
    fn line(&mut self, text: &str) -> Result<()>;

    /// The begin of a part.
    ///
    /// # Errors
    /// As [`Report::line`].
    fn heading(&mut self, text: &str) -> Result<()> {
        self.line("")?;
        self.line(&format!("# {text}"))
    }

    /// A result: the same on every host, so it holds no time, size or path.
    ///
    /// # Errors
    /// As [`Report::line`].
    fn answer(&mut self, text: &str) -> Result<()> {
        self.line(&format!("{ANSWER}{text}"))
    }

    /// Something worth to be seen that is no result.
    ///
    /// # Errors
    /// As [`Report::line`].
    fn note(&mut self, text: &str) -> Result<()> {
        self.line(&format!("  {text}"))
    }

    /// A table that is no result: the names of its columns, then its rows.
    ///
    /// # Errors
    /// As [`Report::line`].
    fn table(&mut self, columns: &[&str], rows: &[Vec<String>]) -> Result<()> {
        self.note(&columns.join(" | "))?;
        rows.iter().try_for_each(|row| self.note(&row.join(" | ")))
    }

    /// The loading of `what` has come to `done` bytes of `total`.
    fn progress(&mut self, what: &str, done: u64, total: u64) {
        let _ = (what, done, total);
    }
}

/// Shows the rates of the steps as a table; says so where there is no clock.
///
/// # Errors
/// As [`Report::line`].
pub fn rates(report: &mut dyn Report, steps: &[Rate]) -> Result<()> {
    let in_words = |number: Option<f64>, decimals: usize| match number {
        Some(number) => format!("{number:.decimals$}"),
        None => String::from("no clock"),
    };
    let row = |rate: &Rate| {
        let (seconds, per_second) = (in_words(rate.seconds, 4), in_words(rate.rows_per_second(), 0));
        vec![rate.step.to_owned(), rate.rows.to_string(), seconds, per_second]
    };
    let rows: Vec<Vec<String>> = steps.iter().map(row).collect();
    report.table(&["step", "rows", "seconds", "rows/s"], &rows)
}

/// Writes plain lines.
#[derive(Debug)]
pub struct Lines<W>(pub W);

impl<W: Write> Report for Lines<W> {
    fn line(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.0, "{text}")?)
    }
}

/// Lets only answers through.
#[derive(Debug)]
pub struct Quiet<R>(pub R);

impl<R: Report> Report for Quiet<R> {
    fn line(&mut self, _text: &str) -> Result<()> {
        Ok(())
    }

    fn answer(&mut self, text: &str) -> Result<()> {
        self.0.answer(text)
    }
}

/// Keeps the answers, for tests.
#[derive(Debug, Default)]
pub struct Answers {
    /// The answers, without what every one of them begins with.
    pub answers: Vec<String>,
}

impl Report for Answers {
    fn line(&mut self, _text: &str) -> Result<()> {
        Ok(())
    }

    fn answer(&mut self, text: &str) -> Result<()> {
        self.answers.push(text.to_owned());
        Ok(())
    }
}
