//! Statements by their text: what is run again is not read and planned again.

use std::collections::HashMap;
use std::hash::BuildHasher;
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
    statements: HashMap<Arc<str>, (u64, Arc<Compiled>)>,
    clock: u64,
    /// The hashes of texts that were run once, each in the place that it says.
    seen: [u64; SEEN],
}

impl Default for Cache {
    fn default() -> Self {
        Self { statements: HashMap::new(), clock: 0, seen: [0; SEEN] }
    }
}

impl Cache {
    pub(crate) fn get(&mut self, text: &str) -> Option<Arc<Compiled>> {
        let (used, compiled) = self.statements.get_mut(text)?;
        self.clock += 1;
        *used = self.clock;
        Some(Arc::clone(compiled))
    }

    pub(crate) fn put(&mut self, compiled: &Arc<Compiled>) {
        if !compiled.is_lasting || compiled.text.len() > MAX_CACHED_TEXT_BYTES {
            return;
        }
        let hash = self.statements.hasher().hash_one(&compiled.text);
        if let Some(seen) = self.seen.get_mut(hash as usize % SEEN)
            && std::mem::replace(seen, hash) != hash
        {
            return;
        }
        if self.statements.len() >= MAX_CACHED_STATEMENTS {
            let oldest = self.statements.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(text) = oldest.map(|(text, _)| Arc::clone(text)) {
                self.statements.remove(&text);
            }
        }
        self.clock += 1;
        self.statements.insert(Arc::clone(&compiled.text), (self.clock, Arc::clone(compiled)));
    }

    /// Forgets everything: a view may now stand where a table stood.
    pub(crate) fn clear(&mut self) {
        self.statements.clear();
    }
}
