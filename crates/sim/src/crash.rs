//! What may stand on a medium after a crash.
//!
//! The assumptions are those of `docs/DURABILITY.md`: of the calls since the last sync any subset survives, in any
//! order; each sector of 512 bytes that was being written is wholly old or wholly new. A sync that failed says nothing
//! about what came before it, and the host never writes that again.

use crate::image::{Image, ImageProvider, SECTOR};
use crate::recorder::Call;

/// Up to this many unsynced calls, every subset of them is tried.
const ALL_SUBSETS: usize = 10;

/// How many subsets are drawn where there are more calls.
const SEEDED_SUBSETS: usize = 256;

/// How many images with sectors drawn at random there are for each call.
const SCATTERED: usize = 16;

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    Kept,
    /// Only the first sectors are new.
    First(usize),
    /// Sectors drawn from this seed are new.
    Scattered(u64),
    /// All are new but this one, which holds bytes that nobody wrote, drawn from this seed.
    Garbled(usize, u64),
}

/// Every crash of a run of calls: before the first, and after each one.
///
/// Of up to ten unsynced calls every subset survives, and in each of these subsets every surviving write is torn at
/// every sector. Of more calls: all of them, all but one, one alone, and 256 seeded subsets. Beside that each call has
/// 16 images in which the sectors of all writes survive at random.
///
/// ```
/// use wasm_dbms_memory::{Durability, HeapProvider, MemoryAccess, MemoryManager, Options};
/// use wasm_dbms_sim::{Crashes, Recorder};
///
/// let medium = Recorder::new(HeapProvider::new());
/// let mut store = MemoryManager::open(Box::new(medium.clone()), Options::new())?;
/// let start = medium.count();
/// store.grow_one_page()?;
/// store.commit(Durability::Full)?;
/// let end = medium.count();
///
/// let mut images = 0;
/// Crashes::of(&[], &medium.calls()).for_each(&mut |crash| {
///     // Opens your provider on these bytes; here the image is one itself.
///     let store = MemoryManager::open(Box::new(crash.provider()), Options::new());
///     let pages = store.map(|store| store.page_count());
///     assert!(pages == Ok(2) || crash.made() > start && pages == Ok(3), "{}: {pages:?}", crash.describe());
///     assert!(pages == Ok(3) || crash.made() < end, "{}: an acknowledged commit is lost", crash.describe());
///     images += 1;
/// });
/// assert!(images > 100);
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Crashes<'a> {
    start: &'a [u8],
    calls: &'a [Call],
    seed: u64,
    torn_max: usize,
    garbles: bool,
}

/// One image that a crash may leave.
#[derive(Debug)]
pub struct Crash<'a> {
    made: usize,
    image: &'a Image,
    pending: &'a [(usize, &'a Call)],
    fates: &'a [Fate],
}

impl Crash<'_> {
    /// How many calls were made before the crash, the one that it interrupts included.
    pub fn made(&self) -> usize {
        self.made
    }

    /// A number that tells images apart.
    pub fn hash(&self) -> u64 {
        self.image.hash()
    }

    /// A medium that holds the image. What is written to it is its own. It is there until the next image is shown.
    pub fn provider(&self) -> ImageProvider {
        self.image.provider()
    }

    /// The image itself.
    pub(crate) fn image(&self) -> &Image {
        self.image
    }

    /// A copy of the image.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.image.to_bytes()
    }

    /// What became of which call, in words.
    pub fn describe(&self) -> String {
        let mut text = format!("a crash after {} calls", self.made);
        for ((number, call), fate) in self.pending.iter().zip(self.fates) {
            let what = match call {
                Call::Write { offset, bytes } => format!("write of {} bytes at {offset}", bytes.len()),
                Call::FailedWrite { offset, bytes } => format!("failed write of {} bytes at {offset}", bytes.len()),
                Call::SetSize(size) => format!("size {size}"),
                Call::FailedSetSize(size) => format!("failed size {size}"),
                Call::Sync | Call::FailedSync => "sync".to_owned(),
            };
            text.push_str(&format!("; call {number}, {what}: {fate:?}"));
        }
        text
    }
}

/// The image under way, and what is not synced yet.
struct Walk<'a, 'v> {
    image: Image,
    pending: Vec<(usize, &'a Call)>,
    made: usize,
    visit: &'v mut dyn FnMut(&Crash<'_>),
}

