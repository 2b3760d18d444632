//! What functions have in common: pieces of a few bytes.

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
        let entered = vec![0; sharers.len()];
        Self { of_function, sharers, entered, common: vec![0; count] }
    }

    /// What a function has in common with those entered.
    pub(super) fn common(&self, function: usize) -> u64 {
        self.common.get(function).copied().unwrap_or(0)
    }

    pub(super) fn enter(&mut self, function: usize) {
        for piece in self.of_function.get(function).into_iter().flatten() {
            let Some(count) = self.entered.get_mut(*piece) else { continue };
            *count += 1;
            if *count == 1 {
                weigh(&self.sharers, &mut self.common, *piece, u64::wrapping_add);
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
    let rarity = (common.len() * 16 / sharers.len().max(1)).max(1).ilog2();
    for function in sharers {
        if let Some(common) = common.get_mut(*function) {
            *common = change(*common, u64::from(rarity));
        }
    }
}
