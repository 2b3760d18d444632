//! The workloads of BENCH.md, without a clock: rows and operations, what each workload does to an engine, a plain model
//! that knows every answer, and this project's engine through its typed API and through SQL. The bench times them
//! on this machine, `bench/module` inside a wasm module.

mod answer;
mod dataset;
mod engine;
#[cfg(feature = "ours")]
mod engines;
mod model;
mod step;
mod workload;

pub use answer::Answer;
pub use dataset::{Dataset, Post, User};
pub use engine::Engine;
#[cfg(feature = "ours")]
pub use engines::{Ours, OursSql};
pub use model::Model;
pub use step::{Outcome, Step};
pub use workload::Workload;
