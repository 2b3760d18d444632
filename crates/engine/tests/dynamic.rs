//! Tables, rows and questions by name: what a program does that knows its schema only when it runs.

use wasm_dbms::prelude::*;

use crate::support::{assert_sound, exported, rows};

fn column(name: &str, data_type: DataType) -> ColumnSchema {
    ColumnSchema::new(name, data_type)
}

/// The ends of a type, and what is special in it.
fn special_values(data_type: DataType) -> Vec<Value> {
    if let Some((low, high)) = data_type.integer_range() {
        return vec![Value::from(low), Value::from(1), Value::from(high)];
    }
    match data_type {
        DataType::Bool => vec![Value::from(false), Value::from(true)],
        DataType::F32 => [f32::MIN, -0.0, f32::MIN_POSITIVE, 0.1, f32::INFINITY, f32::NAN].map(Value::from).to_vec(),
        DataType::F64 => [f64::MIN, -0.0, 5e-324, 0.1, f64::NEG_INFINITY, f64::NAN].map(Value::from).to_vec(),
        DataType::Text => ["", "\0", "é日🦀", "'quoted'", &"long ".repeat(5000)].map(Value::from).to_vec(),
        DataType::Bytes => vec![Value::from(Vec::new()), Value::from(vec![0, 255, 0]), Value::from(vec![7; 20_000])],
        DataType::Decimal => {
            [Decimal::MIN, Decimal::ZERO, "0.10".parse().unwrap(), Decimal::MAX].map(Value::from).to_vec()
        }
        DataType::Date => [Date::MIN, Date::from_days(0), Date::MAX].map(Value::from).to_vec(),
        DataType::DateTime => {
            let paris = DateTime::from_microseconds(7).with_offset(7200).unwrap();
            [DateTime::MIN, paris, DateTime::MAX].map(Value::from).to_vec()
        }
        DataType::Uuid => [Uuid::nil(), Uuid::from_u128(1 << 127), Uuid::max()].map(Value::from).to_vec(),
        DataType::Json => ["null", "{\"a\":[1.0,\"\\\"\"]}"].map(|text| text.parse::<Json>().unwrap().into()).to_vec(),
        _ => vec![Value::Enum(0, "one".into()), Value::Enum(1, "two".into())],
    }
}

/// Every type but JSON.
const KEYABLE: [DataType; 18] = {
    let mut types = [DataType::Bool; 18];
    let (mut from, mut to) = (0, 0);
    while from < DataType::ALL.len() {
        if !matches!(DataType::ALL[from], DataType::Json) {
            types[to] = DataType::ALL[from];
            to += 1;
        }
        from += 1;
    }
    types
};

/// A table for each type, keyed by a column of that type.
fn tables() -> Vec<TableSchema> {
    let schema = |data_type: DataType| {
        let special = special_values(data_type);
        let column = |name: &str, data_type: DataType| match data_type {
            DataType::Enum => ColumnSchema::one_of(name, ["one", "two"]),
            _ => column(name, data_type),
        };
        TableSchema::new(format!("of {data_type}"))
            .column(column("key", data_type))
            .column(column("optional", data_type).nullable())
            .column(column("preset", data_type).default(special[1].clone()))
            .column(column("copy", data_type))
            .primary_key(["key"])
            .index(["copy", "key"])
            .unique(["optional"])
            .foreign_key("optional", &format!("of {data_type}"), "key", ReferentialAction::Restrict)
    };
    KEYABLE.map(schema).to_vec()
}

fn people() -> Database {
    let db = Database::in_memory();
    let users = TableSchema::new("users")
        .column(column("id", DataType::U64).autoincrement())
        .column(column("name", DataType::Text))
        .column(column("age", DataType::U8).nullable())
        .column(column("active", DataType::Bool).default(true))
        .primary_key(["id"]);
    let posts = TableSchema::new("posts")
        .column(column("id", DataType::U32))
        .column(column("author", DataType::U64))
        .column(column("score", DataType::F64))
        .primary_key(["id"])
        .foreign_key("author", "users", "id", ReferentialAction::Cascade);
    db.create_table(&users).unwrap();
    db.create_table(&posts).unwrap();
    for (name, age) in [("ada", Some(36)), ("bob", None), ("cid", Some(7))] {
        db.insert_values("users", &[("name", name.into()), ("age", Value::from(age.map(|age: u8| age)))]).unwrap();
    }
    for (id, author, score) in [(1, 1, 0.5), (2, 1, 1.5), (3, 3, -1.0)] {
        let values = [("id", Value::from(id)), ("author", Value::from(author)), ("score", Value::from(score))];
        db.insert_values("posts", &values).unwrap();
    }
    db
}

