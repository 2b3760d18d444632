//! Seeded workloads on a recorded medium. Each writes its own history, and knows at every moment what must be there.

mod history;
pub(crate) mod keys;
mod migrating;
pub(crate) mod plan;
mod related;
mod store;
pub(crate) mod tables;

pub use keys::{Entries, RAW_PAGE, TREE, content};

use wasm_dbms::Durability;
use wasm_dbms_api::MemoryError;
use wasm_dbms_memory::{HeapProvider, MemoryManager};

use crate::faults::{Fault, Faulty, Injection};
use crate::recorder::Recorder;

pub(crate) use history::{Attempt, History};
pub(crate) use plan::{Change, Kind, Plan, Step, plans};
pub(crate) use store::{Store, keys_digest};

/// Spreads small numbers.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The medium of a workload.
pub(crate) type Medium = Recorder<Faulty<HeapProvider>>;

/// Why a step or a reading ended.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// Storage refused or found something.
    Memory(Box<MemoryError>),
    /// Something is wrong, in words.
    Wrong(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory(error) => error.fmt(f),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

impl From<Box<MemoryError>> for Trouble {
    fn from(error: Box<MemoryError>) -> Self {
        Self::Memory(error)
    }
}

/// Opens a copy of these bytes and reads everything in it.
///
/// # Errors
/// What opening and reading say.
pub(crate) fn digest_of_bytes(plan: &Plan, bytes: &[u8]) -> Result<u64, Trouble> {
    Store::open(plan.kind, plan.options.clone(), HeapProvider::from_bytes(bytes.to_vec()))?.digest()
}

/// What happened in a workload, for coverage.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Met {
    pub(crate) commits: u32,
    pub(crate) refused: u32,
    pub(crate) in_doubt: u32,
    pub(crate) reopened: u32,
}

/// A workload under way.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) medium: Medium,
    pub(crate) history: History,
    pub(crate) plan: Plan,
    pub(crate) met: Met,
    /// Counts steps. What a step does follows from the seed and the tick alone, so that it can be done again; the
    /// transaction that it makes has its number.
    tick: u64,
    random: fastrand::Rng,
    /// None while it could not be opened.
    store: Option<Store>,
    /// The transaction that stands, and, for a tree of keys, what it holds.
    at: usize,
    entries: Entries,
    /// A transaction, and what it holds, of which nobody knows whether it stands.
    doubt: Option<(usize, Entries)>,
    /// Whether errors are expected: the medium was told to fail.
    is_failing: bool,
    /// A bug: migrations are committed in two parts.
    pub(crate) splits: bool,
}

