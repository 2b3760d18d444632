//! What the commands print about a healthy database.

mod support;

use support::Folder;

#[test]
fn without_a_command_there_is_help_and_the_list_of_tables() {
    let printed = Folder::with_library(3).output(&[]);
    assert!(printed.contains(".export PATH") && printed.contains("There is no SQL yet."), "{printed}");
    assert!(printed.contains("authors") && printed.contains("books"), "{printed}");
}

#[test]
fn tables_says_how_many_rows_columns_and_indexes_each_has() {
    let printed = Folder::with_library(3).output(&[".tables", "--format", "csv"]);
    assert_eq!(printed, "table,rows,columns,indexes\nauthors,3,3,1\nbooks,3,5,1\n");
}

#[test]
fn a_database_without_tables_says_so() {
    use wasm_dbms::prelude::*;
    let folder = Folder::empty();
    let medium = HeapProvider::new();
    Database::open(medium.clone()).unwrap().close().unwrap();
    std::fs::write(folder.database(), medium.to_bytes()).unwrap();
    assert_eq!(folder.output(&[".tables", ".schema"]), "no tables\nno tables\n");
    assert_eq!(folder.output(&[".check"]), "ok: 2 pages, nothing wrong\n");
}

#[test]
fn schema_describes_columns_keys_indexes_and_references() {
    let folder = Folder::with_library(0);
    let authors = "\
table authors
  id      u64   counts up
  email   text
  active  bool  default true
  primary key (id)
  unique index email (email)
";
    let books = "\
table books
  isbn    text
  author  u64
  title   text
  price   f64 or null
  cover   bytes
  primary key (isbn)
  index author_title (author, title)
  foreign key author -> authors.id, on delete cascade
";
    assert_eq!(folder.output(&[".schema"]), format!("{authors}\n{books}"));
    assert_eq!(folder.output(&[".schema", "books"]), books);
}

#[test]
fn count_says_how_many_rows_a_table_has() {
    assert_eq!(Folder::with_library(12).output(&[".count", "books", ".count", "authors"]), "12\n12\n");
}

#[test]
fn rows_come_in_the_order_of_their_key_and_end_at_the_limit() {
    let folder = Folder::with_library(20);
    let printed = folder.output(&["--format", "csv", ".rows", "authors", "2"]);
    assert_eq!(printed, "id,email,active\n1,author1@example.com,true\n2,author2@example.com,true\n");
    assert_eq!(folder.output(&["--format", "csv", ".rows", "authors"]).lines().count(), 21);
    assert_eq!(folder.output(&["--format", "csv", ".rows", "authors", "0"]), "id,email,active\n");
}

#[test]
fn a_command_may_be_quoted_together_with_its_arguments() {
    let folder = Folder::with_library(5);
    assert_eq!(
        folder.output(&[".rows authors 1", ".count authors"]),
        folder.output(&[".rows", "authors", "1", ".count", "authors"])
    );
}

#[test]
fn csv_quotes_what_needs_it_and_leaves_null_empty() {
    let printed = Folder::with_library(2).output(&["--format", "csv", ".rows", "books"]);
    let expected = "\
isbn,author,title,price,cover
isbn-00001,1,\"Title, \"\"1\"\"\",1.5,01ab
isbn-00002,2,\"Title, \"\"2\"\"\",,02ab
";
    assert_eq!(printed, expected);
}

#[test]
fn json_is_an_array_of_objects_with_the_columns_in_order() {
    let folder = Folder::with_library(2);
    let printed = folder.output(&["--format", "json", ".rows", "books", "1"]);
    let expected = "[\n{\"isbn\":\"isbn-00001\",\"author\":1,\"title\":\"Title, \\\"1\\\"\",\"price\":1.5,\"cover\":\"01ab\"}\n]\n";
    assert_eq!(printed, expected);
    let parsed: serde_json::Value =
        serde_json::from_str(&folder.output(&["--format", "json", ".rows", "books"])).unwrap();
    assert_eq!(parsed[1]["price"], serde_json::Value::Null);
    assert_eq!(folder.output(&["--format", "json", ".rows", "books", "0"]), "[]\n");
}

