//! The registry: which tables there are, what they look like, where each tree is rooted.
//!
//! One tree rooted at [`REGISTRY_PAGE`], its keys told apart by their first byte:
//!
//! | key | value |
//! |---|---|
//! | `00` | `u32` next table id, `u32` next tree id |
//! | `01` name | `u32` table id |
//! | `02` table id (`u32`, big-endian) | the schema snapshot |
//! | `03` tree id (`u32`, big-endian) | 64 bytes: `u32` root, `u32` zero, `u64` rows, `u64` counter, zeros |
//! | `04` number (`u32`, big-endian), from 0 | a migration that was made: what whoever made it says of it |
//! | `05` | how far a migration in steps has come, while one is under way: what whoever makes it says of it |
//!
//! Ids are never used again. A plain commit touches only the entries of its trees, which have a fixed size and so are
//! changed in place. A tree that never held anything has no entry.

use wasm_dbms_api::{MemoryError, MemoryResult, Page};

use crate::access::{MemoryAccess, REGISTRY_PAGE};
use crate::bytes::{put_u32, put_u64, u32_at, u64_at};
use crate::tree::{ChainWalk, MAX_VALUE_BYTES, Targets, Tree};

/// The number of a table; never used again.
pub type TableId = u32;

/// The number of a tree; never used again.
pub type TreeId = u32;

/// The longest schema snapshot, in bytes.
pub const MAX_SNAPSHOT_BYTES: usize = MAX_VALUE_BYTES;

/// The tree of the registry itself.
pub const REGISTRY_TREE: TreeId = 0;

const META: u8 = 0;
const NAME: u8 = 1;
const SNAPSHOT: u8 = 2;
const TREE: u8 = 3;
const MIGRATION: u8 = 4;
const UNDER_WAY: u8 = 5;

const STATE_BYTES: usize = 64;

/// Where a tree is rooted and what is counted about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TreeState {
    /// The root page, 0 while the tree is empty.
    pub root: Page,
    /// How many entries it holds.
    pub rows: u64,
    /// The last number given out by counting up.
    pub counter: u64,
}

impl TreeState {
    fn encode(&self) -> [u8; STATE_BYTES] {
        let mut bytes = [0; STATE_BYTES];
        put_u32(&mut bytes, 0, self.root);
        put_u64(&mut bytes, 8, self.rows);
        put_u64(&mut bytes, 16, self.counter);
        bytes
    }

    fn decode(bytes: &[u8]) -> Self {
        Self { root: u32_at(bytes, 0), rows: u64_at(bytes, 8), counter: u64_at(bytes, 16) }
    }
}

/// The registry of a store.
#[derive(Debug)]
pub struct Registry;

impl Registry {
    const fn tree() -> Tree {
        Tree::at(REGISTRY_PAGE, REGISTRY_TREE)
    }

