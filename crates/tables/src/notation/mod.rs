//! Texts in the notation of `tables.js`: what a statement is about, without its values.
//!
//! A text is words with a space between them, and names in double quotes (a quote in a name is written twice). The first word
//! is the verb. Then whatever stands in a statement comes before what is done with it: operands before their operator, a
//! condition before `where`. So a text is read in one pass, without recursion, by a stack of expressions.
//!
//! ```text
//! select "users" "age" ? >= "name" ? like and where "name" asc ? limit
//! ```
//!
//! | words | what they say |
//! |---|---|
//! | `"column"`, `"table.column"`, `?` | an operand; the next parameter |
//! | `=` `!=` `<` `<=` `>` `>=` `differs` `and` `or` `+` `-` `*` `/` `%` `like` `ilike` | an operator of two |
//! | `not` `isnull` `minus` | an operator of one |
//! | `in N` | whether an operand is one of the N behind it |
//! | `count` `countof` `sum` `avg` `min` `max`, with `different` in front of the last five | over all rows of a group |
//!
//! What each verb adds is at the head of its module.
//!
//! Invariant I1: what comes of a text is no larger than the text: a word makes one node at most, and every node is taken once.
//!
//! ```text
//! definition     create, drop, createindex, dropindex
//! change         insert, update, delete
//! question       select
//! input          operands and operators, what is left of the text
//! words          a text cut into words
//! ```

mod change;
mod definition;
mod input;
mod question;
mod words;

use wasm_dbms::Value;
use wasm_dbms_module::Result;

use crate::nonsense;
use crate::statement::{Statement, Turn};
use change::{Deletion, Insertion, Revision};
use definition::{IndexDefinition, Removal, TableDefinition};
use input::Input;
use question::Question;
use words::Word;

/// A statement that is being read.
trait Draft {
    /// Takes a word of its own, with what stands before and after it; whether it has such a word.
    fn take(&mut self, word: &str, input: &mut Input<'_, '_>) -> bool;

    /// The statement, once there are no more words.
    fn finish(self: Box<Self>, parameter_count: usize) -> Result<Statement>;
}

/// Reads a text. `values` are those of its parameters: what defines a table has them in it.
pub(crate) fn read(text: &str, values: &[Value]) -> Result<Statement> {
    let mut input = Input::new(text);
    let verb = input.word();
    // As in SQL, since the scripts of both say it.
    let turn = match verb {
        "BEGIN" => Some(Turn::Begin),
        "COMMIT" => Some(Turn::Commit),
        "ROLLBACK" => Some(Turn::RollBack),
        _ => None,
    };
    if let Some(turn) = turn {
        return taken(turn, &mut input);
    }
    let name = input.name();
    let mut draft: Box<dyn Draft> = match verb {
        "select" => Box::new(Question::of(name)),
        "insert" => Box::new(Insertion::of(name)),
        "update" => Box::new(Revision::of(name)),
        "delete" => Box::new(Deletion::of(name)),
        "create" => {
            input.give(values);
            Box::new(TableDefinition::of(name))
        }
        "createindex" => Box::new(IndexDefinition::of(name)),
        "drop" => Box::new(Removal::of_table(name)),
        "dropindex" => Box::new(Removal::of_index(name)),
        _ => return Err(unknown(verb)),
    };
    input.check()?;
    while let Some(word) = input.next() {
        match word {
            Word::Name(name) => input.column(&name),
            Word::Plain(word) if input.operate(word) || draft.take(word, &mut input) => input.check()?,
            Word::Plain(word) => return Err(unknown(word)),
            Word::Endless => return Err(nonsense("a name without an end")),
        }
    }
    let parameter_count = input.parameter_count();
    input.check()?;
    draft.finish(parameter_count)
}

fn taken(turn: Turn, input: &mut Input<'_, '_>) -> Result<Statement> {
    let turn = match (turn, input.next()) {
        (turn, None) => turn,
        (Turn::Begin, Some(Word::Plain("IMMEDIATE"))) => Turn::BeginImmediate,
        _ => return Err(nonsense("there are words behind the end")),
    };
    input.end();
    input.check()?;
    Ok(Statement::Turn(turn))
}

fn unknown(word: &str) -> Box<wasm_dbms_module::Failure> {
    nonsense(format!("`{word}` says nothing here"))
}
