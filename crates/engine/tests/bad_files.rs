//! A file that is no database, is damaged, newer, in use or out of reach is refused with an error that says so.

use std::path::Path;

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, rows, seed};

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "notes"]
struct Note {
    #[primary_key]
    id: u64,
    #[index]
    text: String,
}

#[derive(DatabaseSchema)]
#[tables(Note = "notes")]
struct Notes;

fn open(path: &Path) -> Result<Database> {
    Database::open(FileProvider::open(path)?)
}

/// The bytes of a database with some notes, closed or not.
fn notes(is_closed: bool) -> (Vec<u8>, Vec<Vec<Value>>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.db");
    let provider = FileProvider::open(&path).unwrap();
    let db = Database::open_with(provider, Options::new().page_size(4096).database_id(7)).unwrap();
    let db = db.with_schema::<Notes>().unwrap();
    for id in 0..120 {
        db.insert(&Note { id, text: format!("note {id} {}", "x".repeat(id as usize)) }).unwrap();
    }
    let rows = rows(&db, "notes");
    if is_closed {
        db.close().unwrap();
    } else {
        drop(db);
    }
    (std::fs::read(path).unwrap(), rows)
}

/// What a database of these bytes holds: an error, or every row as a check finds nothing wrong.
fn opened(bytes: Vec<u8>) -> Result<Vec<Vec<Value>>> {
    let db = Database::open(HeapProvider::from_bytes(bytes))?;
    let rows = db.query(&Query::from("notes"))?.rows;
    let findings = db.check()?;
    if findings.is_empty() { Ok(rows) } else { Err(MemoryError::corrupt(findings.join("; ")).into()) }
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("letter.txt");
    let mut random = fastrand::Rng::with_seed(seed(3));
    let noise: Vec<u8> = (0..20_000).map(|_| random.u8(..)).collect();
    let zeros = vec![0; 64 * 1024];
    for content in [b"x".as_slice(), b"Dear Sir,\n", b"SQLite format 3\0", &noise, &zeros] {
        std::fs::write(&path, content).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error.memory(), Some(MemoryError::NotADatabase { .. })), "{} bytes: {error}", content.len());
        assert!(error.is_corrupt());
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_truncated_file_gives_an_error_or_every_row() {
    for is_closed in [true, false] {
        let (bytes, rows) = notes(is_closed);
        let (mut refused, mut whole) = (0, 0);
        for length in (0..=bytes.len()).step_by(512) {
            let cut = bytes[..length].to_vec();
            match opened(cut) {
                Ok(found) => {
                    assert!(found == rows, "cut to {length} of {} bytes it holds other rows", bytes.len());
                    whole += 1;
                }
                // A file of nothing is a new database, which has no notes.
                Err(Error::Unknown { .. }) if length == 0 => refused += 1,
                Err(error) => {
                    assert!(error.is_corrupt(), "cut to {length} of {} bytes: {error:?}", bytes.len());
                    refused += 1;
                }
            }
        }
        println!("closed {is_closed}: {refused} refused, {whole} whole");
        assert!(refused > 10 && whole > 0);
    }
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let (bytes, _) = notes(true);
    let supported = wasm_dbms::FORMAT_VERSION;
    let newer = |slots: &[usize]| {
        let mut bytes = bytes.clone();
        for slot in slots {
            // The name, the version, the length and the checksum mean the same in every version.
            let length = u32::from_le_bytes(bytes[slot + 12..slot + 16].try_into().unwrap()) as usize;
            bytes[slot + 8..slot + 12].copy_from_slice(&(supported + 41).to_le_bytes());
            bytes[slot + 16..slot + 24].fill(0);
            let sum = wasm_dbms_sim::checksum::of_bytes(&bytes[*slot..slot + length], 0);
            bytes[slot + 16..slot + 24].copy_from_slice(&sum.to_le_bytes());
        }
        bytes
    };
    let error = opened(newer(&[0, 4096])).unwrap_err();
    assert!(matches!(error.memory(), Some(MemoryError::NewerFormat { .. })), "{error:?}");
    let expected = format!("the database has format version {}; this build reads up to {supported}", supported + 41);
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_directory_a_missing_parent_and_a_file_without_permission_are_named() {
    let directory = tempfile::tempdir().unwrap();
    for path in
        [directory.path().to_path_buf(), directory.path().join("no/such.db"), "/proc/sys/kernel/osrelease".into()]
    {
        let error = open(&path).unwrap_err();
        assert!(matches!(error.memory(), Some(MemoryError::Host { operation: "open", .. })), "{error:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert!(FileProvider::open_existing(directory.path().join("missing.db")).is_err());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_second_opener_is_refused_until_the_first_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.db");
    let db = open(&path).unwrap().with_schema::<Notes>().unwrap();
    db.insert(&Note { id: 1, text: "x".into() }).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error.memory(), Some(MemoryError::Locked { .. })), "{error:?}");
    assert!(error.to_string().contains("notes.db"), "{error}");
    db.insert(&Note { id: 2, text: "y".into() }).unwrap();
    drop(db);
    let db = open(&path).unwrap();
    assert_eq!(rows(&db, "notes").len(), 2);
    assert_sound(&db);
}

#[test]
fn a_database_of_damaged_bytes_gives_an_error_or_every_row() {
    let seed = seed(11);
    let mut random = fastrand::Rng::with_seed(seed);
    let (bytes, rows) = notes(true);
    let mut refused = 0;
    for round in 0..3000 {
        let mut damaged = bytes.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..damaged.len());
            damaged[at] ^= 1 << random.u8(..8);
        }
        match opened(damaged) {
            Ok(found) => assert!(found == rows, "seed {seed}, round {round}: other rows"),
            Err(error) => {
                assert!(
                    error.is_corrupt() || matches!(error, Error::Memory(_)),
                    "seed {seed}, round {round}: {error:?}"
                );
                refused += 1;
            }
        }
    }
    println!("{refused} of 3000 were refused");
    assert!(refused > 300);
}
