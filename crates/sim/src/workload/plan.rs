//! What workloads do: which steps, how often each, on pages of which size.

use wasm_dbms::{Durability, Options};

use crate::workload::keys::Change as Keys;
use crate::workload::migrating::Change as Releases;
use crate::workload::tables::Change as Tables;

/// What a workload runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A tree of keys on a bare store.
    Keys,
    /// Tables through the engine.
    Tables,
}

/// What a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Keys(Keys),
    Tables(Tables),
}

/// A step of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Commit(Durability, Change),
    /// A transaction that is taken back.
    RollBack,
    Sync,
    /// Some steps of a scrub.
    Scrub,
    /// Some steps of a vacuum; of a bare store, free pages at the end are given back.
    Shrink,
    /// A clean close, and opening again.
    Close,
    /// The process dies and starts again; the host's cache survives.
    Reopen,
    /// One of these transactions on a medium that fails at one of the next calls.
    Fail(&'static [Change]),
    /// This transaction on a medium that fails at the call after so many changes of it.
    FailAfter(u64, Change),
}

/// Steps with their weights.
type Mix = &'static [(u8, Step)];

const fn full(change: Keys) -> Step {
    Step::Commit(Durability::Full, Change::Keys(change))
}

const fn eventual(change: Keys) -> Step {
    Step::Commit(Durability::Eventual, Change::Keys(change))
}

const fn rows(durability: Durability, change: Tables) -> Step {
    Step::Commit(durability, Change::Tables(change))
}

const FAIL_KEYS: Step = Step::Fail(&[
    Change::Keys(Keys::Some),
    Change::Keys(Keys::Many),
    Change::Keys(Keys::All),
    Change::Keys(Keys::Claim),
    Change::Keys(Keys::Large),
]);

const FAIL_ROWS: Step = Step::Fail(&[
    Change::Tables(Tables::Insert),
    Change::Tables(Tables::Load),
    Change::Tables(Tables::Update),
    Change::Tables(Tables::Schema),
]);

/// Everything.
const WIDE: Mix = &[
    (34, full(Keys::Some)),
    (18, eventual(Keys::Some)),
    (5, full(Keys::All)),
    (2, eventual(Keys::All)),
    (6, full(Keys::Claim)),
    (5, eventual(Keys::Release)),
    (4, full(Keys::Large)),
    (3, full(Keys::Long)),
    (2, full(Keys::Clear)),
    (3, full(Keys::Trees)),
    (4, Step::RollBack),
    (3, Step::Sync),
    (4, Step::Scrub),
    (3, Step::Close),
    (3, Step::Reopen),
    (6, FAIL_KEYS),
];

/// Commits that fill the ring in a few steps, most of them `Full`, none that grows the file much.
const RING: Mix =
    &[(75, full(Keys::Many)), (10, eventual(Keys::Many)), (10, full(Keys::Some)), (5, FAIL_KEYS), (5, Step::Scrub)];

/// Small commits, most of them `Eventual`, and processes that die.
const LOOSE: Mix = &[
    (55, eventual(Keys::Some)),
    (10, eventual(Keys::Claim)),
    (10, full(Keys::Some)),
    (15, Step::Reopen),
    (10, FAIL_KEYS),
    (5, Step::Scrub),
];

/// The file grows with every step.
const GROWING: Mix = &[
    (50, full(Keys::Claim)),
    (20, eventual(Keys::Claim)),
    (15, full(Keys::Large)),
    (15, full(Keys::All)),
    (5, Step::Scrub),
];

/// Half of the commits meet a failure.
const FAULTY: Mix = &[
    (50, FAIL_KEYS),
    (20, full(Keys::Many)),
    (10, full(Keys::Some)),
    (8, eventual(Keys::Some)),
    (4, full(Keys::Claim)),
    (4, Step::Close),
    (4, Step::Reopen),
    (4, Step::Scrub),
];

/// Bodies larger than the ring, parked one after the other; after each, something that must not hurt it.
const PARKED: Mix = &[
    (40, full(Keys::All)),
    (15, eventual(Keys::All)),
    (15, full(Keys::Claim)),
    (10, full(Keys::Some)),
    (10, Step::FailAfter(3, Change::Keys(Keys::All))),
    (10, Step::Reopen),
    (5, Step::Scrub),
];

/// Pages go round: claimed, released, reclaimed; nodes split and merge.
const PAGES: Mix = &[
    (25, full(Keys::Claim)),
    (25, full(Keys::Release)),
    (10, eventual(Keys::Release)),
    (12, full(Keys::Clear)),
    (12, full(Keys::Many)),
    (8, full(Keys::Large)),
    (8, full(Keys::Trees)),
    (5, Step::Scrub),
];

