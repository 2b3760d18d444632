//! Floats as decimal texts: of the fewest digits that are read as the same float again, and of those the nearest.
//!
//! The standard library writes the same, with tables and a second and third way beside the one that is always right, which
//! together would be a hundredth of a module. Here a number of few digits is found by trying, any other by [`Whole`] numbers.

use std::cmp::Ordering;

use crate::whole::Whole;

/// How a float is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatForm {
    /// Every digit, however far the point is: `{}`.
    Plain,
    /// With a point or an exponent always, so that no whole number is written so: `{:?}`.
    Float,
    /// With an exponent: `{:e}`.
    Exponent,
}

/// A float as text.
///
/// ```
/// use wasm_dbms_api::{FloatForm, float_text};
///
/// assert_eq!(float_text(100.0, FloatForm::Plain), "100");
/// assert_eq!(float_text(100.0, FloatForm::Float), "100.0");
/// assert_eq!(float_text(-0.00015, FloatForm::Exponent), "-1.5e-4");
/// ```
pub fn float_text(number: f64, form: FloatForm) -> String {
    if !number.is_finite() {
        return if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .into();
    }
    let bits = number.abs().to_bits();
    let (fraction, biased) = (bits & ((1 << 52) - 1), (bits >> 52) as i64);
    let shortest = match few_digits(number.abs()) {
        Some(few) => few,
        None if biased == 0 => digits(fraction, -1074, false),
        None => digits(fraction | 1 << 52, biased - 1075, fraction == 0 && biased > 1),
    };
    written(number, shortest, form)
}

/// As [`float_text`], of the fewest digits that tell it from other floats of 32 bits.
pub(crate) fn short_float_text(number: f32) -> String {
    if !number.is_finite() {
        return float_text(number.into(), FloatForm::Plain);
    }
    let bits = number.abs().to_bits();
    let (fraction, biased) = (u64::from(bits & ((1 << 23) - 1)), i64::from(bits >> 23));
    let shortest = match biased {
        0 => digits(fraction, -149, false),
        _ => digits(fraction | 1 << 23, biased - 150, fraction == 0 && biased > 1),
    };
    written(number.into(), shortest, FloatForm::Plain)
}

/// A number below 1e-11 with so many digits behind the point, up to 28, rounded by its exact value.
pub(crate) fn fixed_text(number: f64, places: u8) -> String {
    let bits = number.abs().to_bits();
    let (fraction, biased) = (bits & ((1 << 52) - 1), (bits >> 52) as i64);
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    let mut rest = Whole::from(mantissa);
    rest.raise(places.into());
    // Bit by bit; one more says how it is rounded. No such number lies in the middle.
    let mut quotient = 0u64;
    for bit in (-1..60).rev() {
        let mut part = Whole::from(1);
        part.shift_left(bit - exponent);
        quotient = quotient << 1 | u64::from(rest.subtract(&part));
    }
    let rounded = (quotient >> 1) + (quotient & 1);
    format!("{}0.{rounded:0width$}", if number < 0.0 { "-" } else { "" }, width = usize::from(places))
}

/// A decimal: these digits, times ten to the power of the exponent.
type Shortest = (u64, i64);

/// The number as a decimal of up to 15 digits, if it is one: no two of them are the same float, so there is no shorter one.
fn few_digits(number: f64) -> Option<Shortest> {
    let mut power = 1.0;
    // Powers of ten up to here are floats without rounding.
    for places in 0..=22 {
        let whole = number * power;
        if whole >= 1e15 {
            break;
        }
        let rounded = whole.round_ties_even();
        if rounded / power == number {
            return Some((rounded as u64, -places));
        }
        power *= 10.0;
    }
    None
}

/// The digits of a mantissa times two to the power of the exponent: as many as tell it from the floats beside it. The one below
/// is half as far away at the `edge` of a power of two.
fn digits(mantissa: u64, exponent: i64, edge: bool) -> Shortest {
    if mantissa == 0 {
        return (0, 0);
    }
    let includes_ends = mantissa & 1 == 0;
    let is_past = |order: Ordering| order == Ordering::Greater || includes_ends && order == Ordering::Equal;
    // The number is `rest / unit`; half of the way to its neighbours `above / unit` and `below / unit`.
    let scale = 1 + i64::from(edge);
    let (whole, part) = (exponent.max(0), (-exponent).max(0));
    let shifted = |number, bits| {
        let mut shifted = Whole::from(number);
        shifted.shift_left(bits);
        shifted
    };
    let (mut rest, mut unit) = (shifted(mantissa, whole + scale), shifted(1, part + scale));
    let (mut above, mut below) = (shifted(1, whole + scale - 1), shifted(1, whole));
    // The power of ten above the number, or a little less: the logarithm of two is 1233 / 4096.
    let mut power = ((rest.bits() - unit.bits() - 1) * 1233) >> 12;
    unit.raise(power);
    [&mut rest, &mut above, &mut below].into_iter().for_each(|own| own.raise(-power));
    while is_past(rest.plus(&above).compare(&unit)) {
        unit.raise(1);
        power += 1;
    }
    let mut digits = 0;
    loop {
        [&mut rest, &mut above, &mut below].into_iter().for_each(|own| own.raise(1));
        power -= 1;
        digits *= 10;
        while rest.subtract(&unit) {
            digits += 1;
        }
        let (is_low, is_high) = (is_past(below.compare(&rest)), is_past(rest.plus(&above).compare(&unit)));
        if is_high && (!is_low || rest.plus(&rest).compare(&unit) != Ordering::Less) {
            return (digits + 1, power);
        }
        if is_low {
            return (digits, power);
        }
    }
}

