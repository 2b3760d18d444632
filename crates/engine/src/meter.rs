//! [`Interrupt`] and [`Meter`]: how a statement ends that has taken too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;
use crate::error::Fallible;

/// How many rows are looked at between two looks at the interrupt.
const ROWS_BETWEEN_LOOKS: u64 = 128;

/// A handle that stops statements from elsewhere: another thread, a callback of the host. See
/// [`Limited`](crate::Limited).
///
/// ```
/// # use wasm_dbms::prelude::*;
/// use wasm_dbms::Interrupt;
///
/// # let db = Database::in_memory();
/// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// # db.insert_many_values("t", &["n"], (0..1000).map(|n| [Value::from(n)]))?;
/// let interrupt = Interrupt::new();
/// assert_eq!(db.interrupt(&interrupt).query(&Query::from("t"))?.rows.len(), 1000);
/// interrupt.stop(); // Another thread would.
/// let stopped = db.interrupt(&interrupt).query(&Query::from("t")).unwrap_err();
/// assert!(stopped.is_interrupted());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A handle that stops nothing yet. Its clones are the same handle.
    ///
    /// ```
    /// use wasm_dbms::Interrupt;
    ///
    /// assert!(!Interrupt::new().is_stopped());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops every statement that runs under this handle, and those to come.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # use wasm_dbms::Interrupt;
    /// let interrupt = Interrupt::new();
    /// let elsewhere = interrupt.clone();
    /// std::thread::spawn(move || elsewhere.stop()).join().unwrap();
    /// assert!(interrupt.is_stopped());
    /// interrupt.reset();
    /// assert!(!interrupt.is_stopped());
    /// ```
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Lets statements run again.
    ///
    /// ```
    /// use wasm_dbms::Interrupt;
    ///
    /// let interrupt = Interrupt::new();
    /// interrupt.stop();
    /// interrupt.reset();
    /// assert!(!interrupt.is_stopped());
    /// ```
    pub fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether it stops statements.
    ///
    /// ```
    /// use wasm_dbms::Interrupt;
    ///
    /// let interrupt = Interrupt::new();
    /// interrupt.clone().stop();
    /// assert!(interrupt.is_stopped());
    /// ```
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a statement may still cost.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Rows before the next look at what follows.
    until_look: u64,
    /// Rows that are left after those.
    left: u64,
    /// All that there were.
    budget: u64,
    interrupt: Option<Interrupt>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { until_look: u64::MAX, left: 0, budget: u64::MAX, interrupt: None }
    }
}

impl Meter {
    pub(crate) fn new(budget: Option<u64>, interrupt: Option<Interrupt>) -> Self {
        let budget = budget.unwrap_or(u64::MAX);
        Self { until_look: 0, left: budget, budget, interrupt }
    }

    /// A row is looked at.
    #[inline]
    pub(crate) fn step(&mut self) -> Fallible<()> {
        match self.until_look.checked_sub(1) {
            Some(left) => {
                self.until_look = left;
                Ok(())
            }
            None => self.look(),
        }
    }

    /// So many rows are looked at.
    pub(crate) fn steps(&mut self, rows: usize) -> Fallible<()> {
        match self.until_look.checked_sub(rows as u64) {
            Some(left) => {
                self.until_look = left;
                Ok(())
            }
            None => (0..rows).try_for_each(|_| self.step()),
        }
    }

    /// Whether it may go on: for work that looks at no row of a table.
    #[inline]
    pub(crate) fn check_interrupt(&self) -> Fallible<()> {
        match &self.interrupt {
            Some(interrupt) if interrupt.is_stopped() => Err(Error::interrupted()),
            _ => Ok(()),
        }
    }

    #[cold]
    fn look(&mut self) -> Fallible<()> {
        if self.interrupt.as_ref().is_some_and(Interrupt::is_stopped) {
            return Err(Error::interrupted());
        }
        let rows = self.left.min(if self.interrupt.is_some() { ROWS_BETWEEN_LOOKS } else { u64::MAX });
        self.left -= rows;
        self.until_look = rows.checked_sub(1).ok_or_else(|| Box::new(Error::OverBudget { rows: self.budget }))?;
        Ok(())
    }
}
