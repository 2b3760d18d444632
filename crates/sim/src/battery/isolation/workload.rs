//! Seeded transactions on one database, and what each of them read and wrote.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_dbms::prelude::*;
use wasm_dbms::{PlantedBug, Subscription};

use crate::battery::tally::lock;

/// Registers and lists of a database; half of the registers are there from the start.
pub(super) const KEYS: u64 = 12;

/// Values are told apart by whose they are: a transaction has so many at most.
const VALUES: u64 = 1000;

/// Transactions that are open at a time.
const OPEN: usize = 7;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "registers"]
struct Register {
    #[primary_key]
    id: u64,
    value: u64,
    #[index]
    kind: u64,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "lists"]
struct List {
    #[primary_key]
    id: u64,
    items: String,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "tickets"]
struct Ticket {
    #[primary_key]
    #[autoincrement]
    id: u64,
    transaction: u64,
}

#[derive(DatabaseSchema)]
#[tables(Register = "registers", List = "lists", Ticket = "tickets")]
struct Cells;

/// The kind of a value: what the index is on.
pub(super) fn kind(value: u64) -> u64 {
    value % 3
}

/// What a transaction did, with the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    ReadRegister(u64, Option<u64>),
    /// The registers from one key to before another.
    ReadRange(u64, u64, Vec<(u64, u64)>),
    /// The registers whose values are of a kind.
    ReadKind(u64, Vec<(u64, u64)>),
    CountRegisters(u64),
    WriteRegister(u64, u64),
    ReadList(u64, Vec<u64>),
    Append(u64, u64),
}

/// One transaction.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) steps: Vec<Step>,
    /// Values that it wrote and took back.
    pub(super) taken_back: Vec<u64>,
    /// How many had committed when it began; exact only on one thread.
    pub(super) began: usize,
    pub(super) is_committed: bool,
}

/// What happened on one database.
#[derive(Debug)]
pub(super) struct History {
    pub(super) isolation: Isolation,
    pub(super) transactions: Vec<Record>,
    /// The numbers of those that wrote and committed, in the order of their commits, where that is known.
    pub(super) order: Option<Vec<u64>>,
    /// The values of each register, as the change feed told them.
    pub(super) registers: Vec<Vec<u64>>,
    /// The lists in the end.
    pub(super) lists: Vec<Vec<u64>>,
    pub(super) conflicts: u64,
    /// What was wrong already while it happened.
    pub(super) findings: Vec<String>,
}

impl History {
    pub(super) fn committed(&self) -> usize {
        self.transactions.iter().filter(|record| record.is_committed).count()
    }
}

/// One database with its transactions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub(super) seed: u64,
    pub(super) transactions: u64,
    pub(super) isolation: Isolation,
    pub(super) is_threaded: bool,
    pub(super) bug: Option<PlantedBug>,
}

/// A transaction at work.
struct Open {
    tx: OptimisticTransaction,
    record: Record,
    values: u64,
    steps_left: u32,
}

fn parse(items: &str) -> Vec<u64> {
    items.split_terminator(',').filter_map(|item| item.parse().ok()).collect()
}

impl Open {
    fn new(db: &Database, round: &Round, number: u64, began: usize, steps: u32) -> Result<Self> {
        let tx = db.begin_with(BeginOptions::new().isolation(round.isolation).planted(round.bug))?;
        let record = Record { number, steps: Vec::new(), taken_back: Vec::new(), began, is_committed: false };
        Ok(Self { tx, record, values: 0, steps_left: steps })
    }

    fn new_value(&mut self) -> u64 {
        self.values += 1;
        self.record.number * VALUES + self.values
    }

