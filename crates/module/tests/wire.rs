//! Bytes that are no values are refused, whatever they are.

use wasm_dbms::Value;
use wasm_dbms_module::Values;

/// Values by their tags and numbers, and what stands behind them.
fn values(values: &[(u8, f64)], pieces: &[u8]) -> Vec<u8> {
    let mut bytes = (values.len() as f64).to_le_bytes().to_vec();
    values.iter().for_each(|(_, number)| bytes.extend(number.to_le_bytes()));
    bytes.extend(values.iter().map(|(tag, _)| *tag));
    bytes.extend(pieces);
    bytes
}

fn is_refused(bytes: &[u8]) -> bool {
    Values::new(bytes).and_then(Values::take_all).is_err()
}

#[test]
fn bytes_of_any_kind_are_values_or_an_error() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..100_000 {
        let length = random.usize(..60);
        let mut bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
        if random.bool() {
            let given: Vec<_> = (0..random.usize(..4)).map(|_| (random.u8(..12), f64::from(random.i8(..)))).collect();
            bytes = values(&given, &bytes);
            bytes.truncate(random.usize(..=bytes.len()));
        }
        let _ = Values::new(&bytes).and_then(Values::take_all);
    }
}

#[test]
fn a_piece_that_is_longer_than_the_bytes_is_refused() {
    for tag in [7, 8, 10] {
        for length in [2.0, f64::MAX] {
            assert!(is_refused(&values(&[(tag, length)], b"1")));
        }
        assert!(!is_refused(&values(&[(tag, 1.0)], b"1")));
    }
}

#[test]
fn more_values_than_there_are_bytes_for_are_refused() {
    for count in [1.0, 1e9, f64::MAX] {
        assert!(is_refused(&f64::to_le_bytes(count)));
    }
    assert!(is_refused(&[]));
}

#[test]
fn texts_of_any_characters_are_read_by_their_length_in_utf16() {
    let texts = ["", "plain", "na\u{ef}ve", "\u{20ac}", "\u{1f600}!", "", "\u{10ffff}"];
    let given: Vec<_> = texts.iter().map(|text| (7, text.encode_utf16().count() as f64)).collect();
    let bytes = values(&given, texts.concat().as_bytes());
    let expected: Vec<_> = texts.iter().map(|text| Value::from(*text)).collect();
    assert_eq!(Values::new(&bytes).and_then(Values::take_all).ok(), Some(expected));
}

#[test]
fn a_text_ends_where_bytes_begin_that_could_go_on_with_it() {
    let bytes = values(&[(7, 1.0), (8, 1.0)], &["\u{e9}".as_bytes(), &[0x80]].concat());
    let expected = vec![Value::from("\u{e9}"), Value::Bytes(vec![0x80])];
    assert_eq!(Values::new(&bytes).and_then(Values::take_all).ok(), Some(expected));
}

#[test]
fn a_character_that_two_texts_share_is_refused() {
    let bytes = values(&[(7, 1.0), (7, 1.0)], "\u{1f600}".as_bytes());
    assert!(is_refused(&bytes));
}

#[test]
fn a_value_of_no_tag_is_refused() {
    assert!(is_refused(&values(&[(99, 0.0)], b"")));
}

#[test]
fn a_text_that_is_no_utf8_is_refused() {
    assert!(is_refused(&values(&[(7, 1.0)], &[255])));
}
