//! A point read looks at one page a level, however large the tree is.

use wasm_dbms_api::{MemoryResult, Page};
use wasm_dbms_memory::{MemoryAccess, MemoryManager, Options, PageRef, Place, Tree};

/// Counts the pages that are looked at.
struct Counting {
    inner: MemoryManager,
    views: usize,
}

impl MemoryAccess for Counting {
    fn page_size(&self) -> u64 {
        self.inner.page_size()
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        self.inner.grow_one_page()
    }

    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        self.views += 1;
        self.inner.page(page)
    }

    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        self.inner.edit(page, change)
    }
}

/// The rows of the largest tree.
const ROWS_MAX: u32 = 10_000_000;

#[test]
fn a_point_read_looks_at_as_many_pages_as_the_tree_has_levels() {
    let seed = 20_261_122;
    let mut random = fastrand::Rng::with_seed(seed);
    let inner = MemoryManager::in_memory(Options::new()).unwrap();
    let mut store = Counting { inner, views: 0 };
    let mut tree = Tree::new(1);
    let mut rows = 0;
    for size in (3..).map(|power| 10u32.pow(power)).take_while(|size| *size <= ROWS_MAX) {
        for row in rows..size {
            tree.put(&mut store, &row.to_be_bytes(), &row.to_le_bytes().repeat(4)).unwrap();
        }
        rows = size;
        let root = store.page(tree.root()).unwrap();
        // The second byte of a node is its level.
        let levels = usize::from(root[1]) + 1;
        println!("{size} rows, {levels} levels, seed {seed}");
        for _ in 0..1000 {
            let row = random.u32(..rows * 2);
            store.views = 0;
            let place = tree.place(&mut store, &row.to_be_bytes()).unwrap();
            assert_eq!(place != Place::Missing, row < rows);
            assert_eq!(store.views, levels, "row {row} of {rows}");
        }
    }
}
