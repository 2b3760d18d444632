//! Entries in any order, to be sorted by key: what goes into a tree all at once, and what a query sorts.
//!
//! Keys and values stand in one piece of memory. Only where each stands moves, with the first bytes of its key beside it, which
//! mostly say already which of two comes first.

use crate::bytes::slice_at;

/// The memory that runs take before they are [full](Run::is_full), in bytes; while one is sorted it takes 24 more for each entry.
pub const MAX_RUN_BYTES: usize = 8 << 20;

/// From so many entries on they are sorted by the bytes of their heads first.
const MANY_ENTRIES: usize = 256;

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The first eight bytes of the key as a number that orders as they do; zeros where it is shorter.
    head: u64,
    key_at: usize,
    /// Longer ones than a tree takes are refused when they go in.
    key_length: u32,
    value_length: u32,
}

/// A run is full after the same entries on every host, so that all write the same file.
const _: () = assert!(size_of::<Entry>() == 24);

impl Entry {
    fn key<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        slice_at(bytes, self.key_at, self.key_length as usize)
    }

    fn value<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        slice_at(bytes, self.key_at + self.key_length as usize, self.value_length as usize)
    }
}

/// Entries for a tree or of a sort, in any order until they are [sorted](Run::sort).
///
/// ```
/// use wasm_dbms_memory::{MemoryManager, Options, Run, Tree};
///
/// let mut store = MemoryManager::in_memory(Options::new())?;
/// let (mut tree, mut run) = (Tree::new(7), Run::default());
/// run.push(b"b", b"2");
/// run.push(b"a", b"1");
/// tree.put_run(&mut store, &mut run)?;
/// assert_eq!(tree.get(&mut store, b"b")?.as_deref(), Some(&b"2"[..]));
/// assert!(run.is_empty());
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
#[derive(Debug, Default)]
pub struct Run {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Run {
    /// Adds an entry. Key and value are shorter than 4 GiB each. Of two with the same key that go into a tree the one added
    /// last stays, in the end.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// let mut run = Run::default();
    /// run.push(b"a", b"1");
    /// assert!(!run.is_empty());
    /// ```
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let head = match key.first_chunk() {
            Some(chunk) => u64::from_be_bytes(*chunk),
            None => key.iter().chain(&[0; 8]).take(8).fold(0, |head, byte| head << 8 | u64::from(*byte)),
        };
        let key_at = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { head, key_at, key_length: length(key), value_length: length(value) });
    }

    /// How many entries there are.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// assert_eq!(Run::default().len(), 0);
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// assert!(Run::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How much memory the entries take while they are sorted, in bytes.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// assert_eq!(Run::default().memory_bytes(), 0);
    /// ```
    #[inline]
    pub fn memory_bytes(&self) -> usize {
        self.bytes.len() + 2 * self.places_bytes()
    }

    /// Whether the run takes as much memory as one of so many should, and it is time to put it into the tree.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// assert!(!Run::default().is_full(1));
    /// ```
    #[inline]
    pub fn is_full(&self, runs: usize) -> bool {
        self.bytes.len() + self.places_bytes() >= MAX_RUN_BYTES / runs.max(1)
    }

    /// How many bytes say where the entries stand.
    fn places_bytes(&self) -> usize {
        self.entries.len() * size_of::<Entry>()
    }

    /// Forgets every entry.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// let mut run = Run::default();
    /// run.push(b"a", b"1");
    /// run.clear();
    /// assert!(run.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Sorts the entries by key; those of equal keys stay in the order in which they were added. Meanwhile where they stand
    /// is noted twice: 24 bytes more for each.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// let mut run = Run::default();
    /// run.push(b"b", b"2");
    /// run.push(b"a", b"1");
    /// run.sort();
    /// assert_eq!(run.entry(0), (&b"a"[..], &b"1"[..]));
    /// ```
    pub fn sort(&mut self) {
        let Self { bytes, entries } = self;
        let order = |left: &Entry, right: &Entry| {
            left.head.cmp(&right.head).then_with(|| left.key(bytes).cmp(right.key(bytes)))
        };
        if entries.is_sorted_by(|left, right| order(left, right).is_le()) {
            return;
        }
        if entries.len() < MANY_ENTRIES {
            return entries.sort_by(order);
        }
        sort_by_heads(entries);
        entries.chunk_by_mut(|left, right| left.head == right.head).for_each(|entries| entries.sort_by(order));
    }

    /// The key and the value of an entry; both are empty where there is none.
    ///
    /// ```
    /// use wasm_dbms_memory::Run;
    ///
    /// assert_eq!(Run::default().entry(0), (&[][..], &[][..]));
    /// ```
    pub fn entry(&self, number: usize) -> (&[u8], &[u8]) {
        let entry = self.entries.get(number);
        entry.map_or((&[], &[]), |entry| (entry.key(&self.bytes), entry.value(&self.bytes)))
    }
}

/// Sorts entries by their heads, byte after byte, the last first: each takes its place behind those of a lower byte without
/// being compared to any, which a processor would guess wrong half of the time.
fn sort_by_heads(entries: &mut Vec<Entry>) {
    let mut sorted = entries.clone();
    for byte in 0..u64::BITS / 8 {
        let byte_of = |entry: &Entry| usize::from((entry.head >> (8 * byte)) as u8);
        // How many have each value, then where the next of each value goes.
        let mut places = [0; 256];
        for entry in entries.iter() {
            if let Some(count) = places.get_mut(byte_of(entry)) {
                *count += 1;
            }
        }
        if places.contains(&entries.len()) {
            continue;
        }
        let mut end = 0;
        for place in &mut places {
            end += std::mem::replace(place, end);
        }
        for entry in entries.iter() {
            let Some(place) = places.get_mut(byte_of(entry)) else { continue };
            if let Some(free) = sorted.get_mut(*place) {
                *free = *entry;
            }
            *place += 1;
        }
        std::mem::swap(entries, &mut sorted);
    }
}
