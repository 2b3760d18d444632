//! Does the operations of a program on a database and in the oracle, and compares.

mod failing;
mod interactive;
mod keeping;
mod transaction;
mod verbs;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wasm_dbms::{Answer, Database, Durability, Error, Expr, HeapProvider, PlantedBug, Prepared, Query, Value};

use crate::faults::Faulty;
use crate::model::draw::{Beside, Place};
use crate::model::oracle::{Difference, Refusal, State, Verdict};
use crate::model::program::with_parameters;
use crate::model::run::failing::Armed;
use crate::model::run::interactive::Open;
use crate::model::run::keeping::Kept;
use crate::model::run::verbs::{Verbs, planted_schema};
use crate::model::{Draw, Operation, Program};
use crate::workload::Medium;

/// A bug of the database that a program must find: the database is asked for something else than the oracle knows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A filter of several parts keeps nothing where rows are deleted.
    LoseMatches,
    /// Unique indexes are plain ones.
    ForgetUnique,
    /// Rows that should go with others are in their way.
    SkipCascade,
    /// What a savepoint wrote stays though it is rolled back.
    KeepSavepoint,
    /// Syncs are acknowledged and not done.
    SkipSync,
    /// Tables have no checks.
    SkipChecks,
    /// Columns have no sanitizers and validators.
    SkipRules,
    /// An upsert that computes what a row that is there becomes leaves it as it is.
    ForgetExcluded,
    /// A prepared question is asked with the parameters that it was first asked with.
    StaleParameters,
    /// Going back to a savepoint of an interactive transaction does nothing.
    SkipBack,
    /// The commit of an interactive transaction does not look at what was read, nor at the rows that it changes.
    SkipRowCheck,
    /// It does not look at what was read.
    SkipValidation,
}

impl Bug {
    /// The bug of interactive transactions that it is.
    fn of_transactions(self) -> Option<PlantedBug> {
        match self {
            Self::SkipRowCheck => Some(PlantedBug::SkipRowCheck),
            Self::SkipValidation => Some(PlantedBug::SkipValidation),
            _ => None,
        }
    }
}

/// What was done in a program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each count is named by what it counts")]
pub struct Counts {
    pub operations: u64,
    pub refused: u64,
    pub rows_asked: u64,
    pub commits: u64,
    pub rolled_back: u64,
    pub crashes: u64,
    pub lost: u64,
    pub failed: u64,
    pub in_doubt: u64,
    pub reopened: u64,
    pub snapshots_read: u64,
    pub checks: u64,
    pub upserted: u64,
    pub computed: u64,
    pub broken_checks: u64,
    pub broken_rules: u64,
    pub prepared: u64,
    pub prepared_again: u64,
    pub opened: u64,
    pub beside: u64,
    pub conflicts: u64,
    pub gone_back: u64,
    pub undecided: u64,
}

impl Counts {
    /// Adds those of another program.
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { operations, refused, rows_asked, commits, rolled_back, crashes, .. } = other;
        self.operations += operations;
        self.refused += refused;
        self.rows_asked += rows_asked;
        self.commits += commits;
        self.rolled_back += rolled_back;
        self.crashes += crashes;
        self.lost += other.lost;
        self.failed += other.failed;
        self.in_doubt += other.in_doubt;
        self.reopened += other.reopened;
        self.snapshots_read += other.snapshots_read;
        self.checks += other.checks;
        self.upserted += other.upserted;
        self.computed += other.computed;
        self.broken_checks += other.broken_checks;
        self.broken_rules += other.broken_rules;
        self.prepared += other.prepared;
        self.prepared_again += other.prepared_again;
        self.opened += other.opened;
        self.beside += other.beside;
        self.conflicts += other.conflicts;
        self.gone_back += other.gone_back;
        self.undecided += other.undecided;
    }
}

/// What went wrong in a program, at its last operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What was done until then.
    pub program: Program,
    /// What went wrong.
    pub what: String,
}

/// Something is wrong, in words.
#[derive(Debug)]
pub(super) struct Wrong(String);

impl From<Difference> for Wrong {
    fn from(difference: Difference) -> Self {
        Self(difference.to_string())
    }
}

pub(super) type Step<T = ()> = Result<T, Wrong>;

/// Where operations come from.
enum Source {
    Given(std::vec::IntoIter<Operation>),
    /// So many more are drawn.
    Drawn(Box<Draw>, usize),
}

/// A full comparison follows after so many statements and transactions, a check of everything after so many of those.
const COMPARE_EVERY: u64 = 24;
const CHECK_EVERY: u64 = 4;

