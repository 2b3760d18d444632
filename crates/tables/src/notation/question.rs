//! `select "table"`: a question.
//!
//! | words | what they say |
//! |---|---|
//! | `bykey` | the row whose primary key the parameters are, and nothing else |
//! | `as "name"` | what the last table is called here |
//! | `join` `left` `"table"`, condition `on` | a table beside those before |
//! | condition `where`, condition `having`, expression `group` | which rows, which groups |
//! | expression `out`, expression `outas "name"`, `every`, `everyof "table"` | a column of the answer |
//! | `distinct` | equal rows are one |
//! | expression `asc`, expression `desc`, then `nullsfirst`, `nullslast` | the order |
//! | expression `limit`, expression `offset` | how many rows, and how many are left out before |

use wasm_dbms::{Join, JoinCondition, JoinKind, Nulls, Order, Output, Query, Source};
use wasm_dbms_module::Result;

use super::Draft;
use super::stack::Stack;
use super::words::Words;
use crate::nonsense;
use crate::statement::Statement;

pub(super) struct Question {
    table: String,
    is_by_key: bool,
    query: Query,
}

impl Question {
    pub(super) fn of(table: String) -> Self {
        // A choice, a day or a moment can be said as a text.
        let query = Query { reads_text: true, ..Query::from(table.as_str()) };
        Self { table, is_by_key: false, query }
    }

    fn join(&mut self, kind: JoinKind, words: &mut Words<'_>) -> Result<()> {
        self.query.joins.push(Join { kind, source: Source::from(words.name()?), condition: JoinCondition::Always });
        Ok(())
    }

    fn order(&mut self, stack: &mut Stack<'_>, descending: bool) -> Result<()> {
        self.query.order_by.push(Order { expr: stack.pop()?, descending, nulls: None });
        Ok(())
    }

    fn nulls(&mut self, nulls: Nulls) -> Result<()> {
        let last = self.query.order_by.last_mut().ok_or_else(|| nonsense("there is no order before its NULLs"))?;
        last.nulls = Some(nulls);
        Ok(())
    }
}

impl Draft for Question {
    fn take(&mut self, word: &str, stack: &mut Stack<'_>, words: &mut Words<'_>) -> Result<bool> {
        if take_output(&mut self.query.columns, word, stack, words)? {
            return Ok(true);
        }
        match word {
            "bykey" => self.is_by_key = true,
            "as" => {
                let last = self.query.joins.last_mut().map_or(&mut self.query.from, |join| &mut join.source);
                last.alias = Some(words.name()?.into());
            }
            "join" => self.join(JoinKind::Inner, words)?,
            "left" => self.join(JoinKind::Left, words)?,
            "on" => match self.query.joins.last_mut() {
                Some(join) => join.condition = JoinCondition::On(stack.pop()?),
                None => return Err(nonsense("nothing is joined")),
            },
            "where" => self.query.filter = Some(stack.pop()?),
            "having" => self.query.having = Some(stack.pop()?),
            "group" => self.query.group_by.push(stack.pop()?),
            "distinct" => self.query.distinct = true,
            "asc" => self.order(stack, false)?,
            "desc" => self.order(stack, true)?,
            "nullsfirst" => self.nulls(Nulls::First)?,
            "nullslast" => self.nulls(Nulls::Last)?,
            "limit" => self.query.limit = Some(stack.pop()?),
            "offset" => self.query.offset = Some(stack.pop()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(self: Box<Self>, parameter_count: usize) -> Result<Statement> {
        Ok(match self.is_by_key {
            true => Statement::row(self.table),
            false => Statement::question(self.query, parameter_count),
        })
    }
}

/// Takes what says a column of an answer.
pub(super) fn take_output(
    outputs: &mut Vec<Output>,
    word: &str,
    stack: &mut Stack<'_>,
    words: &mut Words<'_>,
) -> Result<bool> {
    outputs.push(match word {
        "out" => stack.pop()?.into(),
        "outas" => Output::Expr(stack.pop()?, Some(words.name()?.into())),
        "every" => Output::Every,
        "everyof" => Output::EveryOf(words.name()?.into()),
        _ => return Ok(false),
    });
    Ok(true)
}
