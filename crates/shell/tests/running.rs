//! SQL and commands of the command line and of scripts.

use crate::support::{Folder, output_on, run_on, run_script};

#[test]
fn sql_and_commands_run_in_their_order() {
    let folder = Folder::empty();
    let words = [
        "CREATE TABLE t (n integer, name text); INSERT INTO t VALUES (1, 'one'), (2, NULL)",
        "SELECT * FROM t ORDER BY n",
        ".count",
        "t",
        "DELETE FROM t WHERE n = 1 RETURNING name",
        ".count t",
        "--format",
        "csv",
    ];
    assert_eq!(folder.output(&words), "n,name\n1,one\n2,\n2\nname\none\n1\n");
    assert_eq!(folder.output(&["SELECT n FROM t", "--format", "json"]), "[\n{\"n\":2}\n]\n");
}

#[test]
fn each_format_has_its_form() {
    let query = "SELECT 1 AS n, 'a|b' AS text UNION ALL SELECT 20, NULL";
    let printed = |format: &str| output_on(":memory:".as_ref(), &[query, "--format", format]);
    assert_eq!(
        printed("table"),
        "\
┌───────────┐
│  n   text │
╞═══════════╡
│  1   a|b  │
│ 20   NULL │
└───────────┘
"
    );
    assert_eq!(printed("csv"), "n,text\n1,a|b\n20,\n");
    assert_eq!(printed("json"), "[\n{\"n\":1,\"text\":\"a|b\"},\n{\"n\":20,\"text\":null}\n]\n");
    assert_eq!(printed("markdown"), "| n | text |\n| --: | --- |\n| 1 | a\\|b |\n| 20 | NULL |\n");
    assert_eq!(printed("line"), "   n = 1\ntext = a|b\n\n   n = 20\ntext = NULL\n");
}

#[test]
fn without_a_file_the_database_goes_away() {
    let run = run_on("SELECT 1 + 1 AS two".as_ref(), &["--format", "csv"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "two\n2\n"), "{}", run.stderr);
    assert!(output_on(".help".as_ref(), &[]).contains(".tables"));
}