    /// Does something; a savepoint may take it back.
    fn step(&mut self, random: &mut fastrand::Rng) -> Result<()> {
        self.steps_left = self.steps_left.saturating_sub(1);
        if random.u8(..12) > 0 {
            return self.act(random);
        }
        let mark = self.record.steps.len();
        let taken_back = random.bool();
        let Self { tx, record, values, .. } = self;
        let (mut value, key) = (record.number * VALUES + *values + 1, random.u64(..KEYS));
        *values += 2;
        let result = tx.savepoint(|tx| {
            write(tx, key, value)?;
            record.steps.push(Step::WriteRegister(key, value));
            value += 1;
            append(tx, key, value, &mut record.steps)?;
            if taken_back { Err(Error::other("taken back")) } else { Ok(()) }
        });
        match result {
            Err(Error::Other(_)) => {
                record.taken_back.extend([value - 1, value]);
                // What it read inside it has read all the same; none of its writes is there.
                record.steps.truncate(mark);
                Ok(())
            }
            result => result,
        }
    }

    fn act(&mut self, random: &mut fastrand::Rng) -> Result<()> {
        let key = random.u64(..KEYS);
        let pair = |register: Register| (register.id, register.value);
        let tx = &self.tx;
        let step = match random.u8(..12) {
            0 | 1 => Step::ReadRegister(key, tx.get::<Register>(key)?.map(|register| register.value)),
            2 => {
                let to = random.u64(key..=KEYS);
                let within = Register::ID.ge(key).and(Register::ID.lt(to));
                let rows = tx.select::<Register>().filter(within).all()?;
                Step::ReadRange(key, to, rows.into_iter().map(pair).collect())
            }
            3 => {
                let rows = tx.select::<Register>().filter(Register::KIND.eq(kind(key))).all()?;
                let mut rows: Vec<_> = rows.into_iter().map(pair).collect();
                rows.sort_unstable();
                Step::ReadKind(kind(key), rows)
            }
            4 => Step::CountRegisters(tx.select::<Register>().count()?),
            5..8 => {
                let value = self.new_value();
                write(&self.tx, key, value)?;
                Step::WriteRegister(key, value)
            }
            8 | 9 => {
                let items = tx.get::<List>(key)?.map(|list| parse(&list.items)).unwrap_or_default();
                Step::ReadList(key, items)
            }
            10 => {
                let value = self.new_value();
                return append(&self.tx, key, value, &mut self.record.steps);
            }
            _ => {
                let transaction = self.record.number;
                let id = self.tx.insert(&NewTicket { transaction, ..Default::default() })?;
                // The ticket must be there, and its own.
                let ticket = self.tx.get::<Ticket>(id)?;
                return match ticket {
                    Some(ticket) if ticket.transaction == transaction => Ok(()),
                    _ => Err(Error::other(format!("ticket {id} is {ticket:?}"))),
                };
            }
        };
        self.record.steps.push(step);
        Ok(())
    }

    fn end(self, random: &mut fastrand::Rng) -> (Record, Option<Error>) {
        let Self { tx, mut record, .. } = self;
        if random.u8(..10) == 0 {
            tx.rollback();
            return (record, None);
        }
        let result = tx.commit(Durability::Full);
        record.is_committed = result.is_ok();
        (record, result.err())
    }
}

fn write(tx: &OptimisticTransaction, key: u64, value: u64) -> Result<()> {
    let update = tx.update_key::<Register>(key).set(Register::VALUE, value).set(Register::KIND, kind(value));
    if !update.run()? {
        tx.insert(&Register { id: key, value, kind: kind(value) })?;
    }
    Ok(())
}

fn append(tx: &OptimisticTransaction, key: u64, value: u64, steps: &mut Vec<Step>) -> Result<()> {
    let items = tx.get::<List>(key)?.map(|list| list.items).unwrap_or_default();
    steps.push(Step::ReadList(key, parse(&items)));
    tx.update_key::<List>(key).set(List::ITEMS, format!("{items}{value},")).run()?;
    steps.push(Step::Append(key, value));
    Ok(())
}

