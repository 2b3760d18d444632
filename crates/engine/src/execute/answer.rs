//! From joined rows to the answer: grouping, what is distinct, order, offset, limit. Rows are handed on one by one; only
//! what must be seen in full is kept, and past its limit that goes to scratch space.

use wasm_dbms_api::{Value, ValueRef};
use wasm_dbms_memory::{KeyRange, MemoryAccess};

use crate::Error;
use crate::codec::key;
use crate::codec::record::{Reader, Writer};
use crate::core::Core;
use crate::error::Fallible;
use crate::execute::distinct::Distinct;
use crate::execute::output::OutputRow;
use crate::execute::rows::{Needs, Next};
use crate::execute::settle::{holds, settle};
use crate::execute::sort::{Sorted, Sorter, sort_key};
use crate::execute::spool::{Spool, SpoolReader, broken, forget, push_record, record_at};
use crate::execute::threshold::Threshold;
use crate::execute::{Frame, RowStream, derived, groups};
use crate::full::IS_FULL;
use crate::plan::{Access, BoundExpr, Context, Derived, Plan, PlanSource, Rows, Scope};

/// Everything that a plan without grouping answers, each row made by `make`.
pub(crate) fn collect<T>(
    core: &mut Core,
    plan: &Plan,
    rows: &mut RowStream<'_>,
    make: &mut dyn FnMut(&Frame) -> Fallible<T>,
) -> Fallible<Vec<T>> {
    let mut made = Vec::new();
    for_each(core, plan, rows, &mut |frame| {
        made.push(make(frame)?);
        Ok(())
    })?;
    Ok(made)
}

/// Calls `visit` with each row of a plan without grouping.
pub(crate) fn for_each(
    core: &mut Core,
    plan: &Plan,
    rows: &mut RowStream<'_>,
    visit: &mut dyn FnMut(&Frame) -> Fallible<()>,
) -> Fallible<()> {
    if plan.order.is_empty() {
        for _ in 0..plan.offset {
            if !rows.next(core)? {
                return Ok(());
            }
        }
        let mut remaining = plan.limit.unwrap_or(u64::MAX);
        loop {
            rows.visit_kept(core, &mut remaining, visit)?;
            if remaining == 0 || !rows.next(core)? {
                return Ok(());
            }
            remaining -= 1;
            visit(&rows.frame)?;
        }
    }
    let mut sorted = SortedFrames::new(core, plan, rows)?;
    while sorted.next(core)? {
        visit(&sorted.frame)?;
    }
    Ok(())
}

/// The rows before the limit and past the offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    skip: u64,
    remaining: u64,
}

impl Window {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self { skip: plan.offset, remaining: plan.limit.unwrap_or(u64::MAX) }
    }

    /// Whether more rows are wanted.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.remaining > 0
    }

    /// Whether the row at hand is one of them.
    #[inline]
    pub(crate) fn passes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match self.remaining.checked_sub(1) {
            Some(remaining) => {
                self.remaining = remaining;
                true
            }
            None => false,
        }
    }
}

/// The rows of a plan that had to be put in order.
#[derive(Debug)]
pub(crate) struct SortedFrames {
    pub(crate) frame: Frame,
    sorted: Sorted,
    window: Window,
}

impl SortedFrames {
    pub(crate) fn new(core: &mut Core, plan: &Plan, rows: &mut RowStream<'_>) -> Fallible<Self> {
        let mut sorter = Sorter::new(plan, &core.store.scratch_space());
        let mut threshold = Threshold::new(plan, rows);
        let mut key = Vec::new();
        while rows.next(core)? {
            let frame = &rows.frame;
            sort_key(&plan.order, Context::Frame(frame), &mut key)?;
            if let (Some(slot), Some(threshold)) =
                (sorter.offer(&key, &mut |bytes| frame.write(bytes))?, &mut threshold)
            {
                threshold.follow(slot, &sorter, rows);
            }
        }
        Ok(Self { frame: std::mem::take(&mut rows.frame), sorted: sorter.finish()?, window: Window::of(plan) })
    }

