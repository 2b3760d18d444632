//! Days of the calendar.

use std::fmt;
use std::str::FromStr;

use crate::{ConversionError, ValueRef};

/// A day of the proleptic Gregorian calendar: days since 1970-01-01. Every `i32` is one, from -5877641-06-23 to
/// +5881580-07-11; year 0 is the one before year 1.
///
/// ```
/// use wasm_dbms_api::Date;
///
/// let day: Date = "2024-02-29".parse()?;
/// assert_eq!(Some(day), Date::new(2024, 2, 29));
/// assert_eq!((day.year(), day.month(), day.day()), (2024, 2, 29));
/// assert_eq!(Date::from_days(day.days() + 1).to_string(), "2024-03-01");
/// assert_eq!(Date::new(2023, 2, 29), None);
/// # Ok::<(), wasm_dbms_api::ConversionError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Date(i32);

/// Days in 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: i64 = 146_097;

/// From 0000-03-01, the first day of an era, to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

impl Date {
    /// The first day.
    pub const MIN: Self = Self(i32::MIN);

    /// The last day.
    pub const MAX: Self = Self(i32::MAX);

    /// The day of that year, month (from 1) and day of the month (from 1); none if there is none.
    ///
    /// ```
    /// use wasm_dbms_api::Date;
    ///
    /// assert_eq!(Date::new(2024, 2, 29).unwrap().to_string(), "2024-02-29");
    /// assert_eq!(Date::new(2023, 2, 29), None);
    /// ```
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let length = match month {
            2 if is_leap(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if day == 0 || day > length {
            return None;
        }
        // Years begin in March here, so that the day a leap year has more is its last.
        let month = i64::from(month);
        let year = i64::from(year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        i32::try_from(era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970).ok().map(Self)
    }

    /// The day that is so many days after 1970-01-01.
    ///
    /// ```
    /// use wasm_dbms_api::Date;
    ///
    /// assert_eq!(Date::from_days(0), Date::new(1970, 1, 1).unwrap());
    /// ```
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// How many days after 1970-01-01 this is.
    ///
    /// ```
    /// use wasm_dbms_api::Date;
    ///
    /// assert_eq!(Date::new(1970, 2, 1).unwrap().days(), 31);
    /// ```
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The year.
    ///
    /// ```
    /// use wasm_dbms_api::Date;
    ///
    /// assert_eq!(Date::new(2024, 2, 29).unwrap().year(), 2024);
    /// ```
    pub fn year(self) -> i32 {
        self.year_month_day().0
    }

    /// The month, from 1.
    ///
    /// ```
    /// use wasm_dbms_api::Date;
    ///
    /// assert_eq!(Date::new(2024, 2, 29).unwrap().month(), 2);
    /// ```
    pub fn month(self) -> u8 {
        self.year_month_day().1
    }

    /// The day of the month, from 1.
    ///
    /// ```
    /// use wasm_dbms_api::Date;
    ///
    /// assert_eq!(Date::new(2024, 2, 29).unwrap().day(), 29);
    /// ```
    pub fn day(self) -> u8 {
        self.year_month_day().2
    }

    /// Year, month and day of the month.
    ///
    /// ```
    /// use wasm_dbms_api::Date;
    ///
    /// assert_eq!(Date::from_days(366).year_month_day(), (1971, 1, 2));
    /// ```
    pub fn year_month_day(self) -> (i32, u8, u8) {
        let days = i64::from(self.0) + DAYS_TO_1970;
        let (era, day_of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = (month_from_march + 2) % 12 + 1;
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        (year as i32, month as u8, day as u8)
    }
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Date {
    /// As ISO 8601 has it; a sign stands before years that are not of four digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        let sign = match year {
            ..0 => "-",
            0..=9999 => "",
            _ => "+",
        };
        write!(f, "{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs())
    }
}

impl FromStr for Date {
    type Err = ConversionError;

    /// `2024-02-29`; a year of more than four digits needs its sign.
    fn from_str(text: &str) -> Result<Self, ConversionError> {
        let mut rest = text.as_bytes();
        let date = parse(&mut rest).filter(|_| rest.is_empty());
        date.ok_or_else(|| ConversionError::new("date", ValueRef::Text(text)))
    }
}

/// The date that the text begins with, which is taken off it.
pub(crate) fn parse(text: &mut &[u8]) -> Option<Date> {
    let sign = text.first().copied().filter(|sign| matches!(sign, b'+' | b'-'));
    if sign.is_some() {
        *text = text.get(1..)?;
    }
    let length = text.iter().position(|byte| *byte == b'-')?;
    if length < 4 || (length > 4 && sign.is_none()) {
        return None;
    }
    let year = number(text, length.min(8))?;
    let year = if sign == Some(b'-') { -year } else { year };
    let month = after(text, b'-').and_then(|()| number(text, 2))?;
    let day = after(text, b'-').and_then(|()| number(text, 2))?;
    Date::new(year, month as u8, day as u8)
}

/// The number of exactly so many digits, at most eight, that the text begins with, which are taken off it.
pub(crate) fn number(text: &mut &[u8], digits: usize) -> Option<i32> {
    let (taken, rest) = text.split_at_checked(digits)?;
    *text = rest;
    taken.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i32::from(byte - b'0')))
}

/// Takes one byte off the text, if it is the one that the text begins with.
pub(crate) fn after(text: &mut &[u8], byte: u8) -> Option<()> {
    *text = text.strip_prefix(&[byte])?;
    Some(())
}

crate::text_serde::as_text!(Date, "a date as `2024-02-29`");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_thousand_years_follows_the_one_before() {
        let mut days = Date::new(1500, 1, 1).unwrap().days();
        for year in 1500..2500 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let Some(date) = Date::new(year, month, day) else { continue };
                    assert_eq!((date.days(), date.year_month_day()), (days, (year, month, day)));
                    days += 1;
                }
            }
        }
    }

    #[test]
    fn text_comes_back_as_it_was() {
        for text in ["1970-01-01", "0000-02-29", "-0044-03-15", "+12345-12-31", "-5877641-06-23", "+5881580-07-11"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        assert_eq!((Date::MIN.to_string(), Date::MAX.to_string()), ("-5877641-06-23".into(), "+5881580-07-11".into()));
    }

    #[test]
    fn text_that_is_no_date_is_refused() {
        for text in [
            "",
            "-",
            "2024",
            "2024-2-29",
            "2024-02-30",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "24-01-01",
            "12345-01-01",
            "2024-01-01 ",
            "2024/01/01",
            "+5881580-07-12",
            "-5877641-06-22",
            "+999999999-01-01",
            "2024-0a-01",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
