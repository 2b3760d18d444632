//! INSERT, UPDATE, DELETE, REPLACE.

use wasm_dbms::{DeleteRows, InsertRows, NewRows, OnConflict, OnRowConflict, UpdateRows};
use wasm_dbms_api::{CommonTable, Expr, Name};

use super::Parser;
use crate::Statement;
use crate::keyword::Keyword;

/// Columns and what they are set to; none stands for DEFAULT.
type Assignments = Vec<(Name, Option<Expr>)>;

/// In SQLite what is said last of a column holds.
fn keep_last(sets: &mut Assignments) {
    let mut behind: Vec<Name> = Vec::new();
    for place in (0..sets.len()).rev() {
        if let Some((column, _)) = sets.get(place) {
            match behind.contains(column) {
                true => drop(sets.remove(place)),
                false => behind.push(column.clone()),
            }
        }
    }
}

impl Parser<'_> {
    pub(super) fn insert(&mut self, with: Vec<CommonTable>) -> Statement {
        let mut on_conflict = self.is(Keyword::Replace).then_some(OnRowConflict::Replace);
        self.advance();
        if on_conflict.is_none() && self.eat(Keyword::Or) {
            on_conflict = self.or_what();
        }
        self.expect(Keyword::Into);
        let table = self.table_name();
        let alias = if self.eat(Keyword::As) { Some(self.label("an alias")) } else { None };
        let is_list = self.is_sign(b'(')
            && !matches!(self.next_keyword(), Some(Keyword::Select | Keyword::Values | Keyword::With));
        let mut columns = if is_list { Some(self.column_names()) } else { None };
        self.refuse_word(Keyword::Overriding, "OVERRIDING");
        let rows = match self.eat_all(&[Keyword::Default, Keyword::Values]) {
            true => {
                columns = Some(Vec::new());
                NewRows::Values(vec![Vec::new()])
            }
            false => self.new_rows(),
        };
        if self.is(Keyword::On) {
            let offset = self.token.offset;
            let own = self.on_conflict(alias.is_some());
            if on_conflict.replace(own).is_some() {
                self.contradiction(format_args!("two answers to one conflict"), offset)
            }
        }
        let returning = self.returning();
        Statement::Insert(InsertRows { with, table, alias, columns, rows, on_conflict, returning }.into())
    }

    /// `OR REPLACE`, ..: SQLite's short forms.
    fn or_what(&mut self) -> Option<OnRowConflict> {
        let on_conflict = match self.keyword() {
            Some(Keyword::Replace) => Some(OnRowConflict::Replace),
            Some(Keyword::Ignore) => Some(OnRowConflict::Skip),
            // What happens anyway.
            Some(Keyword::Abort) => None,
            Some(Keyword::Fail | Keyword::Rollback) => return self.not_supported("OR FAIL and OR ROLLBACK"),
            _ => return self.fail("REPLACE, IGNORE or ABORT"),
        };
        self.advance();
        on_conflict
    }

    fn new_rows(&mut self) -> NewRows {
        if !self.eat(Keyword::Values) {
            return NewRows::Query(self.boxed_query());
        }
        let mut width = None;
        let rows = self.list(|parser| {
            let offset = parser.token.offset;
            let row = parser.list_in_parentheses(Self::expr_or_default);
            match *width.get_or_insert(row.len()) {
                width if width == row.len() => row,
                _ => parser.contradiction(format_args!("rows of different length"), offset),
            }
        });
        NewRows::Values(rows)
    }

    fn expr_or_default(&mut self) -> Option<Expr> {
        match self.eat(Keyword::Default) {
            true => None,
            false => Some(self.expr()),
        }
    }

    /// What stands behind ON.
    fn on_conflict(&mut self, has_alias: bool) -> OnRowConflict {
        self.advance();
        self.expect(Keyword::Conflict);
        self.refuse_word(Keyword::On, "ON CONSTRAINT; name the columns");
        let target = if self.is_sign(b'(') { self.column_names() } else { Vec::new() };
        let mut action = OnConflict::on(target.iter().map(|name| &**name));
        self.refuse_word(Keyword::Where, "ON CONFLICT of a part of an index");
        self.expect(Keyword::Do);
        if self.eat(Keyword::Nothing) {
            return match target.is_empty() {
                true => OnRowConflict::Skip,
                false => OnRowConflict::Of(action.do_nothing()),
            };
        }
        if target.is_empty() {
            self.fail("NOTHING, or the columns of the key before DO")
        }
        if has_alias {
            self.not_supported("an alias of a table with ON CONFLICT DO UPDATE")
        }
        self.expect(Keyword::Update);
        self.expect(Keyword::Set);
        let offset = self.token.offset;
        for (column, value) in self.assignments() {
            match value {
                Some(value) => action.put(&column, value),
                None => self.not_supported_at("DEFAULT in ON CONFLICT DO UPDATE", offset),
            }
        }
        OnRowConflict::Of(match self.where_clause() {
            Some(filter) => action.filter(filter),
            None => action,
        })
    }

    fn assignments(&mut self) -> Assignments {
        let mut assignments = Vec::new();
        self.list(|parser| {
            if !parser.is_sign(b'(') {
                let column = parser.column_name();
                parser.expect_sign(b'=');
                return assignments.push((column, parser.expr_or_default()));
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
                parser.contradiction(format_args!("as many values as columns are wanted"), offset)
            }
            assignments.extend(columns.into_iter().zip(values));
        });
        assignments
    }

    pub(super) fn update(&mut self, with: Vec<CommonTable>) -> Statement {
        self.advance();
        self.refuse_word(Keyword::Or, "UPDATE OR ..");
        let table = self.table_name();
        let alias = self.alias();
        self.expect(Keyword::Set);
        let mut sets = self.assignments();
        if self.is_sqlite() {
            keep_last(&mut sets);
        }
        let from = if self.eat(Keyword::From) { Some(self.from()) } else { None };
        let filter = self.where_clause();
        if matches!(self.keyword(), Some(Keyword::Order | Keyword::Limit)) {
            self.not_supported("ORDER BY and LIMIT of an UPDATE")
        }
        let returning = self.returning();
        Statement::Update(UpdateRows { with, table, alias, sets, from, filter, returning }.into())
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
        Statement::Delete(DeleteRows { with, table, alias, using, filter, returning }.into())
    }
}
