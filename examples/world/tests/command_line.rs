//! Both parsers of the command line understand the same language.

#![expect(clippy::expect_used, clippy::panic, reason = "the helpers of a test fail as it does")]

use std::ffi::OsString;
use std::path::PathBuf;

use world::arguments::{Arguments, Parsed, parse, parse_plain};

/// Words as the program gets them.
fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

/// What both parsers make of a line.
fn both(line: &str) -> Arguments {
    let by_hand = parse_plain(words(line)).expect("by hand");
    let by_default = parse(words(line)).expect("by default");
    assert_eq!(by_hand, by_default, "{line}");
    match by_hand {
        Parsed::Run(arguments) => arguments,
        Parsed::Help(_) => panic!("{line} asks for no help"),
    }
}

#[test]
fn no_argument_means_the_built_in_data_in_a_temporary_place() {
    assert_eq!(both(""), Arguments::default());
}

#[test]
fn files_and_options_may_come_in_any_order() {
    let expected = Arguments {
        files: Some((PathBuf::from("cities.csv"), PathBuf::from("regions.csv"))),
        database: Some(PathBuf::from("world.db")),
        export: Some(PathBuf::from("world.export")),
        quiet: true,
        verify: None,
    };
    assert_eq!(both("cities.csv regions.csv --database world.db --export world.export --quiet"), expected);
    assert_eq!(both("--quiet --export world.export cities.csv --database world.db regions.csv"), expected);
}

#[test]
fn verify_goes_with_quiet_alone() {
    let asked = both("--verify world.db --quiet");
    assert_eq!((asked.verify, asked.quiet), (Some(PathBuf::from("world.db")), true));
}

#[test]
fn what_is_not_understood_is_refused_in_one_line() {
    for line in [
        "cities.csv",
        "cities.csv regions.csv airports.csv",
        "--databse world.db",
        "--database",
        "--database a.db --database b.db",
        "--database --quiet",
        "--quiet --quiet",
        "--verify world.db --export world.export",
        "--verify world.db cities.csv regions.csv",
        "--database world.db --export world.db",
    ] {
        for refused in [parse_plain(words(line)), parse(words(line))] {
            let error = refused.expect_err(line).to_string();
            assert!(!error.is_empty() && !error.contains('\n'), "{line}: {error:?}");
        }
    }
}

#[test]
fn help_is_no_failure() {
    assert!(matches!(parse_plain(words("--help")), Ok(Parsed::Help(text)) if text.contains("--export")));
    assert!(matches!(parse(words("--help")), Ok(Parsed::Help(text)) if text.contains("--export")));
}