impl<'a> Crashes<'a> {
    /// Every crash of these calls on a medium that held `start` at first.
    pub fn of(start: &'a [u8], calls: &'a [Call]) -> Self {
        Self { start, calls, seed: 0, torn_max: usize::MAX, garbles: false }
    }

    /// Seeds what is drawn at random.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Shows at most about so many images with a torn write for each call, drawn evenly where there are more. Every
    /// sector of every write is still torn where all others survive, and where none does.
    #[must_use]
    pub fn torn_max(mut self, images: usize) -> Self {
        self.torn_max = images;
        self
    }

    /// A sector that was being written may also hold bytes that nobody wrote. No medium in good order does that; a
    /// store must find it out. Only such images are shown.
    #[must_use]
    pub fn garbled(mut self) -> Self {
        self.garbles = true;
        self
    }

    /// Shows every image. One that nothing of the last call made before the crash stands in was shown a call earlier.
    pub fn for_each(&self, visit: &mut dyn FnMut(&Crash<'_>)) {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut walk = Walk { image: Image::new(self.start.to_vec()), pending: Vec::new(), made: 0, visit };
        walk.show(&[]);
        for (index, call) in self.calls.iter().enumerate() {
            walk.made = index + 1;
            match call {
                Call::Sync => {
                    let kept = vec![Fate::Kept; walk.pending.len()];
                    walk.settle(&kept);
                    walk.show(&[]);
                }
                Call::FailedSync => {
                    let fates: Vec<Fate> = walk.pending.iter().map(|_| scattered(&mut random)).collect();
                    walk.settle(&fates);
                    walk.show(&[]);
                }
                call => {
                    walk.pending.push((index, call));
                    if self.garbles {
                        walk.garbled(&mut random);
                    } else {
                        walk.subsets(&mut random, self.torn_max);
                    }
                }
            }
        }
    }
}

impl Walk<'_, '_> {
    /// Shows what these fates of the pending calls leave.
    fn show(&mut self, fates: &[Fate]) {
        apply_all(&mut self.image, &self.pending, fates);
        let crash = Crash { made: self.made, image: &self.image, pending: &self.pending, fates };
        (self.visit)(&crash);
        self.image.undo();
    }

    /// The pending calls have these fates for good.
    fn settle(&mut self, fates: &[Fate]) {
        apply_all(&mut self.image, &self.pending, fates);
        self.image.keep();
        self.pending.clear();
    }

    /// The images in which something of the last pending call stands.
    fn subsets(&mut self, random: &mut fastrand::Rng, torn_max: usize) {
        let count = self.pending.len();
        let before = count.saturating_sub(1);
        let mut subsets: Vec<Vec<Fate>> = Vec::new();
        let kept_if = |is_kept: bool| if is_kept { Fate::Kept } else { Fate::Lost };
        let mut push = |is_kept: &mut dyn FnMut(usize) -> bool| {
            subsets.push((0..count).map(|at| kept_if(at == before || is_kept(at))).collect());
        };
        push(&mut |_| true);
        push(&mut |_| false);
        if count <= ALL_SUBSETS {
            for mask in 1..(1usize << before).saturating_sub(1) {
                push(&mut |at| mask >> at & 1 == 1);
            }
        } else {
            for dropped in 0..before {
                push(&mut |at| at != dropped);
                push(&mut |at| at == dropped);
            }
            for _ in 0..SEEDED_SUBSETS {
                push(&mut |_| random.bool());
            }
        }
        let sectors: Vec<usize> = self.pending.iter().map(|(_, call)| sectors_of(call)).collect();
        let tears = |fates: &[Fate]| -> usize {
            let kept = fates.iter().zip(&sectors).filter(|(fate, _)| **fate == Fate::Kept);
            kept.map(|(_, sectors)| sectors.saturating_sub(1)).sum()
        };
        let all_tears: usize = subsets.iter().map(|fates| tears(fates)).sum();
        for (index, fates) in subsets.iter().enumerate() {
            self.show(fates);
            for (at, sectors) in sectors.iter().enumerate() {
                if fates.get(at) != Some(&Fate::Kept) {
                    continue;
                }
                let mut torn = fates.clone();
                for first in 1..*sectors {
                    let is_drawn = all_tears <= torn_max || index < 2 || random.usize(..all_tears) < torn_max;
                    if let Some(fate) = torn.get_mut(at).filter(|_| is_drawn) {
                        *fate = Fate::First(first);
                        self.show(&torn);
                    }
                }
            }
        }
        for _ in 0..SCATTERED {
            let fates: Vec<Fate> = (0..count).map(|_| scattered(random)).collect();
            self.show(&fates);
        }
    }

