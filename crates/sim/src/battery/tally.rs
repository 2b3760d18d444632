//! What the threads of a battery count together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many failures are kept in words.
const EXAMPLES: usize = 12;

/// How long one image may take. It is some thousand times what it does take.
const HANGING: Duration = Duration::from_secs(60);

/// A watch that slept so long was stopped, and the process with it: nothing hangs for that.
const STOPPED: Duration = Duration::from_secs(5);

/// What the threads of a battery count together.
pub(crate) struct Tally<'a> {
    progress: &'a (dyn Fn(&str) + Sync),
    threads: usize,
    failures: AtomicU64,
    examples: Mutex<Vec<String>>,
    hashes: Mutex<Vec<u64>>,
    /// Counts up with every image: for each thread, so that one that hangs is seen.
    beats: Vec<AtomicU64>,
}

/// A thread's own view of the tally.
#[derive(Clone, Copy)]
pub(crate) struct Worker<'a> {
    pub(crate) tally: &'a Tally<'a>,
    beat: Option<&'a AtomicU64>,
}

impl Worker<'_> {
    /// One image more was done.
    pub(crate) fn beat(&self) {
        if let Some(beat) = self.beat {
            beat.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<'a> Tally<'a> {
    pub(crate) fn new(progress: &'a (dyn Fn(&str) + Sync), threads: usize) -> Self {
        let threads = threads.max(1);
        Self {
            progress,
            threads,
            failures: AtomicU64::new(0),
            examples: Mutex::default(),
            hashes: Mutex::default(),
            beats: (0..threads).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Says how it goes.
    pub(crate) fn say(&self, text: &str) {
        (self.progress)(text);
    }

    /// Notes a failure. `what` is asked only while few are known.
    pub(crate) fn fail(&self, what: impl FnOnce() -> String) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut examples = lock(&self.examples);
        if examples.len() < EXAMPLES {
            examples.push(what());
        }
    }

    /// Notes images by their hashes.
    pub(crate) fn add_images(&self, hashes: impl IntoIterator<Item = u64>) {
        lock(&self.hashes).extend(hashes);
    }

    /// How many different images were noted. Fewer than `least` are a failure.
    pub(crate) fn distinct_images_at_least(&self, least: u64) -> u64 {
        let mut hashes = lock(&self.hashes);
        hashes.sort_unstable();
        hashes.dedup();
        let count = hashes.len() as u64;
        if count < least {
            self.fail(|| format!("only {count} different images were tried, and {least} must be"));
        }
        count
    }

    pub(crate) fn failures(&self) -> (u64, Vec<String>) {
        (self.failures.load(Ordering::Relaxed), lock(&self.examples).clone())
    }

    /// Does `work` for each item, in as many threads as asked for. A panic is a failure. A thread that does not get on
    /// ends the process: nothing else can end it.
    pub(crate) fn for_each<T: Sync>(
        &self,
        items: &[T],
        name: &(dyn Fn(&T) -> String + Sync),
        work: &(dyn Fn(&T, Worker<'_>) + Sync),
    ) {
        let next = AtomicUsize::new(0);
        let is_done = AtomicBool::new(false);
        let now: Vec<Mutex<String>> = self.beats.iter().map(|_| Mutex::default()).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| self.watch(&is_done, &now));
            let workers: Vec<_> = self
                .beats
                .iter()
                .zip(&now)
                .map(|(beat, now)| {
                    let (next, is_done) = (&next, &is_done);
                    scope.spawn(move || {
                        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                            *lock(now) = name(item);
                            let worker = Worker { tally: self, beat: Some(beat) };
                            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(item, worker))) {
                                self.fail(|| format!("{}: a panic: {}", name(item), panic_text(panic.as_ref())));
                            }
                        }
                        lock(now).clear();
                        let _ = is_done;
                    })
                })
                .collect();
            for worker in workers {
                // A panic was caught inside.
                let _joined = worker.join();
            }
            is_done.store(true, Ordering::Relaxed);
        });
    }

    fn watch(&self, is_done: &AtomicBool, now: &[Mutex<String>]) {
        let mut seen: Vec<(u64, Instant)> = self.beats.iter().map(|_| (0, Instant::now())).collect();
        while !is_done.load(Ordering::Relaxed) {
            let asleep = Instant::now();
            std::thread::sleep(Duration::from_millis(20));
            if asleep.elapsed() > STOPPED {
                seen.iter_mut().for_each(|seen| seen.1 = Instant::now());
            }
            for ((seen, beat), now) in seen.iter_mut().zip(&self.beats).zip(now) {
                let beat = beat.load(Ordering::Relaxed);
                let now = lock(now);
                if beat != seen.0 || now.is_empty() {
                    *seen = (beat, Instant::now());
                } else if seen.1.elapsed() > HANGING {
                    self.say(&format!("{now}: image {beat} of this thread hangs"));
                    std::process::abort();
                }
            }
        }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
