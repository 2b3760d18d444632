//! The parser: one function for each rule of the grammar, a token and the next one in view.
//!
//! No rule fails. What is wrong first is kept (`Parser::stop`), and from then on the text is at its end: the rules that are
//! under way find nothing more to read and come to their own ends, with something of their type that nobody gets to see. So
//! a rule that goes round must go on only while there is a token that it wants, and none looks at what another one answered
//! to know whether all is well. A `?` behind each word would weigh 13 KB gzip more in a module.

mod bare;
mod blank;
mod call;
mod change;
mod data_type;
mod definition;
mod expr;
mod infix;
mod operand;
mod parameters;
mod query;
mod rule;
mod select;
pub(crate) mod source;
mod statement;
mod table;
mod window;

pub use parameters::Parameters;

use std::borrow::Cow;
use std::{fmt, vec};

use wasm_dbms_api::{Expr, Identifier, Name, ScalarFunction};

use crate::error::{Fault, SqlErrorKind};
use crate::keyword::Keyword;
use crate::lexer::{Kind, Lexer, Token};
use crate::limits::{BALANCED_FROM, MAX_LIST_ITEMS, MAX_NAME_BYTES, MAX_NESTING, MAX_TEXT_BYTES, MAX_TOKENS};
use crate::parser::blank::Blank;
use crate::parser::window::{Definition, NamingCall};
use crate::{Dialect, SqlError, Statement, literal};

/// A statement, the tables it names, and the parameters it wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What it says.
    pub statement: Statement,
    /// Every name that stands where a table may, each once: of tables, of views, of its own common tables.
    pub tables: Vec<Name>,
    /// What it wants to be given.
    pub parameters: Parameters,
}

/// Reads one statement; a semicolon may stand behind it.
///
/// ```
/// use wasm_dbms_api::{Comparison, Expr, Query};
/// use wasm_dbms_sql::{Dialect, Statement, parse};
///
/// let parsed = parse("SELECT name FROM users WHERE age >= ? LIMIT 10", Dialect::PostgreSql)?;
/// let query = Query::from("users")
///     .column(Expr::column("name"))
///     .filter(Expr::column("age").compare(Comparison::GreaterOrEqual, Expr::Parameter(1)))
///     .limit(10);
/// assert_eq!(parsed.statement, Statement::Query(query));
/// assert_eq!(parsed.parameters.count(), 1);
/// # Ok::<(), wasm_dbms_sql::SqlError>(())
/// ```
///
/// # Errors
/// [`SqlError`] with the place in the text.
pub fn parse(text: &str, dialect: Dialect) -> Result<Parsed, SqlError> {
    whole(text, dialect, |parser| {
        let parsed = parser.parsed();
        while parser.eat_sign(b';') {}
        parsed
    })
}

/// Reads the statements of a script, with semicolons between them.
///
/// ```
/// use wasm_dbms_sql::{Dialect, parse_all};
///
/// let script = "BEGIN; INSERT INTO t VALUES (1); COMMIT; -- that is all";
/// assert_eq!(parse_all(script, Dialect::PostgreSql)?.len(), 3);
/// # Ok::<(), wasm_dbms_sql::SqlError>(())
/// ```
///
/// # Errors
/// [`SqlError`] with the place in the text.
pub fn parse_all(text: &str, dialect: Dialect) -> Result<Vec<Parsed>, SqlError> {
    whole(text, dialect, |parser| {
        let mut all = Vec::new();
        loop {
            while parser.eat_sign(b';') {}
            if parser.token.kind == Kind::End {
                return all;
            }
            all.push(parser.parsed());
            if parser.token.kind != Kind::End && !parser.is_sign(b';') {
                parser.fail("the end of the statement")
            }
        }
    })
}

/// Reads an expression that stands alone.
///
/// ```
/// use wasm_dbms_sql::{Dialect, parse_expr};
///
/// let filter = parse_expr("age >= 18 AND name LIKE 'A%'", Dialect::PostgreSql)?;
/// assert_eq!(filter.to_string(), "(age >= 18 AND name LIKE 'A%')");
/// # Ok::<(), wasm_dbms_sql::SqlError>(())
/// ```
///
/// # Errors
/// [`SqlError`] with the place in the text.
pub fn parse_expr(text: &str, dialect: Dialect) -> Result<Expr, SqlError> {
    whole(text, dialect, |parser| parser.expr())
}

