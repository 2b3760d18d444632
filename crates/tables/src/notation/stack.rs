//! Operands and operators.

use wasm_dbms::{AggregateCall, AggregateFunction, Arithmetic, ColumnRef, Comparison, Expr, Value};
use wasm_dbms_module::Result;

use super::words::Words;
use crate::nonsense;

/// The expressions that were read and not taken yet.
pub(super) struct Stack<'v> {
    waiting: Vec<Expr>,
    parameter_count: usize,
    /// The values, where they stand for their parameters.
    values: Option<&'v [Value]>,
}

impl<'v> Stack<'v> {
    pub(super) fn new(values: Option<&'v [Value]>) -> Self {
        Self { waiting: Vec::new(), parameter_count: 0, values }
    }

    pub(super) fn column(&mut self, name: &str) {
        self.waiting.push(Expr::Column(ColumnRef::from(name)));
    }

    /// The last expression.
    pub(super) fn pop(&mut self) -> Result<Expr> {
        self.waiting.pop().ok_or_else(|| nonsense("an operand is missing"))
    }

    /// How many parameters there were, once nothing is left.
    pub(super) fn end(self) -> Result<usize> {
        match self.waiting.last() {
            None => Ok(self.parameter_count),
            Some(_) => Err(nonsense("there is an expression that nothing is done with")),
        }
    }

    fn parameter(&mut self) -> Result<Expr> {
        let number = self.parameter_count;
        self.parameter_count += 1;
        match self.values {
            None => {
                u32::try_from(number + 1).map(Expr::Parameter).map_err(|_| nonsense("there are too many parameters"))
            }
            Some(values) => match values.get(number) {
                Some(value) => Ok(Expr::Literal(value.clone())),
                None => Err(nonsense("a parameter is missing")),
            },
        }
    }

    /// The last so many expressions, in their order.
    fn pop_all(&mut self, count: usize) -> Result<Vec<Expr>> {
        let start = self.waiting.len().checked_sub(count).ok_or_else(|| nonsense("an operand is missing"))?;
        Ok(self.waiting.split_off(start))
    }

    /// Does what an operator says; whether it is one.
    pub(super) fn operate(&mut self, word: &str, words: &mut Words<'_>) -> Result<bool> {
        let expr = match word {
            "?" => self.parameter()?,
            "not" => self.pop()?.not(),
            "isnull" => self.pop()?.is_null(),
            "minus" => Expr::Negate(self.pop()?.into()),
            "in" => {
                let others = words.count().and_then(|count| self.pop_all(count))?;
                self.pop()?.in_list(others)
            }
            "count" => Expr::count(),
            "different" => {
                let function =
                    aggregate(words.word()?).ok_or_else(|| nonsense("`different` stands before no function"))?;
                AggregateCall::new(function, Some(self.pop()?)).distinct().into()
            }
            _ => match (aggregate(word), operator(word)) {
                (Some(function), _) => Expr::aggregate(function, Some(self.pop()?)),
                (None, Some(operator)) => {
                    let right = self.pop()?;
                    operator.join(self.pop()?, right)
                }
                (None, None) => return Ok(false),
            },
        };
        self.waiting.push(expr);
        Ok(true)
    }
}

fn aggregate(word: &str) -> Option<AggregateFunction> {
    Some(match word {
        "countof" => AggregateFunction::Count,
        "sum" => AggregateFunction::Sum,
        "avg" => AggregateFunction::Average,
        "min" => AggregateFunction::Minimum,
        "max" => AggregateFunction::Maximum,
        _ => return None,
    })
}

/// What is done with two operands.
enum Operator {
    Compare(Comparison),
    Compute(Arithmetic),
    Differs,
    And,
    Or,
    Like { ignores_case: bool },
}

fn operator(word: &str) -> Option<Operator> {
    Some(match word {
        "=" => Operator::Compare(Comparison::Equal),
        "!=" => Operator::Compare(Comparison::NotEqual),
        "<" => Operator::Compare(Comparison::Less),
        "<=" => Operator::Compare(Comparison::LessOrEqual),
        ">" => Operator::Compare(Comparison::Greater),
        ">=" => Operator::Compare(Comparison::GreaterOrEqual),
        "+" => Operator::Compute(Arithmetic::Add),
        "-" => Operator::Compute(Arithmetic::Subtract),
        "*" => Operator::Compute(Arithmetic::Multiply),
        "/" => Operator::Compute(Arithmetic::Divide),
        "%" => Operator::Compute(Arithmetic::Remainder),
        "differs" => Operator::Differs,
        "and" => Operator::And,
        "or" => Operator::Or,
        "like" => Operator::Like { ignores_case: false },
        "ilike" => Operator::Like { ignores_case: true },
        _ => return None,
    })
}

impl Operator {
    fn join(self, left: Expr, right: Expr) -> Expr {
        match self {
            Self::Compare(comparison) => left.compare(comparison, right),
            Self::Compute(operator) => left.arithmetic(operator, right),
            Self::Differs => left.is_distinct(right),
            Self::And => left.and(right),
            Self::Or => left.or(right),
            Self::Like { ignores_case } => left.like_with(right, Some('\\'), ignores_case),
        }
    }
}
