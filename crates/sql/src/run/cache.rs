//! Statements by their text: what is run again is not read and planned again.

use std::sync::Arc;

use crate::bind::Compiled;
use crate::limits::{MAX_CACHED_STATEMENTS, MAX_CACHED_TEXT_BYTES};

/// So many texts that were run once are remembered.
const SEEN: usize = 64;

/// The statements of a session that were run last, of those that were run twice: what is said once is soon forgotten, at
/// less cost than when others have taken its place.
///
/// A plan that the tables have outgrown is made anew by the statement itself, which looks at the schemas of its tables each
/// time; what names views is not kept.
#[derive(Debug)]
pub(crate) struct Cache {
    statements: Vec<Kept>,
    clock: u64,
    /// The hashes of texts that were run once, each in the place that it says.
    seen: [u64; SEEN],
}

/// A statement: so few are kept that looking through their hashes is as quick as a map.
#[derive(Debug)]
struct Kept {
    hash: u64,
    /// When it was run last.
    used: u64,
    compiled: Arc<Compiled>,
}

/// A number that is seldom that of another text. Nothing goes wrong where it is.
fn hash(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let with = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let hash = words.iter().fold(text.len() as u64, |hash, word| with(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| with(hash, u64::from(*byte)))
}

impl Default for Cache {
    fn default() -> Self {
        Self { statements: Vec::new(), clock: 0, seen: [0; SEEN] }
    }
}

impl Cache {
    pub(crate) fn get(&mut self, text: &str) -> Option<Arc<Compiled>> {
        let hash = hash(text);
        let mut statements = self.statements.iter_mut();
        let kept = statements.find(|kept| kept.hash == hash && *kept.compiled.text == *text)?;
        self.clock += 1;
        kept.used = self.clock;
        Some(Arc::clone(&kept.compiled))
    }

    pub(crate) fn put(&mut self, compiled: &Arc<Compiled>) {
        if !compiled.is_lasting || compiled.text.len() > MAX_CACHED_TEXT_BYTES {
            return;
        }
        let hash = hash(&compiled.text);
        if let Some(seen) = self.seen.get_mut(hash as usize % SEEN)
            && std::mem::replace(seen, hash) != hash
        {
            return;
        }
        if self.statements.len() >= MAX_CACHED_STATEMENTS {
            let oldest = self.statements.iter().enumerate().min_by_key(|(_, kept)| kept.used);
            if let Some((place, _)) = oldest {
                self.statements.swap_remove(place);
            }
        }
        self.clock += 1;
        self.statements.push(Kept { hash, used: self.clock, compiled: Arc::clone(compiled) });
    }

    /// Forgets everything: a view may now stand where a table stood.
    pub(crate) fn clear(&mut self) {
        self.statements.clear();
    }
}
