//! Operators and functions over any number of arguments: what is rarer than a comparison.

use wasm_dbms_api::{Arithmetic, DataType, ScalarFunction, Value, ValueRef};

use crate::Error;
use crate::codec::key;
use crate::full::IS_FULL;
use crate::function;
use crate::plan::expr::Truth;
use crate::plan::like::Pattern;
use crate::plan::scope::Answer;
use crate::plan::{BoundExpr, Context};

/// An operator with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) operator: Operator,
    pub(crate) arguments: Vec<BoundExpr>,
}

/// A value that is given when a plan runs, as it is compared where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    /// Which one, from 0.
    pub(crate) number: usize,
    /// The type that it has here.
    pub(crate) data_type: Option<DataType>,
    /// The names of the enum that it is one of.
    pub(crate) variants: Vec<String>,
}

/// What is done with arguments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operator {
    /// The value of this number, from 0 on, and this type that stands here when the plan runs: in this place among those that
    /// a run is given, see [`Scope::parameter`](crate::plan::Scope::parameter).
    Parameter {
        number: usize,
        place: usize,
        data_type: Option<DataType>,
    },
    /// The value of this number that the query around gives, and its type where that is of use.
    Outer(usize, Option<DataType>),
    IsDistinct,
    Is(bool),
    /// The first equals one of the others.
    InList,
    /// The first matches the second.
    Like {
        escape: Option<char>,
        ignores_case: bool,
    },
    Arithmetic {
        operator: Arithmetic,
        is_wide: bool,
    },
    Negate,
    /// Conditions and values in turn, and one more at the end where none holds.
    Case,
    Cast(DataType),
    Function(ScalarFunction),
    /// Subqueries by number; their arguments are what they are given of the row.
    Exists(usize),
    Scalar(usize),
    /// The first is in the answer; the others are what the subquery is given.
    InQuery(usize),
}

#[cold]
pub(super) fn is_missing(parameter: usize) -> Box<Error> {
    Error::query(format_args!("the parameter ?{} is not given", parameter + 1))
}

