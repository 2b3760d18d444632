//! [`Input`]: what is left of a text, and the operands and operators that were read.

use wasm_dbms::{AggregateCall, AggregateFunction, Arithmetic, ColumnRef, Comparison, Expr, Value};
use wasm_dbms_module::Result;

use super::words::{Word, Words};
use crate::nonsense;

/// A text that is being read, and the expressions that were read and not taken yet.
///
/// What is missing is made up, and noted: the reader goes on to the end of a word, and looks then. So each word says what it
/// takes, and not what happens where that is not there.
pub(super) struct Input<'t, 'v> {
    words: Words<'t>,
    waiting: Vec<Expr>,
    parameter_count: usize,
    /// The values, where they stand for their parameters.
    values: Option<&'v [Value]>,
    /// What was wrong first.
    fault: Option<&'static str>,
}

impl<'t, 'v> Input<'t, 'v> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { words: Words::new(text), waiting: Vec::new(), parameter_count: 0, values: None, fault: None }
    }

    /// From now on, parameters are these values.
    pub(super) fn give(&mut self, values: &'v [Value]) {
        self.values = Some(values);
    }

    /// Notes that something is wrong.
    pub(super) fn refuse(&mut self, fault: &'static str) {
        self.fault.get_or_insert(fault);
    }

    /// Whether nothing was wrong.
    pub(super) fn check(&self) -> Result<()> {
        self.fault.map_or(Ok(()), |fault| Err(nonsense(fault)))
    }

    pub(super) fn next(&mut self) -> Option<Word<'t>> {
        self.words.next()
    }

    /// The next word, which is no name.
    pub(super) fn word(&mut self) -> &'t str {
        match self.next() {
            Some(Word::Plain(word)) => word,
            _ => {
                self.refuse("a word is missing");
                ""
            }
        }
    }

    /// The next word, which is a name.
    pub(super) fn name(&mut self) -> String {
        match self.next() {
            Some(Word::Name(name)) => name,
            _ => {
                self.refuse("a name is missing");
                String::new()
            }
        }
    }

    /// There are no more words.
    pub(super) fn end(&mut self) {
        if self.next().is_some() {
            self.refuse("there are words behind the end");
        }
    }

    pub(super) fn column(&mut self, name: &str) {
        self.waiting.push(Expr::Column(ColumnRef::from(name)));
    }

    /// The last expression.
    pub(super) fn pop(&mut self) -> Expr {
        self.waiting.pop().unwrap_or_else(|| {
            self.refuse("an operand is missing");
            Expr::Literal(Value::Null)
        })
    }

    /// How many parameters there were, once nothing is left.
    pub(super) fn parameter_count(&mut self) -> usize {
        if !self.waiting.is_empty() {
            self.refuse("there is an expression that nothing is done with");
        }
        self.parameter_count
    }

    fn parameter(&mut self) -> Expr {
        let number = self.parameter_count;
        self.parameter_count += 1;
        let found = match self.values {
            None => u32::try_from(number + 1).ok().map(Expr::Parameter),
            Some(values) => values.get(number).cloned().map(Expr::Literal),
        };
        found.unwrap_or_else(|| {
            self.refuse("a parameter is missing");
            Expr::Literal(Value::Null)
        })
    }

    /// The last so many expressions, in their order.
    fn pop_all(&mut self, count: Option<usize>) -> Vec<Expr> {
        match count.and_then(|count| self.waiting.len().checked_sub(count)) {
            Some(start) => self.waiting.split_off(start),
            None => {
                self.refuse("operands are missing, or how many there are");
                Vec::new()
            }
        }
    }

    /// Does what an operator says; whether it is one.
    pub(super) fn operate(&mut self, word: &str) -> bool {
        let Some(own) = operator(word) else { return false };
        let expr = match own {
            Operator::Parameter => self.parameter(),
            Operator::Count => Expr::count(),
            Operator::In => {
                let count = self.word().parse().ok();
                let others = self.pop_all(count);
                self.pop().in_list(others)
            }
            Operator::Different => match operator(self.word()) {
                Some(Operator::Aggregate(function)) => AggregateCall::new(function, Some(self.pop())).distinct().into(),
                _ => return false,
            },
            _ => {
                let last = self.pop();
                match own {
                    Operator::Not => last.not(),
                    Operator::IsNull => last.is_null(),
                    Operator::Aggregate(function) => Expr::aggregate(function, Some(last)),
                    Operator::Compare(comparison) => self.pop().compare(comparison, last),
                    Operator::Compute(operator) => self.pop().arithmetic(operator, last),
                    Operator::Differs => self.pop().is_distinct(last),
                    Operator::And => self.pop().and(last),
                    Operator::Or => self.pop().or(last),
                    Operator::Like { ignores_case } => self.pop().like_with(last, Some('\\'), ignores_case),
                    _ => Expr::Negate(last.into()),
                }
            }
        };
        self.waiting.push(expr);
        true
    }
}

/// What is done with operands.
#[derive(Clone, Copy)]
enum Operator {
    Parameter,
    Count,
    In,
    Different,
    Not,
    IsNull,
    Minus,
    Aggregate(AggregateFunction),
    Compare(Comparison),
    Compute(Arithmetic),
    Differs,
    And,
    Or,
    Like { ignores_case: bool },
}

const OPERATORS: [(&str, Operator); 28] = [
    ("?", Operator::Parameter),
    ("count", Operator::Count),
    ("in", Operator::In),
    ("different", Operator::Different),
    ("not", Operator::Not),
    ("isnull", Operator::IsNull),
    ("minus", Operator::Minus),
    ("countof", Operator::Aggregate(AggregateFunction::Count)),
    ("sum", Operator::Aggregate(AggregateFunction::Sum)),
    ("avg", Operator::Aggregate(AggregateFunction::Average)),
    ("min", Operator::Aggregate(AggregateFunction::Minimum)),
    ("max", Operator::Aggregate(AggregateFunction::Maximum)),
    ("=", Operator::Compare(Comparison::Equal)),
    ("!=", Operator::Compare(Comparison::NotEqual)),
    ("<", Operator::Compare(Comparison::Less)),
    ("<=", Operator::Compare(Comparison::LessOrEqual)),
    (">", Operator::Compare(Comparison::Greater)),
    (">=", Operator::Compare(Comparison::GreaterOrEqual)),
    ("+", Operator::Compute(Arithmetic::Add)),
    ("-", Operator::Compute(Arithmetic::Subtract)),
    ("*", Operator::Compute(Arithmetic::Multiply)),
    ("/", Operator::Compute(Arithmetic::Divide)),
    ("%", Operator::Compute(Arithmetic::Remainder)),
    ("differs", Operator::Differs),
    ("and", Operator::And),
    ("or", Operator::Or),
    ("like", Operator::Like { ignores_case: false }),
    ("ilike", Operator::Like { ignores_case: true }),
];

fn operator(word: &str) -> Option<Operator> {
    OPERATORS.iter().find(|(own, _)| *own == word).map(|(_, operator)| *operator)
}
