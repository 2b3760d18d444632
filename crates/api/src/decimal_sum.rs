//! Adding decimals up, exactly.

use crate::Decimal;
use crate::decimal::power_of_ten;

/// The exact sum of any decimals: only its end asks whether a decimal can hold it, so the order in which they come
/// changes nothing.
///
/// ```
/// use wasm_dbms_api::{Decimal, DecimalSum};
///
/// let mut sum = DecimalSum::default();
/// for number in [Decimal::MAX, "0.10".parse()?, Decimal::MIN, "0.25".parse()?] {
///     sum.add(number);
/// }
/// assert_eq!(sum.total().unwrap().to_string(), "0.35");
/// assert_eq!(sum.mean(4).unwrap().to_string(), "0.0875");
/// # Ok::<(), wasm_dbms_api::ConversionError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct DecimalSum {
    /// What stands before the points, and what stands after them in units of 10^-28: each of at most 97 bits, so that
    /// 2^30 of them fit.
    whole: i128,
    parts: i128,
    /// The most digits after a point.
    scale: u8,
}

const UNIT: i128 = 10_i128.pow(Decimal::MAX_SCALE as u32);

impl DecimalSum {
    /// Adds a number.
    ///
    /// ```
    /// use wasm_dbms_api::DecimalSum;
    ///
    /// let mut sum = DecimalSum::default();
    /// sum.add("0.10".parse().unwrap());
    /// sum.add("2".parse().unwrap());
    /// assert_eq!(sum.total().unwrap().to_string(), "2.10");
    /// ```
    pub fn add(&mut self, number: Decimal) {
        let (whole, parts) = number.split();
        let sign = if number.is_negative() { -1 } else { 1 };
        self.parts = self.parts.wrapping_add(sign * parts as i128);
        // Parts that make up a whole move over at once, so that only the wholes grow.
        self.whole = self.whole.saturating_add(sign * whole as i128).saturating_add(self.parts / UNIT);
        self.parts %= UNIT;
        self.scale = self.scale.max(number.scale());
    }

    /// Adds what another sum is of.
    ///
    /// ```
    /// use wasm_dbms_api::DecimalSum;
    ///
    /// let (mut sum, mut other) = (DecimalSum::default(), DecimalSum::default());
    /// sum.add("0.75".parse().unwrap());
    /// other.add("1.5".parse().unwrap());
    /// sum.add_sum(&other);
    /// assert_eq!(sum.total().unwrap().to_string(), "2.25");
    /// ```
    pub fn add_sum(&mut self, other: &Self) {
        self.parts = self.parts.wrapping_add(other.parts);
        self.whole = self.whole.saturating_add(other.whole).saturating_add(self.parts / UNIT);
        self.parts %= UNIT;
        self.scale = self.scale.max(other.scale);
    }

    /// The sum, with as many digits after the point as the number that had the most, where they fit; none if no decimal
    /// is it.
    ///
    /// ```
    /// use wasm_dbms_api::{Decimal, DecimalSum};
    ///
    /// let mut sum = DecimalSum::default();
    /// sum.add(Decimal::MAX);
    /// sum.add(Decimal::MAX);
    /// assert_eq!(sum.total(), None);
    /// sum.add(Decimal::MIN);
    /// assert_eq!(sum.total(), Some(Decimal::MAX));
    /// ```
    pub fn total(&self) -> Option<Decimal> {
        let (is_negative, whole, parts) = self.amounts();
        for scale in (0..=self.scale).rev() {
            let unit = power_of_ten(Decimal::MAX_SCALE.saturating_sub(scale));
            if !parts.is_multiple_of(unit) {
                return None;
            }
            let magnitude = whole.checked_mul(power_of_ten(scale)).and_then(|whole| whole.checked_add(parts / unit));
            let total = magnitude.and_then(|magnitude| Decimal::from_parts(is_negative, magnitude, scale));
            if total.is_some() {
                return total;
            }
        }
        None
    }

    /// The mean of that many numbers, with all the digits that fit, the last one rounded half away from zero; none if
    /// there are no numbers.
    ///
    /// ```
    /// use wasm_dbms_api::DecimalSum;
    ///
    /// let mut sum = DecimalSum::default();
    /// sum.add("1".parse().unwrap());
    /// sum.add("2".parse().unwrap());
    /// assert_eq!(sum.mean(2).unwrap().to_string(), "1.5");
    /// assert_eq!(sum.mean(0), None);
    /// ```
    pub fn mean(&self, count: u64) -> Option<Decimal> {
        let count = u128::from(count);
        let (is_negative, whole, mut parts) = self.amounts();
        let mut magnitude = whole.checked_div(count)?;
        let mut remainder = whole % count;
        let mut scale = 0;
        loop {
            parts *= 10;
            let next = remainder * 10 + parts / UNIT as u128;
            parts %= UNIT as u128;
            let digit = next / count;
            remainder = next % count;
            let longer = magnitude.checked_mul(10).and_then(|magnitude| magnitude.checked_add(digit));
            let fits = longer.and_then(|longer| Decimal::from_parts(is_negative, longer, scale + 1)).is_some();
            match longer {
                Some(longer) if fits => (magnitude, scale) = (longer, scale + 1),
                _ => {
                    magnitude += u128::from(digit >= 5);
                    return Decimal::from_parts(is_negative, magnitude, scale).map(Decimal::normalized);
                }
            }
        }
    }

    /// The sum without its sign: what stands before the point, and after it in units of 10^-28.
    fn amounts(&self) -> (bool, u128, u128) {
        let (mut whole, mut parts) = (self.whole, self.parts);
        if whole > 0 && parts < 0 {
            (whole, parts) = (whole - 1, parts + UNIT);
        } else if whole < 0 && parts > 0 {
            (whole, parts) = (whole + 1, parts - UNIT);
        }
        (whole < 0 || parts < 0, whole.unsigned_abs(), parts.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[&str]) -> DecimalSum {
        let mut sum = DecimalSum::default();
        for number in numbers {
            sum.add(number.parse().unwrap());
        }
        sum
    }

    #[test]
    fn signs_on_both_sides_of_the_point_come_out_right() {
        for (numbers, total) in [
            (&["1", "-0.1"][..], "0.9"),
            (&["-1", "0.1"], "-0.9"),
            (&["0.6", "0.6"], "1.2"),
            (&["-0.6", "-0.6", "0.2"], "-1.0"),
            (&["5", "-5.00"], "0.00"),
            (&[], "0"),
        ] {
            assert_eq!(sum(numbers).total().unwrap().to_string(), total, "{numbers:?}");
        }
    }

    #[test]
    fn a_mean_has_every_digit_that_fits() {
        for (numbers, mean) in [
            (&["10", "0", "0"][..], "3.3333333333333333333333333333"),
            (&["20", "0", "0"], "6.6666666666666666666666666667"),
            (&["-1", "0", "0"], "-0.3333333333333333333333333333"),
            (&["1.00", "2.00"], "1.5"),
            (&["79228162514264337593543950335", "79228162514264337593543950335"], "79228162514264337593543950335"),
            (&["79228162514264337593543950335", "79228162514264337593543950334"], "79228162514264337593543950335"),
        ] {
            assert_eq!(sum(numbers).mean(numbers.len() as u64).unwrap().to_string(), mean, "{numbers:?}");
        }
        assert!(sum(&[]).mean(0).is_none());
    }
}
