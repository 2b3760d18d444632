//! Commits that snapshots are pinned to.

/// Each commit that is pinned, with how many snapshots, from old to new.
#[derive(Debug, Default)]
pub(crate) struct Pins(Vec<(u64, usize)>);

impl Pins {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn oldest(&self) -> Option<u64> {
        self.0.first().map(|(commit, _)| *commit)
    }

    pub(crate) fn newest(&self) -> Option<u64> {
        self.0.last().map(|(commit, _)| *commit)
    }

    /// Pins a commit, none that is pinned being newer.
    pub(crate) fn add(&mut self, commit: u64) {
        match self.0.last_mut() {
            Some((newest, count)) if *newest == commit => *count += 1,
            _ => self.0.push((commit, 1)),
        }
    }

    /// Takes one pin of a commit away. Returns whether it was the last.
    pub(crate) fn remove(&mut self, commit: u64) -> bool {
        let Ok(index) = self.0.binary_search_by_key(&commit, |(pinned, _)| *pinned) else { return false };
        let Some((_, count)) = self.0.get_mut(index) else { return false };
        *count -= 1;
        if *count > 0 {
            return false;
        }
        self.0.remove(index);
        true
    }

    /// Takes every pin of the oldest commit away.
    pub(crate) fn remove_oldest(&mut self) {
        if !self.0.is_empty() {
            self.0.remove(0);
        }
    }

    /// Whether a commit from this one on and before the other is pinned.
    pub(crate) fn has_any(&self, from: u64, before: u64) -> bool {
        self.0.get(self.0.partition_point(|(commit, _)| *commit < from)).is_some_and(|(commit, _)| *commit < before)
    }
}