    /// Goes to the next row. Returns whether there is one.
    pub(crate) fn next(&mut self, core: &Core) -> Fallible<bool> {
        while self.window.is_open()
            && let Some(row) = self.sorted.next()?
        {
            core.meter.check_interrupt()?;
            if self.window.passes() {
                self.frame.read(row)?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The key of each row of a plan over one table; with what its outputs come to, where they are asked for. The rows
/// [need keys](Needs::Keys).
pub(crate) fn keys_and_outputs(
    core: &mut Core,
    plan: &Plan,
    rows: &mut RowStream<'_>,
    has_outputs: bool,
) -> Fallible<Vec<(Vec<u8>, Vec<Value>)>> {
    if plan.grouping.is_some() || !matches!(plan.sources.first(), Some(PlanSource { rows: Rows::Table(_), .. })) {
        return Err(Error::query(format_args!("an aggregate or a window cannot stand in a change of rows")));
    }
    let mut found = Vec::new();
    while rows.next(core)? {
        let context = Context::Frame(&rows.frame);
        let values = if has_outputs { OutputRow::of(core, plan, context)?.into_values()? } else { Vec::new() };
        if let Some(row) = rows.frame.sources.first() {
            found.push((row.key.clone(), values));
        }
    }
    rows.tell(core, found.len() as u64);
    Ok(found)
}

/// How many rows a plan answers.
pub(crate) fn count(core: &mut Core, plan: &Plan, scope: Scope) -> Fallible<u64> {
    // A table's own count, where nothing chooses among its rows.
    if let [step] = &*plan.steps
        && step.filters.is_empty()
        && step.asking.is_empty()
        && step.access == Access::Scan
        && plan.answers_rows()
        && plan.gate.is_empty()
        && let Some(PlanSource { rows: Rows::Table(relation), .. }) = plan.sources.first()
    {
        let crate::catalog::TreeHead { tree, rows, .. } = core.catalog.relation(*relation)?.table;
        core.store.note_read(tree.id(), KeyRange::From(&[], None));
        return Ok(rows.saturating_sub(plan.offset).min(plan.limit.unwrap_or(u64::MAX)));
    }
    let mut rows = RowStream::new(&core.catalog, plan, scope, Needs::Count)?;
    let end = plan.offset.saturating_add(plan.limit.unwrap_or(u64::MAX));
    let mut found = 0u64;
    while found < end {
        found += match rows.next_many(core, true)? {
            Next::End => break,
            Next::Row => 1,
            Next::Columns => rows.columns().map_or(0, |columns| columns.len() as u64),
        };
    }
    Ok(found.min(end).saturating_sub(plan.offset))
}

/// Everything that a plan without parameters answers, as values.
pub(crate) fn values(core: &mut Core, plan: &Plan) -> Fallible<Vec<Vec<Value>>> {
    let mut rows = RowStream::new(&core.catalog, plan, Scope::default(), Needs::Outputs)?;
    values_of(core, plan, &mut rows)
}

/// Everything that a plan answers from these rows, which [need its outputs](Needs::Outputs).
pub(crate) fn values_of(core: &mut Core, plan: &Plan, rows: &mut RowStream<'_>) -> Fallible<Vec<Vec<Value>>> {
    let mut made = Vec::new();
    each_of(core, plan, rows, &mut |_, row| {
        made.push(row.into_values()?);
        Ok(true)
    })?;
    Ok(made)
}

/// The answer of a plan, kept outside of memory if it is long.
#[derive(Debug)]
pub(crate) struct SpooledRows {
    rows: Spool,
    /// How many values a row has.
    width: usize,
    reader: SpoolReader,
    at: u64,
}

impl SpooledRows {
    pub(crate) fn new(core: &mut Core, plan: &Plan, scope: Scope) -> Fallible<Self> {
        let (mut rows, mut bytes) = (Spool::new(&core.store.scratch_space()), Vec::new());
        each(core, plan, scope, &mut |_, row| {
            row.write(&mut bytes)?;
            rows.push((&[], &bytes))?;
            forget(&mut bytes);
            Ok(true)
        })?;
        Ok(Self { rows, width: plan.outputs.len(), reader: SpoolReader::default(), at: 0 })
    }

    pub(crate) fn next(&mut self) -> Fallible<Option<Vec<Value>>> {
        self.rows.read(&mut self.at, &mut self.reader)?.map(|(_, row)| decoded(row, self.width)).transpose()
    }
}

/// Where rows of an answer go. Says whether more are wanted.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(&mut Core, OutputRow<'_>) -> Fallible<bool>;

/// Calls `sink` with each row that a plan answers, of a query that is asked inside another or with parameters.
pub(crate) fn each(core: &mut Core, plan: &Plan, scope: Scope, sink: Sink<'_>) -> Fallible<()> {
    let mut rows = RowStream::new(&core.catalog, plan, scope, Needs::Outputs)?;
    each_of(core, plan, &mut rows, sink)
}

/// Calls `sink` with each row that a plan answers from these rows, which [need its outputs](Needs::Outputs).
pub(crate) fn each_of(core: &mut Core, plan: &Plan, rows: &mut RowStream<'_>, sink: Sink<'_>) -> Fallible<()> {
    let mut answer = Answering {
        plan,
        distinct: plan.is_distinct.then(|| Distinct::new(&core.store.scratch_space())),
        sorter: (!plan.order.is_empty()).then(|| Sorter::new(plan, &core.store.scratch_space())),
        window: Window::of(plan),
        key: Vec::new(),
        order: Vec::new(),
        answered: 0,
        sink,
    };
    if !answer.window.is_open() && plan.grouping.is_none() {
        return Ok(());
    }
    if let Some(derived) = handed_on(core, plan) {
        derived::stream(core, derived, &rows.frame.scope, &mut |core, row| answer.give(core, row))?;
    } else if let Some(grouping) = &plan.grouping {
        groups::each(core, plan, grouping, rows, &mut |core, context| Ok(answer.offer(core, context)?.0))?;
    } else {
        let is_free = !plan.is_distinct && plan.having.is_empty();
        let mut threshold = if is_free { Threshold::new(plan, rows) } else { None };
        while rows.next(core)? {
            let (wants_more, slot) = answer.offer(core, Context::Frame(&rows.frame))?;
            if !wants_more {
                break;
            }
            if let (Some(slot), Some(threshold), Some(sorter)) = (slot, &mut threshold, &answer.sorter) {
                threshold.follow(slot, sorter, rows);
            }
        }
    }
    answer.finish(core)?;
    let answered = answer.answered;
    rows.tell(core, answered);
    Ok(())
}

/// The source whose rows are the answer just as they are made, but for the limit: they are not kept in between. Who wants
/// to know what the steps come to has them walked.
fn handed_on<'p>(core: &Core, plan: &'p Plan) -> Option<&'p Derived> {
    let ([step], [PlanSource { rows: Rows::Derived(derived), .. }]) = (&*plan.steps, plan.sources.as_slice()) else {
        return None;
    };
    let is_same = |(number, output): (usize, &BoundExpr)| match output {
        BoundExpr::Column { column, .. } => *column == number,
        _ => false,
    };
    let is_whole = step.access == Access::Scan
        && step.filters.is_empty()
        && step.asking.is_empty()
        && step.after.is_none()
        && plan.gate.is_empty()
        && plan.is_walk()
        && plan.outputs.len() == derived.relation.schema.columns.len()
        && plan.outputs.iter().enumerate().all(is_same);
    (IS_FULL && is_whole && core.observed.is_none() && derived::is_streamed(derived)).then_some(derived)
}

/// Rows on their way to the answer.
struct Answering<'p, 's> {
    plan: &'p Plan,
    distinct: Option<Distinct>,
    sorter: Option<Sorter>,
    window: Window,
    key: Vec<u8>,
    order: Vec<u8>,
    /// How many rows went to the sink.
    answered: u64,
    sink: Sink<'s>,
}

impl Answering<'_, '_> {
    /// Takes a row. Returns whether more are wanted, and the slot of the sort that it was put into.
    fn offer(&mut self, core: &mut Core, context: Context<'_>) -> Fallible<(bool, Option<usize>)> {
        let plan = self.plan;
        for condition in &plan.having {
            if !holds(core, plan, condition, context)? {
                return Ok((true, None));
            }
        }
        if self.sorter.is_some() {
            for key in &plan.order {
                settle(core, plan, &key.expr, context)?;
            }
            sort_key(&plan.order, context, &mut self.order)?;
        }
        if let Some(distinct) = &mut self.distinct {
            let row = OutputRow::of(core, plan, context)?.into_values()?;
            let row = OutputRow::Made(row);
            equality_key(&row.values()?, &mut self.key);
            let order = &self.order;
            let mut record = |bytes: &mut Vec<u8>| {
                let mut own = Vec::new();
                row.write(&mut own)?;
                push_record(bytes, (order, &own))
            };
            if !distinct.is_new(&self.key, &mut record)? {
                return Ok((true, None));
            }
            if let Some(sorter) = &mut self.sorter {
                sorter.offer(&self.order, &mut |bytes| row.write(bytes))?;
                return Ok((true, None));
            }
            return Ok((self.give(core, row)?, None));
        }
        match &mut self.sorter {
            Some(sorter) => {
                let mut make = |bytes: &mut Vec<u8>| OutputRow::of(core, plan, context)?.write(bytes);
                Ok((true, sorter.offer(&self.order, &mut make)?))
            }
            None => {
                // What the offset leaves out is not computed.
                if !self.window.passes() {
                    return Ok((self.window.is_open(), None));
                }
                self.answered += 1;
                let row = OutputRow::of(core, plan, context)?;
                let wants_more = (self.sink)(core, row)?;
                Ok((wants_more && self.window.is_open(), None))
            }
        }
    }

    /// Hands a row on. Returns whether more are wanted.
    fn give(&mut self, core: &mut Core, row: OutputRow<'_>) -> Fallible<bool> {
        if self.window.passes() {
            self.answered += 1;
            if !(self.sink)(core, row)? {
                return Ok(false);
            }
        }
        Ok(self.window.is_open())
    }

    /// Hands on a row that was made these bytes.
    fn give_again(&mut self, core: &mut Core, row: &[u8]) -> Fallible<bool> {
        let row = decoded(row, self.plan.outputs.len())?;
        self.give(core, OutputRow::Made(row))
    }

    /// Hands on what was waiting for the last row.
    fn finish(&mut self, core: &mut Core) -> Fallible<()> {
        if let Some(distinct) = self.distinct.take().filter(|_| self.window.is_open()) {
            let mut late = distinct.finish()?;
            while late.next()? {
                core.meter.check_interrupt()?;
                let (order, row) = record_at(late.payload(), 0).ok_or_else(broken)?;
                let wants_more = match &mut self.sorter {
                    None => self.give_again(core, row)?,
                    Some(sorter) => {
                        sorter.offer(order, &mut |bytes| {
                            bytes.extend_from_slice(row);
                            Ok(())
                        })?;
                        true
                    }
                };
                if !wants_more {
                    break;
                }
            }
        }
        let Some(sorter) = self.sorter.take() else { return Ok(()) };
        let mut sorted = sorter.finish()?;
        while let Some(row) = sorted.next()? {
            core.meter.check_interrupt()?;
            if !self.give_again(core, row)? {
                break;
            }
        }
        Ok(())
    }
}

/// Bytes that are the same exactly for rows whose values are equal, NULL with NULL.
pub(crate) fn equality_key(values: &[ValueRef<'_>], key: &mut Vec<u8>) {
    key.clear();
    for value in values {
        key::push_nullable(key, *value);
    }
}

/// Values as bytes.
pub(crate) fn encoded(values: &[Value]) -> Vec<u8> {
    let mut bytes = Writer::default();
    values.iter().for_each(|value| bytes.value(value.as_ref()));
    bytes.0
}

/// The values that were made these bytes, about so many.
pub(crate) fn decoded(bytes: &[u8], width: usize) -> Fallible<Vec<Value>> {
    let (mut bytes, mut values) = (Reader::new(bytes), Vec::with_capacity(width));
    while !bytes.is_at_end() {
        values.push(bytes.value());
    }
    bytes.finish().map_err(|_| broken())?;
    Ok(values)
}
