//! Functions that would rather stand elsewhere. A walk takes what is best next and finds out too late who is left over; so
//! each function is priced again behind those that it has most in common with, and moves if it and its neighbours, old and
//! new, cost less together.

use super::deflate::Window;
use super::function::Function;
use super::locals;
use super::pieces::Pieces;

/// How many of those that a function has most in common with are tried, and how many of them count as its neighbours where
/// they stand near enough behind it.
const SHARERS: usize = 12;

/// A move that gains less, in sixteenths of a bit, is not worth what it does to others.
const GAIN_MIN: i64 = 25 * 16;

/// How often every function is asked.
const ROUNDS: usize = 2;

/// So many bytes before a function say what it costs.
const CONTEXT_BYTES: usize = 32 * 1024;

/// How many of those that stand right behind a place are neighbours, whatever they have in common.
const NEXT: usize = 2;

/// Functions in an order, each with its body as it is then.
pub(super) struct Sequence<'m> {
    functions: &'m [Function],
    /// As they are in the module.
    originals: &'m [&'m [u8]],
    pieces: &'m Pieces,
    window: &'m mut Window,
    /// With their locals named anew.
    bodies: Vec<Vec<u8>>,
    order: Vec<usize>,
    /// Where each function stands in the order.
    places: Vec<usize>,
}

/// What is supposed of a function.
#[derive(Clone, Copy)]
enum Supposed {
    /// It stands where it stands.
    Nothing,
    /// It stands nowhere.
    Gone,
    /// It stands behind the function at this place.
    Behind(usize),
}

