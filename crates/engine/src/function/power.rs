//! Powers and logarithms, computed so that every host has the same bits: of sums, products and quotients alone. Numbers on
//! the way are sums of two floats, so that what comes out is the float next to the value, or in rare cases the one beside.

use std::f64::consts::{LOG2_E, LOG10_E};

/// A number as the sum of two floats: the second is what the first rounds off.
#[derive(Clone, Copy)]
struct Twofold(f64, f64);

/// The logarithm of 2: a multiple of the first is exact.
const LN_2: Twofold = Twofold(0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);

/// 1 / ln 10.
const INVERSE_LN_10: Twofold = Twofold(LOG10_E, 1.098_319_650_216_765e-17);

/// What 1/3 rounds off.
const THIRD_REST: f64 = 1.850_371_707_708_594e-17;

/// The bits of the root of 1/2.
const ROOT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;

/// Of every float but 1 the power of this is infinite or 0.
const LARGE: f64 = 1e20;

/// 2^54.
const TWO_54: f64 = 18_014_398_509_481_984.0;

/// e to the power of a number.
pub(super) fn exp(number: f64) -> f64 {
    Twofold(number, 0.0).exp()
}

/// The natural logarithm of a number above 0.
pub(super) fn ln(number: f64) -> f64 {
    logarithm(number, Twofold(1.0, 0.0))
}

/// The decimal logarithm of a number above 0.
pub(super) fn log10(number: f64) -> f64 {
    logarithm(number, INVERSE_LN_10)
}

fn logarithm(number: f64, factor: Twofold) -> f64 {
    if number.is_finite() { Twofold::ln(number).times(factor).0 } else { number }
}

/// The power of a number that is not below 0, or one to a whole exponent.
pub(crate) fn power(number: f64, exponent: f64) -> f64 {
    if exponent == 0.0 || number == 1.0 {
        return 1.0;
    }
    if number.is_nan() || exponent.is_nan() {
        return f64::NAN;
    }
    let size = number.abs();
    let power = if size == 0.0 || size.is_infinite() {
        if (size == 0.0) == (exponent < 0.0) { f64::INFINITY } else { 0.0 }
    } else {
        // Larger exponents give nothing else, and their product could be none.
        Twofold::ln(size).times(Twofold(exponent.clamp(-LARGE, LARGE), 0.0)).exp()
    };
    let half = exponent / 2.0;
    let is_odd = exponent.trunc() == exponent && half.trunc() != half;
    if is_odd { power.copysign(number) } else { power }
}

impl Twofold {
    fn sum(one: f64, other: f64) -> Self {
        let sum = one + other;
        let part = sum - one;
        Self(sum, (one - (sum - part)) + (other - part))
    }

    #[inline(never)]
    fn times(self, other: Self) -> Self {
        // Products of halves are exact.
        let halves = |number: f64| {
            let high = f64::from_bits(number.to_bits() & (u64::MAX << 27));
            (high, number - high)
        };
        let ((high, low), (other_high, other_low)) = (halves(self.0), halves(other.0));
        let product = self.0 * other.0;
        let rest = (high * other_high - product) + high * other_low + low * other_high + low * other_low;
        Self::sum(product, rest + (self.0 * other.1 + self.1 * other.0))
    }

    fn plus(self, other: Self) -> Self {
        let sum = Self::sum(self.0, other.0);
        Self::sum(sum.0, sum.1 + (self.1 + other.1))
    }

    /// The natural logarithm of a float that is positive and finite.
    #[inline(never)]
    fn ln(number: f64) -> Self {
        // A float so small that its exponent does not say it all is made larger.
        let (number, shift) = if number < f64::MIN_POSITIVE { (number * TWO_54, 54) } else { (number, 0) };
        // number = 2^exponent * part, and part is as near to 1 as may be.
        let bits = number.to_bits();
        let exponent = (bits.wrapping_sub(ROOT_HALF_BITS) as i64) >> 52;
        let part = f64::from_bits(bits.wrapping_sub((exponent as u64) << 52));
        // ln part = 2 * (s + s^3/3 + s^5/5 + ..) where s = (part - 1) / (part + 1).
        let (above, below) = (part - 1.0, Self::sum(part, 1.0));
        let quotient = above / below.0;
        let product = Self(quotient, 0.0).times(below);
        let s = Self(quotient, (above - product.0 - product.1) / below.0);
        let square = s.times(s);
        let mut rest = 0.0;
        for odd in (5..=23).rev().step_by(2) {
            rest = rest * square.0 + 1.0 / f64::from(odd);
        }
        let rest = Self::sum(1.0 / 3.0, rest * square.0);
        let rest = Self(rest.0, rest.1 + THIRD_REST);
        let own = s.plus(square.times(rest).times(s));
        let exponent = (exponent - shift) as f64;
        Self(exponent * LN_2.0, exponent * LN_2.1).plus(Self(own.0 * 2.0, own.1 * 2.0))
    }

