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

use wasm_dbms::{Join, JoinCondition, JoinKind, Nulls, Order, Output, Query};
use wasm_dbms_module::Result;

use super::Draft;
use super::input::Input;
use crate::statement::Statement;

pub(super) struct Question {
    table: String,
    is_by_key: bool,
    query: Query,
}

impl Question {
    pub(super) fn of(table: String) -> Self {
        // A choice, a day or a moment can be said as a text.
        let mut query = Query::from(table.as_str());
        query.reads_text = true;
        Self { table, is_by_key: false, query }
    }
}

impl Draft for Question {
    fn take(&mut self, word: &str, input: &mut Input<'_, '_>) -> bool {
        let query = &mut self.query;
        match word {
            "bykey" => self.is_by_key = true,
            "as" => {
                let last = query.joins.last_mut().map_or(&mut query.from, |join| &mut join.source);
                last.alias = Some(input.name().into());
            }
            "join" | "left" => {
                let kind = if word == "left" { JoinKind::Left } else { JoinKind::Inner };
                query.joins.push(Join { kind, source: input.name().into(), condition: JoinCondition::Always });
            }
            "on" => {
                let condition = JoinCondition::On(input.pop());
                match query.joins.last_mut() {
                    Some(join) => join.condition = condition,
                    None => input.refuse("nothing is joined"),
                }
            }
            "where" => query.filter = Some(input.pop()),
            "having" => query.having = Some(input.pop()),
            "group" => query.group_by.push(input.pop()),
            "distinct" => query.distinct = true,
            "asc" | "desc" => query.order_by.push(Order { expr: input.pop(), descending: word == "desc", nulls: None }),
            "nullsfirst" | "nullslast" => {
                let nulls = if word == "nullsfirst" { Nulls::First } else { Nulls::Last };
                match query.order_by.last_mut() {
                    Some(last) => last.nulls = Some(nulls),
                    None => input.refuse("there is no order before its NULLs"),
                }
            }
            "limit" => query.limit = Some(input.pop()),
            "offset" => query.offset = Some(input.pop()),
            _ => return take_output(&mut query.columns, word, input),
        }
        true
    }

    fn finish(self: Box<Self>, parameter_count: usize) -> Result<Statement> {
        Ok(match self.is_by_key {
            true => Statement::row(self.table),
            false => Statement::question(self.query, parameter_count),
        })
    }
}

/// Takes what says a column of an answer.
pub(super) fn take_output(outputs: &mut Vec<Output>, word: &str, input: &mut Input<'_, '_>) -> bool {
    outputs.push(match word {
        "out" => input.pop().into(),
        "outas" => Output::Expr(input.pop(), Some(input.name().into())),
        "every" => Output::Every,
        "everyof" => Output::EveryOf(input.name().into()),
        _ => return false,
    });
    true
}
