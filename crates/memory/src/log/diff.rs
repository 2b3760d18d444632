//! What differs between two images of a page.

/// Equal bytes between two differences that are cheaper to repeat than to start a new range for.
const GAP: usize = 8;

/// How much is compared at once.
const BLOCK: usize = 64;

/// What of a block is looked at closely at once; no longer than a gap, so that what differs in it is one run.
const WORD: usize = 8;
const _: () = assert!(WORD <= GAP);

/// Calls `range` with the offset and length of each run of `new` that differs from `old`; the images are equally long.
/// Runs come in order, do not touch, and are at most 65,536 bytes long.
pub(crate) fn ranges(old: &[u8], new: &[u8], mut range: impl FnMut(usize, usize)) {
    let (mut start, mut end) = (0, 0);
    for (block, (old, new)) in old.chunks(BLOCK).zip(new.chunks(BLOCK)).enumerate() {
        if is_same(old, new) {
            continue;
        }
        for (index, (old, new)) in old.chunks(WORD).zip(new.chunks(WORD)).enumerate() {
            let differs = word(old) ^ word(new);
            if differs == 0 {
                continue;
            }
            let at = block * BLOCK + index * WORD;
            let first = at + (differs.trailing_zeros() / 8) as usize;
            // Nothing is open while `end` is 0.
            if end == 0 || first > end + GAP {
                if end > 0 {
                    range(start, end - start);
                }
                start = first;
            }
            end = at + WORD - (differs.leading_zeros() / 8) as usize;
        }
    }
    if end > 0 {
        range(start, end - start);
    }
}

/// Whether two blocks are equal, word by word: in a module a call would compare byte by byte.
#[inline]
fn is_same(old: &[u8], new: &[u8]) -> bool {
    let ((old, old_rest), (new, new_rest)) = (old.as_chunks::<WORD>(), new.as_chunks::<WORD>());
    let words = old.iter().zip(new);
    let differs = words.fold(0, |all, (old, new)| all | (u64::from_le_bytes(*old) ^ u64::from_le_bytes(*new)));
    differs == 0 && old_rest == new_rest
}

/// Up to eight bytes as a number, the first one lowest.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applying_the_ranges_to_the_old_image_gives_the_new_one() {
        let seed = 7;
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..500 {
            let old: Vec<u8> = (0..4096).map(|_| random.u8(..3)).collect();
            let mut new = old.clone();
            for _ in 0..random.usize(0..40) {
                let at = random.usize(0..4096);
                let end = (at + random.usize(0..80)).min(4096);
                new[at..end].fill_with(|| random.u8(..));
            }
            let cut = 4096 - random.usize(0..9);
            let (old, new) = (&old[..cut], &new[..cut]);
            let mut image = old.to_vec();
            let mut last: Option<usize> = None;
            ranges(old, new, |start, length| {
                let end = start + length;
                assert!(last.is_none_or(|last| start > last + GAP), "seed {seed}, round {round}: ranges too near");
                assert!(old[start] != new[start] && old[end - 1] != new[end - 1], "seed {seed}, round {round}: loose");
                image[start..end].copy_from_slice(&new[start..end]);
                last = Some(end);
            });
            assert!(image == new, "seed {seed}, round {round}");
        }
    }
}
