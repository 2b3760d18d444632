//! What gzip at its best level would take for the next bytes: its search for matches, with the usual lengths of its codes.
//!
//! Prices are in sixteenths of a bit. A match is what it is there: the longest among the last places where its first three
//! bytes stood, unless the next byte begins a longer one.

#![expect(clippy::indexing_slicing, reason = "the innermost loop of a tool, over places that it counts itself")]

/// How far back a match may be.
const DISTANCE_MAX: usize = 32 * 1024 - 262;

/// A match has at least and at most so many bytes.
const MATCH_MIN: usize = 3;
const MATCH_MAX: usize = 258;

/// A match of three bytes is not worth it from further away.
const SHORT_DISTANCE_MAX: usize = 4096;

/// With a match so long a longer one is looked for less.
const GOOD_LENGTH: usize = 32;

/// So many places are looked at for a match. gzip looks at 4,096; the nearest ones are mostly enough.
const PLACES_MAX: usize = 128;

const HASH_BITS: u32 = 16;
const NOWHERE: u32 = u32::MAX;

/// What the codes of lengths take in modules of ours, by and large, up to a length each; and those of distances, by the
/// number of bits of the distance. In tenths of a bit, with the bits that follow a code.
const LENGTH_TENTHS: [(usize, u64); 12] =
    [(3, 43), (4, 32), (5, 33), (6, 36), (7, 42), (8, 53), (9, 57), (10, 63), (12, 70), (14, 78), (18, 87), (22, 99)];
const LONG_LENGTH_TENTHS: u64 = 115;
const DISTANCE_TENTHS: [u64; 16] = [90, 90, 90, 90, 85, 95, 96, 106, 116, 119, 129, 132, 142, 149, 159, 166];

/// What stands before the next bytes.
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Where three bytes with each hash stood last; and where they stood before, for each place.
    last: Vec<u32>,
    before: Vec<u32>,
    literals: [u64; 256],
    lengths: [u64; MATCH_MAX + 1],
}

/// A place between two matches of bytes that were priced.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    place: usize,
    /// Bytes before this one are all that counted until here.
    seen: usize,
    price: u64,
}

impl Mark {
    /// Bytes of the priced ones from here on did not count yet.
    pub(super) fn seen(&self) -> usize {
        self.seen
    }
}

/// What stops a pricing before its end.
pub(super) struct Bounds<'m> {
    /// A price that is of no use.
    pub(super) price_max: u64,
    /// How far other bytes came with which price.
    pub(super) others: &'m [Mark],
    /// So much more than those is of no use.
    pub(super) slack: u64,
}

impl Window {
    /// With nothing in it; bytes have prices by how often these have them.
    pub(super) fn new(bodies: &[&[u8]]) -> Self {
        let mut counts = [1_u32; 256];
        for byte in bodies.iter().copied().flatten() {
            counts[usize::from(*byte)] += 1;
        }
        let all: u32 = counts.iter().sum();
        // Matches take the frequent bytes, so what is left is more even.
        let literals = counts.map(|count| (8.0 * (7.7 - (f64::from(count) / f64::from(all)).log2())) as u64);
        let mut lengths = [0; MATCH_MAX + 1];
        for (length, price) in lengths.iter_mut().enumerate() {
            let tenths = LENGTH_TENTHS.iter().find(|(upto, _)| length <= *upto);
            *price = tenths.map_or(LONG_LENGTH_TENTHS, |(_, tenths)| *tenths) * 16 / 10;
        }
        Self { bytes: Vec::new(), last: vec![NOWHERE; 1 << HASH_BITS], before: Vec::new(), literals, lengths }
    }

