//! The providers of this crate keep the contract too, and one that breaks it is found out.

use wasm_dbms_api::MemoryResult;
use wasm_dbms_memory::{Guarantees, HeapProvider, MemoryProvider};
use wasm_dbms_sim::{Faulty, Recorder};

mod recorder {
    wasm_dbms_sim::conformance!({
        let medium = wasm_dbms_sim::Recorder::new(wasm_dbms_sim::Faulty::new(wasm_dbms_memory::HeapProvider::new()));
        move || medium.clone()
    });
}

mod boxed {
    wasm_dbms_sim::conformance!({
        let heap = wasm_dbms_memory::HeapProvider::new();
        move || -> Box<dyn wasm_dbms_memory::MemoryProvider> { Box::new(heap.clone()) }
    });
}

/// A way to break the contract.
#[derive(Debug, Clone, Copy)]
enum Breach {
    GrowsWithGarbage,
    ShortReadIsAnError,
    WriteDoesNotGrow,
    LosesWhatWasSynced,
    ReadsTooMuch,
}

#[derive(Clone)]
struct Broken(HeapProvider, Breach);

impl MemoryProvider for Broken {
    fn size(&self) -> MemoryResult<u64> {
        self.0.size()
    }

    fn set_size(&self, size: u64) -> MemoryResult<()> {
        let before = self.0.size()?;
        self.0.set_size(size)?;
        if let (Breach::GrowsWithGarbage, true) = (self.1, size > before) {
            self.0.write(size - 1, &[1])?;
        }
        Ok(())
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> MemoryResult<usize> {
        let count = self.0.read(offset, buffer)?;
        match self.1 {
            Breach::ShortReadIsAnError if count < buffer.len() => Err(Box::new(wasm_dbms_api::MemoryError::Host {
                operation: "read",
                reason: "the end".into(),
                is_full: false,
            })),
            Breach::ReadsTooMuch => {
                buffer[count..].fill(0);
                Ok(buffer.len())
            }
            _ => Ok(count),
        }
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> MemoryResult<usize> {
        match self.1 {
            Breach::WriteDoesNotGrow if offset + bytes.len() as u64 > self.0.size()? => Ok(0),
            _ => self.0.write(offset, bytes),
        }
    }

    fn sync(&self) -> MemoryResult<()> {
        self.0.sync()
    }

    fn guarantees(&self) -> Guarantees {
        self.0.guarantees()
    }
}

#[test]
fn every_breach_of_the_contract_is_found() {
    for breach in [
        Breach::GrowsWithGarbage,
        Breach::ShortReadIsAnError,
        Breach::WriteDoesNotGrow,
        Breach::LosesWhatWasSynced,
        Breach::ReadsTooMuch,
    ] {
        let medium = || {
            let heap = HeapProvider::new();
            move || {
                if let Breach::LosesWhatWasSynced = breach {
                    heap.set_size(0).unwrap();
                }
                Broken(heap.clone(), breach)
            }
        };
        let mut found = Vec::new();
        wasm_dbms_sim::conformance::all(medium, &mut |name, verdict| found.extend(verdict.err().map(|_| name)));
        assert!(!found.is_empty(), "{breach:?}");
    }
}

#[test]
fn a_provider_that_keeps_the_contract_passes_every_check() {
    let mut checks = 0;
    let medium = || {
        let medium = Recorder::new(Faulty::new(HeapProvider::new()));
        move || medium.clone()
    };
    wasm_dbms_sim::conformance::all(medium, &mut |name, verdict| {
        checks += 1;
        assert_eq!(verdict, Ok(()), "{name}");
    });
    assert_eq!(checks, 14);
}
