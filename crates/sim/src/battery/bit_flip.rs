//! Damage of three files: every bit flipped, every two pages swapped, every page taken back to each version that it
//! had, the file cut off at every sector. And torn sectors that hold bytes which nobody wrote.
//!
//! What must come out: the damage is *detected* (opening or reading refuses, or a lost end of the log is reported), or it
//! is *harmless* (everything that was committed is there). Where a sector of the last record was garbled, nothing on the
//! medium tells that record from one that was never there: its commit is *cut off*, a limit that `docs/DURABILITY.md`
//! states. Anything else is *silent*, and a failure.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_dbms_api::{MemoryResult, Page};
use wasm_dbms_memory::{MemoryAccess, MemoryManager, PageRef};

use crate::battery::contents::{Content, Contents};
use crate::battery::coverage::Coverage;
use crate::battery::tally::{Tally, Worker};
use crate::battery::{Plant, Settings, Size};
use crate::crash::Crashes;
use crate::image::{Image, SECTOR};
use crate::recorder::Call;
use crate::workload::keys::Change as Keys;
use crate::workload::plan::Step;
use crate::workload::{Change, Plan, Trouble, Workload, keys_digest, plans};

use wasm_dbms::Durability;

const PAGE_SIZE: usize = 4096;
const SLOT: usize = 4096;
const RING: usize = 2 * SLOT;
const RING_LENGTH: usize = 32 * 1024;
const GROUPS: usize = RING + RING_LENGTH;

/// A file that is damaged.
struct Reference {
    name: &'static str,
    plan: Plan,
    bytes: Vec<u8>,
    /// The digests of what stands in it, and of what the commit before the last one left.
    now: u64,
    before: u64,
    /// Where each page and header slot stands, with what stood there earlier.
    versions: Vec<(usize, Vec<Vec<u8>>)>,
}

/// What came of one kind of damage.
#[derive(Debug, Default)]
struct Row {
    detected: AtomicU64,
    reported: AtomicU64,
    harmless: AtomicU64,
    cut: AtomicU64,
    silent: AtomicU64,
}

/// The kinds of damage.
const KINDS: [&str; 5] = ["bits flipped", "pages swapped", "older versions", "cut off", "garbled sectors"];

#[derive(Debug, Default)]
struct Table([Row; KINDS.len()]);

/// Some of the damage to one file, for one thread.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// Every bit of these bytes.
    Bits {
        file: usize,
        start: usize,
        end: usize,
    },
    Swaps {
        file: usize,
    },
    Versions {
        file: usize,
    },
    Lengths {
        file: usize,
    },
    /// Every crash of this workload with a garbled sector.
    Garbled {
        plan: usize,
    },
}

pub(super) fn run(settings: &Settings, tally: &Tally<'_>) -> u64 {
    let table = Table::default();
    let references: Result<Vec<_>, _> = (0..settings.rounds()).map(|round| references(settings.seed ^ round)).collect();
    let references: Vec<Reference> = match references {
        Ok(references) => references.into_iter().flatten().collect(),
        Err(trouble) => {
            tally.fail(|| format!("the files to be damaged cannot be made: {trouble}"));
            return 0;
        }
    };
    let mut garbled = plans(settings.seed, settings.rounds());
    garbled.retain(|plan| ["wide", "ring", "loose", "parked", "tables"].contains(&plan.name));
    garbled.iter_mut().for_each(|plan| plan.steps = plan.steps.min(16));
    if settings.size == Size::Small {
        garbled.truncate(1);
    }
    for reference in &references {
        tally.say(&format!("{}: {} bytes", reference.name, reference.bytes.len()));
    }
    tally.for_each(&parts(settings, &references, garbled.len()), &|part| format!("{part:?}"), &|part, worker| {
        match *part {
            Part::Garbled { plan } => {
                let Some(plan) = garbled.get(plan) else { return };
                if let Err(trouble) = garble(plan, &table, worker) {
                    tally.fail(|| format!("{} with seed {}: {trouble}", plan.name, plan.seed));
                }
            }
            Part::Bits { file, .. } | Part::Swaps { file } | Part::Versions { file } | Part::Lengths { file } => {
                if let Some(reference) = references.get(file) {
                    let (image, contents) = (Image::new(reference.bytes.clone()), Contents::default());
                    Damage { reference, image, contents, table: &table, worker, settings }.part(*part);
                }
            }
        }
    });
    table.print(tally)
}

