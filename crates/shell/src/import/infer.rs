//! Which type the texts of a column have: the narrowest that holds each of them as it is written.

use wasm_dbms::prelude::*;

/// What a column may still be: nothing is known, a type, or text because nothing else fits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Guess {
    #[default]
    Nothing,
    Type(DataType),
}

impl Guess {
    /// Looks at a text. An empty one says nothing.
    pub(super) fn see(&mut self, text: &str) {
        if text.is_empty() || *self == Self::Type(DataType::Text) {
            return;
        }
        *self = Self::Type(match *self {
            Self::Type(known) if is_of(text, known) => known,
            Self::Type(known) => {
                wider(known).iter().copied().find(|wider| is_of(text, *wider)).unwrap_or(DataType::Text)
            }
            Self::Nothing => TYPES.iter().copied().find(|first| is_of(text, *first)).unwrap_or(DataType::Text),
        });
    }

    /// The type; text if nothing was seen.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Type(data_type) => data_type,
            Self::Nothing => DataType::Text,
        }
    }
}

/// Types from the narrowest on.
const TYPES: [DataType; 7] = [
    DataType::I64,
    DataType::F64,
    DataType::Decimal,
    DataType::Bool,
    DataType::Date,
    DataType::DateTime,
    DataType::Uuid,
];

/// The types that hold all that this one holds, the narrowest first.
fn wider(data_type: DataType) -> &'static [DataType] {
    match data_type {
        DataType::I64 => &[DataType::F64, DataType::Decimal],
        DataType::F64 => &[DataType::Decimal],
        _ => &[],
    }
}

/// Whether a text is the usual form of a value of a type.
pub(super) fn is_of(text: &str, data_type: DataType) -> bool {
    match data_type {
        DataType::I64 => is_number(text, false) && text.parse::<i64>().is_ok(),
        // Up to 15 digits a float gives back what it was given.
        DataType::F64 => {
            is_number(text, true)
                && text.bytes().filter(u8::is_ascii_digit).count() <= 15
                && text.parse::<f64>().is_ok_and(f64::is_finite)
        }
        DataType::Decimal => is_number(text, true) && text.parse::<Decimal>().is_ok(),
        DataType::Bool => matches!(text, "true" | "false" | "TRUE" | "FALSE" | "True" | "False"),
        DataType::Date => text.len() == 10 && text.parse::<Date>().is_ok(),
        DataType::DateTime => text.len() > 10 && super::value::moment(text).is_some(),
        DataType::Uuid => text.len() == 36 && text.parse::<Uuid>().is_ok(),
        _ => false,
    }
}

/// Whether a text is a number as people write it: no leading zeros, which codes have, and no plus.
fn is_number(text: &str, has_fraction: bool) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut bytes = digits.bytes();
    let starts_well = match bytes.next() {
        Some(b'0') => matches!(bytes.next(), None | Some(b'.' | b'e' | b'E')),
        Some(first) => first.is_ascii_digit(),
        None => false,
    };
    let is_part = |byte: u8| byte.is_ascii_digit() || has_fraction && matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+');
    starts_well && digits.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(texts: &[&str]) -> DataType {
        let mut guess = Guess::default();
        texts.iter().for_each(|text| guess.see(text));
        guess.data_type()
    }

    #[test]
    fn a_column_is_the_narrowest_type_that_holds_its_texts_as_they_are_written() {
        for (texts, expected) in [
            (&["1", "-20", ""][..], DataType::I64),
            (&["1", "2.5", "1e3"], DataType::F64),
            (&["1", "1234567890123456789.5"], DataType::Decimal),
            (&["99999999999999999999"], DataType::Decimal),
            (&["true", "false"], DataType::Bool),
            (&["2024-02-29"], DataType::Date),
            (&["2024-02-29 12:00:00", "2024-02-29T12:00:00+02:00"], DataType::DateTime),
            (&["67e55044-10b1-426f-9247-bb680e5fe0c8"], DataType::Uuid),
            (&["007", "1"], DataType::Text),
            (&["1", "x"], DataType::Text),
            (&["x", "1"], DataType::Text),
            (&["2024-02-30"], DataType::Text),
            (&["1", "true"], DataType::Text),
            (&["true", "1"], DataType::Text),
            (&["2024-02-29", "1"], DataType::Text),
            (&["2024-02-29", "2024-02-29 12:00:00"], DataType::Text),
            (&["+1"], DataType::Text),
            (&["1-2"], DataType::Text),
            (&["", ""], DataType::Text),
        ] {
            assert_eq!(guessed(texts), expected, "{texts:?}");
        }
    }
}
