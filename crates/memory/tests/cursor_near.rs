//! A cursor that looks for keys from where it stands finds what one does that goes down from the root.

use fastrand::Rng;
use wasm_dbms_memory::{Cursor, MemoryManager, Options, Tree};

const ENTRIES: usize = 3_000;
const SEEKS: usize = 6_000;

/// Short ones, numbers, and long ones that differ behind what a page keeps of them.
fn key(random: &mut Rng, kind: usize) -> Vec<u8> {
    match kind {
        0 => (0..random.usize(0..6)).map(|_| random.u8(..4) * 60).collect(),
        1 => random.u32(..20_000).to_be_bytes().to_vec(),
        _ => {
            let mut key = vec![b'k'; [3, 400, 512, 2_000][random.usize(..4)]];
            key.extend((0..random.usize(0..5)).map(|_| random.u8(b'i'..=b'm')));
            key
        }
    }
}

/// The next entries, five at most.
fn walk(store: &mut MemoryManager, cursor: &mut Cursor, mut is_on_entry: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    while is_on_entry && found.len() < 5 {
        let mut key = Vec::new();
        cursor.read_key(store, &mut key).unwrap();
        found.push((key, cursor.value(store).unwrap().to_vec()));
        is_on_entry = cursor.next(store).unwrap();
    }
    assert_eq!(cursor.is_on_entry(), is_on_entry);
    found
}

#[test]
fn keys_are_found_from_anywhere_as_from_the_root() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(17);
    println!("SEED={seed}");
    let mut random = Rng::with_seed(seed);
    for kind in 0..3 {
        let mut store = MemoryManager::in_memory(Options::new()).unwrap();
        let mut tree = Tree::new(7);
        for number in 0..ENTRIES {
            tree.put(&mut store, &key(&mut random, kind), &number.to_be_bytes()).unwrap();
        }
        let (mut near, mut last) = (tree.cursor(), Vec::new());
        for _ in 0..SEEKS {
            // Often one a little behind the last, at times the last again or any.
            let wanted = match random.u8(..8) {
                0 => key(&mut random, kind),
                1 => last,
                2 => [last.as_slice(), b"a"].concat(),
                _ => {
                    let mut cursor = tree.cursor();
                    cursor.seek(&mut store, &last).unwrap();
                    (0..random.u8(..40)).for_each(|_| _ = cursor.is_on_entry() && cursor.next(&mut store).unwrap());
                    let mut key = Vec::new();
                    if cursor.is_on_entry() {
                        cursor.read_key(&mut store, &mut key).unwrap();
                    }
                    key
                }
            };
            if random.bool() {
                let found = near.get_near(&mut store, &wanted).unwrap().map(|value| value.to_vec());
                assert_eq!(found, tree.get(&mut store, &wanted).unwrap().map(|value| value.to_vec()), "{wanted:?}");
            } else {
                let end = random.bool().then(|| key(&mut random, kind));
                let mut far = tree.cursor().until(end.clone());
                let is_there = far.seek(&mut store, &wanted).unwrap();
                let expected = walk(&mut store, &mut far, is_there);
                let is_there = near.seek_near(&mut store, &wanted, end).unwrap();
                assert_eq!(walk(&mut store, &mut near, is_there), expected, "{wanted:?}");
            }
            last = wanted;
        }
    }
}
