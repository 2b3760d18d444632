//! What the reader makes of CSV lines, and what it says of wrong ones. No database is involved.

#![expect(clippy::expect_used, reason = "the helpers of a test fail as it does")]

use world::data::{Data, Source};
use world::rows::{CODE_BYTES_MAX, Found, NAME_BYTES_MAX, Places, Regions};
use world::schema::{Place, Region};

const HEADER: &str = "id,name,country,admin1,lat,lng\n";

/// The places of a text, or what is wrong with it.
fn places(text: impl Into<Vec<u8>>) -> Result<Vec<Place>, String> {
    let source = Source::new("places.csv", text.into());
    let read = || -> world::Result<Vec<Place>> {
        let mut places = Places::open(&source)?;
        let mut rows = Vec::new();
        while let Some(Found { row, .. }) = places.advance()? {
            rows.push(row);
        }
        Ok(rows)
    };
    read().map_err(|error| error.to_string())
}

/// The regions of a text, or what is wrong with it.
fn regions(text: &str) -> Result<Vec<Region>, String> {
    let source = Source::new("regions.csv", text.as_bytes().to_vec());
    let read = || -> world::Result<Vec<Region>> {
        let mut regions = Regions::open(&source)?;
        let mut rows = Vec::new();
        while let Some(Found { row, .. }) = regions.advance()? {
            rows.push(row);
        }
        Ok(rows)
    };
    read().map_err(|error| error.to_string())
}

/// What is said of a file of places with this line after one that is right.
fn fault(line: &str) -> String {
    places(format!("{HEADER}1,Wien,AT,09,48.21,16.37\n{line}\n")).expect_err("the line is wrong")
}

#[test]
fn quotes_accents_and_empty_fields_are_read_as_they_are_meant() {
    let rows =
        places(format!("{HEADER}1,\"Washington, D.C.\",US,DC,38.9,-77.04\n2,\"The \"\"Ö\"\"\",SJ,,78.22,15.65\n"));
    let rows = rows.expect("both lines are right");
    assert_eq!(rows[0].name, "Washington, D.C.");
    assert_eq!(rows[0].region.as_deref(), Some("US.DC"));
    assert_eq!(rows[1].name, "The \"Ö\"");
    assert_eq!(rows[1].region, None);
    assert_eq!((rows[1].latitude, rows[1].longitude), (78.22, 15.65));
}

#[test]
fn a_byte_order_mark_windows_line_ends_and_a_missing_last_one_are_all_the_same() {
    let unix = places(format!("{HEADER}1,Wien,AT,09,48.21,16.37\n2,Linz,AT,04,48.31,14.29\n"));
    let windows =
        places("\u{feff}id,name,country,admin1,lat,lng\r\n1,Wien,AT,09,48.21,16.37\r\n2,Linz,AT,04,48.31,14.29");
    assert_eq!(unix, windows);
    assert_eq!(unix.map(|rows| rows.len()), Ok(2));
}

#[test]
fn a_wrong_number_of_columns_is_named() {
    assert_eq!(fault("2,Linz,AT,04,48.31"), "places.csv:3: 5 columns instead of 6");
    assert_eq!(fault("2,Linz,AT,04,48.31,14.29,"), "places.csv:3: 7 columns instead of 6");
    assert_eq!(fault("2,\"Linz,AT,04,48.31,14.29"), "places.csv:3: 2 columns instead of 6");
}

#[test]
fn a_number_that_does_not_parse_is_named() {
    assert_eq!(fault("two,Linz,AT,04,48.31,14.29"), "places.csv:3: id is not a number (u32): \"two\"");
    assert_eq!(fault("4294967296,Linz,AT,04,48.31,14.29"), "places.csv:3: id is not a number (u32): \"4294967296\"");
    assert_eq!(fault("2,Linz,AT,04,,14.29"), "places.csv:3: lat is not a number (f64): \"\"");
    assert_eq!(fault("2,Linz,AT,04,48.31,NaN"), "places.csv:3: lng is not between -180 and 180: NaN");
    assert_eq!(fault("2,Linz,AT,04,90.5,14.29"), "places.csv:3: lat is not between -90 and 90: 90.5");
}

