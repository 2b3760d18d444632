//! Runs the batteries named on the command line. `cargo xtask battery` builds and calls it.
//!
//! `SEED` seeds everything, `BATTERY=long` does ten times as much, `PLANT` plants a bug that must be found.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks on its standard streams")]

use std::process::ExitCode;

use wasm_dbms_sim::battery::{self, Plant, Settings, Size};

const SEED: u64 = 20_261_122;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        eprintln!("which one? {}", battery::NAMES.join(", "));
        return ExitCode::FAILURE;
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let seed = match variable("SEED").map(|text| text.parse()) {
        None => SEED,
        Some(Ok(seed)) => seed,
        Some(Err(error)) => {
            eprintln!("error: SEED: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(exit) = battery::hostile::worker(&names, seed) {
        return exit;
    }
    let mut settings = Settings::new(seed);
    match variable("BATTERY").as_deref() {
        None => {}
        Some("long") => settings.size = Size::Long,
        Some("small") => settings.size = Size::Small,
        Some(other) => {
            eprintln!("error: BATTERY is `{other}`, and can be `long` or `small`");
            return ExitCode::FAILURE;
        }
    }
    if let Some(name) = variable("PLANT") {
        settings.plant = Plant::named(&name);
        if settings.plant.is_none() {
            eprintln!("error: there is no bug `{name}` to plant");
            return ExitCode::FAILURE;
        }
    }
    // A panic is a failure and told with it.
    std::panic::set_hook(Box::new(|_| {}));
    let mut is_sound = true;
    for name in &names {
        let Some(outcome) = battery::run(name, &settings, &|text| println!("{text}")) else {
            eprintln!("error: there is no battery `{name}`; there are {}", battery::NAMES.join(", "));
            return ExitCode::FAILURE;
        };
        for example in &outcome.examples {
            println!("FAILURE: {example}");
        }
        println!("{outcome}");
        is_sound &= outcome.failures == 0 && outcome.count > 0;
    }
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
