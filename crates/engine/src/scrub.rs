//! Scrubbing: what was deleted leaves the medium.

use crate::Database;
use crate::Result;

impl Database {
    /// Leaves no byte on the medium of pages and log that deleted rows had: what was released is zero in its place, no
    /// record in the log is from before, and what aborted transactions left is zeroed. A page that still holds rows may
    /// keep bytes of others that were deleted from it; [`vacuum`](Self::vacuum) packs pages.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// let medium = HeapProvider::new();
    /// let db = Database::open(medium.clone())?;
    /// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("text", DataType::Text)))?;
    /// db.insert_values("t", &[("text", "a secret".into())])?;
    /// db.drop_table("t")?;
    ///
    /// let holds_secret = || medium.to_bytes().windows(8).any(|bytes| bytes == b"a secret");
    /// assert!(holds_secret());
    /// db.scrub()?;
    /// assert!(!holds_secret());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What the host says.
    pub fn scrub(&self) -> Result<()> {
        while !self.scrub_step(STEP_PAGES)? {}
        Ok(())
    }

    /// One step of [`scrub`](Self::scrub) that writes about so many pages, and whether it was the last. It holds the
    /// writer's turn for that step only; what is deleted between two steps is for the next scrub.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # let db = Database::in_memory();
    /// # db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
    /// while !db.scrub_step(64)? {
    ///     // Other work between two steps.
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`scrub`](Self::scrub).
    pub fn scrub_step(&self, pages: usize) -> Result<bool> {
        Ok(self.with_head(|core| Ok(core.store.head()?.inner_mut().scrub_step(pages)?))?)
    }
}

/// A step of [`Database::scrub`] writes about so many pages.
const STEP_PAGES: usize = 256;
