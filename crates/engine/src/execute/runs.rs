//! Sorting what does not fit into memory: the one mechanism of sorts, groups, sets and hash joins past their limit.
//!
//! Records are sorted by key as many at a time as fit, each such run is written to scratch space, and all runs are merged
//! while they are read. Records of equal keys stay in the order in which they came.

use wasm_dbms_memory::{Run, ScratchSpace};

use crate::error::Fallible;
use crate::execute::spool::{Record, Spool, SpoolReader, broken, check_length};

/// So many runs become one: each takes a page of memory while it is read.
pub(crate) const MERGED_RUNS: usize = 32;

/// Records to be sorted.
#[derive(Debug)]
pub(crate) struct Runs {
    space: ScratchSpace,
    run: Run,
    /// Sorted records, and how often they were merged. What came earlier stands earlier.
    runs: Vec<(Spool, usize)>,
}

impl Runs {
    pub(crate) fn new(space: &ScratchSpace) -> Self {
        Self { space: space.clone(), run: Run::default(), runs: Vec::new() }
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, (key, payload): Record<'_>) -> Fallible<()> {
        check_length(key)?;
        check_length(payload)?;
        self.run.push(key, payload);
        if self.run.memory_bytes() > self.space.memory_bytes() {
            self.write_run()?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> Fallible<()> {
        self.run.sort();
        let mut written = Spool::new(&self.space);
        for number in 0..self.run.len() {
            written.push(self.run.entry(number))?;
        }
        written.write_out()?;
        self.run.clear();
        self.runs.push((written, 0));
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
        self.run.sort();
        Ok(Box::new(Merge { run: self.run, ..Merge::default() }))
    }
}

/// A run that was written, while it is read.
#[derive(Debug)]
struct Written {
    spool: Spool,
    reader: SpoolReader,
    at: u64,
    payload: Vec<u8>,
}

impl Written {
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
    /// Where one run was all: it, and its next record.
    run: Run,
    number: usize,
    runs: Vec<Written>,
    /// The next key of each run, the largest first: there are few runs.
    heads: Vec<(Vec<u8>, usize)>,
    key: Vec<u8>,
    payload: Vec<u8>,
}

impl Merge {
    fn of(runs: Vec<(Spool, usize)>) -> Fallible<Box<Self>> {
        let mut own = Box::new(Self::default());
        for (number, (spool, _)) in runs.into_iter().enumerate() {
            let mut run = Written { spool, reader: SpoolReader::default(), at: 0, payload: Vec::new() };
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
            if self.number == self.run.len() {
                return Ok(false);
            }
            let (key, payload) = self.run.entry(self.number);
            self.number += 1;
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
