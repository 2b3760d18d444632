//! Sorting what does not fit into memory: the one mechanism of sorts, groups, sets and hash joins past their limit.
//!
//! Records are sorted by key as many at a time as fit, each such run is written to scratch space, and all runs are merged
//! while they are read. Records of equal keys stay in the order in which they came.

use std::vec::IntoIter;

use wasm_dbms_memory::ScratchSpace;

use crate::error::Fallible;
use crate::execute::spool::{Record, Spool, SpoolReader, broken, push_record, record_at};

/// So many runs become one: each takes a page of memory while it is read.
pub(crate) const MERGED_RUNS: usize = 32;

/// Where a record stands, and how its key begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    head: u64,
    start: usize,
}

/// Records to be sorted.
#[derive(Debug)]
pub(crate) struct Runs {
    space: ScratchSpace,
    bytes: Vec<u8>,
    places: Vec<Place>,
    /// Sorted records, and how often they were merged. What came earlier stands earlier.
    runs: Vec<(Spool, usize)>,
}

impl Runs {
    pub(crate) fn new(space: &ScratchSpace) -> Self {
        Self { space: space.clone(), bytes: Vec::new(), places: Vec::new(), runs: Vec::new() }
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: Record<'_>) -> Fallible<()> {
        let mut head = [0; 8];
        for (to, from) in head.iter_mut().zip(record.0) {
            *to = *from;
        }
        self.places.push(Place { head: u64::from_be_bytes(head), start: self.bytes.len() });
        push_record(&mut self.bytes, record)?;
        if self.bytes.len() + self.places.len() * size_of::<Place>() > self.space.memory_bytes() {
            self.write_run()?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = self.bytes.as_slice();
        let key = |place: &Place| record_at(bytes, place.start).map(|(key, _)| key);
        self.places.sort_unstable_by(|left, right| {
            left.head.cmp(&right.head).then_with(|| key(left).cmp(&key(right))).then(left.start.cmp(&right.start))
        });
    }

    fn write_run(&mut self) -> Fallible<()> {
        self.sort();
        let mut run = Spool::new(&self.space);
        for place in &self.places {
            run.push(record_at(&self.bytes, place.start).ok_or_else(broken)?)?;
        }
        run.write_out()?;
        self.bytes.clear();
        self.places.clear();
        self.runs.push((run, 0));
        // Runs of one size, the last ones: the order stays.
        while let Some(first) = self.runs.len().checked_sub(MERGED_RUNS)
            && let (Some((_, level)), Some((_, last))) = (self.runs.get(first), self.runs.last())
            && level == last
        {
            let level = *level + 1;
            let runs = self.runs.split_off(first);
            let mut merged = Spool::new(&self.space);
            let mut merge = Merge::of(runs)?;
            while merge.next()? {
                merged.push((merge.key(), merge.payload()))?;
            }
            merged.write_out()?;
            self.runs.push((merged, level));
        }
        Ok(())
    }

    /// The records in order.
    pub(crate) fn finish(mut self) -> Fallible<Box<Merge>> {
        if !self.runs.is_empty() {
            self.write_run()?;
            return Merge::of(self.runs);
        }
        self.sort();
        let mut merge = Box::new(Merge::default());
        (merge.bytes, merge.places) = (self.bytes, self.places.into_iter());
        Ok(merge)
    }
}

#[derive(Debug)]
struct Run {
    spool: Spool,
    reader: SpoolReader,
    at: u64,
    payload: Vec<u8>,
}

impl Run {
    /// Goes to the next record. Returns whether there is one.
    fn next(&mut self, key: &mut Vec<u8>) -> Fallible<bool> {
        let Some((own, payload)) = self.spool.read(&mut self.at, &mut self.reader)? else { return Ok(false) };
        key.clear();
        key.extend_from_slice(own);
        self.payload.clear();
        self.payload.extend_from_slice(payload);
        Ok(true)
    }
}

/// Records in order.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    /// Where one run was all: its records, and those still to come.
    bytes: Vec<u8>,
    places: IntoIter<Place>,
    runs: Vec<Run>,
    /// The next key of each run, the largest first: there are few runs.
    heads: Vec<(Vec<u8>, usize)>,
    key: Vec<u8>,
    payload: Vec<u8>,
}

impl Merge {
    fn of(runs: Vec<(Spool, usize)>) -> Fallible<Box<Self>> {
        let mut own = Box::new(Self::default());
        for (number, (spool, _)) in runs.into_iter().enumerate() {
            let mut run = Run { spool, reader: SpoolReader::default(), at: 0, payload: Vec::new() };
            let mut key = Vec::new();
            if run.next(&mut key)? {
                own.add((key, number));
            }
            own.runs.push(run);
        }
        Ok(own)
    }

    /// Adds the next key of a run.
    fn add(&mut self, head: (Vec<u8>, usize)) {
        let place = self.heads.partition_point(|other| *other > head);
        self.heads.insert(place, head);
    }

    /// Goes to the next record. Returns whether there is one.
    pub(crate) fn next(&mut self) -> Fallible<bool> {
        let Some((mut key, number)) = self.heads.pop() else {
            let Some(place) = self.places.next() else { return Ok(false) };
            let (key, payload) = record_at(&self.bytes, place.start).ok_or_else(broken)?;
            self.key.clear();
            self.key.extend_from_slice(key);
            self.payload.clear();
            self.payload.extend_from_slice(payload);
            return Ok(true);
        };
        let run = self.runs.get_mut(number).ok_or_else(broken)?;
        std::mem::swap(&mut self.key, &mut key);
        std::mem::swap(&mut self.payload, &mut run.payload);
        if run.next(&mut key)? {
            self.add((key, number));
        }
        Ok(true)
    }

    /// The key of the record that [`next`](Self::next) came to.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Its payload.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }
}