/// The first column of an answer.
fn names(db: &Database, filter: Expr) -> Vec<String> {
    let query = Query::from("users").column(Expr::column("name")).filter(filter);
    let rows = db.query(&query).unwrap().rows;
    rows.into_iter().map(|row| row[0].to_string().replace('\'', "")).collect()
}

#[test]
fn schemas_and_rows_of_every_type_survive_reopening() {
    let medium = HeapProvider::new();
    let db = Database::open(medium.clone()).unwrap();
    let mut expected = Vec::new();
    for (schema, data_type) in tables().iter().zip(KEYABLE) {
        db.create_table(schema).unwrap();
        for value in special_values(data_type) {
            let given = [("key", value.clone()), ("copy", value.clone()), ("optional", value)];
            db.insert_values(&schema.name, &given).unwrap();
        }
        expected.push(rows(&db, &schema.name));
        assert_eq!(expected.last().unwrap().len(), special_values(data_type).len());
    }
    assert_sound(&db);
    let before = exported(&db);
    for round in 0..3 {
        match round {
            0 => drop(Database::open(medium.clone())),
            1 => Database::open(medium.clone()).unwrap().close().unwrap(),
            _ => {}
        }
    }
    drop(db);
    let db = Database::open(medium).unwrap();
    assert_eq!(db.schemas().unwrap(), tables());
    for (schema, (expected, data_type)) in tables().iter().zip(expected.iter().zip(KEYABLE)) {
        let found = rows(&db, &schema.name);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        for (row, value) in found.iter().zip(special_values(data_type)) {
            let filter = Expr::column("copy").compare(Comparison::Equal, row[0].clone());
            assert_eq!(db.query(&Query::from(schema.name.clone()).filter(filter)).unwrap().rows.len(), 1);
            assert!(found.iter().any(|row| row[0] == value && row[1] == value && row[3] == value));
        }
    }
    assert!(exported(&db) == before);
    assert_sound(&db);
}

#[test]
fn a_column_that_is_not_given_has_its_default() {
    let db = people();
    let ada = [Value::from(1), Value::from("ada"), Value::from(36), Value::from(true)];
    assert_eq!(rows(&db, "users")[0], ada);
    db.insert_values("users", &[("name", "dan".into()), ("active", false.into()), ("id", 40.into())]).unwrap();
    db.insert_values("users", &[("name", "eve".into()), ("age", Value::Null)]).unwrap();
    let found = rows(&db, "users");
    assert_eq!(found[3], [Value::from(40), Value::from("dan"), Value::Null, Value::from(false)]);
    assert_eq!(found[4], [Value::from(41), Value::from("eve"), Value::Null, Value::from(true)]);
}

#[test]
fn every_comparison_keeps_its_rows() {
    let db = people();
    let age = || Expr::column("age");
    for (comparison, expected) in [
        (Comparison::Equal, vec!["ada"]),
        (Comparison::NotEqual, vec!["cid"]),
        (Comparison::Less, vec!["cid"]),
        (Comparison::LessOrEqual, vec!["ada", "cid"]),
        (Comparison::Greater, vec![]),
        (Comparison::GreaterOrEqual, vec!["ada"]),
    ] {
        assert_eq!(names(&db, age().compare(comparison, 36)), expected, "{comparison}");
        assert_eq!(names(&db, Expr::from(36).compare(comparison.flipped(), age())), expected, "{comparison}");
        assert_eq!(names(&db, age().compare(comparison, 36.0)), expected, "{comparison}");
    }
    assert_eq!(names(&db, age().is_null()), ["bob"]);
    assert_eq!(names(&db, age().is_null().not()), ["ada", "cid"]);
    assert_eq!(names(&db, age().in_list([7, 8])), ["cid"]);
    assert_eq!(names(&db, Expr::column("users.name").like("%d%")), ["ada", "cid"]);
    assert_eq!(names(&db, age().compare(Comparison::Equal, Value::Null)), Vec::<String>::new());
    assert_eq!(names(&db, Expr::column("active").and(age().compare(Comparison::Less, 10).not())), ["ada"]);
}

