//! One opener at a time.
//!
//! Two kinds, one face. Natively [`File::try_lock`]: the system releases it when the process dies. On WASI a lock file
//! `<database>.lock` beside the database, created exclusively. It holds the holder's token and the second of its last
//! sign of life:
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `u64` token of the holder |
//! | 8..16 | `u64` second (Unix time) of its last sign of life |
//!
//! The holder renews it at each sync, at most once a second, and removes it when it closes. A lock file without a sign
//! of life for [`STALE_SECONDS`] is taken over.

use std::fs::File;
use std::path::Path;

use wasm_dbms_api::{MemoryError, MemoryResult};

/// After this time without a sign of life a lock file is taken over.
pub(super) const STALE_SECONDS: u64 = 30;

fn locked(path: &Path, holder: String) -> MemoryError {
    MemoryError::Locked { what: path.display().to_string().into(), holder: holder.into() }
}

#[cfg(not(target_family = "wasm"))]
#[derive(Debug)]
pub(super) struct FileLock;

#[cfg(not(target_family = "wasm"))]
impl FileLock {
    pub(super) fn acquire(file: &File, path: &Path) -> MemoryResult<Self> {
        match file.try_lock() {
            Ok(()) => Ok(Self),
            Err(std::fs::TryLockError::WouldBlock) => Err(locked(path, "another handle holds its lock".into())),
            Err(std::fs::TryLockError::Error(error)) => Err(MemoryError::Host {
                operation: "lock",
                reason: format!("{}: {error}", path.display()).into(),
                is_full: false,
            }),
        }
    }

    #[expect(clippy::unused_self, reason = "the system's lock needs no sign of life; WASI's does")]
    pub(super) fn renew(&self) {}
}

#[cfg(target_family = "wasm")]
pub(super) use lock_file::FileLock;

/// The lock file. Compiled for tests too, so that its rules are tested natively.
#[cfg(any(target_family = "wasm", test))]
#[cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "natively only its tests use it"))]
mod lock_file {
    use std::cell::Cell;
    use std::fs::{File, OpenOptions};
    use std::hash::{BuildHasher, Hasher, RandomState};
    use std::io::{ErrorKind, Read, Write};
    use std::path::{Path, PathBuf};
    use std::time::{SystemTime, UNIX_EPOCH};

    use wasm_dbms_api::{MemoryError, MemoryResult};

    use super::{STALE_SECONDS, locked};
    use crate::bytes::{chunk_at, u64_at};

    #[derive(Debug)]
    pub(crate) struct FileLock {
        path: PathBuf,
        token: u64,
        renewed: Cell<u64>,
    }

    impl FileLock {
        pub(crate) fn acquire(_file: &File, database: &Path) -> MemoryResult<Self> {
            Self::acquire_at(database, now())
        }

        pub(super) fn acquire_at(database: &Path, now: u64) -> MemoryResult<Self> {
            let mut name = database.as_os_str().to_owned();
            name.push(".lock");
            let lock =
                Self { path: name.into(), token: RandomState::new().build_hasher().finish(), renewed: Cell::new(now) };
            match OpenOptions::new().write(true).create_new(true).open(&lock.path) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let age_seconds = now.saturating_sub(lock.last_sign_of_life());
                    if age_seconds < STALE_SECONDS {
                        let path = lock.path.display();
                        let holder = format!("{path} shows a sign of life {age_seconds} seconds ago");
                        // Not ours: it must not be removed when `lock` goes.
                        std::mem::forget(lock);
                        return Err(locked(database, holder));
                    }
                }
                Err(error) => {
                    let reason = format!("{}: {error}", lock.path.display()).into();
                    std::mem::forget(lock);
                    return Err(MemoryError::Host { operation: "lock", reason, is_full: false });
                }
            }
            lock.write(now)?;
            // Two that take over a stale lock at once both write; the one whose token stands has it.
            if lock.holder() != Some(lock.token) {
                let holder = format!("{} was taken over at the same moment", lock.path.display());
                std::mem::forget(lock);
                return Err(locked(database, holder));
            }
            Ok(lock)
        }

        /// Shows a sign of life, at most once a second. A failure is tolerated: the lock then grows stale, and the
        /// file's own syncs report what is wrong with the medium.
        pub(crate) fn renew(&self) {
            let now = now();
            if now != self.renewed.get() {
                self.renewed.set(now);
                let _tolerated = self.write(now);
            }
        }

        fn write(&self, now: u64) -> MemoryResult<()> {
            let mut bytes = [0; 16];
            crate::bytes::put_u64(&mut bytes, 0, self.token);
            crate::bytes::put_u64(&mut bytes, 8, now);
            OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(&self.path)
                .and_then(|mut file| file.write_all(&bytes))
                .map_err(|error| MemoryError::Host {
                    operation: "lock",
                    reason: format!("{}: {error}", self.path.display()).into(),
                    is_full: false,
                })
        }

        fn read(&self) -> Vec<u8> {
            let mut bytes = Vec::new();
            let file = File::open(&self.path);
            let _absent_or_short = file.and_then(|file| file.take(16).read_to_end(&mut bytes));
            bytes
        }

        fn holder(&self) -> Option<u64> {
            chunk_at(&self.read(), 0).map(u64::from_le_bytes)
        }

        fn last_sign_of_life(&self) -> u64 {
            u64_at(&self.read(), 8)
        }
    }

    impl Drop for FileLock {
        fn drop(&mut self) {
            if self.holder() == Some(self.token) {
                let _tolerated = std::fs::remove_file(&self.path);
            }
        }
    }

    fn now() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_second_opener_is_refused_while_the_first_lives() {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("a.db");
            let _first = FileLock::acquire_at(&database, 1000).unwrap();
            let refused = FileLock::acquire_at(&database, 1010).unwrap_err();
            assert!(matches!(refused, MemoryError::Locked { .. }), "{refused}");
        }

        #[test]
        fn the_lock_goes_with_its_holder() {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("a.db");
            drop(FileLock::acquire_at(&database, 1000).unwrap());
            FileLock::acquire_at(&database, 1001).unwrap();
        }

        #[test]
        fn a_stale_lock_is_taken_over_and_its_late_holder_leaves_it_alone() {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("a.db");
            let crashed = FileLock::acquire_at(&database, 1000).unwrap();
            let heir = FileLock::acquire_at(&database, 1000 + STALE_SECONDS).unwrap();
            drop(crashed);
            assert_eq!(heir.holder(), Some(heir.token));
        }
    }
}
