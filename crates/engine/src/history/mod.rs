//! [`History`]: the rows that commits changed, as long as somebody wants to know.
//!
//! Kept while an interactive transaction is open, which must know what was committed beside it, or while somebody
//! subscribes; at most [`Options::history_bytes`](crate::Options::history_bytes). Invariants: **H1** while anybody is
//! here, every writer's turn records; the first to come therefore takes the turn, so that none is under way. **H2** the
//! entries stand in the order of commits, and of those after the position of any watcher that is not lost none is
//! missing.

mod changes;
mod counters;
mod recorder;

pub(crate) use changes::{Changed, CommitChanges, RowChange, TableForm};
pub(crate) use counters::{Counters, Numbers};
pub(crate) use recorder::Recorder;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::readers::lock;

/// Somebody who wants to know what is committed.
#[derive(Debug)]
struct Watcher {
    /// It knows all up to this commit.
    position: u64,
    /// Set when it is told no more.
    is_lost: Arc<AtomicBool>,
    /// The most commits that it may be behind.
    age_max: Option<u64>,
    /// When it is told no more, by the host's clock.
    deadline_ms: Option<u64>,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Arc<CommitChanges>>,
    bytes: usize,
    /// The last commit that is known here.
    commit: u64,
    watchers: Vec<(u64, Watcher)>,
    next_watcher: u64,
    is_closed: bool,
}

/// What was committed lately.
#[derive(Debug)]
pub(crate) struct History {
    state: Mutex<State>,
    is_watched: AtomicBool,
    bytes_max: usize,
    /// Somebody committed, or the database was closed.
    news: Condvar,
    pub(crate) counters: Arc<Counters>,
}

/// The history of a database that is open; dropped, those who wait for news hear that there will be none.
#[derive(Debug)]
pub(crate) struct OpenHistory(Arc<History>);

impl OpenHistory {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self(Arc::new(History::new(bytes_max)))
    }
}

impl std::ops::Deref for OpenHistory {
    type Target = Arc<History>;

    fn deref(&self) -> &Arc<History> {
        &self.0
    }
}

impl Drop for OpenHistory {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What one who watches hears.
#[derive(Debug)]
pub(crate) enum News {
    None,
    Commit(Arc<CommitChanges>),
    /// Something was missed; it is known where to go on.
    Lost(u64),
}

/// How long a watcher may stay behind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Patience {
    pub(crate) age_max: Option<u64>,
    pub(crate) deadline_ms: Option<u64>,
}

/// A place among those who watch; dropped, it is given up.
#[derive(Debug)]
pub(crate) struct Watch {
    history: Arc<History>,
    number: u64,
    is_lost: Arc<AtomicBool>,
    began_at: u64,
}

impl History {
    fn new(bytes_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            is_watched: AtomicBool::new(false),
            bytes_max,
            news: Condvar::new(),
            counters: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The most bytes that are kept.
    pub(crate) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// Whether anybody wants to know.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Acquire)
    }

    /// A place for one who comes when others are here.
    pub(crate) fn join(self: &Arc<Self>, patience: Patience) -> Option<Watch> {
        let mut state = self.lock();
        if state.watchers.is_empty() {
            return None;
        }
        let position = state.commit;
        Some(self.add(&mut state, position, patience))
    }

    /// A place for one who has the writer's turn; `commit` is the last commit.
    pub(crate) fn join_in_turn(self: &Arc<Self>, commit: u64, patience: Patience) -> Watch {
        let mut state = self.lock();
        if state.watchers.is_empty() {
            state.trim();
            state.commit = commit;
            self.is_watched.store(true, Ordering::Release);
        }
        self.add(&mut state, commit, patience)
    }

    fn add(self: &Arc<Self>, state: &mut State, position: u64, patience: Patience) -> Watch {
        let number = state.next_watcher;
        state.next_watcher += 1;
        let is_lost = Arc::new(AtomicBool::new(false));
        let Patience { age_max, deadline_ms } = patience;
        let watcher = Watcher { position, is_lost: Arc::clone(&is_lost), age_max, deadline_ms };
        state.watchers.push((number, watcher));
        Watch { history: Arc::clone(self), number, is_lost, began_at: position }
    }