#[test]
fn columns_of_an_answer_are_called_as_they_were_asked() {
    let db = people();
    let sum = Expr::aggregate(AggregateFunction::Sum, Some(Expr::column("score")));
    let count = || Expr::count();
    let query = Query::from("posts").join("users", "posts.author", "users.id");
    let all = db.query(&query).unwrap();
    assert_eq!(*all.columns, ["id", "author", "score", "id", "name", "age", "active"]);
    let query = query.group_by("users.name").column(Expr::column("users.name")).column(sum).column(count());
    let answer = db.query(&query.order_by(count(), true)).unwrap();
    assert_eq!(*answer.columns, ["name", "sum(score)", "count(*)"]);
    let row = |name: &str, sum: f64, count: i64| [Value::from(name), Value::from(sum), Value::from(count)];
    assert_eq!(answer.rows, [row("ada", 2.0, 2), row("cid", -1.0, 1)]);
}

#[test]
fn an_ambiguous_column_must_name_its_table() {
    let query = Query::from("posts").join("users", "author", "users.id").filter(Expr::column("id").is_null());
    let error = people().query(&query).unwrap_err();
    assert_eq!(error.to_string(), "column id is in more than one table: name the table");
}

#[test]
fn aggregates_over_nothing_have_one_row_and_groups_of_nothing_none() {
    let db = people();
    let max = Expr::aggregate(AggregateFunction::Maximum, Some(Expr::column("age")));
    let nothing = Query::from("users").filter(Expr::from(false)).column(max);
    let with_count = nothing.clone().column(Expr::count());
    assert_eq!(db.query(&with_count).unwrap().rows, [[Value::Null, Value::from(0)]]);
    assert_eq!(db.query(&nothing.group_by("name")).unwrap().rows.len(), 0);
}

#[test]
fn a_nan_has_one_form_whatever_made_it() {
    let bytes = |single: f32, double: f64| {
        let db = Database::in_memory();
        let schema =
            TableSchema::new("t").column(column("single", DataType::F32)).column(column("double", DataType::F64));
        db.create_table(&schema.index(["single", "double"])).unwrap();
        db.insert_values("t", &[("single", single.into()), ("double", double.into())]).unwrap();
        exported(&db)
    };
    let expected = bytes(f32::NAN, f64::NAN);
    for (single, double) in [(0xFFC0_0000, 0xFFF8_0000_0000_0001), (0x7FC0_1234, 0x7FF0_0000_0000_0001)] {
        assert!(bytes(f32::from_bits(single), f64::from_bits(double)) == expected);
    }
}

#[test]
fn a_dropped_table_gives_its_pages_back() {
    let db = Database::in_memory();
    let schema = tables().into_iter().find(|schema| schema.name == "of bytes").unwrap();
    let fill = || {
        db.create_table(&schema).unwrap();
        for number in 0..200u8 {
            let value = Value::from(vec![number; 3000]);
            db.insert_values(&schema.name, &[("key", value.clone()), ("copy", value)]).unwrap();
        }
        db.page_count()
    };
    let pages = fill();
    for _ in 0..3 {
        db.drop_table(&schema.name).unwrap();
        assert_sound(&db);
        assert_eq!(db.tables().unwrap(), Vec::<String>::new());
        assert!(fill() <= pages + 1);
    }
    assert_sound(&db);
}

#[test]
fn tables_are_not_created_or_dropped_inside_a_transaction_and_survive_its_rollback() {
    let db = people();
    let rolled_back = db.transaction(|tx| {
        assert!(matches!(
            db.create_table(&TableSchema::new("t").column(column("x", DataType::Bool))),
            Err(Error::Busy)
        ));
        assert!(matches!(db.drop_table("posts"), Err(Error::Busy)));
        tx.insert_values("users", &[("name", "new".into())])?;
        Err::<(), _>(Error::other("no"))
    });
    assert_eq!(rolled_back.unwrap_err().to_string(), "no");
    assert_eq!(db.tables().unwrap(), ["users", "posts"]);
    assert_eq!(rows(&db, "users").len(), 3);
    db.drop_table("posts").unwrap();
    db.insert_values("users", &[("name", "new".into())]).unwrap();
    assert_eq!(rows(&db, "users").len(), 4);
    assert_sound(&db);
}

#[test]
fn a_table_made_anew_under_the_same_name_starts_empty_and_counts_from_one() {
    let db = people();
    db.drop_table("posts").unwrap();
    let users = db.schemas().unwrap().remove(0);
    db.drop_table("users").unwrap();
    db.create_table(&users).unwrap();
    db.insert_values("users", &[("name", "first".into())]).unwrap();
    assert_eq!(rows(&db, "users")[0][0], Value::from(1));
    assert_sound(&db);
}

