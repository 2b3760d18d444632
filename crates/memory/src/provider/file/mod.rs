//! A file as a medium: native systems and WASI.

mod lock;
mod positioned;
mod scratch;

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use wasm_dbms_api::{MemoryError, MemoryResult};

use crate::provider::{Guarantees, MemoryProvider};
use lock::FileLock;
use scratch::ScratchFile;

/// A file, locked exclusively while it is open, or shared if only for reading.
///
/// Natively the lock is the operating system's, on the file itself. Where the host has none (WASI preview 1), it is a
/// lock file beside the database, `<name>.lock`, that holds a token renewed at each sync; one not renewed for
/// [`FileProvider::STALE_LOCK_SECONDS`] is taken over.
#[derive(Debug)]
pub struct FileProvider {
    file: File,
    path: PathBuf,
    lock: FileLock,
    is_read_only: bool,
}

impl FileProvider {
    /// After this time without a sign of life a lock file is taken over (WASI only).
    pub const STALE_LOCK_SECONDS: u64 = lock::STALE_SECONDS;

    /// Opens the file, creating it if it is not there, and locks it.
    ///
    /// ```
    /// use wasm_dbms_memory::{FileProvider};
    ///
    /// let path = std::env::temp_dir().join(format!("wasm-dbms-open-{}.db", std::process::id()));
    /// let one = FileProvider::open(&path)?;
    /// assert!(FileProvider::open(&path).is_err()); // It is locked.
    /// drop(one);
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), wasm_dbms_api::MemoryError>(())
    /// ```
    ///
    /// # Errors
    /// [`MemoryError::Locked`] if another handle has it open; [`MemoryError::Host`] with the path and the system's
    /// words for a directory, a missing permission, a missing parent.
    pub fn open(path: impl AsRef<Path>) -> MemoryResult<Self> {
        let path = path.as_ref();
        let is_new = !path.exists();
        let provider =
            Self::open_with(path, OpenOptions::new().read(true).write(true).create(true).truncate(false), false)?;
        if is_new {
            sync_parent(path);
        }
        Ok(provider)
    }

    /// Opens the file, which must be there, and locks it.
    ///
    /// ```
    /// use wasm_dbms_memory::{FileProvider};
    ///
    /// let nowhere = std::env::temp_dir().join("wasm-dbms-nowhere.db");
    /// assert!(FileProvider::open_existing(&nowhere).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`MemoryError::Host`] if the file is not there.
    pub fn open_existing(path: impl AsRef<Path>) -> MemoryResult<Self> {
        Self::open_with(path.as_ref(), OpenOptions::new().read(true).write(true), false)
    }

    /// Opens the file, which must be there, for reading only, and locks it so that others may do the same and nobody
    /// may write. Neither permission to write nor room on the medium is needed.
    ///
    /// On WASI a live lock file is refused, but a reader makes none: a writer that comes later is not held off.
    ///
    /// ```
    /// use wasm_dbms_memory::{FileProvider};
    ///
    /// let nowhere = std::env::temp_dir().join("wasm-dbms-nowhere.db");
    /// assert!(FileProvider::open_read_only(&nowhere).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`open_existing`](Self::open_existing).
    pub fn open_read_only(path: impl AsRef<Path>) -> MemoryResult<Self> {
        Self::open_with(path.as_ref(), OpenOptions::new().read(true), true)
    }

    fn open_with(path: &Path, options: &OpenOptions, is_read_only: bool) -> MemoryResult<Self> {
        if path.is_dir() {
            let reason = format!("{} is a directory", path.display()).into();
            return Err(Box::new(MemoryError::Host { operation: "open", reason, is_full: false }));
        }
        let failed = |error: io::Error| MemoryError::Host {
            operation: "open",
            reason: format!("{}: {error}", path.display()).into(),
            is_full: is_full(&error),
        };
        let file = options.open(path).map_err(failed)?;
        let lock = if is_read_only { FileLock::share(&file, path)? } else { FileLock::acquire(&file, path)? };
        Ok(Self { file, path: path.to_path_buf(), lock, is_read_only })
    }

    fn check_writable(&self, operation: &'static str) -> MemoryResult<()> {
        if self.is_read_only { Err(Box::new(MemoryError::ReadOnly { operation })) } else { Ok(()) }
    }
}

/// Makes the new directory entry durable. A host that cannot sync a directory is tolerated: the file's own syncs are
/// what the commit protocol rests on.
fn sync_parent(path: &Path) {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let _tolerated = File::open(parent).and_then(|directory| directory.sync_all());
}

/// Whether the system says that there is no room.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

fn host_error(operation: &'static str) -> impl FnOnce(io::Error) -> Box<MemoryError> {
    move |error| Box::new(MemoryError::Host { operation, is_full: is_full(&error), reason: error.to_string().into() })
}

impl Drop for FileProvider {
    fn drop(&mut self) {
        self.lock.release(&self.file);
    }
}

impl MemoryProvider for FileProvider {
    fn size(&self) -> MemoryResult<u64> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(host_error("size"))
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.check_writable("set_size")?;
        self.file.set_len(size).map_err(host_error("set_size"))
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        positioned::read_all(&self.file, buffer, offset).map_err(host_error("read"))
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        self.check_writable("write")?;
        positioned::write_all(&self.file, bytes, offset).map_err(host_error("write"))
    }

    fn sync(&self) -> MemoryResult<()> {
        self.check_writable("sync")?;
        self.lock.renew()?;
        self.file.sync_data().map_err(host_error("sync"))
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: true }
    }

    /// A file beside this one, or, where nothing may be written there, in the folder for temporary files. It has no name
    /// from the moment that it is open, where the system allows that.
    fn scratch(&self) -> MemoryResult<Box<dyn MemoryProvider>> {
        Ok(Box::new(ScratchFile::create(&self.path)?))
    }

    fn entropy(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }
}
