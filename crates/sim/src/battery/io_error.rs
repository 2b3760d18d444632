//! Each call of each workload fails, in each way that a host may fail in.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::battery::tally::{Tally, Worker};
use crate::battery::{Plant, Settings, Size};
use crate::faults::{Fault, Injection};
use crate::workload::plan::Step;
use crate::workload::{Plan, Trouble, Workload, plans};

/// Workloads of these kinds, and how many of each.
const KINDS: [(&str, u64); 15] = [
    ("wide", 6),
    ("wide, 16 KiB", 1),
    ("ring", 2),
    ("loose", 2),
    ("parked", 2),
    ("pages", 2),
    ("chains", 2),
    ("stretching", 1),
    ("evicting", 1),
    ("steady, 8 KiB", 2),
    ("tables", 4),
    ("tables, shrinking", 2),
    ("tables, related", 1),
    ("giving back", 1),
    ("tables, migrating", 1),
];

const STEPS: usize = 11;

/// A fault that lasts is met by so many steps more before the medium is whole again.
const STEPS_BROKEN: usize = 3;

/// How the runs ended.
#[derive(Debug, Default)]
struct Ends {
    runs: AtomicU64,
    refused: AtomicU64,
    in_doubt: AtomicU64,
    unnoticed: AtomicU64,
}

pub(super) fn run(settings: &Settings, tally: &Tally<'_>) -> u64 {
    let rounds = settings.rounds();
    let mut plans = plans(settings.seed, rounds);
    let mut left = KINDS.map(|(name, count)| (name, count * rounds));
    plans.retain(|plan| {
        let kind = left.iter_mut().find(|(name, count)| *name == plan.name && *count > 0);
        kind.map(|(_, count)| *count -= 1).is_some()
    });
    if settings.size == Size::Small {
        plans.retain(|plan| ["steady, 8 KiB", "tables"].contains(&plan.name));
        plans.dedup_by_key(|plan| plan.name);
    }
    let steps = if settings.size == Size::Small { 4 } else { STEPS };
    plans.iter_mut().for_each(|plan| plan.steps = steps);
    tally.say(&format!("{} workloads in {} threads", plans.len(), tally.threads()));
    let ends = Ends::default();
    tally.for_each(&plans, &|plan| format!("{} with seed {}", plan.name, plan.seed), &|plan, worker| {
        if let Err(trouble) = workload(plan, settings, &ends, worker) {
            tally.fail(|| format!("{} with seed {}: {trouble}", plan.name, plan.seed));
        }
    });
    let [runs, refused, in_doubt, unnoticed] =
        [ends.runs, ends.refused, ends.in_doubt, ends.unnoticed].map(AtomicU64::into_inner);
    tally.say(&format!("{refused} refusals, {in_doubt} commits in doubt; {unnoticed} faults did not show"));
    runs
}

fn workload(plan: &Plan, settings: &Settings, ends: &Ends, worker: Worker<'_>) -> Result<(), Trouble> {
    let start = Workload::start_of(plan)?;
    let mut whole = Workload::at(plan.clone(), &start, 1)?;
    whole.run()?;
    let kinds = whole.medium.inner().kinds();
    let faults: &[Fault] = if settings.plant == Some(Plant::SwallowWrite) { &[Fault::Swallowed] } else { &Fault::ALL };
    let before = ends.runs.load(Ordering::Relaxed);
    for (call, kind) in (0..).zip(&kinds) {
        for fault in faults.iter().filter(|fault| fault.applies_to(*kind)) {
            for is_lasting in [false, true] {
                worker.beat();
                ends.runs.fetch_add(1, Ordering::Relaxed);
                if let Err(trouble) = one_run(plan, &start, call, *fault, is_lasting, ends) {
                    let lasting = if is_lasting { "for ever" } else { "once" };
                    worker.tally.fail(|| {
                        let (name, seed) = (plan.name, plan.seed);
                        format!(
                            "{name} with seed {seed}, call {call} ({kind:?}) fails {lasting} ({fault:?}): {trouble}"
                        )
                    });
                }
            }
        }
    }
    let runs = ends.runs.load(Ordering::Relaxed) - before;
    worker.tally.say(&format!("{}: {} calls; about {runs} runs", plan.name, kinds.len()));
    Ok(())
}

/// The workload on a medium of which one call fails, or all from there on.
fn one_run(plan: &Plan, start: &[u8], call: u64, fault: Fault, is_lasting: bool, ends: &Ends) -> Result<(), Trouble> {
    let mut workload = Workload::at(plan.clone(), start, 1)?;
    let injection = Injection::after_calls(call, fault);
    let medium = workload.medium.inner().clone();
    medium.inject(if is_lasting { injection.for_ever() } else { injection });
    let mut broken_steps = 0;
    let mut has_shown = false;
    for number in 0..plan.steps + 2 {
        let done = match number {
            _ if !workload.is_open() => workload.reopen(),
            0 => Ok(()),
            _ if number == plan.steps + 1 => workload.do_step(Step::Close),
            _ => workload.step(),
        };
        if let Err(trouble) = done {
            if medium.failed() == 0 {
                return Err(trouble);
            }
            has_shown = true;
            typed(&trouble, fault)?;
            // What is read is a committed state even on the broken medium, or an error says why not.
            if let Err(trouble) = workload.check_standing() {
                typed(&trouble, fault)?;
            }
        }
        if medium.failed() == 0 {
            continue;
        }
        broken_steps += 1;
        if broken_steps == 1 && !is_lasting || broken_steps == STEPS_BROKEN {
            medium.heal();
            workload.check_standing()?;
            if workload.is_poisoned() {
                workload.reopen()?;
            }
        }
    }
    medium.heal();
    workload.reopen()?;
    ends.refused.fetch_add(workload.met.refused.into(), Ordering::Relaxed);
    ends.in_doubt.fetch_add(workload.met.in_doubt.into(), Ordering::Relaxed);
    ends.unnoticed.fetch_add(u64::from(!has_shown), Ordering::Relaxed);
    Ok(())
}

/// An error says what the host said: full if it is full, never that the bytes are damaged.
fn typed(trouble: &Trouble, fault: Fault) -> Result<(), Trouble> {
    match trouble {
        Trouble::Memory(error) if fault.is_told_by(error) => Ok(()),
        Trouble::Memory(error) => Err(Trouble::Wrong(format!("the error is not of the right kind: {error:?}"))),
        wrong => Err(wrong.clone()),
    }
}
