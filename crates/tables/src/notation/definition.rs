//! `create "table"`, `createindex "table"`, `drop "table"`, `dropindex "index"`: what tables there are.
//!
//! | words | what they say |
//! |---|---|
//! | `unless` | create, createindex: nothing is done if there is one of that name |
//! | `ifthere` | drop, dropindex: nothing is done if there is none |
//! | `column "name" TYPE` | a column; the words behind it are about it |
//! | `nullable`, `counts`, `choice "name"`, parameter `default` | it may be NULL; it counts up; one of an enum's names; its default |
//! | `key "column"` | a column of the primary key |
//! | `index "name"`, `unique "name"` | an index; of no name (`""`) it is called as its columns |
//! | `over "column"`, `down "column"`, `include "column"` | a column of the last index, in falling order, beside the others |
//! | `references "table"`, then `from "column"`, `to "column"` | a reference, and its columns on both sides |
//! | `ondelete ACTION`, `onupdate ACTION` | of the last reference: `restrict`, `cascade`, `setnull`, `setdefault` |
//! | condition `check "name"` | what is true of every row; it may have no name (`""`) |

use wasm_dbms::{
    CheckSchema, ColumnSchema, DataType, Expr, ForeignKeySchema, IndexColumn, IndexSchema, ReferentialAction,
    SchemaChange, TableSchema, fitting_value,
};
use wasm_dbms_module::Result;

use super::Draft;
use super::input::Input;
use crate::nonsense;
use crate::statement::Statement;

pub(super) struct TableDefinition {
    schema: TableSchema,
    is_lenient: bool,
}

pub(super) struct IndexDefinition {
    table: String,
    index: Option<IndexSchema>,
    is_lenient: bool,
}

/// Changes the thing before.
fn last<T>(things: &mut [T], input: &mut Input<'_, '_>, change: impl FnOnce(&mut T, &mut Input<'_, '_>)) {
    match things.last_mut() {
        Some(thing) => change(thing, input),
        None => input.refuse("there is nothing before that this is about"),
    }
}

impl TableDefinition {
    pub(super) fn of(name: String) -> Self {
        Self { schema: TableSchema::new(name), is_lenient: false }
    }

    fn take_of_column(column: &mut ColumnSchema, word: &str, input: &mut Input<'_, '_>) {
        match word {
            "nullable" => column.nullable = true,
            "counts" => column.autoincrement = true,
            "choice" => column.variants.push(input.name()),
            _ => match input.pop() {
                Expr::Literal(value) => column.default = Some(fitting_value(column, value)),
                _ => input.refuse("a default that is no value"),
            },
        }
    }

    fn take_of_reference(key: &mut ForeignKeySchema, word: &str, input: &mut Input<'_, '_>) {
        match word {
            "from" => key.columns.push(input.name()),
            "to" => key.references.push(input.name()),
            "ondelete" => key.on_delete = action(input),
            _ => key.on_update = action(input),
        }
    }
}

impl Draft for TableDefinition {
    fn take(&mut self, word: &str, input: &mut Input<'_, '_>) -> bool {
        match word {
            "unless" => self.is_lenient = true,
            "column" => {
                let (name, data_type) = (input.name(), data_type(input));
                self.schema.columns.push(ColumnSchema::new(name, data_type));
            }
            "nullable" | "counts" | "choice" | "default" => {
                last(&mut self.schema.columns, input, |column, input| Self::take_of_column(column, word, input));
            }
            "key" => self.schema.primary_key.push(input.name()),
            "index" | "unique" => self.schema.indexes.push(index(word, input)),
            "references" => self.schema.foreign_keys.push(ForeignKeySchema::new([], &input.name(), [])),
            "from" | "to" | "ondelete" | "onupdate" => {
                last(&mut self.schema.foreign_keys, input, |key, input| Self::take_of_reference(key, word, input));
            }
            "check" => {
                let (name, check) = (input.name(), CheckSchema::new(input.pop()));
                self.schema.checks.push(if name.is_empty() { check } else { check.named(name) });
            }
            _ => return take_of_index(&mut self.schema.indexes, word, input),
        }
        true
    }

    fn finish(mut self: Box<Self>, _: usize) -> Result<Statement> {
        self.schema.indexes.iter_mut().for_each(call);
        for key in &mut self.schema.foreign_keys {
            key.name = key.columns.join("_");
        }
        Ok(Statement::define(SchemaChange::CreateTable(self.schema), self.is_lenient))
    }
}

impl IndexDefinition {
    pub(super) fn of(table: String) -> Self {
        Self { table, index: None, is_lenient: false }
    }
}

impl Draft for IndexDefinition {
    fn take(&mut self, word: &str, input: &mut Input<'_, '_>) -> bool {
        match word {
            "unless" => self.is_lenient = true,
            "index" | "unique" if self.index.is_none() => self.index = Some(index(word, input)),
            _ => return take_of_index(self.index.as_mut_slice(), word, input),
        }
        true
    }

    fn finish(self: Box<Self>, _: usize) -> Result<Statement> {
        let mut index = self.index.ok_or_else(|| nonsense("there is no index"))?;
        call(&mut index);
        Ok(Statement::define(SchemaChange::CreateIndex(self.table, index), self.is_lenient))
    }
}

/// `drop` and `dropindex`.
pub(super) struct Removal {
    change: SchemaChange,
    is_lenient: bool,
}

impl Removal {
    pub(super) fn of_table(name: String) -> Self {
        Self { change: SchemaChange::DropTable(name), is_lenient: false }
    }

    pub(super) fn of_index(name: String) -> Self {
        Self { change: SchemaChange::DropIndex(name), is_lenient: false }
    }
}

impl Draft for Removal {
    fn take(&mut self, word: &str, _: &mut Input<'_, '_>) -> bool {
        let is_known = word == "ifthere" && !self.is_lenient;
        self.is_lenient |= is_known;
        is_known
    }

    fn finish(self: Box<Self>, _: usize) -> Result<Statement> {
        Ok(Statement::define(self.change, self.is_lenient))
    }
}

fn index(word: &str, input: &mut Input<'_, '_>) -> IndexSchema {
    IndexSchema { name: input.name(), columns: Vec::new(), include: Vec::new(), unique: word == "unique" }
}

fn take_of_index(indexes: &mut [IndexSchema], word: &str, input: &mut Input<'_, '_>) -> bool {
    if !matches!(word, "over" | "down" | "include") {
        return false;
    }
    last(indexes, input, |index, input| match (word, input.name()) {
        ("include", name) => index.include.push(name),
        ("over", name) => index.columns.push(IndexColumn::new(name)),
        (_, name) => index.columns.push(IndexColumn::new(name).descending()),
    });
    true
}

/// Gives an index of no name that of its columns.
fn call(index: &mut IndexSchema) {
    if index.name.is_empty() {
        index.name = IndexSchema::new(index.columns.iter().cloned()).name;
    }
}

fn data_type(input: &mut Input<'_, '_>) -> DataType {
    // `Display` is what they are called.
    let word = input.word();
    DataType::ALL.into_iter().find(|data_type| data_type.to_string() == word).unwrap_or_else(|| {
        input.refuse("there is no such type");
        DataType::Bool
    })
}

fn action(input: &mut Input<'_, '_>) -> ReferentialAction {
    match input.word() {
        "restrict" => ReferentialAction::Restrict,
        "cascade" => ReferentialAction::Cascade,
        "setnull" => ReferentialAction::SetNull,
        "setdefault" => ReferentialAction::SetDefault,
        _ => {
            input.refuse("there is no such action");
            ReferentialAction::Restrict
        }
    }
}
