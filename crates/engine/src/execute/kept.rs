//! Rows of one source that are read once and kept, to be found by the values of some columns: through a hash table while
//! they fit into memory, else sorted by these values in scratch space.

use wasm_dbms_memory::ScratchSpace;

use crate::codec::key;
use crate::error::Fallible;
use crate::execute::frame::SourceRow;
use crate::execute::runs::Runs;
use crate::execute::spool::{Spool, SpoolReader};
use crate::numbering::Numbering;

/// What a row takes beside its bytes: its place, and that of the next.
const ROW_BYTES: usize = 16;

/// No row.
const NONE: u64 = u64::MAX;

/// Rows that are kept.
#[derive(Debug)]
pub(crate) struct Kept {
    space: ScratchSpace,
    /// Codes with rows.
    rows: Spool,
    reader: SpoolReader,
    finder: Finder,
    code: Vec<u8>,
    row: Vec<u8>,
}

#[derive(Debug)]
enum Finder {
    Hashed {
        codes: Numbering,
        /// Of the rows with one code the first and the last, by their numbers.
        ends: Vec<(usize, usize)>,
        /// Of each row its place and the number of the next with the same code.
        places: Vec<(u64, usize)>,
    },
    /// They are too many, and still come.
    Sorting(Runs),
    /// They stand in the order of their codes: the first code of each page, and where it is.
    Sorted(Vec<(Vec<u8>, u64)>),
}

impl Kept {
    pub(crate) fn new(space: &ScratchSpace) -> Self {
        Self {
            space: space.clone(),
            rows: Spool::new(space),
            reader: SpoolReader::default(),
            finder: Finder::Hashed { codes: Numbering::default(), ends: Vec::new(), places: Vec::new() },
            code: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Adds a row. One with NULL in one of the columns is left out: NULL equals nothing.
    pub(crate) fn add(&mut self, row: &SourceRow, columns: &[usize]) -> Fallible<()> {
        self.code.clear();
        for column in columns {
            let value = row.view().try_value(*column)?;
            if value.is_null() {
                return Ok(());
            }
            key::push(&mut self.code, value);
        }
        self.row.clear();
        row.write(&mut self.row)?;
        let record = (self.code.as_slice(), self.row.as_slice());
        let Finder::Hashed { codes, ends, places } = &mut self.finder else {
            return match &mut self.finder {
                Finder::Sorting(runs) => runs.push(record),
                _ => Ok(()),
            };
        };
        if !columns.is_empty() {
            let number = places.len();
            let (code, is_new) = codes.number(&self.code);
            if is_new {
                ends.push((number, number));
            } else if let Some((_, last)) = ends.get_mut(code) {
                if let Some((_, next)) = places.get_mut(*last) {
                    *next = number;
                }
                *last = number;
            }
            places.push((self.rows.end(), usize::MAX));
        }
        self.rows.push(record)?;
        let bytes = codes.bytes() + (places.len() + ends.len()) * ROW_BYTES;
        if !columns.is_empty() && bytes + self.rows.memory_bytes() > self.space.memory_bytes() {
            return self.sort();
        }
        Ok(())
    }

    /// From now on rows are sorted.
    #[cold]
    fn sort(&mut self) -> Fallible<()> {
        self.finder = Finder::Sorting(Runs::new(&self.space));
        let rows = std::mem::replace(&mut self.rows, Spool::new(&self.space));
        let mut at = 0;
        while let (Finder::Sorting(runs), Some(record)) = (&mut self.finder, rows.read(&mut at, &mut self.reader)?) {
            runs.push(record)?;
        }
        Ok(())
    }

    /// All rows are there.
    pub(crate) fn seal(&mut self) -> Fallible<()> {
        let found = std::mem::replace(&mut self.finder, Finder::Sorted(Vec::new()));
        let Finder::Sorting(runs) = found else {
            self.finder = found;
            return Ok(());
        };
        let page_size = self.space.page_size() as u64;
        let (mut firsts, mut page) = (Vec::new(), u64::MAX);
        let mut merge = runs.finish()?;
        while merge.next()? {
            let at = self.rows.end();
            if at / page_size != page {
                page = at / page_size;
                firsts.push((merge.key().to_vec(), at));
            }
            self.rows.push((merge.key(), merge.payload()))?;
        }
        self.rows.write_out()?;
        self.reader = SpoolReader::new(self.space.memory_bytes() / self.space.page_size().max(1));
        self.finder = Finder::Sorted(firsts);
        Ok(())
    }

    /// Where the rows with this code begin, for [`next`](Self::next).
    pub(crate) fn find(&mut self, code: &[u8]) -> Fallible<u64> {
        match &self.finder {
            Finder::Hashed { codes, ends, .. } => {
                Ok(codes.get(code).and_then(|place| ends.get(place)).map_or(NONE, |(first, _)| *first as u64))
            }
            Finder::Sorting(_) => Ok(NONE),
            Finder::Sorted(firsts) => {
                // Rows with the code may stand before the first page that begins with it.
                let before = firsts.partition_point(|(first, _)| first.as_slice() < code).saturating_sub(1);
                let mut at = firsts.get(before).map_or(NONE, |(_, at)| *at);
                loop {
                    let place = at;
                    match self.rows.read(&mut at, &mut self.reader)? {
                        Some((own, _)) if own < code => {}
                        Some((own, _)) if own == code => return Ok(place),
                        _ => return Ok(NONE),
                    }
                }
            }
        }
    }

    /// Sets `row` to the row at a place and the place to the next: of those with the code that was found, or of all.
    /// Returns whether there is one.
    pub(crate) fn next(&mut self, place: &mut u64, code: Option<&[u8]>, row: &mut SourceRow) -> Fallible<bool> {
        let mut at = *place;
        if let (Finder::Hashed { places, .. }, Some(_)) = (&self.finder, code) {
            let Some((own, next)) = usize::try_from(*place).ok().and_then(|number| places.get(number)) else {
                return Ok(false);
            };
            at = *own;
            *place = if *next == usize::MAX { NONE } else { *next as u64 };
            if let Some((_, bytes)) = self.rows.read(&mut at, &mut self.reader)? {
                row.read(bytes)?;
            }
            return Ok(true);
        }
        let Some((own, bytes)) = self.rows.read(&mut at, &mut self.reader)? else { return Ok(false) };
        if code.is_some_and(|code| code != own) {
            return Ok(false);
        }
        row.read(bytes)?;
        *place = at;
        Ok(true)
    }
}