    /// The images in which one sector of one pending write is garbled; the others are kept, or survive at random.
    fn garbled(&mut self, random: &mut fastrand::Rng) {
        for at in 0..self.pending.len() {
            let sectors = self.pending.get(at).map_or(0, |(_, call)| sectors_of(call));
            for sector in 0..sectors {
                let mut fates = vec![Fate::Kept; self.pending.len()];
                if random.bool() {
                    fates.iter_mut().for_each(|fate| *fate = scattered(random));
                }
                if let Some(fate) = fates.get_mut(at) {
                    *fate = Fate::Garbled(sector, random.u64(..));
                }
                self.show(&fates);
            }
        }
    }
}

/// What one crash after these calls leaves, drawn from a seed.
pub(crate) fn drawn(start: &[u8], calls: &[Call], seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut image = Image::new(start.to_vec());
    let mut pending: Vec<&Call> = Vec::new();
    // Most crashes lose a little, or nothing.
    let keeps_most = random.bool();
    for call in calls {
        match call {
            Call::Sync => pending.drain(..).for_each(|call| apply(&mut image, call, Fate::Kept)),
            Call::FailedSync => pending.drain(..).for_each(|call| apply(&mut image, call, scattered(&mut random))),
            call => pending.push(call),
        }
    }
    for call in pending {
        let fate = if keeps_most && random.u8(..8) > 0 { Fate::Kept } else { scattered(&mut random) };
        apply(&mut image, call, fate);
    }
    image.to_bytes()
}

fn scattered(random: &mut fastrand::Rng) -> Fate {
    match random.u8(..3) {
        0 => Fate::Lost,
        1 => Fate::Kept,
        _ => Fate::Scattered(random.u64(..)),
    }
}

/// The runs of a write that begin and end with a sector or with the write.
fn chunks(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let offset = offset as usize;
    let first = (SECTOR - offset % SECTOR).min(bytes.len());
    let (head, rest) = bytes.split_at_checked(first).unwrap_or((bytes, &[]));
    let rest = rest.chunks(SECTOR).enumerate().map(move |(index, chunk)| (offset + first + index * SECTOR, chunk));
    std::iter::once((offset, head)).filter(|(_, head)| !head.is_empty()).chain(rest)
}

fn sectors_of(call: &Call) -> usize {
    match call {
        Call::Write { offset, bytes } | Call::FailedWrite { offset, bytes } => chunks(*offset, bytes).count(),
        _ => 0,
    }
}

fn apply_all(image: &mut Image, pending: &[(usize, &Call)], fates: &[Fate]) {
    for ((_, call), fate) in pending.iter().zip(fates) {
        apply(image, call, *fate);
    }
}

fn apply(image: &mut Image, call: &Call, fate: Fate) {
    match call {
        Call::SetSize(size) | Call::FailedSetSize(size) if fate != Fate::Lost => image.resize(*size as usize),
        Call::Write { offset, bytes } | Call::FailedWrite { offset, bytes } => match fate {
            Fate::Lost => {}
            Fate::Kept => image.put(*offset as usize, bytes),
            Fate::First(count) => {
                let end = chunks(*offset, bytes).nth(count).map_or(bytes.len(), |(at, _)| at - *offset as usize);
                image.put(*offset as usize, bytes.get(..end).unwrap_or_default());
            }
            Fate::Scattered(seed) => {
                let mut random = fastrand::Rng::with_seed(seed);
                chunks(*offset, bytes).filter(|_| random.bool()).for_each(|(at, chunk)| image.put(at, chunk));
            }
            Fate::Garbled(sector, seed) => {
                let mut random = fastrand::Rng::with_seed(seed);
                image.put(*offset as usize, bytes);
                if let Some((at, chunk)) = chunks(*offset, bytes).nth(sector) {
                    let mut garbage = chunk.to_vec();
                    random.fill(&mut garbage);
                    image.put(at, &garbage);
                }
            }
        },
        _ => {}
    }
}

/// What stands on a medium after the first `sectors` sectors of a call, on top of `bytes`.
#[doc(hidden)]
pub fn apply_sectors(bytes: &mut Vec<u8>, call: &Call, sectors: usize) {
    let mut image = Image::new(std::mem::take(bytes));
    apply(&mut image, call, Fate::First(sectors));
    *bytes = image.to_bytes();
}
