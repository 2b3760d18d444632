//! Telling what came before: in memory up to a limit; what is new past it is put off, sorted, and comes at the end.

use wasm_dbms_memory::ScratchSpace;

use crate::error::Fallible;
use crate::execute::runs::{Merge, Runs};
use crate::numbering::Numbering;

/// How many bytes of a payload say when it came.
const ARRIVAL_BYTES: usize = 8;

/// Keys that were met.
#[derive(Debug)]
pub(crate) struct Distinct {
    space: ScratchSpace,
    seen: Numbering,
    late: Option<Runs>,
    arrivals: u64,
    payload: Vec<u8>,
}

impl Distinct {
    pub(crate) fn new(space: &ScratchSpace) -> Self {
        let (space, seen) = (space.clone(), Numbering::default());
        Self { space, seen, late: None, arrivals: 0, payload: Vec::new() }
    }

    /// Whether the key is new, and known to be: then its payload is not asked for. Else it is not new, or it is put off
    /// with its payload.
    pub(crate) fn is_new(
        &mut self,
        key: &[u8],
        payload: &mut dyn FnMut(&mut Vec<u8>) -> Fallible<()>,
    ) -> Fallible<bool> {
        if self.late.is_none() && self.seen.bytes() <= self.space.memory_bytes() {
            return Ok(self.seen.is_new(key));
        }
        if self.seen.get(key).is_none() {
            self.payload.clear();
            self.payload.extend_from_slice(&self.arrivals.to_be_bytes());
            self.arrivals += 1;
            payload(&mut self.payload)?;
            let late = self.late.get_or_insert_with(|| Runs::new(&self.space));
            late.push((key, &self.payload))?;
        }
        Ok(false)
    }

    /// The payloads of what was put off, of each key the first, in the order in which they came.
    pub(crate) fn finish(self) -> Fallible<Box<Merge>> {
        let Self { space, seen, late, .. } = self;
        drop(seen);
        let Some(late) = late else { return Ok(Box::default()) };
        let (mut merge, mut firsts, mut key) = (late.finish()?, Runs::new(&space), None);
        while merge.next()? {
            if key.as_deref() == Some(merge.key()) {
                continue;
            }
            key = Some(merge.key().to_vec());
            if let Some(record) = merge.payload().split_at_checked(ARRIVAL_BYTES) {
                firsts.push(record)?;
            }
        }
        firsts.finish()
    }
}
