//! A module written so that a compressor finds in one function what others have: like functions stand near each other,
//! and their locals have the numbers that like functions gave to theirs. Neither changes what the module does.
//!
//! A compressor such as gzip's looks back no further than 32 KiB, and the compiler's order knows nothing of that; and
//! which local is the first is of no account to the compiler, but two functions that do the same by other numbers are
//! nothing to each other. So the functions are walked through ([`Walk`]): of those that have most in common with the last
//! few ([`pieces`]) comes next the one that gzip gains most by writing now ([`deflate`]), with its type, and then its
//! locals change places in pairs, as long as that makes it shorter ([`locals`]). What a function has in common with others
//! yet to come counts against it: it can wait for them, and one that cannot would be left over with nothing like it near.
//! Who is left over nevertheless moves afterwards ([`moves`]).
//!
//! The alignment that a load or store promises becomes that of its type, where the compiler knew less: it is a hint and may
//! be wrong, no engine asks for it, and a byte that always follows from the one before it costs nothing when compressed.

mod deflate;
mod function;
mod locals;
mod moves;
mod pieces;
mod renumbering;

use std::thread;

use anyhow::{Result, anyhow};

use deflate::Window;
use function::Function;
use moves::Sequence;
use pieces::Pieces;

/// How many of the functions that have most in common with the last are weighed.
const CANDIDATES: usize = 200;

/// How much what a function has in common with those to come counts against what it has in common with the last few, when
/// it is asked which functions are weighed; in tenths.
const LATER_TENTHS: i64 = 4;

/// How much the part of a function that those to come have too counts against the part of its price that is saved by coming
/// next; in tenths. With which of these a module comes out smallest is chance, within two parts of a thousand: each is tried.
const WAITING_TENTHS: [u64; 2] = [8, 10];

/// The whole of what is shared or gained.
const WHOLE: u64 = 1 << 16;

/// How many bytes of functions are looked back at for what is in common.
const RECENT_BYTES: usize = 8 * 1024;

/// What is added to the price of a function by itself, in sixteenths of a bit, before prices are compared: short ones say
/// little.
const PRICE_MIN: u64 = 300;

/// What the type of a function is priced at, which stands in a section of its own: little if it is that of the one before.
const SAME_TYPE_PRICE: u64 = 16;
const OTHER_TYPE_PRICE: u64 = 96;

/// The sources of what is done to a module: another way makes another module.
pub(super) const SOURCES: [&str; 7] = [
    include_str!("arrange.rs"),
    include_str!("arrange/deflate.rs"),
    include_str!("arrange/function.rs"),
    include_str!("arrange/locals.rs"),
    include_str!("arrange/moves.rs"),
    include_str!("arrange/pieces.rs"),
    include_str!("arrange/renumbering.rs"),
];

/// The module, arranged; or as it is, if that is smaller.
pub(super) fn arrange(module: &[u8], compressed_len: impl Fn(&[u8]) -> Result<usize>) -> Result<Vec<u8>> {
    let (imported, functions) = function::all(module)?;
    let functions = functions.as_slice();
    let mut smallest = module.to_vec();
    let mut len = compressed_len(module)?;
    let walks = thread::scope(|scope| {
        let walk = |waiting_tenths| scope.spawn(move || Walk::new(module, functions, waiting_tenths).settled_order());
        WAITING_TENTHS.map(walk).map(thread::ScopedJoinHandle::join)
    });
    for order in walks {
        let order = order.map_err(|_| anyhow!("a walk through the functions came to no end"))?;
        let mut renamed = module.to_vec();
        for (number, body) in &order {
            if let Some(function) = functions.get(*number)
                && let Some(place) = renamed.get_mut(function.range.clone())
            {
                place.copy_from_slice(body);
            }
        }
        let order: Vec<usize> = order.into_iter().map(|(number, _)| number).collect();
        let arranged = renumbering::renumbered(&renamed, imported, &order)?;
        let arranged_len = compressed_len(&arranged)?;
        if arranged_len < len {
            (smallest, len) = (arranged, arranged_len);
        }
    }
    Ok(smallest)
}