#[test]
fn a_script_is_read_from_the_standard_input() {
    let folder = Folder::empty();
    let script = "\
-- A comment; with a semicolon.
CREATE TABLE t (n integer,
                name text);
INSERT INTO t VALUES (1, 'a;
.tables'); INSERT INTO t VALUES (2, 'it''s');
.format csv
SELECT * FROM t
  ORDER BY n;
.count t
.timer on
SELECT max(n) AS last FROM t";
    let run = run_script(&folder.database(), &[], script);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let (rows, timed) = run.stdout.split_once("last\n").unwrap();
    assert_eq!(rows, "n,name\n1,\"a;\n.tables\"\n2,it's\n2\n");
    assert!(timed.starts_with("2\ntime: 0.") && timed.ends_with(" s\n"), "{timed}");
}

#[test]
fn the_first_error_ends_a_script_and_says_its_line() {
    let folder = Folder::empty();
    let run = run_script(&folder.database(), &[], "CREATE TABLE t (n integer);\n\nSELECT m\nFROM t;\nDROP TABLE t;\n");
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.starts_with("error: line 3 of the script: "), "{}", run.stderr);
    assert!(run.stderr.contains("there is no column m"), "{}", run.stderr);
    assert_eq!(folder.output(&[".count t"]), "0\n");
    let run = run_script(&folder.database(), &[], "SELECT 1;\n.tabels\n");
    assert_eq!(run.stderr, "error: line 2 of the script: unknown command .tabels; .help lists them\n");
    let run = run_script(&folder.database(), &[], ".quit\nnonsense;");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_statement_that_is_refused_sets_the_exit_code_and_shows_its_place() {
    let folder = Folder::empty();
    let run = folder.run(&["CREATE TABLE t (n integer)", "SELECT 1 FROM t WHERE m = 1", "DROP TABLE t"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("there is no column m\nSELECT 1 FROM t WHERE m = 1\n"), "{}", run.stderr);
    assert_eq!(folder.output(&[".count t"]), "0\n");
}

#[test]
fn text_that_is_no_sql_is_refused_before_anything_runs() {
    let folder = Folder::empty();
    let run = folder.run(&["CREATE TABLE t (n integer)", "SELEC 1"]);
    assert_eq!(run.code, Some(1));
    assert!(!folder.database().exists());
}

#[test]
fn a_transaction_spans_words_and_one_that_is_left_open_is_an_error() {
    let folder = Folder::empty();
    folder.output(&["BEGIN IMMEDIATE", "CREATE TABLE t (n integer)", "INSERT INTO t VALUES (1)", "COMMIT"]);
    let run = folder.run(&["BEGIN", "DELETE FROM t", ".import", "nowhere.csv"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains(".import while a transaction is open"), "{}", run.stderr);
    let run = folder.run(&["BEGIN", "DELETE FROM t"]);
    assert_eq!(run.stderr, "error: the transaction was not committed: nothing of it stays\n");
    assert_eq!((run.code, folder.output(&[".count t"])), (Some(1), "1\n".into()));
}

#[test]
fn read_only_changes_nothing() {
    let folder = Folder::with_library(2);
    let run = folder.run(&["DELETE FROM books", "--read-only"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(folder.output(&[".count books", "--read-only"]), "2\n");
    assert_eq!(run_on(&folder.path("none.db"), &["SELECT 1", "--read-only"]).code, Some(1));
    assert!(!folder.path("none.db").exists());
}

#[test]
fn indexes_are_listed() {
    let printed = Folder::with_library(1).output(&[".indexes", "--format", "csv"]);
    let expected =
        "table,index,columns,unique,includes\nauthors,email,email,true,\nbooks,author_title,\"author, title\",false,\n";
    assert_eq!(printed, expected);
    assert!(Folder::with_library(1).refusal(&[".indexes", "autors"]).contains("autors"));
}

#[test]
fn vacuum_gives_space_back() {
    let folder = Folder::with_library(3000);
    let printed = folder.output(&["DELETE FROM authors WHERE id > 10", ".vacuum", ".check", ".count books"]);
    let (after, before) = printed.lines().next().unwrap().split_once(" pages, ").unwrap();
    let before: u32 = before.strip_suffix(" before").unwrap().parse().unwrap();
    assert!(after.parse::<u32>().unwrap() * 4 < before, "{printed}");
    assert!(printed.ends_with("nothing wrong\n10\n"), "{printed}");
}

#[test]
fn tables_become_those_of_a_schema_in_a_file() {
    let folder = Folder::with_library(3);
    let dumped = folder.output(&[".schema"]);
    let path = folder.path("wanted.sql");
    let wanted = format!("{dumped}\nALTER TABLE authors ADD COLUMN born integer DEFAULT 1900;");
    std::fs::write(&path, &wanted).unwrap();
    let path = path.to_str().unwrap();
    let plan = "add column authors.born (i32, null, default 1900): at once\n";
    assert_eq!(folder.output(&[".migrate", "plan", path]), plan);
    assert_eq!(folder.output(&[".migrate", "apply", path]), format!("{plan}done\n"));
    assert_eq!(folder.output(&[".migrate", "plan", path]), "nothing to do\n");
    std::fs::write(path, &dumped).unwrap();
    let refusal = folder.refusal(&[".migrate", "apply", path]);
    assert!(refusal.contains("does not allow: drop column authors.born"), "{refusal}");
    assert!(folder.output(&[".migrate", "apply", path, "drop column authors.born"]).ends_with("done\n"));
    assert_eq!(folder.output(&[".schema"]), dumped);
    assert!(folder.refusal(&[".migrate"]).contains(".migrate plan PATH"));
}

#[test]
fn a_backup_is_the_whole_database() {
    let folder = Folder::with_library(50);
    let copy = folder.path("copy.db");
    folder.output(&[".backup", copy.to_str().unwrap()]);
    assert_eq!(output_on(&copy, &[".dump"]), folder.output(&[".dump"]));
    assert!(folder.refusal(&[".backup", copy.to_str().unwrap()]).contains("exists"));
}

#[test]
fn the_picture_of_the_pages_has_a_square_for_each() {
    let folder = Folder::with_library(2000);
    let picture = folder.path("pages.svg");
    let printed = folder.output(&[".pages", picture.to_str().unwrap()]);
    let svg = std::fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg xmlns") && svg.ends_with("</svg>\n"));
    let pages = svg.matches("<title>page ").count();
    assert_eq!(printed, format!("{pages} pages in {}\n", picture.display()));
    for says in ["books, table", "books.author_title, index", "authors.email, index", "(registry)", ">table: "] {
        assert!(svg.contains(says), "{says}");
    }
    assert_eq!(svg.matches("<g>").count(), svg.matches("</g>").count());
    let terminal = folder.output(&[".pages"]);
    assert!(terminal.contains('▇') && terminal.contains('█'), "{terminal}");
    assert!(folder.refusal(&[".pages", picture.to_str().unwrap()]).contains("exists"));
}

#[test]
fn the_manual_page_and_completions_are_printed() {
    let man = run_on("--man".as_ref(), &[]);
    assert_eq!((man.code, man.stderr.as_str()), (Some(0), ""));
    for part in [".TH wasm", ".SH SYNOPSIS", "read\\-only", ".import PATH [TABLE]", "SQL"] {
        assert!(man.stdout.contains(part), "{part} in {}", man.stdout);
    }
    for (shell, part) in [("bash", "complete -F"), ("zsh", "#compdef wasm-dbms"), ("fish", "complete -c wasm-dbms")] {
        let run = run_on("--completions".as_ref(), &[shell]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.contains(part) && run.stdout.contains("format"), "{}", run.stdout);
    }
    assert_eq!(run_on("--completions".as_ref(), &["csh"]).code, Some(1));
}