impl Workload {
    /// What the plan starts from.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn start_of(plan: &Plan) -> Result<Vec<u8>, Trouble> {
        let medium = HeapProvider::new();
        match plan.kind {
            Kind::Keys if plan.claimed_before == 0 => {}
            Kind::Keys => {
                let mut store = MemoryManager::open(Box::new(medium.clone()), plan.options.clone())?;
                let change = keys::Change::ClaimMany(plan.claimed_before);
                keys::change(&mut store, &mut Entries::new(), 0, change, &mut fastrand::Rng::with_seed(plan.seed))?;
                store.commit(Durability::Full)?;
                store.close()?;
            }
            Kind::Tables => {
                let db = wasm_dbms::Database::open_with(medium.clone(), plan.options.clone())?;
                let db = tables::create(db)?;
                if plan.has_releases() {
                    migrating::create(&db)?;
                }
                db.close()?;
            }
        }
        Ok(medium.to_bytes())
    }

    /// A workload that goes on from these bytes with the step `tick`. It is not open yet.
    ///
    /// # Errors
    /// What reading the bytes says.
    pub(crate) fn at(plan: Plan, start: &[u8], tick: u64) -> Result<Self, Trouble> {
        let copy = HeapProvider::from_bytes(start.to_vec());
        let mut store = Store::open(plan.kind, plan.options.clone(), copy)?;
        Ok(Self {
            medium: Recorder::new(Faulty::new(HeapProvider::from_bytes(start.to_vec()))),
            history: History::new(store.digest()?, tick.saturating_sub(1)),
            random: fastrand::Rng::with_seed(plan.seed),
            plan,
            met: Met::default(),
            tick,
            store: None,
            at: 0,
            entries: store.entries()?,
            doubt: None,
            is_failing: false,
            splits: false,
        })
    }

    /// What stands on the medium for those who read it now.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.medium.inner().inner().to_bytes()
    }

    /// Whether the store could be opened.
    pub(crate) fn is_open(&self) -> bool {
        self.store.is_some()
    }

    /// Whether writes are refused since a failure.
    pub(crate) fn is_poisoned(&mut self) -> bool {
        self.store.as_mut().is_none_or(Store::is_poisoned)
    }

    fn store(&mut self) -> Result<&mut Store, Trouble> {
        self.store.as_mut().ok_or_else(|| Trouble::Wrong("the store is not open".into()))
    }

    /// Opens, makes the steps of the plan and closes.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn run(&mut self) -> Result<(), Trouble> {
        self.reopen()?;
        for _ in 0..self.plan.steps {
            self.step()?;
        }
        self.do_step(Step::Close)
    }

    /// The next step.
    ///
    /// # Errors
    /// What is wrong; what the medium says, if it was told to fail by somebody else.
    pub(crate) fn step(&mut self) -> Result<(), Trouble> {
        self.random = fastrand::Rng::with_seed(self.plan.seed ^ self.tick.wrapping_mul(SPREAD));
        let total: u32 = self.plan.mix.iter().map(|(weight, _)| u32::from(*weight)).sum();
        let mut drawn = self.random.u32(..total);
        let mix = self.plan.mix.iter().find(|(weight, _)| match drawn.checked_sub((*weight).into()) {
            Some(left) => {
                drawn = left;
                false
            }
            None => true,
        });
        let done = match mix {
            Some((_, step)) => self.do_step(*step),
            None => Err(Trouble::Wrong("the mix is empty".into())),
        };
        self.tick += 1;
        done
    }

    /// This step, whatever the plan says.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub(crate) fn next(&mut self, step: Step) -> Result<(), Trouble> {
        self.random = fastrand::Rng::with_seed(self.plan.seed ^ self.tick.wrapping_mul(SPREAD));
        let done = self.do_step(step);
        self.tick += 1;
        done
    }

    /// The digests of the last transaction and of the one before it.
    pub(crate) fn last_two_digests(&self) -> (u64, u64) {
        self.history.last_two(self.at)
    }

    /// One step.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub(crate) fn do_step(&mut self, step: Step) -> Result<(), Trouble> {
        match step {
            Step::Commit(durability, change) => self.commit(durability, change),
            Step::RollBack => {
                let tick = self.tick;
                let (entries, mut random) = (self.entries.clone(), self.random.clone());
                match self.store()? {
                    Store::Keys(store) => {
                        let mut entries = entries;
                        let change = keys::Change::ClaimMany(random.usize(1..60));
                        let done = keys::change(store.as_mut(), &mut entries, tick, change, &mut random);
                        store.discard();
                        done
                    }
                    Store::Tables(db) => tables::roll_back(db, tick, &mut random),
                }?;
                self.check_standing()
            }
            Step::Sync => self.store()?.sync(),
            Step::Scrub => {
                for _ in 0..self.random.u8(1..5) {
                    let pages = self.random.usize(1..20);
                    if self.store()?.scrub_step(pages)? {
                        break;
                    }
                }
                Ok(())
            }
            Step::Shrink => {
                let pages = self.random.usize(1..60);
                for _ in 0..self.random.u8(1..16) {
                    if self.store()?.shrink_step(pages)? {
                        break;
                    }
                }
                Ok(())
            }
            Step::Close => {
                if let Some(store) = self.store.take() {
                    store.close()?;
                }
                self.reopen()
            }
            Step::Reopen => self.reopen(),
            Step::Fail(changes) => {
                let calls = if self.random.bool() { self.random.u64(..3) } else { self.random.u64(..16) };
                let durability = if self.random.bool() { Durability::Full } else { Durability::Eventual };
                let Some(change) = changes.get(self.random.usize(..changes.len().max(1))) else { return Ok(()) };
                self.fail_after(calls, durability, *change)?;
                if self.random.bool() { self.reopen() } else { Ok(()) }
            }
            Step::FailAfter(calls, change) => self.fail_after(calls, Durability::Full, change),
        }
    }

    fn fail_after(&mut self, calls: u64, durability: Durability, change: Change) -> Result<(), Trouble> {
        self.medium.inner().inject(Injection::after_changes(calls, Fault::Error));
        self.is_failing = true;
        let done = self.commit(durability, change);
        self.is_failing = false;
        self.medium.inner().heal();
        match done {
            Err(Trouble::Memory(_)) => {
                self.check_standing()?;
                if self.store()?.is_poisoned() { self.reopen() } else { Ok(()) }
            }
            done => done,
        }
    }

    /// A transaction.
    ///
    /// # Errors
    /// What is wrong; what storage says, after it was noted.
    fn commit(&mut self, durability: Durability, change: Change) -> Result<(), Trouble> {
        let tick = self.tick;
        let begin = self.medium.count();
        let mut entries = self.entries.clone();
        let mut random = self.random.clone();
        let mut expected = None;
        let mut is_full = durability == Durability::Full;
        let splits = self.splits;
        let done = match (self.store()?, change) {
            (Store::Keys(store), Change::Keys(change)) => {
                match keys::change(store.as_mut(), &mut entries, tick, change, &mut random) {
                    Ok(()) => {
                        expected = Some(keys::digest_of(tick, &entries));
                        store.commit(durability).map_err(Trouble::from)
                    }
                    Err(trouble) => {
                        store.discard();
                        Err(trouble)
                    }
                }
            }
            (Store::Tables(db), Change::Tables(change)) => {
                is_full |= change.is_of_schemas();
                tables::commit(db, tick, change, durability, &mut random, (&mut expected, splits))
            }
            _ => Err(Trouble::Wrong("the workload is of another kind".into())),
        };
        self.random = random;
        let is_in_doubt = matches!(&done, Err(Trouble::Memory(error)) if error.is_in_doubt());
        // A transaction that was refused while it was made never had a state.
        if let Some(digest) = expected {
            let end = done.is_ok().then(|| self.medium.count());
            let is_refused = done.is_err() && !is_in_doubt;
            let index = self.history.push(Attempt { tick, parent: self.at, digest, begin, end, is_full, is_refused });
            match &done {
                Ok(()) => (self.at, self.entries) = (index, entries),
                Err(_) if is_in_doubt => self.doubt = Some((index, entries)),
                Err(_) => {}
            }
        }
        match done {
            Ok(()) => {
                self.met.commits += 1;
                // The checkpoint after it may have failed.
                if self.is_failing && self.medium.inner().failed() > 0 && self.store()?.is_poisoned() {
                    self.medium.inner().heal();
                    self.reopen()?;
                }
                Ok(())
            }
            Err(trouble) => {
                self.met.in_doubt += u32::from(is_in_doubt);
                self.met.refused += u32::from(!is_in_doubt);
                Err(trouble)
            }
        }
    }

    /// What is read is the last transaction that returned `Ok`.
    ///
    /// # Errors
    /// What is wrong, or what reading says.
    pub(crate) fn check_standing(&mut self) -> Result<(), Trouble> {
        let at = self.at;
        let digest = match &mut self.store {
            Some(store) => store.digest()?,
            None => return Ok(()),
        };
        if self.history.digest(at) == Some(digest) {
            return Ok(());
        }
        let name = self.history.name(digest);
        Err(Trouble::Wrong(format!("{name} where the last acknowledged one is {at}")))
    }

    /// Opens the store again: what stands is the last transaction that returned `Ok`, or the one in doubt.
    ///
    /// # Errors
    /// What is wrong, or what opening and reading say.
    pub(crate) fn reopen(&mut self) -> Result<(), Trouble> {
        self.store = None;
        let mut store = Store::open(self.plan.kind, self.plan.options.clone(), self.medium.clone())?;
        let digest = store.digest()?;
        self.met.reopened += 1;
        self.store = Some(store);
        if self.history.digest(self.at) == Some(digest) {
            self.doubt = None;
            return Ok(());
        }
        match self.doubt.take() {
            Some((index, entries)) if self.history.digest(index) == Some(digest) => {
                (self.at, self.entries) = (index, entries);
                Ok(())
            }
            _ => {
                let (at, name) = (self.at, self.history.name(digest));
                Err(Trouble::Wrong(format!("{name} after opening again, where the last acknowledged one is {at}")))
            }
        }
    }
}