/// The walk through the functions of a module.
struct Walk<'m> {
    functions: &'m [Function],
    bodies: Vec<&'m [u8]>,
    pieces: Pieces,
    /// What each function costs with nothing before it.
    alone: Vec<u64>,
    window: Window,
    /// The type of the function before.
    last_type: Option<u32>,
    /// One of [`WAITING_TENTHS`].
    waiting_tenths: u64,
}

impl<'m> Walk<'m> {
    fn new(module: &'m [u8], functions: &'m [Function], waiting_tenths: u64) -> Self {
        let body = |function: &Function| module.get(function.range.clone()).unwrap_or_default();
        let bodies: Vec<&[u8]> = functions.iter().map(body).collect();
        let mut window = Window::new(&bodies);
        let alone = bodies.iter().map(|body| window.price(body, u64::MAX)).collect();
        let pieces = Pieces::of(functions.iter().zip(&bodies).map(|(function, body)| function.nameless(body)));
        Self { functions, bodies, pieces, alone, window, last_type: None, waiting_tenths }
    }

    /// The order in which it comes by the functions, [settled](Sequence).
    fn settled_order(mut self) -> Vec<(usize, Vec<u8>)> {
        let order = self.order();
        Sequence::new(self.functions, &self.bodies, &self.pieces, &mut self.window, order).settled()
    }

    /// The numbers of the functions in a good order, each with its body as it is then.
    fn order(&mut self) -> Vec<(usize, Vec<u8>)> {
        let mut left: Vec<usize> = (0..self.bodies.len()).collect();
        let mut order: Vec<(usize, Vec<u8>)> = Vec::with_capacity(left.len());
        let (mut first_recent, mut recent_bytes) = (0, 0);
        while !left.is_empty() {
            let number = left.swap_remove(self.next(&left));
            let (Some(function), Some(body)) = (self.functions.get(number), self.bodies.get(number)) else { continue };
            let body = locals::renamed(function, body, &mut self.window);
            self.window.push(&body);
            self.last_type = Some(function.of_type);
            self.pieces.enter(number);
            recent_bytes += body.len();
            order.push((number, body));
            while recent_bytes > RECENT_BYTES && first_recent + 1 < order.len() {
                if let Some((number, body)) = order.get(first_recent) {
                    self.pieces.leave(*number);
                    recent_bytes -= body.len();
                }
                first_recent += 1;
            }
        }
        order
    }

    /// The place in `left` of the function that comes next.
    fn next(&mut self, left: &[usize]) -> usize {
        let mut places: Vec<(i64, usize, usize)> =
            left.iter().enumerate().map(|(place, number)| (self.worth(*number), *number, place)).collect();
        places.sort_unstable_by_key(|(worth, number, _)| (std::cmp::Reverse(*worth), *number));
        let (mut next, mut next_loss) = (0, u64::MAX);
        for (_, number, place) in places.into_iter().take(CANDIDATES) {
            let (Some(body), Some(alone)) = (self.bodies.get(number), self.alone.get(number)) else { continue };
            let alone = alone + PRICE_MIN;
            let can_wait =
                WHOLE * self.pieces.later(number) / self.pieces.ever(number).max(1) * self.waiting_tenths / 10;
            // What is no better is not priced to its end.
            let Some(price_share_max) = next_loss.checked_sub(can_wait) else { continue };
            let price_max = price_share_max.saturating_mul(alone) / WHOLE;
            let is_same = self.functions.get(number).map(|function| function.of_type) == self.last_type;
            let type_price = if is_same { SAME_TYPE_PRICE } else { OTHER_TYPE_PRICE };
            let price = type_price + self.window.price(body, price_max.saturating_sub(type_price));
            if price < price_max {
                (next, next_loss) = (place, price * WHOLE / alone + can_wait);
            }
        }
        next
    }

