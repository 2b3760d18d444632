//! CREATE, DROP and ALTER.

use wasm_dbms_api::{ColumnSchema, IndexColumn, IndexSchema, Name, TableSchema};

use super::Parser;
use super::table::Draft;
use crate::error::{Result, SqlErrorKind, fault};
use crate::keyword::Keyword;
use crate::{AlterAction, AlterTable, CreateIndex, CreateView, Drop, DropObject, Statement};

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Result<Statement> {
        let start = self.token.offset;
        self.advance()?;
        let offset = self.token.offset;
        let or_replace = self.eat_all(&[Keyword::Or, Keyword::Replace])?;
        let is_temporary = self.eat(Keyword::Temp)? || self.eat(Keyword::Temporary)?;
        if is_temporary && !self.is(Keyword::View) {
            return self.not_supported("tables for a time");
        }
        let unique = !or_replace && self.eat(Keyword::Unique)?;
        match self.keyword() {
            Some(Keyword::Table) if !or_replace && !unique => self.create_table().map(Statement::CreateTable),
            Some(Keyword::Index) if !or_replace => self.create_index(unique).map(Statement::CreateIndex),
            Some(Keyword::View) if !unique => {
                let create = self.create_view(or_replace, start)?;
                Ok(Statement::CreateView(CreateView { is_temporary, ..create }))
            }
            Some(Keyword::Unlogged) => self.not_supported("UNLOGGED"),
            Some(Keyword::Materialized | Keyword::Recursive) => self.not_supported("views of this kind"),
            _ => match self.token.text.to_ascii_lowercase().as_str() {
                "trigger" | "function" | "procedure" | "schema" | "sequence" | "type" | "domain" | "role" | "user"
                | "database" | "extension" | "virtual" | "aggregate" | "operator" | "policy" | "rule" => {
                    self.not_supported(format!("CREATE {}", self.token.text.to_ascii_uppercase()))
                }
                _ if or_replace && (self.is(Keyword::Table) || self.is(Keyword::Index)) => {
                    fault(SqlErrorKind::NotSupported("OR REPLACE of a table or an index".into()), offset)
                }
                _ => self.fail("TABLE, INDEX, UNIQUE INDEX or VIEW"),
            },
        }
    }

    /// IF NOT EXISTS.
    pub(super) fn if_not_exists(&mut self) -> Result<bool> {
        self.eat_all(&[Keyword::If, Keyword::Not, Keyword::Exists])
    }

    fn if_exists(&mut self) -> Result<bool> {
        self.eat_all(&[Keyword::If, Keyword::Exists])
    }

    fn create_index(&mut self, unique: bool) -> Result<CreateIndex> {
        self.advance()?;
        if self.token.text.eq_ignore_ascii_case("concurrently") {
            return self.not_supported("CONCURRENTLY");
        }
        let if_not_exists = self.if_not_exists()?;
        let name = if self.is(Keyword::On) { None } else { Some(self.table_name()?) };
        self.expect(Keyword::On)?;
        let table = self.table_name()?;
        if self.eat(Keyword::Using)? {
            if !self.token.text.eq_ignore_ascii_case("btree") {
                return self.not_supported("indexes other than BTREE");
            }
            self.advance()?;
        }
        let columns = self.list_in_parentheses(|parser| {
            if parser.is_sign("(") || parser.next_is_sign("(") {
                return parser.not_supported("indexes of expressions");
            }
            let mut column = IndexColumn::new(parser.column_name()?);
            if parser.is(Keyword::Collate) {
                return parser.not_supported("COLLATE: texts are ordered by their bytes");
            }
            column.descending = !parser.eat(Keyword::Asc)? && parser.eat(Keyword::Desc)?;
            if parser.eat(Keyword::Nulls)? {
                // As they stand in an index anyway; the other order is another index.
                let is_own = parser.is(if column.descending { Keyword::Last } else { Keyword::First });
                if !is_own {
                    return parser.not_supported("indexes in which NULLs count as largest");
                }
                parser.advance()?;
            }
            Ok(column)
        })?;
        let include = if self.eat(Keyword::Include)? { self.column_names()? } else { Vec::new() };
        if self.is(Keyword::Where) {
            return self.not_supported("indexes of a part of a table");
        }
        if self.is(Keyword::With) || self.is(Keyword::Nulls) {
            return self.not_supported("options of an index");
        }
        let mut index = IndexSchema::new(columns);
        if let Some(name) = name {
            index.name = name.into();
        }
        index.include = include.into_iter().map(Into::into).collect();
        index.unique = unique;
        Ok(CreateIndex { table, index, if_not_exists })
    }

    fn create_view(&mut self, or_replace: bool, start: usize) -> Result<CreateView> {
        self.advance()?;
        let if_not_exists = self.if_not_exists()?;
        let name = self.table_name()?;
        let columns = if self.is_sign("(") { self.column_names()? } else { Vec::new() };
        self.expect(Keyword::As)?;
        let offset = self.token.offset;
        let query = self.query()?;
        if self.parameters.count() > 0 {
            return self.contradiction("a view takes no parameters", offset);
        }
        if self.is(Keyword::With) {
            return self.not_supported("WITH CHECK OPTION");
        }
        let text = self.lexer.between(start, self.token.offset).trim_end().to_owned();
        Ok(CreateView { name, columns, query, or_replace, if_not_exists, is_temporary: false, text })
    }

    pub(super) fn drop(&mut self) -> Result<Drop> {
        self.advance()?;
        let object = match self.keyword() {
            Some(Keyword::Table) => DropObject::Table,
            Some(Keyword::Index) => DropObject::Index,
            Some(Keyword::View) => DropObject::View,
            _ => return self.fail("TABLE, INDEX or VIEW"),
        };
        self.advance()?;
        let if_exists = self.if_exists()?;
        let names = self.list(Self::table_name)?;
        self.no_cascade()?;
        Ok(Drop { object, names, if_exists })
    }

    /// RESTRICT is what happens anyway, CASCADE does not.
    fn no_cascade(&mut self) -> Result<()> {
        if self.is(Keyword::Cascade) {
            return self.not_supported("CASCADE of DROP");
        }
        self.eat(Keyword::Restrict).map(|_| ())
    }

    pub(super) fn alter(&mut self) -> Result<AlterTable> {
        self.advance()?;
        if !self.is(Keyword::Table) {
            return match self.keyword() {
                Some(Keyword::Index | Keyword::View) => self.not_supported("ALTER of other things than tables"),
                _ => self.fail("TABLE"),
            };
        }
        self.advance()?;
        let if_exists = self.if_exists()?;
        let table = self.table_name()?;
        let actions = self.list(|parser| parser.alter_action(&table))?;
        Ok(AlterTable { table, if_exists, actions: actions.into_iter().flatten().collect() })
    }

    fn alter_action(&mut self, table: &Name) -> Result<Vec<AlterAction>> {
        Ok(match self.keyword() {
            Some(Keyword::Add) => {
                self.advance()?;
                return self.alter_add(table);
            }
            Some(Keyword::Drop) => {
                self.advance()?;
                if self.eat(Keyword::Constraint)? {
                    let if_exists = self.if_exists()?;
                    let name = self.name("the name of a constraint")?;
                    self.no_cascade()?;
                    return Ok(vec![AlterAction::DropConstraint(name, if_exists)]);
                }
                self.eat(Keyword::Column)?;
                let if_exists = self.if_exists()?;
                let column = self.column_name()?;
                self.no_cascade()?;
                vec![AlterAction::DropColumn(column, if_exists)]
            }
            Some(Keyword::Rename) => {
                self.advance()?;
                if self.eat(Keyword::To)? {
                    return Ok(vec![AlterAction::Rename(self.table_name()?)]);
                }
                if self.is(Keyword::Constraint) {
                    return self.not_supported("RENAME CONSTRAINT");
                }
                self.eat(Keyword::Column)?;
                let from = self.column_name()?;
                self.expect(Keyword::To)?;
                vec![AlterAction::RenameColumn(from, self.column_name()?)]
            }
            Some(Keyword::Alter) => {
                self.advance()?;
                self.eat(Keyword::Column)?;
                let column = self.column_name()?;
                vec![self.alter_column(column)?]
            }
            _ => return self.fail("ADD, DROP, RENAME or ALTER"),
        })
    }

    /// What stands behind ADD: a constraint, or a column with its own.
    fn alter_add(&mut self, table: &Name) -> Result<Vec<AlterAction>> {
        let mut draft = Draft::new(TableSchema::new(table.as_ref()));
        let mut if_not_exists = false;
        if !self.is_table_constraint() {
            self.eat(Keyword::Column)?;
            if_not_exists = self.if_not_exists()?;
            self.column_definition(&mut draft)?;
        } else {
            self.table_constraint(&mut draft)?;
        }
        let TableSchema { columns, primary_key, indexes, foreign_keys, checks, .. } = draft.schema;
        let columns = columns.into_iter().map(|column| AlterAction::AddColumn(column, if_not_exists));
        let key = (!primary_key.is_empty()).then_some(AlterAction::AddPrimaryKey(primary_key));
        let unique = indexes.into_iter().map(AlterAction::AddUnique);
        let foreign_keys = foreign_keys.into_iter().map(AlterAction::AddForeignKey);
        let checks = checks.into_iter().map(AlterAction::AddCheck);
        Ok(columns.chain(key).chain(unique).chain(foreign_keys).chain(checks).collect())
    }

    fn alter_column(&mut self, column: Name) -> Result<AlterAction> {
        if self.eat(Keyword::Drop)? {
            if self.eat(Keyword::Default)? {
                return Ok(AlterAction::SetDefault(column, None));
            }
            self.expect(Keyword::Not)?;
            self.expect(Keyword::Null)?;
            return Ok(AlterAction::SetNullable(column, true));
        }
        if self.eat(Keyword::Set)? {
            if self.eat(Keyword::Default)? {
                let value = self.constant()?;
                return Ok(AlterAction::SetDefault(column, Some(value)));
            }
            if self.eat(Keyword::Not)? {
                self.expect(Keyword::Null)?;
                return Ok(AlterAction::SetNullable(column, false));
            }
            self.expect(Keyword::Data)?;
        }
        self.expect(Keyword::Type)?;
        let offset = self.token.offset;
        let data_type = self.type_of_cast()?;
        if self.is(Keyword::Using) {
            return self.not_supported("USING of a changed type");
        }
        match ColumnSchema::new("", data_type).data_type {
            wasm_dbms_api::DataType::Enum => crate::error::not_supported("a change to an enum", offset),
            data_type => Ok(AlterAction::SetType(column, data_type)),
        }
    }
}
