//! A throw-away file.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

use wasm_dbms_api::{MemoryError, MemoryResult};

use super::{host_error, is_full, positioned};
use crate::provider::{Guarantees, MemoryProvider};

/// A file that nobody else opens, gone when it is dropped, or, where the system lets an open file lose its name, with
/// the process at the latest.
#[derive(Debug)]
pub(super) struct ScratchFile {
    file: Option<File>,
    /// Where it has a name still.
    path: Option<PathBuf>,
}

impl ScratchFile {
    /// Makes one beside a database, or in the folder for temporary files.
    pub(super) fn create(database: &Path) -> MemoryResult<Self> {
        let mut beside = database.as_os_str().to_owned();
        let token = RandomState::new().build_hasher().finish();
        beside.push(format!(".scratch-{token:016x}"));
        Self::create_at(beside.into()).or_else(|error| Self::create_elsewhere(token).ok_or(error))
    }

    fn create_at(path: PathBuf) -> MemoryResult<Self> {
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => {
                let is_nameless = std::fs::remove_file(&path).is_ok();
                Ok(Self { file: Some(file), path: (!is_nameless).then_some(path) })
            }
            Err(error) => Err(Box::new(MemoryError::Host {
                operation: "scratch",
                reason: format!("{}: {error}", path.display()).into(),
                is_full: is_full(&error),
            })),
        }
    }

    #[cfg(not(target_family = "wasm"))]
    fn create_elsewhere(token: u64) -> Option<Self> {
        Self::create_at(std::env::temp_dir().join(format!("wasm-dbms-scratch-{token:016x}"))).ok()
    }

    /// A module sees only the folders that it was given.
    #[cfg(target_family = "wasm")]
    fn create_elsewhere(_token: u64) -> Option<Self> {
        None
    }

    fn file(&self) -> MemoryResult<&File> {
        self.file.as_ref().ok_or(Box::new(MemoryError::Host {
            operation: "scratch",
            reason: "closed".into(),
            is_full: false,
        }))
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        // Some systems remove a file only once it is closed.
        self.file = None;
        if let Some(path) = &self.path {
            let _tolerated = std::fs::remove_file(path);
        }
    }
}

impl MemoryProvider for ScratchFile {
    fn size(&self) -> MemoryResult<u64> {
        self.file()?.metadata().map(|metadata| metadata.len()).map_err(host_error("size"))
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        self.file()?.set_len(size).map_err(host_error("set_size"))
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        positioned::read_all(self.file()?, buffer, offset).map_err(host_error("read"))
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        positioned::write_all(self.file()?, bytes, offset).map_err(host_error("write"))
    }

    fn sync(&self) -> MemoryResult<()> {
        Ok(())
    }

    fn guarantees(&self) -> Guarantees {
        Guarantees { is_persistent: false }
    }
}
