//! Media in memory: what the component asks of its host.

use std::collections::HashMap;

use wasmtime::component::Resource;

use crate::bindings::wasm_dbms::database::media::{Cause, Host, HostMedium, Refusal};

/// Media by their names, and which are open.
#[derive(Default)]
pub struct Media {
    bytes: HashMap<String, Vec<u8>>,
    open: HashMap<u32, String>,
    pub syncs: u32,
}

/// The type behind the handles of `medium`.
pub struct Medium;

type Answer<T> = Result<T, Refusal>;

impl Media {
    fn of(&mut self, medium: &Resource<Medium>) -> Answer<&mut Vec<u8>> {
        let closed = || Refusal { cause: Cause::Other, words: "it is closed".to_owned() };
        let name = self.open.get(&medium.rep()).ok_or_else(closed)?;
        self.bytes.get_mut(name).ok_or_else(closed)
    }
}

impl Host for Media {
    fn open(&mut self, name: String) -> Answer<Resource<Medium>> {
        if self.open.values().any(|open| *open == name) {
            return Err(Refusal { cause: Cause::Locked, words: "it is open here".to_owned() });
        }
        let number = self.open.keys().max().map_or(1, |last| last + 1);
        self.bytes.entry(name.clone()).or_default();
        self.open.insert(number, name);
        Ok(Resource::new_own(number))
    }
}

impl HostMedium for Media {
    fn size(&mut self, medium: Resource<Medium>) -> Answer<u64> {
        Ok(self.of(&medium)?.len() as u64)
    }

    fn set_size(&mut self, medium: Resource<Medium>, size: u64) -> Answer<()> {
        self.of(&medium)?.resize(size as usize, 0);
        Ok(())
    }

    fn read(&mut self, medium: Resource<Medium>, offset: u64, length: u32) -> Answer<Vec<u8>> {
        let bytes = self.of(&medium)?;
        let start = bytes.len().min(offset as usize);
        let end = bytes.len().min(start + length as usize);
        Ok(bytes[start..end].to_vec())
    }

    fn write(&mut self, medium: Resource<Medium>, offset: u64, written: Vec<u8>) -> Answer<()> {
        let bytes = self.of(&medium)?;
        let end = offset as usize + written.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset as usize..end].copy_from_slice(&written);
        Ok(())
    }

    fn sync(&mut self, _: Resource<Medium>) -> Answer<()> {
        self.syncs += 1;
        Ok(())
    }

    fn is_persistent(&mut self, _: Resource<Medium>) -> bool {
        true
    }

    fn drop(&mut self, medium: Resource<Medium>) -> wasmtime::Result<()> {
        self.open.remove(&medium.rep());
        Ok(())
    }
}
