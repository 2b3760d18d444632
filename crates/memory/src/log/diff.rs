//! What differs between two images of a page.

/// Equal bytes between two differences that are cheaper to repeat than to start a new range for.
const GAP: usize = 8;

/// How much is compared at once.
const BLOCK: usize = 64;

/// Calls `range` with the offset and length of each run of `new` that differs from `old`; the images are equally long.
/// Runs come in order, do not touch, and are at most 65,536 bytes long.
pub(crate) fn ranges(old: &[u8], new: &[u8], mut range: impl FnMut(usize, usize)) {
    let mut open: Option<(usize, usize)> = None;
    for (block, (old, new)) in old.chunks(BLOCK).zip(new.chunks(BLOCK)).enumerate() {
        if old == new {
            continue;
        }
        for (index, (old, new)) in old.iter().zip(new).enumerate() {
            if old == new {
                continue;
            }
            let at = block * BLOCK + index;
            match &mut open {
                Some((_, end)) if at <= *end + GAP => *end = at + 1,
                _ => {
                    if let Some((start, end)) = open {
                        range(start, end - start);
                    }
                    open = Some((at, at + 1));
                }
            }
        }
    }
    if let Some((start, end)) = open {
        range(start, end - start);
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
            let mut image = old.clone();
            let mut last = None;
            ranges(&old, &new, |start, length| {
                assert!(last.is_none_or(|last| start > last), "seed {seed}, round {round}: ranges touch");
                image[start..start + length].copy_from_slice(&new[start..start + length]);
                last = Some(start + length);
            });
            assert!(image == new, "seed {seed}, round {round}");
        }
    }
}
