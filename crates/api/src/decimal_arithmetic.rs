//! Products, quotients and roundings of decimals.

use crate::decimal::power_of_ten;
use crate::float_text::fixed_text;
use crate::{Decimal, FloatForm, float_text};

/// Which of the numbers with fewer digits a number becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// The nearest; of two equally near the one farther from zero.
    HalfAwayFromZero,
    /// The next towards zero.
    TowardZero,
    /// The next below.
    Down,
    /// The next above.
    Up,
}

/// 192 bits, the least first: the product of two coefficients.
type Wide = [u32; 6];

fn wide_product(left: u128, right: u128) -> Wide {
    let limbs = |number: u128| [number as u32, (number >> 32) as u32, (number >> 64) as u32];
    let mut product: Wide = [0; 6];
    for (shift, left) in limbs(left).into_iter().enumerate() {
        let mut carry = 0u64;
        let places = product.iter_mut().skip(shift);
        for (place, right) in places.zip(limbs(right).into_iter().chain([0])) {
            let sum = u64::from(left) * u64::from(right) + u64::from(*place) + carry;
            *place = sum as u32;
            carry = sum >> 32;
        }
    }
    product
}

/// Divides by ten and returns what remains.
fn divide_by_ten(wide: &mut Wide) -> u8 {
    let mut remainder = 0u64;
    for limb in wide.iter_mut().rev() {
        let part = remainder << 32 | u64::from(*limb);
        *limb = (part / 10) as u32;
        remainder = part % 10;
    }
    remainder as u8
}

/// The number, if 128 bits hold it.
fn narrow(wide: &Wide) -> Option<u128> {
    let [a, b, c, d, e, f] = *wide;
    let low = |parts: [u32; 4]| parts.into_iter().rev().fold(0u128, |number, part| number << 32 | u128::from(part));
    (e == 0 && f == 0).then(|| low([a, b, c, d]))
}