fn written(number: f64, (mut digits, mut exponent): Shortest, form: FloatForm) -> String {
    let mut text = String::from(if number.is_sign_negative() { "-" } else { "" });
    while digits != 0 && digits % 10 == 0 {
        (digits, exponent) = (digits / 10, exponent + 1);
    }
    let digits = digits.to_string();
    // Where the point stands in the digits.
    let point = digits.len() as i64 + exponent;
    let is_long = form == FloatForm::Float && number != 0.0 && !(1e-4..1e16).contains(&number.abs());
    if is_long || form == FloatForm::Exponent {
        let (first, rest) = digits.split_at(1);
        text.push_str(first);
        text.push_str(if rest.is_empty() { "" } else { "." });
        text.push_str(rest);
        text.push('e');
        text.push_str(&(point - 1).to_string());
        return text;
    }
    let zeros = |text: &mut String, count: i64| (0..count).for_each(|_| text.push('0'));
    let (whole, part) =
        usize::try_from(point).ok().and_then(|point| digits.split_at_checked(point)).unwrap_or_default();
    if point <= 0 {
        text.push_str("0.");
        zeros(&mut text, -point);
        text.push_str(&digits);
    } else if part.is_empty() {
        text.push_str(&digits);
        zeros(&mut text, exponent);
        text.push_str(if form == FloatForm::Float { ".0" } else { "" });
    } else {
        text.push_str(whole);
        text.push('.');
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(number: f64) {
        assert_eq!(float_text(number, FloatForm::Plain), format!("{number}"));
        assert_eq!(float_text(number, FloatForm::Float), format!("{number:?}"));
        assert_eq!(float_text(number, FloatForm::Exponent), format!("{number:e}"));
        assert_eq!(short_float_text(number as f32), format!("{}", number as f32));
    }

    #[test]
    fn numbers_at_the_edges_are_written_as_the_standard_library_writes_them() {
        let edges =
            [0.0, 1.0, 0.1, 0.3, 1e-4, 9.999e-5, 1e15, 1e16, 1e22, 1e23, 5e-324, 9007199254740993.0, 123456.789];
        let limits = [f64::MIN_POSITIVE, f64::MAX, f64::EPSILON, f64::INFINITY, f64::NAN, f32::MAX.into(), 1.5e-45];
        for number in edges.into_iter().chain(limits) {
            for near in [number, number.next_up(), number.next_down(), 1.0 / number] {
                agree(near);
                agree(-near);
            }
        }
        for exponent in -1074..=1023 {
            let power = 2f64.powi(exponent);
            [power, power.next_up(), power.next_down()].into_iter().for_each(agree);
        }
        for exponent in -323..=308 {
            agree(format!("1e{exponent}").parse().unwrap());
        }
    }

    #[test]
    fn drawn_numbers_are_written_as_the_standard_library_writes_them() {
        let mut seed = 0x2545_F491_4F6C_DD1D_u64;
        for _ in 0..100_000 {
            // Xorshift.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            agree(f64::from_bits(seed));
            agree(f64::from(f32::from_bits(seed as u32)));
            // Numbers that people write.
            agree((seed >> 40) as f64 / 1000.0);
            agree((seed >> 11) as f64 / 1e7);
        }
    }

    #[test]
    fn small_numbers_are_rounded_to_places_by_what_they_are() {
        for number in [9.9e-12, 1.2345678901234567e-15, -4.5e-20, 5e-29, 4.9999e-29, 1e-300, 5e-324, -2.5e-28] {
            for places in 0..=28u8 {
                if places > 0 {
                    assert_eq!(fixed_text(number, places), format!("{number:.*}", usize::from(places)));
                }
            }
            assert_eq!(fixed_text(number, 0).parse::<f64>().unwrap(), 0.0);
        }
    }
}
