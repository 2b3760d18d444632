//! Every crash of every workload.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_dbms_memory::HeapProvider;

use crate::battery::contents::Contents;
use crate::battery::coverage::Coverage;
use crate::battery::tally::{Tally, Worker};
use crate::battery::{Plant, Settings, Size};
use crate::crash::{Crash, Crashes};
use crate::recorder::Call;
use crate::workload::{Plan, Store, Trouble, Workload, plans};

/// At most about so many images with a torn write for each call.
const TORN_MAX: usize = 400;

/// Fewer different images than this are a failure: something is no longer tried.
const IMAGES_MIN: u64 = 1_000_000;

/// After every so many images writing goes on, and a clean close must keep everything.
const GO_ON: u64 = 32;

pub(super) fn run(settings: &Settings, tally: &Tally<'_>) -> u64 {
    let mut plans = plans(settings.seed, settings.rounds());
    if settings.size == Size::Small {
        plans.retain(|plan| ["steady", "tables", "parked", "filling", "tables, migrating"].contains(&plan.name));
        if settings.plant != Some(Plant::EarlyRing) {
            plans.dedup_by_key(|plan| plan.name);
        }
        // Until a checkpoint in steps is done, or the ring has grown: not every workload gets there.
        let only = match settings.plant {
            Some(Plant::EarlyStep | Plant::EarlyFlip) => Some("steady"),
            Some(Plant::EarlyRing) => Some("filling"),
            Some(Plant::SplitMigration) => Some("tables, migrating"),
            _ => None,
        };
        plans.retain(|plan| only.is_none_or(|name| plan.name == name));
        plans.iter_mut().for_each(|plan| plan.steps = plan.steps.min(if only.is_some() { 24 } else { 6 }));
    }
    let torn_max = if settings.size == Size::Small { 16 } else { TORN_MAX };
    tally.say(&format!("{} workloads in {} threads", plans.len(), tally.threads()));
    let met = [AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)];
    tally.for_each(&plans, &|plan| format!("{} with seed {}", plan.name, plan.seed), &|plan, worker| {
        if let Err(trouble) = workload(plan, settings, torn_max, &met, worker) {
            tally.fail(|| format!("{} with seed {}: {trouble}", plan.name, plan.seed));
        }
    });
    let [earlier_flips, growths, cuts] = met.map(AtomicUsize::into_inner);
    tally.say(&format!("{earlier_flips} checkpoints in steps were done, {growths} rings grew, {cuts} files were cut"));
    if settings.size != Size::Small && (earlier_flips < 20 || growths < 4 || cuts < 8) {
        tally.fail(|| {
            format!(
                "the workloads miss a corner: {earlier_flips} checkpoints in steps, {growths} longer rings, {cuts} cuts"
            )
        });
    }
    tally.distinct_images_at_least(if settings.size == Size::Small { 0 } else { IMAGES_MIN })
}

fn workload(
    plan: &Plan,
    settings: &Settings,
    torn_max: usize,
    [earlier_flips, growths, cuts]: &[AtomicUsize; 3],
    worker: Worker<'_>,
) -> Result<(), Trouble> {
    let start = Workload::start_of(plan)?;
    let mut workload = Workload::at(plan.clone(), &start, 1)?;
    if settings.plant == Some(Plant::SkipSync) {
        workload.medium.skip_syncs();
    }
    workload.splits = settings.plant == Some(Plant::SplitMigration);
    workload.run()?;
    let mut calls = workload.medium.calls();
    let coverage = Coverage::of(&calls);
    earlier_flips.fetch_add(coverage.earlier_flips, Ordering::Relaxed);
    growths.fetch_add(coverage.growths, Ordering::Relaxed);
    cuts.fetch_add(coverage.cuts, Ordering::Relaxed);
    if let Some(plant) = settings.plant {
        plant.apply(&mut calls, &workload.history);
    }
    let mut images = 0;
    let (contents, walked) = judge(&start, &workload, &calls, plan.seed, torn_max, worker, &mut |crash| {
        images += 1;
        if images % GO_ON == 0 { go_on(plan, crash) } else { Ok(()) }
    });
    let (name, met) = (plan.name, workload.met);
    worker.tally.say(&format!("{name}: {images} images, {walked} walked, {contents} contents; {coverage}; {met:?}"));
    Ok(())
}

/// Judges every image that a crash can leave of the calls of a workload; `and_then` does more with those that are met for
/// the first time. Says how many contents there were in them, and how many images were walked.
pub(super) fn judge(
    start: &[u8],
    workload: &Workload,
    calls: &[Call],
    seed: u64,
    torn_max: usize,
    worker: Worker<'_>,
    and_then: &mut dyn FnMut(&Crash<'_>) -> Result<(), Trouble>,
) -> (usize, u64) {
    let plan = &workload.plan;
    let mut met: HashMap<u64, u64> = HashMap::new();
    let mut contents = Contents::default();
    let mut bounds: (usize, HashSet<u64>) = (usize::MAX, HashSet::new());
    let mut examples = 0;
    Crashes::of(start, calls).seed(seed).torn_max(torn_max).for_each(&mut |crash| {
        worker.beat();
        if bounds.0 != crash.made() {
            bounds = (crash.made(), workload.history.allowed(crash.made(), calls));
        }
        let hash = crash.hash();
        let known = met.get(&hash).copied();
        let verdict = match known {
            Some(digest) => Ok(digest),
            None => contents.read(plan, crash.image()).map(|content| content.digest),
        };
        let verdict = verdict.and_then(|digest| {
            met.insert(hash, digest);
            if !bounds.1.contains(&digest) {
                return Err(Trouble::Wrong(workload.history.name(digest)));
            }
            if known.is_none() { and_then(crash) } else { Ok(()) }
        });
        if let Err(trouble) = verdict {
            examples += 1;
            worker.tally.fail(|| format!("{} with seed {}, {}: {trouble}", plan.name, plan.seed, crash.describe()));
        }
    });
    worker.tally.add_images(met.into_keys());
    contents.counts()
}

/// Writing goes on after recovery, and a clean close keeps everything.
fn go_on(plan: &Plan, crash: &Crash<'_>) -> Result<(), Trouble> {
    let medium = HeapProvider::from_bytes(crash.to_bytes());
    let open = || Store::open(plan.kind, plan.options.clone(), medium.clone());
    let expected = open()?.write_more_and_close(1 << 40)?;
    if open()?.digest()? == expected {
        return Ok(());
    }
    Err(Trouble::Wrong("a clean close after recovery lost something".into()))
}
