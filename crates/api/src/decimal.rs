//! Exact decimal numbers.
//!
//! A decimal is a whole number of up to 96 bits, its coefficient, over a power of ten, its scale: 28 digits anywhere
//! around the point, the range of the crate `rust_decimal`. Nothing is ever rounded on the way in: text with more digits
//! is an error, and so is a sum that would need them.
//!
//! I1. The scale is at most [`Decimal::MAX_SCALE`]. I2. Zero is not negative.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::{ConversionError, DecimalSum, ValueRef};

/// An exact decimal number.
///
/// Numbers that differ only in trailing zeros are equal, but keep them: `1.50` stays `1.50`.
///
/// ```
/// use wasm_dbms_api::Decimal;
///
/// let price: Decimal = "19.90".parse()?;
/// assert_eq!(price, Decimal::new(199, 1).unwrap());
/// assert_eq!(price.to_string(), "19.90");
/// assert_eq!(price.checked_add(Decimal::from(1)).unwrap().to_string(), "20.90");
/// assert!("0.00000000000000000000000000001".parse::<Decimal>().is_err());
/// # Ok::<(), wasm_dbms_api::ConversionError>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Decimal {
    low: u64,
    high: u32,
    scale: u8,
    is_negative: bool,
}

/// The largest coefficient.
const MAX_COEFFICIENT: u128 = (1 << 96) - 1;

/// Ten to a power that a `u128` holds; of a greater one the greatest.
pub(crate) fn power_of_ten(exponent: u8) -> u128 {
    10u128.wrapping_pow(exponent.min(38).into())
}

impl Decimal {
    /// The most digits after the point.
    pub const MAX_SCALE: u8 = 28;

    /// Zero.
    pub const ZERO: Self = Self { low: 0, high: 0, scale: 0, is_negative: false };

    /// The largest number: 79228162514264337593543950335.
    pub const MAX: Self = Self { low: u64::MAX, high: u32::MAX, scale: 0, is_negative: false };

    /// The smallest number: -79228162514264337593543950335.
    pub const MIN: Self = Self { is_negative: true, ..Self::MAX };

    /// The number `coefficient` / 10^`scale`; none if that takes more than 96 bits or 28 digits after the point.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!(Decimal::new(-1250, 2).unwrap().to_string(), "-12.50");
    /// assert_eq!(Decimal::new(1, 29), None);
    /// ```
    pub fn new(coefficient: i128, scale: u8) -> Option<Self> {
        Self::from_parts(coefficient < 0, coefficient.unsigned_abs(), scale)
    }

    /// The number of a sign, the amount of its coefficient and a scale; none as for [`new`](Self::new).
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!(Decimal::from_parts(true, 5, 1), Decimal::new(-5, 1));
    /// ```
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub fn from_parts(is_negative: bool, magnitude: u128, scale: u8) -> Option<Self> {
        if magnitude > MAX_COEFFICIENT || scale > Self::MAX_SCALE {
            return None;
        }
        let is_negative = is_negative && magnitude != 0;
        Some(Self { low: magnitude as u64, high: (magnitude >> 64) as u32, scale, is_negative })
    }

    /// The digits as a whole number, without sign and point.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!(Decimal::new(-1250, 2).unwrap().magnitude(), 1250);
    /// ```
    pub fn magnitude(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// The digits as a whole number, without the point.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!(Decimal::new(-1250, 2).unwrap().coefficient(), -1250);
    /// ```
    pub fn coefficient(self) -> i128 {
        if self.is_negative { -(self.magnitude() as i128) } else { self.magnitude() as i128 }
    }

    /// How many digits stand after the point.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!("12.50".parse::<Decimal>().unwrap().scale(), 2);
    /// ```
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Whether this is below zero.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert!(Decimal::MIN.is_negative());
    /// assert!(!Decimal::ZERO.is_negative());
    /// ```
    pub fn is_negative(self) -> bool {
        self.is_negative
    }

    /// The same number without trailing zeros after the point.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// let number: Decimal = "12.50".parse().unwrap();
    /// assert_eq!(number.normalized().to_string(), "12.5");
    /// assert_eq!(number.normalized(), number);
    /// ```
    #[must_use]
    pub fn normalized(self) -> Self {
        let (mut magnitude, mut scale) = (self.magnitude(), self.scale);
        while scale > 0 && magnitude.is_multiple_of(10) {
            magnitude /= 10;
            scale -= 1;
        }
        Self::from_parts(self.is_negative, magnitude, scale).unwrap_or(self)
    }

    /// The sum, exactly; none if no decimal is it.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// let (a, b): (Decimal, Decimal) = ("0.1".parse().unwrap(), "0.2".parse().unwrap());
    /// assert_eq!(a.checked_add(b).unwrap().to_string(), "0.3");
    /// assert_eq!(Decimal::MAX.checked_add(Decimal::MAX), None);
    /// ```
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let mut sum = DecimalSum::default();
        sum.add(self);
        sum.add(other);
        sum.total()
    }

