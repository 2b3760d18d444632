//! What completes a word: commands, keywords, tables, columns, files.

use rustyline::completion::{FilenameCompleter, Pair};
use wasm_dbms::Identifier;
use wasm_dbms::prelude::TableSchema;
use wasm_dbms_sql::keywords;

use crate::command::{NAMES, is_command};
use crate::definition::View;

/// The words that there are.
pub(super) struct Words<'s> {
    schemas: &'s [TableSchema],
    views: &'s [View],
}

impl<'s> Words<'s> {
    pub(super) fn new(schemas: &'s [TableSchema], views: &'s [View]) -> Self {
        Self { schemas, views }
    }

    /// Where the word before the cursor begins, and what may stand there.
    pub(super) fn complete(&self, before: &str) -> (usize, Vec<Pair>) {
        let start = before.rfind(|character: char| character.is_whitespace() || "(),;=<>+-*/".contains(character));
        let start = start.map_or(0, |place| {
            place + before.get(place..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let word = before.get(start..).unwrap_or_default();
        let line = before.trim_start();
        if line.starts_with('.') && !line.contains(char::is_whitespace) {
            return (start, pairs(NAMES.iter().map(|name| (*name).to_owned()), word));
        }
        if is_command(line) {
            return self.arguments(line, before, start, word);
        }
        if let Some((table, _)) = word.rsplit_once('.') {
            // Behind a table come its columns.
            let own = self.schemas.iter().filter(|schema| schema.name.eq_ignore_ascii_case(table));
            let columns = own.flat_map(|schema| &schema.columns);
            return (start, pairs(columns.map(|column| format!("{table}.{}", Identifier(&column.name))), word));
        }
        let columns = self.schemas.iter().flat_map(|schema| &schema.columns);
        let columns = columns.map(|column| Identifier(&column.name).to_string());
        // Keywords are written as the word began.
        let is_small = word.chars().next().is_some_and(char::is_lowercase);
        let keywords =
            keywords().map(|word| if is_small { word.to_ascii_lowercase() } else { word.to_ascii_uppercase() });
        (start, pairs(self.tables().chain(columns).chain(keywords), word))
    }

    fn tables(&self) -> impl Iterator<Item = String> {
        let tables = self.schemas.iter().map(|schema| schema.name.as_str());
        tables.chain(self.views.iter().map(|view| view.name.as_str())).map(|name| Identifier(name).to_string())
    }

    /// What a command may be given.
    fn arguments(&self, line: &str, before: &str, start: usize, word: &str) -> (usize, Vec<Pair>) {
        let place = line.split_whitespace().count() - usize::from(!word.is_empty());
        match line.split_whitespace().next().unwrap_or_default() {
            ".import" | ".export" | ".backup" | ".pages" if place == 1 => {
                let found = FilenameCompleter::new().complete_path(before, before.len());
                found.unwrap_or_else(|_| (start, Vec::new()))
            }
            ".format" => {
                (start, pairs(["table", "csv", "json", "markdown", "line"].map(str::to_owned).into_iter(), word))
            }
            ".timer" => (start, pairs(["on", "off"].map(str::to_owned).into_iter(), word)),
            _ => (start, pairs(self.schemas.iter().map(|schema| schema.name.clone()), word)),
        }
    }
}

/// Those that begin with a word, in any case, each once.
fn pairs(words: impl Iterator<Item = String>, start: &str) -> Vec<Pair> {
    let is_such = |word: &String| word.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    let mut found: Vec<String> = words.filter(is_such).collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|word| Pair { display: word.clone(), replacement: word }).collect()
}

#[cfg(test)]
mod tests {
    use wasm_dbms::prelude::*;

    use super::*;

    fn completed(before: &str) -> (usize, Vec<String>) {
        let users = TableSchema::new("users").column(ColumnSchema::new("id", DataType::U64));
        let users = users.column(ColumnSchema::new("first name", DataType::Text));
        let (schemas, views) = ([users], []);
        let (start, found) = Words::new(&schemas, &views).complete(before);
        (start, found.into_iter().map(|pair| pair.replacement).collect())
    }

    #[test]
    fn a_word_is_completed_by_what_may_stand_there() {
        let some =
            |start: usize, words: &[&str]| (start, words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(completed("sel"), some(0, &["select"]));
        assert_eq!(completed("SELECT * FROM us"), some(14, &["users", "using"]));
        assert_eq!(completed("SELECT users."), some(7, &["users.\"first name\"", "users.id"]));
        assert!(completed("SELECT count(i").1.contains(&"id".to_owned()));
        assert_eq!(completed(".ta"), some(0, &[".tables"]));
        assert_eq!(completed(".count us"), some(7, &["users"]));
        assert_eq!(completed(".timer "), some(7, &["off", "on"]));
        assert_eq!(completed("é"), some(0, &[]));
    }
}
