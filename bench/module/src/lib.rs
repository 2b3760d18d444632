//! The bench as a wasm module without imports: it draws the rows and operations, runs the workloads over this project's
//! engine, checks them, and hands the same rows to whoever measures another engine beside it.
//!
//! | export | contract |
//! |---|---|
//! | `draw(seed, rows) -> code` | draws everything, and asks the model what each step must leave |
//! | `steps() -> count` | how many steps a round has |
//! | `step_name(step) -> length` | its words: `W1`, .., or nothing for a step that is not timed |
//! | `operations(step) -> count` | what its time is divided by |
//! | `create(face) -> code` | a new database in the place of the last: by the typed API (0), by SQL (1), or by the typed API with a log (2) |
//! | `act(face, step) -> code` | performs a step: what the clock is on |
//! | `check(face, step) -> code` | compares what the step answered and left with the model |
//! | `data(kind) -> length` | the rows and operations of a kind as words, a line for each |
//! | `words() -> pointer` | where the words are that were made last: of a step, of data, of an error |
//! | `words_length() -> length` | how long they are, in bytes |
//!
//! Codes: 0 for success, 1 for an error, whose words are then the last made.

#![cfg(target_family = "wasm")]
#![allow(unsafe_code, reason = "exports can be named in no other way")]

mod lines;

use std::cell::RefCell;

use anyhow::{Context, Result};
use workloads::{Answer, Dataset, Engine, Model, Ours, OursSql, Outcome, Step, Workload};

/// Everything that outlives a call.
#[derive(Default)]
struct Bench {
    drawn: Option<Drawn>,
    faces: [Option<Face>; 3],
    words: String,
}

/// A run's data, and what every step must leave.
struct Drawn {
    data: Dataset,
    steps: Vec<(Step, Outcome)>,
}

/// A database and what its last step answered.
struct Face {
    engine: Box<dyn Engine>,
    answer: Answer,
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::default();
}

impl Bench {
    fn draw(&mut self, seed: u64, rows: u32) -> Result<()> {
        let data = Dataset::generate(seed, rows);
        let mut model = Model::default();
        let mut steps = Vec::new();
        let is_timed = |one: &Workload| !matches!(one, Workload::W11 | Workload::W12);
        let timed: Vec<Workload> = Workload::RUN_ORDER.into_iter().filter(is_timed).collect();
        for step in Step::all(&timed) {
            let answer = step.act(&mut model, &data)?;
            steps.push((step, step.outcome(answer, &mut model, &data)?));
        }
        self.drawn = Some(Drawn { data, steps });
        Ok(())
    }

    fn create(&mut self, face: usize) -> Result<()> {
        let place = self.faces.get_mut(face).context("no such face")?;
        // The last one goes first, so that there is never a third in memory.
        *place = None;
        let engine: Box<dyn Engine> = match face {
            0 => Box::new(Ours::in_memory()?),
            1 => Box::new(OursSql::in_memory()?),
            _ => Box::new(Ours::with_log()?),
        };
        *place = Some(Face { engine, answer: Answer::default() });
        Ok(())
    }

    /// The database of a face, the data, a step and what it must leave.
    fn parts(&mut self, face: usize, step: usize) -> Result<(&mut Face, &Dataset, Step, &Outcome)> {
        let face = self.faces.get_mut(face).and_then(Option::as_mut).context("no database was created")?;
        let drawn = self.drawn.as_ref().context("nothing was drawn")?;
        let (step, expected) = drawn.steps.get(step).context("no such step")?;
        Ok((face, &drawn.data, *step, expected))
    }

    fn act(&mut self, face: usize, step: usize) -> Result<()> {
        let (face, data, step, _) = self.parts(face, step)?;
        face.answer = step.act(face.engine.as_mut(), data)?;
        Ok(())
    }

    fn check(&mut self, face: usize, step: usize) -> Result<()> {
        let (face, data, step, expected) = self.parts(face, step)?;
        let outcome = step.outcome(face.answer, face.engine.as_mut(), data)?;
        step.check(&outcome, expected)
    }

    fn workload(&self, step: usize) -> Option<Workload> {
        match self.drawn.as_ref()?.steps.get(step)?.0 {
            Step::Measured(workload) => Some(workload),
            Step::Reinsert | Step::Posts => None,
        }
    }

    fn say(&mut self, words: String) -> usize {
        self.words = words;
        self.words.len()
    }
}

/// Does it with what outlives a call, and makes a code of the result.
fn code(work: impl FnOnce(&mut Bench) -> Result<()>) -> i32 {
    BENCH.with_borrow_mut(|bench| match work(bench) {
        Ok(()) => 0,
        Err(error) => {
            bench.say(format!("{error:#}"));
            1
        }
    })
}

// SAFETY, for all of them: no other symbol of this module has one of these names: the linker would refuse two.

#[unsafe(no_mangle)]
extern "C" fn draw(seed: u32, rows: u32) -> i32 {
    code(|bench| bench.draw(seed.into(), rows))
}

#[unsafe(no_mangle)]
extern "C" fn steps() -> usize {
    BENCH.with_borrow(|bench| bench.drawn.as_ref().map_or(0, |drawn| drawn.steps.len()))
}

#[unsafe(no_mangle)]
extern "C" fn step_name(step: usize) -> usize {
    BENCH.with_borrow_mut(|bench| bench.say(bench.workload(step).map_or("", Workload::name).to_owned()))
}

#[unsafe(no_mangle)]
extern "C" fn operations(step: usize) -> u32 {
    BENCH.with_borrow(|bench| match (bench.workload(step), &bench.drawn) {
        (Some(workload), Some(drawn)) => workload.operation_count(&drawn.data) as u32,
        _ => 0,
    })
}

#[unsafe(no_mangle)]
extern "C" fn create(face: usize) -> i32 {
    code(|bench| bench.create(face))
}

#[unsafe(no_mangle)]
extern "C" fn act(face: usize, step: usize) -> i32 {
    code(|bench| bench.act(face, step))
}

#[unsafe(no_mangle)]
extern "C" fn check(face: usize, step: usize) -> i32 {
    code(|bench| bench.check(face, step))
}

#[unsafe(no_mangle)]
extern "C" fn data(kind: u32) -> usize {
    BENCH.with_borrow_mut(|bench| {
        let words = bench.drawn.as_ref().map_or_else(String::new, |drawn| lines::of(&drawn.data, kind));
        bench.say(words)
    })
}

#[unsafe(no_mangle)]
extern "C" fn words() -> *const u8 {
    BENCH.with_borrow(|bench| bench.words.as_ptr())
}

#[unsafe(no_mangle)]
extern "C" fn words_length() -> usize {
    BENCH.with_borrow(|bench| bench.words.len())
}
