//! CREATE TABLE: columns and constraints as a schema.

use wasm_dbms_api::{
    CheckSchema, ColumnSchema, DataType, ForeignKeySchema, IndexColumn, IndexSchema, ReferentialAction, TableSchema,
    Validator, Value,
};

use super::Parser;
use super::data_type::TypeName;
use crate::keyword::Keyword;
use crate::lexer::Kind;
use crate::{CreateTable, literal};

/// A schema while it is read.
pub(super) struct Draft {
    pub(super) schema: TableSchema,
    has_key: bool,
}

impl Draft {
    pub(super) fn new(schema: TableSchema) -> Self {
        Self { schema, has_key: false }
    }
}

fn unique_of(columns: Vec<String>, name: String) -> IndexSchema {
    let columns = columns.into_iter().map(IndexColumn::new).collect::<Vec<_>>();
    let mut index = IndexSchema::new(columns);
    index.unique = true;
    if !name.is_empty() {
        index.name = name;
    }
    index
}

impl Parser<'_> {
    pub(super) fn create_table(&mut self) -> CreateTable {
        self.advance();
        let if_not_exists = self.if_not_exists();
        let offset = self.token.offset;
        let name = self.table_name();
        self.refuse_word(Keyword::As, "CREATE TABLE AS; write CREATE TABLE and INSERT .. SELECT");
        let mut draft = Draft::new(TableSchema::new(name.as_ref()));
        self.list_in_parentheses(|parser| match parser.is_table_constraint() {
            true => parser.table_constraint(&mut draft),
            false if parser.is(Keyword::Like) => parser.not_supported("LIKE another table"),
            false => parser.column_definition(&mut draft),
        });
        self.table_options();
        let mut schema = draft.schema;
        for column in &mut schema.columns {
            if schema.primary_key.contains(&column.name) {
                column.nullable = false;
            }
        }
        self.count_up_as_sqlite(&mut schema);
        if let Err(error) = schema.validate() {
            self.contradiction(format_args!("{error}"), offset)
        }
        CreateTable { schema, if_not_exists }
    }

    /// SQLite's row number: a primary key of one column of integers takes the next one where none is given.
    fn count_up_as_sqlite(&self, schema: &mut TableSchema) {
        let [key] = schema.primary_key.as_slice() else { return };
        let counts_up = schema.columns.iter().any(|column| column.autoincrement);
        let own = schema.columns.iter_mut().find(|column| column.name == *key);
        if let Some(column) = own.filter(|column| column.data_type == DataType::I64)
            && self.is_sqlite()
            && !counts_up
        {
            column.autoincrement = true;
        }
    }

    fn table_options(&mut self) {
        loop {
            if self.is_sqlite() && self.eat(Keyword::Without) {
                // Rows stand under their key anyway.
                self.expect(Keyword::Rowid);
            } else if self.is_sqlite() && self.eat(Keyword::Strict) {
                // Columns hold values of their type anyway.
            } else {
                if let Kind::Word(_) = self.token.kind {
                    self.not_supported(&format!("{} behind a table", self.token.text))
                }
                return;
            }
            if !self.eat_sign(b',') {
                return;
            }
        }
    }

    /// Whether a constraint of the table stands here, not a column.
    pub(super) fn is_table_constraint(&self) -> bool {
        matches!(
            self.keyword(),
            Some(Keyword::Constraint | Keyword::Primary | Keyword::Unique | Keyword::Foreign | Keyword::Check)
        ) || (self.is(Keyword::Exclude) && matches!(self.next_keyword(), Some(Keyword::Using)))
    }

    pub(super) fn table_constraint(&mut self, draft: &mut Draft) {
        let name = self.constraint_name();
        let offset = self.token.offset;
        match self.keyword() {
            Some(Keyword::Primary) => {
                self.advance();
                self.expect(Keyword::Key);
                let columns = self.key_columns();
                self.set_key(draft, columns, offset)
            }
            Some(Keyword::Unique) => {
                self.advance();
                let columns = self.key_columns();
                draft.schema.indexes.push(unique_of(columns, name));
            }
            Some(Keyword::Foreign) => {
                self.advance();
                self.expect(Keyword::Key);
                let columns = self.key_columns();
                self.references(draft, &columns, name)
            }
            Some(Keyword::Check) => self.check_condition(draft, name),
            Some(Keyword::Exclude) => self.not_supported("EXCLUDE"),
            _ => self.fail("PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK"),
        }
    }

    /// `CONSTRAINT name`; only the one of a primary key is not kept.
    fn constraint_name(&mut self) -> String {
        match self.eat(Keyword::Constraint) {
            true => self.name("the name of a constraint").into(),
            false => String::new(),
        }
    }

    /// `CHECK (condition)`.
    fn check_condition(&mut self, draft: &mut Draft, name: String) {
        self.advance();
        self.expect_sign(b'(');
        let offset = self.token.offset;
        let count = self.parameters.count();
        let condition = self.expr();
        self.expect_sign(b')');
        if self.parameters.count() > count {
            self.contradiction(format_args!("a check takes no parameters"), offset)
        }
        draft.schema.checks.push(CheckSchema::new(condition).named(name));
    }

    fn set_key(&mut self, draft: &mut Draft, columns: Vec<String>, offset: usize) {
        if std::mem::replace(&mut draft.has_key, true) {
            self.contradiction(format_args!("a table has one primary key"), offset)
        }
        draft.schema.primary_key = columns;
    }

    fn key_columns(&mut self) -> Vec<String> {
        let names = self.owned_names();
        self.conflict_clause();
        names
    }

    /// SQLite's ON CONFLICT of a constraint.
    fn conflict_clause(&mut self) {
        if self.is(Keyword::On) && self.next_keyword() == Some(Keyword::Conflict) {
            self.not_supported("ON CONFLICT of a constraint; write it in the INSERT")
        }
    }

    pub(super) fn column_definition(&mut self, draft: &mut Draft) {
        let name: String = self.column_name().into();
        let TypeName { data_type, counts_up, variants, characters_max } = self.type_name();
        let mut column = ColumnSchema::new(name.as_str(), data_type.unwrap_or(DataType::Text));
        column.variants = variants;
        column.validators.extend(characters_max.map(Validator::MaxLen));
        column.autoincrement = counts_up;
        column.nullable = !counts_up;
        loop {
            let constraint = self.constraint_name();
            let offset = self.token.offset;
            match self.keyword() {
                Some(Keyword::Not) => {
                    self.advance();
                    self.expect(Keyword::Null);
                    self.conflict_clause();
                    column.nullable = false;
                }
                Some(Keyword::Null) => {
                    self.advance();
                }
                Some(Keyword::Default) => {
                    self.advance();
                    let value = self.constant();
                    column.default = Some(self.fitting(&value, &column, offset));
                }
                Some(Keyword::Primary) => {
                    self.advance();
                    self.expect(Keyword::Key);
                    if !self.eat(Keyword::Asc) && self.is(Keyword::Desc) {
                        self.not_supported("a primary key that descends")
                    }
                    self.conflict_clause();
                    column.nullable = false;
                    column.autoincrement |= self.eat(Keyword::Autoincrement);
                    self.set_key(draft, vec![name.clone()], offset);
                }
                Some(Keyword::Unique) => {
                    self.advance();
                    self.conflict_clause();
                    draft.schema.indexes.push(unique_of(vec![name.clone()], constraint));
                }
                Some(Keyword::References) => self.references(draft, std::slice::from_ref(&name), constraint),
                Some(Keyword::Generated) => {
                    self.advance();
                    self.refuse_word(Keyword::Always, "GENERATED ALWAYS");
                    let words = [Keyword::By, Keyword::Default, Keyword::As, Keyword::Identity];
                    words.iter().for_each(|word| self.expect(*word));
                    column.autoincrement = true;
                    column.nullable = false;
                }
                Some(Keyword::Check) => self.check_condition(draft, constraint),
                Some(Keyword::Collate) => return self.not_supported("COLLATE: texts are ordered by their bytes"),
                Some(Keyword::As) => return self.not_supported("columns that are computed"),
                _ if self.column_rules(&mut column) => {}
                _ => break,
            }
        }
        draft.schema.columns.push(column);
    }

    /// `REFERENCES table (column, ..) ON DELETE .. ON UPDATE ..`
    fn references(&mut self, draft: &mut Draft, columns: &[String], name: String) {
        self.expect(Keyword::References);
        let table = self.table_name();
        if !self.is_sign(b'(') {
            self.not_supported("REFERENCES without the column that is referred to")
        }
        let references = self.column_names();
        let references = references.iter().map(|name| name.as_ref());
        let mut key = ForeignKeySchema::new(columns.iter().map(String::as_str), table.as_ref(), references);
        if !name.is_empty() {
            key.name = name;
        }
        loop {
            if self.eat(Keyword::On) {
                let is_delete = self.eat(Keyword::Delete);
                if !is_delete {
                    self.expect(Keyword::Update);
                }
                let action = self.reference_action();
                if is_delete {
                    key.on_delete = action;
                } else {
                    key.on_update = action;
                }
            } else if self.is(Keyword::Match) || self.is(Keyword::Deferrable) || self.is(Keyword::Initially) {
                self.not_supported("MATCH and DEFERRABLE")
            } else {
                break;
            }
        }
        draft.schema.foreign_keys.push(key);
    }

    fn reference_action(&mut self) -> ReferentialAction {
        if self.eat(Keyword::Restrict) || self.eat_all(&[Keyword::No, Keyword::Action]) {
            return ReferentialAction::Restrict;
        }
        if self.eat(Keyword::Cascade) {
            return ReferentialAction::Cascade;
        }
        if self.eat(Keyword::Set) {
            if self.eat(Keyword::Null) {
                return ReferentialAction::SetNull;
            }
            self.expect(Keyword::Default);
            return ReferentialAction::SetDefault;
        }
        self.fail::<()>("RESTRICT, CASCADE, NO ACTION, SET NULL or SET DEFAULT");
        ReferentialAction::Restrict
    }

    /// A value that depends on nothing.
    pub(super) fn constant(&mut self) -> Value {
        let offset = self.token.offset;
        // No operators: NOT NULL may stand behind it.
        match self.operand() {
            wasm_dbms_api::Expr::Literal(value) => value,
            _ => self.not_supported_at("defaults that are no constants", offset),
        }
    }

    /// A default as a value of its column's type.
    pub(super) fn fitting(&mut self, value: &Value, column: &ColumnSchema, offset: usize) -> Value {
        let fitting = match value {
            Value::Text(text) if column.data_type == DataType::Enum => {
                column.variant(text).map(|variant| variant.to_value())
            }
            Value::Text(text) if column.data_type != DataType::Text => literal::typed(column.data_type, text),
            Value::Integer(_) | Value::Unsigned(_) | Value::Decimal(_) | Value::Float(_) => {
                literal::number_as(value, column.data_type)
            }
            _ => Some(value.clone()),
        };
        match fitting.filter(|fitting| fitting.is_null() || column.holds(fitting.as_ref())) {
            Some(fitting) => fitting,
            None => self.contradiction(format_args!("the default {value} is no {}", column.data_type), offset),
        }
    }
}
