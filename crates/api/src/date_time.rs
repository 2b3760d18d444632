//! Moments with an offset from UTC.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::{ConversionError, Date, ValueRef, date};

/// A moment, to the microsecond, with the offset of the clock that told it.
///
/// Moments are compared as moments: noon in Paris is eleven in London. The offset is kept. Every `i64` of microseconds
/// since 1970-01-01T00:00:00Z is a moment, 292 thousand years either way.
///
/// ```
/// use wasm_dbms_api::DateTime;
///
/// let paris: DateTime = "2024-05-06T12:00:00.25+02:00".parse()?;
/// let utc: DateTime = "2024-05-06T10:00:00.25Z".parse()?;
/// assert_eq!(paris, utc);
/// assert_eq!(paris.to_string(), "2024-05-06T12:00:00.25+02:00");
/// assert_eq!((paris.date().day(), paris.hour(), paris.microsecond()), (6, 12, 250_000));
/// assert_eq!(paris.with_offset(0).unwrap().to_string(), "2024-05-06T10:00:00.25Z");
/// # Ok::<(), wasm_dbms_api::ConversionError>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct DateTime {
    microseconds: i64,
    offset_seconds: i32,
}

const MICROSECONDS: i64 = 1_000_000;

const DAY_SECONDS: i64 = 86_400;

impl DateTime {
    /// The first moment.
    pub const MIN: Self = Self { microseconds: i64::MIN, offset_seconds: 0 };

    /// The last moment.
    pub const MAX: Self = Self { microseconds: i64::MAX, offset_seconds: 0 };

    /// The largest offset, either way: a second less than a day.
    pub const MAX_OFFSET_SECONDS: i32 = 86_399;

    /// The moment so many microseconds after 1970-01-01T00:00:00Z, in UTC.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// assert_eq!(DateTime::from_microseconds(1_500_000).to_string(), "1970-01-01T00:00:01.5Z");
    /// ```
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self { microseconds, offset_seconds: 0 }
    }

    /// The moment at which a clock that is `offset_seconds` ahead of UTC shows this date and so many microseconds since
    /// its midnight; none if that is no moment.
    ///
    /// ```
    /// use wasm_dbms_api::{Date, DateTime};
    ///
    /// let noon = 12 * 3600 * 1_000_000;
    /// let in_paris = DateTime::from_local(Date::new(2024, 7, 1).unwrap(), noon, 2 * 3600).unwrap();
    /// assert_eq!(in_paris.with_offset(0).unwrap().hour(), 10);
    /// ```
    pub fn from_local(date: Date, microseconds: i64, offset_seconds: i32) -> Option<Self> {
        let seconds = i64::from(date.days()) * DAY_SECONDS - i64::from(offset_seconds);
        // Two steps that each may leave the range for the other to come back into it.
        let total = i128::from(seconds) * i128::from(MICROSECONDS) + i128::from(microseconds);
        Self::from_microseconds(i64::try_from(total).ok()?).with_offset(offset_seconds)
    }

    /// The same moment as told by a clock that is so many seconds ahead of UTC; none if that is a day or more.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "2024-07-01T10:00:00Z".parse().unwrap();
    /// let in_tokyo = moment.with_offset(9 * 3600).unwrap();
    /// assert_eq!(in_tokyo.to_string(), "2024-07-01T19:00:00+09:00");
    /// assert_eq!(in_tokyo, moment);
    /// ```
    pub fn with_offset(self, offset_seconds: i32) -> Option<Self> {
        let is_offset = offset_seconds.unsigned_abs() <= Self::MAX_OFFSET_SECONDS.unsigned_abs();
        is_offset.then_some(Self { offset_seconds, ..self })
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "1970-01-01T01:00:01+01:00".parse().unwrap();
    /// assert_eq!(moment.microseconds(), 1_000_000);
    /// ```
    pub const fn microseconds(self) -> i64 {
        self.microseconds
    }

    /// How many seconds ahead of UTC the clock is.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "2024-07-01T10:00:00-01:30".parse().unwrap();
    /// assert_eq!(moment.offset_seconds(), -5400);
    /// ```
    pub const fn offset_seconds(self) -> i32 {
        self.offset_seconds
    }

    /// Seconds since 1970-01-01T00:00:00 on the clock.
    fn local_seconds(self) -> i64 {
        self.microseconds.div_euclid(MICROSECONDS) + i64::from(self.offset_seconds)
    }

    /// The date that the clock shows.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "2024-07-01T23:30:00-05:00".parse().unwrap();
    /// assert_eq!(moment.date().to_string(), "2024-07-01");
    /// ```
    pub fn date(self) -> Date {
        // A moment is at most 107 million days away.
        Date::from_days(self.local_seconds().div_euclid(DAY_SECONDS) as i32)
    }

    /// Seconds since midnight on the clock.
    fn second_of_day(self) -> u32 {
        self.local_seconds().rem_euclid(DAY_SECONDS) as u32
    }

    /// The hour that the clock shows.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "2024-07-01T10:11:12.5Z".parse().unwrap();
    /// assert_eq!(moment.hour(), 10);
    /// ```
    pub fn hour(self) -> u8 {
        (self.second_of_day() / 3600) as u8
    }

    /// The minute that the clock shows.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "2024-07-01T10:11:12.5Z".parse().unwrap();
    /// assert_eq!(moment.minute(), 11);
    /// ```
    pub fn minute(self) -> u8 {
        (self.second_of_day() / 60 % 60) as u8
    }

    /// The second that the clock shows.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "2024-07-01T10:11:12.5Z".parse().unwrap();
    /// assert_eq!(moment.second(), 12);
    /// ```
    pub fn second(self) -> u8 {
        (self.second_of_day() % 60) as u8
    }

    /// The microsecond of the second.
    ///
    /// ```
    /// use wasm_dbms_api::DateTime;
    ///
    /// let moment: DateTime = "2024-07-01T10:11:12.5Z".parse().unwrap();
    /// assert_eq!(moment.microsecond(), 500_000);
    /// ```
    pub fn microsecond(self) -> u32 {
        self.microseconds.rem_euclid(MICROSECONDS) as u32
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.microseconds.cmp(&other.microseconds)
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.microseconds == other.microseconds
    }
}

