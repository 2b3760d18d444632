//! A schema that contradicts itself, its tables or what is stored is refused in words, and changes nothing.

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, exported};

fn id() -> ColumnSchema {
    ColumnSchema::new("id", DataType::U64)
}

fn parents() -> TableSchema {
    TableSchema::new("parents")
        .column(id())
        .column(ColumnSchema::new("code", DataType::Text))
        .column(ColumnSchema::new("note", DataType::Text).nullable())
        .primary_key(["id"])
        .unique(["code"])
}

fn child(column: ColumnSchema, table: &str, references: &str) -> TableSchema {
    let name = column.name.clone();
    TableSchema::new("t").column(column).foreign_key(&name, table, references, ReferentialAction::Cascade)
}

#[test]
fn a_schema_that_contradicts_itself_is_refused_in_words() {
    let t = || TableSchema::new("t").column(id());
    let many =
        (0..=1000).fold(TableSchema::new("t"), |t, n| t.column(ColumnSchema::new(format!("c{n}"), DataType::Bool)));
    let keys: Vec<String> = (0..17).map(|number| format!("k{number}")).collect();
    let wide = keys.iter().fold(t(), |t, name| t.column(ColumnSchema::new(name, DataType::Bool)));
    for (schema, expected) in [
        (TableSchema::new("").column(id()), "table : the name is empty"),
        (TableSchema::new("t"), "table t: there are no columns"),
        (many, "table t: more than 1000 columns"),
        (t().column(ColumnSchema::new("", DataType::Bool)), "table t: column 1 has no name"),
        (t().column(id()), "table t: column id is there twice"),
        (
            TableSchema::new("t").column(ColumnSchema::new("x", DataType::Text).autoincrement()),
            "table t: column x counts up, so it must be an integer and not null",
        ),
        (
            TableSchema::new("t").column(ColumnSchema::new("x", DataType::U8).default(256)),
            "table t: the default 256 is no u8 of column x",
        ),
        (
            TableSchema::new("t")
                .column(id().autoincrement())
                .column(ColumnSchema::new("n", DataType::I8).autoincrement()),
            "table t: more than one column counts up",
        ),
        (t().primary_key(["no"]), "table t: the key column no does not exist"),
        (t().primary_key(["id", "id"]), "table t: the key column id is there twice"),
        (wide.index(keys.iter().map(String::as_str)), "table t: a key of more than 16 columns"),
        (t().index([]), "table t: an index without columns"),
        ((0..1001).fold(t(), |t, _| t.index(["id"])), "table t: more than 1000 indexes"),
        (
            TableSchema::new("t").column(id().nullable()).primary_key(["id"]),
            "table t: the primary key column id may be null",
        ),
        (
            t().foreign_key("no", "parents", "id", ReferentialAction::Restrict),
            "table t: the foreign key column no does not exist",
        ),
        (child(id(), "ghosts", "id"), "table t: id refers to table ghosts, which does not exist"),
        (child(id(), "parents", "no"), "table t: id refers to parents.no, which does not exist"),
        (child(id(), "parents", "code"), "table t: id is not of the type of parents.code"),
        (
            child(ColumnSchema::new("x", DataType::Text), "parents", "note"),
            "table t: x refers to parents.note, which is not unique",
        ),
        (child(id(), "t", "id"), "table t: id refers to t.id, which is not unique"),
    ] {
        let db = Database::in_memory();
        db.create_table(&parents()).unwrap();
        let before = exported(&db);
        let error = db.create_table(&schema).unwrap_err();
        assert!(matches!(error, Error::Schema(_)), "{error:?}");
        assert_eq!(error.to_string(), expected);
        assert!(exported(&db) == before, "{expected}: the refused schema left bytes");
        assert_sound(&db);
    }
}

#[test]
fn a_table_is_created_once() {
    let db = Database::in_memory();
    db.create_table(&parents()).unwrap();
    assert_eq!(db.create_table(&parents()).unwrap_err().to_string(), "table parents exists already");
    assert_eq!(db.tables().unwrap(), ["parents"]);
    assert_sound(&db);
}

#[test]
fn a_table_that_another_refers_to_is_not_dropped() {
    let db = Database::in_memory();
    db.create_table(&parents()).unwrap();
    db.create_table(&child(id(), "parents", "id")).unwrap();
    assert_eq!(db.drop_table("parents").unwrap_err().to_string(), "table parents: table t refers to it");
    db.drop_table("t").unwrap();
    db.drop_table("parents").unwrap();
    assert_eq!(db.tables().unwrap(), Vec::<String>::new());
    assert_sound(&db);
}

#[test]
fn a_table_name_too_long_for_the_registry_is_refused_and_leaves_nothing() {
    let db = Database::in_memory();
    let before = exported(&db);
    let error = db.create_table(&TableSchema::new("n".repeat(1 << 20)).column(id())).unwrap_err();
    assert!(error.is_full(), "{error}");
    assert!(exported(&db) == before);
    assert_sound(&db);
}

mod first {
    use super::*;

    #[derive(Table, Debug)]
    #[table = "items"]
    pub(crate) struct Item {
        #[primary_key]
        pub(crate) id: u64,
        #[index]
        pub(crate) name: String,
    }

    #[derive(DatabaseSchema)]
    #[tables(Item = "items")]
    pub(crate) struct Shop;
}

mod second {
    use super::*;

    #[derive(Table, Debug)]
    #[table = "labels"]
    pub(crate) struct Label {
        #[primary_key]
        pub(crate) id: u64,
    }

    #[derive(Table, Debug)]
    #[table = "items"]
    pub(crate) struct Item {
        #[primary_key]
        pub(crate) id: u64,
        #[index]
        pub(crate) name: Option<String>,
    }

    #[derive(DatabaseSchema)]
    #[tables(Label = "labels", Item = "items")]
    pub(crate) struct Shop;
}

#[test]
fn a_schema_that_drifted_is_refused_and_nothing_of_the_new_one_stays() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap().with_schema::<first::Shop>().unwrap();
    db.insert(&first::Item { id: 1, name: "x".into() }).unwrap();
    let error = db.select::<second::Item>().all().unwrap_err();
    let difference = "column name is (text, null), stored as (text, not null)";
    assert_eq!(error.to_string(), format!("table items is stored with another schema: {difference}"));
    drop(db);
    let db = Database::open(medium.clone()).unwrap().with_schema::<second::Shop>().unwrap();
    assert_eq!(db.drift().unwrap().to_string(), format!("labels: the table is not stored\nitems: {difference}\n"));
    let error = db.get::<second::Item>(1).unwrap_err();
    assert!(matches!(error, Error::SchemaDrift { .. }), "{error:?}");
    assert_eq!(db.tables().unwrap(), ["items"]);
    drop(db);
    let db = Database::open(medium).unwrap().with_schema::<first::Shop>().unwrap();
    assert_eq!(db.tables().unwrap(), ["items"]);
    assert_eq!(db.get::<first::Item>(1).unwrap().unwrap().name, "x");
    assert!(matches!(db.insert(&second::Label { id: 1 }), Err(Error::Unknown { .. })));
    assert_sound(&db);
}
