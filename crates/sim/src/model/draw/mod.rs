//! Draws programs: what comes next suits the tables at hand, and sometimes does not.

mod expr;
mod question;
mod rows;
mod schema;
mod value;

use fastrand::Rng;
use wasm_dbms::{ColumnSchema, DataType, Durability, Isolation, Query, Value};

use crate::faults::Fault;
use crate::model::draw::value::VARIANTS;
use crate::model::oracle::{State, Table};
use crate::model::program::with_literals;
use crate::model::{End, Operation, Setup};

/// What a program is made of most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    /// Statements by themselves.
    Rows,
    /// Tables that refer to each other.
    References,
    /// Tables that come and go.
    Schemas,
    /// Power that fails, calls that fail, processes that die.
    Failures,
    /// Many rows, long values, caches as small as can be.
    Large,
    /// Transactions and savepoints, snapshots beside them.
    Transactions,
    /// Interactive transactions, many at once.
    Interactive,
}

const THEMES: [Theme; 14] = [
    Theme::Rows,
    Theme::Rows,
    Theme::Rows,
    Theme::References,
    Theme::References,
    Theme::References,
    Theme::Schemas,
    Theme::Failures,
    Theme::Failures,
    Theme::Large,
    Theme::Transactions,
    Theme::Transactions,
    Theme::Interactive,
    Theme::Interactive,
];

/// Draws the operations of one program.
#[derive(Debug)]
pub(crate) struct Draw {
    random: Rng,
    theme: Theme,
    /// Whether long values are drawn.
    is_long: bool,
    /// How many tables there may be.
    tables_max: usize,
    /// From so many rows on rows go rather than come.
    rows_max: usize,
    /// Questions that are prepared.
    prepared: Vec<Query>,
}

/// Where a program stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// How many savepoints are open, the transaction counted; 0 outside of one.
    pub(crate) depth: usize,
    /// How many snapshots are kept.
    pub(crate) snapshots: usize,
}

/// An interactive transaction that is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// What stands in it.
    pub(crate) state: &'a State,
    /// How many savepoints are open in it.
    pub(crate) savepoints: usize,
}

/// So many interactive transactions are open at most.
const OPEN_MAX: usize = 4;

/// The deepest savepoint that is drawn, the transaction counted.
const DEPTH_MAX: usize = 4;

impl Draw {
    pub(crate) fn new(seed: u64) -> (Self, Setup) {
        let mut random = Rng::with_seed(seed);
        let theme = pick(&mut random, THEMES);
        let is_long = theme == Theme::Large || random.u8(..8) == 0;
        let setup = Setup {
            page_size: if random.u8(..6) == 0 { pick(&mut random, [8, 16, 64]) << 10 } else { 4096 },
            cache_bytes: if theme == Theme::Large || random.u8(..4) == 0 { 0 } else { 64 << 20 },
            database_id: random.u64(..),
        };
        let tables_max = random.usize(1..5);
        let rows_max = if theme == Theme::Large { random.usize(60..300) } else { random.usize(6..32) };
        (Self { random, theme, is_long, tables_max, rows_max, prepared: Vec::new() }, setup)
    }

