//! Functions of values: names, arguments, results. What they compute stands in the engine.

use std::fmt;

use crate::DataType;
use crate::text_parts::parts;

/// What an argument of a function must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Anything.
    Any,
    /// Of this type.
    Of(DataType),
    /// An integer, whatever its width.
    Integer,
    /// Any number.
    Number,
    /// Text or bytes.
    TextOrBytes,
    /// A date or a datetime.
    Moment,
    /// Of one type with all other arguments of this kind.
    Alike,
}

/// What a function answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A value of this type.
    Of(DataType),
    /// A value of the type of the argument of this number.
    As(usize),
    /// A value of the type that its [`Argument::Alike`] arguments have in common.
    Alike,
    /// The number that the argument stands for: of its own type, if that is one of numbers.
    Number,
    /// A value of a type that is not looked at.
    Unknown,
}

/// The arguments and the result of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// What each argument must be; the last one stands for all that follow.
    pub arguments: &'static [Argument],
    /// The fewest arguments.
    pub fewest: usize,
    /// The most arguments.
    pub most: usize,
    /// What it answers.
    pub outcome: Outcome,
    /// Whether NULL among the arguments makes the answer NULL.
    pub is_strict: bool,
}

/// The most arguments of a function that takes any number of them.
pub const MAX_ARGUMENTS: usize = 1000;

