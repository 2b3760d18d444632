//! A run sorts as a list of keys and values does, whatever its keys have in common.

use wasm_dbms_memory::Run;

/// Keys of few letters, so that many are equal or begin alike, behind one of these beginnings.
const BEGINNINGS: [&[u8]; 3] = [b"", b"/a/path", b"https://example.com/"];

fn keys(random: &mut fastrand::Rng, count: usize) -> Vec<Vec<u8>> {
    let beginning = BEGINNINGS[random.usize(..BEGINNINGS.len())];
    let letters = *random.choice(&[2, 200]).unwrap_or(&2);
    let longest = *random.choice(&[3, 12]).unwrap_or(&3);
    let mut key = || {
        let tail = (0..random.usize(..=longest)).map(|_| random.u8(..letters)).collect::<Vec<u8>>();
        [beginning, &tail].concat()
    };
    (0..count).map(|_| key()).collect()
}

fn sorted(keys: &[Vec<u8>]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut run = Run::default();
    for (number, key) in keys.iter().enumerate() {
        run.push(key, &number.to_le_bytes());
    }
    run.sort();
    (0..run.len()).map(|number| run.entry(number)).map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

#[test]
fn entries_of_a_run_stand_in_the_order_of_their_keys_and_equal_ones_as_they_came() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..300 {
        let count = random.usize(..if round % 3 == 0 { 2000 } else { 300 });
        let mut keys = keys(&mut random, count);
        match round % 5 {
            0 => keys.sort(),
            1 => keys.sort_by(|left, right| right.cmp(left)),
            _ => {}
        }
        let mut expected: Vec<_> =
            keys.iter().enumerate().map(|(number, key)| (key.clone(), number.to_le_bytes().to_vec())).collect();
        expected.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(sorted(&keys), expected, "seed {seed}, round {round}");
    }
}
