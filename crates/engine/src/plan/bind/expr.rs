//! Expressions: their names become numbers, their types are checked.

use wasm_dbms_api::{
    AggregateCall, AggregateFunction, Argument, Arithmetic, Case, Comparison, DataType, Expr, MAX_EXPRESSION_DEPTH,
    Outcome, Part, Query, ScalarFunction, Value,
};

use crate::full::IS_FULL;
use crate::function;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::names::Block;
use crate::plan::bind::{Answers, Typed};
use crate::plan::call::Operator;
use crate::plan::like::Pattern;
use crate::plan::window::of_block;
use crate::plan::{BoundAggregate, BoundExpr, Context, Subquery};

type Join = fn(Box<BoundExpr>, Box<BoundExpr>) -> BoundExpr;

impl<'c> Block<'_, 'c> {
    /// Binds an expression that must be true or false.
    pub(super) fn condition(&self, expr: &Expr, depth: usize) -> BoundExpr {
        self.truth(expr, expr, depth)
    }

    /// Binds the parts of a condition that are more than true.
    pub(super) fn conjuncts(&self, condition: &Expr, parts: &mut Vec<BoundExpr>, depth: usize) {
        let condition = self.condition(condition, depth);
        if !matches!(condition, BoundExpr::Literal(Value::Bool(true))) {
            condition.split_conjunction(parts);
        }
    }

    fn truth(&self, part: &Expr, whole: &Expr, depth: usize) -> BoundExpr {
        let Typed { expr, kind } = self.bind(part, depth);
        if !kind.may_be(DataType::Bool) {
            self.binder.fault.of(whole, format_args!("{kind} is neither true nor false"));
        }
        expr
    }

    /// Binds an expression.
    pub(super) fn bind(&self, expr: &Expr, depth: usize) -> Typed<'c> {
        let fault = &self.binder.fault;
        if depth > MAX_EXPRESSION_DEPTH {
            fault.say(format_args!("an expression is nested deeper than {MAX_EXPRESSION_DEPTH}"));
        }
        if fault.is_there() {
            return Typed::nothing();
        }
        let truth = match expr {
            Expr::Compare(comparison, left, right) => {
                let [left, right] = self.compared(expr, left, right, Some(*comparison), depth);
                BoundExpr::Compare(*comparison, left.into(), right.into())
            }
            Expr::IsDistinct(left, right) => {
                Operator::IsDistinct.of(self.compared(expr, left, right, None, depth).into())
            }
            Expr::And(..) => self.chain(expr, BoundExpr::And, depth),
            Expr::Or(..) => self.chain(expr, BoundExpr::Or, depth),
            Expr::Not(inner) => BoundExpr::Not(self.truth(inner, expr, depth + 1).into()),
            Expr::IsNull(inner) => BoundExpr::IsNull(self.bind(inner, depth + 1).expr.into()),
            Expr::Is(inner, truth) => Operator::Is(*truth).over(self.truth(inner, expr, depth + 1), None),
            Expr::InList(inner, list) => self.in_list(expr, inner, list, depth),
            Expr::Like { text, pattern, escape, ignores_case } => {
                self.like(expr, text, pattern, *escape, *ignores_case, depth)
            }
            _ => return self.bind_value(expr, depth),
        };
        Typed { expr: folded(truth), kind: Kind::BOOL }
    }

    /// Binds an expression that may be more than true or false.
    fn bind_value(&self, expr: &Expr, depth: usize) -> Typed<'c> {
        let fault = &self.binder.fault;
        match expr {
            Expr::Literal(value) => {
                Typed { expr: BoundExpr::Literal(value.clone()), kind: Kind::of_value(value.as_ref()) }
            }
            Expr::Parameter(number) => self.binder.parameter(*number),
            Expr::Column(column) => self.column(column),
            Expr::Arithmetic(operator, left, right) => self.arithmetic(expr, *operator, left, right, depth),
            Expr::Negate(inner) => {
                let Typed { expr: bound, mut kind } = self.bind(inner, depth + 1);
                match kind.data_type {
                    Some(data_type) if !data_type.is_number() => {
                        fault.of(expr, format_args!("{data_type} has no sign"));
                    }
                    Some(data_type) if data_type.is_integer() => kind = Kind::of(DataType::I64),
                    _ => {}
                }
                Typed { expr: folded(Operator::Negate.over(bound, None)), kind }
            }
            Expr::Case(_)
            | Expr::Cast(..)
            | Expr::Function(..)
            | Expr::Exists(_)
            | Expr::Scalar(_)
            | Expr::InQuery(..)
            | Expr::Window(_)
                if !IS_FULL =>
            {
                fault.needs_full();
                Typed::nothing()
            }
            Expr::Case(case) => self.case(expr, case, depth),
            Expr::Cast(inner, data_type) => {
                if *data_type == DataType::Enum {
                    fault.of(expr, format_args!("an enum's values are known by its column only"));
                }
                let inner = self.bind(inner, depth + 1).expr;
                Typed { expr: folded(Operator::Cast(*data_type).over(inner, None)), kind: Kind::of(*data_type) }
            }
            Expr::Function(function, arguments) => self.function(expr, *function, arguments, depth),
            Expr::Aggregate(call) => self.aggregate(expr, call, depth),
            Expr::Exists(query) => self.subquery(expr, query, Answers::Exists, None, depth),
            Expr::Scalar(query) => self.subquery(expr, query, Answers::Scalar, None, depth),
            Expr::InQuery(inner, query) => {
                let inner = self.bind(inner, depth + 1);
                self.subquery(expr, query, Answers::Set, Some(inner), depth)
            }
            Expr::Window(call) => {
                // Inside a window there is none.
                let Some(mut windows) = self.windows.take() else {
                    let what = "window functions are columns or orders, where they are enabled";
                    fault.say(format_args!("{expr} cannot stand here: {what}"));
                    return Typed::nothing();
                };
                let typed = windows.bind(self, expr, call, depth);
                self.windows.set(Some(windows));
                typed
            }
            other => {
                fault.say(format_args!("{other} is not supported"));
                Typed::nothing()
            }
        }
    }

    #[inline(never)]
    fn pair(&self, left: &Expr, right: &Expr, depth: usize) -> [Typed<'c>; 2] {
        [self.bind(left, depth + 1), self.bind(right, depth + 1)]
    }

    /// Two sides of a comparison; without one they need not have an order.
    #[inline(never)]
    fn compared(
        &self,
        expr: &Expr,
        left: &Expr,
        right: &Expr,
        comparison: Option<Comparison>,
        depth: usize,
    ) -> [BoundExpr; 2] {
        let fault = &self.binder.fault;
        let [mut left, mut right] = self.pair(left, right, depth);
        right.kind.convert(&mut left, expr, self.binder);
        left.kind.convert(&mut right, expr, self.binder);
        left.kind.check_comparison(right.kind, expr, fault);
        if comparison.is_some_and(|comparison| !matches!(comparison, Comparison::Equal | Comparison::NotEqual)) {
            left.kind.check_order(expr, fault);
            right.kind.check_order(expr, fault);
        }
        [left.expr, right.expr]
    }

    /// The parts of a chain of ANDs or ORs; a chain to the left of any length, as parsers and builders make it, is no
    /// deeper than its parts.
    #[inline(never)]
    fn chain(&self, expr: &Expr, join: Join, depth: usize) -> BoundExpr {
        let is_and = matches!(expr, Expr::And(..));
        let (mut rest, mut right_to_left): (&Expr, Vec<&Expr>) = (expr, Vec::new());
        while let (Expr::And(left, right), true) | (Expr::Or(left, right), false) = (rest, is_and) {
            right_to_left.push(right);
            rest = left;
        }
        right_to_left.push(rest);
        let mut parts = Vec::with_capacity(right_to_left.len());
        while let Some(part) = right_to_left.pop() {
            parts.push(self.truth(part, expr, depth + 1));
        }
        BoundExpr::all(parts, join).unwrap_or(BoundExpr::Literal(Value::Null))
    }

    #[inline(never)]
    fn in_list(&self, expr: &Expr, inner: &Expr, list: &[Expr], depth: usize) -> BoundExpr {
        let mut inner = self.bind(inner, depth + 1);
        let (mut bound, mut are_known) = (Vec::with_capacity(list.len() + 1), true);
        for item in list {
            let mut item = self.bind(item, depth + 1);
            if let BoundExpr::Literal(value) = &mut item.expr {
                inner.kind.convert_literal(value, expr, self.binder);
            } else {
                item.kind.convert(&mut inner, expr, self.binder);
                inner.kind.convert(&mut item, expr, self.binder);
                inner.kind.check_comparison(item.kind, expr, &self.binder.fault);
                are_known = false;
            }
            bound.push(item.expr);
        }
        if !are_known {
            bound.insert(0, inner.expr);
            return Operator::InList.of(bound);
        }
        let mut values = Vec::with_capacity(bound.len());
        for item in bound {
            if let BoundExpr::Literal(value) = item {
                values.push(value);
            }
        }
        BoundExpr::InList(inner.expr.into(), values)
    }

    #[inline(never)]
    fn like(
        &self,
        expr: &Expr,
        text: &Expr,
        pattern: &Expr,
        escape: Option<char>,
        ignores_case: bool,
        depth: usize,
    ) -> BoundExpr {
        let [text, mut pattern] = self.pair(text, pattern, depth);
        self.binder.fix(&mut pattern.expr);
        if !text.kind.may_be(DataType::Text) || !pattern.kind.may_be(DataType::Text) {
            self.binder.fault.of(expr, format_args!("only text can be matched with a pattern"));
        }
        match &pattern.expr {
            BoundExpr::Literal(Value::Text(own)) => {
                BoundExpr::Like(text.expr.into(), Pattern::with(own, escape, ignores_case))
            }
            _ => Operator::Like { escape, ignores_case }.over(text.expr, Some(pattern.expr)),
        }
    }

    #[inline(never)]
    fn arithmetic(&self, expr: &Expr, operator: Arithmetic, left: &Expr, right: &Expr, depth: usize) -> Typed<'c> {
        let fault = &self.binder.fault;
        let [left, right] = self.pair(left, right, depth);
        let is_sum = matches!(operator, Arithmetic::Add | Arithmetic::Subtract);
        let is_no_number = |kind: Kind<'_>| kind.data_type.is_some_and(|data_type| !data_type.is_number());
        let kind = match (left.kind.data_type, right.kind.data_type) {
            (Some(DataType::Date), Some(DataType::Date)) if operator == Arithmetic::Subtract => Kind::of(DataType::I64),
            (Some(DataType::Date), Some(other)) if is_sum && other.is_integer() => left.kind,
            (Some(other), Some(DataType::Date)) if operator == Arithmetic::Add && other.is_integer() => right.kind,
            (Some(DataType::Date), None) | (None, Some(DataType::Date)) if is_sum => Kind::of(DataType::Date),
            _ if is_no_number(left.kind) || is_no_number(right.kind) => {
                fault.of(expr, format_args!("there is none of {} and {}", left.kind, right.kind));
                Kind::UNKNOWN
            }
            (Some(one), Some(other)) if one.is_integer() && other.is_integer() => {
                let is_wide = left.kind.is_wide() || right.kind.is_wide();
                Kind::of(if is_wide { DataType::U64 } else { DataType::I64 })
            }
            (Some(one), None) | (None, Some(one)) if one.is_integer() => Kind::of(DataType::I64),
            _ => left.kind.common(right.kind, expr, fault),
        };
        let operator = Operator::Arithmetic { operator, is_wide: kind.is_wide() };
        Typed { expr: folded(operator.over(left.expr, Some(right.expr))), kind }
    }

    /// The kind of values that are of one or the other. Of texts, literals are read as what the others are.
    pub(super) fn alike(&self, values: &mut [Typed<'c>], expr: &Expr) -> Kind<'c> {
        let mut common = Kind::UNKNOWN;
        for of_texts in [false, true] {
            for value in values.iter_mut() {
                if (value.kind.data_type == Some(DataType::Text)) == of_texts {
                    common.convert(value, expr, self.binder);
                    common = common.common(value.kind, expr, &self.binder.fault);
                }
            }
        }
        for value in values {
            common.convert(value, expr, self.binder);
        }
        common
    }

    #[inline(never)]
    fn case(&self, expr: &Expr, case: &Case, depth: usize) -> Typed<'c> {
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        for (condition, value) in &case.branches {
            conditions.push(match &case.operand {
                None => self.truth(condition, expr, depth + 1),
                Some(operand) => {
                    let [left, right] = self.compared(expr, operand, condition, Some(Comparison::Equal), depth);
                    BoundExpr::Compare(Comparison::Equal, left.into(), right.into())
                }
            });
            values.push(self.bind(value, depth + 1));
        }
        if let Some(otherwise) = &case.otherwise {
            values.push(self.bind(otherwise, depth + 1));
        }
        let kind = self.alike(&mut values, expr);
        let mut conditions = conditions.into_iter();
        let mut arguments = Vec::with_capacity(values.len() * 2);
        for value in values {
            if let Some(condition) = conditions.next() {
                arguments.push(condition);
            }
            arguments.push(cast_to(value, kind));
        }
        Typed { expr: folded(Operator::Case.of(arguments)), kind }
    }

    #[inline(never)]
    fn function(&self, expr: &Expr, function: ScalarFunction, arguments: &[Expr], depth: usize) -> Typed<'c> {
        let fault = &self.binder.fault;
        let signature = function.signature();
        let (fewest, most) = (signature.fewest, signature.most);
        if arguments.len() < fewest || arguments.len() > most {
            let given = arguments.len();
            if fewest == most {
                fault.say(format_args!("{function} takes {fewest} arguments, not {given}"));
            } else {
                fault.say(format_args!("{function} takes {fewest} to {most} arguments, not {given}"));
            }
        }
        let mut common = Kind::UNKNOWN;
        let mut bound = Vec::with_capacity(arguments.len());
        for (number, argument) in arguments.iter().enumerate() {
            let argument = self.bind(argument, depth + 1);
            let wanted = signature.arguments.get(number).or(signature.arguments.last());
            let fits = match (wanted.copied().unwrap_or(Argument::Any), argument.kind.data_type) {
                (_, None) | (Argument::Any | Argument::Alike, _) => true,
                (Argument::Of(DataType::Text), Some(own)) => matches!(own, DataType::Text | DataType::Enum),
                (Argument::Of(wanted), Some(own)) => own == wanted,
                (Argument::Integer, Some(own)) => own.is_integer(),
                (Argument::Number, Some(own)) => own.is_number(),
                (Argument::TextOrBytes, Some(own)) => matches!(own, DataType::Text | DataType::Bytes),
                (Argument::Moment, Some(own)) => matches!(own, DataType::Date | DataType::DateTime),
            };
            if !fits {
                fault.of(expr, format_args!("argument {} is {}", number + 1, argument.kind));
            }
            bound.push(argument);
        }
        // A number is the number that it stands for, and a whole one has nothing behind the point.
        if let [argument] = bound.as_slice()
            && let Some(own) = argument.kind.data_type
            && ((function == ScalarFunction::AsNumber && own.is_number())
                || (function == ScalarFunction::Truncate && own.is_integer()))
        {
            return bound.remove(0);
        }
        // A literal is what it is compared with: a name of an enum, a decimal.
        if signature.arguments == [Argument::Alike] {
            common = self.alike(&mut bound, expr);
            if matches!(function, ScalarFunction::Greatest | ScalarFunction::Least) {
                common.check_order(expr, fault);
            }
            for argument in &mut bound {
                cast(argument, common);
            }
        }
        let kind = match signature.outcome {
            Outcome::Of(data_type) => Kind::of(data_type),
            Outcome::As(number) => bound.get(number).map_or(Kind::UNKNOWN, |argument| argument.kind),
            Outcome::Alike => common,
            Outcome::Number => match bound.first().and_then(|argument| argument.kind.data_type) {
                Some(DataType::Bool) => Kind::of(DataType::I64),
                Some(_) => Kind::of(DataType::F64),
                None => Kind::UNKNOWN,
            },
            Outcome::Unknown => Kind::UNKNOWN,
        };
        let mut arguments = Vec::with_capacity(bound.len());
        for argument in bound {
            arguments.push(argument.expr);
        }
        Typed { expr: folded(Operator::Function(function).of(arguments)), kind }
    }

    #[inline(never)]
    fn aggregate(&self, expr: &Expr, call: &AggregateCall, depth: usize) -> Typed<'c> {
        let fault = &self.binder.fault;
        // Inside an aggregate there is none.
        let Some(mut known) = self.aggregates.take() else {
            fault.say(format_args!("{expr} cannot stand here: aggregates are columns or orders"));
            return Typed::nothing();
        };
        let windows = self.windows.take();
        let (mut aggregate, kind) = self.aggregate_parts(expr, call, depth + 1);
        if IS_FULL {
            if !call.order_by.is_empty() {
                match self.ordered.take().or_else(|| of_block(self.binder.catalog)) {
                    Some(mut ordered) => {
                        ordered.order(self, (expr, call), (&mut aggregate, kind), depth);
                        self.ordered.set(Some(ordered));
                    }
                    None => fault.of(expr, format_args!("window functions are not enabled")),
                }
            }
        } else if call.separator.is_some()
            || call.filter.is_some()
            || !call.order_by.is_empty()
            || call.function == AggregateFunction::Concatenate
        {
            fault.needs_full();
        }
        let position = known.iter().position(|other| *other == aggregate).unwrap_or(known.len());
        let kind = kind.of_aggregate(call.function);
        if position == known.len() {
            known.push(aggregate);
            let mut kinds = self.aggregate_kinds.take();
            kinds.push(kind);
            self.aggregate_kinds.set(kinds);
        }
        self.aggregates.set(Some(known));
        self.windows.set(windows);
        // Counted from the end of the keys, which are not all known yet.
        Typed { expr: BoundExpr::Slot(position), kind }
    }

    /// An aggregate with all that it is of, and the kind of what it is over.
    #[inline(never)]
    pub(super) fn aggregate_parts(
        &self,
        expr: &Expr,
        call: &AggregateCall,
        depth: usize,
    ) -> (BoundAggregate, Kind<'c>) {
        let fault = &self.binder.fault;
        let (function, is_distinct) = (call.function, call.distinct);
        let mut aggregate = BoundAggregate { function, argument: None, filter: None, separator: None, is_distinct };
        let mut kind = Kind::UNKNOWN;
        match &call.argument {
            None if function == AggregateFunction::Count && !is_distinct => {}
            None => fault.say(format_args!("{expr} needs an argument")),
            Some(argument) => {
                let argument = self.bind(argument, depth);
                kind = argument.kind;
                kind.check_aggregate(function, expr, fault);
                aggregate.argument = Some(argument.expr);
            }
        }
        if let Some(filter) = call.filter.as_ref().filter(|_| IS_FULL) {
            aggregate.filter = Some(self.condition(filter, depth));
        }
        if let Some(separator) = call.separator.as_ref().filter(|_| IS_FULL) {
            let separator = self.bind(separator, depth);
            if function != AggregateFunction::Concatenate || !separator.kind.may_be(DataType::Text) {
                fault.of(expr, format_args!("only a text stands between texts"));
            }
            aggregate.separator = Some(separator.expr);
        }
        (aggregate, kind)
    }

    /// A query inside an expression: what is known of its answer, of that of IN for this value.
    #[inline(never)]
    fn subquery(
        &self,
        expr: &Expr,
        query: &Part<Query>,
        answers: Answers,
        inner: Option<Typed<'c>>,
        depth: usize,
    ) -> Typed<'c> {
        let fault = &self.binder.fault;
        let (mut query, mut arguments, columns) = self.nested(query, depth + 1);
        match (answers, columns.as_slice()) {
            // Whether there is a row: one is enough, whatever it holds.
            (Answers::Exists, _) => query.answers_one_row(),
            // A second row is enough to be refused.
            (Answers::Scalar, [_]) => query.limit = Some(query.limit.unwrap_or(2).min(2)),
            (Answers::Set, [_]) => {}
            (_, columns) => {
                fault.of(expr, format_args!("a subquery here has one column, not {}", columns.len()));
            }
        }
        let mut kind = columns.first().map_or(Kind::UNKNOWN, |(_, kind)| *kind);
        let mut subqueries = self.subqueries.take();
        // Said twice it is one query: rows can be grouped by it, and it is asked once. Too long a text is cut.
        let text = expr.to_string();
        let is_same = |other: &Subquery| other.text == text && other.arguments == arguments;
        let known =
            if text.as_bytes().windows(2).any(|two| two == b"..") { None } else { subqueries.iter().position(is_same) };
        let number = known.unwrap_or(subqueries.len());
        if known.is_none() {
            let arguments = arguments.clone();
            subqueries.push(Subquery { plan: query, answers, set_type: None, text, arguments });
        }
        let operator = match answers {
            Answers::Exists => {
                kind = Kind::BOOL;
                Operator::Exists(number)
            }
            Answers::Scalar => Operator::Scalar(number),
            Answers::Set => Operator::InQuery(number),
        };
        if let Some(inner) = inner {
            let common = inner.kind.common(kind, expr, fault);
            arguments.insert(0, cast_to(inner, common));
            if let Some(subquery) = subqueries.get_mut(number) {
                subquery.set_type = common.data_type;
            }
            kind = Kind::BOOL;
        }
        self.subqueries.set(subqueries);
        Typed { expr: operator.of(arguments), kind }
    }
}

