//! Decimal texts as floats, rounded as IEEE 754 asks.
//!
//! The standard library answers the same, faster where a text is long, with tables that would be a thirtieth of a
//! module. Here a short number takes one multiplication or division; any other is divided as whole numbers, bit by bit.

use std::cmp::Ordering;

use crate::whole::Whole;

/// Beyond these digits only one thing matters: whether any of them is not zero. No float, and no middle between two of
/// them, has more.
const SIGNIFICANT_DIGITS: usize = 800;
/// An exponent of ten past which no number of [`SIGNIFICANT_DIGITS`] digits is anything but zero or infinite.
const EXPONENT_MAX: i64 = 400;
/// A whole number up to this is a float without rounding,
const EXACT_MAX: u64 = 1 << 53;
/// and so is ten to this power.
const EXACT_POWER: i64 = 22;
/// How many bits of a quotient are computed: those of a float, and enough to round it by.
const QUOTIENT_BITS: i64 = 66;

/// The float that is nearest to a decimal number; of two that are as near, the even one. `inf`, `infinity` and `nan`
/// are read too, in any case. Nothing of a text that is no number.
///
/// ```
/// use wasm_dbms_api::parse_float;
///
/// assert_eq!(parse_float("-2.5e3"), Some(-2500.0));
/// assert_eq!(parse_float("2.2250738585072011e-308"), Some(2.225073858507201e-308));
/// assert_eq!(parse_float("1e999"), Some(f64::INFINITY));
/// assert_eq!(parse_float("2,5"), None);
/// ```
pub fn parse_float(text: &str) -> Option<f64> {
    let (sign, number) = match text.as_bytes() {
        [b'-', number @ ..] => (-1.0, number),
        [b'+', number @ ..] => (1.0, number),
        number => (1.0, number),
    };
    let is = |word: &str| number.eq_ignore_ascii_case(word.as_bytes());
    if is("inf") || is("infinity") {
        return Some(f64::INFINITY.copysign(sign));
    }
    if is("nan") {
        return Some(f64::NAN);
    }
    Some(Digits::read(number)?.nearest().copysign(sign))
}

/// A decimal number without its sign: `digits` as a whole number, times ten to the power of `exponent`.
#[derive(Default)]
struct Digits {
    /// From the first that is not zero, each 0 to 9.
    digits: Vec<u8>,
    exponent: i64,
    /// Whether digits that are not zero came after those kept.
    has_more: bool,
}

impl Digits {
    fn read(number: &[u8]) -> Option<Self> {
        let mut read = Self::default();
        let mut bytes = number.iter();
        let (mut has_digit, mut is_fraction) = (false, false);
        for byte in bytes.by_ref() {
            match byte {
                b'0'..=b'9' => {
                    has_digit = true;
                    read.push(byte - b'0', is_fraction);
                }
                b'.' if !is_fraction => is_fraction = true,
                b'e' | b'E' => {
                    read.exponent = read.exponent.saturating_add(exponent(bytes.as_slice())?);
                    break;
                }
                _ => return None,
            }
        }
        has_digit.then_some(read)
    }

    fn push(&mut self, digit: u8, is_fraction: bool) {
        let is_kept = self.digits.len() < SIGNIFICANT_DIGITS;
        if is_kept && (digit != 0 || !self.digits.is_empty()) {
            self.digits.push(digit);
        }
        self.has_more |= !is_kept && digit != 0;
        // A digit of the fraction that is kept, or a zero before the first, moves the point; so does one of the whole
        // part that is not kept.
        match (is_fraction, is_kept) {
            (true, true) => self.exponent -= 1,
            (false, false) => self.exponent += 1,
            _ => {}
        }
    }

    fn nearest(mut self) -> f64 {
        let length = self.digits.len() as i64;
        let magnitude = self.exponent.saturating_add(length);
        if length == 0 || magnitude < -EXPONENT_MAX {
            return 0.0;
        }
        if magnitude > EXPONENT_MAX {
            return f64::INFINITY;
        }
        if length <= 15 && self.exponent.abs() <= EXACT_POWER {
            let whole = self.digits.iter().fold(0, |whole: u64, digit| whole * 10 + u64::from(*digit));
            debug_assert!(whole <= EXACT_MAX);
            let power = (0..self.exponent.abs()).fold(1.0, |power, _| power * 10.0);
            return if self.exponent < 0 { whole as f64 / power } else { whole as f64 * power };
        }
        if self.has_more {
            self.digits.push(1);
            self.exponent -= 1;
        }
        let mut numerator = Whole::default();
        for digit in &self.digits {
            numerator.multiply_add(10, u32::from(*digit));
        }
        let mut denominator = Whole::from(1);
        let scaled = if self.exponent < 0 { &mut denominator } else { &mut numerator };
        for _ in 0..self.exponent.abs() {
            scaled.multiply_add(10, 0);
        }
        divide(numerator, denominator)
    }
}

/// What follows the `e`.
pub(crate) fn exponent(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0i64, |size, digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if is_negative { -size } else { size })
}

