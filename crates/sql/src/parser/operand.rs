//! Operands: literals, columns, parameters, what stands in parentheses, CASE and CAST.

use wasm_dbms_api::{Case, ColumnRef, DataType, Expr, Query, ScalarFunction, Value};

use super::infix::{POWER_NOT, POWER_UNARY};
use super::{Parser, function_of};
use crate::keyword::Keyword;
use crate::lexer::Kind;
use crate::literal;

/// What stands in parentheses.
enum Inside {
    Query(Box<Query>),
    Expr(Expr),
}

impl Inside {
    fn into_expr(self) -> Expr {
        match self {
            Self::Query(query) => Expr::scalar(*query),
            Self::Expr(expr) => expr,
        }
    }
}

const AN_EXPRESSION: &str = "an expression";

impl Parser<'_> {
    /// An operand, with the signs before it.
    pub(super) fn operand(&mut self) -> Expr {
        match self.token.kind {
            Kind::Number => {
                let token = self.advance();
                match literal::number(token.text, self.dialect) {
                    Some(value) => Expr::Literal(value),
                    None => self.no_literal("not a number that can be held", token.offset),
                }
            }
            Kind::Text | Kind::Escaped | Kind::Dollar(_) => Expr::from(self.text()),
            Kind::Bytes => {
                let token = self.advance();
                match literal::bytes(token) {
                    Some(bytes) => Expr::Literal(Value::Bytes(bytes)),
                    None => self.no_literal("bytes need two hexadecimal digits each", token.offset),
                }
            }
            Kind::Parameter => Expr::Parameter(self.parameter()),
            Kind::Quoted => self.named(),
            Kind::Word(keyword) => self.word(keyword),
            Kind::Sign("(") => {
                self.advance();
                Inside::into_expr(self.parenthesized())
            }
            Kind::Sign("-") => {
                self.advance();
                let is_number = self.token.kind == Kind::Number;
                let inner = self.expr_above(POWER_UNARY);
                match &inner {
                    Expr::Literal(value) if is_number => literal::negated(value).map_or(-inner, Expr::Literal),
                    _ => -inner,
                }
            }
            Kind::Sign("+") => {
                self.advance();
                self.expr_above(POWER_UNARY)
            }
            Kind::Sign("~") => {
                self.advance();
                let inner = self.expr_above(POWER_UNARY);
                function_of(ScalarFunction::BitXor, inner, Some(Expr::from(-1)))
            }
            _ => self.fail(AN_EXPRESSION),
        }
    }

    /// A text literal.
    #[inline(never)]
    pub(super) fn text(&mut self) -> String {
        if !matches!(self.token.kind, Kind::Text | Kind::Escaped | Kind::Dollar(_)) {
            self.fail("a text in quotes")
        }
        let token = self.advance();
        match literal::text(token) {
            Some(text) => text,
            None => self.no_literal("an escape that stands for nothing", token.offset),
        }
    }

    /// Whether a query begins here.
    pub(super) fn is_query(&self) -> bool {
        matches!(self.keyword(), Some(Keyword::Select | Keyword::Values | Keyword::With))
    }

    /// What stands behind an opening parenthesis, and the closing one.
    #[inline(never)]
    fn parenthesized(&mut self) -> Inside {
        let inside = self.nested(1, |parser| {
            if parser.is_query() {
                return Inside::Query(parser.boxed_query());
            }
            if !parser.eat_sign(b'(') {
                return Inside::Expr(parser.expr());
            }
            let left = match parser.parenthesized() {
                Inside::Query(first) if parser.is_sign(b')') => return Inside::Query(first),
                Inside::Query(first) if parser.query_goes_on() => {
                    return Inside::Query(parser.boxed_query_from(first));
                }
                first => first.into_expr(),
            };
            Inside::Expr(parser.expr_from(left, 0))
        });
        if self.is_sign(b',') {
            self.not_supported("rows as values")
        }
        self.expect_sign(b')');
        inside
    }

    #[inline(never)]
    fn word(&mut self, keyword: Option<Keyword>) -> Expr {
        let constant = match keyword {
            Some(Keyword::Null) => Value::Null,
            Some(Keyword::True) => Value::Bool(true),
            Some(Keyword::False) => Value::Bool(false),
            Some(Keyword::Not) => {
                self.advance();
                return self.expr_above(POWER_NOT).not();
            }
            Some(Keyword::Case) => return self.case(),
            Some(Keyword::Cast) => {
                self.advance();
                self.expect_sign(b'(');
                let inner = self.expr();
                self.expect(Keyword::As);
                let offset = self.token.offset;
                let data_type = self.type_of_cast();
                self.expect_sign(b')');
                return self.cast(inner, data_type, offset);
            }
            Some(Keyword::Exists) => {
                self.advance();
                self.expect_sign(b'(');
                return match self.parenthesized() {
                    Inside::Query(query) => Expr::exists(*query),
                    Inside::Expr(_) => self.fail("a query in the parentheses before"),
                };
            }
            Some(
                Keyword::CurrentDate
                | Keyword::CurrentTime
                | Keyword::CurrentTimestamp
                | Keyword::Localtime
                | Keyword::Localtimestamp,
            ) => return self.not_supported("the time of now: the database has no clock; give it as a parameter"),
            Some(Keyword::Row) if self.next_is_sign(b'(') => return self.not_supported("rows as values"),
            _ => return self.named(),
        };
        self.advance();
        Expr::Literal(constant)
    }

    /// What a name begins: a column, a call, a literal with its type.
    #[inline(never)]
    fn named(&mut self) -> Expr {
        let is_call = self.next_is_sign(b'(');
        if is_call && (self.is_name() || matches!(self.keyword(), Some(Keyword::Left | Keyword::Right))) {
            // A call needs more of the stack than other operands do.
            return self.nested(1, Self::call);
        }
        if !self.is_name() {
            self.fail(AN_EXPRESSION)
        }
        if matches!(self.next.kind, Kind::Text | Kind::Escaped | Kind::Dollar(_)) || self.is_long_type() {
            return self.typed_literal();
        }
        let first = self.any_word();
        if !self.eat_sign(b'.') {
            return Expr::Column(ColumnRef { table: None, column: first });
        }
        let column = self.label("the name of a column");
        if self.is_sign(b'.') {
            self.not_supported("names of a schema before a table's")
        }
        Expr::Column(ColumnRef { table: Some(first), column })
    }

    /// `TIMESTAMP WITH TIME ZONE '..'`, `DOUBLE PRECISION '..'`: a type of several words.
    fn is_long_type(&self) -> bool {
        let is_time = self.token.text.eq_ignore_ascii_case("timestamp");
        (is_time && matches!(self.next_keyword(), Some(Keyword::With | Keyword::Without)))
            || (self.is(Keyword::Double) && self.next_keyword() == Some(Keyword::Precision))
    }

    #[inline(never)]
    fn typed_literal(&mut self) -> Expr {
        let data_type = self.type_of_cast();
        let offset = self.token.offset;
        let text = self.text();
        match literal::typed(data_type, &text) {
            Some(value) => Expr::Literal(value),
            None if data_type == DataType::Bytes || data_type == DataType::Enum => {
                self.not_supported_at(&format!("literals of type {data_type} in this form"), offset)
            }
            None => self.no_literal(&format!("this is no {data_type}"), offset),
        }
    }

    #[inline(never)]
    fn case(&mut self) -> Expr {
        self.advance();
        let mut case = Case::default();
        if !self.is(Keyword::When) {
            case.operand = Some(self.expr());
        }
        if !self.is(Keyword::When) {
            self.fail("WHEN")
        }
        while self.eat(Keyword::When) {
            let condition = self.expr();
            self.expect(Keyword::Then);
            case.branches.push((condition, self.expr()));
        }
        if self.eat(Keyword::Else) {
            case.otherwise = Some(self.expr());
        }
        self.expect(Keyword::End);
        case.into()
    }
}