impl Table {
    fn row(&self, kind: usize) -> &Row {
        let [first, ..] = &self.0;
        self.0.get(kind).unwrap_or(first)
    }

    /// Prints the table and counts everything.
    fn print(&self, tally: &Tally<'_>) -> u64 {
        tally.say("| damage           |  refused | reported | harmless | cut off | silent |");
        tally.say("|------------------|----------|----------|----------|---------|--------|");
        let mut all = 0;
        for (name, row) in KINDS.iter().zip(&self.0) {
            let counts = [&row.detected, &row.reported, &row.harmless, &row.cut, &row.silent];
            let [detected, reported, harmless, cut, silent] = counts.map(|count| count.load(Ordering::Relaxed));
            let line =
                format!("| {name:<16} | {detected:>8} | {reported:>8} | {harmless:>8} | {cut:>7} | {silent:>6} |");
            tally.say(&line);
            all += detected + reported + harmless + cut + silent;
        }
        all
    }
}

fn parts(settings: &Settings, references: &[Reference], garbled: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = (0..garbled).map(|plan| Part::Garbled { plan }).collect();
    for (file, reference) in references.iter().enumerate() {
        parts.extend([Part::Swaps { file }, Part::Versions { file }, Part::Lengths { file }]);
        let length = reference.bytes.len();
        // A small run flips the bits of a run of bytes out of each page.
        let run = if settings.size == Size::Small { 24 } else { PAGE_SIZE };
        parts.extend((0..length).step_by(PAGE_SIZE).map(|start| {
            let start = if settings.size == Size::Small { start + 100 } else { start };
            Part::Bits { file, start, end: (start + run).min(length) }
        }));
    }
    parts
}

/// Three files: one closed cleanly, one with a full ring, one whose last bodies are parked.
fn references(seed: u64) -> Result<Vec<Reference>, Trouble> {
    let mut plan = plans(seed, 1).into_iter().next().ok_or_else(|| Trouble::Wrong("no plan".into()))?;
    let full = |change| Step::Commit(Durability::Full, Change::Keys(change));
    // Chains, nodes, claimed pages and free ones: what every file begins with.
    let mut common = vec![full(Keys::All), full(Keys::Claim), full(Keys::Large), full(Keys::Long), full(Keys::Claim)];
    common.extend([full(Keys::Release), full(Keys::Clear), full(Keys::Many), full(Keys::All), full(Keys::Release)]);
    let mut files = Vec::new();
    for name in ["closed", "full ring", "parked"] {
        plan.seed ^= 0x51ED_2701;
        plan.options = plan.options.clone().database_id(plan.seed);
        let mut workload = Workload::at(plan.clone(), &[], 1)?;
        workload.reopen()?;
        for step in &common {
            workload.next(*step)?;
        }
        while workload.bytes().len() < 128 * 1024 {
            workload.next(full(Keys::Claim))?;
        }
        match name {
            "closed" => workload.next(Step::Close)?,
            "full ring" => {
                // Twice round, opened anew on the way so that the ring does not grow; then until no more fits before a
                // checkpoint.
                for _ in 0..4 {
                    let end = workload.medium.count() + 15;
                    while workload.medium.count() < end {
                        workload.next(full(Keys::Some))?;
                    }
                    workload.reopen()?;
                }
                while live_ring_bytes(&workload.medium.calls()) < RING_LENGTH / 2 - 4096 {
                    workload.next(full(Keys::Some))?;
                }
            }
            _ => {
                workload.next(full(Keys::Clear))?;
                workload.next(Step::Close)?;
                workload.next(full(Keys::Some))?;
                workload.next(full(Keys::All))?;
                workload.next(full(Keys::Some))?;
            }
        }
        // Where pages stand is counted from the first ring below.
        if Coverage::of(&workload.medium.calls()).growths > 0 {
            return Err(Trouble::Wrong(format!("the ring of the file `{name}` grew")));
        }
        let versions = versions(&workload.medium.calls(), &workload.bytes());
        let (now, before) = workload.last_two_digests();
        files.push(Reference { name, plan: plan.clone(), bytes: workload.bytes(), now, before, versions });
    }
    Ok(files)
}

