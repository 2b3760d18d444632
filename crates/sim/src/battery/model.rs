//! Drawn programs, operation by operation against an oracle.

use std::sync::Mutex;

use crate::battery::tally::{Tally, lock};
use crate::battery::{Plant, Settings, Size};
use crate::model::{Bug, Counts, run_drawn, shrunk};

/// Operations of a usual run, at least.
const OPERATIONS: u64 = 5_000_000;

/// Operations of a small run.
const FEW_OPERATIONS: u64 = 60_000;

/// Operations of one program.
const LENGTH: usize = 320;

/// Programs that one thread does before it takes others.
const PROGRAMS: u64 = 50;

/// So many failing programs are shrunk; it takes its time.
const SHRUNK_MAX: u64 = 3;

pub(super) fn run(settings: &Settings, tally: &Tally<'_>) -> u64 {
    let operations = match settings.size {
        Size::Small => FEW_OPERATIONS,
        _ => OPERATIONS * settings.rounds(),
    };
    let bug = settings.plant.and_then(|plant| match plant {
        Plant::LoseMatches => Some(Bug::LoseMatches),
        Plant::ForgetUnique => Some(Bug::ForgetUnique),
        Plant::SkipCascade => Some(Bug::SkipCascade),
        Plant::KeepSavepoint => Some(Bug::KeepSavepoint),
        Plant::SkipSync => Some(Bug::SkipSync),
        Plant::SkipChecks => Some(Bug::SkipChecks),
        Plant::SkipRules => Some(Bug::SkipRules),
        Plant::ForgetExcluded => Some(Bug::ForgetExcluded),
        Plant::StaleParameters => Some(Bug::StaleParameters),
        Plant::SkipBack => Some(Bug::SkipBack),
        Plant::SkipValidation => Some(Bug::SkipValidation),
        Plant::SkipRowCheck => Some(Bug::SkipRowCheck),
        _ => None,
    });
    let groups: Vec<u64> = (0..operations.div_ceil(LENGTH as u64 * PROGRAMS)).collect();
    tally.say(&format!("{} programs in {} threads", groups.len() as u64 * PROGRAMS, tally.threads()));
    let total = Mutex::new(Counts::default());
    tally.for_each(&groups, &|group| format!("programs {group}"), &|group, worker| {
        for number in group * PROGRAMS..(group + 1) * PROGRAMS {
            worker.beat();
            let seed = fastrand::Rng::with_seed(settings.seed ^ number << 24).u64(..);
            match run_drawn(seed, LENGTH, bug) {
                Ok(counts) => lock(&total).add(&counts),
                Err(failure) => {
                    let is_shrunk = tally.failures().0 < SHRUNK_MAX;
                    let length = failure.program.operations.len();
                    let failure = if is_shrunk { shrunk(failure, bug, &|| worker.beat()) } else { failure };
                    lock(&total).operations += length as u64;
                    tally.fail(|| {
                        let what = &failure.what;
                        let shown = if is_shrunk { format!("\n{}", failure.program) } else { String::new() };
                        format!("program {number} with seed {seed}, at operation {length}: {what}{shown}")
                    });
                }
            }
        }
    });
    let counts = total.into_inner().unwrap_or_default();
    tally.say(&format!("{counts:?}"));
    let Counts { refused, rolled_back, crashes, lost, in_doubt, snapshots_read, .. } = counts;
    let Counts { upserted, computed, broken_checks, broken_rules, prepared_again, .. } = counts;
    let Counts { beside, conflicts, gone_back, .. } = counts;
    let corners = [refused, rolled_back, crashes, lost, in_doubt, snapshots_read, upserted, computed, broken_checks];
    let others = [broken_rules, prepared_again, beside, conflicts, gone_back];
    let is_wide = corners.into_iter().chain(others).all(|count| count > 1000);
    if settings.size != Size::Small && !is_wide {
        tally.fail(|| format!("the programs miss a corner: {counts:?}"));
    }
    counts.operations
}