/// Runs a rule over a text, to its end.
fn whole<T>(text: &str, dialect: Dialect, rule: impl FnOnce(&mut Parser<'_>) -> T) -> Result<T, SqlError> {
    let mut parser = Parser::new(text, dialect);
    let answer = rule(&mut parser);
    match parser.ended() {
        None => Ok(answer),
        Some(fault) => Err(fault.locate(text)),
    }
}

/// The next of some expressions.
#[inline(never)]
fn next_of(exprs: &mut vec::IntoIter<Expr>) -> Option<Expr> {
    exprs.next()
}

/// A function of one value, or of two.
#[inline(never)]
fn function_of(function: ScalarFunction, first: Expr, second: Option<Expr>) -> Expr {
    let mut arguments = Vec::with_capacity(2);
    arguments.push(first);
    if let Some(second) = second {
        arguments.push(second);
    }
    Expr::Function(function, arguments.into())
}

/// Things in a row as one; as a tree of few levels, if it is to be balanced and there are many.
fn folded<T>(mut row: Vec<T>, is_balanced: bool, join: &dyn Fn(T, T) -> T) -> Option<T> {
    while row.len() > 1 {
        let joins_pairs = is_balanced && row.len() >= BALANCED_FROM;
        let mut joined: Vec<T> = Vec::new();
        let mut is_second = false;
        for one in row {
            match joined.pop_if(|_| is_second) {
                Some(first) => joined.push(join(first, one)),
                None => joined.push(one),
            }
            is_second = !joins_pairs || !is_second;
        }
        row = joined;
    }
    row.pop()
}

/// Whether the token is this sign.
fn is_that(token: Token<'_>, sign: u8) -> bool {
    matches!(token.kind, Kind::Sign(_)) && token.text.as_bytes() == [sign]
}

pub(crate) struct Parser<'a> {
    lexer: Lexer<'a>,
    /// What stands here.
    token: Token<'a>,
    /// What stands behind it.
    next: Token<'a>,
    dialect: Dialect,
    /// Tokens of this statement.
    tokens: usize,
    /// How many rules stand in each other.
    depth: usize,
    tables: Vec<Name>,
    parameters: Parameters,
    /// The recursive queries around, each with whether it has named itself.
    recursive: Vec<(Name, bool)>,
    /// The calls over windows that are named.
    naming_calls: Vec<NamingCall>,
    /// The windows that the block read last can name.
    windows: Vec<Definition>,
    /// What was wrong first. Rules do not look at it: they answer something, which nobody gets to see.
    fault: Option<Box<Fault>>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, dialect: Dialect) -> Self {
        let end = Token { kind: Kind::End, text: "", offset: 0 };
        let mut parser = Self {
            lexer: Lexer::new(text, dialect),
            token: end,
            next: end,
            dialect,
            tokens: 0,
            depth: 0,
            tables: Vec::new(),
            parameters: Parameters::default(),
            recursive: Vec::new(),
            naming_calls: Vec::new(),
            windows: Vec::new(),
            fault: None,
        };
        if text.len() > MAX_TEXT_BYTES {
            parser.limit("bytes of a text", MAX_TEXT_BYTES)
        }
        parser.advance();
        parser.advance();
        parser.tokens = 0;
        parser
    }

    /// What is wrong, if the text does not end here.
    fn ended(mut self) -> Option<Box<Fault>> {
        self.check_named_windows();
        if self.token.kind != Kind::End {
            self.fail("the end of the statement")
        }
        self.fault
    }

    fn parsed(&mut self) -> Parsed {
        self.tokens = 0;
        self.parameters = Parameters::default();
        self.tables.clear();
        let statement = self.statement();
        let (tables, parameters) = (std::mem::take(&mut self.tables), std::mem::take(&mut self.parameters));
        Parsed { statement, tables, parameters }
    }

    fn is_sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    /// Takes the token that stands here.
    fn advance(&mut self) -> Token<'a> {
        let token = self.token;
        self.tokens += 1;
        if self.tokens > MAX_TOKENS {
            self.limit("tokens of a statement", MAX_TOKENS)
        }
        self.token = self.next;
        match self.lexer.next() {
            Ok(next) => self.next = next,
            Err(fault) => self.stop(fault),
        }
        token
    }

    #[inline(never)]
    fn keyword(&self) -> Option<Keyword> {
        self.token.keyword()
    }

    #[inline(never)]
    fn next_keyword(&self) -> Option<Keyword> {
        self.next.keyword()
    }

    #[inline(never)]
    fn is(&self, keyword: Keyword) -> bool {
        self.keyword() == Some(keyword)
    }

    fn eat(&mut self, keyword: Keyword) -> bool {
        let is = self.is(keyword);
        if is {
            self.advance();
        }
        is
    }

    fn expect(&mut self, keyword: Keyword) {
        if !self.eat(keyword) {
            self.fail(&keyword.word().to_ascii_uppercase())
        }
    }

    /// Takes one word behind the other, if the first one is there.
    fn eat_all(&mut self, keywords: &[Keyword]) -> bool {
        let Some((first, others)) = keywords.split_first() else { return false };
        if !self.eat(*first) {
            return false;
        }
        others.iter().for_each(|keyword| self.expect(*keyword));
        true
    }

    fn is_sign(&self, sign: u8) -> bool {
        is_that(self.token, sign)
    }

    fn next_is_sign(&self, sign: u8) -> bool {
        is_that(self.next, sign)
    }

    fn eat_sign(&mut self, sign: u8) -> bool {
        let is = self.is_sign(sign);
        if is {
            self.advance();
        }
        is
    }

    fn expect_sign(&mut self, sign: u8) {
        if !self.eat_sign(sign) {
            self.fail(char::from(sign).encode_utf8(&mut [0; 4]))
        }
    }

    /// Something else must stand here.
    #[cold]
    fn fail<T: Blank>(&mut self, expected: &str) -> T {
        self.unexpected(expected);
        T::blank()
    }

    #[cold]
    #[inline(never)]
    fn unexpected(&mut self, expected: &str) {
        let Token { kind, text, offset } = self.token;
        let mut found: String = if kind == Kind::End { "the end" } else { text }.chars().take(40).collect();
        if found.len() < text.len() {
            found.push_str("..");
        }
        self.refuse(SqlErrorKind::Expected { expected: expected.to_owned().into(), found }, offset);
    }

    fn limit<T: Blank>(&mut self, what: &'static str, most: usize) -> T {
        self.fault(SqlErrorKind::Limit { what, most }, self.token.offset)
    }

    fn not_supported<T: Blank>(&mut self, what: &str) -> T {
        self.not_supported_at(what, self.token.offset)
    }

    /// Refuses a word, if it stands here.
    #[inline(never)]
    fn refuse_word(&mut self, word: Keyword, what: &str) {
        if self.is(word) {
            self.not_supported(what)
        }
    }

    fn not_supported_at<T: Blank>(&mut self, what: &str, offset: usize) -> T {
        self.refuse_in_words(SqlErrorKind::NotSupported, what, offset);
        T::blank()
    }

    fn contradiction<T: Blank>(&mut self, what: fmt::Arguments<'_>, offset: usize) -> T {
        self.contradicts(what, offset);
        T::blank()
    }

    /// A literal that stands for nothing.
    fn no_literal<T: Blank>(&mut self, what: &str, offset: usize) -> T {
        self.refuse_in_words(SqlErrorKind::Literal, what, offset);
        T::blank()
    }

    fn fault<T: Blank>(&mut self, kind: SqlErrorKind, offset: usize) -> T {
        self.refuse(kind, offset);
        T::blank()
    }

    #[cold]
    #[inline(never)]
    fn contradicts(&mut self, what: fmt::Arguments<'_>, offset: usize) {
        self.refuse(SqlErrorKind::Contradiction(what.to_string().into()), offset);
    }

    #[cold]
    #[inline(never)]
    fn refuse_in_words(&mut self, kind: fn(Cow<'static, str>) -> SqlErrorKind, what: &str, offset: usize) {
        self.refuse(kind(what.to_owned().into()), offset);
    }

    #[cold]
    #[inline(never)]
    fn refuse(&mut self, kind: SqlErrorKind, offset: usize) {
        self.stop(Fault { kind, offset }.into());
    }

    /// Keeps the first fault. From then on the text is at its end, so that every rule comes to its own.
    #[cold]
    fn stop(&mut self, fault: Box<Fault>) {
        self.fault.get_or_insert(fault);
        self.lexer.end();
        (self.token.kind, self.token.text) = (Kind::End, "");
        self.next = self.token;
    }

    /// Runs a rule so many levels deeper.
    fn nested<T>(&mut self, levels: usize, rule: impl FnOnce(&mut Self) -> T) -> T {
        self.enter(levels);
        let answer = rule(self);
        self.depth -= levels;
        answer
    }

    #[inline(never)]
    fn enter(&mut self, levels: usize) {
        self.depth += levels;
        if self.depth > MAX_NESTING {
            self.limit("levels of nesting", MAX_NESTING)
        }
    }

    /// One or more, with commas between.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut list = Vec::new();
        self.items(&mut |parser| list.push(item(parser)));
        list
    }

    /// Runs a rule for one item or more, with commas between.
    #[inline(never)]
    fn items(&mut self, item: &mut dyn FnMut(&mut Self)) {
        item(self);
        let mut count = 1;
        while self.eat_sign(b',') {
            if count >= MAX_LIST_ITEMS {
                self.limit("items of a list", MAX_LIST_ITEMS)
            }
            item(self);
            count += 1;
        }
    }

    /// One or more in parentheses.
    fn list_in_parentheses<T>(&mut self, item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.expect_sign(b'(');
        let list = self.list(item);
        self.expect_sign(b')');
        list
    }

    /// Whether a name stands here, quoted or not.
    fn is_name(&self) -> bool {
        match self.token.kind {
            Kind::Quoted | Kind::Word(None) => true,
            Kind::Word(Some(keyword)) => !Identifier::is_reserved(keyword.word()),
            _ => false,
        }
    }

    /// A name: folded to lower case unless it is quoted.
    fn name(&mut self, what: &'static str) -> Name {
        if !self.is_name() {
            self.fail(what)
        }
        self.any_word()
    }

    /// A name where no other word can stand, behind AS: reserved words too.
    fn label(&mut self, what: &'static str) -> Name {
        if !matches!(self.token.kind, Kind::Quoted | Kind::Word(_)) {
            self.fail(what)
        }
        self.any_word()
    }

    fn any_word(&mut self) -> Name {
        let token = self.advance();
        let name = match token.kind {
            Kind::Quoted => literal::text(token).unwrap_or_default(),
            _ => token.text.to_ascii_lowercase(),
        };
        if name.is_empty() {
            self.no_literal("a name that is empty", token.offset)
        }
        if name.len() > MAX_NAME_BYTES {
            self.fault(SqlErrorKind::Limit { what: "bytes of a name", most: MAX_NAME_BYTES }, token.offset)
        }
        name.into()
    }

    /// The name of a table: databases have no schemas.
    fn table_name(&mut self) -> Name {
        let name = self.name("the name of a table");
        if self.is_sign(b'.') {
            self.not_supported("names of a schema before a table's")
        }
        self.noted(name)
    }

    /// The name, which is kept as one that the statement has where tables stand.
    fn noted(&mut self, name: Name) -> Name {
        if !self.tables.contains(&name) {
            self.tables.push(name.clone());
        }
        name
    }

    fn column_name(&mut self) -> Name {
        self.name("the name of a column")
    }

    fn column_names(&mut self) -> Vec<Name> {
        self.list_in_parentheses(Self::column_name)
    }

    /// Names of columns, as a schema has them.
    fn owned_names(&mut self) -> Vec<String> {
        self.list_in_parentheses(|parser| parser.column_name().into())
    }

    /// `[AS] alias`.
    fn alias(&mut self) -> Option<Name> {
        if self.eat(Keyword::As) {
            return Some(self.label("an alias"));
        }
        match self.is_name() {
            true => Some(self.any_word()),
            false => None,
        }
    }
}
