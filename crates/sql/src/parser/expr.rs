//! Expressions: operands with operators between, the tighter ones first.

use wasm_dbms_api::text_parts::without_blanks;
use wasm_dbms_api::{Arithmetic, Comparison, DataType, Expr, Nulls, Order, Query, ScalarFunction, Value, parse_float};

use super::infix::{Infix, POWER_AND, POWER_OR, Tie};
use super::{Parser, folded, function_of};
use crate::keyword::Keyword;
use crate::lexer::Kind;
use crate::limits::{MAX_CHAIN, MAX_LIST_ITEMS};
use crate::{Dialect, literal};

impl Parser<'_> {
    /// An expression.
    pub(super) fn expr(&mut self) -> Expr {
        self.expr_above(0)
    }

    /// An expression without operators that bind less than this.
    #[inline(never)]
    pub(super) fn expr_above(&mut self, least: u8) -> Expr {
        self.nested(1, |parser| {
            let left = parser.operand();
            parser.expr_from(left, least)
        })
    }

    /// An expression whose first operand has been read.
    pub(super) fn expr_from(&mut self, mut left: Expr, least: u8) -> Expr {
        let mut chain = 0;
        while let Some(Tie { infix, power }) = self.infix().filter(|tie| tie.power >= least) {
            // AND and OR take their whole row at once.
            chain += 1;
            if chain > MAX_CHAIN {
                self.limit("operators in a row", MAX_CHAIN)
            }
            let offset = self.token.offset;
            self.advance();
            left = self.apply(infix, power, left, offset);
        }
        left
    }

    #[inline(never)]
    fn apply(&mut self, infix: Infix, power: u8, left: Expr, offset: usize) -> Expr {
        match infix {
            Infix::And => self.chain(left, Keyword::And, POWER_AND, Expr::and),
            Infix::Or => self.chain(left, Keyword::Or, POWER_OR, Expr::or),
            Infix::Compare(comparison) => self.comparison(comparison, power, left),
            Infix::Arithmetic(operator) => {
                let right = self.expr_above(power + 1);
                self.arithmetic(operator, left, right)
            }
            Infix::Join => left.join(self.expr_above(power + 1)),
            Infix::Function(function) => function_of(function, left, Some(self.expr_above(power + 1))),
            Infix::ContainedIn => function_of(ScalarFunction::JsonContains, self.expr_above(power + 1), Some(left)),
            Infix::JsonPart(function) => {
                let place = self.token.offset;
                let key = self.expr_above(power + 1);
                match self.json_path(&key) {
                    Some(path) => function_of(function, left, Some(Expr::from(path))),
                    None => self.not_supported_at("keys of JSON other than texts and numbers", place),
                }
            }
            Infix::Cast => {
                let place = self.token.offset;
                let data_type = self.type_of_cast();
                self.cast(left, data_type, place)
            }
            Infix::IsNull => left.is_null(),
            Infix::NotNull => left.is_null().not(),
            Infix::Is => {
                let negated = self.eat(Keyword::Not);
                let is = self.is_what(left, power);
                if negated { is.not() } else { is }
            }
            Infix::Not => {
                let inner = match self.infix_word() {
                    Some(infix) => infix,
                    None => return self.fail("IN, LIKE or BETWEEN"),
                };
                self.advance();
                self.apply(inner, power, left, offset).not()
            }
            Infix::Between => {
                let symmetric = self.eat(Keyword::Symmetric);
                let low = self.expr_above(power + 1);
                self.expect(Keyword::And);
                let high = self.expr_above(power + 1);
                match symmetric {
                    true => left.clone().between(low.clone(), high.clone()).or(left.between(high, low)),
                    false => left.between(low, high),
                }
            }
            Infix::In => self.nested(1, |parser| parser.membership(left)),
            Infix::Like { ignores_case } => {
                let pattern = self.expr_above(power + 1);
                let escape = self.escape();
                left.like_with(pattern, escape, ignores_case || self.is_sqlite())
            }
            Infix::NotSupported(what) => self.not_supported_at(what, offset),
        }
    }

    /// Operands of one AND or OR after the other: few as they come, many as a tree of few levels.
    #[inline(never)]
    fn chain(&mut self, left: Expr, keyword: Keyword, power: u8, join: fn(Expr, Expr) -> Expr) -> Expr {
        let mut operands = vec![left, self.expr_above(power + 1)];
        while self.eat(keyword) {
            if operands.len() >= MAX_LIST_ITEMS {
                self.limit("operands in a row", MAX_LIST_ITEMS)
            }
            operands.push(self.expr_above(power + 1));
        }
        // Two at least.
        folded(operands, true, &join).unwrap_or(Expr::Literal(Value::Null))
    }

    /// What stands behind a comparison: an operand, or ANY and ALL of a query.
    #[inline(never)]
    fn comparison(&mut self, comparison: Comparison, power: u8, left: Expr) -> Expr {
        let is_any = matches!(self.keyword(), Some(Keyword::Any | Keyword::Some));
        if !is_any && !self.is(Keyword::All) {
            return left.compare(comparison, self.expr_above(power + 1));
        }
        let offset = self.token.offset;
        self.advance();
        self.expect_sign(b'(');
        if !self.is_query() {
            self.not_supported("ANY and ALL of arrays")
        }
        let query = self.query();
        self.expect_sign(b')');
        match (comparison, is_any) {
            (Comparison::Equal, true) => left.in_query(query),
            (Comparison::NotEqual, false) => left.in_query(query).not(),
            _ => self.not_supported_at("ANY and ALL other than = ANY and <> ALL", offset),
        }
    }

    /// In SQLite a division by zero is NULL.
    fn arithmetic(&self, operator: Arithmetic, left: Expr, right: Expr) -> Expr {
        let divides = matches!(operator, Arithmetic::Divide | Arithmetic::Remainder);
        let may_be_zero = match &right {
            Expr::Literal(value) => value.as_ref().as_f64() == Some(0.0),
            _ => true,
        };
        let right = match divides && may_be_zero && self.is_sqlite() {
            true => function_of(ScalarFunction::NullIf, right, Some(Expr::from(0))),
            false => right,
        };
        left.arithmetic(operator, right)
    }

    /// The path that `->` and `->>` take.
    fn json_path(&self, key: &Expr) -> Option<String> {
        match key {
            Expr::Literal(Value::Integer(number)) => Some(format!("$[{number}]")),
            Expr::Literal(Value::Text(path)) if self.is_sqlite() && path.starts_with('$') => Some(path.clone()),
            Expr::Literal(Value::Text(name)) if !name.as_bytes().contains(&b'"') => Some(format!("$.\"{name}\"")),
            _ => None,
        }
    }

    /// What stands behind IS.
    #[inline(never)]
    fn is_what(&mut self, left: Expr, power: u8) -> Expr {
        let truth = match self.keyword() {
            Some(Keyword::Null | Keyword::Unknown) => None,
            Some(Keyword::True) => Some(true),
            Some(Keyword::False) => Some(false),
            Some(Keyword::Distinct) => {
                self.advance();
                self.expect(Keyword::From);
                return left.is_distinct(self.expr_above(power + 1));
            }
            _ if self.is_sqlite() => return left.is_distinct(self.expr_above(power + 1)).not(),
            _ => return self.fail("NULL, TRUE, FALSE or DISTINCT FROM"),
        };
        self.advance();
        truth.map_or_else(|| left.clone().is_null(), |truth| Expr::Is(left.clone().into(), truth))
    }

    /// What stands behind IN.
    #[inline(never)]
    fn membership(&mut self, left: Expr) -> Expr {
        if self.is_sqlite() && self.is_name() {
            let table = self.table_name();
            return self.untyped(left).in_query(Query::from(table));
        }
        self.expect_sign(b'(');
        if self.is_query() {
            let query = self.query();
            self.expect_sign(b')');
            return self.untyped(left).in_query(query);
        }
        if self.is_sign(b')') && self.dialect != Dialect::PostgreSql {
            self.advance();
            return Expr::InList(left.into(), Vec::new().into());
        }
        let mut list = self.list(Self::expr);
        self.expect_sign(b')');
        // A query in two pairs of parentheses is still one.
        if self.dialect == Dialect::PostgreSql
            && let [Expr::Scalar(_)] = list.as_slice()
            && let Some(Expr::Scalar(query)) = list.pop()
        {
            return Expr::InQuery(left.into(), query);
        }
        Expr::InList(left.into(), list.into())
    }

    /// In SQLite a text that is no number, or bytes, may be looked for among numbers: it is none of them.
    fn untyped(&self, left: Expr) -> Expr {
        let is_no_number = match &left {
            Expr::Literal(Value::Text(text)) => parse_float(without_blanks(text)).is_none(),
            Expr::Literal(Value::Bytes(_)) => true,
            _ => false,
        };
        if is_no_number && self.is_sqlite() { function_of(ScalarFunction::Untyped, left, None) } else { left }
    }

    /// The escape of a LIKE, or what it is where nothing is said.
    fn escape(&mut self) -> Option<char> {
        if !self.eat(Keyword::Escape) {
            return (!self.is_sqlite()).then_some('\\');
        }
        if !matches!(self.token.kind, Kind::Text | Kind::Escaped | Kind::Dollar(_)) {
            self.not_supported("an ESCAPE that is no literal")
        }
        let token = self.advance();
        let text = literal::text(token).unwrap_or_default();
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (escape, None) => escape,
            _ => self.no_literal("an ESCAPE of more than one character", token.offset),
        }
    }

    /// A value as one of another type; of a literal what it means.
    pub(super) fn cast(&mut self, inner: Expr, data_type: DataType, offset: usize) -> Expr {
        match data_type {
            DataType::Enum => self.not_supported_at("casts to an enum", offset),
            // SQLite takes the number that a text begins with, and cuts what is behind the point.
            _ if self.is_sqlite() && data_type.is_integer() && !matches!(inner, Expr::Literal(Value::Null)) => {
                let number = function_of(ScalarFunction::AsNumber, inner, None);
                function_of(ScalarFunction::Truncate, number, None).cast(data_type)
            }
            _ => inner.cast(data_type),
        }
    }

    /// What ORDER BY says, behind these words.
    #[inline(never)]
    pub(super) fn order_list(&mut self) -> Vec<Order> {
        self.list(|parser| {
            let expr = parser.expr();
            parser.refuse_word(Keyword::Using, "ORDER BY .. USING");
            let descending = !parser.eat(Keyword::Asc) && parser.eat(Keyword::Desc);
            let nulls = if !parser.eat(Keyword::Nulls) {
                // Where nothing is said, PostgreSQL takes NULLs for largest, the engine for smallest.
                (parser.dialect == Dialect::PostgreSql).then_some(if descending { Nulls::First } else { Nulls::Last })
            } else if parser.eat(Keyword::First) {
                Some(Nulls::First)
            } else {
                parser.expect(Keyword::Last);
                Some(Nulls::Last)
            };
            Order { expr, descending, nulls }
        })
    }

    /// ORDER BY, if it is there.
    pub(super) fn order_by(&mut self) -> Vec<Order> {
        match self.eat_all(&[Keyword::Order, Keyword::By]) {
            true => self.order_list(),
            false => Vec::new(),
        }
    }
}
