//! The chores of wasm-dbms, one door: `cargo xtask <verb>`.
//!
//! | to change | see |
//! |---|---|
//! | what continuous integration runs, and what beside it | `ci.rs` |
//! | which wasm toolchain is taken, and its flags | `wasm/toolchain.rs` |
//! | what a canister is put through | `wasm/canister.rs`, and `host/canister.py` |
//! | what a component is put through | `wasm/component.rs`, and `crates/component/hosts` |
//! | what must be equal on every host | `wasm/agreement.rs` |
//! | the size limit of the module | `wasm/size.rs` |
//! | how a browser is found and driven | `wasm/browser.rs` |
//! | what is measured in wasm, beside others and alone | `wasm/bench.rs`, `wasm/fuel.rs`, and `bench/module`, `bench/wasm` |
//! | what the npm package consists of, what it may weigh | `wasm/npm.rs`, and `crates/npm` |
//! | how sqllogictest files are run | `slt.rs`, and `crates/slt` |
//! | which batteries there are | `battery.rs`, and `crates/sim/src/battery` |

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks on its standard streams")]

mod battery;
mod bench;
mod ci;
mod command;
mod debian;
mod docs;
mod project;
mod slt;
mod steps;
mod test;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::project::Project;

/// The chores of wasm-dbms.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

/// What can be done.
#[derive(Subcommand)]
enum Verb {
    /// Everything that must hold before a commit: format, lints, documentation, tests, batteries, wasm, browser
    Ci,
    /// All tests and doctests, then the example on each wasm host, then a browser
    Test(test::Options),
    /// Build the example for wasm, run it on each wasm host here, compare the hosts, print the sizes
    Wasm(wasm::Options),
    /// Build and shrink every wasm module that `ci` runs, and do nothing with them: what `ci` does beside its tests
    Modules,
    /// Build the test of OPFS, run it in a headless Chromium, kill its workers, tabs and browsers
    Browser(wasm::browser::Options),
    /// A long proof of the store: crash, recovery, io-error, bit-flip, hostile, isolation, model, or all; or browser-kill; BATTERY=long does ten times as much
    Battery(battery::Options),
    /// Run sqllogictest files: a file, a folder or an archive of them
    Slt(slt::Options),
    /// The side-by-side benchmark; arguments are passed on to it
    Bench(bench::Options),
    /// The workloads inside Node or in a browser, beside the wasm builds of SQLite
    BenchWasm(wasm::bench::Options),
    /// Count the instructions of each workload in wasm, compare them with those kept in git
    Fuel(wasm::fuel::Options),
    /// Put the npm package together, measure it, test it in Node and in a browser
    Npm(wasm::npm::Options),
    /// The example of a canister under a host of our own: traps, upgrades, budgets, the bytes of every host
    Canister,
    /// The database as a component: built, driven from Rust, JavaScript and Python
    Component(wasm::component::Options),
    /// A page to try SQL in the browser: put together, served on 127.0.0.1
    Playground(wasm::playground::Options),
    /// Build the documentation; a warning is an error
    Docs,
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> anyhow::Result<()> {
    let project = Project::find()?;
    match verb {
        Verb::Ci => ci::run(&project),
        Verb::Test(options) => test::run(&project, &options),
        Verb::Wasm(options) => wasm::run(&project, &options),
        Verb::Modules => wasm::build_modules(&project),
        Verb::Browser(options) => wasm::browser::run(&project, &options),
        Verb::Battery(options) => battery::run(&project, &options),
        Verb::Slt(options) => slt::run(&project, &options),
        Verb::Bench(options) => bench::run(&project, &options),
        Verb::BenchWasm(options) => wasm::bench::run(&project, &options),
        Verb::Fuel(options) => wasm::fuel::run(&project, &options),
        Verb::Canister => wasm::canister::run(&project),
        Verb::Component(options) => wasm::component::run(&project, &options),
        Verb::Playground(options) => wasm::playground::run(&project, &options),
        Verb::Npm(options) => wasm::npm::run(&project, &options),
        Verb::Docs => docs::run(&project),
    }
}