/// Makes the expression one of values of a kind, where it is a number of another type.
pub(super) fn cast<'c>(typed: &mut Typed<'c>, kind: Kind<'c>) {
    if let (Some(own), Some(wanted)) = (typed.kind.data_type, kind.data_type)
        && own != wanted
        && wanted.is_number()
        && !(own.is_integer() && wanted.is_integer())
    {
        let Typed { expr, .. } = std::mem::replace(typed, Typed::nothing());
        *typed = Typed { expr: folded(Operator::Cast(wanted).over(expr, None)), kind };
    }
}

/// The expression as values of a kind, where it is a number of another type.
pub(super) fn cast_to<'c>(mut typed: Typed<'c>, kind: Kind<'c>) -> BoundExpr {
    cast(&mut typed, kind);
    typed.expr
}

/// The value of the expression, if it is the same for every row and no error.
pub(super) fn folded(expr: BoundExpr) -> BoundExpr {
    // What stands below was folded before: only literals are left of what is constant.
    if matches!(expr, BoundExpr::Literal(_)) || expr.any_part(&mut |part| !matches!(part, BoundExpr::Literal(_))) {
        return expr;
    }
    if !expr.is_constant() {
        return expr;
    }
    let scope = crate::plan::scope::Scope::default();
    let value = expr.value(Context::Row(&[], &scope)).map(|value| value.to_value());
    match value {
        // What is refused is refused when a row asks for it, which may be never.
        Ok(value) if !is_long(&value) => BoundExpr::Literal(value),
        _ => expr,
    }
}

/// Whether keeping the value costs more than computing it.
fn is_long(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.len() > function::MAX_FOLDED_BYTES)
}