    /// What a function has in common with the last few, rather than with those to come, for its length.
    fn worth(&self, number: usize) -> i64 {
        /// What the weight of a short function is counted as at least.
        const LENGTH_MIN: i64 = 40;
        let length = self.bodies.get(number).map_or(0, |body| body.len() as i64);
        let weight = self.pieces.common(number) as i64 * 10 - self.pieces.later(number) as i64 * LATER_TENTHS;
        (weight << 16) / (length + LENGTH_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions of two kinds in turns; each names its locals otherwise than the one of its kind before.
    fn functions() -> Vec<(Function, Vec<u8>)> {
        let of = |kind: u8, number: u8| {
            let mut body: Vec<u8> =
                (0_u8..40).map(|step| (kind * 91).wrapping_add(step.wrapping_mul(37)) | 0x80).collect();
            let names: Vec<usize> = (1..40).step_by(4).collect();
            for (count, place) in names.iter().enumerate() {
                body[*place] = (count as u8 + number) % 3;
            }
            let range = 0..body.len();
            (Function { of_type: 0, range, names, alike: std::iter::once(0..3).collect() }, body)
        };
        (0..12).map(|number| of(number % 2, number / 2)).collect()
    }

    fn walk<'f>(functions: &'f [Function], bodies: &'f [Vec<u8>]) -> Walk<'f> {
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let mut window = Window::new(&bodies);
        let alone = bodies.iter().map(|body| window.price(body, u64::MAX)).collect();
        let pieces = Pieces::of(functions.iter().zip(&bodies).map(|(function, body)| function.nameless(body)));
        Walk { functions, bodies, pieces, alone, window, last_type: None, waiting_tenths: 8 }
    }

    #[test]
    fn functions_that_have_much_in_common_stand_together_and_name_their_locals_alike() {
        let (functions, bodies): (Vec<Function>, Vec<Vec<u8>>) = functions().into_iter().unzip();
        let order = walk(&functions, &bodies).order();
        let kinds: Vec<usize> = order.iter().map(|(number, _)| number % 2).collect();
        assert_eq!(kinds.windows(2).filter(|two| two[0] != two[1]).count(), 1, "{kinds:?}");
        for two in order.windows(2).filter(|two| two[0].0 % 2 == two[1].0 % 2) {
            assert_eq!(two[0].1, two[1].1);
        }
    }

    #[test]
    fn a_function_that_has_nothing_like_it_to_come_does_not_wait_for_one_that_has() {
        let part = |kind: u8| (0..30).map(move |step: u8| (kind * 7).wrapping_add(step.wrapping_mul(2 * kind + 1)));
        // The first two have as much in common with the last; the first also with two others.
        let parts = [[1, 2], [6, 3], [4, 2], [5, 2], [1, 6]];
        let bodies: Vec<Vec<u8>> = parts.map(|parts| parts.into_iter().flat_map(part).collect()).to_vec();
        let of = |body: &Vec<u8>| Function { of_type: 0, range: 0..body.len(), names: vec![], alike: vec![] };
        let functions: Vec<Function> = bodies.iter().map(of).collect();
        let mut walk = walk(&functions, &bodies);
        walk.window.push(&bodies[4]);
        walk.pieces.enter(4);
        assert_eq!(walk.next(&[0, 1, 2, 3]), 1);
    }

    #[test]
    fn of_functions_that_say_the_same_those_of_one_type_stand_together() {
        let functions: Vec<(Function, Vec<u8>)> = functions().into_iter().step_by(2).collect();
        let (mut functions, mut bodies): (Vec<Function>, Vec<Vec<u8>>) = functions.into_iter().unzip();
        let body = bodies[0].clone();
        bodies.fill(body);
        for (number, function) in functions.iter_mut().enumerate() {
            function.of_type = number as u32 % 2;
        }
        let order = walk(&functions, &bodies).order();
        let types: Vec<u32> = order.iter().map(|(number, _)| functions[*number].of_type).collect();
        assert_eq!(types.windows(2).filter(|two| two[0] != two[1]).count(), 1, "{types:?}");
    }

    #[test]
    fn locals_change_their_numbers_and_nothing_else_does() {
        let (functions, bodies): (Vec<Function>, Vec<Vec<u8>>) = functions().into_iter().unzip();
        for (number, body) in walk(&functions, &bodies).order() {
            let (function, before) = (&functions[number], &bodies[number]);
            assert_eq!(function.nameless(&body), function.nameless(before));
            let mut now_of = [None; 3];
            for place in &function.names {
                let now = now_of[usize::from(before[*place])].get_or_insert(body[*place]);
                assert_eq!(*now, body[*place]);
            }
            assert!(now_of[0] != now_of[1] && now_of[1] != now_of[2] && now_of[0] != now_of[2]);
        }
    }
}