impl Decimal {
    /// The product: exact where a decimal holds all its digits, else with as many as there is room for, the last one
    /// rounded half away from zero; none if it is too large.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// let price: Decimal = "19.90".parse()?;
    /// assert_eq!(price.checked_mul("0.19".parse()?).unwrap().to_string(), "3.7810");
    /// assert!(Decimal::MAX.checked_mul(2.into()).is_none());
    /// # Ok::<(), wasm_dbms_api::ConversionError>(())
    /// ```
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let is_negative = self.is_negative() != other.is_negative();
        let mut scale = self.scale() + other.scale();
        let mut wide = wide_product(self.magnitude(), other.magnitude());
        let mut last = 0;
        loop {
            if let Some(magnitude) = narrow(&wide)
                && let Some(product) = Self::from_parts(is_negative, magnitude + u128::from(last >= 5), scale)
            {
                return Some(product);
            }
            last = divide_by_ten(&mut wide);
            scale = scale.checked_sub(1)?;
        }
    }

    /// The quotient with all the digits that fit, the last one rounded half away from zero; none if it is too large, or
    /// the divisor zero.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// let one = Decimal::from(1_u8);
    /// assert_eq!(one.checked_div(Decimal::from(8_u8)).unwrap().to_string(), "0.125");
    /// assert_eq!(one.checked_div(Decimal::ZERO), None);
    /// ```
    pub fn checked_div(self, other: Self) -> Option<Self> {
        let is_negative = self.is_negative() != other.is_negative();
        let divisor = other.magnitude();
        let mut magnitude = self.magnitude().checked_div(divisor)?;
        let mut remainder = self.magnitude() % divisor;
        let mut scale = i32::from(self.scale()) - i32::from(other.scale());
        loop {
            if remainder == 0 && scale >= 0 {
                break;
            }
            let next = remainder * 10;
            let digit = next / divisor;
            // It has 96 bits, as long as it is one of a decimal.
            let fits = Some(magnitude * 10 + digit).filter(|longer| {
                let scale = u8::try_from((scale + 1).max(0)).unwrap_or(u8::MAX);
                Self::from_parts(is_negative, *longer, scale).is_some()
            });
            match fits {
                Some(longer) => (magnitude, remainder, scale) = (longer, next % divisor, scale + 1),
                None => {
                    magnitude += u128::from(digit >= 5);
                    break;
                }
            }
        }
        Self::from_parts(is_negative, magnitude, u8::try_from(scale).ok()?).map(Self::normalized)
    }

    /// What remains of a division whose quotient is whole, with the sign of the number that is divided; none if the
    /// divisor is zero.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// let number: Decimal = "-7.5".parse().unwrap();
    /// assert_eq!(number.checked_rem(Decimal::from(2_u8)).unwrap().to_string(), "-1.5");
    /// ```
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        let (mut remainder, mut divisor) = (self.magnitude(), other.magnitude());
        if divisor == 0 {
            return None;
        }
        let scale = self.scale().max(other.scale());
        if self.scale() > other.scale() {
            // A divisor that is too large for this is above what is divided.
            match divisor.checked_mul(power_of_ten(self.scale() - other.scale())) {
                Some(larger) => divisor = larger,
                None => return Some(self),
            }
        }
        remainder %= divisor;
        for _ in self.scale()..other.scale() {
            // Below the divisor, which has 96 bits here.
            remainder = remainder * 10 % divisor;
        }
        Self::from_parts(self.is_negative(), remainder, scale)
    }

    /// The number with at most so many digits after the point, or with zeros at so many places before it; none if it
    /// grows too large.
    ///
    /// ```
    /// use wasm_dbms_api::{Decimal, Rounding};
    ///
    /// let number: Decimal = "-1249.50".parse()?;
    /// assert_eq!(number.rounded(0, Rounding::HalfAwayFromZero).unwrap().to_string(), "-1250");
    /// assert_eq!(number.rounded(-2, Rounding::Up).unwrap().to_string(), "-1200");
    /// # Ok::<(), wasm_dbms_api::ConversionError>(())
    /// ```
    pub fn rounded(self, digits: i32, rounding: Rounding) -> Option<Self> {
        let dropped = i32::from(self.scale()).saturating_sub(digits);
        if dropped <= 0 {
            return Some(self);
        }
        // Above every coefficient and its double: what is dropped then is the whole number.
        let unit = power_of_ten(u8::try_from(dropped.min(37)).unwrap_or(0));
        let (quotient, rest) = (self.magnitude() / unit, self.magnitude() % unit);
        let moves_away = match rounding {
            Rounding::HalfAwayFromZero => rest >= unit - rest,
            Rounding::TowardZero => false,
            Rounding::Down => self.is_negative() && rest != 0,
            Rounding::Up => !self.is_negative() && rest != 0,
        };
        let magnitude = quotient + u128::from(moves_away);
        let zeros = u8::try_from(digits.saturating_neg().clamp(0, 37)).unwrap_or(0);
        let magnitude = magnitude.checked_mul(if magnitude == 0 { 1 } else { power_of_ten(zeros) })?;
        Self::from_parts(self.is_negative(), magnitude, u8::try_from(digits.max(0)).unwrap_or(0))
    }

    /// The number as an integer, rounded half away from zero; none if it is too large.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!("12.00".parse::<Decimal>().unwrap().to_i128(), Some(12));
    /// ```
    pub fn to_i128(self) -> Option<i128> {
        self.rounded(0, Rounding::HalfAwayFromZero).map(Self::coefficient)
    }

    /// The decimal nearest to a float, of the fewest digits that tell the float from others; none if there is none.
    ///
    /// ```
    /// use wasm_dbms_api::Decimal;
    ///
    /// assert_eq!(Decimal::from_f64(0.1).unwrap().to_string(), "0.1");
    /// assert_eq!(Decimal::from_f64(f64::NAN), None);
    /// ```
    pub fn from_f64(number: f64) -> Option<Self> {
        if !number.is_finite() || number.abs() >= 1e29 {
            return None;
        }
        if let Ok(decimal) = float_text(number, FloatForm::Plain).parse() {
            return Some(decimal);
        }
        // More digits after the point than there is room for, or too many before it.
        if number.abs() < 1.0 { fixed_text(number, Self::MAX_SCALE).parse().ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn products_and_quotients_keep_what_fits() {
        for (left, right, product, quotient, remainder) in [
            ("6", "4", "24", "1.5", "2"),
            ("-1.50", "0.5", "-0.750", "-3", "-0.00"),
            ("10", "3", "30", "3.3333333333333333333333333333", "1"),
            ("20", "-3", "-60", "-6.6666666666666666666666666667", "2"),
            (
                "0.0000000000000000000000000001",
                "0.5",
                "0.0000000000000000000000000001",
                "0.0000000000000000000000000002",
                "0.0000000000000000000000000001",
            ),
            ("0", "7", "0", "0", "0"),
            (
                "123456789.123456789",
                "987654321.987654321",
                "121932631356500531.34720316911",
                "0.1249999988609375000142382812",
                "123456789.123456789",
            ),
        ] {
            let (left, right) = (decimal(left), decimal(right));
            assert_eq!(left.checked_mul(right).unwrap(), decimal(product), "{left} * {right}");
            assert_eq!(left.checked_div(right).unwrap(), decimal(quotient), "{left} / {right}");
            assert_eq!(left.checked_rem(right).unwrap(), decimal(remainder), "{left} % {right}");
        }
        assert!(Decimal::MAX.checked_mul(decimal("1.1")).is_none());
        assert!(Decimal::MAX.checked_div(decimal("0.1")).is_none());
        assert_eq!(Decimal::MAX.checked_mul(decimal("0.1")).unwrap().to_string(), "7922816251426433759354395033.5");
        assert!(decimal("1").checked_div(decimal("0.0")).is_none());
        assert!(decimal("1").checked_rem(decimal("0.0")).is_none());
    }

    #[test]
    fn products_quotients_and_remainders_are_those_of_rust_decimal() {
        let mut random = fastrand::Rng::with_seed(11);
        for _ in 0..200_000 {
            let mut number = || {
                let magnitude = random.u128(..) >> random.u32(32..128);
                Decimal::from_parts(random.bool(), magnitude, random.u8(0..=28)).unwrap()
            };
            let (left, right) = (number(), number());
            let other = |number: Decimal| number.to_string().parse::<rust_decimal::Decimal>().unwrap();
            if let (Some(own), Some(theirs)) = (left.checked_rem(right), other(left).checked_rem(other(right))) {
                assert_eq!(own, decimal(&theirs.to_string()), "{left} % {right}");
            }
            let (own, theirs) = (left.checked_mul(right), other(left).checked_mul(other(right)));
            if let (Some(own), Some(theirs)) = (own, theirs) {
                let difference = own.checked_sub(decimal(&theirs.to_string())).map(Decimal::magnitude);
                assert!(difference.is_none_or(|difference| difference <= 1), "{left} * {right}: {own}, {theirs}");
            }
        }
    }

    #[test]
    fn numbers_are_rounded_as_they_are_told() {
        use Rounding::{Down, HalfAwayFromZero, TowardZero, Up};
        for (number, digits, rounding, expected) in [
            ("2.5", 0, HalfAwayFromZero, "3"),
            ("-2.5", 0, HalfAwayFromZero, "-3"),
            ("2.449", 1, HalfAwayFromZero, "2.4"),
            ("2.4", 5, HalfAwayFromZero, "2.4"),
            ("-2.5", 0, TowardZero, "-2"),
            ("-2.1", 0, Down, "-3"),
            ("-2.9", 0, Up, "-2"),
            ("2.1", 0, Up, "3"),
            ("155", -1, HalfAwayFromZero, "160"),
            ("155", -3, HalfAwayFromZero, "0"),
            ("155", i32::MIN, TowardZero, "0"),
        ] {
            assert_eq!(decimal(number).rounded(digits, rounding).unwrap(), decimal(expected), "{number} {digits}");
        }
        assert!(Decimal::MAX.rounded(-1, Up).is_none());
        assert!(decimal("5").rounded(-40, Up).is_none());
    }

    #[test]
    fn floats_become_the_decimal_that_people_write() {
        for (number, text) in [(0.1, "0.1"), (-2.5e3, "-2500"), (1e-30, "0"), (1e28, "10000000000000000000000000000")] {
            assert_eq!(Decimal::from_f64(number).unwrap(), decimal(text), "{number}");
        }
        for number in [f64::NAN, f64::INFINITY, 1e29] {
            assert!(Decimal::from_f64(number).is_none(), "{number}");
        }
    }
}
