//! Queries: blocks, put together by UNION, INTERSECT and EXCEPT, with WITH before and ORDER BY behind.

use wasm_dbms_api::{CommonTable, Expr, Origin, Query, SetOperation, Source};

use super::{Parser, folded};
use crate::keyword::Keyword;
use crate::limits::{MAX_CHAIN, MAX_SET_CHANGES, QUERY_LEVELS};

/// Whether it is all the same in what order three queries are put together.
fn is_all_the_same(operation: SetOperation, all: bool) -> bool {
    operation == SetOperation::Union || (operation == SetOperation::Intersect && !all)
}

/// Queries in a row with the same words between them as one. Where there are many they become a tree of few levels, if it
/// is all the same how they are put together.
fn together(mut row: Vec<Query>, between: Option<(SetOperation, bool)>) -> Query {
    let Some((operation, all)) = between else { return row.pop().unwrap_or_default() };
    let is_balanced = is_all_the_same(operation, all);
    folded(row, is_balanced, &|left, right| left.set(operation, all, right)).unwrap_or_default()
}

impl Parser<'_> {
    /// A query, from its WITH to its LIMIT.
    #[inline(never)]
    pub(super) fn query(&mut self) -> Query {
        self.nested(QUERY_LEVELS, |parser| {
            let with = parser.with();
            let body = parser.set(0);
            parser.tail(with, body)
        })
    }

    /// A query whose WITH has been read.
    pub(super) fn query_with(&mut self, with: Vec<CommonTable>) -> Query {
        self.nested(QUERY_LEVELS, |parser| {
            let body = parser.set(0);
            parser.tail(with, body)
        })
    }

    /// A query whose first block, in parentheses, has been read.
    pub(super) fn query_from(&mut self, first: Query) -> Query {
        let body = self.set_from(first, 0);
        self.tail(Vec::new(), body)
    }

    /// A query out of the way: what waits for the end of a parenthesis takes little of the stack.
    #[inline(never)]
    pub(super) fn boxed_query(&mut self) -> Box<Query> {
        Box::new(self.query())
    }

    #[inline(never)]
    pub(super) fn boxed_query_from(&mut self, first: Box<Query>) -> Box<Query> {
        Box::new(self.query_from(*first))
    }

    /// Whether what stands here goes on with a query in parentheses.
    pub(super) fn query_goes_on(&self) -> bool {
        matches!(
            self.keyword(),
            Some(
                Keyword::Union
                    | Keyword::Intersect
                    | Keyword::Except
                    | Keyword::Order
                    | Keyword::Limit
                    | Keyword::Offset
                    | Keyword::Fetch
            )
        )
    }

    /// WITH, if it is there.
    #[inline(never)]
    pub(super) fn with(&mut self) -> Vec<CommonTable> {
        if !self.eat(Keyword::With) {
            return Vec::new();
        }
        let is_recursive = self.eat(Keyword::Recursive);
        self.list(|parser| {
            let name = parser.name("the name of a query");
            let columns = if parser.is_sign(b'(') { parser.column_names() } else { Vec::new() };
            parser.expect(Keyword::As);
            // A hint of the plan.
            if parser.eat(Keyword::Not) {
                parser.expect(Keyword::Materialized);
            } else {
                parser.eat(Keyword::Materialized);
            }
            parser.expect_sign(b'(');
            if !parser.is_query() && !parser.is_sign(b'(') {
                match parser.keyword() {
                    Some(Keyword::Insert | Keyword::Update | Keyword::Delete) => {
                        parser.not_supported("changes in WITH")
                    }
                    _ => parser.fail("a query"),
                }
            }
            if is_recursive {
                parser.recursive.push((name.clone(), false));
            }
            let query = parser.query();
            let names_itself = is_recursive && parser.recursive.pop().is_some_and(|(_, named)| named);
            parser.expect_sign(b')');
            if matches!(parser.token.text.to_ascii_lowercase().as_str(), "search" | "cycle") {
                parser.not_supported("SEARCH and CYCLE")
            }
            CommonTable { name, columns, query: query.into(), is_recursive: names_itself }
        })
    }

    /// Blocks and what stands between them, from this power on.
    #[inline(never)]
    fn set(&mut self, least: u8) -> Query {
        let first = self.block();
        self.set_from(first, least)
    }

    #[inline(never)]
    fn set_from(&mut self, left: Query, least: u8) -> Query {
        let mut chain = 0;
        // Queries with the same words between them, and how many rows of such there were before.
        let (mut row, mut between, mut changes) = (vec![left], None, 0);
        loop {
            let (operation, power) = match self.keyword() {
                Some(Keyword::Union) => (SetOperation::Union, 1),
                Some(Keyword::Except) => (SetOperation::Except, 1),
                // In SQLite all of them bind alike.
                Some(Keyword::Intersect) => (SetOperation::Intersect, if self.is_sqlite() { 1 } else { 2 }),
                _ => return together(row, between),
            };
            if power < least {
                return together(row, between);
            }
            chain += 1;
            if chain > MAX_CHAIN {
                self.limit("UNION, INTERSECT and EXCEPT in a row", MAX_CHAIN)
            }
            self.advance();
            let all = self.eat(Keyword::All);
            if !all {
                self.eat(Keyword::Distinct);
            }
            let right = self.set(power + 1);
            // The order of all rows names none of a block.
            self.windows.clear();
            if between.is_some_and(|words| words != (operation, all) || !is_all_the_same(operation, all)) {
                changes += 1;
                if changes > MAX_SET_CHANGES {
                    self.limit("changes between UNION, INTERSECT and EXCEPT in a row", MAX_SET_CHANGES)
                }
                row = vec![together(row, between)];
            }
            between = Some((operation, all));
            row.push(right);
        }
    }

    /// SELECT, VALUES, or a query in parentheses.
    #[inline(never)]
    fn block(&mut self) -> Query {
        self.windows.clear();
        match self.keyword() {
            Some(Keyword::Select) => self.select(),
            Some(Keyword::Values) => {
                self.advance();
                self.values()
            }
            _ if self.eat_sign(b'(') => {
                let query = self.query();
                self.expect_sign(b')');
                query
            }
            _ => self.fail("SELECT, VALUES or a query in parentheses"),
        }
    }

    /// The rows behind VALUES.
    #[inline(never)]
    fn values(&mut self) -> Query {
        let mut width = None;
        let rows = self.list(|parser| {
            let offset = parser.token.offset;
            let row = parser.list_in_parentheses(Self::expr);
            match *width.get_or_insert(row.len()) {
                width if width == row.len() => row,
                _ => parser.contradiction(format_args!("rows of different length"), offset),
            }
        });
        Query::from(Source::new(Origin::Values(rows.into())))
    }

    /// ORDER BY, LIMIT and OFFSET of a whole query.
    #[inline(never)]
    fn tail(&mut self, with: Vec<CommonTable>, body: Query) -> Query {
        let mut query = body;
        let has_tail = !query.order_by.is_empty() || query.limit.is_some() || query.offset.is_some();
        let is_more = self.query_goes_on();
        if (has_tail && is_more) || (!query.with.is_empty() && !with.is_empty()) {
            query = Query::from(Source::new(Origin::Query(query.into())));
        }
        if !with.is_empty() {
            query.with = with;
        }
        if is_more {
            let (windows, first) = (std::mem::take(&mut self.windows), self.naming_calls.len());
            query.order_by = self.order_by();
            self.put_windows_in(query.order_by.iter_mut().map(|key| &mut key.expr), &windows, first);
            self.limits(&mut query);
        }
        self.refuse_word(Keyword::For, "FOR UPDATE and FOR SHARE");
        query
    }

    /// LIMIT, OFFSET and FETCH, in any order.
    #[inline(never)]
    fn limits(&mut self, query: &mut Query) {
        loop {
            let offset = self.token.offset;
            if self.eat(Keyword::Limit) {
                let limit = if self.eat(Keyword::All) { None } else { Some(self.expr()) };
                if self.is_sign(b',') && self.is_sqlite() {
                    self.advance();
                    query.offset = limit;
                    query.limit = Some(self.expr());
                    continue;
                }
                if query.limit.is_some() {
                    self.contradiction(format_args!("LIMIT stands here twice"), offset)
                }
                query.limit = limit;
            } else if self.eat(Keyword::Offset) {
                if query.offset.is_some() {
                    self.contradiction(format_args!("OFFSET stands here twice"), offset)
                }
                query.offset = Some(self.expr());
                self.rows();
            } else if self.eat(Keyword::Fetch) {
                if !self.eat(Keyword::First) {
                    self.expect(Keyword::Next);
                }
                let is_one = matches!(self.keyword(), Some(Keyword::Row | Keyword::Rows));
                let limit = if is_one { Expr::from(1) } else { self.expr() };
                if !self.rows() {
                    self.fail("ROWS")
                }
                self.refuse_word(Keyword::With, "WITH TIES");
                self.expect(Keyword::Only);
                if query.limit.replace(limit).is_some() {
                    self.contradiction(format_args!("LIMIT stands here twice"), offset)
                }
            } else {
                return;
            }
        }
    }

    fn rows(&mut self) -> bool {
        self.eat(Keyword::Row) || self.eat(Keyword::Rows)
    }
}