    /// Takes everything out.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.before.clear();
        self.last.fill(NOWHERE);
    }

    /// These bytes are next.
    pub(super) fn push(&mut self, body: &[u8]) {
        let start = self.bytes.len();
        self.append(body);
        for place in start..self.bytes.len().saturating_sub(MATCH_MIN - 1) {
            self.note(place);
        }
    }

    /// The price of these bytes, if they were next; anything from `price_max` on is any price from there on.
    pub(super) fn price(&mut self, body: &[u8], price_max: u64) -> u64 {
        self.price_from(body, None, &Bounds { price_max, others: &[], slack: 0 }, &mut Vec::new())
    }

    fn append(&mut self, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        self.before.resize(self.bytes.len(), NOWHERE);
    }

    /// Notes where three bytes stand; returns where such bytes stood before.
    fn note(&mut self, place: usize) -> u32 {
        let hash = self.hash(place);
        let before = self.last[hash];
        self.before[place] = before;
        self.last[hash] = place as u32;
        before
    }

    fn hash(&self, place: usize) -> usize {
        let three = [self.bytes[place], self.bytes[place + 1], self.bytes[place + 2], 0];
        (u32::from_le_bytes(three).wrapping_mul(0x9e37_79b1) >> (u32::BITS - HASH_BITS)) as usize
    }

    /// The price of these bytes, if they were next, from a mark on that was left by bytes that are the same so far. Leaves
    /// marks behind.
    pub(super) fn price_from(
        &mut self,
        body: &[u8],
        from: Option<Mark>,
        bounds: &Bounds<'_>,
        marks: &mut Vec<Mark>,
    ) -> u64 {
        let start = self.bytes.len();
        self.append(body);
        let from = from.unwrap_or(Mark { place: 0, seen: 0, price: 0 });
        let noted_end = self.bytes.len().saturating_sub(MATCH_MIN - 1).max(start);
        let mut noted = start;
        while noted < (start + from.place).min(noted_end) {
            self.note(noted);
            noted += 1;
        }
        let price = self.parse(start, from, noted_end, &mut noted, bounds, marks);
        for place in (start..noted).rev() {
            let hash = self.hash(place);
            self.last[hash] = self.before[place];
        }
        self.bytes.truncate(start);
        self.before.truncate(start);
        price
    }

    fn parse(
        &mut self,
        start: usize,
        from: Mark,
        noted_end: usize,
        noted: &mut usize,
        bounds: &Bounds<'_>,
        marks: &mut Vec<Mark>,
    ) -> u64 {
        let end = self.bytes.len();
        let Mark { seen, mut price, .. } = from;
        let (mut place, mut seen) = (start + from.place, start + seen);
        // The match that begins one byte before, and whether that byte is still to be written.
        let (mut length_before, mut distance_before) = (MATCH_MIN - 1, 0);
        let mut is_byte_due = false;
        let mut others = bounds.others.iter();
        while place < end {
            let (mut length, mut distance) = (MATCH_MIN - 1, 0);
            if place < noted_end {
                let before = self.note(place);
                *noted = place + 1;
                (length, distance) = self.longest(place, before, length_before, &mut seen);
                if length == MATCH_MIN && distance > SHORT_DISTANCE_MAX {
                    length = MATCH_MIN - 1;
                }
            }
            if length_before >= MATCH_MIN && length <= length_before {
                price += self.price_of_match(length_before, distance_before);
                let match_end = place - 1 + length_before;
                place += 1;
                while place < match_end {
                    if place < noted_end {
                        self.note(place);
                        *noted = place + 1;
                    }
                    place += 1;
                }
                seen = seen.max(place);
                (is_byte_due, length_before) = (false, MATCH_MIN - 1);
                if price >= bounds.price_max {
                    return price;
                }
                marks.push(Mark { place: place - start, seen: seen - start, price });
                if !bounds.others.is_empty() {
                    let other = others.find(|other| other.place >= place - start);
                    if other.is_some_and(|other| price > other.price + bounds.slack) {
                        return u64::MAX;
                    }
                }
            } else {
                if is_byte_due {
                    price += self.literals[usize::from(self.bytes[place - 1])];
                }
                is_byte_due = true;
                (length_before, distance_before) = (length, distance);
                place += 1;
            }
        }
        match is_byte_due {
            true if length_before >= MATCH_MIN => price + self.price_of_match(length_before, distance_before),
            true => price + self.literals[usize::from(self.bytes[end - 1])],
            false => price,
        }
    }

    /// The longest match here that is longer than the one before; how long it is and how far away.
    fn longest(&self, place: usize, before: u32, length_before: usize, seen: &mut usize) -> (usize, usize) {
        let length_max = (self.bytes.len() - place).min(MATCH_MAX);
        let (mut best, mut distance) = (length_before, 0);
        let mut other = before;
        let mut places = if length_before >= GOOD_LENGTH { PLACES_MAX / 4 } else { PLACES_MAX };
        while other != NOWHERE && places > 0 && best < length_max {
            let at = other as usize;
            if place - at > DISTANCE_MAX {
                break;
            }
            if self.bytes[at + best] == self.bytes[place + best]
                && self.bytes[at + best - 1] == self.bytes[place + best - 1]
            {
                let same = self.bytes[at..at + length_max].iter().zip(&self.bytes[place..place + length_max]);
                let length = same.take_while(|(here, there)| here == there).count();
                if length > best {
                    (best, distance) = (length, place - at);
                }
            }
            other = self.before[at];
            places -= 1;
        }
        *seen = (*seen).max((place + best + 1).min(self.bytes.len()));
        if distance == 0 { (MATCH_MIN - 1, 0) } else { (best, distance) }
    }

    fn price_of_match(&self, length: usize, distance: usize) -> u64 {
        let distance_bits = (usize::BITS - distance.saturating_sub(1).leading_zeros()) as usize;
        self.lengths[length] + DISTANCE_TENTHS[distance_bits.min(DISTANCE_TENTHS.len() - 1)] * 16 / 10
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Bytes without any order.
    pub(in super::super) fn drawn(seed: u32, length: usize) -> Vec<u8> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 & 31
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn bytes_that_stood_there_before_cost_least() {
        let (body, other) = (drawn(1, 300), drawn(2, 300));
        let mut window = Window::new(&[&body, &other]);
        let alone = window.price(&body, u64::MAX);
        window.push(&other);
        assert!(window.price(&body, u64::MAX) * 10 > alone * 9);
        window.push(&body);
        assert!(window.price(&body, u64::MAX) * 10 < alone);
    }

    #[test]
    fn a_price_leaves_nothing_behind() {
        let bodies: Vec<Vec<u8>> = (0..20).map(|seed| drawn(seed % 7, 200)).collect();
        let mut window = Window::new(&bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        bodies.iter().for_each(|body| window.push(body));
        let first = window.price(&bodies[3], u64::MAX);
        for body in &bodies {
            window.price(body, first / 3);
        }
        assert_eq!(window.price(&bodies[3], u64::MAX), first);
    }

    #[test]
    fn a_price_from_a_mark_on_is_that_of_the_whole() {
        let mut window = Window::new(&[]);
        for seed in 0..10 {
            window.push(&drawn(seed, 150));
        }
        let mut body = drawn(3, 100);
        body.extend(drawn(5, 150));
        let nothing = Bounds { price_max: u64::MAX, others: &[], slack: 0 };
        let mut marks = Vec::new();
        window.price_from(&body, None, &nothing, &mut marks);
        assert!(marks.len() > 1);
        for mark in marks {
            let mut changed = body.clone();
            changed.iter_mut().skip(mark.seen()).for_each(|byte| *byte ^= 5);
            let from_mark = window.price_from(&changed, Some(mark), &nothing, &mut Vec::new());
            assert_eq!(from_mark, window.price(&changed, u64::MAX));
        }
    }
}
