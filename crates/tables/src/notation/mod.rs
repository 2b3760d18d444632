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
//! stack          operands and operators
//! words          a text cut into words
//! ```

mod change;
mod definition;
mod question;
mod stack;
mod words;

use wasm_dbms::Value;
use wasm_dbms_module::Result;

use crate::nonsense;
use crate::statement::{Statement, Turn};
use change::{Deletion, Insertion, Revision};
use definition::{IndexDefinition, TableDefinition};
use question::Question;
use stack::Stack;
use words::{Word, Words};

/// A statement that is being read.
trait Draft {
    /// Takes a word of its own, with what stands on the stack and after the word; whether it has such a word.
    fn take(&mut self, word: &str, stack: &mut Stack<'_>, words: &mut Words<'_>) -> Result<bool>;

    /// The statement, once there are no more words.
    fn finish(self: Box<Self>, parameter_count: usize) -> Result<Statement>;
}

/// Reads a text. `values` are those of its parameters: what defines a table has them in it.
pub(crate) fn read(text: &str, values: &[Value]) -> Result<Statement> {
    let mut words = Words::new(text);
    let verb = words.word()?;
    let mut stack = Stack::new(if verb == "create" { Some(values) } else { None });
    let mut draft: Box<dyn Draft> = match verb {
        "select" => Box::new(Question::of(words.name()?)),
        "insert" => Box::new(Insertion::of(words.name()?)),
        "update" => Box::new(Revision::of(words.name()?)),
        "delete" => Box::new(Deletion::of(words.name()?)),
        "create" => Box::new(TableDefinition::of(words.name()?)),
        "createindex" => Box::new(IndexDefinition::of(words.name()?)),
        "drop" | "dropindex" => return definition::dropped(verb, &mut words),
        // As in SQL, since the scripts of both say it.
        "BEGIN" | "COMMIT" | "ROLLBACK" => return turn(verb, &mut words),
        _ => return Err(unknown(verb)),
    };
    while let Some(word) = words.next()? {
        match word {
            Word::Name(name) => stack.column(&name),
            Word::Plain(word) => {
                if !stack.operate(word, &mut words)? && !draft.take(word, &mut stack, &mut words)? {
                    return Err(unknown(word));
                }
            }
        }
    }
    draft.finish(stack.end()?)
}

fn turn(verb: &str, words: &mut Words<'_>) -> Result<Statement> {
    let turn = match (verb, words.next()?) {
        ("BEGIN", None) => Turn::Begin,
        ("BEGIN", Some(Word::Plain("IMMEDIATE"))) => Turn::BeginImmediate,
        ("COMMIT", None) => Turn::Commit,
        ("ROLLBACK", None) => Turn::RollBack,
        _ => return Err(nonsense("there are words behind the end")),
    };
    words.end()?;
    Ok(Statement::Turn(turn))
}

fn unknown(word: &str) -> wasm_dbms_module::Failure {
    nonsense(format!("`{word}` says nothing here"))
}