    /// The next operation.
    pub(crate) fn next(&mut self, state: &State, place: Place, beside: &[Beside<'_>]) -> Operation {
        if place.depth == 0 && self.theme == Theme::Interactive && !state.tables.is_empty() {
            let opens = beside.len() < OPEN_MAX && self.once_in(12);
            if opens {
                return Operation::Open(if self.once_in(3) { Isolation::Snapshot } else { Isolation::Serializable });
            }
            let any = self.random.usize(..beside.len().max(1));
            if let Some(beside) = beside.get(any).filter(|_| self.random.u8(..10) < 7) {
                return Operation::Within { place: any, operation: self.within(beside).into() };
            }
        }
        if place.depth == 0 && (state.tables.is_empty() || self.wants_table(state)) {
            return Operation::Create(self.schema(state));
        }
        if place.depth > 0 {
            return self.inside(state, place);
        }
        let theme = self.theme;
        let is = |other: Theme| theme == other;
        let begin = if is(Theme::Transactions) { 140 } else { 60 };
        let failures = if is(Theme::Failures) { 40 } else { 4 };
        let weights = [
            (begin, 0),
            (failures, 1),
            (failures, 2),
            (failures / 2, 3),
            (4, 4),
            (if is(Theme::Transactions) { 24 } else { 8 }, 5),
            (8, 6),
            (if is(Theme::Schemas) { 60 } else { 6 }, 7),
            (3, 8),
            (4, 9),
        ];
        let mut drawn = self.random.u32(..1000);
        let choice = weights.iter().find(|(weight, _)| match drawn.checked_sub(*weight) {
            Some(left) => {
                drawn = left;
                false
            }
            None => true,
        });
        match choice.map(|(_, choice)| choice) {
            Some(0) => Operation::Begin(self.durability()),
            Some(1) => Operation::Crash { after: self.calls(), seed: self.random.u64(..) },
            Some(2) => {
                Operation::Fail { after: self.calls(), fault: self.pick(Fault::ALL), is_lasting: self.random.bool() }
            }
            Some(3) => Operation::Reopen(self.cache_bytes()),
            Some(4) => Operation::Close(self.cache_bytes()),
            Some(5) => self.snapshot(place),
            Some(6) => match self.random.u8(..3) {
                0 => Operation::Sync,
                1 => Operation::Vacuum(self.random.usize(1..40)),
                _ => Operation::Scrub(self.random.usize(1..40)),
            },
            Some(7) => self.comes_or_goes(state),
            Some(8) => Operation::Export,
            Some(9) => self.out_of_place(),
            _ => self.statement(state),
        }
    }

    fn wants_table(&mut self, state: &State) -> bool {
        state.tables.len() < self.tables_max && self.random.u8(..4) == 0
    }

    fn inside(&mut self, state: &State, place: Place) -> Operation {
        match self.random.u8(..100) {
            0..12 => Operation::End(End::Keep),
            12..15 => Operation::End(End::Error),
            15..17 => Operation::End(End::Panic),
            17..23 if place.depth < DEPTH_MAX => Operation::Savepoint,
            23..25 => self.snapshot(place),
            25 => self.out_of_place(),
            _ => self.statement(state),
        }
    }

    /// An operation in an interactive transaction.
    fn within(&mut self, beside: &Beside<'_>) -> Operation {
        let savepoints = beside.savepoints;
        match self.random.u8(..100) {
            0..9 => Operation::End(End::Keep),
            9..11 => Operation::End(End::Error),
            11..17 if savepoints < DEPTH_MAX => Operation::Savepoint,
            17..22 if savepoints > 0 => Operation::BackTo(self.random.usize(..savepoints)),
            22..25 if savepoints > 0 => Operation::Release(self.random.usize(..savepoints)),
            25 => Operation::Check,
            26 => Operation::BackTo(savepoints),
            _ => self.statement(beside.state),
        }
    }

    /// What is refused inside a transaction, or does nothing outside of one.
    fn out_of_place(&mut self) -> Operation {
        match self.random.u8(..9) {
            0 => Operation::End(End::Keep),
            1 => Operation::Savepoint,
            2 => Operation::Sync,
            3 => Operation::Vacuum(1),
            4 => Operation::Scrub(1),
            5 => Operation::Export,
            6 => Operation::Begin(Durability::Full),
            7 => Operation::Drop("t0".to_owned()),
            _ => Operation::Check,
        }
    }

    fn snapshot(&mut self, place: Place) -> Operation {
        match place.snapshots {
            0 => Operation::Snapshot,
            _ => match self.random.u8(..10) {
                0..5 if place.snapshots < 3 => Operation::Snapshot,
                0..8 => Operation::Look,
                _ => Operation::Forget,
            },
        }
    }

    fn statement(&mut self, state: &State) -> Operation {
        let tables = &state.tables;
        let Some(table) = tables.get(self.random.usize(..tables.len().max(1))) else {
            return Operation::Check;
        };
        let is_full = table.rows().len() >= self.rows_max;
        let insert = if is_full { 15 } else { 52 };
        match self.random.u8(..100) {
            drawn if drawn < insert => self.insert(state, table),
            drawn if drawn < 52 => self.delete(table),
            52..57 => self.upsert(state, table).unwrap_or(Operation::Check),
            57..74 => self.update(state, table),
            74..80 => self.delete(table),
            80..86 => Operation::AskPrepared(self.prepared(state, table).into()),
            _ => Operation::Ask(self.question(state, table).into()),
        }
    }

    /// A question of a form that may have been asked before.
    fn prepared(&mut self, state: &State, table: &Table) -> Query {
        if self.random.bool()
            && let Some(mut known) = self.one_of(&self.prepared.clone()).cloned()
        {
            known.filter =
                known.filter.map(|filter| with_literals(&filter, &mut |value| self.other_value(value.clone()).into()));
            return known;
        }
        let query = self.question(state, table);
        if self.prepared.len() > 8 {
            self.prepared.remove(0);
        }
        self.prepared.push(query.clone());
        query
    }

    /// Another value of the type of one.
    fn other_value(&mut self, value: Value) -> Value {
        if self.once_in(16) {
            return Value::Null;
        }
        match &value {
            _ if self.random.bool() => value,
            Value::Bool(_) => Value::from(self.random.bool()),
            Value::Integer(_) | Value::Unsigned(_) => self.value(DataType::I64),
            Value::Float(_) => self.value(DataType::F64),
            Value::Decimal(_) => self.value(DataType::Decimal),
            Value::Date(_) => self.value(DataType::Date),
            Value::Text(text) if !VARIANTS.contains(&text.as_str()) => self.value(DataType::Text),
            _ => value,
        }
    }

    fn comes_or_goes(&mut self, state: &State) -> Operation {
        let any = state.tables.get(self.random.usize(..state.tables.len().max(1)));
        match (self.random.u8(..10), any) {
            (0..6, Some(table)) => Operation::Drop(table.name().to_owned()),
            (6, _) => Operation::Drop("no such table".to_owned()),
            (7, Some(table)) => Operation::Create(table.schema().clone()),
            (8, _) => Operation::Create(self.wrong_schema(state)),
            _ if state.tables.len() < 8 => Operation::Create(self.schema(state)),
            _ => Operation::Check,
        }
    }

    fn durability(&mut self) -> Durability {
        match self.random.u8(..10) {
            0..5 => Durability::Full,
            5..9 => Durability::Eventual,
            _ => Durability::None,
        }
    }

    fn cache_bytes(&mut self) -> usize {
        if self.random.bool() { 0 } else { 1 << self.random.u32(17..26) }
    }

    fn calls(&mut self) -> u64 {
        if self.random.bool() { self.random.u64(..4) } else { self.random.u64(..20) }
    }

    fn pick<T: Copy, const COUNT: usize>(&mut self, all: [T; COUNT]) -> T {
        pick(&mut self.random, all)
    }

    /// One of these, if there is one.
    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.random.usize(..all.len().max(1)))
    }

    /// Once in so many times.
    fn once_in(&mut self, times: u32) -> bool {
        self.random.u32(..times) == 0
    }

    fn any_column<'a>(&mut self, table: &'a Table) -> Option<&'a ColumnSchema> {
        self.one_of(&table.schema().columns)
    }
}

#[expect(clippy::indexing_slicing, reason = "the place is drawn below the length")]
fn pick<T: Copy, const COUNT: usize>(random: &mut Rng, all: [T; COUNT]) -> T {
    all[random.usize(..COUNT)]
}
