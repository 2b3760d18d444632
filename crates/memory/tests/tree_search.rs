//! A key is found, and one that is not there is missed, however the keys of a node are spread: a search guesses, and a
//! guess may be wrong.

use std::collections::BTreeSet;

use wasm_dbms_memory::{MemoryManager, Options, Tree};

/// Keys that are spread in a way of their own.
fn keys(spread: usize, random: &mut fastrand::Rng) -> Vec<u8> {
    let text = |random: &mut fastrand::Rng, length: usize, letters: u8| -> Vec<u8> {
        (0..length).map(|_| b'a' + random.u8(..letters)).collect()
    };
    match spread {
        // Evenly, as numbers and as text.
        0 => random.u32(..20_000).to_be_bytes().to_vec(),
        1 => text(random, 12, 26),
        // Mostly at one end, at both, and in steps that double.
        2 => [&[0xFF, 0xFF][..], &random.u16(..).to_be_bytes()].concat(),
        3 => u64::MAX.wrapping_mul(random.u64(..2)).wrapping_add(random.u64(..5000)).to_be_bytes().to_vec(),
        4 => (1u64 << random.u32(..64) | random.u64(..4)).to_be_bytes().to_vec(),
        // The first bytes tell nothing apart.
        5 => [b"same head, other tail".to_vec(), text(random, 3, 20)].concat(),
        6 => [text(random, 5, 2), text(random, 5, 26)].concat(),
        // Short ones, with zeros where a slot fills up with zeros.
        _ => (0..random.usize(..7)).map(|_| random.u8(..3) * 100).collect(),
    }
}

#[test]
fn a_search_finds_what_is_there_and_nothing_else_however_keys_are_spread() {
    let seed = 20_261_128;
    let mut random = fastrand::Rng::with_seed(seed);
    for spread in 0..8 {
        for page_size in [4096, 65_536] {
            let mut store = MemoryManager::in_memory(Options::new().page_size(page_size)).unwrap();
            let mut tree = Tree::new(1);
            let mut model = BTreeSet::new();
            for _ in 0..8000 {
                let key = keys(spread, &mut random);
                tree.put(&mut store, &key, &key.len().to_le_bytes()).unwrap();
                model.insert(key);
            }
            let what = format!("seed {seed}, spread {spread}, pages of {page_size}");
            let (mut rest, mut value) = (Vec::new(), Vec::new());
            for _ in 0..8000 {
                let mut key = keys(spread, &mut random);
                match random.u8(..4) {
                    0 => key.truncate(random.usize(..=key.len())),
                    1 => key.push(random.u8(..2)),
                    _ => {}
                }
                assert_eq!(tree.contains(&mut store, &key).unwrap(), model.contains(&key), "{what}, {key:?}");
                assert_eq!(tree.locate(&mut store, &key).unwrap().is_found(), model.contains(&key), "{what}, {key:?}");
                let first = model.range(key.clone()..).next().filter(|first| first.starts_with(&key));
                let is_found = tree.first_with(&mut store, &key, &mut rest, &mut value).unwrap();
                let found = is_found.then(|| [key.as_slice(), &rest].concat());
                assert_eq!(found.as_ref(), first, "{what}, keys that begin with {key:?}");
                assert!(found.is_none_or(|found| value == found.len().to_le_bytes()), "{what}, {key:?}");
            }
        }
    }
}