/// How many bytes of records were written since the last header.
fn live_ring_bytes(calls: &[Call]) -> usize {
    let since = calls.iter().rev().take_while(|call| !matches!(call, Call::Write { offset: 0 | 4096, .. }));
    since
        .map(|call| match call {
            Call::Write { offset: 8192..40_960, bytes } => bytes.len(),
            _ => 0,
        })
        .sum()
}

/// What stood earlier in each header slot and page.
fn versions(calls: &[Call], now: &[u8]) -> Vec<(usize, Vec<Vec<u8>>)> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut versions: HashMap<usize, Vec<Vec<u8>>> = HashMap::new();
    for call in calls {
        let Call::Write { offset, bytes: written } = call else { continue };
        let (start, end) = (*offset as usize, *offset as usize + written.len());
        bytes.resize(bytes.len().max(end).next_multiple_of(PAGE_SIZE), 0);
        if let Some(target) = bytes.get_mut(start..end) {
            target.copy_from_slice(written);
        }
        for at in (start / PAGE_SIZE * PAGE_SIZE..end).step_by(PAGE_SIZE) {
            let Some(version) = bytes.get(at..at + PAGE_SIZE) else { continue };
            let of_page = versions.entry(at).or_default();
            let is_new = now.get(at..at + PAGE_SIZE) != Some(version) && !of_page.iter().any(|old| old == version);
            if is_new && !(RING..GROUPS).contains(&at) {
                of_page.push(version.to_vec());
            }
        }
    }
    let mut versions: Vec<_> = versions.into_iter().filter(|(at, _)| at + PAGE_SIZE <= now.len()).collect();
    versions.sort_unstable_by_key(|(at, _)| *at);
    versions
}

/// One file under damage.
struct Damage<'a> {
    reference: &'a Reference,
    image: Image,
    contents: Contents,
    table: &'a Table,
    worker: Worker<'a>,
    settings: &'a Settings,
}

impl Damage<'_> {
    fn part(&mut self, part: Part) {
        let length = self.reference.bytes.len();
        let pages: Vec<usize> = (0..length).step_by(PAGE_SIZE).filter(|at| !(RING..GROUPS).contains(at)).collect();
        match part {
            Part::Garbled { .. } => {}
            Part::Bits { start, end, .. } => {
                for at in start..end {
                    let byte = self.reference.bytes.get(at).copied().unwrap_or(0);
                    for bit in 0..8 {
                        self.image.put(at, &[byte ^ 1 << bit]);
                        self.judge(0, Some((at, bit)), &|| format!("bit {bit} of byte {at} flipped"));
                    }
                }
            }
            Part::Swaps { .. } => {
                for (index, first) in pages.iter().enumerate() {
                    for second in pages.iter().skip(index + 1) {
                        let of_first = self.image.read(*first, PAGE_SIZE);
                        let of_second = self.image.read(*second, PAGE_SIZE);
                        self.image.put(*first, &of_second);
                        self.image.put(*second, &of_first);
                        self.judge(1, None, &|| format!("the pages at {first} and {second} swapped"));
                    }
                }
            }
            Part::Versions { .. } => {
                for (at, versions) in &self.reference.versions {
                    for (number, version) in versions.iter().enumerate() {
                        self.image.put(*at, version);
                        self.judge(2, None, &|| format!("the page at {at} taken back to its version {number}"));
                    }
                }
            }
            Part::Lengths { .. } => {
                // A file of no bytes is a new one.
                for size in (SECTOR..length).step_by(SECTOR) {
                    self.image.resize(size);
                    self.judge(3, None, &|| format!("the file of {length} bytes cut off at {size}"));
                }
            }
        }
    }

    /// Opens the damaged file, reads all of it, and puts it right again.
    fn judge(&mut self, kind: usize, flipped: Option<(usize, u8)>, what: &dyn Fn() -> String) {
        self.worker.beat();
        let outcome = match flipped.filter(|_| self.settings.plant == Some(Plant::DropChecksum)) {
            Some((at, bit)) => self.read_unverified(at, bit),
            None => self.contents.read(&self.reference.plan, &self.image),
        };
        self.image.undo();
        let row = self.table.row(kind);
        match outcome {
            Ok(Content { digest, .. }) if digest == self.reference.now => row.harmless.fetch_add(1, Ordering::Relaxed),
            Ok(Content { digest, is_log_cut: true }) if digest == self.reference.before => {
                row.reported.fetch_add(1, Ordering::Relaxed)
            }
            Err(Trouble::Memory(error)) if error.is_corrupt() => row.detected.fetch_add(1, Ordering::Relaxed),
            outcome => {
                self.worker.tally.fail(|| format!("{}, {}: {}", self.reference.name, what(), words(&outcome)));
                row.silent.fetch_add(1, Ordering::Relaxed)
            }
        };
    }

    /// As a store would read it that verifies no page: the bit is flipped on the way from the store to its reader.
    fn read_unverified(&mut self, at: usize, bit: u8) -> Result<Content, Trouble> {
        self.image.undo();
        let inner = MemoryManager::open(Box::new(self.image.provider()), self.reference.plan.options.clone())?;
        let pages = inner.page_count();
        let page = (at / PAGE_SIZE).checked_sub(GROUPS / PAGE_SIZE + 1).map(|page| page as Page);
        let digest = keys_digest(&mut Unverified { inner, page, offset: at % PAGE_SIZE, bit }, pages)?;
        Ok(Content { digest, is_log_cut: false })
    }
}