#[test]
fn text_that_is_missing_too_long_or_no_text_is_named() {
    assert_eq!(fault("2,,AT,04,48.31,14.29"), "places.csv:3: name is empty");
    assert_eq!(fault("2,Linz,Austria,04,1,1"), "places.csv:3: country is not a two-letter code: \"Austria\"");
    assert_eq!(fault("2,\"Li\nnz\",AT,04,1,1"), "places.csv:3: name holds a control character: \"Li\\nnz\"");
    let longest = "n".repeat(NAME_BYTES_MAX);
    assert!(places(format!("{HEADER}2,{longest},AT,04,1,1\n")).is_ok());
    assert_eq!(fault(&format!("2,{longest}n,AT,04,1,1")), "places.csv:3: name has 201 bytes, more than 200");
    let admin1 = "1".repeat(CODE_BYTES_MAX - 3);
    assert!(places(format!("{HEADER}2,Linz,AT,{admin1},1,1\n")).is_ok());
    assert_eq!(fault(&format!("2,Linz,AT,{admin1}1,1,1")), "places.csv:3: admin1 has 22 bytes, more than 21");
}

#[test]
fn text_that_is_not_utf8_is_named() {
    let text = [HEADER.as_bytes(), b"1,Wien,AT,09,48.21,16.37\r\n2,Li\xFFnz,AT,04,1,1\r\n"].concat();
    assert_eq!(places(text).expect_err("not UTF-8"), "places.csv:3: the text is not UTF-8");
}

#[test]
fn the_line_is_right_whatever_the_line_ends_and_whatever_comes_before() {
    let wrong = |text: &str| places(text).expect_err("the last line is wrong");
    let header = "id,name,country,admin1,lat,lng";
    assert_eq!(wrong(&format!("{header}\r\n1,Wien,AT,09,1,1\r\n2\r\n")), "places.csv:3: 1 columns instead of 6");
    assert_eq!(wrong(&format!("{header}\n\n\n1,Wien,AT,09,1,1\n\n2")), "places.csv:6: 1 columns instead of 6");
    assert_eq!(wrong(&format!("{header}\r\n\r\n2\r\n")), "places.csv:3: 1 columns instead of 6");
}

#[test]
fn a_wrong_header_is_named() {
    let expected = "places.csv:1: the header is not \"id,name,country,admin1,lat,lng\"";
    assert_eq!(places("id,name,country,lat,lng\n").expect_err("a column is missing"), expected);
    assert_eq!(places("1,Wien,AT,09,48.21,16.37\n").expect_err("there is no header"), expected);
    assert_eq!(places("").expect_err("there is nothing"), expected);
    assert_eq!(regions(HEADER).expect_err("wrong file"), "regions.csv:1: the header is not \"code,name\"");
}

#[test]
fn a_region_needs_a_code_of_country_and_number() {
    assert_eq!(regions("code,name\nAT.09,Vienna\n").map(|rows| rows.len()), Ok(1));
    for code in ["AT", "AT.", ".09", "AUT.09", "at.09"] {
        let fault = regions(&format!("code,name\n{code},Vienna\n")).expect_err("the code is wrong");
        assert_eq!(fault, format!("regions.csv:2: code is not COUNTRY.ADMIN1: {code:?}"));
    }
    assert_eq!(regions("code,name\nAT.09,\n").expect_err("no name"), "regions.csv:2: name is empty");
}

#[test]
fn the_built_in_data_is_well_formed_and_each_of_its_regions_has_a_place() {
    let Data { places: places_source, regions: regions_source } = Data::built_in();
    let rows = places(places_source.text()).expect("places are well formed");
    let regions = regions(str::from_utf8(regions_source.text()).expect("UTF-8")).expect("regions are well formed");
    assert_eq!((rows.len(), regions.len()), (68, 30));
    for region in regions {
        assert!(rows.iter().any(|place| place.region.as_ref() == Some(&region.code)), "{region:?} has no place");
    }
}
