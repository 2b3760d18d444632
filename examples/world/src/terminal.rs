//! For people at a terminal: a progress bar on stderr while loading, tables with lines.

use std::io::Write;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Result;
use crate::report::{Lines, Report};

/// How the progress bar looks.
const BAR: &str = "{msg:8} {wide_bar} {bytes}/{total_bytes} {elapsed}";

/// Writes lines to `W` and progress to stderr; indicatif draws nothing where stderr is no terminal.
#[derive(Debug)]
pub struct Terminal<W> {
    lines: Lines<W>,
    bar: Option<ProgressBar>,
}

impl<W: Write> Terminal<W> {
    /// Lines go to `writer`.
    pub fn new(writer: W) -> Self {
        Self { lines: Lines(writer), bar: None }
    }
}

impl<W: Write> Report for Terminal<W> {
    fn line(&mut self, text: &str) -> Result<()> {
        self.lines.line(text)
    }

    fn table(&mut self, columns: &[&str], rows: &[Vec<String>]) -> Result<()> {
        let mut table = Table::new();
        table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(columns).add_rows(rows);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.lines().try_for_each(|line| self.lines.line(&line))
    }

    fn progress(&mut self, what: &str, done: u64, total: u64) {
        if done >= total {
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_message(what.to_owned())
        });
        bar.set_position(done);
    }
}

impl<W> Drop for Terminal<W> {
    /// Leaves no half bar behind when a load fails.
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