    /// e to the power of this.
    #[inline(never)]
    fn exp(self) -> f64 {
        let Self(number, rest) = Self(self.0.clamp(-800.0, 800.0), self.1.clamp(-1.0, 1.0));
        // Halves of ln 2 are left at most.
        let twos = (number * LOG2_E).round_ties_even();
        let rest = Self::sum(number - twos * LN_2.0, rest - twos * LN_2.1);
        // 1 + rest + rest^2/2 * (1 + rest/3 * (1 + rest/4 * ..)).
        let mut series = 1.0;
        for number in (3..=16).rev() {
            series = series * rest.0 / f64::from(number) + 1.0;
        }
        let small = rest.1 + rest.0 * rest.1 + rest.0 * rest.0 * series * 0.5;
        let sum = Self::sum(1.0, rest.0);
        // In two steps: a power of two may be no float where its product is one.
        let power_of_two = |exponent: i64| f64::from_bits(((1023 + exponent) as u64) << 52);
        let (twos, half) = (twos as i64, twos as i64 / 2);
        (sum.0 + (sum.1 + small)) * power_of_two(half) * power_of_two(twos - half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many floats lie between two.
    fn distance(one: f64, other: f64) -> u64 {
        if one.is_nan() || other.is_nan() {
            return u64::from(one.is_nan() != other.is_nan());
        }
        one.to_bits().abs_diff(other.to_bits())
    }

    #[test]
    fn powers_and_logarithms_are_those_of_a_library() {
        let mut random = fastrand::Rng::with_seed(5);
        let special = [0.0, -0.0, 1.0, -1.0, 2.0, 10.0, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::NAN];
        let mut draw = || match random.u8(0..5) {
            0 => special.get(random.usize(..special.len())).copied().unwrap_or_default(),
            1 => f64::from_bits(random.u64(..)),
            2 => random.i64(-1000..1000) as f64 / 8.0,
            3 => random.f64() * 1500.0 - 750.0,
            _ => 1.0 + (random.f64() - 0.5) * 1e-3,
        };
        for _ in 0..300_000 {
            let (number, exponent) = (draw(), draw());
            let mut pairs = vec![("exp", exp(number), libm::exp(number))];
            if number > 0.0 {
                pairs.push(("ln", ln(number), libm::log(number)));
                pairs.push(("log10", log10(number), libm::log10(number)));
            }
            if number.is_sign_positive() || exponent.trunc() == exponent {
                pairs.push(("power", power(number, exponent), libm::pow(number, exponent)));
            }
            for (name, ours, other) in pairs {
                assert!(distance(ours, other) <= 1, "{name}({number:e}, {exponent:e}): {ours:e}, not {other:e}");
            }
        }
    }

    #[test]
    fn what_is_a_float_comes_out_exactly() {
        let mut ten = 1.0;
        for exponent in 0..=22 {
            assert_eq!((power(10.0, exponent.into()), log10(ten)), (ten, exponent.into()));
            ten *= 10.0;
        }
        for exponent in -1074..=1023 {
            let two = libm::ldexp(1.0, exponent);
            assert_eq!(power(2.0, exponent.into()), two, "2^{exponent}");
            assert_eq!(power(-2.0, exponent.into()), if exponent % 2 == 0 { two } else { -two });
        }
        assert_eq!((exp(0.0), ln(1.0), power(0.25, 0.5), power(-3.0, 3.0)), (1.0, 0.0, 0.5, -27.0));
    }
}