/// The values of each register, in the order that the feed tells them.
fn told(feed: &mut Subscription) -> Result<Vec<Vec<u64>>> {
    let mut registers = vec![Vec::new(); KEYS as usize];
    while let Some(change) = feed.try_next()? {
        let values = change.new.unwrap_or_default();
        let number = |place: usize| values.get(place).and_then(|value| value.as_ref().as_i128()).unwrap_or(0) as u64;
        if let Some(register) = registers.get_mut(number(0) as usize) {
            register.push(number(1));
        }
    }
    Ok(registers)
}

impl Round {
    /// Runs everything. What should not happen at all is among the findings.
    pub(super) fn run(&self, beat: &(dyn Fn() + Sync)) -> History {
        let history = History {
            isolation: self.isolation,
            transactions: Vec::new(),
            order: None,
            registers: Vec::new(),
            lists: Vec::new(),
            conflicts: 0,
            findings: Vec::new(),
        };
        let history = Mutex::new(history);
        if let Err(error) = self.run_on(&history, beat) {
            lock(&history).findings.push(format!("an error: {error}"));
        }
        history.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn run_on(&self, history: &Mutex<History>, beat: &(dyn Fn() + Sync)) -> Result<()> {
        let db = Database::in_memory().with_schema::<Cells>()?;
        db.insert_many(&(0..KEYS / 2).map(|id| Register { id, value: 0, kind: 0 }).collect::<Vec<_>>())?;
        db.insert_many(&(0..KEYS).map(|id| List { id, items: String::new() }).collect::<Vec<_>>())?;
        let mut feed = db.subscribe([Topic::table("registers")])?;
        let next = AtomicU64::new(1);
        if self.is_threaded {
            std::thread::scope(|scope| {
                for thread in 0..3 {
                    let (db, next) = (&db, &next);
                    scope.spawn(move || {
                        let random = fastrand::Rng::with_seed(self.seed ^ (thread << 60));
                        if let Err(error) = self.interleave(db, 2, next, random, history, beat) {
                            lock(history).findings.push(format!("an error: {error}"));
                        }
                    });
                }
            });
        } else {
            lock(history).order = Some(Vec::new());
            self.interleave(&db, OPEN, &next, fastrand::Rng::with_seed(self.seed), history, beat)?;
        }
        let mut history = lock(history);
        history.registers = told(&mut feed)?;
        history.lists = db.select::<List>().all()?.iter().map(|list| parse(&list.items)).collect();
        let mut tickets: Vec<u64> = db.select::<Ticket>().all()?.iter().map(|ticket| ticket.id).collect();
        let count = tickets.len();
        tickets.dedup();
        if tickets.len() < count {
            history.findings.push("a ticket was drawn twice".into());
        }
        history.findings.extend(db.check()?);
        Ok(())
    }

    /// Runs transactions, several at a time, each step of one of them.
    fn interleave(
        &self,
        db: &Database,
        open_max: usize,
        next: &AtomicU64,
        mut random: fastrand::Rng,
        history: &Mutex<History>,
        beat: &(dyn Fn() + Sync),
    ) -> Result<()> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            if open.len() < open_max {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number <= self.transactions {
                    let began = lock(history).order.as_ref().map_or(0, Vec::len);
                    open.push(Open::new(db, self, number, began, random.u32(1..7))?);
                    continue;
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            let place = random.usize(..open.len());
            let Some(one) = open.get_mut(place) else { continue };
            if one.steps_left > 0 {
                one.step(&mut random)?;
                continue;
            }
            beat();
            let (record, error) = open.swap_remove(place).end(&mut random);
            let mut history = lock(history);
            match error {
                Some(error) if error.is_conflict() => history.conflicts += 1,
                Some(error) => history.findings.push(format!("transaction {}: {error}", record.number)),
                None => {}
            }
            if record.is_committed && record.steps.iter().any(Step::is_write) {
                let number = record.number;
                history.order.iter_mut().for_each(|order| order.push(number));
            }
            history.transactions.push(record);
        }
    }
}

impl Step {
    pub(super) fn is_write(&self) -> bool {
        matches!(self, Self::WriteRegister(..) | Self::Append(..))
    }
}