/// So many prepared questions are kept.
const PREPARED_MAX: usize = 8;

/// A question that is prepared, by its form, and what it was first asked with.
type Ready = (Query, Arc<Prepared<Answer>>, Vec<Value>);

/// A program under way.
struct Run {
    source: Source,
    /// What was done so far.
    program: Program,
    counts: Counts,
    bug: Option<Bug>,
    medium: Medium,
    /// What the medium held when its calls were first recorded.
    start: Vec<u8>,
    /// None while a transaction has it.
    db: Option<Database>,
    cache_bytes: usize,
    /// What was committed last.
    committed: State,
    /// What no crash may lose, and the commits since.
    durable: State,
    later: Vec<State>,
    /// A commit of which nobody knows whether it stands.
    doubt: Option<State>,
    armed: Option<Armed>,
    kept: Vec<Kept>,
    /// The interactive transactions that are open, the oldest first.
    open: Vec<Open>,
    /// Questions that were prepared: the latest ones.
    prepared: Vec<Ready>,
    /// How many statements and transactions there were.
    units: u64,
}

/// Does a program again.
///
/// # Errors
/// What goes wrong in it.
pub fn replay(program: &Program, bug: Option<Bug>) -> Result<Counts, Failure> {
    let start = Program { operations: Vec::new(), ..program.clone() };
    run(Source::Given(program.operations.clone().into_iter()), start, bug)
}

/// Draws a program of so many operations and does it.
///
/// # Errors
/// What goes wrong in it.
pub fn run_drawn(seed: u64, operations: usize, bug: Option<Bug>) -> Result<Counts, Failure> {
    let (draw, setup) = Draw::new(seed);
    run(Source::Drawn(Box::new(draw), operations), Program { setup, operations: Vec::new() }, bug)
}

fn run(source: Source, program: Program, bug: Option<Bug>) -> Result<Counts, Failure> {
    let mut run = Run {
        source,
        counts: Counts::default(),
        bug,
        medium: Medium::new(Faulty::new(HeapProvider::new())),
        start: Vec::new(),
        db: None,
        cache_bytes: program.setup.cache_bytes,
        program,
        committed: State::default(),
        durable: State::default(),
        later: Vec::new(),
        doubt: None,
        armed: None,
        kept: Vec::new(),
        open: Vec::new(),
        prepared: Vec::new(),
        units: 0,
    };
    let done = catch_unwind(AssertUnwindSafe(|| run.all()));
    let what = match done {
        Ok(Ok(())) => return Ok(run.counts),
        Ok(Err(Wrong(what))) => what,
        Err(panic) => format!("a panic: {}", crate::battery::panic_text(panic.as_ref())),
    };
    Err(Failure { program: run.program, what })
}

impl Run {
    fn all(&mut self) -> Step {
        if self.bug == Some(Bug::SkipSync) {
            self.medium.skip_syncs();
        }
        self.open()?;
        // What an empty database is must not be lost.
        self.db()?.sync().map_err(|error| Wrong(error.to_string()))?;
        while let Some(operation) = self.next(0, None) {
            self.operation(&operation)?;
        }
        self.everything()?;
        self.look()
    }

    /// The next operation, which is noted. `inside` is what stands inside the transaction, whose depth this is.
    fn next(&mut self, depth: usize, inside: Option<&State>) -> Option<Operation> {
        let operation = match &mut self.source {
            Source::Given(operations) => operations.next()?,
            Source::Drawn(draw, left) => {
                *left = left.checked_sub(1)?;
                let beside: Vec<Beside<'_>> = self.open.iter().map(Open::beside).collect();
                draw.next(inside.unwrap_or(&self.committed), Place { depth, snapshots: self.kept.len() }, &beside)
            }
        };
        self.counts.operations += 1;
        self.note(&operation);
        self.program.operations.push(operation.clone());
        Some(operation)
    }

    fn db(&self) -> Step<&Database> {
        self.db.as_ref().ok_or_else(|| Wrong("the database is not open".into()))
    }