    /// Every table: its id, its name, its snapshot; in the order of their ids.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// Registry::add_table(&mut store, "users", b"snapshot")?;
    /// assert_eq!(Registry::tables(&mut store)?[0].1, "users");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn tables<M: MemoryAccess>(store: &mut M) -> MemoryResult<Vec<(TableId, String, Vec<u8>)>> {
        let mut tables: Vec<(TableId, String, Vec<u8>)> = Vec::new();
        let mut cursor = Self::tree().cursor();
        let mut key = Vec::new();
        let mut is_on_entry = cursor.seek(store, &[NAME])?;
        while is_on_entry {
            cursor.read_key(store, &mut key)?;
            let Some(name) = key.strip_prefix(&[NAME]) else { break };
            let name = String::from_utf8(name.to_vec())
                .map_err(|_| MemoryError::corrupt("the registry holds a table name that is no text"))?;
            let id = u32_at(&cursor.value(store)?, 0);
            let snapshot = Self::tree().get(store, &numbered(SNAPSHOT, id))?;
            let snapshot = snapshot
                .ok_or_else(|| MemoryError::corrupt_with(format_args!("table {name} has no schema snapshot")))?;
            let place = tables.partition_point(|(other, ..)| *other < id);
            if tables.get(place).is_some_and(|(other, ..)| *other == id) {
                return Err(MemoryError::corrupt_with(format_args!("table {name} has the id of another")));
            }
            tables.insert(place, (id, name, snapshot.to_vec()));
            is_on_entry = cursor.next(store)?;
        }
        Ok(tables)
    }

    /// Adds a table. Its name must not be there.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let users = Registry::add_table(&mut store, "users", b"one")?;
    /// let posts = Registry::add_table(&mut store, "posts", b"two")?;
    /// assert_ne!(users, posts);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn add_table<M: MemoryAccess>(store: &mut M, name: &str, snapshot: &[u8]) -> MemoryResult<TableId> {
        let id = Self::next_id(store, 0)?;
        Self::tree().put(store, &named(name), &id.to_le_bytes())?;
        Self::tree().put(store, &numbered(SNAPSHOT, id), snapshot)?;
        Ok(id)
    }

    /// Replaces the snapshot of a table.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let id = Registry::add_table(&mut store, "users", b"one")?;
    /// Registry::set_snapshot(&mut store, id, b"two")?;
    /// assert_eq!(Registry::tables(&mut store)?[0].2, b"two");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn set_snapshot<M: MemoryAccess>(store: &mut M, id: TableId, snapshot: &[u8]) -> MemoryResult<()> {
        Self::tree().put(store, &numbered(SNAPSHOT, id), snapshot).map(|_| ())
    }

    /// Removes a table. Its trees are the caller's.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let id = Registry::add_table(&mut store, "users", b"one")?;
    /// Registry::remove_table(&mut store, id, "users")?;
    /// assert!(Registry::tables(&mut store)?.is_empty());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn remove_table<M: MemoryAccess>(store: &mut M, id: TableId, name: &str) -> MemoryResult<()> {
        Self::tree().remove(store, &named(name))?;
        Self::tree().remove(store, &numbered(SNAPSHOT, id))?;
        Ok(())
    }

    /// Gives tables other names, all at once: its id, the old name and the new one of each. No other table has a new name.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let id = Registry::add_table(&mut store, "users", b"one")?;
    /// Registry::rename_tables(&mut store, &[(id, "users".into(), "people".into())])?;
    /// assert_eq!(Registry::tables(&mut store)?[0].1, "people");
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn rename_tables<M: MemoryAccess>(store: &mut M, renamed: &[(TableId, String, String)]) -> MemoryResult<()> {
        for (_, old, _) in renamed {
            Self::tree().remove(store, &named(old))?;
        }
        for (id, _, new) in renamed {
            Self::tree().put(store, &named(new), &id.to_le_bytes())?;
        }
        Ok(())
    }

    /// What was said of each migration that was made, in their order.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// Registry::add_table(&mut store, "users", b"snapshot")?;
    /// Registry::add_migration(&mut store, 0, b"first")?;
    /// Registry::add_migration(&mut store, 1, b"second")?;
    /// assert_eq!(Registry::migrations(&mut store)?, [b"first".to_vec(), b"second".to_vec()]);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn migrations<M: MemoryAccess>(store: &mut M) -> MemoryResult<Vec<Vec<u8>>> {
        let mut migrations = Vec::new();
        let mut cursor = Self::tree().cursor();
        let mut is_on_entry = cursor.seek(store, &[MIGRATION])?;
        let mut key = Vec::new();
        while is_on_entry {
            cursor.read_key(store, &mut key)?;
            if key.first() != Some(&MIGRATION) {
                break;
            }
            migrations.push(cursor.value(store)?.to_vec());
            is_on_entry = cursor.next(store)?;
        }
        Ok(migrations)
    }

    /// Keeps what is said of a migration that was made; `number` were made before.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// Registry::add_table(&mut store, "users", b"snapshot")?;
    /// Registry::add_migration(&mut store, 0, b"first")?;
    /// assert_eq!(Registry::migrations(&mut store)?.len(), 1);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn add_migration<M: MemoryAccess>(store: &mut M, number: u32, migration: &[u8]) -> MemoryResult<()> {
        Self::tree().put(store, &numbered(MIGRATION, number), migration).map(|_| ())
    }

    /// How far a migration in steps has come, if one is under way.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// assert_eq!(Registry::migration_under_way(&mut store)?, None);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn migration_under_way<M: MemoryAccess>(store: &mut M) -> MemoryResult<Option<Vec<u8>>> {
        Ok(Self::tree().get(store, &[UNDER_WAY])?.map(|state| state.to_vec()))
    }

    /// Keeps how far a migration in steps has come; none once it is over.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// Registry::add_table(&mut store, "users", b"snapshot")?;
    /// Registry::set_migration_under_way(&mut store, Some(b"half"))?;
    /// assert_eq!(Registry::migration_under_way(&mut store)?.as_deref(), Some(&b"half"[..]));
    /// Registry::set_migration_under_way(&mut store, None)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn set_migration_under_way<M: MemoryAccess>(store: &mut M, state: Option<&[u8]>) -> MemoryResult<()> {
        match state {
            Some(state) => Self::tree().put(store, &[UNDER_WAY], state).map(|_| ()),
            None => Self::tree().remove(store, &[UNDER_WAY]).map(|_| ()),
        }
    }

    /// A number for a new tree.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// assert_ne!(Registry::add_tree(&mut store)?, Registry::add_tree(&mut store)?);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn add_tree<M: MemoryAccess>(store: &mut M) -> MemoryResult<TreeId> {
        Self::next_id(store, 4)
    }

    /// The state of a tree.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry, TreeState};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let id = Registry::add_tree(&mut store)?;
    /// assert_eq!(Registry::tree_state(&mut store, id)?, TreeState::default());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn tree_state<M: MemoryAccess>(store: &mut M, id: TreeId) -> MemoryResult<TreeState> {
        let mut state = TreeState::default();
        Self::tree().look(store, &numbered(TREE, id), &mut |bytes| state = TreeState::decode(bytes))?;
        Ok(state)
    }

    /// Sets the state of a tree.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry, TreeState};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let id = Registry::add_tree(&mut store)?;
    /// let state = TreeState { rows: 7, ..TreeState::default() };
    /// Registry::set_tree_state(&mut store, id, &state)?;
    /// assert_eq!(Registry::tree_state(&mut store, id)?.rows, 7);
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn set_tree_state<M: MemoryAccess>(store: &mut M, id: TreeId, state: &TreeState) -> MemoryResult<()> {
        Self::tree().put(store, &numbered(TREE, id), &state.encode()).map(|_| ())
    }

    /// Releases every page of a tree and forgets it.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let id = Registry::add_tree(&mut store)?;
    /// Registry::remove_tree(&mut store, id)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn remove_tree<M: MemoryAccess>(store: &mut M, id: TreeId) -> MemoryResult<()> {
        let state = Self::tree_state(store, id)?;
        Tree::at(state.root, id).clear(store)?;
        Self::tree().remove(store, &numbered(TREE, id))?;
        Ok(())
    }

    /// Walks the registry itself, as [`Tree::check`] does.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, Registry};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut findings = Vec::new();
    /// Registry::check(&mut store, &mut |_page| true, &mut findings)?;
    /// assert!(findings.is_empty());
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says.
    pub fn check<M: MemoryAccess>(
        store: &mut M,
        pages: &mut dyn FnMut(Page) -> bool,
        findings: &mut Vec<String>,
    ) -> MemoryResult<()> {
        // A page that cannot be read is a finding of the walk below.
        if store.view(REGISTRY_PAGE, |bytes| bytes.iter().all(|byte| *byte == 0)).unwrap_or(false) {
            pages(REGISTRY_PAGE);
            return Ok(());
        }
        Self::tree().check_as("the registry", store, pages, findings).map(|_| ())
    }

    /// Moves a page of the registry itself in front, as [`Tree::relocate_node`] does.
    ///
    /// ```
    /// use wasm_dbms_memory::{MemoryManager, Options, REGISTRY_PAGE, Registry, Targets};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let mut targets = Targets::claim(&mut store, 1)?;
    /// assert!(!Registry::relocate_node(&mut store, REGISTRY_PAGE, &mut targets)?);
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn relocate_node<M: MemoryAccess>(store: &mut M, page: Page, targets: &mut Targets) -> MemoryResult<bool> {
        Self::tree().relocate_node(store, page, targets)
    }

    /// Goes on with a walk over the registry's chains, as [`Tree::relocate_chains`] does.
    ///
    /// ```
    /// use wasm_dbms_memory::{ChainWalk, MemoryManager, Options, Registry, Targets};
    ///
    /// let mut store = MemoryManager::in_memory(Options::new())?;
    /// let (mut walk, mut targets) = (ChainWalk::default(), Targets::claim(&mut store, 1)?);
    /// assert!(Registry::relocate_chains(&mut store, &mut walk, 10, &mut targets, &mut 100)?);
    /// targets.release(&mut store)?;
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// What the store says, or [`MemoryError::Corrupt`].
    pub fn relocate_chains<M: MemoryAccess>(
        store: &mut M,
        walk: &mut ChainWalk,
        limit: Page,
        targets: &mut Targets,
        pages: &mut usize,
    ) -> MemoryResult<bool> {
        Self::tree().relocate_chains(store, walk, limit, targets, pages)
    }

    /// Counts one of the two id counters up.
    fn next_id<M: MemoryAccess>(store: &mut M, at: usize) -> MemoryResult<u32> {
        if store.view(REGISTRY_PAGE, |bytes| bytes.first() == Some(&0))? {
            Self::tree().clear_leaf(store, REGISTRY_PAGE)?;
        }
        let mut meta = [0; 8];
        if let Some(bytes) = Self::tree().get(store, &[META])? {
            meta = crate::bytes::chunk_at(&bytes, 0).unwrap_or_default();
        }
        let id = u32_at(&meta, at)
            .checked_add(1)
            .ok_or(MemoryError::LimitExceeded { what: "the number of tables and trees", limit: u32::MAX.into() })?;
        put_u32(&mut meta, at, id);
        Self::tree().put(store, &[META], &meta)?;
        Ok(id)
    }
}

fn named(name: &str) -> Vec<u8> {
    [&[NAME], name.as_bytes()].concat()
}

fn numbered(tag: u8, id: u32) -> [u8; 5] {
    let [a, b, c, d] = id.to_be_bytes();
    [tag, a, b, c, d]
}