impl<'m> Sequence<'m> {
    pub(super) fn new(
        functions: &'m [Function],
        originals: &'m [&'m [u8]],
        pieces: &'m Pieces,
        window: &'m mut Window,
        order: Vec<(usize, Vec<u8>)>,
    ) -> Self {
        let (mut bodies, mut places) = (vec![Vec::new(); functions.len()], vec![0; functions.len()]);
        let mut numbers = Vec::with_capacity(order.len());
        for (place, (number, body)) in order.into_iter().enumerate() {
            if let (Some(own), Some(own_place)) = (bodies.get_mut(number), places.get_mut(number)) {
                (*own, *own_place) = (body, place);
            }
            numbers.push(number);
        }
        Self { functions, originals, pieces, window, bodies, order: numbers, places }
    }

    /// The order when nobody moves any more, or everybody was asked often enough.
    pub(super) fn settled(mut self) -> Vec<(usize, Vec<u8>)> {
        for _ in 0..ROUNDS {
            // From the end: there stand those that were left over.
            let asked: Vec<usize> = self.order.iter().copied().rev().collect();
            let moved = asked.into_iter().filter(|function| self.settle(*function)).count();
            if moved == 0 {
                break;
            }
        }
        let Self { order, mut bodies, .. } = self;
        order
            .into_iter()
            .map(|number| (number, bodies.get_mut(number).map(std::mem::take).unwrap_or_default()))
            .collect()
    }

    /// Moves a function to where it is best. Returns whether it moved.
    fn settle(&mut self, function: usize) -> bool {
        let own_place = self.place(function);
        let sharers = self.pieces.sharers(function, SHARERS);
        let price = self.price_at(function, own_place, function, Supposed::Nothing);
        let mut best: (i64, Option<usize>) = (GAIN_MIN, None);
        let mut loss = None;
        for sharer in &sharers {
            let place = self.place(*sharer);
            if place + 1 == own_place {
                continue;
            }
            let mut gain = price - self.price_at(function, place + 1, function, Supposed::Gone);
            // Whoever stays where it is loses nothing, so this is most of it.
            if gain <= best.0 {
                continue;
            }
            for neighbour in self.neighbours(place + 1, function, &sharers) {
                gain += self.price(neighbour, function, Supposed::Gone);
                gain -= self.price(neighbour, function, Supposed::Behind(place));
            }
            gain -= *loss.get_or_insert_with(|| {
                let left = self.neighbours(own_place + 1, function, &sharers).into_iter();
                left.map(|left| {
                    self.price(left, function, Supposed::Gone) - self.price(left, function, Supposed::Nothing)
                })
                .sum::<i64>()
            });
            if gain > best.0 {
                best = (gain, Some(*sharer));
            }
        }
        let Some(sharer) = best.1 else { return false };
        self.order.remove(own_place);
        let place = self.order.iter().position(|other| *other == sharer).map_or(0, |place| place + 1);
        self.order.insert(place, function);
        for (place, number) in self.order.iter().enumerate() {
            if let Some(own) = self.places.get_mut(*number) {
                *own = place;
            }
        }
        self.put_context(place, function, Supposed::Nothing);
        if let (Some(own), Some(original), Some(body)) =
            (self.functions.get(function), self.originals.get(function), self.bodies.get_mut(function))
        {
            *body = locals::renamed(own, original, self.window);
        }
        true
    }

    fn place(&self, function: usize) -> usize {
        self.places.get(function).copied().unwrap_or(0)
    }

    fn body_len(&self, function: usize) -> usize {
        self.bodies.get(function).map_or(0, Vec::len)
    }

    /// Those from a place on whose price depends on whether the function stands before them.
    fn neighbours(&self, place: usize, function: usize, sharers: &[usize]) -> Vec<usize> {
        let behind = self.order.get(place..).unwrap_or_default();
        let mut bytes = 0;
        let near = behind.iter().take_while(|other| {
            bytes += self.body_len(**other);
            bytes < CONTEXT_BYTES
        });
        let is_neighbour = |(count, other): &(usize, &usize)| *count < NEXT || sharers.contains(other);
        near.filter(|other| **other != function).enumerate().filter(is_neighbour).map(|(_, other)| *other).collect()
    }

    /// What one costs where it stands, if that is supposed of another.
    fn price(&mut self, one: usize, other: usize, supposed: Supposed) -> i64 {
        self.price_at(one, self.place(one), other, supposed)
    }

    /// What one costs before the function at this place, if that is supposed of another.
    fn price_at(&mut self, one: usize, place: usize, other: usize, supposed: Supposed) -> i64 {
        self.put_context(place, other, supposed);
        self.bodies.get(one).map_or(0, |body| self.window.price(body, u64::MAX) as i64)
    }

    /// Puts what stands before a place into the window, with what is supposed of a function.
    fn put_context(&mut self, place: usize, function: usize, supposed: Supposed) {
        let mut context = Vec::new();
        let mut bytes = 0;
        let mut take = |number: usize| {
            bytes += self.body_len(number);
            context.push(number);
            bytes < CONTEXT_BYTES
        };
        for (before, number) in self.order.iter().enumerate().take(place).rev() {
            if matches!(supposed, Supposed::Behind(place) if place == before) {
                take(function);
            }
            let is_there = *number != function || matches!(supposed, Supposed::Nothing);
            if is_there && !take(*number) {
                break;
            }
        }
        self.window.clear();
        for number in context.into_iter().rev() {
            if let Some(body) = self.bodies.get(number) {
                self.window.push(body);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::deflate::tests::drawn;
    use super::*;

    /// The order that this one becomes, of functions that name no locals.
    fn settled(bodies: &[Vec<u8>], order: &[usize]) -> Vec<usize> {
        let originals: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let function = |body: &Vec<u8>| Function { of_type: 0, range: 0..body.len(), names: vec![], alike: vec![] };
        let functions: Vec<Function> = bodies.iter().map(function).collect();
        let pieces = Pieces::of(bodies.iter().cloned());
        let mut window = Window::new(&originals);
        let order = order.iter().map(|number| (*number, bodies[*number].clone())).collect();
        let sequence = Sequence::new(&functions, &originals, &pieces, &mut window, order);
        sequence
            .settled()
            .into_iter()
            .map(|(number, body)| (body == bodies[number]).then_some(number).unwrap())
            .collect()
    }

    #[test]
    fn a_function_far_from_the_one_that_is_like_it_moves_there_and_nobody_else_moves() {
        let mut bodies = vec![drawn(1, 400)];
        bodies.extend((2..7).map(|seed| drawn(seed, 10_000)));
        bodies.push(drawn(1, 300));
        assert_eq!(settled(&bodies, &[0, 1, 2, 3, 4, 5, 6]), [0, 6, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn those_that_stand_by_their_like_stay() {
        let mut bodies: Vec<Vec<u8>> =
            (1..5).flat_map(|seed| [400, 395, 390].map(|length| drawn(seed, length))).collect();
        bodies.push(drawn(9, 100));
        let order: Vec<usize> = (0..bodies.len()).collect();
        assert_eq!(settled(&bodies, &order), order);
    }
}
