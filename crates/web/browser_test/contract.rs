//! What a `MemoryProvider` promises, checked on any of them through nothing but its face. The first broken promise is
//! the error.

use wasm_dbms::{MemoryError, MemoryProvider, MemoryResult};

/// Past the end of every medium here.
const FAR_AWAY: u64 = 1 << 40;

/// Checks an empty medium; it is empty again afterwards.
pub(crate) fn check(provider: &dyn MemoryProvider) -> Result<(), String> {
    a_new_medium_is_empty(provider)?;
    what_was_written_is_read_and_a_read_at_the_end_is_short(provider)?;
    a_write_past_the_end_grows_the_medium_with_zeros(provider)?;
    setting_the_size_grows_with_zeros_and_shrinks(provider)?;
    nothing_is_a_transfer_too(provider)?;
    large_transfers_are_whole(provider)?;
    a_size_that_no_host_can_give_is_refused(provider)?;
    scratch_space_is_another_medium(provider)?;
    it_agrees_with_a_model(provider, 7)?;
    clear(provider)
}

/// Leaves bytes for [`check_what_was_left`].
pub(crate) fn leave_bytes(provider: &dyn MemoryProvider) -> Result<(), String> {
    done("write", provider.write(100, b"left behind"))?;
    done("set_size", provider.set_size(4000))?;
    done("sync", provider.sync())
}

/// What was synced is there when the medium is opened again.
pub(crate) fn check_what_was_left(provider: &dyn MemoryProvider) -> Result<(), String> {
    expect("the size after opening again", provider.size(), &4000)?;
    let mut expected = vec![0; 4000];
    expected[100..111].copy_from_slice(b"left behind");
    expect_bytes(provider, 0, 5000, &expected)?;
    clear(provider)
}

fn a_new_medium_is_empty(provider: &dyn MemoryProvider) -> Result<(), String> {
    expect("the size of a new medium", provider.size(), &0)?;
    expect_bytes(provider, 0, 8, b"")
}

fn what_was_written_is_read_and_a_read_at_the_end_is_short(provider: &dyn MemoryProvider) -> Result<(), String> {
    clear(provider)?;
    expect("bytes written", provider.write(0, b"0123456789"), &10)?;
    expect("bytes written over others", provider.write(4, b"abc"), &3)?;
    expect("the size", provider.size(), &10)?;
    expect_bytes(provider, 2, 6, b"23abc7")?;
    expect_bytes(provider, 8, 6, b"89")?;
    expect_bytes(provider, 10, 6, b"")?;
    expect_bytes(provider, FAR_AWAY, 6, b"")?;
    done("sync", provider.sync())?;
    expect_bytes(provider, 0, 10, b"0123abc789")
}

fn a_write_past_the_end_grows_the_medium_with_zeros(provider: &dyn MemoryProvider) -> Result<(), String> {
    clear(provider)?;
    expect("bytes written past the end", provider.write(6, b"ab"), &2)?;
    expect("the size after writing past the end", provider.size(), &8)?;
    expect_bytes(provider, 0, 8, b"\0\0\0\0\0\0ab")
}

fn setting_the_size_grows_with_zeros_and_shrinks(provider: &dyn MemoryProvider) -> Result<(), String> {
    clear(provider)?;
    done("write", provider.write(0, b"0123456789"))?;
    done("set_size", provider.set_size(4))?;
    expect_bytes(provider, 0, 10, b"0123")?;
    done("set_size", provider.set_size(6))?;
    expect("the size after growing", provider.size(), &6)?;
    expect_bytes(provider, 0, 10, b"0123\0\0")?;
    done("set_size", provider.set_size(0))?;
    expect("the size after shrinking to nothing", provider.size(), &0)
}

fn nothing_is_a_transfer_too(provider: &dyn MemoryProvider) -> Result<(), String> {
    clear(provider)?;
    expect("no bytes written", provider.write(0, b""), &0)?;
    expect("the size after writing no bytes", provider.size(), &0)?;
    expect_bytes(provider, 0, 0, b"")
}

