//! What stands in images that were opened, each content walked once.
//!
//! Recovery works on every image: each is opened, each of its pages read. Above that nothing sees anything of a medium but
//! the pages that the store serves and their states. So where an image gives the same pages in the same states as one
//! before it, what was found by walking all trees, tables and indexes of that one is true of this one too. Crashes leave
//! a million different images, and in them some hundred states.
//!
//! Invariant: every page was read, and none but the same content is taken for known. Now and then an image whose content
//! is known is walked all the same; if anything else comes of it, it is a failure.

use std::collections::HashMap;

use wasm_dbms_memory::{MemoryAccess, MemoryManager, PageState};

use crate::image::{Image, hash_of};
use crate::workload::{Kind, Plan, Store, Trouble, keys_digest};

/// One of so many images whose content is known is walked all the same.
const WALKED_ALL_THE_SAME: u64 = 16;

/// What came of the images of one workload.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The digest of what stands in pages, by their hash.
    known: HashMap<u64, u64>,
    opened: u64,
    walked: u64,
}

/// What stands in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) digest: u64,
    /// Whether opening reported that the log goes on.
    pub(super) is_log_cut: bool,
}

impl Contents {
    /// Opens an image, reads every page of it, and checks everything that it holds, if that was not done.
    ///
    /// # Errors
    /// What opening and reading say; what is wrong.
    pub(super) fn read(&mut self, plan: &Plan, image: &Image) -> Result<Content, Trouble> {
        self.opened += 1;
        let mut store = MemoryManager::open(Box::new(image.provider()), plan.options.clone())?;
        let pages = hash_of_pages(&mut store)?;
        let is_log_cut = store.is_log_cut();
        let known = self.known.get(&pages).copied();
        if let Some(digest) = known.filter(|_| !self.opened.is_multiple_of(WALKED_ALL_THE_SAME)) {
            return Ok(Content { digest, is_log_cut });
        }
        self.walked += 1;
        let digest = match plan.kind {
            Kind::Keys => {
                let pages = store.page_count();
                keys_digest(&mut store, pages)?
            }
            Kind::Tables => {
                drop(store);
                Store::open(plan.kind, plan.options.clone(), image.provider())?.digest()?
            }
        };
        if known.is_some_and(|known| known != digest) {
            return Err(Trouble::Wrong(
                "the same pages are served as of another image, and something else is read".into(),
            ));
        }
        self.known.insert(pages, digest);
        Ok(Content { digest, is_log_cut })
    }

    /// How many contents were met, and how many images were walked.
    pub(super) fn counts(&self) -> (usize, u64) {
        (self.known.len(), self.walked)
    }
}

/// A number that tells apart what a store serves: how many pages, each with its state and its bytes.
fn hash_of_pages(store: &mut MemoryManager) -> Result<u64, Trouble> {
    let mut hash = 0;
    for page in 0..store.page_count() {
        let state = match store.page_state(page)? {
            PageState::Free => 1,
            PageState::Reserved => 2,
            PageState::Used => 3,
        };
        hash = store.view(page, |bytes| hash_of(hash ^ state, bytes))?;
    }
    Ok(hash_of(hash, &store.page_count().to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::plan::Step;
    use crate::workload::{Workload, plans};

    #[test]
    fn what_stands_in_images_is_walked_once_for_each_content() {
        let plan = plans(1, 1).remove(0);
        let mut workload = Workload::at(plan.clone(), &[], 1).unwrap();
        workload.reopen().unwrap();
        let mut contents = Contents::default();
        for commits in 1..4 {
            let before = workload.met.commits;
            while workload.met.commits == before {
                workload.step().unwrap();
            }
            workload.next(Step::Close).unwrap();
            let mut image = Image::new(workload.bytes());
            let whole = contents.read(&plan, &image).unwrap();
            assert_eq!(whole.digest, workload.last_two_digests().0);
            // Of a slot, what is not used.
            image.put(4000, &[1; 8]);
            assert_eq!(contents.read(&plan, &image).unwrap().digest, whole.digest);
            assert_eq!(contents.counts(), (commits, commits as u64));
        }
    }
}
