//! What functions have in common: pieces of a few bytes. Of those functions that were entered some have left again; the others
//! are yet to come.

use std::collections::HashMap;

/// How many bytes make a piece.
const PIECE_BYTES: usize = 6;

/// A piece that more functions have says nothing.
const SHARERS_MAX: usize = 100;

/// What functions have in common with those of them that were entered.
pub(super) struct Pieces {
    /// The pieces of each function, by number, each once.
    of_function: Vec<Vec<usize>>,
    /// The functions that have each piece.
    sharers: Vec<Vec<usize>>,
    /// How many of those entered have each piece.
    entered: Vec<u32>,
    /// What each function has in common with those entered, rare pieces for more than frequent ones.
    common: Vec<u64>,
    /// How many of those yet to come have each piece.
    to_come: Vec<u32>,
    /// What each function has in common with others yet to come, and with any.
    later: Vec<u64>,
    ever: Vec<u64>,
}

impl Pieces {
    /// Of these functions; none is entered.
    pub(super) fn of(bodies: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut sharers: Vec<Vec<usize>> = Vec::new();
        let mut count = 0;
        for (function, body) in bodies.enumerate() {
            count = function + 1;
            for piece in body.windows(PIECE_BYTES) {
                let number = match numbers.get(piece) {
                    Some(number) => *number,
                    None => {
                        numbers.insert(piece.to_vec(), sharers.len());
                        sharers.push(Vec::new());
                        sharers.len() - 1
                    }
                };
                if let Some(sharers) = sharers.get_mut(number)
                    && sharers.last() != Some(&function)
                {
                    sharers.push(function);
                }
            }
        }
        sharers.retain(|sharers| (2..=SHARERS_MAX).contains(&sharers.len()));
        let mut of_function = vec![Vec::new(); count];
        for (number, sharers) in sharers.iter().enumerate() {
            for function in sharers {
                if let Some(pieces) = of_function.get_mut(*function) {
                    pieces.push(number);
                }
            }
        }
        let mut ever = vec![0; count];
        (0..sharers.len()).for_each(|piece| weigh(&sharers, &mut ever, piece, u64::wrapping_add));
        let to_come = sharers.iter().map(|sharers| sharers.len() as u32).collect();
        let (entered, common, later) = (vec![0; sharers.len()], vec![0; count], ever.clone());
        Self { of_function, sharers, entered, common, to_come, later, ever }
    }

    /// What a function has in common with those entered.
    pub(super) fn common(&self, function: usize) -> u64 {
        self.common.get(function).copied().unwrap_or(0)
    }

    /// What a function has in common with others yet to come.
    pub(super) fn later(&self, function: usize) -> u64 {
        self.later.get(function).copied().unwrap_or(0)
    }

    /// What a function has in common with any other.
    pub(super) fn ever(&self, function: usize) -> u64 {
        self.ever.get(function).copied().unwrap_or(0)
    }

    /// Those that a function has most in common with, most first.
    pub(super) fn sharers(&self, function: usize, count: usize) -> Vec<usize> {
        let mut weights: HashMap<usize, u64> = HashMap::new();
        for piece in self.of_function.get(function).into_iter().flatten() {
            let sharers = self.sharers.get(*piece).map_or(&[][..], Vec::as_slice);
            let rarity = rarity(self.common.len(), sharers.len());
            for sharer in sharers.iter().filter(|sharer| **sharer != function) {
                *weights.entry(*sharer).or_default() += rarity;
            }
        }
        let mut sharers: Vec<(usize, u64)> = weights.into_iter().collect();
        sharers.sort_unstable_by_key(|(sharer, weight)| (std::cmp::Reverse(*weight), *sharer));
        sharers.into_iter().take(count).map(|(sharer, _)| sharer).collect()
    }

    pub(super) fn enter(&mut self, function: usize) {
        for piece in self.of_function.get(function).into_iter().flatten() {
            if let Some(count) = self.entered.get_mut(*piece) {
                *count += 1;
                if *count == 1 {
                    weigh(&self.sharers, &mut self.common, *piece, u64::wrapping_add);
                }
            }
            if let Some(count) = self.to_come.get_mut(*piece) {
                *count -= 1;
                // Who is the last to come with it finds no other later; those that came are asked no more.
                if *count == 1 {
                    weigh(&self.sharers, &mut self.later, *piece, u64::wrapping_sub);
                }
            }
        }
    }

    pub(super) fn leave(&mut self, function: usize) {
        for piece in self.of_function.get(function).into_iter().flatten() {
            let Some(count) = self.entered.get_mut(*piece) else { continue };
            *count -= 1;
            if *count == 0 {
                weigh(&self.sharers, &mut self.common, *piece, u64::wrapping_sub);
            }
        }
    }
}

fn weigh(sharers: &[Vec<usize>], common: &mut [u64], piece: usize, change: fn(u64, u64) -> u64) {
    let Some(sharers) = sharers.get(piece) else { return };
    let rarity = rarity(common.len(), sharers.len());
    for function in sharers {
        if let Some(common) = common.get_mut(*function) {
            *common = change(*common, rarity);
        }
    }
}

/// What a piece weighs that so many of all functions have.
fn rarity(function_count: usize, sharer_count: usize) -> u64 {
    (function_count * 16 / sharer_count.max(1)).max(1).ilog2().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four functions: the first and the third have much in common, and each has a little in common with the last.
    fn pieces() -> Pieces {
        let much: Vec<u8> = (0..40).collect();
        let little: Vec<u8> = (100..108).collect();
        let other: Vec<u8> = (200..240).collect();
        let bodies = [[&much[..], &little], [&other[..], &other], [&much[..], &little], [&little[..], &other[..4]]];
        Pieces::of(bodies.into_iter().map(|parts| parts.concat()))
    }

    #[test]
    fn those_with_most_in_common_are_named_first() {
        assert_eq!(pieces().sharers(0, 10), [2, 3]);
        assert_eq!(pieces().sharers(0, 1), [2]);
        assert!(pieces().sharers(1, 10).is_empty());
    }

    #[test]
    fn what_is_in_common_with_those_to_come_becomes_less_as_they_come() {
        let mut pieces = pieces();
        assert_eq!(pieces.later(0), pieces.ever(0));
        pieces.enter(3);
        assert_eq!(pieces.later(0), pieces.ever(0), "the third function has all of it");
        pieces.enter(2);
        assert_eq!((pieces.later(0), pieces.common(0)), (0, pieces.ever(0)));
        pieces.leave(2);
        assert!(pieces.common(0) < pieces.ever(0));
        assert_eq!(pieces.later(0), 0, "who has left comes no more");
    }
}