/// Makes the enum, the table of names and the table of signatures from one list.
macro_rules! functions {
    ($($(#[doc = $doc:literal])+ $variant:ident: $($name:literal)|+ => $arguments:expr, $fewest:literal..=$most:expr, $outcome:expr, $is_strict:literal;)*) => {
        /// A function of values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum ScalarFunction {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl ScalarFunction {
            /// Every function.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The names of all functions as one text, each name with a blank behind it, those of one function in a line, the
            /// usual one first: a list of lists takes three times as much.
            const NAMES: &'static str = concat!($($($name, " ",)+ "\n"),*);

            /// The arguments and the result.
            ///
            /// ```
            /// use wasm_dbms_api::ScalarFunction;
            ///
            /// let lower = ScalarFunction::Lower.signature();
            /// assert_eq!((lower.fewest, lower.most), (1, 1));
            /// ```
            pub fn signature(self) -> Signature {
                use Argument::{Alike, Any, Integer, Moment, Number, Of, TextOrBytes};
                use DataType::{Bool, Date, DateTime, Decimal, F64, I64, Json, Text};
                const SIGNATURES: &[Signature] = &[$(Signature {
                    arguments: &$arguments,
                    fewest: $fewest,
                    most: $most,
                    outcome: $outcome,
                    is_strict: $is_strict,
                }),*];
                SIGNATURES.get(self as usize).copied().unwrap_or(Signature {
                    arguments: &[],
                    fewest: 0,
                    most: 0,
                    outcome: Outcome::Alike,
                    is_strict: true,
                })
            }
        }
    };
}

functions! {
    /// Text in lower case.
    Lower: "lower" => [Of(Text)], 1..=1, Outcome::Of(Text), true;
    /// Text in upper case.
    Upper: "upper" => [Of(Text)], 1..=1, Outcome::Of(Text), true;
    /// Text without blanks, or without these characters, at both ends.
    Trim: "trim" | "btrim" => [Of(Text)], 1..=2, Outcome::Of(Text), true;
    /// As `trim`, at the start.
    TrimStart: "ltrim" => [Of(Text)], 1..=2, Outcome::Of(Text), true;
    /// As `trim`, at the end.
    TrimEnd: "rtrim" => [Of(Text)], 1..=2, Outcome::Of(Text), true;
    /// How many characters a text has, or bytes.
    Length: "length" | "char_length" | "character_length" => [TextOrBytes], 1..=1, Outcome::Of(I64), true;
    /// How many bytes a text takes.
    OctetLength: "octet_length" => [TextOrBytes], 1..=1, Outcome::Of(I64), true;
    /// The part of a text from a character on, counted from 1, with so many characters.
    Substring: "substr" | "substring" => [Of(Text), Integer], 2..=3, Outcome::Of(Text), true;
    /// Text in which every occurrence of a second is replaced with a third.
    Replace: "replace" => [Of(Text)], 3..=3, Outcome::Of(Text), true;
    /// Where a second text begins in a first, counted in characters from 1; 0 if nowhere.
    Position: "instr" | "strpos" => [Of(Text)], 2..=2, Outcome::Of(I64), true;
    /// All texts one after the other; NULL if one is. SQL's `||`.
    Join: "||" => [Any], 1..=MAX_ARGUMENTS, Outcome::Of(Text), true;
    /// All values as text one after the other, NULLs left out.
    Concat: "concat" => [Any], 1..=MAX_ARGUMENTS, Outcome::Of(Text), false;
    /// As `concat`, with the first text between the others.
    ConcatWith: "concat_ws" => [Of(Text), Any], 2..=MAX_ARGUMENTS, Outcome::Of(Text), false;
    /// The first characters of a text; all but the last, if the number is negative.
    Left: "left" => [Of(Text), Integer], 2..=2, Outcome::Of(Text), true;
    /// The last characters of a text; all but the first, if the number is negative.
    Right: "right" => [Of(Text), Integer], 2..=2, Outcome::Of(Text), true;
    /// Text made so long with blanks, or with a third text, before it; cut if it is longer.
    PadStart: "lpad" => [Of(Text), Integer, Of(Text)], 2..=3, Outcome::Of(Text), true;
    /// As `lpad`, behind the text.
    PadEnd: "rpad" => [Of(Text), Integer, Of(Text)], 2..=3, Outcome::Of(Text), true;
    /// Text so many times.
    Repeat: "repeat" => [Of(Text), Integer], 2..=2, Outcome::Of(Text), true;
    /// The characters of a text from the last to the first.
    Reverse: "reverse" => [Of(Text)], 1..=1, Outcome::Of(Text), true;
    /// Whether a text begins with a second.
    StartsWith: "starts_with" => [Of(Text)], 2..=2, Outcome::Of(Bool), true;
    /// The part of this number, from 1 on, between the occurrences of a second text; from the end if negative.
    SplitPart: "split_part" => [Of(Text), Of(Text), Integer], 3..=3, Outcome::Of(Text), true;
    /// The number of a text's first character; 0 of an empty one.
    Ascii: "ascii" | "unicode" => [Of(Text)], 1..=1, Outcome::Of(I64), true;
    /// The character of this number.
    Character: "chr" | "char" => [Integer], 1..=1, Outcome::Of(Text), true;
    /// The bytes of a value in hexadecimal digits.
    Hex: "hex" => [TextOrBytes], 1..=1, Outcome::Of(Text), true;

    /// The number without its sign.
    Absolute: "abs" => [Number], 1..=1, Outcome::As(0), true;
    /// The number rounded to so many digits behind the point, halves away from zero.
    Round: "round" => [Number, Integer], 1..=2, Outcome::As(0), true;
    /// The smallest whole number that is not below.
    Ceiling: "ceil" | "ceiling" => [Number], 1..=1, Outcome::As(0), true;
    /// The largest whole number that is not above.
    Floor: "floor" => [Number], 1..=1, Outcome::As(0), true;
    /// The number without what is behind so many digits.
    Truncate: "trunc" => [Number, Integer], 1..=2, Outcome::As(0), true;
    /// -1, 0 or 1.
    Sign: "sign" => [Number], 1..=1, Outcome::As(0), true;
    /// What remains of a division.
    Modulo: "mod" => [Alike], 2..=2, Outcome::Alike, true;
    /// A number to the power of a second.
    Power: "power" | "pow" => [Number], 2..=2, Outcome::Of(F64), true;
    /// The square root.
    SquareRoot: "sqrt" => [Number], 1..=1, Outcome::Of(F64), true;
    /// e to the power of a number.
    Exponential: "exp" => [Number], 1..=1, Outcome::Of(F64), true;
    /// The natural logarithm.
    Logarithm: "ln" => [Number], 1..=1, Outcome::Of(F64), true;
    /// The logarithm to the base 10.
    Logarithm10: "log10" | "log" => [Number], 1..=1, Outcome::Of(F64), true;
    /// The bits that are set in both.
    BitAnd: "bit_and" => [Integer], 2..=2, Outcome::Of(I64), true;
    /// The bits that are set in one or both.
    BitOr: "bit_or" => [Integer], 2..=2, Outcome::Of(I64), true;
    /// The bits that are set in one only.
    BitXor: "bit_xor" => [Integer], 2..=2, Outcome::Of(I64), true;
    /// The bits of a number so many places to the left, or to the right if the second is negative.
    ShiftLeft: "shift_left" => [Integer], 2..=2, Outcome::Of(I64), true;
    /// The bits of a number so many places to the right, or to the left if the second is negative; the sign stays.
    ShiftRight: "shift_right" => [Integer], 2..=2, Outcome::Of(I64), true;
    /// A number as it is, 1 or 0 for true or false, and the number that a text begins with, 0 if with none.
    AsNumber: "as_number" => [Any], 1..=1, Outcome::Number, true;
    /// A value that may stand beside values of other types, none of which it equals.
    Untyped: "untyped" => [Any], 1..=1, Outcome::Unknown, false;
    /// The largest of the values, NULLs left out.
    Greatest: "greatest" => [Alike], 1..=MAX_ARGUMENTS, Outcome::Alike, false;
    /// The smallest of the values, NULLs left out.
    Least: "least" => [Alike], 1..=MAX_ARGUMENTS, Outcome::Alike, false;
    /// The first of the values that is not NULL.
    Coalesce: "coalesce" | "ifnull" => [Alike], 1..=MAX_ARGUMENTS, Outcome::Alike, false;
    /// NULL if the two are equal, else the first.
    NullIf: "nullif" => [Alike], 2..=2, Outcome::As(0), false;

    /// A part of a date or datetime, as its clock shows it: `year`, `quarter`, `month`, `week`, `day`, `dow`, `isodow`,
    /// `doy`, `isoyear`, `decade`, `century`, `hour`, `minute`, `second`, `millisecond`, `microsecond`, `epoch`,
    /// `timezone`.
    DatePart: "date_part" | "extract" => [Of(Text), Moment], 2..=2, Outcome::Of(Decimal), true;
    /// A date or datetime with all below a part set back: `year`, .. `microsecond`.
    DateTruncate: "date_trunc" => [Of(Text), Moment], 2..=2, Outcome::As(1), true;
    /// A date or datetime so many parts later; a day that the month does not have becomes its last.
    DateAdd: "date_add" => [Of(Text), Integer, Moment], 3..=3, Outcome::As(2), true;
    /// How many whole parts lie between a first and a second date or datetime.
    DateDifference: "date_diff" => [Of(Text), Moment], 3..=3, Outcome::Of(I64), true;
    /// The date of a year, a month and a day.
    MakeDate: "make_date" => [Integer], 3..=3, Outcome::Of(Date), true;
    /// The moment so many seconds after 1970-01-01T00:00:00Z.
    ToDateTime: "to_timestamp" => [Number], 1..=1, Outcome::Of(DateTime), true;
    /// The same moment on a clock that is so many seconds ahead of UTC.
    AtOffset: "at_offset" => [Of(DateTime), Integer], 2..=2, Outcome::Of(DateTime), true;

    /// Whether a first document contains a second: every member, every element of it.
    JsonContains: "json_contains" => [Of(Json)], 2..=2, Outcome::Of(Bool), true;
    /// The part of a document at a path such as `$.a.b[0]`; NULL if there is none.
    JsonExtract: "json_extract" => [Of(Json), Of(Text)], 2..=2, Outcome::Of(Json), true;
    /// As `json_extract`, as text: strings without their quotes, and NULL for a null.
    JsonText: "json_extract_text" => [Of(Json), Of(Text)], 2..=2, Outcome::Of(Text), true;
    /// Whether an object has a member of this name, or an array a string equal to it.
    JsonHasKey: "json_has_key" => [Of(Json), Of(Text)], 2..=2, Outcome::Of(Bool), true;
    /// `object`, `array`, `string`, `number`, `boolean` or `null`.
    JsonType: "json_typeof" => [Of(Json)], 1..=1, Outcome::Of(Text), true;
    /// How many elements an array has; NULL if it is none.
    JsonArrayLength: "json_array_length" => [Of(Json)], 1..=1, Outcome::Of(I64), true;
}

impl ScalarFunction {
    /// The usual name.
    ///
    /// ```
    /// use wasm_dbms_api::ScalarFunction;
    ///
    /// assert_eq!(ScalarFunction::Lower.name(), "lower");
    /// ```
    pub fn name(self) -> &'static str {
        let line = parts(Self::NAMES, b'\n').nth(self as usize).unwrap_or_default();
        parts(line, b' ').next().unwrap_or_default()
    }

    /// The function of this name, in lower case.
    ///
    /// ```
    /// use wasm_dbms_api::ScalarFunction;
    ///
    /// assert_eq!(ScalarFunction::from_name("substring"), Some(ScalarFunction::Substring));
    /// assert_eq!(ScalarFunction::from_name("now"), None, "the core has no clock");
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let is_named = |line: &str| !name.is_empty() && parts(line, b' ').any(|other| other == name);
        let number = parts(Self::NAMES, b'\n').position(is_named)?;
        Self::ALL.get(number).copied()
    }
}

impl fmt::Display for ScalarFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
