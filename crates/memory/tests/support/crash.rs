//! What may stand on the medium after a crash: of the calls since the last sync any subset, each write whole or torn
//! at its sectors.

use super::recorder::Call;

const SECTOR: usize = 512;

/// Up to this many unsynced calls, every subset of them is tried.
const ALL_SUBSETS: usize = 8;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    Kept,
    /// Only the first sectors are new.
    First(usize),
    /// Sectors drawn from this seed are new.
    Some(u64),
}

/// Calls `visit` with how many calls were made and what may then stand on the medium. `limit` bounds the images of one
/// crash point.
pub(crate) fn for_each_image(
    start: &[u8],
    calls: &[Call],
    random: &mut fastrand::Rng,
    limit: usize,
    visit: &mut dyn FnMut(usize, &[u8]),
) {
    let mut base = start.to_vec();
    let mut pending: Vec<&Call> = Vec::new();
    let mut image = Vec::new();
    for made in 0..=calls.len() {
        let mut fates = all_fates(&pending, random);
        if fates.len() > limit {
            random.shuffle(&mut fates);
            fates.truncate(limit);
        }
        for fates in &fates {
            image.clear();
            image.extend_from_slice(&base);
            for (call, fate) in pending.iter().zip(fates) {
                apply(&mut image, call, *fate);
            }
            visit(made, &image);
        }
        match calls.get(made) {
            Some(Call::Sync) => pending.drain(..).for_each(|call| apply(&mut base, call, Fate::Kept)),
            // What a failed sync did not bring to the medium the host takes for clean and never writes again.
            Some(Call::FailedSync) => {
                let fates = random_fates(pending.len(), random);
                pending.drain(..).zip(fates).for_each(|(call, fate)| apply(&mut base, call, fate));
            }
            Some(call) => pending.push(call),
            None => {}
        }
    }
}

/// Applies the first `sectors` sectors of a write, or any other call whole.
pub(crate) fn apply_sectors(image: &mut Vec<u8>, call: &Call, sectors: usize) {
    apply(image, call, Fate::First(sectors));
}

fn all_fates(pending: &[&Call], random: &mut fastrand::Rng) -> Vec<Vec<Fate>> {
    let count = pending.len();
    let one = |index: usize, this: Fate, before: Fate, after: Fate| -> Vec<Fate> {
        (0..count)
            .map(|at| {
                if at < index {
                    before
                } else if at > index {
                    after
                } else {
                    this
                }
            })
            .collect()
    };
    let mut fates: Vec<Vec<Fate>> = Vec::new();
    if count <= ALL_SUBSETS {
        let subset = |mask: usize| (0..count).map(move |at| if mask >> at & 1 == 1 { Fate::Kept } else { Fate::Lost });
        fates.extend((0..1usize << count).map(|mask| subset(mask).collect()));
    } else {
        for index in 0..count {
            fates.push(one(index, Fate::Kept, Fate::Kept, Fate::Lost));
            fates.push(one(index, Fate::Lost, Fate::Kept, Fate::Kept));
            fates.push(one(index, Fate::Kept, Fate::Lost, Fate::Lost));
        }
        for _ in 0..64 {
            fates.push((0..count).map(|_| if random.bool() { Fate::Kept } else { Fate::Lost }).collect());
        }
    }
    for (index, call) in pending.iter().enumerate() {
        let Call::Write { bytes, .. } = call else { continue };
        let sectors = bytes.len().div_ceil(SECTOR);
        if sectors < 2 {
            continue;
        }
        for torn in [
            Fate::First(1),
            Fate::First(sectors / 2),
            Fate::First(sectors - 1),
            Fate::Some(random.u64(..)),
            Fate::Some(random.u64(..)),
        ] {
            fates.push(one(index, torn, Fate::Kept, Fate::Kept));
            fates.push(one(index, torn, Fate::Kept, Fate::Lost));
            fates.push(one(index, torn, Fate::Lost, Fate::Kept));
        }
    }
    fates.extend((0..if count == 0 { 0 } else { 16 }).map(|_| random_fates(count, random)));
    fates
}

fn random_fates(count: usize, random: &mut fastrand::Rng) -> Vec<Fate> {
    let one = |random: &mut fastrand::Rng| match random.u8(..3) {
        0 => Fate::Lost,
        1 => Fate::Kept,
        _ => Fate::Some(random.u64(..)),
    };
    (0..count).map(|_| one(random)).collect()
}

fn apply(image: &mut Vec<u8>, call: &Call, fate: Fate) {
    match call {
        Call::SetSize(size) if fate != Fate::Lost => image.resize(*size as usize, 0),
        Call::Write { offset, bytes } => {
            let mut random = fastrand::Rng::with_seed(if let Fate::Some(seed) = fate { seed } else { 0 });
            for (index, sector) in bytes.chunks(SECTOR).enumerate() {
                let is_new = match fate {
                    Fate::Lost => false,
                    Fate::Kept => true,
                    Fate::First(count) => index < count,
                    Fate::Some(_) => random.bool(),
                };
                if is_new {
                    put(image, *offset as usize + index * SECTOR, sector);
                }
            }
        }
        _ => {}
    }
}

fn put(image: &mut Vec<u8>, at: usize, sector: &[u8]) {
    assert!(at.is_multiple_of(SECTOR), "a write at {at} begins inside a sector");
    if image.len() < at + sector.len() {
        image.resize(at + sector.len(), 0);
    }
    image[at..at + sector.len()].copy_from_slice(sector);
}