fn words(outcome: &Result<Content, Trouble>) -> String {
    match outcome {
        Ok(Content { digest, is_log_cut }) => {
            let report = if *is_log_cut { "reported" } else { "not reported" };
            format!("another state is read, {digest:016x}; a cut log is {report}")
        }
        Err(trouble) => format!("not refused by an exact error, but: {trouble}"),
    }
}

/// A store that gives one page with a flipped bit.
struct Unverified {
    inner: MemoryManager,
    page: Option<Page>,
    offset: usize,
    bit: u8,
}

impl MemoryAccess for Unverified {
    fn page_size(&self) -> u64 {
        self.inner.page_size()
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        self.inner.grow_one_page()
    }

    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        let image = self.inner.page(page)?;
        if self.page != Some(page) {
            return Ok(image);
        }
        let mut bytes = image.to_vec();
        if let Some(byte) = bytes.get_mut(self.offset) {
            *byte ^= 1 << self.bit;
        }
        Ok(bytes.into())
    }

    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        self.inner.edit(page, change)
    }
}

/// Every crash of a workload after which one sector of a torn write holds bytes that nobody wrote.
fn garble(plan: &Plan, table: &Table, worker: Worker<'_>) -> Result<(), Trouble> {
    let start = Workload::start_of(plan)?;
    let mut workload = Workload::at(plan.clone(), &start, 1)?;
    workload.run()?;
    let calls = workload.medium.calls();
    let row = table.row(4);
    let mut contents = Contents::default();
    let mut bounds = (usize::MAX, HashSet::new(), HashSet::new());
    Crashes::of(&start, &calls).seed(plan.seed).garbled().for_each(&mut |crash| {
        worker.beat();
        if bounds.0 != crash.made() {
            let history = &workload.history;
            bounds = (crash.made(), history.allowed(crash.made(), &calls), history.cut(crash.made(), &calls));
        }
        match contents.read(plan, crash.image()) {
            Ok(Content { digest, .. }) if bounds.1.contains(&digest) => row.harmless.fetch_add(1, Ordering::Relaxed),
            Ok(Content { digest, is_log_cut }) if bounds.2.contains(&digest) => {
                let count = if is_log_cut { &row.reported } else { &row.cut };
                count.fetch_add(1, Ordering::Relaxed)
            }
            Err(Trouble::Memory(error)) if error.is_corrupt() => row.detected.fetch_add(1, Ordering::Relaxed),
            outcome => {
                worker.tally.fail(|| {
                    format!("{} with seed {}, {}: {}", plan.name, plan.seed, crash.describe(), words(&outcome))
                });
                row.silent.fetch_add(1, Ordering::Relaxed)
            }
        };
    });
    Ok(())
}
