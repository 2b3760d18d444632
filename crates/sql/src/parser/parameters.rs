//! The parameters of a statement: `?`, `?2`, `$2` and `:name`.

use wasm_dbms_api::parse_unsigned;

use crate::error::SqlErrorKind;
use crate::lexer::Token;
use crate::limits::MAX_PARAMETERS;
use crate::parser::Parser;

/// The parameters of a statement: numbers from 1 on, some with names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters {
    count: u32,
    /// Names and their numbers, as they come.
    names: Vec<(String, u32)>,
    /// The places of the names in the order of the names: so short that a new one moves little.
    order: Vec<u16>,
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
        self.find(name).ok()
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
        self.order.iter().map(|place| self.at(*place))
    }

    fn at(&self, place: u16) -> (&str, u32) {
        self.names.get(usize::from(place)).map_or(("", 0), |(name, number)| (name.as_str(), *number))
    }

    /// The number of the name, or where it would be in the order.
    fn find(&self, name: &str) -> Result<u32, usize> {
        let place = self.order.binary_search_by(|place| self.at(*place).0.cmp(name))?;
        Ok(self.order.get(place).map_or(0, |place| self.at(*place).1))
    }

    /// The number of the name, which is the next one if it is new.
    fn named(&mut self, name: &str) -> u32 {
        self.find(name).unwrap_or_else(|place| {
            let number = self.count + 1;
            // There are no more names than numbers.
            self.order.insert(place, u16::try_from(self.names.len()).unwrap_or(u16::MAX));
            self.names.push((name.to_owned(), number));
            number
        })
    }
}

impl Parser<'_> {
    /// The number of the parameter that stands here.
    pub(super) fn parameter(&mut self) -> u32 {
        let Token { text, offset, .. } = self.advance();
        let (sign, name) = text.split_at_checked(1).unwrap_or_default();
        let number = if name.is_empty() {
            Some(self.parameters.count + 1)
        } else if sign != ":" && name.bytes().all(|byte| byte.is_ascii_digit()) {
            parse_unsigned(name).and_then(|number| u32::try_from(number).ok())
        } else {
            Some(self.parameters.named(name))
        };
        match number {
            Some(number) if (1..=MAX_PARAMETERS).contains(&number) => {
                self.parameters.count = number.max(self.parameters.count);
                number
            }
            _ => self.fault(
                SqlErrorKind::Limit { what: "the number of a parameter", most: MAX_PARAMETERS as usize },
                offset,
            ),
        }
    }
}
