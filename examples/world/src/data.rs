//! Where the CSV text comes from: a small set that is part of the program, or files.

use std::borrow::Cow;
use std::path::Path;

use crate::{Error, Result};

/// CSV text with the name under which its faults are reported.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: Cow<'static, [u8]>,
}

/// The two files of the scenario.
#[derive(Debug, Clone)]
pub struct Data {
    /// Places: `id,name,country,admin1,lat,lng`.
    pub places: Source,
    /// Regions: `code,name`.
    pub regions: Source,
}

impl Source {
    /// Text that is at hand.
    pub fn new(name: impl Into<String>, text: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(source) => Err(Error::Read { file: name, source }),
        }
    }

    /// Name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Length of the text in bytes.
    pub fn bytes(&self) -> u64 {
        self.text.len() as u64
    }

    /// Number, from 1, of the line with the first record at or after byte `offset`.
    ///
    /// The `csv` crate counts the line at which it *began to look* for a record: before the `\n` of a preceding `\r\n`
    /// and before empty lines, so its number is too small for many files. Its byte offset is exact.
    pub fn line(&self, offset: u64) -> u64 {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let (before, rest) = self.text.split_at_checked(offset).unwrap_or((&self.text, &[]));
        let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        1 + before.iter().chain(skipped).filter(|byte| **byte == b'\n').count() as u64
    }
}

impl Data {
    /// The small data set of the program: well known places, written by hand for it.
    pub fn built_in() -> Self {
        Self {
            places: Source::new("data/places.csv", include_bytes!("../data/places.csv").as_slice()),
            regions: Source::new("data/regions.csv", include_bytes!("../data/regions.csv").as_slice()),
        }
    }

    /// The data of two files.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn read(places: &Path, regions: &Path) -> Result<Self> {
        Ok(Self { places: Source::read(places)?, regions: Source::read(regions)? })
    }
}
