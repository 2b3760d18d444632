//! What stands on a medium, patched in place: an image can be changed, looked at through a provider, and put back,
//! without a copy of the whole.
//!
//! Each image has a hash, the sum of one hash for each of its sectors, so that only sectors that were patched are
//! hashed anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_dbms_api::{MemoryError, MemoryResult};
use wasm_dbms_memory::{Guarantees, HeapProvider, MemoryProvider};

/// The unit that a medium writes whole or not at all.
pub const SECTOR: usize = 512;

/// The bytes of an image, and how often it was changed.
#[derive(Debug, Default)]
struct Shared {
    bytes: Vec<u8>,
    generation: u64,
}

/// How to put one patch back.
#[derive(Debug)]
enum Undo {
    /// These bytes of the arena stood here.
    Bytes { at: usize, arena: usize, length: usize },
    /// The image was this long.
    Length(usize),
}

/// Bytes that can be patched and put back.
#[derive(Debug, Default)]
pub(crate) struct Image {
    shared: Arc<Mutex<Shared>>,
    /// The hash of each sector of the base, and their sum.
    base_sums: Vec<u64>,
    base_sum: u64,
    /// Sectors changed since the base, each once, and the mark of the current patch for each sector.
    touched: Vec<usize>,
    marks: Vec<u32>,
    mark: u32,
    undo: Vec<Undo>,
    arena: Vec<u8>,
}

impl Image {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let base_sums: Vec<u64> =
            bytes.chunks(SECTOR).enumerate().map(|(index, sector)| sector_sum(index, sector)).collect();
        let base_sum = base_sums.iter().fold(0u64, |sum, sector| sum.wrapping_add(*sector));
        let shared = Arc::new(Mutex::new(Shared { bytes, generation: 0 }));
        Self { shared, base_sums, base_sum, mark: 1, ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().bytes.len()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// Bytes of the image; fewer at its end.
    pub(crate) fn read(&self, at: usize, length: usize) -> Vec<u8> {
        let shared = self.lock();
        let end = at.saturating_add(length).min(shared.bytes.len());
        shared.bytes.get(at.min(end)..end).unwrap_or_default().to_vec()
    }

    /// A medium that holds what the image holds now.
    pub(crate) fn provider(&self) -> ImageProvider {
        let generation = self.lock().generation;
        ImageProvider { shared: Arc::clone(&self.shared), generation, own: Mutex::new(None) }
    }

    /// A number that tells images apart.
    pub(crate) fn hash(&self) -> u64 {
        let shared = self.lock();
        let mut sum = self.base_sum;
        for index in &self.touched {
            let sector = sector_of(&shared.bytes, *index);
            let base = self.base_sums.get(*index).copied().unwrap_or(0);
            sum = sum.wrapping_add(sector_sum(*index, sector)).wrapping_sub(base);
        }
        fold(sum ^ KEY_A, shared.bytes.len() as u64 ^ KEY_B)
    }

    /// Writes bytes into the image; it grows with zeros if need be.
    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if self.len() < end {
            self.resize(end);
        }
        self.touch(at, end);
        let mut shared = lock(&self.shared);
        if let Some(target) = shared.bytes.get_mut(at..end) {
            self.undo.push(Undo::Bytes { at, arena: self.arena.len(), length: bytes.len() });
            self.arena.extend_from_slice(target);
            target.copy_from_slice(bytes);
        }
    }

    /// Cuts the image or lets it grow with zeros.
    pub(crate) fn resize(&mut self, size: usize) {
        let length = self.len();
        if size < length {
            self.touch(size, length);
        }
        let mut shared = lock(&self.shared);
        if let Some(cut) = shared.bytes.get(size..).filter(|cut| !cut.is_empty()) {
            self.undo.push(Undo::Bytes { at: size, arena: self.arena.len(), length: cut.len() });
            self.arena.extend_from_slice(cut);
        }
        self.undo.push(Undo::Length(length));
        shared.bytes.resize(size, 0);
    }

    /// Puts every patch back.
    pub(crate) fn undo(&mut self) {
        let mut shared = lock(&self.shared);
        shared.generation += 1;
        for undo in self.undo.drain(..).rev() {
            match undo {
                Undo::Length(length) => shared.bytes.resize(length, 0),
                Undo::Bytes { at, arena, length } => {
                    let old = self.arena.get(arena..arena + length).unwrap_or_default();
                    if let Some(target) = shared.bytes.get_mut(at..at + length) {
                        target.copy_from_slice(old);
                    }
                }
            }
        }
        drop(shared);
        self.forget_patches();
    }

    /// Makes the patched image the base.
    pub(crate) fn keep(&mut self) {
        let mut shared = lock(&self.shared);
        shared.generation += 1;
        let sectors = shared.bytes.len().div_ceil(SECTOR);
        if self.base_sums.len() < sectors {
            self.base_sums.resize(sectors, 0);
        }
        for index in &self.touched {
            if let Some(base) = self.base_sums.get_mut(*index) {
                let sum = sector_sum(*index, sector_of(&shared.bytes, *index));
                self.base_sum = self.base_sum.wrapping_sub(*base).wrapping_add(sum);
                *base = sum;
            }
        }
        drop(shared);
        self.forget_patches();
    }

    fn forget_patches(&mut self) {
        self.undo.clear();
        self.arena.clear();
        self.touched.clear();
        self.mark += 1;
    }

