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

#[cfg(not(target_family = "wasm"))]
use std::fs::File;
use std::path::Path;

use wasm_dbms_api::MemoryError;
#[cfg(not(target_family = "wasm"))]
use wasm_dbms_api::MemoryResult;

/// After this time without a sign of life a lock file is taken over.
pub(super) const STALE_SECONDS: u64 = 30;

fn locked(path: &Path, holder: String) -> Box<MemoryError> {
    Box::new(MemoryError::Locked { what: path.display().to_string().into(), holder: holder.into() })
}

/// The system's lock on the file itself.
#[cfg(not(target_family = "wasm"))]
#[derive(Debug)]
pub(super) struct FileLock;

#[cfg(not(target_family = "wasm"))]
impl FileLock {
    pub(super) fn acquire(file: &File, path: &Path) -> MemoryResult<Self> {
        Self::taken(file.try_lock(), path)
    }

    /// The lock of one that only reads: it keeps writers away, not other readers.
    pub(super) fn share(file: &File, path: &Path) -> MemoryResult<Self> {
        Self::taken(file.try_lock_shared(), path)
    }

    fn taken(result: Result<(), std::fs::TryLockError>, path: &Path) -> MemoryResult<Self> {
        match result {
            Ok(()) => Ok(Self),
            Err(std::fs::TryLockError::WouldBlock) => Err(locked(path, "another handle holds its lock".into())),
            Err(std::fs::TryLockError::Error(error)) => Err(Box::new(MemoryError::Host {
                operation: "lock",
                reason: format!("{}: {error}", path.display()).into(),
                is_full: false,
            })),
        }
    }

    /// The system's lock needs no sign of life; WASI's does.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the face of both kinds")]
    pub(super) fn renew(&self) -> MemoryResult<()> {
        Ok(())
    }

    /// Gives the lock up at once. Closing the file would too, but only when the last copy of its handle is gone, and a
    /// child process that another thread is just starting has one for a moment.
    #[expect(clippy::unused_self, reason = "the face of both kinds")]
    pub(super) fn release(&self, file: &File) {
        let _closing_does_it_too = file.unlock();
    }
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

        /// A reader makes no lock file; it only looks whether a writer lives.
        pub(crate) fn share(_file: &File, database: &Path) -> MemoryResult<Self> {
            Self::share_at(database, now())
        }

        pub(super) fn share_at(database: &Path, now: u64) -> MemoryResult<Self> {
            let lock = Self::of(database, now);
            let age_seconds = now.saturating_sub(lock.last_sign_of_life());
            if lock.path.exists() && age_seconds < STALE_SECONDS {
                let holder = format!("{} shows a sign of life {age_seconds} seconds ago", lock.path.display());
                return Err(locked(database, holder));
            }
            Ok(lock)
        }

        fn of(database: &Path, now: u64) -> Self {
            let mut name = database.as_os_str().to_owned();
            name.push(".lock");
            let token = RandomState::new().build_hasher().finish();
            Self { path: name.into(), token, renewed: Cell::new(now) }
        }

        pub(super) fn acquire_at(database: &Path, now: u64) -> MemoryResult<Self> {
            let lock = Self::of(database, now);
            match OpenOptions::new().write(true).create_new(true).open(&lock.path) {
                Ok(_) => {
                    if let Err(error) = lock.write(now) {
                        // A full disk: an empty lock file would keep everyone out until it is stale.
                        let _tolerated = std::fs::remove_file(&lock.path);
                        return Err(error);
                    }
                }
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
                    let refused = lock.refused(&error);
                    std::mem::forget(lock);
                    return Err(refused);
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

        /// Shows a sign of life, at most once a second.
        ///
        /// # Errors
        /// [`MemoryError::Locked`] if another handle took the lock over meanwhile: nothing may be written any more.
        pub(crate) fn renew(&self) -> MemoryResult<()> {
            self.renew_at(now())
        }

        fn renew_at(&self, now: u64) -> MemoryResult<()> {
            if now == self.renewed.get() {
                return Ok(());
            }
            if self.holder() != Some(self.token) {
                return Err(locked(&self.path, "it was taken over after a long silence".into()));
            }
            self.renewed.set(now);
            self.write(now)
        }

        /// The lock file goes when the lock is dropped.
        #[expect(clippy::unused_self, reason = "the face of both kinds")]
        pub(crate) fn release(&self, _file: &File) {}

        fn write(&self, now: u64) -> MemoryResult<()> {
            let mut bytes = [0; 16];
            crate::bytes::put_u64(&mut bytes, 0, self.token);
            crate::bytes::put_u64(&mut bytes, 8, now);
            // In place: on a full disk there is room for what is there already.
            let file = OpenOptions::new().write(true).open(&self.path);
            file.and_then(|mut file| file.write_all(&bytes)).map_err(|error| self.refused(&error))
        }

        fn refused(&self, error: &std::io::Error) -> Box<MemoryError> {
            let reason = format!("{}: {error}", self.path.display()).into();
            Box::new(MemoryError::Host { operation: "lock", reason, is_full: super::super::is_full(error) })
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

        /// The second that the lock file states; of one whose holder has only just made it, when that was.
        fn last_sign_of_life(&self) -> u64 {
            let bytes = self.read();
            if bytes.len() >= 16 {
                return u64_at(&bytes, 8);
            }
            let modified = std::fs::metadata(&self.path).and_then(|metadata| metadata.modified());
            modified.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |elapsed| elapsed.as_secs())
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
            assert!(matches!(*refused, MemoryError::Locked { .. }), "{refused}");
        }

        #[test]
        fn readers_are_refused_while_a_writer_lives_and_hold_nobody_off() {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("a.db");
            let readers = [FileLock::share_at(&database, 999).unwrap(), FileLock::share_at(&database, 999).unwrap()];
            let writer = FileLock::acquire_at(&database, 1000).unwrap();
            assert!(matches!(*FileLock::share_at(&database, 1010).unwrap_err(), MemoryError::Locked { .. }));
            drop(readers);
            assert!(matches!(*FileLock::acquire_at(&database, 1010).unwrap_err(), MemoryError::Locked { .. }));
            drop(writer);
            FileLock::share_at(&database, 1010).unwrap();
        }

        #[test]
        fn the_lock_goes_with_its_holder() {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("a.db");
            drop(FileLock::acquire_at(&database, 1000).unwrap());
            FileLock::acquire_at(&database, 1001).unwrap();
        }

        #[test]
        fn a_holder_that_was_silent_too_long_learns_that_it_lost_the_lock() {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("a.db");
            let silent = FileLock::acquire_at(&database, 1000).unwrap();
            let heir = FileLock::acquire_at(&database, 1000 + STALE_SECONDS).unwrap();
            let lost = silent.renew_at(1001 + STALE_SECONDS).unwrap_err();
            assert!(matches!(*lost, MemoryError::Locked { .. }), "{lost}");
            heir.renew_at(1002 + STALE_SECONDS).unwrap();
        }

        #[test]
        fn a_lock_file_that_its_holder_has_only_just_made_is_not_stale() {
            let folder = tempfile::tempdir().unwrap();
            let database = folder.path().join("a.db");
            std::fs::write(folder.path().join("a.db.lock"), []).unwrap();
            let refused = FileLock::acquire_at(&database, now()).unwrap_err();
            assert!(matches!(*refused, MemoryError::Locked { .. }), "{refused}");
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
