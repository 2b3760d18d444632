//! Which corners of the log a workload came to, read from the calls of its medium.

use std::ops::Range;

use crate::recorder::Call;

/// Which corners of the log a workload came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage {
    calls: usize,
    syncs: usize,
    flips: usize,
    /// Flips of a checkpoint in small steps: the header is of an earlier commit than the last.
    pub(crate) earlier_flips: usize,
    /// How often the ring grew.
    pub(crate) growths: usize,
    /// How often the file was cut.
    pub(crate) cuts: usize,
    ring_rounds: f64,
    parked: usize,
}

/// The ring of a new file.
const FIRST_RING: Range<u64> = 8192..40_960;

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

/// The commit that a header is of, and the ring that it names.
fn header_of(bytes: &[u8]) -> (u64, Range<u64>) {
    let (offset, length) = (u64_at(bytes, 72), u64_at(bytes, 80) & 0xFFFF_FFFF);
    (u64_at(bytes, 40), offset..offset + length)
}

/// What a call is to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A header; whether it is of an earlier commit than the last; the ring before, if it names another one.
    Header {
        is_earlier: bool,
        ring_before: Option<Range<u64>>,
    },
    /// A record, or the rest of one.
    Ring,
    /// A page, a ledger page or a parked body.
    Elsewhere,
    Other,
}

/// What each call is to the log.
pub(crate) fn meanings(calls: &[Call]) -> Vec<Meaning> {
    let (mut ring, mut last) = (FIRST_RING, 0);
    let mut of_call = |call: &Call| match call {
        Call::Write { offset: 0 | 4096, bytes } if bytes.starts_with(b"wasmdbms") => {
            let (lsn, named) = header_of(bytes);
            let is_earlier = lsn < last;
            last = last.max(lsn);
            let ring_before = (named != ring).then(|| std::mem::replace(&mut ring, named));
            Meaning::Header { is_earlier, ring_before }
        }
        Call::Write { offset, bytes } if ring.contains(offset) => {
            let lsn = u64_at(bytes, 8);
            if last == 0 || lsn == last + 1 {
                last = lsn;
            }
            Meaning::Ring
        }
        Call::Write { .. } => Meaning::Elsewhere,
        _ => Meaning::Other,
    };
    calls.iter().map(&mut of_call).collect()
}

impl Coverage {
    pub(crate) fn of(calls: &[Call]) -> Self {
        let mut coverage = Self { calls: calls.len(), ..Self::default() };
        let mut ring_length = FIRST_RING.end - FIRST_RING.start;
        let mut size = 0;
        for (call, meaning) in calls.iter().zip(meanings(calls)) {
            match call {
                Call::SetSize(to) => {
                    coverage.cuts += usize::from(*to < size);
                    size = *to;
                }
                Call::Write { offset, bytes } => size = size.max(offset + bytes.len() as u64),
                _ => {}
            }
            match (meaning, call) {
                (Meaning::Header { is_earlier, ring_before }, Call::Write { bytes, .. }) => {
                    let ring = header_of(bytes).1;
                    coverage.flips += 1;
                    coverage.earlier_flips += usize::from(is_earlier);
                    coverage.growths += usize::from(ring_before.is_some() && ring.end - ring.start > ring_length);
                    ring_length = ring.end - ring.start;
                }
                (Meaning::Ring, Call::Write { bytes, .. }) => {
                    coverage.ring_rounds += bytes.len() as f64 / ring_length as f64;
                }
                // Only parked bodies are not padded to sectors.
                (_, Call::Write { bytes, .. }) => coverage.parked += usize::from(!bytes.len().is_multiple_of(512)),
                (_, Call::Sync) => coverage.syncs += 1,
                _ => {}
            }
        }
        coverage
    }
}

impl std::fmt::Display for Coverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { calls, syncs, flips, earlier_flips, growths, cuts, ring_rounds, parked } = self;
        write!(
            f,
            "{calls} calls, {syncs} syncs, {flips} header writes ({earlier_flips} in steps), {growths} longer rings, \
             {ring_rounds:.1} times round the ring, {parked} parked, {cuts} times cut"
        )
    }
}
