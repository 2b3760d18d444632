//! What a database shares with its transactions and subscriptions, and the writer's turn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};

use wasm_dbms_api::{ColumnMigration, CustomRules, TableSchema};
use wasm_dbms_memory::{Apart, Durability, MemoryManager, Options};

use crate::core::Core;
use crate::error::Fallible;
use crate::history::OpenHistory;
use crate::readers::{Reader, Readers, lock};
use crate::{Clock, Error};

/// What the database shares with transactions and subscriptions, which may outlive it.
#[derive(Debug)]
pub(crate) struct Shared {
    // Declared first, dropped first.
    pub(crate) readers: Readers,
    pub(crate) core: Mutex<Box<Core>>,
    /// The thread that has the writer's turn, 0 if none. Every read looks at it, beside a writer who is at work on the core.
    pub(crate) holder: Apart<AtomicU64>,
    pub(crate) is_log_cut: bool,
    pub(crate) options: Options,
    pub(crate) history: OpenHistory,
    pub(crate) clock: OnceLock<Box<dyn Clock>>,
    /// The rules of the program's own.
    pub(crate) custom_rules: Mutex<Arc<CustomRules>>,
    /// The tables that the program was compiled with.
    pub(crate) compiled: Mutex<Vec<&'static TableSchema>>,
    /// What becomes of values of theirs whose types change.
    pub(crate) migrations: Mutex<Migrations>,
}

/// Functions of the program's own, by the names of tables.
pub(crate) type Migrations = Vec<(&'static str, &'static [ColumnMigration])>;

/// The writer's turn.
pub(crate) struct Turn<'a> {
    pub(crate) core: MutexGuard<'a, Box<Core>>,
    shared: &'a Shared,
}

impl Turn<'_> {
    /// Ends the transaction: everything written since the last commit stays.
    #[inline]
    pub(crate) fn commit(&mut self, durability: Durability) -> Fallible<()> {
        // Versions are kept for those who read just now, not for those who did before.
        self.shared.readers.rest();
        let committed = self.core.commit(durability);
        self.shared.readers.rest_behind();
        if let Some(changes) = self.core.recorder.take_sealed() {
            self.shared.history.note(changes, self.shared.now_ms());
        }
        committed
    }

    /// Ends the transaction of one statement: what it wrote stays, or nothing of it.
    #[inline(never)]
    pub(crate) fn end(mut self, stays: bool) -> Fallible<()> {
        if stays {
            return self.commit(Durability::Full);
        }
        self.core.discard();
        Ok(())
    }

    /// The number of the last commit.
    pub(crate) fn last_commit(&self) -> u64 {
        self.shared.readers.snapshots.last_commit()
    }

    /// Records from now on, as somebody watches who did not when the turn began.
    pub(crate) fn record(&mut self) {
        self.core.begin_turn(&self.shared.history);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.shared.holder.store(0, Ordering::Relaxed);
    }
}

/// A number that tells threads apart.
pub(crate) fn this_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static NUMBER: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|number| *number)
}

impl Shared {
    pub(crate) fn new(manager: MemoryManager, options: Options) -> Fallible<Self> {
        let (snapshots, is_log_cut) = (manager.snapshots(), manager.is_log_cut());
        let (history_bytes, _) = options.transaction_limits();
        let history = OpenHistory::new(history_bytes);
        let core = Core::open(manager, Arc::clone(&history.counters))?;
        let readers = Readers::new(snapshots, Arc::clone(&core.heads));
        let (core, holder) = (Mutex::new(Box::new(core)), Apart::default());
        let (clock, custom_rules, compiled, migrations) = Default::default();
        Ok(Self { readers, core, holder, is_log_cut, options, history, clock, custom_rules, compiled, migrations })
    }

    /// The rules of the program's own.
    pub(crate) fn custom_rules(&self) -> Arc<CustomRules> {
        Arc::clone(&lock(&self.custom_rules))
    }

    /// The time, if the host has given a clock.
    pub(crate) fn now_ms(&self) -> Option<u64> {
        self.clock.get().map(|clock| clock.now_ms())
    }

    /// A reader of the last commit for this thread, which must not have the writer's turn. Modules have it once, programs of a
    /// system where it is asked for.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(crate) fn reader(&self) -> Fallible<Reader<'_>> {
        let thread = this_thread();
        if self.holder.load(Ordering::Relaxed) == thread {
            return Err(Error::busy());
        }
        self.readers.reader(thread, &self.core)
    }

    /// Waits for the writer's turn.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn turn(&self) -> Fallible<Turn<'_>> {
        let thread = this_thread();
        let core = match self.core.try_lock() {
            Ok(core) => core,
            // A panic in a closure left the transaction open: it is discarded below.
            Err(TryLockError::Poisoned(poisoned)) => self.recovered(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if self.holder.load(Ordering::Relaxed) == thread => {
                return Err(Error::busy());
            }
            Err(TryLockError::WouldBlock) => match self.core.lock() {
                Ok(core) => core,
                Err(poisoned) => self.recovered(poisoned.into_inner()),
            },
        };
        self.holder.store(thread, Ordering::Relaxed);
        let mut turn = Turn { core, shared: self };
        turn.core.refresh()?;
        turn.core.begin_turn(&self.history);
        Ok(turn)
    }

    fn recovered<'a>(&self, mut core: MutexGuard<'a, Box<Core>>) -> MutexGuard<'a, Box<Core>> {
        core.discard();
        self.core.clear_poison();
        core
    }
}