    /// The difference, exactly; none if no decimal is it.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// let (a, b): (Decimal, Decimal) = ("1.00".parse().unwrap(), "0.9".parse().unwrap());
    /// assert_eq!(a.checked_sub(b).unwrap().to_string(), "0.10");
    /// ```
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(-other)
    }

    /// The nearest float.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!("0.1".parse::<Decimal>().unwrap().to_f64(), 0.1);
    /// ```
    pub fn to_f64(self) -> f64 {
        let divisor = power_of_ten(self.scale);
        let magnitude = self.magnitude();
        // As many bits before the point as there is room for, then more from the remainder, until a float's 53 are there
        // whatever they are; that something is left is noted in the last one, so that rounding is right.
        let mut exponent = magnitude.leading_zeros().min(127);
        let numerator = magnitude << exponent;
        let (mut quotient, mut remainder) = (numerator / divisor, numerator % divisor);
        while quotient != 0 && quotient < 1 << 64 {
            // Below 10^28, so that 32 bits more fit.
            let more = remainder << 32;
            quotient = (quotient << 32) | (more / divisor);
            remainder = more % divisor;
            exponent += 32;
        }
        let rounded = (quotient | u128::from(remainder != 0)) as f64;
        // No decimal is near the ends of a float's exponents: this is exact.
        let amount = rounded * f64::from_bits(u64::from(1023 - exponent.min(1022)) << 52);
        if self.is_negative { -amount } else { amount }
    }

    /// The part before the point and the part after it in units of 10^-28, both without the sign.
    pub(crate) fn split(self) -> (u128, u128) {
        let divisor = power_of_ten(self.scale);
        let (whole, rest) = (self.magnitude() / divisor, self.magnitude() % divisor);
        (whole, rest * power_of_ten(Self::MAX_SCALE.saturating_sub(self.scale)))
    }
}

impl std::ops::Neg for Decimal {
    type Output = Self;

    fn neg(self) -> Self {
        Self { is_negative: !self.is_negative && self.magnitude() != 0, ..self }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.coefficient().cmp(&other.coefficient());
        }
        match (self.is_negative, other.is_negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.split().cmp(&other.split()),
            (true, true) => other.split().cmp(&self.split()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let same = self.normalized();
        (same.coefficient(), same.scale).hash(state);
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Decimal {
            fn from(number: $integer) -> Self {
                let number = i128::from(number);
                Self::new(number, 0).unwrap_or_default()
            }
        }
    )*};
}

from_integer!(i8, i16, i32, i64, u8, u16, u32, u64);

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 29 digits, and at least one before the point.
        let mut text = [b'0'; 31];
        let mut start = text.len();
        let mut rest = self.magnitude();
        for (written, place) in text.iter_mut().rev().enumerate() {
            if rest == 0 && written > usize::from(self.scale) + usize::from(self.scale > 0) {
                break;
            }
            start -= 1;
            if written == usize::from(self.scale) && self.scale > 0 {
                *place = b'.';
                continue;
            }
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let digits = text.get(start..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default();
        f.pad_integral(!self.is_negative, "", digits)
    }
}

impl FromStr for Decimal {
    type Err = ConversionError;

    /// Digits with or without sign, point and exponent: `-12.50`, `1e6`.
    fn from_str(text: &str) -> Result<Self, ConversionError> {
        parse(text.as_bytes()).ok_or_else(|| ConversionError::new("decimal", ValueRef::Text(text)))
    }
}

