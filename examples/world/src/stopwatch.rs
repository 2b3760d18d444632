//! Rows per second, on hosts that have a clock. `wasm32-unknown-unknown` has none: its `Instant::now` panics.

/// Measures from its start to its end.
#[derive(Debug)]
pub struct Stopwatch {
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    started: std::time::Instant,
}

impl Stopwatch {
    /// Starts now.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn start() -> Self {
        Self { started: std::time::Instant::now() }
    }

    /// Starts; there is no clock to look at.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn start() -> Self {
        Self {}
    }

    /// Seconds since the start, where there is a clock.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn seconds(&self) -> Option<f64> {
        Some(self.started.elapsed().as_secs_f64())
    }

    /// No clock, no seconds.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn seconds(&self) -> Option<f64> {
        None
    }
}

/// What one step of the scenario took.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// What was done.
    pub step: &'static str,
    /// Rows it touched.
    pub rows: u64,
    /// Time it took, where there is a clock.
    pub seconds: Option<f64>,
}

impl Rate {
    /// Rows per second, where there is a clock.
    pub fn rows_per_second(&self) -> Option<f64> {
        self.seconds.filter(|seconds| *seconds > 0.0).map(|seconds| self.rows as f64 / seconds)
    }
}

/// The rates of all steps so far.
#[derive(Debug, Default)]
pub struct Rates {
    steps: Vec<Rate>,
}

impl Rates {
    /// Notes that `step` touched `rows` rows since `stopwatch` was started.
    pub fn add(&mut self, step: &'static str, rows: u64, stopwatch: &Stopwatch) {
        self.steps.push(Rate { step, rows, seconds: stopwatch.seconds() });
    }

    /// The steps in the order in which they were taken.
    pub fn steps(&self) -> &[Rate] {
        &self.steps
    }
}
