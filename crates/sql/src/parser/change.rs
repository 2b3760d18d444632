//! INSERT, UPDATE, DELETE, REPLACE.

use wasm_dbms_api::{CommonTable, Expr};

use super::Parser;
use crate::keyword::Keyword;
use crate::{Assignment, Delete, Insert, InsertSource, OnConflict, Statement, Update};

impl Parser<'_> {
    pub(super) fn insert(&mut self, with: Vec<CommonTable>) -> Statement {
        let mut on_conflict = self.is(Keyword::Replace).then_some(OnConflict::Replace);
        self.advance();
        if on_conflict.is_none() && self.eat(Keyword::Or) {
            on_conflict = self.or_what();
        }
        self.expect(Keyword::Into);
        let table = self.table_name();
        let alias = if self.eat(Keyword::As) { Some(self.label("an alias")) } else { None };
        let is_list = self.is_sign(b'(')
            && !matches!(self.next_keyword(), Some(Keyword::Select | Keyword::Values | Keyword::With));
        let columns = if is_list { self.column_names() } else { Vec::new() };
        if self.is(Keyword::Overriding) {
            self.not_supported("OVERRIDING")
        }
        let source = self.insert_source();
        if self.is(Keyword::On) {
            let offset = self.token.offset;
            let own = self.on_conflict();
            if on_conflict.replace(own).is_some() {
                self.contradiction("two answers to one conflict", offset)
            }
        }
        let returning = self.returning();
        Statement::Insert(Insert { with, table, alias, columns, source, on_conflict, returning })
    }

    /// `OR REPLACE`, ..: SQLite's short forms.
    fn or_what(&mut self) -> Option<OnConflict> {
        let on_conflict = match self.keyword() {
            Some(Keyword::Replace) => Some(OnConflict::Replace),
            Some(Keyword::Ignore) => Some(OnConflict::DoNothing(Vec::new())),
            // What happens anyway.
            Some(Keyword::Abort) => None,
            Some(Keyword::Fail | Keyword::Rollback) => return self.not_supported("OR FAIL and OR ROLLBACK"),
            _ => return self.fail("REPLACE, IGNORE or ABORT"),
        };
        self.advance();
        on_conflict
    }

    fn insert_source(&mut self) -> InsertSource {
        if self.eat_all(&[Keyword::Default, Keyword::Values]) {
            return InsertSource::DefaultValues;
        }
        if !self.eat(Keyword::Values) {
            return InsertSource::Query(self.query().into());
        }
        let mut width = None;
        let rows = self.list(|parser| {
            let offset = parser.token.offset;
            let row = parser.list_in_parentheses(Self::expr_or_default);
            match *width.get_or_insert(row.len()) {
                width if width == row.len() => row,
                _ => parser.contradiction("rows of different length", offset),
            }
        });
        InsertSource::Rows(rows)
    }

    fn expr_or_default(&mut self) -> Option<Expr> {
        match self.eat(Keyword::Default) {
            true => None,
            false => Some(self.expr()),
        }
    }

    fn on_conflict(&mut self) -> OnConflict {
        self.advance();
        self.expect(Keyword::Conflict);
        if self.is(Keyword::On) {
            self.not_supported("ON CONSTRAINT; name the columns")
        }
        let target = if self.is_sign(b'(') { self.column_names() } else { Vec::new() };
        if self.is(Keyword::Where) {
            self.not_supported("ON CONFLICT of a part of an index")
        }
        self.expect(Keyword::Do);
        if self.eat(Keyword::Nothing) {
            return OnConflict::DoNothing(target);
        }
        if target.is_empty() {
            self.fail("NOTHING, or the columns of the key before DO")
        }
        self.expect(Keyword::Update);
        self.expect(Keyword::Set);
        let assignments = self.assignments();
        OnConflict::DoUpdate { target, assignments, filter: self.where_clause() }
    }

    fn assignments(&mut self) -> Vec<Assignment> {
        let mut assignments = Vec::new();
        self.list(|parser| {
            if !parser.is_sign(b'(') {
                let column = parser.column_name();
                parser.expect_sign(b'=');
                return assignments.push(Assignment { column, value: parser.expr_or_default() });
            }
            let columns = parser.column_names();
            parser.expect_sign(b'=');
            let offset = parser.token.offset;
            parser.eat(Keyword::Row);
            if parser.is_sign(b'(') && matches!(parser.next_keyword(), Some(Keyword::Select | Keyword::With)) {
                parser.not_supported("several columns from one query")
            }
            let values = parser.list_in_parentheses(Self::expr_or_default);
            if values.len() != columns.len() {
                parser.contradiction("as many values as columns are wanted", offset)
            }
            for (column, value) in columns.into_iter().zip(values) {
                assignments.push(Assignment { column, value });
            }
        });
        assignments
    }

    pub(super) fn update(&mut self, with: Vec<CommonTable>) -> Statement {
        self.advance();
        if self.is(Keyword::Or) {
            self.not_supported("UPDATE OR ..")
        }
        let table = self.table_name();
        let alias = self.alias();
        self.expect(Keyword::Set);
        let assignments = self.assignments();
        let from = if self.eat(Keyword::From) { Some(self.from()) } else { None };
        let filter = self.where_clause();
        if matches!(self.keyword(), Some(Keyword::Order | Keyword::Limit)) {
            self.not_supported("ORDER BY and LIMIT of an UPDATE")
        }
        let returning = self.returning();
        Statement::Update(Update { with, table, alias, assignments, from, filter, returning })
    }

    pub(super) fn delete(&mut self, with: Vec<CommonTable>) -> Statement {
        self.advance();
        self.expect(Keyword::From);
        let table = self.table_name();
        let alias = self.alias();
        let using = if self.eat(Keyword::Using) { Some(self.from()) } else { None };
        let filter = self.where_clause();
        if matches!(self.keyword(), Some(Keyword::Order | Keyword::Limit)) {
            self.not_supported("ORDER BY and LIMIT of a DELETE")
        }
        let returning = self.returning();
        Statement::Delete(Delete { with, table, alias, using, filter, returning })
    }
}
