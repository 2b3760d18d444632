//! One block: SELECT .. FROM .. WHERE .. GROUP BY .. HAVING.

use wasm_dbms_api::{ColumnRef, Expr, Origin, Output, Query};

use super::Parser;
use crate::Dialect;
use crate::keyword::Keyword;

impl Parser<'_> {
    #[inline(never)]
    pub(super) fn select(&mut self) -> Query {
        let (start, first_window) = (self.token.offset, self.naming_calls.len());
        self.advance();
        let mut query = Query::default();
        if !self.eat(Keyword::All) {
            query.distinct = self.eat(Keyword::Distinct);
            if query.distinct && self.is(Keyword::On) {
                self.not_supported("DISTINCT ON")
            }
        }
        query.columns = self.outputs();
        self.refuse_word(Keyword::Into, "SELECT INTO; write CREATE TABLE and INSERT .. SELECT");
        if self.eat(Keyword::From) {
            (query.from, query.joins) = self.from();
        }
        if matches!(query.from.origin, Origin::Nothing)
            && query.columns.iter().any(|output| !matches!(output, Output::Expr(..)))
        {
            self.contradiction(format_args!("* without a FROM"), start)
        }
        query.filter = self.where_clause();
        if self.eat_all(&[Keyword::Group, Keyword::By]) {
            query.group_by = self.list(Self::expr);
        }
        if self.eat(Keyword::Having) {
            query.having = Some(self.expr());
        }
        // An output that is every column is what stands there where nothing is said; of groups, nothing means their keys.
        let is_of_rows = query.group_by.is_empty() && query.having.is_none();
        if matches!(query.columns.as_slice(), [Output::Every]) && (is_of_rows || self.dialect == Dialect::Shown) {
            query.columns.clear();
        }
        if self.is_sqlite() {
            super::bare::settle(&mut query);
        }
        let windows = self.window_clause();
        let outputs = query.columns.iter_mut().filter_map(|output| match output {
            Output::Expr(expr, _) => Some(expr),
            _ => None,
        });
        self.put_windows_in(outputs, &windows, first_window);
        self.windows = windows;
        query
    }

    /// WHERE, if it is there.
    pub(super) fn where_clause(&mut self) -> Option<Expr> {
        match self.eat(Keyword::Where) {
            true => Some(self.expr()),
            false => None,
        }
    }

    /// RETURNING, if it is there.
    pub(super) fn returning(&mut self) -> Vec<Output> {
        match self.eat(Keyword::Returning) {
            true => self.outputs(),
            false => Vec::new(),
        }
    }

    #[inline(never)]
    pub(super) fn outputs(&mut self) -> Vec<Output> {
        self.list(|parser| {
            if parser.eat_sign(b'*') {
                return Output::Every;
            }
            let expr = if parser.is_name() && parser.next_is_sign(b'.') {
                let table = parser.any_word();
                parser.advance();
                if parser.eat_sign(b'*') {
                    return Output::EveryOf(table);
                }
                let column = parser.label("the name of a column or *");
                if parser.is_sign(b'.') {
                    parser.not_supported("names of a schema before a table's")
                }
                parser.expr_from(Expr::Column(ColumnRef { table: Some(table), column }), 0)
            } else {
                parser.expr()
            };
            Output::Expr(expr, parser.alias())
        })
    }
}
