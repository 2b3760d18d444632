//! Each battery passes at a small size, and finds the bug that is planted for it.

use wasm_dbms_sim::battery::{self, Outcome, Plant, Settings, Size};

const SEED: u64 = 20_261_122;

fn run(name: &str, plant: Option<Plant>) -> Outcome {
    let settings = Settings { size: Size::Small, plant, ..Settings::new(SEED) };
    let outcome = battery::run(name, &settings, &|text| println!("{text}")).unwrap();
    println!("{outcome}\n{}", outcome.examples.join("\n"));
    assert!(outcome.count > 50, "{outcome}");
    outcome
}

#[track_caller]
fn assert_passes_and_finds(name: &str, plant: Plant) {
    let outcome = run(name, None);
    assert_eq!(outcome.failures, 0, "{outcome}\n{}", outcome.examples.join("\n"));
    let outcome = run(name, Some(plant));
    assert!(outcome.failures > 0, "the planted {plant:?} was not found: {outcome}");
}

#[test]
fn the_battery_of_crashes_finds_a_medium_that_does_not_sync() {
    assert_passes_and_finds("crash", Plant::SkipSync);
}

#[test]
fn the_battery_of_crashes_finds_a_checkpoint_in_steps_that_is_too_early() {
    for plant in [Plant::EarlyStep, Plant::EarlyFlip] {
        let outcome = run("crash", Some(plant));
        assert!(outcome.failures > 0, "the planted {plant:?} was not found: {outcome}");
    }
}

#[test]
fn the_battery_of_crashes_finds_a_ring_that_is_written_over_too_early() {
    let outcome = run("crash", Some(Plant::EarlyRing));
    assert!(outcome.failures > 0, "the planted bug was not found: {outcome}");
}

#[test]
fn the_battery_of_crashes_finds_a_migration_that_is_committed_in_two_parts() {
    let outcome = run("crash", Some(Plant::SplitMigration));
    assert!(outcome.failures > 0, "the planted bug was not found: {outcome}");
}

#[test]
fn the_battery_of_crashes_in_recovery_finds_a_medium_that_does_not_sync() {
    assert_passes_and_finds("recovery", Plant::SkipSync);
}

#[test]
fn the_battery_of_failing_calls_finds_a_medium_that_swallows_writes() {
    assert_passes_and_finds("io-error", Plant::SwallowWrite);
}

#[test]
fn the_battery_of_damage_finds_a_store_that_verifies_no_page() {
    assert_passes_and_finds("bit-flip", Plant::DropChecksum);
}

#[test]
fn the_battery_of_programs_finds_a_filter_that_loses_rows() {
    assert_passes_and_finds("model", Plant::LoseMatches);
}

#[test]
fn the_battery_of_programs_finds_bugs_of_constraints_savepoints_and_the_medium() {
    for plant in [Plant::ForgetUnique, Plant::SkipCascade, Plant::KeepSavepoint, Plant::SkipSync] {
        let outcome = run("model", Some(plant));
        assert!(outcome.failures > 0, "the planted {plant:?} was not found: {outcome}");
    }
}

#[test]
fn the_battery_of_programs_finds_bugs_of_rules_upserts_and_prepared_questions() {
    for plant in [Plant::SkipChecks, Plant::SkipRules, Plant::ForgetExcluded, Plant::StaleParameters] {
        let outcome = run("model", Some(plant));
        assert!(outcome.failures > 0, "the planted {plant:?} was not found: {outcome}");
    }
}

#[test]
fn the_battery_of_programs_finds_bugs_of_interactive_transactions() {
    for plant in [Plant::SkipBack, Plant::SkipRowCheck, Plant::SkipValidation] {
        let outcome = run("model", Some(plant));
        assert!(outcome.failures > 0, "the planted {plant:?} was not found: {outcome}");
    }
}

#[test]
fn the_battery_of_isolation_finds_a_commit_that_looks_at_too_little() {
    assert_passes_and_finds("isolation", Plant::SkipValidation);
    for (plant, anomaly) in
        [(Plant::SkipValidation, "G2: "), (Plant::SkipRanges, "G2: "), (Plant::SkipRowCheck, "lost update: ")]
    {
        let outcome = run("isolation", Some(plant));
        let is_named = outcome.examples.iter().any(|example| example.contains(anomaly));
        assert!(is_named, "the planted {plant:?} was not found by its name: {outcome} {:?}", outcome.examples);
    }
}

#[test]
fn a_battery_ends_with_one_line_of_counts() {
    let outcome = run("io-error", None);
    let line = outcome.to_string();
    assert!(
        line.starts_with(&format!("battery io-error: {} runs, 0 failures, seed {SEED}, ", outcome.count)),
        "{line}"
    );
    assert!(line.ends_with(" s"), "{line}");
    assert!(battery::run("no such battery", &Settings::new(SEED), &|_| ()).is_none());
}