    /// An operation outside of a transaction.
    fn operation(&mut self, operation: &Operation) -> Step {
        match operation {
            Operation::Create(schema) => {
                let verdict = self.committed.create(schema);
                if verdict.next.as_ref().is_some_and(|(next, _)| !next.tables.iter().all(|table| table.is_countless()))
                {
                    self.open.clear();
                }
                let schema = planted_schema(schema, self.bug);
                let done = self.db()?.create_table(&schema).map(|()| 0);
                self.statement(done, verdict)
            }
            Operation::Drop(name) => {
                let verdict = self.committed.drop_table(name);
                let done = self.db()?.drop_table(name).map(|()| 0);
                self.statement(done, verdict)
            }
            Operation::Insert { .. }
            | Operation::Update { .. }
            | Operation::Upsert { .. }
            | Operation::Delete { .. } => {
                let verdict = verdict(&self.committed, operation);
                if !verdict.is_decided {
                    self.counts.undecided += 1;
                    return Ok(());
                }
                let done = self.db()?.write(operation, self.bug);
                self.statement(done, verdict)
            }
            Operation::Ask(query) => {
                let expected = self.committed.answer(query);
                let found = self.db()?.ask(query);
                self.answered(found, expected)?;
                self.end_unit()
            }
            Operation::AskPrepared(query) => {
                let expected = self.committed.answer(query);
                let (ready, parameters) = self.prepared(query);
                let found = self.db()?.ask_prepared(&ready, &parameters);
                self.answered(found, expected)?;
                self.end_unit()
            }
            Operation::Open(isolation) => self.open_interactive(*isolation),
            Operation::Within { place, operation } => self.within(*place, operation),
            Operation::BackTo(_) | Operation::Release(_) => Ok(()),
            Operation::Begin(durability) => self.transaction(*durability),
            Operation::Savepoint | Operation::End(_) => Ok(()),
            Operation::Snapshot => self.keep(),
            Operation::Look => self.look(),
            Operation::Forget => {
                if !self.kept.is_empty() {
                    self.kept.remove(0);
                }
                Ok(())
            }
            Operation::Check => match self.armed {
                Some(_) => self.disarm(),
                None => self.everything(),
            },
            Operation::Sync => {
                let done = self.db()?.sync();
                if done.is_ok() {
                    self.settle();
                }
                self.upkeep(done)
            }
            Operation::Vacuum(pages) => {
                let done = self.db()?.vacuum_step(*pages).map(|_| ());
                self.upkeep(done)
            }
            Operation::Scrub(pages) => {
                let done = self.db()?.scrub_step(*pages).map(|_| ());
                self.upkeep(done)
            }
            Operation::Export => self.export(),
            Operation::Close(cache_bytes) => {
                self.cache_bytes = *cache_bytes;
                self.open.clear();
                let done = match self.db.take() {
                    Some(db) => db.close(),
                    None => Ok(()),
                };
                // They may outlive the database, but not another one on the same medium.
                self.look()?;
                self.kept.clear();
                match done {
                    Ok(()) => {
                        self.settle();
                        if self.armed.is_some() {
                            self.disarm()?
                        }
                    }
                    Err(error) if self.is_failure(&error) => {
                        self.met_failure(&error, None)?;
                        self.disarm()?;
                    }
                    Err(error) => return Err(Wrong(format!("closing says: {error}"))),
                }
                if self.db.is_none() { self.reopen() } else { Ok(()) }
            }
            Operation::Reopen(cache_bytes) => {
                self.cache_bytes = *cache_bytes;
                self.reopen()
            }
            Operation::Crash { after, seed } => self.arm_crash(*after, *seed),
            Operation::Fail { after, fault, is_lasting } => self.arm(*after, *fault, *is_lasting),
        }
    }

    /// Compares what a statement of its own came to, and goes on with what it left.
    fn statement(&mut self, done: wasm_dbms::Result<u64>, verdict: Verdict) -> Step {
        match done {
            Err(error) if self.is_failure(&error) => self.met_failure(&error, verdict.next.map(|(next, _)| next))?,
            done => {
                if let Some(next) = judged(done, verdict, &mut self.counts)? {
                    self.commit(next, Durability::Full);
                }
            }
        }
        self.end_unit()
    }

    fn answered(
        &mut self,
        found: wasm_dbms::Result<Answer>,
        expected: Result<crate::model::oracle::Expected, Refusal>,
    ) -> Step {
        match (found, expected) {
            (Err(error), _) if self.is_failure(&error) => self.met_failure(&error, None),
            (Ok(answer), Ok(expected)) => {
                self.counts.rows_asked += answer.rows.len() as u64;
                expected.check(&answer.rows).map_err(Wrong)
            }
            (Err(error), Err(refusal)) if Refusal::of(&error).as_ref() == Some(&refusal) => Ok(()),
            (Err(error), expected) => {
                let expected = expected.map(|expected| expected.row_count());
                Err(Wrong(format!("the question is refused ({error}) and should give {expected:?} rows")))
            }
            (Ok(answer), Err(refusal)) => {
                let count = answer.rows.len();
                Err(Wrong(format!("the question has {count} rows and should be refused: {refusal:?}")))
            }
        }
    }

