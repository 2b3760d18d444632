//! `derive(Encode)`: the layout of structs, byte by byte.

use std::borrow::Cow;
use std::fmt::Debug;

use wasm_dbms::{DataSize, Encode as _};
use wasm_dbms_macros::Encode;

#[derive(Encode, Debug, PartialEq)]
struct Header {
    kind: u8,
    page: u32,
    magic: [u8; 3],
    flag: bool,
}

#[derive(Encode, Debug, PartialEq)]
struct Entry {
    key: u16,
    name: String,
    header: Header,
    note: Option<u8>,
    r#type: i8,
}

#[derive(Encode, Debug, PartialEq)]
struct Pair(u64, Vec<u8>);

#[derive(Encode, Debug, PartialEq)]
struct Unit;

#[derive(Encode, Debug, PartialEq)]
struct NoFields {}

#[derive(Encode, Debug, PartialEq)]
struct Nested {
    pair: Pair,
    unit: Unit,
}

const HEADER: [u8; 9] = [7, 4, 3, 2, 1, b'a', b'b', b'c', 1];

fn header() -> Header {
    Header { kind: 7, page: 0x0102_0304, magic: *b"abc", flag: true }
}

fn entry() -> Entry {
    Entry { key: 258, name: "hi".into(), header: header(), note: Some(9), r#type: -1 }
}

/// The value comes back from its bytes, also if others follow, and never from fewer.
fn assert_round_trip<T: wasm_dbms::Encode + Debug + PartialEq>(value: &T) {
    let bytes = value.encode();
    assert_eq!(bytes.len(), value.size() as usize);
    assert_eq!(T::decode(Cow::Borrowed(&bytes)).as_ref(), Ok(value));
    assert_eq!(T::decode(Cow::Owned([&bytes, &[0xff; 9][..]].concat())).as_ref(), Ok(value));
    for length in 0..bytes.len() {
        let cut = bytes.get(..length).map(|cut| T::decode(Cow::Borrowed(cut)));
        assert!(
            matches!(cut, Some(Err(ref error)) if error.is_corrupt()),
            "{length} of {} bytes: {cut:?}",
            bytes.len()
        );
    }
}

#[test]
fn a_struct_of_fixed_fields_is_packed_and_fixed() {
    assert_eq!(Header::SIZE, DataSize::Fixed(9));
    assert_eq!(*header().encode(), HEADER);
    assert_round_trip(&header());
}

#[test]
fn the_alignment_is_the_largest_of_the_fields() {
    assert_eq!((Header::ALIGNMENT, Entry::ALIGNMENT, Pair::ALIGNMENT, Unit::ALIGNMENT), (4, 4, 8, 1));
}

#[test]
fn a_dynamic_field_follows_its_length() {
    assert_eq!(Entry::SIZE, DataSize::Dynamic);
    let name = [6, 0, 0, 0, 2, 0, 0, 0, b'h', b'i'];
    let note = [2, 0, 0, 0, 1, 9];
    assert_eq!(*entry().encode(), [&[2, 1][..], &name, &HEADER, &note, &[0xff]].concat());
    assert_round_trip(&entry());
}

#[test]
fn tuple_structs_and_nested_structs_are_encoded_like_others() {
    let pair = Pair(1, vec![2]);
    assert_eq!(*pair.encode(), [1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2]);
    assert_round_trip(&pair);
    assert_round_trip(&Nested { pair, unit: Unit });
}

#[test]
fn a_struct_without_fields_takes_no_bytes() {
    assert_eq!((Unit::SIZE, NoFields::SIZE), (DataSize::Fixed(0), DataSize::Fixed(0)));
    assert_round_trip(&Unit);
    assert_round_trip(&NoFields {});
}

#[test]
fn a_length_past_the_end_is_an_error_that_names_the_struct() {
    let bytes = [&[0; 8][..], &[0xff; 4], &[0; 4]].concat();
    let error = Pair::decode(Cow::Owned(bytes)).unwrap_err();
    assert_eq!(error.to_string(), "cannot decode Pair: 4 bytes where 4294967295 follow");
}

#[test]
fn a_wrong_byte_in_a_field_is_the_error_of_the_field() {
    let mut bytes = HEADER;
    bytes[8] = 2;
    assert_eq!(Header::decode(Cow::Borrowed(&bytes)).unwrap_err().to_string(), "cannot decode bool: byte 2");
}
