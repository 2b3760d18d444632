//! [`Whole`]: whole numbers of any size, for what floats are as decimals.

use std::cmp::Ordering;

/// A whole number in words of 32 bits, the lowest first, the highest not zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whole(Vec<u32>);

impl From<u64> for Whole {
    fn from(number: u64) -> Self {
        let mut whole = Self(vec![number as u32, (number >> 32) as u32]);
        whole.drop_zeros();
        whole
    }
}

impl Whole {
    pub(crate) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn multiply_add(&mut self, factor: u32, term: u32) {
        let mut carry = u64::from(term);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            self.0.push(carry as u32);
        }
    }

    /// Multiplies by ten to this power.
    pub(crate) fn raise(&mut self, power: i64) {
        (0..power).for_each(|_| self.multiply_add(10, 0));
    }

    pub(crate) fn shift_left(&mut self, bits: i64) {
        let places = (bits / 32) as usize;
        self.0.resize(self.0.len() + places, 0);
        self.0.rotate_right(places);
        self.multiply_add(1 << (bits % 32), 0);
    }

    pub(crate) fn bits(&self) -> i64 {
        let highest = self.0.last().map_or(32, |word| word.leading_zeros());
        self.0.len() as i64 * 32 - i64::from(highest)
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let mut sum = Vec::new();
        let mut carry = 0;
        for at in 0..self.0.len().max(other.0.len()) {
            let word = |number: &Self| u64::from(number.0.get(at).copied().unwrap_or(0));
            carry += word(self) + word(other);
            sum.push(carry as u32);
            carry >>= 32;
        }
        if carry != 0 {
            sum.push(carry as u32);
        }
        Self(sum)
    }

    /// Subtracts a number that is not greater; says whether it was so, and does nothing else.
    pub(crate) fn subtract(&mut self, other: &Self) -> bool {
        if self.compare(other) == Ordering::Less {
            return false;
        }
        let mut borrow = false;
        for (at, word) in self.0.iter_mut().enumerate() {
            let (difference, is_below) = word.overflowing_sub(other.0.get(at).copied().unwrap_or(0));
            let (difference, is_still_below) = difference.overflowing_sub(u32::from(borrow));
            (*word, borrow) = (difference, is_below || is_still_below);
        }
        self.drop_zeros();
        true
    }

    fn drop_zeros(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}
