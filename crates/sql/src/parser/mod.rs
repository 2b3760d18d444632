//! The parser: one function for each rule of the grammar, a token and the next one in view.

mod bare;
mod call;
mod change;
mod data_type;
mod definition;
mod expr;
mod infix;
mod operand;
mod query;
mod rule;
mod select;
pub(crate) mod source;
mod statement;
mod table;
mod window;

use std::borrow::Cow;
use std::collections::HashMap;

use wasm_dbms_api::{Expr, Identifier, Name};

use crate::error::{Fault, Result, SqlErrorKind, fault};
use crate::keyword::Keyword;
use crate::lexer::{Kind, Lexer, Token};
use crate::limits::{MAX_LIST_ITEMS, MAX_NAME_BYTES, MAX_NESTING, MAX_PARAMETERS, MAX_TEXT_BYTES, MAX_TOKENS};
use crate::parser::window::{Definition, NamedWindow};
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

/// The parameters of a statement: numbers from 1 on, some with names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters {
    count: u32,
    names: HashMap<String, u32>,
}

impl Parameters {
    /// How many values are wanted: the largest number.
    ///
    /// ```
    /// use wasm_dbms_sql::{Dialect, parse};
    ///
    /// assert_eq!(parse("SELECT ?1 + ?3", Dialect::PostgreSql)?.parameters.count(), 3);
    /// # Ok::<(), wasm_dbms_sql::SqlError>(())
    /// ```
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The number of `:name`, which is given without its colon.
    ///
    /// ```
    /// use wasm_dbms_sql::{Dialect, parse};
    ///
    /// let parameters = parse("SELECT :low + :high", Dialect::PostgreSql)?.parameters;
    /// assert_eq!(parameters.number("high"), Some(2));
    /// assert_eq!(parameters.number("middle"), None);
    /// # Ok::<(), wasm_dbms_sql::SqlError>(())
    /// ```
    pub fn number(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    /// The names and their numbers, in the order of the names.
    ///
    /// ```
    /// use wasm_dbms_sql::{Dialect, parse};
    ///
    /// let parameters = parse("SELECT :low + :high", Dialect::PostgreSql)?.parameters;
    /// assert_eq!(parameters.names().collect::<Vec<_>>(), [("high", 2), ("low", 1)]);
    /// # Ok::<(), wasm_dbms_sql::SqlError>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = (&str, u32)> {
        let mut names: Vec<(&str, u32)> = self.names.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        names.sort_unstable();
        names.into_iter()
    }
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
pub fn parse(text: &str, dialect: Dialect) -> std::result::Result<Parsed, SqlError> {
    whole(text, dialect, |parser| {
        let parsed = parser.parsed()?;
        while parser.eat_sign(";")? {}
        Ok(parsed)
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
pub fn parse_all(text: &str, dialect: Dialect) -> std::result::Result<Vec<Parsed>, SqlError> {
    whole(text, dialect, |parser| {
        let mut all = Vec::new();
        loop {
            while parser.eat_sign(";")? {}
            if parser.token.kind == Kind::End {
                return Ok(all);
            }
            all.push(parser.parsed()?);
            if parser.token.kind != Kind::End && !parser.is_sign(";") {
                return parser.fail("the end of the statement");
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
pub fn parse_expr(text: &str, dialect: Dialect) -> std::result::Result<Expr, SqlError> {
    whole(text, dialect, |parser| parser.expr())
}

/// Runs a rule over a text, to its end.
fn whole<T>(
    text: &str,
    dialect: Dialect,
    rule: impl FnOnce(&mut Parser<'_>) -> Result<T>,
) -> std::result::Result<T, SqlError> {
    let run = || {
        if text.len() > MAX_TEXT_BYTES {
            return fault(SqlErrorKind::Limit { what: "bytes of a text", most: MAX_TEXT_BYTES }, 0);
        }
        let mut parser = Parser::new(text, dialect)?;
        let answer = rule(&mut parser)?;
        parser.check_named_windows()?;
        match parser.token.kind {
            Kind::End => Ok(answer),
            _ => parser.fail("the end of the statement"),
        }
    };
    run().map_err(|fault: Box<Fault>| fault.locate(text))
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
    /// Where windows are named.
    named_windows: Vec<NamedWindow>,
    /// The windows that the block read last can name.
    windows: Vec<Definition>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, dialect: Dialect) -> Result<Self> {
        let mut lexer = Lexer::new(text, dialect);
        let (token, next) = (lexer.next()?, lexer.next()?);
        let parameters = Parameters::default();
        Ok(Self {
            lexer,
            token,
            next,
            dialect,
            tokens: 0,
            depth: 0,
            tables: Vec::new(),
            parameters,
            recursive: Vec::new(),
            named_windows: Vec::new(),
            windows: Vec::new(),
        })
    }

    fn parsed(&mut self) -> Result<Parsed> {
        self.tokens = 0;
        self.parameters = Parameters::default();
        self.tables.clear();
        let statement = self.statement()?;
        let (tables, parameters) = (std::mem::take(&mut self.tables), std::mem::take(&mut self.parameters));
        Ok(Parsed { statement, tables, parameters })
    }

    fn is_sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    /// Takes the token that stands here.
    fn advance(&mut self) -> Result<Token<'a>> {
        self.tokens += 1;
        if self.tokens > MAX_TOKENS {
            return self.limit("tokens of a statement", MAX_TOKENS);
        }
        let next = self.lexer.next()?;
        let token = std::mem::replace(&mut self.token, std::mem::replace(&mut self.next, next));
        Ok(token)
    }

    fn keyword(&self) -> Option<Keyword> {
        match self.token.kind {
            Kind::Word(keyword) => keyword,
            _ => None,
        }
    }

    fn next_keyword(&self) -> Option<Keyword> {
        match self.next.kind {
            Kind::Word(keyword) => keyword,
            _ => None,
        }
    }

    fn is(&self, keyword: Keyword) -> bool {
        self.token.kind == Kind::Word(Some(keyword))
    }

    fn eat(&mut self, keyword: Keyword) -> Result<bool> {
        let is = self.is(keyword);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, keyword: Keyword) -> Result<()> {
        match self.eat(keyword)? {
            true => Ok(()),
            false => self.fail(keyword.word().to_ascii_uppercase()),
        }
    }

    /// Takes one word behind the other, if the first one is there.
    fn eat_all(&mut self, keywords: &[Keyword]) -> Result<bool> {
        let Some((first, others)) = keywords.split_first() else { return Ok(false) };
        if !self.eat(*first)? {
            return Ok(false);
        }
        others.iter().try_for_each(|keyword| self.expect(*keyword))?;
        Ok(true)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.token.kind, Kind::Sign(here) if here == sign)
    }

    fn next_is_sign(&self, sign: &str) -> bool {
        matches!(self.next.kind, Kind::Sign(here) if here == sign)
    }

    fn eat_sign(&mut self, sign: &str) -> Result<bool> {
        let is = self.is_sign(sign);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect_sign(&mut self, sign: &'static str) -> Result<()> {
        match self.eat_sign(sign)? {
            true => Ok(()),
            false => self.fail(sign),
        }
    }

    /// Something else must stand here.
    fn fail<T>(&self, expected: impl Into<Cow<'static, str>>) -> Result<T> {
        Err(self.unexpected(expected.into()))
    }

    #[cold]
    fn unexpected(&self, expected: Cow<'static, str>) -> Box<Fault> {
        let Token { kind, text, offset } = self.token;
        let found = match kind {
            Kind::End => "the end".to_owned(),
            _ if text.chars().nth(40).is_some() => text.chars().take(40).chain("..".chars()).collect(),
            _ => text.to_owned(),
        };
        Box::new(Fault { kind: SqlErrorKind::Expected { expected, found }, offset })
    }

    fn limit<T>(&self, what: &'static str, most: usize) -> Result<T> {
        fault(SqlErrorKind::Limit { what, most }, self.token.offset)
    }

    fn not_supported<T>(&self, what: impl Into<Cow<'static, str>>) -> Result<T> {
        crate::error::not_supported(what, self.token.offset)
    }

    fn contradiction<T>(&self, what: impl Into<Cow<'static, str>>, offset: usize) -> Result<T> {
        fault(SqlErrorKind::Contradiction(what.into()), offset)
    }

    /// Runs a rule so many levels deeper.
    fn nested<T>(&mut self, levels: usize, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += levels;
        if self.depth > MAX_NESTING {
            return self.limit("levels of nesting", MAX_NESTING);
        }
        let answer = rule(self)?;
        self.depth -= levels;
        Ok(answer)
    }

    /// One or more, with commas between.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut list = vec![item(self)?];
        while self.eat_sign(",")? {
            if list.len() >= MAX_LIST_ITEMS {
                return self.limit("items of a list", MAX_LIST_ITEMS);
            }
            list.push(item(self)?);
        }
        Ok(list)
    }

    /// One or more in parentheses.
    fn list_in_parentheses<T>(&mut self, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect_sign("(")?;
        let list = self.list(item)?;
        self.expect_sign(")")?;
        Ok(list)
    }

    /// Whether a name stands here, quoted or not.
    fn is_name(&self) -> bool {
        match self.token.kind {
            Kind::Quoted | Kind::Word(None) => true,
            Kind::Word(Some(keyword)) => !Identifier::is_reserved(&keyword.word().to_ascii_lowercase()),
            _ => false,
        }
    }

    /// A name: folded to lower case unless it is quoted.
    fn name(&mut self, what: &'static str) -> Result<Name> {
        if !self.is_name() {
            return self.fail(what);
        }
        self.any_word()
    }

    /// A name where no other word can stand, behind AS: reserved words too.
    fn label(&mut self, what: &'static str) -> Result<Name> {
        match self.token.kind {
            Kind::Quoted | Kind::Word(_) => self.any_word(),
            _ => self.fail(what),
        }
    }

    fn any_word(&mut self) -> Result<Name> {
        let token = self.advance()?;
        let name = match token.kind {
            Kind::Quoted => literal::text(token).unwrap_or_default(),
            _ => token.text.to_ascii_lowercase(),
        };
        if name.is_empty() {
            return fault(SqlErrorKind::Literal("a name that is empty".into()), token.offset);
        }
        if name.len() > MAX_NAME_BYTES {
            return fault(SqlErrorKind::Limit { what: "bytes of a name", most: MAX_NAME_BYTES }, token.offset);
        }
        Ok(name.into())
    }

    /// The name of a table: databases have no schemas.
    fn table_name(&mut self) -> Result<Name> {
        let name = self.name("the name of a table")?;
        match self.is_sign(".") {
            true => self.not_supported("names of a schema before a table's"),
            false => Ok(self.noted(name)),
        }
    }

    /// The name, which is kept as one that the statement has where tables stand.
    fn noted(&mut self, name: Name) -> Name {
        if !self.tables.contains(&name) {
            self.tables.push(name.clone());
        }
        name
    }

    fn column_name(&mut self) -> Result<Name> {
        self.name("the name of a column")
    }

    fn column_names(&mut self) -> Result<Vec<Name>> {
        self.list_in_parentheses(Self::column_name)
    }

    /// `[AS] alias`.
    fn alias(&mut self) -> Result<Option<Name>> {
        if self.eat(Keyword::As)? {
            return self.label("an alias").map(Some);
        }
        match self.is_name() {
            true => self.any_word().map(Some),
            false => Ok(None),
        }
    }

    /// The number of the parameter that stands here.
    fn parameter(&mut self) -> Result<u32> {
        let Token { text, offset, .. } = self.advance()?;
        let Parameters { count, names } = &mut self.parameters;
        let (sign, name) = text.split_at_checked(1).unwrap_or_default();
        let number = if name.is_empty() {
            Some(*count + 1)
        } else if sign != ":" && name.bytes().all(|byte| byte.is_ascii_digit()) {
            name.parse().ok()
        } else {
            Some(*names.entry(name.to_owned()).or_insert(*count + 1))
        };
        match number {
            Some(number) if (1..=MAX_PARAMETERS).contains(&number) => {
                *count = number.max(*count);
                Ok(number)
            }
            _ => {
                fault(SqlErrorKind::Limit { what: "the number of a parameter", most: MAX_PARAMETERS as usize }, offset)
            }
        }
    }
}
