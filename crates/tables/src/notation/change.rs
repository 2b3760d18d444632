//! `insert "table"`, `update "table"`, `delete "table"`: rows that come, change and go.
//!
//! | words | what they say |
//! |---|---|
//! | `into "column"` | insert: a column that each row has a value for, in the parameters behind those of the text |
//! | `key "column"` | insert: a column of the key whose row may be in the way; of the primary key, where none is named |
//! | `skip`, `merge` | insert: the row that is in the way stays as it is; it takes what the new one has |
//! | `take "column"` | insert: it takes this column, and others only if they are named |
//! | expression `set "column"` | update, insert: what a column becomes; of an insert the new row is called `excluded` |
//! | `reset "column"` | update: a column becomes its default |
//! | condition `where` | update, delete: which rows; insert: whether the row that is in the way changes |
//! | expression `out`, expression `outas "name"`, `every` | what is answered of each row |

use wasm_dbms::{DeleteRows, InsertRows, OnConflict, OnRowConflict, UpdateRows};
use wasm_dbms_module::Result;

use super::Draft;
use super::input::Input;
use super::question::take_output;
use crate::nonsense;
use crate::statement::Statement;

pub(super) struct Insertion {
    rows: InsertRows,
    columns: Vec<String>,
    key: Vec<String>,
    conflict: Option<OnConflict>,
}

impl Insertion {
    pub(super) fn of(table: String) -> Self {
        Self { rows: InsertRows::new(table), columns: Vec::new(), key: Vec::new(), conflict: None }
    }

    fn refine(&mut self, input: &mut Input<'_, '_>, refine: impl FnOnce(OnConflict) -> OnConflict) {
        match self.conflict.take() {
            Some(conflict) => self.conflict = Some(refine(conflict)),
            None => input.refuse("it is not said that rows may be in the way"),
        }
    }
}

impl Draft for Insertion {
    fn take(&mut self, word: &str, input: &mut Input<'_, '_>) -> bool {
        match word {
            "into" => self.columns.push(input.name()),
            "key" => self.key.push(input.name()),
            "skip" if self.key.is_empty() => self.rows.on_conflict = Some(OnRowConflict::Skip),
            "skip" | "merge" => {
                let conflict = OnConflict::on(self.key.iter().map(String::as_str));
                self.conflict = Some(if word == "skip" { conflict.do_nothing() } else { conflict });
            }
            "take" => {
                let column = input.name();
                self.refine(input, |conflict| conflict.update([column.as_str()]));
            }
            "set" => {
                let (column, value) = (input.name(), input.pop());
                self.refine(input, |conflict| conflict.set(&column, value));
            }
            "where" => {
                let filter = input.pop();
                self.refine(input, |conflict| conflict.filter(filter));
            }
            _ => return take_output(&mut self.rows.returning, word, input),
        }
        true
    }

    fn finish(mut self: Box<Self>, parameter_count: usize) -> Result<Statement> {
        if self.columns.is_empty() {
            return Err(nonsense("no column is named"));
        }
        if let Some(conflict) = self.conflict {
            self.rows.on_conflict = Some(OnRowConflict::Of(conflict));
        }
        self.rows.columns = Some(self.columns.into_iter().map(Into::into).collect());
        Ok(Statement::insert(self.rows, parameter_count))
    }
}

pub(super) struct Revision(UpdateRows);

impl Revision {
    pub(super) fn of(table: String) -> Self {
        Self(UpdateRows::new(table))
    }
}

impl Draft for Revision {
    fn take(&mut self, word: &str, input: &mut Input<'_, '_>) -> bool {
        let rows = &mut self.0;
        match word {
            "set" | "reset" => {
                let value = (word == "set").then(|| input.pop());
                rows.sets.push((input.name().into(), value));
            }
            "where" => rows.filter = Some(input.pop()),
            _ => return take_output(&mut rows.returning, word, input),
        }
        true
    }

    fn finish(self: Box<Self>, parameter_count: usize) -> Result<Statement> {
        if self.0.sets.is_empty() {
            return Err(nonsense("no column is set"));
        }
        Ok(Statement::update(self.0.prepare()?, parameter_count))
    }
}

pub(super) struct Deletion(DeleteRows);

impl Deletion {
    pub(super) fn of(table: String) -> Self {
        Self(DeleteRows::new(table))
    }
}

impl Draft for Deletion {
    fn take(&mut self, word: &str, input: &mut Input<'_, '_>) -> bool {
        match word {
            "where" => self.0.filter = Some(input.pop()),
            _ => return take_output(&mut self.0.returning, word, input),
        }
        true
    }

    fn finish(self: Box<Self>, parameter_count: usize) -> Result<Statement> {
        Ok(Statement::delete(self.0.prepare()?, parameter_count))
    }
}