/// Chains of pages: long keys and long values.
const CHAINS: Mix = &[
    (30, full(Keys::Long)),
    (20, full(Keys::Large)),
    (20, eventual(Keys::Long)),
    (20, full(Keys::Clear)),
    (10, Step::Reopen),
    (5, Step::Scrub),
];

/// Transactions of more pages than a small cache holds.
const EVICTING: Mix = &[
    (20, full(Keys::ClaimMany(34))),
    (10, eventual(Keys::ClaimMany(32))),
    (15, Step::RollBack),
    (20, full(Keys::Some)),
    (10, full(Keys::Many)),
    (10, full(Keys::Release)),
    (5, full(Keys::Large)),
    (5, Step::Reopen),
    (5, Step::Scrub),
    (5, Step::Fail(&[Change::Keys(Keys::ClaimMany(40)), Change::Keys(Keys::All)])),
];

/// Nothing but small durable commits: what most programs do.
const STEADY: Mix = &[(95, full(Keys::Some)), (5, Step::Close)];

/// Commits that a ring of a new file does not hold, on a file that is long enough for a longer one; pages that take the
/// room of the ring before.
const STRETCHING: Mix = &[
    (40, full(Keys::All)),
    (10, eventual(Keys::All)),
    (20, full(Keys::Many)),
    (10, eventual(Keys::Many)),
    (15, full(Keys::Claim)),
    (5, full(Keys::Some)),
    (4, Step::Scrub),
    (3, Step::Reopen),
    (3, Step::Close),
    (4, FAIL_KEYS),
];

/// The same file; commits that do not leave room enough in the ring, but fit.
const FILLING: Mix = &[
    (50, full(Keys::Many)),
    (25, eventual(Keys::Many)),
    (15, full(Keys::Claim)),
    (4, Step::Scrub),
    (3, Step::Reopen),
    (3, FAIL_KEYS),
];

/// Tables through the engine.
const TABLES: Mix = &[
    (30, rows(Durability::Full, Tables::Insert)),
    (15, rows(Durability::Eventual, Tables::Insert)),
    (4, rows(Durability::Full, Tables::Load)),
    (10, rows(Durability::Full, Tables::Update)),
    (8, rows(Durability::Eventual, Tables::Update)),
    (8, rows(Durability::Full, Tables::Delete)),
    (4, rows(Durability::Full, Tables::Savepoint)),
    (8, rows(Durability::Full, Tables::Schema)),
    (3, Step::RollBack),
    (2, Step::Sync),
    (3, Step::Scrub),
    (2, Step::Close),
    (3, Step::Reopen),
    (3, FAIL_ROWS),
];

/// Interactive transactions, among others.
const INTERACTIVE: Mix = &[
    (40, rows(Durability::Full, Tables::Interactive)),
    (20, rows(Durability::Eventual, Tables::Interactive)),
    (10, rows(Durability::Full, Tables::Insert)),
    (5, rows(Durability::Full, Tables::Schema)),
    (3, Step::RollBack),
    (3, Step::Reopen),
    (3, FAIL_ROWS),
];

/// The end of the file is given back, while all else goes on: steps of vacuums, half done too.
const SHRINKING: Mix = &[
    (40, Step::Shrink),
    (12, rows(Durability::Full, Tables::Load)),
    (20, rows(Durability::Full, Tables::Delete)),
    (8, rows(Durability::Eventual, Tables::Delete)),
    (8, rows(Durability::Full, Tables::Insert)),
    (6, rows(Durability::Eventual, Tables::Update)),
    (6, rows(Durability::Full, Tables::Schema)),
    (4, Step::RollBack),
    (4, Step::Reopen),
    (2, Step::Close),
];

/// The same of a bare store.
const GIVING_BACK: Mix = &[
    (40, Step::Shrink),
    (20, full(Keys::Claim)),
    (40, full(Keys::Release)),
    (10, eventual(Keys::Release)),
    (8, full(Keys::Clear)),
    (3, full(Keys::All)),
    (4, full(Keys::Large)),
    (4, Step::RollBack),
    (4, Step::Reopen),
    (4, FAIL_KEYS),
];

/// References of several columns, upserts, indexes that descend and include, savepoints that stay.
const RELATED: Mix = &[
    (50, rows(Durability::Full, Tables::Related)),
    (20, rows(Durability::Eventual, Tables::Related)),
    (5, rows(Durability::Full, Tables::Savepoint)),
    (5, rows(Durability::Full, Tables::Insert)),
    (4, Step::Shrink),
    (3, Step::Reopen),
    (3, Step::Scrub),
    (3, Step::Fail(&[Change::Tables(Tables::Related)])),
];

