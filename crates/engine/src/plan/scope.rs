//! What is the same for all rows of one asking: the row of the query around, values made on the way.

use std::cell::RefCell;
use std::sync::Arc;

use wasm_dbms_api::{Value, ValueRef};

use crate::Error;
use crate::codec::record::Writer;
use crate::error::Fallible;
use crate::execute::Spool;
use crate::function::Arena;
use crate::numbering::Numbering;
use crate::plan::broken_row;

/// What an expression needs besides rows.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The values of the parameters, in the order of the [template](crate::plan::Template) that knows them.
    pub(crate) parameters: Arc<Vec<Value>>,
    /// What the query around gives of its row.
    pub(crate) outer: Vec<Value>,
    pub(crate) arena: Arena,
    failure: RefCell<Option<Failure>>,
    answers: RefCell<Answers>,
    /// The rows found last by queries that name themselves, by number.
    working: Option<Arc<Working>>,
}

/// The rows that a query which names itself found last, by its number, and those of the queries around it.
#[derive(Debug)]
struct Working {
    number: usize,
    rows: Arc<Spool>,
    before: Option<Arc<Self>>,
}

/// Why an expression has no value.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(Box<Error>),
    /// The answer of this subquery for these values is not known yet.
    Unanswered(usize, Vec<Value>),
}

/// What a subquery answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Whether there is a row; its one value; NULL.
    Value(Value),
    /// The values of its one column, as key codes, and whether NULL is among them.
    Set(Arc<Numbering>, bool),
}

/// The most bytes of answers that are kept; past it they are asked anew.
pub const MAX_REMEMBERED_BYTES: usize = 8 << 20;

#[derive(Debug, Default)]
struct Answers {
    /// The subqueries with the values they were asked for.
    asked: Numbering,
    /// By the number of what was asked.
    known: Vec<Answer>,
    bytes: usize,
}

impl Default for Scope {
    // Once: it stands in many places.
    #[inline(never)]
    fn default() -> Self {
        let (failure, answers) = Default::default();
        Self { parameters: Arc::default(), outer: Vec::new(), arena: Arena::default(), failure, answers, working: None }
    }
}

impl Scope {
    /// The scope of a query inside this one, which is given these values.
    pub(crate) fn inside(&self, outer: Vec<Value>) -> Self {
        let (parameters, working) = (Arc::clone(&self.parameters), self.working.clone());
        Self { parameters, outer, working, ..Self::default() }
    }

    /// The value of a parameter.
    #[inline]
    pub(crate) fn parameter(&self, place: usize) -> Option<&Value> {
        self.parameters.get(place)
    }

    /// Forgets all that one run found out, and those of its parameters that take memory.
    pub(crate) fn clear(&mut self) {
        self.arena.clear();
        self.outer.clear();
        self.working = None;
        *self.failure.get_mut() = None;
        let answers = self.answers.get_mut();
        if answers.bytes > 0 {
            *answers = Answers::default();
        }
        let holds_memory = |value: &Value| matches!(value, Value::Text(_) | Value::Bytes(_) | Value::Json(_));
        if self.parameters.iter().any(holds_memory)
            && let Some(parameters) = Arc::get_mut(&mut self.parameters)
        {
            parameters.clear();
        }
    }

    /// The same scope, as if nothing was asked in it.
    pub(crate) fn again(&self) -> Self {
        self.inside(self.outer.clone())
    }

    /// The scope in which a query that names itself found these rows last.
    pub(crate) fn with_working(mut self, number: usize, rows: Arc<Spool>) -> Self {
        let before = self.working.take();
        self.working = Some(Arc::new(Working { number, rows, before }));
        self
    }

    /// The rows that a query which names itself found last.
    pub(crate) fn working(&self, number: usize) -> Arc<Spool> {
        let mut working = self.working.as_ref();
        while let Some(own) = working {
            if own.number == number {
                return Arc::clone(&own.rows);
            }
            working = own.before.as_ref();
        }
        Arc::default()
    }

    /// Notes why an expression has no value.
    #[cold]
    pub(super) fn fail<'a>(&self, error: Box<Error>) -> Option<ValueRef<'a>> {
        *self.failure.borrow_mut() = Some(Failure::Error(error));
        None
    }

    /// What a function came to, or none with its error noted.
    #[inline]
    pub(super) fn noted<'a>(&self, result: Fallible<ValueRef<'a>>) -> Option<ValueRef<'a>> {
        match result {
            Ok(value) => Some(value),
            Err(error) => self.fail(error),
        }
    }

    /// Why the expression evaluated last has no value.
    #[cold]
    pub(crate) fn take_failure(&self) -> Box<Error> {
        match self.failure.borrow_mut().take() {
            Some(Failure::Error(error)) => error,
            Some(Failure::Unanswered(..)) => Error::query(format_args!("a subquery cannot stand here")),
            None => broken_row(),
        }
    }

    /// As [`take_failure`](Self::take_failure), with the subquery that is to be asked.
    pub(crate) fn take_unanswered(&self) -> Fallible<(usize, Vec<Value>)> {
        match self.failure.borrow_mut().take() {
            Some(Failure::Unanswered(number, values)) => Ok((number, values)),
            Some(Failure::Error(error)) => Err(error),
            None => Err(broken_row()),
        }
    }

    /// What a subquery answers for these values; none, with a note, if nobody asked it yet.
    pub(super) fn answer(&self, number: usize, values: &[ValueRef<'_>]) -> Option<Answer> {
        let answers = self.answers.borrow();
        let known = answers.asked.get(&exact_key(number, values)).and_then(|place| answers.known.get(place)).cloned();
        if known.is_none() {
            let mut given = Vec::with_capacity(values.len());
            for value in values {
                given.push(value.to_value());
            }
            *self.failure.borrow_mut() = Some(Failure::Unanswered(number, given));
        }
        known
    }

    /// Forgets answers, if they take too much. Not while an expression needs several of them.
    pub(crate) fn make_room(&self) {
        let mut answers = self.answers.borrow_mut();
        if answers.bytes > MAX_REMEMBERED_BYTES {
            *answers = Answers::default();
        }
    }

    /// Remembers what a subquery answered.
    pub(crate) fn remember(&self, number: usize, values: &[Value], answer: Answer) {
        let values: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
        let key = exact_key(number, &values);
        let bytes = key.len()
            + 96
            + match &answer {
                Answer::Value(Value::Text(text)) => text.len(),
                Answer::Value(_) => 0,
                Answer::Set(set, _) => set.bytes(),
            };
        let mut answers = self.answers.borrow_mut();
        answers.bytes += bytes;
        if answers.asked.is_new(&key) {
            answers.known.push(answer);
        }
    }
}

/// Bytes that are the same only for one subquery and values that are the same to the last bit.
fn exact_key(number: usize, values: &[ValueRef<'_>]) -> Vec<u8> {
    let mut key = Writer::default();
    key.number(number as u64);
    values.iter().for_each(|value| key.value(*value));
    key.0
}
