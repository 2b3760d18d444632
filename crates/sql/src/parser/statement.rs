//! Statements by their first word.

use wasm_dbms_api::text_parts::is_word_of;

use super::Parser;
use crate::keyword::Keyword;
use crate::lexer::Kind;
use crate::{BeginMode, Statement, TransactionStatement};

/// First words of statements that are refused by name.
const REFUSED: &str = "analyze attach call checkpoint close cluster comment copy deallocate declare detach discard execute \
                       grant kill listen load lock merge notify pragma prepare reindex reset revoke security set show \
                       truncate use vacuum";

impl Parser<'_> {
    pub(super) fn statement(&mut self) -> Statement {
        let Some(keyword) = self.keyword() else {
            return if self.is_sign(b'(') { Statement::Query(self.query()) } else { self.refused() };
        };
        match keyword {
            Keyword::Select | Keyword::Values => Statement::Query(self.query()),
            Keyword::With => self.with_before(),
            Keyword::Insert | Keyword::Replace => self.insert(Vec::new()),
            Keyword::Update => self.update(Vec::new()),
            Keyword::Delete => self.delete(Vec::new()),
            Keyword::Create => self.create(),
            Keyword::Alter => Statement::AlterTable(self.alter()),
            Keyword::Drop => Statement::Drop(self.drop()),
            Keyword::Explain => self.explain(),
            _ => match self.transaction(keyword) {
                Some(statement) => Statement::Transaction(statement),
                None => self.refused(),
            },
        }
    }

    fn refused(&mut self) -> Statement {
        let word = self.token.text.to_ascii_lowercase();
        match is_word_of(&word, REFUSED) {
            true => self.not_supported(&word.to_ascii_uppercase()),
            false => self.fail("a statement"),
        }
    }

    /// A statement with WITH before it.
    fn with_before(&mut self) -> Statement {
        // Which one it is says the word behind; a query reads its WITH itself, so it is given back to it.
        let with = self.with();
        match self.keyword() {
            Some(Keyword::Insert | Keyword::Replace) => self.insert(with),
            Some(Keyword::Update) => self.update(with),
            Some(Keyword::Delete) => self.delete(with),
            _ => Statement::Query(self.query_with(with)),
        }
    }

    fn explain(&mut self) -> Statement {
        self.advance();
        let analyze = self.eat(Keyword::Analyze);
        if self.is_sign(b'(') {
            self.not_supported("options of EXPLAIN")
        }
        if self.is_sqlite() && self.token.text.eq_ignore_ascii_case("query") {
            self.advance();
            if !self.token.text.eq_ignore_ascii_case("plan") {
                self.fail("PLAN")
            }
            self.advance();
        }
        match self.keyword() {
            Some(
                Keyword::Select
                | Keyword::Values
                | Keyword::With
                | Keyword::Insert
                | Keyword::Replace
                | Keyword::Update
                | Keyword::Delete,
            ) => Statement::Explain { analyze, statement: self.statement().into() },
            _ => self.fail("a query or a change of rows"),
        }
    }

    fn transaction(&mut self, keyword: Keyword) -> Option<TransactionStatement> {
        Some(match keyword {
            Keyword::Begin => {
                self.advance();
                let exclusive = self.eat(Keyword::Immediate) || self.eat(Keyword::Exclusive);
                if !exclusive {
                    self.eat(Keyword::Deferred);
                }
                self.transaction_word();
                TransactionStatement::Begin(self.begin_mode(exclusive))
            }
            Keyword::Start => {
                self.advance();
                self.expect(Keyword::Transaction);
                TransactionStatement::Begin(self.begin_mode(false))
            }
            Keyword::Commit | Keyword::End => {
                self.advance();
                self.transaction_word();
                TransactionStatement::Commit
            }
            Keyword::Rollback | Keyword::Abort => {
                self.advance();
                self.transaction_word();
                match keyword == Keyword::Rollback && self.eat(Keyword::To) {
                    true => {
                        self.eat(Keyword::Savepoint);
                        TransactionStatement::RollbackTo(self.name("the name of a savepoint"))
                    }
                    false => TransactionStatement::Rollback,
                }
            }
            Keyword::Savepoint => {
                self.advance();
                TransactionStatement::Savepoint(self.name("the name of a savepoint"))
            }
            Keyword::Release => {
                self.advance();
                self.eat(Keyword::Savepoint);
                TransactionStatement::Release(self.name("the name of a savepoint"))
            }
            _ => return None,
        })
    }

    fn transaction_word(&mut self) {
        if !self.eat(Keyword::Transaction) {
            self.eat(Keyword::Work);
        }
        self.refuse_word(Keyword::And, "AND CHAIN");
    }

    /// `ISOLATION LEVEL ..`, `READ ONLY`, with commas between or not.
    fn begin_mode(&mut self, exclusive: bool) -> BeginMode {
        let mut mode = BeginMode { exclusive, ..BeginMode::default() };
        loop {
            if self.eat_all(&[Keyword::Isolation, Keyword::Level]) {
                // Every level gets what it asks for, or more.
                match self.token.text.to_ascii_lowercase().as_str() {
                    "serializable" => {
                        self.advance();
                    }
                    "repeatable" => {
                        self.advance();
                        self.expect(Keyword::Read);
                        mode.snapshot = true;
                    }
                    "read" => {
                        self.advance();
                        match self.token.text.to_ascii_lowercase().as_str() {
                            "committed" | "uncommitted" => {
                                self.advance();
                            }
                            _ => self.fail("COMMITTED or UNCOMMITTED"),
                        }
                        mode.snapshot = true;
                    }
                    _ => self.fail("SERIALIZABLE, REPEATABLE READ or READ COMMITTED"),
                }
            } else if self.eat(Keyword::Read) {
                mode.read_only = self.eat(Keyword::Only);
                if !mode.read_only {
                    self.expect(Keyword::Write);
                }
            } else {
                return mode;
            }
            if self.is_sign(b',') {
                self.advance();
                if !matches!(self.token.kind, Kind::Word(Some(Keyword::Isolation | Keyword::Read))) {
                    self.fail("ISOLATION LEVEL or READ")
                }
            }
        }
    }
}