impl Operator {
    /// The query whose answer it takes.
    pub(super) fn asked(&self) -> Option<usize> {
        match self {
            _ if !IS_FULL => None,
            Self::Exists(number) | Self::Scalar(number) | Self::InQuery(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether it takes the answer of another query.
    pub(super) fn asks(&self) -> bool {
        self.asked().is_some()
    }

    /// Whether it is known only when the question is asked.
    pub(super) fn depends_on_scope(&self) -> bool {
        self.asks() || matches!(self, Self::Parameter { .. } | Self::Outer(..))
    }

    /// Makes an expression of it and one argument, or two.
    #[inline(never)]
    pub(super) fn over(self, first: BoundExpr, second: Option<BoundExpr>) -> BoundExpr {
        let mut arguments = Vec::with_capacity(2);
        arguments.push(first);
        if let Some(second) = second {
            arguments.push(second);
        }
        self.of(arguments)
    }

    /// Makes an expression of it.
    pub(super) fn of(self, arguments: Vec<BoundExpr>) -> BoundExpr {
        BoundExpr::Call(Box::new(Call { operator: self, arguments }))
    }
}

fn truth_value(truth: Truth) -> ValueRef<'static> {
    match truth {
        Truth::True => ValueRef::Bool(true),
        Truth::False => ValueRef::Bool(false),
        Truth::Null => ValueRef::Null,
    }
}

/// How many arguments are computed without memory being asked for.
const FEW: usize = 4;

impl Call {
    /// The type of its value, where that is known without looking further.
    pub(super) fn data_type(&self) -> Option<DataType> {
        match &self.operator {
            Operator::Parameter { data_type, .. } | Operator::Outer(_, data_type) => *data_type,
            _ => None,
        }
    }

    fn argument<'a>(&'a self, index: usize, context: Context<'a>) -> Option<ValueRef<'a>> {
        match self.arguments.get(index) {
            Some(argument) => argument.evaluate(context),
            None => Some(ValueRef::Null),
        }
    }

    /// Acts on what the arguments come to, but for the first so many.
    #[inline(never)]
    fn with_arguments<'a>(
        &'a self,
        skipped: usize,
        context: Context<'a>,
        act: &mut dyn FnMut(&[ValueRef<'a>]) -> Option<ValueRef<'a>>,
    ) -> Option<ValueRef<'a>> {
        let arguments = self.arguments.get(skipped..).unwrap_or_default();
        let (mut few, mut many) = ([ValueRef::Null; FEW], Vec::new());
        let values = match few.get_mut(..arguments.len()) {
            Some(few) => few,
            None => {
                many.resize(arguments.len(), ValueRef::Null);
                many.as_mut_slice()
            }
        };
        for (place, argument) in values.iter_mut().zip(arguments) {
            *place = argument.evaluate(context)?;
        }
        act(values)
    }

    /// The value of the call; none with the failure in the scope.
    pub(super) fn evaluate<'a>(&'a self, context: Context<'a>) -> Option<ValueRef<'a>> {
        let scope = context.scope();
        match &self.operator {
            Operator::Arithmetic { operator, is_wide } => {
                let (left, right) = (self.argument(0, context)?, self.argument(1, context)?);
                scope.noted(function::arithmetic(*operator, left, right, *is_wide))
            }
            Operator::Case
            | Operator::Cast(_)
            | Operator::Outer(..)
            | Operator::Function(_)
            | Operator::Exists(_)
            | Operator::Scalar(_)
            | Operator::InQuery(_)
                if !IS_FULL =>
            {
                Some(ValueRef::Null)
            }
            Operator::Case => {
                let (branches, otherwise) = self.arguments.as_chunks::<2>();
                for [condition, value] in branches {
                    if condition.truth(context)? == Truth::True {
                        return value.evaluate(context);
                    }
                }
                otherwise.first().map_or(Some(ValueRef::Null), |otherwise| otherwise.evaluate(context))
            }
            // Lazily, as CASE: what is not needed is not computed.
            Operator::Function(ScalarFunction::Coalesce) => {
                for argument in &self.arguments {
                    let value = argument.evaluate(context)?;
                    if !value.is_null() {
                        return Some(value);
                    }
                }
                Some(ValueRef::Null)
            }
            Operator::Function(own) => self.with_arguments(0, context, &mut |arguments| {
                scope.noted(function::apply(*own, arguments, &scope.arena))
            }),
            Operator::Negate => scope.noted(function::negate(self.argument(0, context)?)),
            Operator::Cast(data_type) => {
                scope.noted(function::cast(self.argument(0, context)?, *data_type, &scope.arena))
            }
            Operator::Parameter { number, place, .. } => match scope.parameter(*place) {
                Some(value) => Some(value.as_ref()),
                None => scope.fail(is_missing(*number)),
            },
            Operator::Outer(number, _) => Some(scope.outer.get(*number).unwrap_or(&Value::Null).as_ref()),
            Operator::IsDistinct => {
                let (left, right) = (self.argument(0, context)?, self.argument(1, context)?);
                Some(ValueRef::Bool(left != right))
            }
            Operator::Is(expected) => {
                let expected = Truth::of(*expected);
                let argument = self.arguments.first().map_or(Some(Truth::Null), |argument| argument.truth(context))?;
                Some(ValueRef::Bool(argument == expected))
            }
            Operator::InList => self.in_list(context),
            Operator::Like { escape, ignores_case } => {
                let (text, pattern) = (self.argument(0, context)?, self.argument(1, context)?);
                let (ValueRef::Text(text), ValueRef::Text(pattern)) = (text, pattern) else {
                    return Some(ValueRef::Null);
                };
                Some(ValueRef::Bool(Pattern::with(pattern, *escape, *ignores_case).matches(text)))
            }
            Operator::Exists(number) | Operator::Scalar(number) => {
                self.with_arguments(0, context, &mut |values| match scope.answer(*number, values)? {
                    Answer::Value(value) => Some(scope.arena.keep(value)),
                    Answer::Set(..) => Some(ValueRef::Null),
                })
            }
            Operator::InQuery(number) => {
                let value = self.argument(0, context)?;
                self.with_arguments(1, context, &mut |values| {
                    let Answer::Set(set, has_null) = scope.answer(*number, values)? else {
                        return Some(ValueRef::Null);
                    };
                    let mut code = Vec::new();
                    key::push(&mut code, value);
                    let truth = match (value.is_null(), set.is_empty() && !has_null) {
                        (_, true) => Truth::False,
                        (true, false) => Truth::Null,
                        (false, _) if set.get(&code).is_some() => Truth::True,
                        (false, _) if has_null => Truth::Null,
                        _ => Truth::False,
                    };
                    Some(truth_value(truth))
                })
            }
        }
    }

    fn in_list<'a>(&'a self, context: Context<'a>) -> Option<ValueRef<'a>> {
        let value = self.argument(0, context)?;
        let mut truth = Truth::False;
        for other in self.arguments.iter().skip(1) {
            match value.compare(other.evaluate(context)?) {
                Some(std::cmp::Ordering::Equal) => return Some(ValueRef::Bool(true)),
                Some(_) => {}
                None => truth = Truth::Null,
            }
        }
        Some(truth_value(truth))
    }
}