    /// A commit was made, in the writer's turn. `now_ms` is the time, if anybody knows it.
    pub(crate) fn note(&self, changes: CommitChanges, now_ms: Option<u64>) {
        let mut state = self.lock();
        if state.watchers.is_empty() {
            return;
        }
        state.commit = changes.commit;
        state.lose_the_late(now_ms);
        if !changes.is_empty() && state.watchers.iter().any(|(_, watcher)| !watcher.has_lost()) {
            state.bytes += changes.bytes;
            state.entries.push_back(Arc::new(changes));
        }
        while state.bytes > self.bytes_max {
            state.drop_oldest();
        }
        state.trim();
        drop(state);
        self.news.notify_all();
    }

    /// Nothing more will be committed.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.news.notify_all();
    }

    /// How many bytes are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }
}

impl Watcher {
    fn has_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

impl State {
    /// Tells those no more who were behind for longer than they may.
    fn lose_the_late(&self, now_ms: Option<u64>) {
        for (_, watcher) in &self.watchers {
            let is_old = watcher.age_max.is_some_and(|most| self.commit - watcher.position.min(self.commit) > most);
            let is_late = watcher.deadline_ms.zip(now_ms).is_some_and(|(deadline, now)| now >= deadline);
            if is_old || is_late {
                watcher.is_lost.store(true, Ordering::Release);
            }
        }
    }

    /// A watcher knows all up to this commit.
    fn advance(&mut self, number: u64, position: u64) {
        if let Some(watcher) = self.watchers.iter_mut().find(|(other, _)| *other == number).map(|(_, watcher)| watcher)
        {
            watcher.position = watcher.position.max(position);
        }
        self.trim();
    }

    fn pop_oldest(&mut self) -> Option<Arc<CommitChanges>> {
        let oldest = self.entries.pop_front()?;
        self.bytes = self.bytes.saturating_sub(oldest.bytes);
        Some(oldest)
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.pop_oldest() else {
            self.bytes = 0;
            return;
        };
        for (_, watcher) in self.watchers.iter().filter(|(_, watcher)| watcher.position < oldest.commit) {
            watcher.is_lost.store(true, Ordering::Release);
        }
    }

    /// Drops what nobody wants to know any more.
    fn trim(&mut self) {
        let positions =
            self.watchers.iter().filter(|(_, watcher)| !watcher.has_lost()).map(|(_, watcher)| watcher.position);
        let known = positions.min().unwrap_or(u64::MAX);
        while self.entries.front().is_some_and(|entry| entry.commit <= known) {
            self.pop_oldest();
        }
    }

    /// The place of what was committed next after `position`.
    fn place_after(&self, position: u64) -> usize {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entries.get(middle).is_some_and(|entry| entry.commit <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// What was committed next after `position`.
    fn next_after(&self, position: u64) -> Option<&Arc<CommitChanges>> {
        self.entries.get(self.place_after(position))
    }
}

impl Watch {
    /// Whether something was dropped that this one did not know yet.
    #[inline]
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// The commit that it began at.
    pub(crate) fn began_at(&self) -> u64 {
        self.began_at
    }

    /// What was committed next after `position`; everything before is known.
    pub(crate) fn take_after(&self, position: u64) -> News {
        let mut state = self.history.lock();
        let commit = state.commit;
        if self.is_lost() {
            self.is_lost.store(false, Ordering::Release);
            state.advance(self.number, commit);
            return News::Lost(commit);
        }
        let next = state.next_after(position).map(Arc::clone);
        state.advance(self.number, next.as_ref().map_or(commit, |next| next.commit));
        next.map_or(News::None, News::Commit)
    }

    /// Waits until something was committed after `position`, or missed; false if nothing will be.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn wait(&self, position: u64) -> bool {
        let mut state = self.history.lock();
        while !self.is_lost() && state.next_after(position).is_none() {
            if state.is_closed {
                return false;
            }
            state = self.history.news.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        true
    }

    /// Everything that was committed after `position`; none if it is not all there.
    pub(crate) fn all_after(&self, position: u64) -> Option<Vec<Arc<CommitChanges>>> {
        let state = self.history.lock();
        if self.is_lost() {
            return None;
        }
        let (mut place, mut after) = (state.place_after(position), Vec::new());
        while let Some(entry) = state.entries.get(place) {
            after.push(Arc::clone(entry));
            place += 1;
        }
        Some(after)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = self.history.lock();
        if let Some(place) = state.watchers.iter().position(|(number, _)| *number == self.number) {
            state.watchers.swap_remove(place);
        }
        if state.watchers.is_empty() {
            self.history.is_watched.store(false, Ordering::Release);
        }
        state.trim();
    }
}
