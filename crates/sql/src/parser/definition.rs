//! CREATE, DROP and ALTER.

use wasm_dbms::MigrationOperation as Operation;
use wasm_dbms_api::text_parts::{is_word_of, without_blanks_behind};
use wasm_dbms_api::{DataType, IndexColumn, IndexSchema, TableSchema};

use super::Parser;
use super::table::Draft;
use crate::keyword::Keyword;
use crate::{AlterAction, AlterTable, CreateIndex, CreateView, Drop, DropObject, Statement};

/// What cannot be created, and where that is said.
const NOT_MADE: &str = "trigger function procedure schema sequence type domain role user database extension virtual \
                        aggregate operator policy rule";

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Statement {
        let start = self.token.offset;
        self.advance();
        let offset = self.token.offset;
        let or_replace = self.eat_all(&[Keyword::Or, Keyword::Replace]);
        let is_temporary = self.eat(Keyword::Temp) || self.eat(Keyword::Temporary);
        if is_temporary && !self.is(Keyword::View) {
            self.not_supported("tables for a time")
        }
        let unique = !or_replace && self.eat(Keyword::Unique);
        match self.keyword() {
            Some(Keyword::Table) if !or_replace && !unique => Statement::CreateTable(self.create_table()),
            Some(Keyword::Index) if !or_replace => Statement::CreateIndex(self.create_index(unique)),
            Some(Keyword::View) if !unique => {
                let create = self.create_view(or_replace, start);
                Statement::CreateView(CreateView { is_temporary, ..create })
            }
            Some(Keyword::Unlogged) => self.not_supported("UNLOGGED"),
            Some(Keyword::Materialized | Keyword::Recursive) => self.not_supported("views of this kind"),
            Some(Keyword::Table | Keyword::Index) if or_replace => {
                self.not_supported_at("OR REPLACE of a table or an index", offset)
            }
            _ if is_word_of(&self.token.text.to_ascii_lowercase(), NOT_MADE) => {
                self.not_supported(&format!("CREATE {}", self.token.text.to_ascii_uppercase()))
            }
            _ => self.fail("TABLE, INDEX, UNIQUE INDEX or VIEW"),
        }
    }

    /// IF NOT EXISTS.
    pub(super) fn if_not_exists(&mut self) -> bool {
        self.eat_all(&[Keyword::If, Keyword::Not, Keyword::Exists])
    }

    fn if_exists(&mut self) -> bool {
        self.eat_all(&[Keyword::If, Keyword::Exists])
    }

    fn create_index(&mut self, unique: bool) -> CreateIndex {
        self.advance();
        if self.token.text.eq_ignore_ascii_case("concurrently") {
            self.not_supported("CONCURRENTLY")
        }
        let if_not_exists = self.if_not_exists();
        let name = if self.is(Keyword::On) { None } else { Some(self.table_name()) };
        self.expect(Keyword::On);
        let table = self.table_name();
        if self.eat(Keyword::Using) {
            if !self.token.text.eq_ignore_ascii_case("btree") {
                self.not_supported("indexes other than BTREE")
            }
            self.advance();
        }
        let columns = self.list_in_parentheses(|parser| {
            if parser.is_sign(b'(') || parser.next_is_sign(b'(') {
                parser.not_supported("indexes of expressions")
            }
            let mut column = IndexColumn::new(parser.column_name());
            parser.refuse_word(Keyword::Collate, "COLLATE: texts are ordered by their bytes");
            column.descending = !parser.eat(Keyword::Asc) && parser.eat(Keyword::Desc);
            if parser.eat(Keyword::Nulls) {
                // As they stand in an index anyway; the other order is another index.
                let is_own = parser.is(if column.descending { Keyword::Last } else { Keyword::First });
                if !is_own {
                    parser.not_supported("indexes in which NULLs count as largest")
                }
                parser.advance();
            }
            column
        });
        let include = if self.eat(Keyword::Include) { self.owned_names() } else { Vec::new() };
        self.refuse_word(Keyword::Where, "indexes of a part of a table");
        if self.is(Keyword::With) || self.is(Keyword::Nulls) {
            self.not_supported("options of an index")
        }
        let mut index = IndexSchema::new(columns);
        if let Some(name) = name {
            index.name = name.into();
        }
        index.include = include;
        index.unique = unique;
        CreateIndex { table, index, if_not_exists }
    }

    fn create_view(&mut self, or_replace: bool, start: usize) -> CreateView {
        self.advance();
        let if_not_exists = self.if_not_exists();
        let name = self.table_name();
        let columns = if self.is_sign(b'(') { self.column_names() } else { Vec::new() };
        self.expect(Keyword::As);
        let offset = self.token.offset;
        let query = self.query();
        if self.parameters.count() > 0 {
            self.contradiction(format_args!("a view takes no parameters"), offset)
        }
        self.refuse_word(Keyword::With, "WITH CHECK OPTION");
        let text = without_blanks_behind(self.lexer.between(start, self.token.offset)).to_owned();
        CreateView { name, columns, query, or_replace, if_not_exists, is_temporary: false, text }
    }

    pub(super) fn drop(&mut self) -> Drop {
        self.advance();
        let object = match self.keyword() {
            Some(Keyword::Table) => DropObject::Table,
            Some(Keyword::Index) => DropObject::Index,
            Some(Keyword::View) => DropObject::View,
            _ => {
                self.fail::<()>("TABLE, INDEX or VIEW");
                DropObject::Table
            }
        };
        self.advance();
        let if_exists = self.if_exists();
        let names = self.list(Self::table_name);
        self.no_cascade();
        Drop { object, names, if_exists }
    }

    /// RESTRICT is what happens anyway, CASCADE does not.
    fn no_cascade(&mut self) {
        self.refuse_word(Keyword::Cascade, "CASCADE of DROP");
        self.eat(Keyword::Restrict);
    }

    pub(super) fn alter(&mut self) -> AlterTable {
        self.advance();
        if !self.is(Keyword::Table) {
            match self.keyword() {
                Some(Keyword::Index | Keyword::View) => self.not_supported("ALTER of other things than tables"),
                _ => self.fail("TABLE"),
            }
        }
        self.advance();
        let if_exists = self.if_exists();
        let table = self.table_name();
        let mut actions = Vec::new();
        self.list(|parser| parser.alter_action(&table, &mut actions));
        AlterTable { table, if_exists, actions }
    }

    fn alter_action(&mut self, table: &str, actions: &mut Vec<AlterAction>) {
        let mut is_lenient = false;
        let operation = match self.keyword() {
            Some(Keyword::Add) => {
                self.advance();
                return self.alter_add(table, actions);
            }
            Some(Keyword::Drop) => {
                self.advance();
                let is_constraint = self.eat(Keyword::Constraint);
                if !is_constraint {
                    self.eat(Keyword::Column);
                }
                let if_exists = self.if_exists();
                let name = self.name(if is_constraint { "the name of a constraint" } else { "the name of a column" });
                self.no_cascade();
                if is_constraint {
                    return actions.push(AlterAction::DropConstraint(name, if_exists));
                }
                is_lenient = if_exists;
                Operation::DropColumn { table: table.into(), column: name.into() }
            }
            Some(Keyword::Rename) => {
                self.advance();
                if self.eat(Keyword::To) {
                    Operation::RenameTable { table: table.into(), name: self.table_name().into() }
                } else {
                    self.refuse_word(Keyword::Constraint, "RENAME CONSTRAINT");
                    self.eat(Keyword::Column);
                    let from = self.column_name();
                    self.expect(Keyword::To);
                    Operation::RenameColumn {
                        table: table.into(),
                        column: from.into(),
                        name: self.column_name().into(),
                    }
                }
            }
            Some(Keyword::Alter) => {
                self.advance();
                self.eat(Keyword::Column);
                let column = self.column_name();
                self.alter_column(table.into(), column.into())
            }
            _ => return self.fail("ADD, DROP, RENAME or ALTER"),
        };
        actions.push(AlterAction::Change(operation.into(), is_lenient));
    }

    /// What stands behind ADD: a constraint, or a column with its own.
    fn alter_add(&mut self, table: &str, actions: &mut Vec<AlterAction>) {
        let mut draft = Draft::new(TableSchema::new(table));
        let mut if_not_exists = false;
        if !self.is_table_constraint() {
            self.eat(Keyword::Column);
            if_not_exists = self.if_not_exists();
            self.column_definition(&mut draft);
        } else {
            self.table_constraint(&mut draft);
        }
        let TableSchema { columns, primary_key, indexes, foreign_keys, checks, .. } = draft.schema;
        let mut put = |operation: Operation| actions.push(AlterAction::Change(operation.into(), if_not_exists));
        for column in columns {
            put(Operation::AddColumn { table: table.into(), column });
        }
        if !primary_key.is_empty() {
            put(Operation::SetPrimaryKey { table: table.into(), columns: primary_key });
        }
        for index in indexes {
            put(Operation::CreateIndex { table: table.into(), index });
        }
        for foreign_key in foreign_keys {
            put(Operation::AddForeignKey { table: table.into(), foreign_key });
        }
        for check in checks {
            put(Operation::AddCheck { table: table.into(), check });
        }
    }

    fn alter_column(&mut self, table: String, column: String) -> Operation {
        if self.eat(Keyword::Drop) {
            if self.eat(Keyword::Default) {
                return Operation::SetDefault { table, column, default: None };
            }
            self.expect(Keyword::Not);
            self.expect(Keyword::Null);
            return Operation::SetNullable { table, column, nullable: true };
        }
        if self.eat(Keyword::Set) {
            if self.eat(Keyword::Default) {
                let default = Some(self.constant());
                return Operation::SetDefault { table, column, default };
            }
            if self.eat(Keyword::Not) {
                self.expect(Keyword::Null);
                return Operation::SetNullable { table, column, nullable: false };
            }
            self.expect(Keyword::Data);
        }
        self.expect(Keyword::Type);
        let offset = self.token.offset;
        let data_type = self.type_of_cast();
        self.refuse_word(Keyword::Using, "USING of a changed type");
        if data_type == DataType::Enum {
            self.not_supported_at("a change to an enum", offset)
        }
        Operation::ChangeType { table, column, data_type, variants: Vec::new() }
    }
}
