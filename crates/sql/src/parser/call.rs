//! Calls: functions of values and of groups.

use wasm_dbms_api::text_parts::is_word_of;
use wasm_dbms_api::{AggregateCall, AggregateFunction, Case, DataType, Expr, ScalarFunction, Value, WindowFunction};

use super::{Parser, function_of, next_of};
use crate::error::SqlErrorKind;
use crate::keyword::Keyword;

/// What stands in the parentheses of a call.
#[derive(Default)]
struct Arguments {
    /// `*`.
    is_every: bool,
    distinct: bool,
    values: Vec<Expr>,
    order_by: Vec<wasm_dbms_api::Order>,
}

impl Parser<'_> {
    /// A call: its name stands here and a parenthesis behind it.
    #[inline(never)]
    pub(super) fn call(&mut self) -> Expr {
        let offset = self.token.offset;
        let keyword = self.keyword();
        let name = self.any_word();
        self.expect_sign(b'(');
        let special = match keyword {
            Some(Keyword::Extract) => self.extract(),
            Some(Keyword::Position) => return self.position(offset),
            Some(Keyword::Trim) => return self.trim(offset),
            _ => None,
        };
        let arguments = match special {
            Some(values) => Arguments { values, ..Arguments::default() },
            None if keyword == Some(Keyword::Substring) => self.substring(),
            None => self.arguments(),
        };
        let name = name.as_ref();
        if self.token.text.eq_ignore_ascii_case("within") && self.next_keyword() == Some(Keyword::Group) {
            self.not_supported("WITHIN GROUP")
        }
        if let Some(function) = AggregateFunction::from_name(name)
            && !(self.is_sqlite() && arguments.values.len() > 1 && matches!(name, "min" | "max"))
        {
            return self.aggregate(function, arguments, offset);
        }
        if name == "total" && self.is_sqlite() {
            // Of floats, which never leave their range.
            let zero = Expr::Literal(Value::Float(0.0));
            let mut arguments = arguments;
            for value in &mut arguments.values {
                let own = std::mem::replace(value, Expr::Literal(Value::Null));
                *value = function_of(ScalarFunction::AsNumber, own, None).cast(DataType::F64);
            }
            let sum = self.aggregate(AggregateFunction::Sum, arguments, offset);
            return function_of(ScalarFunction::Coalesce, sum, Some(zero));
        }
        if arguments.is_every || arguments.distinct || !arguments.order_by.is_empty() {
            self.contradiction(format_args!("{name} is no function of a group"), offset)
        }
        let mut values = arguments.values;
        if let Some(function) = self.window_function(name, &mut values, offset) {
            if !self.eat(Keyword::Over) {
                self.contradiction(format_args!("{name} wants OVER"), offset)
            }
            return self.window(function);
        }
        if self.is(Keyword::Over) || (self.is(Keyword::Filter) && self.next_is_sign(b'(')) {
            self.contradiction(format_args!("{name} is no function of a window or a group"), offset)
        }
        self.scalar(name, values, offset)
    }

    #[inline(never)]
    fn scalar(&mut self, name: &str, values: Vec<Expr>, offset: usize) -> Expr {
        if matches!(name, "iif" | "if") && (2..=3).contains(&values.len()) {
            let mut values = values.into_iter();
            let mut case = Case::default();
            if let (Some(condition), Some(value)) = (next_of(&mut values), next_of(&mut values)) {
                case.branches.push((condition, value));
            }
            case.otherwise = next_of(&mut values);
            return case.into();
        }
        let function = match name {
            "min" => ScalarFunction::Least,
            "max" => ScalarFunction::Greatest,
            _ => match ScalarFunction::from_name(name) {
                Some(function) => function,
                None => return self.no_function(name, offset),
            },
        };
        let signature = function.signature();
        if !(signature.fewest..=signature.most).contains(&values.len()) {
            let wanted = match (signature.fewest, signature.most) {
                (fewest, most) if fewest == most => format!("{most}"),
                (fewest, wasm_dbms_api::MAX_ARGUMENTS) => format!("at least {fewest}"),
                (fewest, most) => format!("{fewest} to {most}"),
            };
            self.contradiction(format_args!("{name} takes {wanted} arguments, not {}", values.len()), offset)
        }
        if function == ScalarFunction::Coalesce && self.is_sqlite() {
            // The type of SQLite's is that of the value it comes to: the first, if it is a constant.
            let mut known = values.iter().skip_while(|value| matches!(value, Expr::Literal(Value::Null)));
            if let Some(first @ Expr::Literal(_)) = known.next() {
                return first.clone();
            }
        }
        if matches!(name, "min" | "max") {
            // SQLite's answer NULL where one of the values is.
            let mut case = Case::default();
            for value in &values {
                let is_null = value.clone().is_null();
                let any_null = match case.branches.pop() {
                    Some((others, _)) => others.or(is_null),
                    None => is_null,
                };
                case.branches.push((any_null, Expr::Literal(Value::Null)));
            }
            case.otherwise = Some(Expr::Function(function, values.into()));
            return case.into();
        }
        Expr::Function(function, values.into())
    }

    fn no_function(&mut self, name: &str, offset: usize) -> Expr {
        if is_word_of(name, "now random gen_random_uuid clock_timestamp statement_timestamp") {
            let what = format!("{name}: the database has neither clock nor dice; give the value as a parameter");
            return self.not_supported_at(&what, offset);
        }
        if is_word_of(name, "grouping rollup cube") {
            return self.not_supported_at("GROUPING SETS, ROLLUP and CUBE", offset);
        }
        self.fault(SqlErrorKind::UnknownFunction(name.to_owned()), offset)
    }

    /// What stands in the parentheses of a call, and the closing one.
    #[inline(never)]
    fn arguments(&mut self) -> Arguments {
        let mut arguments = Arguments::default();
        if self.eat_sign(b')') {
            return arguments;
        }
        if self.eat_sign(b'*') {
            arguments.is_every = true;
        } else {
            arguments.distinct = !self.eat(Keyword::All) && self.eat(Keyword::Distinct);
            arguments.values = self.list(Self::expr);
            arguments.order_by = self.order_by();
        }
        self.expect_sign(b')');
        arguments
    }

    /// `EXTRACT(part FROM moment)`.
    #[inline(never)]
    fn extract(&mut self) -> Option<Vec<Expr>> {
        if self.next_keyword() != Some(Keyword::From) {
            return None;
        }
        let part = match self.token.kind {
            crate::lexer::Kind::Word(_) => self.label("a part of a date").into_owned(),
            _ => self.text(),
        };
        self.expect(Keyword::From);
        let moment = self.expr();
        self.expect_sign(b')');
        Some(vec![Expr::from(part), moment])
    }

    /// `POSITION(text IN text)`.
    #[inline(never)]
    fn position(&mut self, offset: usize) -> Expr {
        // IN is an operator elsewhere: what stands before it must bind tighter.
        let wanted = self.expr_above(super::infix::POWER_UNARY);
        self.expect(Keyword::In);
        let text = self.expr();
        self.expect_sign(b')');
        self.scalar("strpos", vec![text, wanted], offset)
    }

    /// `SUBSTRING(text FROM first FOR count)`, or with commas.
    #[inline(never)]
    fn substring(&mut self) -> Arguments {
        let mut values = vec![self.expr()];
        if self.eat(Keyword::From) {
            values.push(self.expr());
        } else if self.is(Keyword::For) {
            values.push(Expr::from(1));
        } else {
            while self.eat_sign(b',') {
                values.push(self.expr());
            }
            self.expect_sign(b')');
            return Arguments { values, ..Arguments::default() };
        }
        if self.eat(Keyword::For) {
            values.push(self.expr());
        }
        self.expect_sign(b')');
        Arguments { values, ..Arguments::default() }
    }

    /// `TRIM([BOTH | LEADING | TRAILING] [characters] FROM text)`, or with commas.
    #[inline(never)]
    fn trim(&mut self, offset: usize) -> Expr {
        let side = match self.keyword() {
            Some(Keyword::Leading) => Some("ltrim"),
            Some(Keyword::Trailing) => Some("rtrim"),
            Some(Keyword::Both) => Some("trim"),
            _ => None,
        };
        if side.is_some() {
            self.advance();
        }
        let mut values = if self.is(Keyword::From) { Vec::new() } else { self.list(Self::expr) };
        if self.eat(Keyword::From) {
            values.insert(0, self.expr());
        }
        self.expect_sign(b')');
        self.scalar(side.unwrap_or("trim"), values, offset)
    }

    /// A value over a group, or over a window where OVER follows.
    #[inline(never)]
    fn aggregate(&mut self, function: AggregateFunction, arguments: Arguments, offset: usize) -> Expr {
        let Arguments { is_every, distinct, values, order_by } = arguments;
        let most = if function == AggregateFunction::Concatenate { 2 } else { 1 };
        let fits = match is_every {
            true => function == AggregateFunction::Count,
            false => (1..=most).contains(&values.len()),
        };
        if !fits {
            let message = if is_every { "only count takes *" } else { "so many arguments are not taken here" };
            self.contradiction(format_args!("{message}"), offset)
        }
        if self.is_sqlite() && distinct && values.len() > 1 {
            self.contradiction(format_args!("DISTINCT takes one argument only"), offset)
        }
        let mut values = values.into_iter();
        let mut first = next_of(&mut values);
        if self.is_sqlite() {
            first = first.map(|value| match function {
                AggregateFunction::Concatenate => value.cast(DataType::Text),
                AggregateFunction::Sum | AggregateFunction::Average
                    if !matches!(value, Expr::Cast(_, DataType::F64)) =>
                {
                    function_of(ScalarFunction::AsNumber, value, None)
                }
                _ => value,
            });
        }
        let mut call = AggregateCall::new(function, first);
        call.separator = next_of(&mut values);
        call.distinct = distinct;
        call.order_by = order_by;
        if self.is(Keyword::Filter) && self.next_is_sign(b'(') {
            self.advance();
            self.advance();
            self.expect(Keyword::Where);
            call.filter = Some(self.expr());
            self.expect_sign(b')');
        }
        match self.eat(Keyword::Over) {
            true => self.window(WindowFunction::Aggregate(call)),
            false => call.into(),
        }
    }
}
