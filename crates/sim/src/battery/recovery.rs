//! Crashes inside recovery: of the session that follows a crash, and of the session that follows that one.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::battery::crash::judge;
use crate::battery::tally::{Tally, Worker};
use crate::battery::{Plant, Settings, Size};
use crate::crash::Crashes;
use crate::workload::plan::Step;
use crate::workload::{Plan, Trouble, Workload, plans};

/// At most about so many images with a torn write for each call.
const TORN_MAX: usize = 48;

/// Fewer different images than this are a failure: something is no longer tried.
const IMAGES_MIN: u64 = 200_000;

/// How many images of a workload are gone on from, and of the session after that.
const FIRST: u64 = 4;
const SECOND: u64 = 1;

pub(super) fn run(settings: &Settings, tally: &Tally<'_>) -> u64 {
    let mut plans = plans(settings.seed, settings.rounds());
    // Their sessions write so much that few would be tried.
    plans.retain(|plan| !["steady, 64 KiB", "evicting"].contains(&plan.name));
    if settings.size == Size::Small {
        plans.retain(|plan| ["steady", "loose"].contains(&plan.name));
        plans.dedup_by_key(|plan| plan.name);
    }
    plans.iter_mut().for_each(|plan| plan.steps = plan.steps.min(12));
    let sessions = [AtomicU64::new(0), AtomicU64::new(0)];
    tally.say(&format!("{} workloads in {} threads", plans.len(), tally.threads()));
    tally.for_each(&plans, &|plan| format!("{} with seed {}", plan.name, plan.seed), &|plan, worker| {
        if let Err(trouble) = workload(plan, settings, &sessions, worker) {
            tally.fail(|| format!("{} with seed {}: {trouble}", plan.name, plan.seed));
        }
    });
    let [first, second] = sessions.map(AtomicU64::into_inner);
    tally.say(&format!("{first} sessions after a crash, {second} after a crash in one of these"));
    tally.distinct_images_at_least(if settings.size == Size::Small { 0 } else { IMAGES_MIN })
}

fn workload(plan: &Plan, settings: &Settings, sessions: &[AtomicU64; 2], worker: Worker<'_>) -> Result<(), Trouble> {
    let start = Workload::start_of(plan)?;
    let mut workload = Workload::at(plan.clone(), &start, 1)?;
    workload.run()?;
    let mut random = fastrand::Rng::with_seed(plan.seed ^ 0xC0FFEE);
    let [first, second] = sessions;
    for (tick, image) in images(&start, &workload, FIRST, &mut random) {
        first.fetch_add(1, Ordering::Relaxed);
        let session = session(plan, &image, tick, settings, &mut random, worker)?;
        for (tick, image) in images(&image, &session, SECOND, &mut random) {
            second.fetch_add(1, Ordering::Relaxed);
            self::session(plan, &image, tick, settings, &mut random, worker)?;
        }
    }
    Ok(())
}

/// Some of the images that a crash may leave of a workload, each with the step to go on with.
fn images(start: &[u8], workload: &Workload, count: u64, random: &mut fastrand::Rng) -> Vec<(u64, Vec<u8>)> {
    let calls = workload.medium.calls();
    let all_images = |visit: &mut dyn FnMut(&crate::Crash<'_>)| {
        Crashes::of(start, &calls).seed(workload.plan.seed).torn_max(8).for_each(visit);
    };
    let mut shown = 0;
    all_images(&mut |_| shown += 1);
    let mut drawn: Vec<u64> = (0..count).map(|_| random.u64(..shown.max(1))).collect();
    drawn.sort_unstable();
    let (mut at, mut images) = (0, Vec::new());
    all_images(&mut |crash| {
        if drawn.binary_search(&at).is_ok() {
            images.push(crash.to_bytes());
        }
        at += 1;
    });
    let with_tick = |image: Vec<u8>| {
        let digest = crate::workload::digest_of_bytes(&workload.plan, &image).ok()?;
        Some((workload.history.tick_of(digest)? + 1, image))
    };
    images.into_iter().filter_map(with_tick).collect()
}

/// The session after a crash: its first writes finish the recovery. It does the same that was done before the crash, or
/// something else; then every crash of it is judged.
fn session(
    plan: &Plan,
    image: &[u8],
    tick: u64,
    settings: &Settings,
    random: &mut fastrand::Rng,
    worker: Worker<'_>,
) -> Result<Workload, Trouble> {
    let mut plan = plan.clone();
    if random.bool() {
        plan.seed = random.u64(..);
    }
    let mut session = Workload::at(plan, image, tick)?;
    if settings.plant == Some(Plant::SkipSync) {
        session.medium.skip_syncs();
    }
    session.reopen()?;
    for _ in 0..2 {
        session.step()?;
    }
    if random.bool() {
        session.do_step(Step::Close)?;
    }
    let seed = random.u64(..);
    judge(image, &session, &session.medium.calls(), seed, TORN_MAX, worker, &mut |_| Ok(()));
    Ok(session)
}