fn large_transfers_are_whole(provider: &dyn MemoryProvider) -> Result<(), String> {
    clear(provider)?;
    let mut random = fastrand::Rng::with_seed(3);
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(3 << 20).collect();
    expect("bytes of a large write", provider.write(1, &bytes), &bytes.len())?;
    expect_bytes(provider, 1, bytes.len() + 1, &bytes)
}

fn a_size_that_no_host_can_give_is_refused(provider: &dyn MemoryProvider) -> Result<(), String> {
    clear(provider)?;
    expect_refusal("a size of 2^64 - 1", provider.set_size(u64::MAX))?;
    expect_refusal("a write that ends past 2^64", provider.write(u64::MAX - 3, b"01234"))?;
    expect_refusal("a write that ends at 2^64 - 1", provider.write(u64::MAX - 4, b"0123"))?;
    expect("the size after these", provider.size(), &0)
}

fn scratch_space_is_another_medium(provider: &dyn MemoryProvider) -> Result<(), String> {
    let scratch = provider.scratch().map_err(|error| format!("scratch: {error}"))?;
    expect("bytes written to scratch space", scratch.write(0, b"spilled"), &7)?;
    expect("the size after that", provider.size(), &0)
}

/// Random operations, against a vector.
fn it_agrees_with_a_model(provider: &dyn MemoryProvider, seed: u64) -> Result<(), String> {
    clear(provider)?;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut model: Vec<u8> = Vec::new();
    for step in 0..600 {
        let offset = random.usize(..40_000);
        let length = random.usize(..9_000);
        let outcome = match random.u8(..10) {
            0 => {
                model.resize(offset, 0);
                done("set_size", provider.set_size(offset as u64))
            }
            1 => done("sync", provider.sync()),
            2..=5 => {
                let bytes = vec![random.u8(..); length];
                if !bytes.is_empty() {
                    model.resize(model.len().max(offset + length), 0);
                    model[offset..offset + length].copy_from_slice(&bytes);
                }
                expect("bytes written", provider.write(offset as u64, &bytes), &length)
            }
            _ => {
                let there = model.get(offset..).unwrap_or_default();
                expect_bytes(provider, offset as u64, length, &there[..there.len().min(length)])
            }
        };
        outcome
            .and_then(|()| expect("the size", provider.size(), &(model.len() as u64)))
            .map_err(|broken| format!("seed {seed}, step {step}: {broken}"))?;
    }
    Ok(())
}

fn clear(provider: &dyn MemoryProvider) -> Result<(), String> {
    done("set_size", provider.set_size(0))
}

fn done<T>(what: &str, result: MemoryResult<T>) -> Result<(), String> {
    result.map(drop).map_err(|error| format!("{what}: {error}"))
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: MemoryResult<T>, expected: &T) -> Result<(), String> {
    match found {
        Ok(found) if found == *expected => Ok(()),
        Ok(found) => Err(format!("{what}: {found:?} instead of {expected:?}")),
        Err(error) => Err(format!("{what}: {error}")),
    }
}

/// Reads up to `length` bytes, and looks that nothing past the count was touched.
fn expect_bytes(provider: &dyn MemoryProvider, offset: u64, length: usize, expected: &[u8]) -> Result<(), String> {
    let mut buffer = vec![0xEE; length + 1];
    expect(&format!("bytes read at {offset}"), provider.read(offset, &mut buffer[..length]), &expected.len())?;
    let (read, rest) = buffer.split_at(expected.len());
    if let Some(wrong) = read.iter().zip(expected).position(|(found, expected)| found != expected) {
        return Err(format!("byte {wrong} read at {offset} is {} instead of {}", read[wrong], expected[wrong]));
    }
    match rest.iter().all(|byte| *byte == 0xEE) {
        true => Ok(()),
        false => Err(format!("the read at {offset} touched bytes past its count")),
    }
}

fn expect_refusal<T: std::fmt::Debug>(what: &str, outcome: MemoryResult<T>) -> Result<(), String> {
    match outcome {
        Err(error) if matches!(*error, MemoryError::Host { .. } | MemoryError::LimitExceeded { .. }) => Ok(()),
        other => Err(format!("{what} was not refused by a typed error of the host: {other:?}")),
    }
}