#[cfg(feature = "serde")]
#[test]
fn a_query_and_a_schema_travel_as_json() {
    let sum = Expr::aggregate(AggregateFunction::Sum, Some(Expr::column("score")));
    let filter = Expr::column("name").like("a%").or(Expr::column("age").in_list([Value::Null, 7.into()]).not());
    let query = Query::from("posts")
        .join("users", "posts.author", "users.id")
        .filter(filter.and(Expr::column("score").compare(Comparison::NotEqual, 1e300)))
        .group_by("users.name")
        .column(Expr::column("users.name"))
        .column(sum.clone())
        .order_by(sum, true)
        .limit(5)
        .offset(1);
    let text = serde_json::to_string(&query).unwrap();
    let back: Query = serde_json::from_str(&text).unwrap();
    assert_eq!(back, query);
    let db = people();
    assert_eq!(db.query(&back).unwrap(), db.query(&query).unwrap());
    // A float that JSON has no number for is the one thing that does not come back.
    for schema in tables().into_iter().chain(db.schemas().unwrap()) {
        let text = serde_json::to_string(&schema).unwrap();
        assert_eq!(serde_json::from_str::<TableSchema>(&text).unwrap(), schema);
    }
}

fn songs() -> Database {
    let db = Database::in_memory();
    let schema = TableSchema::new("songs")
        .column(column("id", DataType::U64).autoincrement())
        .column(column("title", DataType::Text))
        .column(ColumnSchema::one_of("state", ["draft", "live"]).default("draft"))
        .primary_key(["id"])
        .unique(["title"])
        .index(["state"]);
    db.create_table(&schema).unwrap();
    db.insert_many_values("songs", &["title"], [["Blue".into()], ["Hejira".into()], ["Amelia".into()]]).unwrap();
    db
}

#[test]
fn rows_are_changed_and_deleted_by_names_and_a_filter() {
    let db = songs();
    let is_early = || Expr::column("id").compare(Comparison::Less, 3);
    assert_eq!(db.update_values("songs", &[("state", "live".into())], is_early()).unwrap(), 2);
    let live = Expr::column("state").compare(Comparison::Equal, "live");
    let changed = db.transaction(|tx| {
        assert_eq!(tx.update_values("songs", &[("id", 9.into()), ("title", "Court".into())], is_early().and(live))?, 2);
        Ok(())
    });
    assert!(matches!(changed, Err(Error::Unique { .. })), "both would have one key: {changed:?}");
    assert_eq!(db.update_values("songs", &[("state", Value::Enum(1, "live".into()))], None).unwrap(), 3);
    assert_eq!(db.delete_values("songs", is_early()).unwrap(), 2);
    assert_eq!(rows(&db, "songs"), [[3.into(), "Amelia".into(), Value::Enum(1, "live".into())]]);
    assert_eq!(db.delete_values("songs", None).unwrap(), 1);
    assert_sound(&db);
}

#[test]
fn rows_inserted_by_names_stay_together() {
    let db = songs();
    let twice = db.insert_many_values("songs", &["title"], [["Coyote".into()], ["Blue".into()]]);
    assert!(matches!(twice, Err(Error::Unique { .. })));
    let short = db.insert_many_values("songs", &["title", "state"], [["Coyote".into()]]);
    assert!(matches!(short, Err(Error::Query(_))));
    assert_eq!(db.insert_many_values("songs", &[], [[Value::Null; 0]; 0]).unwrap(), 0);
    assert_eq!(rows(&db, "songs").len(), 3);
    assert_sound(&db);
}

#[test]
fn changes_by_name_say_what_there_is_not() {
    let db = songs();
    let title = |name| [(name, Value::from("x"))];
    for refused in [
        db.update_values("sogns", &title("title"), None),
        db.update_values("songs", &title("titel"), None),
        db.update_values("songs", &title("title"), Expr::column("titel").is_null()),
        db.delete_values("sogns", None),
        db.delete_values("songs", Expr::column("titel").is_null()),
        db.insert_many_values("songs", &["titel"], [["x".into()]]).map(|count| count as u64),
    ] {
        assert!(matches!(refused, Err(Error::Unknown { .. })), "{refused:?}");
    }
    let twice = db.update_values("songs", &[("title", "x".into()), ("title", "y".into())], None);
    assert!(matches!(twice, Err(Error::Query(_))), "{twice:?}");
    let unlike = db.update_values("songs", &[("title", 5.into())], None);
    assert!(matches!(unlike, Err(Error::Type { .. })), "{unlike:?}");
    assert_eq!(rows(&db, "songs").len(), 3);
}