    /// Notes the sectors of this range as changed.
    fn touch(&mut self, at: usize, end: usize) {
        for index in at / SECTOR..end.div_ceil(SECTOR) {
            if self.marks.len() <= index {
                self.marks.resize(index + 1, 0);
            }
            if let Some(mark) = self.marks.get_mut(index).filter(|mark| **mark != self.mark) {
                *mark = self.mark;
                self.touched.push(index);
            }
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sector_of(bytes: &[u8], index: usize) -> &[u8] {
    let start = (index * SECTOR).min(bytes.len());
    bytes.get(start..(start + SECTOR).min(bytes.len())).unwrap_or_default()
}

const KEY_A: u64 = 0x9E37_79B9_7F4A_7C15;
const KEY_B: u64 = 0xC2B2_AE3D_27D4_EB4F;

/// The halves of a product of 128 bits, folded into one.
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A hash of bytes of any length.
pub(crate) fn hash_of(seed: u64, bytes: &[u8]) -> u64 {
    let sum = fold(seed ^ KEY_A, bytes.len() as u64 ^ KEY_B);
    let step = |sum: u64, words: u128| fold(words as u64 ^ sum, (words >> 64) as u64 ^ KEY_B);
    // Four lanes, so that one product does not wait for the other.
    let mut lanes = [sum, sum ^ KEY_A, sum ^ KEY_B, !sum];
    let (blocks, rest) = bytes.as_chunks::<64>();
    for block in blocks {
        let (chunks, _) = block.as_chunks::<16>();
        lanes.iter_mut().zip(chunks).for_each(|(lane, chunk)| *lane = step(*lane, u128::from_le_bytes(*chunk)));
    }
    let mut sum = lanes.into_iter().fold(sum, |sum, lane| fold(sum ^ lane, KEY_A));
    let (chunks, rest) = rest.as_chunks::<16>();
    chunks.iter().for_each(|chunk| sum = step(sum, u128::from_le_bytes(*chunk)));
    let mut last = [0; 16];
    last.iter_mut().zip(rest).for_each(|(word, byte)| *word = *byte);
    fold(step(sum, u128::from_le_bytes(last)) ^ KEY_B, KEY_A)
}

/// The hash of a sector in its place; 0 for one of zeros, so that growing changes nothing but the length.
fn sector_sum(index: usize, sector: &[u8]) -> u64 {
    let Ok(sector) = <&[u8; SECTOR]>::try_from(sector) else {
        let mut whole = [0; SECTOR];
        whole.iter_mut().zip(sector).for_each(|(target, byte)| *target = *byte);
        return whole_sector_sum(index, &whole);
    };
    whole_sector_sum(index, sector)
}

fn whole_sector_sum(index: usize, sector: &[u8; SECTOR]) -> u64 {
    // Two lanes, so that one product does not wait for the other.
    let (mut even, mut odd, mut any) = (fold(index as u64 ^ KEY_A, KEY_B), KEY_A, 0);
    let (chunks, _) = sector.as_chunks::<32>();
    for chunk in chunks {
        let (words, _) = chunk.as_chunks::<8>();
        if let [a, b, c, d] = words {
            let [a, b, c, d] = [a, b, c, d].map(|word| u64::from_le_bytes(*word));
            any |= a | b | c | d;
            even = fold(a ^ even, b ^ KEY_B);
            odd = fold(c ^ odd, d ^ KEY_A);
        }
    }
    if any == 0 { 0 } else { fold(even ^ KEY_B, odd ^ KEY_A) }
}

/// A medium that holds an image. What is written to it is its own and leaves the image alone.
///
/// It can be used while the image is shown to it; afterwards every call fails.
#[derive(Debug)]
pub struct ImageProvider {
    shared: Arc<Mutex<Shared>>,
    generation: u64,
    /// A copy of its own from the first write on.
    own: Mutex<Option<HeapProvider>>,
}

impl ImageProvider {
    fn own(&self) -> Option<HeapProvider> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The image, unless it has gone.
    fn image(&self) -> MemoryResult<MutexGuard<'_, Shared>> {
        let shared = lock(&self.shared);
        if shared.generation != self.generation {
            let reason = "the image that it showed has gone".into();
            return Err(Box::new(MemoryError::Host { operation: "read", reason, is_full: false }));
        }
        Ok(shared)
    }

    /// The copy that is written to.
    fn own_or_copy(&self) -> MemoryResult<HeapProvider> {
        if let Some(own) = self.own() {
            return Ok(own);
        }
        let copy = HeapProvider::from_bytes(self.image()?.bytes.clone());
        *self.own.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy.clone());
        Ok(copy)
    }
}

impl MemoryProvider for ImageProvider {
    fn size(&self) -> MemoryResult<u64> {
        match self.own() {
            Some(own) => own.size(),
            None => Ok(self.image()?.bytes.len() as u64),
        }
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.own_or_copy()?.set_size(size)
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        if let Some(own) = self.own() {
            return own.read(offset, buffer);
        }
        let image = self.image()?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(image.bytes.len());
        let source = image.bytes.get(start..).unwrap_or_default();
        let count = source.len().min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..count), source.get(..count)) {
            target.copy_from_slice(source);
        }
        Ok(count)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.own_or_copy()?.write(offset, bytes)
    }

    fn sync(&self) -> MemoryResult<()> {
        Ok(())
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: true }
    }
}
