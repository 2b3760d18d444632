//! What a workload runs on: a bare store with a tree of keys, or a database with tables.

use wasm_dbms::{Database, Durability, MemoryProvider, Options};
use wasm_dbms_memory::{MemoryAccess, MemoryManager, REGISTRY_PAGE};

use crate::workload::keys::{self, Digest, Entries};
use crate::workload::{Kind, Trouble, tables};

/// An open store.
#[derive(Debug)]
pub(crate) enum Store {
    Keys(Box<MemoryManager>),
    Tables(Box<Database>),
}

impl Store {
    pub(crate) fn open(kind: Kind, options: Options, medium: impl MemoryProvider + 'static) -> Result<Self, Trouble> {
        Ok(match kind {
            Kind::Keys => Self::Keys(Box::new(MemoryManager::open(Box::new(medium), options)?)),
            Kind::Tables => Self::Tables(Box::new(Database::open_with(medium, options)?)),
        })
    }

    /// Reads and checks everything; says in a number what it was.
    pub(crate) fn digest(&mut self) -> Result<u64, Trouble> {
        match self {
            Self::Keys(store) => {
                let pages = store.page_count();
                keys_digest(store.as_mut(), pages)
            }
            Self::Tables(db) => tables::digest(db),
        }
    }

    /// The entries of the tree of keys.
    pub(crate) fn entries(&mut self) -> Result<Entries, Trouble> {
        match self {
            Self::Keys(store) => keys::content(store).map(|(_, entries)| entries).map_err(Trouble::Wrong),
            Self::Tables(_) => Ok(Entries::new()),
        }
    }

    pub(crate) fn sync(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Keys(store) => Ok(store.sync()?),
            Self::Tables(db) => Ok(db.sync()?),
        }
    }

    /// One step of a scrub; says whether it was the last.
    pub(crate) fn scrub_step(&mut self, pages: usize) -> Result<bool, Trouble> {
        match self {
            Self::Keys(store) => Ok(store.scrub_step(pages)?),
            Self::Tables(db) => Ok(db.scrub_step(pages)?),
        }
    }

    /// One step of giving pages back; says whether it was the last.
    pub(crate) fn shrink_step(&mut self, pages: usize) -> Result<bool, Trouble> {
        match self {
            Self::Keys(store) => Ok(store.release_tail().map(|_| true)?),
            Self::Tables(db) => Ok(db.vacuum_step(pages)?.is_done),
        }
    }

    pub(crate) fn close(self) -> Result<(), Trouble> {
        match self {
            Self::Keys(store) => Ok(store.close()?),
            Self::Tables(db) => Ok(db.close()?),
        }
    }

    /// Whether writes are refused since a failure.
    pub(crate) fn is_poisoned(&mut self) -> bool {
        match self {
            Self::Keys(store) => {
                let refused = store.edit(REGISTRY_PAGE, |_| ()).is_err();
                store.discard();
                refused
            }
            Self::Tables(db) => tables::roll_back(db, 0, &mut fastrand::Rng::with_seed(0)).is_err(),
        }
    }

    /// One commit more, and a clean close. Says in a number what must stand then.
    pub(crate) fn write_more_and_close(self, serial: u64) -> Result<u64, Trouble> {
        let mut random = fastrand::Rng::with_seed(serial);
        match self {
            Self::Keys(mut store) => {
                let (_, mut entries) = keys::content(&mut store).map_err(Trouble::Wrong)?;
                keys::change(store.as_mut(), &mut entries, serial, keys::Change::Some, &mut random)?;
                store.commit(Durability::Full)?;
                store.close()?;
                Ok(keys::digest_of(serial, &entries))
            }
            Self::Tables(db) => {
                let mut expected = None;
                let expect = (&mut expected, false);
                tables::commit(&db, serial, tables::Change::Insert, Durability::Full, &mut random, expect)?;
                db.close()?;
                Ok(expected.unwrap_or_default())
            }
        }
    }
}

/// Reads and checks everything in a store with a tree of keys.
pub(crate) fn keys_digest<M: MemoryAccess>(store: &mut M, pages: u32) -> Result<u64, Trouble> {
    let mut digest = Digest::new();
    let serial = keys::read(store, pages, &mut |key, value| digest.add(key, value))?;
    Ok(digest.finish(serial))
}