/// The float nearest to the quotient of two numbers that are not zero.
fn divide(mut numerator: Whole, mut denominator: Whole) -> f64 {
    // Made as long as each other, so that their quotient is between a half and two.
    let shift = numerator.bits() - denominator.bits();
    if shift < 0 {
        numerator.shift_left(-shift);
    } else {
        denominator.shift_left(shift);
    }
    let mut quotient = 0u128;
    for _ in 0..QUOTIENT_BITS {
        quotient = quotient << 1 | u128::from(numerator.subtract(&denominator));
        numerator.multiply_add(2, 0);
    }
    // The number is `quotient` (and a little more if `numerator` is not zero) times two to the power of this.
    let unit = shift - (QUOTIENT_BITS - 1);
    let bits = 128 - i64::from(quotient.leading_zeros());
    let mut exponent = unit + bits - 1;
    // A number below the smallest normal one has fewer bits, down to none.
    let kept = if exponent < -1022 { (53 - (-1022 - exponent)).max(0) } else { 53 };
    let dropped = (bits - kept).min(127);
    let rest = quotient & ((1 << dropped) - 1);
    let mut mantissa = (quotient >> dropped) as u64;
    let order =
        rest.cmp(&(1 << (dropped - 1))).then(if numerator.is_zero() { Ordering::Equal } else { Ordering::Greater });
    if exponent >= -1023 - 52 && (order == Ordering::Greater || order == Ordering::Equal && mantissa & 1 == 1) {
        mantissa += 1;
    }
    if kept < 53 {
        return f64::from_bits(mantissa);
    }
    if mantissa == EXACT_MAX {
        (mantissa, exponent) = (mantissa >> 1, exponent + 1);
    }
    if exponent > 1023 {
        return f64::INFINITY;
    }
    f64::from_bits(((exponent + 1023) as u64) << 52 | mantissa & ((1 << 52) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(text: &str) {
        let (own, oracle) = (parse_float(text), text.parse::<f64>().ok());
        assert_eq!(own.map(f64::to_bits), oracle.map(f64::to_bits), "{text}: {own:?}, not {oracle:?}");
    }

    /// A seeded stream of numbers (xorshift).
    fn random(seed: &mut u64) -> u64 {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    }

    #[test]
    fn every_float_is_read_back_from_each_of_its_texts() {
        let mut seed = 0x9e37_79b9_7f4a_7c15;
        for _ in 0..20_000 {
            let number = f64::from_bits(random(&mut seed));
            if number.is_finite() {
                agree(&format!("{number}"));
                agree(&format!("{number:e}"));
                agree(&format!("{number:.20e}"));
            }
        }
    }

    #[test]
    fn the_middle_between_two_floats_is_rounded_to_the_even_one() {
        let mut seed = 0x2545_f491_4f6c_dd1d;
        for round in 0..2000 {
            let low = match round % 3 {
                0 => f64::from_bits(random(&mut seed) >> 12),
                1 => f64::from_bits(random(&mut seed) >> 1),
                _ => (random(&mut seed) >> 11) as f64,
            };
            // A float in full; one more digit of five stands where the middle does, to the last bit for whole numbers.
            let exact = format!("{low:.1100}");
            agree(&exact);
            agree(&format!("{exact}5"));
            agree(&format!("{exact}00000000000001"));
        }
        for middle in ["9007199254740993", "9007199254740993.00000000000000000000000000000001", "9007199254740995"] {
            agree(middle);
        }
    }

    #[test]
    fn texts_of_random_digits_are_read_as_the_standard_library_reads_them() {
        let mut seed = 0xd1b5_4a32_d192_ed03;
        for _ in 0..50_000 {
            let digits = random(&mut seed) % 40;
            let mut text: String = (0..=digits).map(|_| char::from(b'0' + (random(&mut seed) % 10) as u8)).collect();
            if random(&mut seed).is_multiple_of(2) {
                text.insert((random(&mut seed) % (text.len() as u64 + 1)) as usize, '.');
            }
            if random(&mut seed).is_multiple_of(2) {
                text += &format!("e{}", (random(&mut seed) % 720) as i64 - 360);
            }
            agree(&text);
        }
    }

    #[test]
    fn the_smallest_and_the_largest_are_told_from_zero_and_infinity() {
        for text in [
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.47e-324",
            "1e-400",
            "1e-99999999999999999999",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "179769313486231580793e289",
            "1e309",
            "1e99999999999999999999",
            "0e99999999999999999999",
            "-0",
            "+0.0e-5",
            "Inf",
            "-iNfinity",
            "NaN",
        ] {
            agree(text);
        }
        agree(&format!("0.{}1e2000", "0".repeat(2000)));
        agree(&format!("1{}e-2000", "0".repeat(2000)));
        agree(&format!("{}.{}e-900", "7".repeat(900), "7".repeat(900)));
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for text in [
            "", ".", "+", "-", "e5", ".e5", "1e", "1e+", "1.2.3", "1 ", " 1", "1_0", "0x10", "--1", "1e5.0", "infinit",
            "é",
        ] {
            agree(text);
            assert_eq!(parse_float(text), None, "{text}");
        }
        for text in ["5.", ".5", "+5", "1E5", "1e+05"] {
            agree(text);
        }
    }
}
