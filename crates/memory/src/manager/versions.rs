//! Old versions of pages: what snapshots need of commits before the last.
//!
//! A version is the image that a page had until the commit `replaced_at`. It is kept if some snapshot is pinned to a
//! commit that still had it, and goes when none is. Invariants: **V1** the versions of a page stand in the order of
//! `replaced_at`; **V2** of a page and a pinned commit that has not expired, the first version replaced later, or, if
//! there is none, the newest committed image, is what the page was at that commit.

use std::collections::VecDeque;
use std::sync::Arc;

use wasm_dbms_api::{MemoryResult, Page};

use crate::access::PageRef;
use crate::log::StoredState;
use crate::manager::page_map::PageMap;
use crate::manager::pins::Pins;
use crate::manager::queue;
use crate::manager::scratch::ScratchPage;

/// An image of a page, in memory or in scratch space.
#[derive(Debug, Clone)]
pub(crate) enum Image {
    Held(PageRef),
    Spilled(Arc<ScratchPage>),
}

impl Image {
    /// The bytes.
    pub(crate) fn read(&self) -> MemoryResult<PageRef> {
        match self {
            Self::Held(image) => Ok(image.clone()),
            Self::Spilled(place) => place.read(),
        }
    }
}

/// Where an old image is.
#[derive(Debug, Clone)]
pub(crate) enum OldVersion {
    Kept(Image),
    /// In its place still, with this checksum; nobody writes there before it is kept.
    InPlace(u64),
    /// It could not be kept.
    Lost,
}

/// One version.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    replaced_at: u64,
    pub(crate) image: OldVersion,
    pub(crate) state: StoredState,
}

/// The old versions of every page.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    pages: PageMap<Vec<Version>>,
    /// Those in memory, in the order they came; some may have gone.
    arrivals: VecDeque<(Page, u64)>,
    /// Those in place.
    pending: Vec<(Page, u64)>,
    held: usize,
    spilled: usize,
}

/// A version by page and the commit that replaced it.
pub(crate) type VersionKey = (Page, u64);

impl Versions {
    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.pages.values().map(Vec::len).sum()
    }

    /// How many are in memory.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// How many are in scratch space.
    pub(crate) fn spilled(&self) -> usize {
        self.spilled
    }

    /// What the page was at that commit, if it changed since.
    pub(crate) fn find(&self, page: Page, commit: u64) -> Option<&Version> {
        let versions = self.pages.get(page)?;
        versions.get(versions.partition_point(|version| version.replaced_at <= commit))
    }

    /// Whether a snapshot needs the image that the page has now and is about to lose.
    pub(crate) fn is_needed(&self, page: Page, pins: &Pins) -> bool {
        let since = self.pages.get(page).and_then(|versions| versions.last()).map_or(0, |last| last.replaced_at);
        pins.newest().is_some_and(|newest| newest >= since)
    }

    /// Keeps the image that the page had until the commit `replaced_at`.
    pub(crate) fn add(&mut self, page: Page, replaced_at: u64, image: OldVersion, state: StoredState) {
        self.count(&image, 1);
        match &image {
            OldVersion::Kept(Image::Held(_)) => self.arrivals.push_back((page, replaced_at)),
            OldVersion::InPlace(_) => self.pending.push((page, replaced_at)),
            _ => {}
        }
        let version = Version { replaced_at, image, state };
        match self.pages.get_mut(page) {
            Some(versions) => versions.push(version),
            None => drop(self.pages.insert(page, vec![version])),
        }
    }

    /// Those in place, which must be kept before anything is written there.
    pub(crate) fn take_pending(&mut self) -> Vec<VersionKey> {
        std::mem::take(&mut self.pending)
    }

    /// A version.
    pub(crate) fn get(&self, (page, replaced_at): VersionKey) -> Option<&Version> {
        let versions = self.pages.get(page)?;
        versions.get(versions.binary_search_by_key(&replaced_at, |version| version.replaced_at).ok()?)
    }

    /// The version that has been in memory longest.
    pub(crate) fn pop_oldest_held(&mut self) -> Option<(VersionKey, PageRef)> {
        while let Some(key) = self.arrivals.pop_front() {
            if let Some(Version { image: OldVersion::Kept(Image::Held(image)), .. }) = self.get(key) {
                return Some((key, image.clone()));
            }
        }
        None
    }

    /// Puts another image in the place of a version, if that is still there.
    pub(crate) fn replace(&mut self, (page, replaced_at): VersionKey, image: OldVersion) {
        let Some(versions) = self.pages.get_mut(page) else { return };
        let Ok(index) = versions.binary_search_by_key(&replaced_at, |version| version.replaced_at) else { return };
        let Some(version) = versions.get_mut(index) else { return };
        if matches!(image, OldVersion::Kept(Image::Held(_))) {
            self.arrivals.push_back((page, replaced_at));
        }
        let old = std::mem::replace(&mut version.image, image.clone());
        self.count(&old, -1);
        self.count(&image, 1);
    }

    /// Drops what no pin needs.
    pub(crate) fn sweep(&mut self, pins: &Pins) {
        if pins.is_empty() {
            *self = Self::default();
            return;
        }
        let mut dropped = Vec::new();
        self.pages.retain(|_, versions| {
            let mut since = 0;
            versions.retain(|version| {
                let is_needed = pins.has_any(since, version.replaced_at);
                since = version.replaced_at;
                if !is_needed {
                    dropped.push(version.image.clone());
                }
                is_needed
            });
            !versions.is_empty()
        });
        for image in &dropped {
            self.count(image, -1);
        }
        if self.arrivals.len() > 2 * self.held + 64 {
            let mut arrivals = std::mem::take(&mut self.arrivals);
            queue::keep(&mut arrivals, &mut |key| self.get(key).is_some());
            self.arrivals = arrivals;
        }
    }

    fn count(&mut self, image: &OldVersion, by: isize) {
        match image {
            OldVersion::Kept(Image::Held(_)) => self.held = self.held.saturating_add_signed(by),
            OldVersion::Kept(Image::Spilled(_)) => self.spilled = self.spilled.saturating_add_signed(by),
            OldVersion::InPlace(_) | OldVersion::Lost => {}
        }
    }
}
