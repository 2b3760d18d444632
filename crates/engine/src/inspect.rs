//! Looking inside: pages for people.

use std::fmt::Write;

use wasm_dbms_api::Page;
use wasm_dbms_memory::{MemoryAccess, NodeSummary, PageState, REGISTRY_PAGE, UNCLAIMED_PAGES_PAGE, UnclaimedPages};

use crate::check::check;
use crate::core::Core;
use crate::error::Fallible;
use crate::{Connection, Database, Result};

/// What a page of the database holds, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageView {
    /// The number of the page.
    pub number: Page,
    /// `leaf`, `branch`, `overflow`, `free`, `registry`, `unclaimed` or `other`.
    pub kind: String,
    /// The table or index it belongs to, as `users` or `users.email`.
    pub tree: String,
    /// How many entries it has.
    pub entries: usize,
    /// How many bytes of it are in use.
    pub used: usize,
    /// The bytes that all its keys begin with.
    pub prefix: Vec<u8>,
    /// All its bytes.
    pub bytes: Vec<u8>,
}

impl PageView {
    /// The bytes, 16 a line: offset, hexadecimal, text.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// println!("{}", db.page(0)?.hex_dump());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn hex_dump(&self) -> String {
        let mut text = String::new();
        for (line, chunk) in self.bytes.chunks(16).enumerate() {
            let _infallible = write!(text, "{:05x} ", line * 16);
            for place in 0..16 {
                let _infallible = match chunk.get(place) {
                    Some(byte) => write!(text, " {byte:02x}"),
                    None => text.write_str("   "),
                };
            }
            text.push_str("  ");
            for byte in chunk {
                text.push(if (32..127).contains(byte) { char::from(*byte) } else { '.' });
            }
            text.push('\n');
        }
        text
    }
}

impl Database {
    /// How many pages the database has.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// assert!(Database::in_memory().page_count() > 0);
    /// ```
    pub fn page_count(&self) -> Page {
        self.read(|core| Ok(core.store.page_count())).unwrap_or(0)
    }

    /// What a page holds.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// assert_eq!(db.page(0)?.number, 0);
    /// assert!(db.page(1_000_000).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`](crate::MemoryError::PageOutOfRange); what storage says.
    pub fn page(&self, number: Page) -> Result<PageView> {
        Ok(self.read(|core| page_view(core, number))?)
    }

    /// Walks everything: every page that is in use is read and verified, every tree walked, every row read; every index
    /// is held against its table and the table against it; every reference must lead to a row; each page must belong to
    /// one tree, or be unclaimed. Returns what is wrong, in words; nothing if all is well. It goes on after a finding, up
    /// to [`MAX_FINDINGS`](wasm_dbms_memory::MAX_FINDINGS), and takes time in proportion to the database whatever the
    /// bytes say.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let db = Database::in_memory();
    /// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// assert!(db.check()?.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`](crate::Error::Busy) from inside a transaction's closure.
    pub fn check(&self) -> Result<Vec<String>> {
        Ok(self.read(|core| Ok(check(core)))?)
    }
}

fn page_view(core: &mut Core, number: Page) -> Fallible<PageView> {
    let bytes = core.store.page(number)?.to_vec();
    let summary = NodeSummary::of(&bytes);
    let named = core.catalog.tree_name(summary.tree);
    let mut view = PageView {
        number,
        kind: summary.kind.to_owned(),
        tree: named.unwrap_or_default(),
        entries: summary.entries,
        used: summary.used_bytes,
        prefix: summary.prefix,
        bytes,
    };
    if number == UNCLAIMED_PAGES_PAGE {
        view.kind = "unclaimed".into();
        view.entries = UnclaimedPages::count(&mut core.store)? as usize;
    } else if number == REGISTRY_PAGE {
        view.kind = "registry".into();
    } else if core.store.page_state(number)? == PageState::Free {
        view.kind = "free".into();
        view.tree.clear();
        view.entries = 0;
        view.used = 0;
    }
    Ok(view)
}
