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

use super::stack::Stack;
use super::words::{Word, Words};
use super::{Draft, unknown};
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

/// The thing before.
fn last<T>(things: &mut [T]) -> Result<&mut T> {
    things.last_mut().ok_or_else(|| nonsense("there is nothing before that this is about"))
}

impl TableDefinition {
    pub(super) fn of(name: String) -> Self {
        Self { schema: TableSchema::new(name), is_lenient: false }
    }

    fn take_of_column(&mut self, word: &str, stack: &mut Stack<'_>, words: &mut Words<'_>) -> Result<bool> {
        let columns = &mut self.schema.columns;
        match word {
            "column" => columns.push(ColumnSchema::new(words.name()?, data_type(words.word()?)?)),
            "nullable" => last(columns)?.nullable = true,
            "counts" => last(columns)?.autoincrement = true,
            "choice" => last(columns)?.variants.push(words.name()?),
            "default" => {
                let column = last(columns)?;
                let Expr::Literal(value) = stack.pop()? else { return Err(nonsense("a default that is no value")) };
                column.default = Some(fitting_value(column, value));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_of_reference(&mut self, word: &str, words: &mut Words<'_>) -> Result<bool> {
        let keys = &mut self.schema.foreign_keys;
        match word {
            "references" => keys.push(ForeignKeySchema::new([], &words.name()?, [])),
            "from" => last(keys)?.columns.push(words.name()?),
            "to" => last(keys)?.references.push(words.name()?),
            "ondelete" => last(keys)?.on_delete = action(words.word()?)?,
            "onupdate" => last(keys)?.on_update = action(words.word()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Draft for TableDefinition {
    fn take(&mut self, word: &str, stack: &mut Stack<'_>, words: &mut Words<'_>) -> Result<bool> {
        match word {
            "unless" => self.is_lenient = true,
            "key" => self.schema.primary_key.push(words.name()?),
            "index" | "unique" => self.schema.indexes.push(index(word, words)?),
            "check" => {
                let name = words.name()?;
                let check = CheckSchema::new(stack.pop()?);
                self.schema.checks.push(if name.is_empty() { check } else { check.named(name) });
            }
            _ => {
                return Ok(self.take_of_column(word, stack, words)?
                    || self.take_of_reference(word, words)?
                    || take_of_index(&mut self.schema.indexes, word, words)?);
            }
        }
        Ok(true)
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
    fn take(&mut self, word: &str, _: &mut Stack<'_>, words: &mut Words<'_>) -> Result<bool> {
        match word {
            "unless" => self.is_lenient = true,
            "index" | "unique" if self.index.is_none() => self.index = Some(index(word, words)?),
            _ => return take_of_index(self.index.as_mut_slice(), word, words),
        }
        Ok(true)
    }

    fn finish(self: Box<Self>, _: usize) -> Result<Statement> {
        let mut index = self.index.ok_or_else(|| nonsense("there is no index"))?;
        call(&mut index);
        Ok(Statement::define(SchemaChange::CreateIndex(self.table, index), self.is_lenient))
    }
}

/// `drop` and `dropindex`.
pub(super) fn dropped(verb: &str, words: &mut Words<'_>) -> Result<Statement> {
    let name = words.name()?;
    let is_lenient = match words.next()? {
        None => false,
        Some(Word::Plain("ifthere")) => true,
        Some(_) => return Err(nonsense("there are words behind the end")),
    };
    words.end()?;
    let change = if verb == "drop" { SchemaChange::DropTable(name) } else { SchemaChange::DropIndex(name) };
    Ok(Statement::define(change, is_lenient))
}

fn index(word: &str, words: &mut Words<'_>) -> Result<IndexSchema> {
    let (name, columns) = (words.name()?, Vec::new());
    Ok(IndexSchema { name, columns, include: Vec::new(), unique: word == "unique" })
}

fn take_of_index(indexes: &mut [IndexSchema], word: &str, words: &mut Words<'_>) -> Result<bool> {
    match word {
        "over" => last(indexes)?.columns.push(IndexColumn::new(words.name()?)),
        "down" => last(indexes)?.columns.push(IndexColumn::new(words.name()?).descending()),
        "include" => last(indexes)?.include.push(words.name()?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Gives an index of no name that of its columns.
fn call(index: &mut IndexSchema) {
    if index.name.is_empty() {
        index.name = IndexSchema::new(index.columns.iter().cloned()).name;
    }
}

fn data_type(word: &str) -> Result<DataType> {
    // `Display` is what they are called.
    let mut all = DataType::ALL.into_iter();
    all.find(|data_type| data_type.to_string() == word).ok_or_else(|| unknown(word))
}

fn action(word: &str) -> Result<ReferentialAction> {
    Ok(match word {
        "restrict" => ReferentialAction::Restrict,
        "cascade" => ReferentialAction::Cascade,
        "setnull" => ReferentialAction::SetNull,
        "setdefault" => ReferentialAction::SetDefault,
        _ => return Err(unknown(word)),
    })
}