    /// The prepared question of the form of one, and the parameters to ask it with.
    fn prepared(&mut self, query: &Query) -> (Arc<Prepared<Answer>>, Vec<Value>) {
        self.counts.prepared += 1;
        let (form, parameters) = with_parameters(query);
        if let Some((_, ready, first)) = self.prepared.iter().find(|(known, ..)| *known == form) {
            self.counts.prepared_again += 1;
            let is_stale = self.bug == Some(Bug::StaleParameters);
            return (Arc::clone(ready), if is_stale { first.clone() } else { parameters });
        }
        if self.prepared.len() >= PREPARED_MAX {
            self.prepared.remove(0);
        }
        let ready = Arc::new(Prepared::new(form.clone()));
        self.prepared.push((form, Arc::clone(&ready), parameters.clone()));
        (ready, parameters)
    }

    /// Counts what a statement is made of.
    fn note(&mut self, operation: &Operation) {
        let is_computed = |(_, value): &(String, Expr)| !matches!(value, Expr::Literal(_));
        match operation {
            Operation::Upsert { .. } => self.counts.upserted += 1,
            Operation::Update { values, .. } if values.iter().any(is_computed) => self.counts.computed += 1,
            _ => {}
        }
    }

    /// A commit was acknowledged.
    fn commit(&mut self, next: State, durability: Durability) {
        self.counts.commits += 1;
        self.committed = next.clone();
        self.later.push(next);
        if durability == Durability::Full {
            self.settle();
        }
    }

    /// What was committed is durable.
    fn settle(&mut self) {
        self.durable = self.committed.clone();
        self.later.clear();
    }

    /// A statement of its own or a transaction has ended: what was armed for it is over.
    fn end_unit(&mut self) -> Step {
        self.units += 1;
        if self.armed.is_some() {
            self.disarm()?;
        }
        if self.units.is_multiple_of(COMPARE_EVERY * CHECK_EVERY) {
            self.everything()
        } else if self.units.is_multiple_of(COMPARE_EVERY) {
            Ok(self.committed.compare(self.db()?)?)
        } else {
            Ok(())
        }
    }

    /// Compares and checks everything.
    fn everything(&mut self) -> Step {
        self.counts.checks += 1;
        let db = self.db()?;
        self.committed.compare(db)?;
        let findings = db.check().map_err(|error| Wrong(format!("the check says: {error}")))?;
        if findings.is_empty() { Ok(()) } else { Err(Wrong(format!("the check finds: {}", findings.join("; ")))) }
    }
}

/// What a statement that changes rows must come to.
fn verdict(state: &State, operation: &Operation) -> Verdict {
    match operation {
        Operation::Insert { table, columns, rows } => state.insert(table, columns, rows),
        Operation::Update { table, values, filter } => state.update(table, values, filter.as_ref()),
        Operation::Upsert { table, columns, rows, on, merge } => state.upsert(table, columns, rows, on, merge),
        Operation::Delete { table, filter } => state.delete(table, filter.as_ref()),
        _ => Verdict { next: None, refusals: vec![Refusal::Busy], is_decided: true, is_loose: false },
    }
}

/// Compares what a statement came to with what it must. Returns what stands afterwards, unless it was refused.
fn judged(done: wasm_dbms::Result<u64>, verdict: Verdict, counts: &mut Counts) -> Step<Option<State>> {
    match (done, verdict.next.as_ref().map(|(_, count)| *count)) {
        (Ok(found), Some(count)) if found == count => Ok(verdict.next.map(|(next, _)| next)),
        (Ok(found), Some(count)) => Err(Wrong(format!("it tells of {found} rows and should of {count}"))),
        (Ok(_), None) => Err(Wrong(format!("it goes well and should be refused: {:?}", verdict.refusals))),
        (Err(error), next) => {
            counts.refused += 1;
            let refusal = Refusal::of(&error);
            counts.broken_checks += u64::from(matches!(refusal, Some(Refusal::Check(_))));
            counts.broken_rules += u64::from(matches!(refusal, Some(Refusal::Validation(_))));
            if refusal.is_some_and(|refusal| verdict.allows(&refusal)) {
                return Ok(None);
            }
            let instead = if next.is_some() { "go well".to_owned() } else { format!("say {:?}", verdict.refusals) };
            Err(Wrong(format!("it is refused ({error}) and should {instead}")))
        }
    }
}

/// Whether it is the medium, or what the store says of it.
fn is_of_storage(error: &Error) -> bool {
    matches!(error, Error::Memory(_) | Error::MustRollBack(_))
}