fn parse(text: &[u8]) -> Option<Decimal> {
    let (is_negative, text) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let mut magnitude = 0u128;
    let mut scale = 0i64;
    // Zeros wait until a digit that counts comes after them: `1.000..` may have any number of them.
    let mut zeros = 0u32;
    let (mut has_digit, mut has_point) = (false, false);
    let mut bytes = text.iter();
    let mut exponent = 0i64;
    for byte in bytes.by_ref() {
        match byte {
            b'0'..=b'9' => {
                has_digit = true;
                scale += i64::from(has_point);
                if *byte == b'0' {
                    zeros = zeros.saturating_add(1);
                } else {
                    let shifted = magnitude
                        .checked_mul(power_of_ten(u8::try_from(zeros.saturating_add(1)).unwrap_or(u8::MAX)))?;
                    magnitude = shifted.checked_add(u128::from(byte - b'0'))?;
                    zeros = 0;
                }
            }
            b'.' if !has_point => has_point = true,
            b'e' | b'E' => {
                exponent = crate::float::exponent(bytes.as_slice()).filter(|size| i32::try_from(*size).is_ok())?;
                break;
            }
            _ => return None,
        }
    }
    if !has_digit {
        return None;
    }
    scale -= exponent;
    if magnitude == 0 {
        return Decimal::from_parts(false, 0, scale.clamp(0, i64::from(Decimal::MAX_SCALE)) as u8);
    }
    // The waiting zeros are written out as far as the number holds them.
    let mut zeros = i64::from(zeros);
    while zeros > 0 && scale <= i64::from(Decimal::MAX_SCALE) && magnitude <= MAX_COEFFICIENT / 10 {
        magnitude *= 10;
        zeros -= 1;
    }
    scale -= zeros;
    while scale < 0 {
        magnitude = magnitude.checked_mul(10).filter(|magnitude| *magnitude <= MAX_COEFFICIENT)?;
        scale += 1;
    }
    Decimal::from_parts(is_negative, magnitude, u8::try_from(scale).ok()?)
}

crate::text_serde::as_text!(Decimal, "a decimal number as text");

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn text_comes_back_as_it_was() {
        for text in
            ["0", "0.00", "1.50", "-0.001", "100", "79228162514264337593543950335", "-7.9228162514264337593543950335"]
        {
            assert_eq!(decimal(text).to_string(), text);
        }
        for (text, shown) in [
            ("-0.0", "0.0"),
            ("+5", "5"),
            ("1e3", "1000"),
            ("1.25E-2", "0.0125"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0e9", "0"),
        ] {
            assert_eq!(decimal(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn text_that_no_decimal_holds_exactly_is_refused() {
        let wide = "1".repeat(30);
        for text in ["", "-", ".", "e5", "1e", "1e+", "1_0", "1.2.3", "--1", " 1", "1e29", "1e-29", "NaN", &wide] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert_eq!(decimal(&format!("1.{}", "0".repeat(1000))), Decimal::from(1));
        assert_eq!(decimal(&format!("{}1", "0".repeat(1000))), Decimal::from(1));
    }

    #[test]
    fn numbers_that_differ_in_trailing_zeros_are_equal_and_hash_alike() {
        let hash = |decimal: Decimal| {
            let mut hasher = std::hash::DefaultHasher::new();
            decimal.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(decimal("1.5"), decimal("1.50"));
        assert_eq!(hash(decimal("1.5")), hash(decimal("1.50")));
        assert_eq!(decimal("1.50").normalized().to_string(), "1.5");
    }

    #[test]
    fn a_sum_is_exact_or_none() {
        assert_eq!(decimal("0.1").checked_add(decimal("0.20")).unwrap().to_string(), "0.30");
        assert_eq!(Decimal::MAX.checked_add(Decimal::from(1)), None);
        assert_eq!(Decimal::MAX.checked_add(decimal("0.1")), None);
        assert_eq!(Decimal::MAX.checked_sub(Decimal::MAX).unwrap().to_string(), "0");
        let smallest = Decimal::new(1, 28).unwrap();
        assert_eq!(decimal("7").checked_sub(smallest).unwrap().to_string(), "6.9999999999999999999999999999");
        assert_eq!(decimal("8").checked_sub(smallest), None);
    }
}
