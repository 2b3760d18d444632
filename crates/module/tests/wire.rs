//! Bytes that are no parameters are refused, whatever they are.

use wasm_dbms_module::read_values;

#[test]
fn bytes_of_any_kind_are_values_or_an_error() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..100_000 {
        let length = random.usize(..40);
        // Small bytes are tags and lengths, large ones neither.
        let bytes: Vec<u8> = (0..length).map(|_| if random.bool() { random.u8(..12) } else { random.u8(..) }).collect();
        let _ = read_values(&bytes);
    }
}

#[test]
fn a_length_that_is_longer_than_the_bytes_is_refused() {
    for tag in [7, 8, 10] {
        assert!(read_values(&[tag, 255, 255, 255, 255, b'x']).is_err());
        assert!(read_values(&[tag, 2, 0, 0]).is_err());
    }
    assert!(read_values(&[99]).is_err());
}