impl Eq for DateTime {}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.microseconds.hash(state);
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DateTime {
    /// As RFC 3339 has it, with as many digits of the second as it takes; seconds of the offset only if there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}:{:02}", self.date(), self.hour(), self.minute(), self.second())?;
        let (mut fraction, mut digits) = (self.microsecond(), 6);
        if fraction != 0 {
            while fraction.is_multiple_of(10) {
                fraction /= 10;
                digits -= 1;
            }
            write!(f, ".{fraction:0digits$}")?;
        }
        if self.offset_seconds == 0 {
            return f.write_str("Z");
        }
        let sign = if self.offset_seconds < 0 { '-' } else { '+' };
        let amount = self.offset_seconds.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", amount / 3600, amount / 60 % 60)?;
        if !amount.is_multiple_of(60) {
            write!(f, ":{:02}", amount % 60)?;
        }
        Ok(())
    }
}

impl FromStr for DateTime {
    type Err = ConversionError;

    /// As RFC 3339 has it. What is finer than a microsecond is cut off; second 60 is the first of the next minute.
    fn from_str(text: &str) -> Result<Self, ConversionError> {
        parse(text.as_bytes()).ok_or_else(|| ConversionError::new("date and time", ValueRef::Text(text)))
    }
}

fn parse(text: &[u8]) -> Option<DateTime> {
    let mut rest = text;
    let date = date::parse(&mut rest)?;
    rest = match rest.split_first()? {
        (b'T' | b't' | b' ', rest) => rest,
        _ => return None,
    };
    let seconds = clock(&mut rest, 60)?;
    let seconds = seconds + date::after(&mut rest, b':').and_then(|()| below(&mut rest, 61))?;
    let mut microseconds = i64::from(seconds) * MICROSECONDS;
    if date::after(&mut rest, b'.').is_some() {
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let (fraction, after) = rest.split_at_checked(digits).filter(|_| digits > 0)?;
        let units = (0..6).rev().map(|power| 10i64.pow(power));
        microseconds += fraction.iter().zip(units).map(|(digit, unit)| i64::from(digit - b'0') * unit).sum::<i64>();
        rest = after;
    }
    let offset = match rest.split_first()? {
        (b'Z' | b'z', after) => {
            rest = after;
            0
        }
        (sign @ (b'+' | b'-'), after) => {
            rest = after;
            let mut offset = clock(&mut rest, 60)?;
            if date::after(&mut rest, b':').is_some() {
                offset += below(&mut rest, 60)?;
            }
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    if rest.is_empty() { DateTime::from_local(date, microseconds, offset) } else { None }
}

/// Hours and minutes, in seconds.
fn clock(text: &mut &[u8], minutes: i32) -> Option<i32> {
    let hours = below(text, 24)?;
    date::after(text, b':')?;
    Some(hours * 3600 + below(text, minutes)? * 60)
}

/// A number of two digits below a limit.
fn below(text: &mut &[u8], limit: i32) -> Option<i32> {
    date::number(text, 2).filter(|number| *number < limit)
}

crate::text_serde::as_text!(DateTime, "a date and time as `2024-02-29T12:00:00+02:00`");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_was() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.999999+23:59",
            "1969-12-31T23:59:59.5-00:30",
            "-0044-03-15T12:00:00Z",
            "+12345-01-01T00:00:00.000001-08:00",
            "1891-03-15T00:09:21+00:09:21",
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_string(), text);
        }
        for (text, shown) in [
            ("2024-01-01t00:00:00z", "2024-01-01T00:00:00Z"),
            ("2024-01-01 00:00:00-00:00", "2024-01-01T00:00:00Z"),
            ("2024-12-31T23:59:60Z", "2025-01-01T00:00:00Z"),
            ("2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.123456Z"),
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn the_ends_of_time_come_back_from_their_text() {
        for end in [DateTime::MIN, DateTime::MAX] {
            for offset in [-DateTime::MAX_OFFSET_SECONDS, 0, DateTime::MAX_OFFSET_SECONDS] {
                let end = end.with_offset(offset).unwrap();
                assert_eq!(end.to_string().parse::<DateTime>().unwrap().microseconds(), end.microseconds(), "{end}");
            }
        }
    }

    #[test]
    fn text_that_is_no_moment_is_refused() {
        for text in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:61Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+2:00",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00+02:00 ",
            "2024-01-01T00:00:00Zulu",
            "2023-02-29T00:00:00Z",
            "+294247-01-10T04:00:54.775808Z",
        ] {
            assert!(text.parse::<DateTime>().is_err(), "{text}");
        }
    }
}