/// Releases come while rows do: in one commit, in steps, given up; on a medium that fails too.
const MIGRATING: Mix = &[
    (26, rows(Durability::Full, Tables::Releases(Releases::Rows))),
    (8, rows(Durability::Eventual, Tables::Releases(Releases::Rows))),
    (4, rows(Durability::Full, Tables::Insert)),
    (18, rows(Durability::Full, Tables::Releases(Releases::Jump))),
    (30, rows(Durability::Full, Tables::Releases(Releases::Step))),
    (3, rows(Durability::Full, Tables::Releases(Releases::GiveUp))),
    (2, Step::Shrink),
    (2, Step::Scrub),
    (2, Step::Close),
    (3, Step::Reopen),
    (
        6,
        Step::Fail(&[
            Change::Tables(Tables::Releases(Releases::Jump)),
            Change::Tables(Tables::Releases(Releases::Step)),
        ]),
    ),
];

/// A workload: what follows from it is always the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) options: Options,
    pub(crate) mix: Mix,
    pub(crate) steps: usize,
    pub(crate) seed: u64,
    /// So many pages are claimed before anything is watched.
    pub(crate) claimed_before: usize,
}

impl Plan {
    /// Whether there are tables that go from release to release.
    pub(crate) fn has_releases(&self) -> bool {
        self.name == MIGRATING_NAME
    }
}

/// What the workloads with releases are called.
const MIGRATING_NAME: &str = "tables, migrating";

/// Name, mix, workloads, steps, size of a page.
type Row = (&'static str, Mix, u64, usize, usize);

const ROWS: &[Row] = &[
    ("wide", WIDE, 8, 30, 4096),
    ("wide, 16 KiB", WIDE, 2, 20, 16 * 1024),
    ("ring", RING, 5, 20, 4096),
    ("loose", LOOSE, 8, 20, 4096),
    ("growing", GROWING, 2, 14, 4096),
    ("faulty", FAULTY, 8, 24, 4096),
    ("parked", PARKED, 4, 10, 4096),
    ("pages", PAGES, 4, 24, 4096),
    ("chains", CHAINS, 4, 16, 4096),
    ("evicting", EVICTING, 2, 11, 4096),
    ("stretching", STRETCHING, 3, 14, 4096),
    ("filling", FILLING, 3, 24, 4096),
    ("steady", STEADY, 3, 60, 4096),
    ("steady, 8 KiB", STEADY, 2, 40, 8 * 1024),
    ("steady, 64 KiB", STEADY, 1, 12, 64 * 1024),
    ("tables", TABLES, 6, 26, 4096),
    ("tables, 8 KiB", TABLES, 2, 20, 8 * 1024),
    ("tables, interactive", INTERACTIVE, 2, 16, 4096),
    ("tables, shrinking", SHRINKING, 4, 24, 4096),
    ("tables, related", RELATED, 3, 16, 4096),
    ("giving back", GIVING_BACK, 4, 30, 4096),
    (MIGRATING_NAME, MIGRATING, 4, 24, 4096),
];

/// A group of 4 KiB pages holds 448.
const NEARLY_A_GROUP: usize = 415;

/// Pages of 4 KiB of a file that may have a ring of 64 KiB.
const LONG_ENOUGH: usize = 125;

/// `rounds` times the workloads of the batteries, each of another seed.
pub(crate) fn plans(seed: u64, rounds: u64) -> Vec<Plan> {
    let mut plans = Vec::new();
    for round in 0..rounds {
        for (name, mix, count, steps, page_size) in ROWS {
            for number in 0..*count {
                let seed = fastrand::Rng::with_seed(seed ^ (plans.len() as u64) << 32 ^ round << 16 ^ number).u64(..);
                let is_tables = name.starts_with("tables");
                let mut options = Options::new().page_size(*page_size).database_id(seed);
                if *name == "evicting" || number % 2 == 1 {
                    // As small as it can be.
                    options = options.cache_bytes(0);
                }
                plans.push(Plan {
                    name,
                    kind: if is_tables { Kind::Tables } else { Kind::Keys },
                    options,
                    mix,
                    steps: *steps,
                    seed,
                    claimed_before: match *name {
                        "growing" => NEARLY_A_GROUP,
                        "stretching" | "filling" => LONG_ENOUGH,
                        _ => 0,
                    },
                });
            }
        }
    }
    plans
}