#[test]
fn line_prints_a_value_a_line() {
    let printed = Folder::with_library(2).output(&["--format", "line", ".rows", "authors"]);
    let expected = "    id = 1\n email = author1@example.com\nactive = true\n\n    id = 2\n email = author2@example.com\nactive = true\n";
    assert_eq!(printed, expected);
}

#[test]
fn a_table_escapes_what_would_steer_a_terminal() {
    let folder = Folder::with_library(0);
    folder.change(|db| db.insert_values("authors", &[("email", "\u{1b}[2Jgone".into())]).unwrap());
    for format in ["table", "line"] {
        let printed = folder.output(&["--format", format, ".rows", "authors"]);
        assert!(printed.contains("\\u{1b}[2Jgone") && !printed.contains('\u{1b}'), "{printed}");
    }
}

#[test]
fn pages_maps_every_page_and_sums_up_every_tree() {
    let printed = Folder::with_library(2000).output(&[".pages"]);
    let mapped: usize =
        printed.lines().take_while(|line| !line.is_empty()).map(|line| line.chars().skip(10).count()).sum();
    let total = printed.lines().last().unwrap();
    assert_eq!(total, format!("{mapped} pages of 8192 bytes"), "{printed}");
    assert!(printed.starts_with("       0  UR"), "{printed}");
    for tree in ["authors", "authors.email", "books", "books.author_title", "books.primary_key", "(registry)"] {
        assert!(printed.lines().any(|line| line.split_whitespace().any(|word| word == tree)), "{tree} in {printed}");
    }
}

#[test]
fn pages_shows_what_a_deletion_set_free() {
    let folder = Folder::with_library(2000);
    folder.change(|db| assert_eq!(db.delete::<support::Author>().run().unwrap(), 2000));
    let printed = folder.output(&[".pages"]);
    assert!(printed.contains("(free)") && printed.contains("...."), "{printed}");
    assert_eq!(folder.run(&[".check"]).code, Some(0));
}

#[test]
fn page_shows_one_page_from_near() {
    let folder = Folder::with_library(3);
    let printed = folder.output(&[".page", "1"]);
    assert!(printed.starts_with("page     1 of ") && printed.contains("kind     registry\n"), "{printed}");
    assert!(printed.contains("\n00000  01 00 "), "{printed}");
    assert!(printed.lines().last().unwrap().starts_with("01ff0  "), "{printed}");
}

#[test]
fn check_finds_nothing_wrong_with_a_healthy_database() {
    let printed = Folder::with_library(500).output(&[".check"]);
    assert!(printed.starts_with("ok: ") && printed.ends_with(" pages, nothing wrong\n"), "{printed}");
}

#[test]
fn what_is_exported_is_a_database_with_the_same_rows() {
    let folder = Folder::with_library(300);
    let copy = folder.path("copy.db");
    folder.output(&[".export", copy.to_str().unwrap()]);
    let copied = support::run_on(&copy, &[".rows books", ".check", "--format", "json"]);
    assert_eq!(copied.code, Some(0), "{}", copied.stderr);
    assert_eq!(copied.stdout, folder.output(&[".rows books", ".check", "--format", "json"]));
    let again = folder.path("again.db");
    support::run_on(&copy, &[".export", again.to_str().unwrap()]);
    assert!(std::fs::read(copy).unwrap() == std::fs::read(again).unwrap(), "an export of an export is the same");
}

#[test]
fn looking_leaves_every_byte_of_the_file_as_it_was() {
    let folder = Folder::with_library(100);
    let before = std::fs::read(folder.database()).unwrap();
    folder.output(&[".tables", ".schema", ".rows books", ".count books", ".pages", ".page 3", ".check", ".help"]);
    assert!(std::fs::read(folder.database()).unwrap() == before);
}
