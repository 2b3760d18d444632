//! Every type as first, middle and last column, as key, in indexes, in filters and in orders: the whole matrix. What tables
//! ask of their rows is in `types_in_constraints.rs`, what brings rows together in `types_in_questions.rs`.

use wasm_dbms::Nulls;
use wasm_dbms::prelude::*;

use crate::support::samples::{column, samples};
use crate::support::{assert_sound, rows};

/// Where the column stands among the others.
fn table(data_type: DataType, position: usize, is_nullable: bool) -> TableSchema {
    let mut columns = vec![
        ColumnSchema::new("n", DataType::U32),
        ColumnSchema::new("before", DataType::Text),
        ColumnSchema::new("after", DataType::I16).nullable(),
    ];
    let own = column("it", data_type);
    columns.insert(position, if is_nullable { own.nullable() } else { own });
    columns.into_iter().fold(TableSchema::new("t"), TableSchema::column)
}

/// The rows of the table: each sample several times, and NULLs. With each the number of its sample.
fn filled(db: &Database, schema: &TableSchema, samples: &[Vec<Value>]) -> Vec<Option<usize>> {
    db.create_table(schema).unwrap();
    let is_nullable = schema.columns.iter().any(|column| column.name == "it" && column.nullable);
    let mut expected = Vec::new();
    for round in 0..3 {
        // Not in their order.
        for number in (round % 2..samples.len()).step_by(2).chain((1 - round % 2..samples.len()).step_by(2)) {
            let value = samples[number][round % samples[number].len()].clone();
            insert(db, expected.len(), value);
            expected.push(Some(number));
        }
        if is_nullable {
            insert(db, expected.len(), Value::Null);
            expected.push(None);
        }
    }
    expected
}

fn insert(db: &Database, n: usize, value: Value) {
    let before = ["", "text", "longer text"][n % 3];
    db.insert_values("t", &[("n", (n as u64).into()), ("it", value), ("before", before.into())]).unwrap();
}

/// The numbers of the rows that a question keeps, as it has them.
fn numbers(db: &Database, query: Query) -> Vec<usize> {
    let answer = db.query(&query.column(Expr::column("n"))).unwrap();
    answer.rows.iter().map(|row| row[0].as_ref().as_i128().unwrap() as usize).collect()
}

const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

/// Asks everything about the column and checks it against the numbers of the samples.
fn ask(db: &Database, data_type: DataType, samples: &[Vec<Value>], expected: &[Option<usize>]) {
    let it = || Expr::column("it");
    for (number, forms) in samples.iter().enumerate() {
        for form in forms {
            for comparison in COMPARISONS {
                let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                if !is_equality && !data_type.is_ordered() {
                    continue;
                }
                let filter = it().compare(comparison, form.clone());
                let mut found = numbers(db, Query::from("t").filter(filter));
                found.sort_unstable();
                let keeps = |row: &usize| expected[*row].is_some_and(|other| comparison.holds(other.cmp(&number)));
                let kept: Vec<usize> = (0..expected.len()).filter(keeps).collect();
                assert_eq!(found, kept, "{data_type}: it {comparison} {form}");
            }
        }
        let first_and_this = [samples[0][0].clone(), forms[0].clone()];
        let found = numbers(db, Query::from("t").filter(it().in_list(first_and_this)));
        let is_listed = |row: &&Option<usize>| **row == Some(0) || **row == Some(number);
        assert_eq!(found.len(), expected.iter().filter(is_listed).count(), "{data_type}: it in ({})", forms[0]);
    }
    let nulls = numbers(db, Query::from("t").filter(it().is_null()));
    assert_eq!(nulls.len(), expected.iter().filter(|number| number.is_none()).count());

    let groups = db.query(&Query::from("t").group_by("it").column(Expr::count()));
    let is_nullable = expected.contains(&None);
    assert_eq!(groups.unwrap().rows.len(), samples.len() + usize::from(is_nullable), "{data_type}: groups");

    if !data_type.is_ordered() {
        let refused = db.query(&Query::from("t").order_by(it(), false)).unwrap_err();
        assert_eq!(refused.to_string(), "it: json has no order");
        return;
    }
    for nulls in [None, Some(Nulls::First), Some(Nulls::Last)] {
        for descending in [false, true] {
            for limit in [None, Some(5)] {
                let order = Order { expr: it(), descending, nulls };
                let query = Query { order_by: vec![order], limit: limit.map(Expr::from), ..Query::from("t") };
                let found: Vec<_> = numbers(db, query).into_iter().map(|row| expected[row]).collect();
                let mut sorted = expected.to_vec();
                sorted.sort_by_key(|number| {
                    let rank = number.map_or(0, |number| if descending { -(number as i64) } else { number as i64 });
                    let is_first = nulls.map_or(!descending, |nulls| nulls == Nulls::First);
                    (number.is_none() != is_first, rank)
                });
                sorted.truncate(limit.unwrap_or(u64::MAX) as usize);
                assert_eq!(found, sorted, "{data_type}: descending {descending}, {nulls:?}, {limit:?}");
            }
        }
    }
    let of = |function| Expr::aggregate(function, Some(it()));
    let ends = Query::from("t").column(of(AggregateFunction::Minimum)).column(of(AggregateFunction::Maximum));
    let ends = db.query(&ends).unwrap().rows.remove(0);
    assert_eq!(ends, [samples[0][0].clone(), samples[samples.len() - 1][0].clone()], "{data_type}: ends");
}

#[test]
fn every_type_is_stored_found_and_ordered_in_every_place_with_and_without_an_index() {
    let down = |name: &str| IndexColumn::new(name).descending();
    let ordered = [
        IndexSchema::new(["it"]),
        IndexSchema::new(["it", "before"]),
        IndexSchema::new(["before", "it"]),
        IndexSchema::new(["it", "n"]),
        IndexSchema::new([down("it")]),
        IndexSchema::new(["before".into(), down("it"), "n".into()]),
        IndexSchema::new([down("it"), "after".into()]).include(["before"]),
        IndexSchema::new(["it", "n"]).unique().include(["after", "before"]),
    ];
    let others = [IndexSchema::new(["n"]).include(["it"])];
    for data_type in DataType::ALL {
        let samples = samples(data_type);
        for position in 0..4 {
            for is_nullable in [false, true] {
                let ordered = ordered.iter().filter(|_| data_type.is_ordered());
                for index in ordered.chain(&others).map(Some).chain([None]) {
                    let mut schema = table(data_type, position, is_nullable);
                    schema.indexes.extend(index.cloned());
                    let db = Database::in_memory();
                    let expected = filled(&db, &schema, &samples);
                    ask(&db, data_type, &samples, &expected);
                    // What comes back is what went in, to the last digit.
                    for (round, row) in rows(&db, "t").iter().enumerate() {
                        let Some(number) = expected[round] else { continue };
                        let forms = &samples[number];
                        let is_one = forms.iter().any(|form| form.as_ref().is_identical(row[position].as_ref()));
                        assert!(is_one, "{data_type}: {} of {forms:?}", row[position]);
                    }
                    assert_sound(&db);
                }
            }
        }
    }
}

#[test]
fn every_type_with_an_order_is_a_key_in_every_place() {
    let keys: [&[&str]; 4] = [&["it"], &["it", "n"], &["n", "it"], &["before", "it", "n"]];
    for data_type in DataType::ALL.into_iter().filter(|data_type| data_type.is_ordered()) {
        let samples = samples(data_type);
        for position in 0..4 {
            for key in keys {
                for is_unique_index in [false, true] {
                    let schema = table(data_type, position, false);
                    let columns = key.iter().copied();
                    let schema = if is_unique_index { schema.unique(columns) } else { schema.primary_key(columns) };
                    let db = Database::in_memory();
                    db.create_table(&schema).unwrap();
                    let mut expected = Vec::new();
                    for number in (0..samples.len()).rev() {
                        insert(&db, expected.len(), samples[number][0].clone());
                        expected.push(Some(number));
                        // Another form of the same value is the same key.
                        let n = if *key == ["it"] { 1000 } else { expected.len() as u64 - 1 };
                        let before = ["", "text", "longer text"][(expected.len() - 1) % 3];
                        let again = samples[number].last().unwrap().clone();
                        let given = [("n", n.into()), ("it", again), ("before", before.into())];
                        let refused = db.insert_values("t", &given).unwrap_err();
                        assert!(matches!(refused, Error::Unique { .. }), "{data_type}: {refused}");
                    }
                    ask(&db, data_type, &samples, &expected);
                    assert_sound(&db);
                    while let Some(number) = expected.pop() {
                        let form = samples[number.unwrap()][0].clone();
                        let filter = Expr::column("it").compare(Comparison::Equal, form);
                        assert_eq!(numbers(&db, Query::from("t").filter(filter)), [expected.len()]);
                    }
                }
            }
        }
    }
}

#[test]
fn unlike_types_are_compared_nowhere() {
    for one in DataType::ALL {
        for two in DataType::ALL {
            let db = Database::in_memory();
            let of = |name: &str, own| TableSchema::new(name).column(column("it", own)).column(column("other", two));
            db.create_table(&of("t", one)).unwrap();
            db.create_table(&of("u", two)).unwrap();
            let value = samples(two)[0][0].clone();
            let is_alike = one == two || (one.is_number() && two.is_number());
            let it = || Expr::column("t.it");
            // A text that is no name of an enum is refused too.
            let questions = [
                Query::from("t").filter(it().compare(Comparison::Equal, value.clone())),
                Query::from("t").filter(Expr::from(value.clone()).compare(Comparison::NotEqual, it())),
                Query::from("t").filter(it().in_list([value])),
                Query::from("t").filter(it().compare(Comparison::Equal, Expr::column("other"))),
                Query::from("t").join("u", "t.it", "u.it"),
                Query::from("t").column(it().compare(Comparison::Equal, Expr::column("other"))),
                Query::from("t")
                    .group_by("it")
                    .group_by("other")
                    .order_by(it().compare(Comparison::Equal, Expr::column("other")), false),
            ];
            for question in questions {
                match db.query(&question) {
                    Ok(answer) => assert!(is_alike && answer.rows.is_empty(), "{one} and {two}: {question:?}"),
                    Err(Error::Query(_)) => assert!(!is_alike, "{one} and {two}: {question:?}"),
                    Err(other) => panic!("{one} and {two}: {other}"),
                }
            }
            let order = Query::from("t").filter(it().compare(Comparison::Less, Expr::column("other")));
            assert_eq!(db.query(&order).is_ok(), is_alike && one.is_ordered(), "{one} < {two}");
        }
    }
}

#[test]
fn an_unknown_column_is_an_error_everywhere() {
    let db = Database::in_memory();
    db.create_table(&table(DataType::I64, 0, true)).unwrap();
    let no = || Expr::column("no");
    for question in [
        Query::from("t").filter(no().is_null()),
        Query::from("t").filter(Expr::from(true).or(no())),
        Query::from("t").filter(no().in_list([1])),
        Query::from("t").filter(no().like("a")),
        Query::from("t").column(no()),
        Query::from("t").column(Expr::aggregate(AggregateFunction::Sum, Some(no()))),
        Query::from("t").group_by("no"),
        Query::from("t").order_by(no(), true),
    ] {
        assert!(matches!(db.query(&question), Err(Error::Unknown { what: "column", .. })), "{question:?}");
    }
    assert!(matches!(db.insert_values("t", &[("no", 1.into())]), Err(Error::Unknown { .. })));
}

#[derive(Table, Debug)]
#[table = "forms"]
struct Forms {
    #[primary_key]
    key: Decimal,
    #[unique]
    decimal: Decimal,
    float: f64,
    #[index]
    moment: DateTime,
    json: Json,
}

#[derive(Table, Debug)]
#[table = "referrers"]
struct Referrer {
    #[foreign_key(table = "forms", column = "key")]
    form: Decimal,
}

#[derive(DatabaseSchema)]
#[tables(Forms = "forms", Referrer = "referrers")]
struct FormsSchema;

#[test]
fn a_change_that_only_changes_the_form_of_a_value_is_stored() {
    let db = Database::in_memory().with_schema::<FormsSchema>().unwrap();
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let json = |text: &str| text.parse::<Json>().unwrap();
    let moment = DateTime::from_microseconds(0);
    db.insert(&Forms { key: decimal("1"), decimal: decimal("2.5"), float: 0.0, moment, json: json("1") }).unwrap();
    db.insert(&Referrer { form: decimal("1.000") }).unwrap();
    let moved = moment.with_offset(3600).unwrap();
    let update = || db.update_key::<Forms>(decimal("1.0"));
    assert!(update().set(Forms::DECIMAL, decimal("2.50")).run().unwrap());
    assert!(update().set(Forms::FLOAT, -0.0).set(Forms::MOMENT, moved).set(Forms::JSON, json("1.0")).run().unwrap());
    // A row refers to the key: to the same one still.
    assert!(update().set(Forms::KEY, decimal("1.00")).run().unwrap());
    let found = db.get_by(Forms::DECIMAL, decimal("2.5")).unwrap().unwrap();
    assert_eq!((found.key.to_string(), found.decimal.to_string()), ("1.00".into(), "2.50".into()));
    assert!(found.float.is_sign_negative());
    assert_eq!((found.moment.to_string(), found.json.as_str()), ("1970-01-01T01:00:00+01:00".into(), "1.0"));
    assert_eq!(db.get_by(Referrer::FORM, decimal("1")).unwrap().map(|row| row.form.to_string()), Some("1.000".into()));
    assert_sound(&db);
}

#[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
enum Size {
    Small,
    Medium,
    Large,
}

#[derive(CustomDataType, Debug, Clone, PartialEq)]
struct Code(String);

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "parcels"]
struct Parcel {
    #[primary_key]
    code: Code,
    #[index]
    size: Size,
    #[default(Some(Size::Medium))]
    preferred: Option<Size>,
    #[index]
    price: Option<Decimal>,
    owner: Uuid,
    sent: Date,
}

#[derive(DatabaseSchema)]
#[tables(Parcel = "parcels")]
struct Parcels;

fn parcel(code: &str, size: Size, price: &str) -> Parcel {
    let sent = Date::new(2024, 2, 29).unwrap();
    let price = price.parse().ok();
    Parcel { code: Code(code.into()), size, preferred: None, price, owner: Uuid::from_u128(7), sent }
}

#[test]
fn custom_types_are_columns_keys_and_answers() {
    let db = Database::in_memory().with_schema::<Parcels>().unwrap();
    let all = [
        parcel("a", Size::Large, "1.50"),
        parcel("b", Size::Small, "2.25"),
        parcel("c", Size::Medium, ""),
        parcel("d", Size::Small, "3"),
    ];
    db.insert_many(&all).unwrap();
    assert_eq!(db.get::<Parcel>(Code("b".into())).unwrap().as_ref(), Some(&all[1]));
    let codes = |filter: Expr| {
        let found = db.select::<Parcel>().filter(filter).order_by(Parcel::SIZE.desc()).order_by(Parcel::CODE.asc());
        found.all().unwrap().into_iter().map(|parcel| parcel.code.0).collect::<String>()
    };
    assert_eq!(codes(Parcel::SIZE.ge(Size::Small)), "acbd");
    assert_eq!(codes(Parcel::SIZE.lt(Size::Large)), "cbd");
    assert_eq!(codes(Parcel::SIZE.in_list([Size::Large, Size::Medium])), "ac");
    assert_eq!(codes(Parcel::PRICE.gt(Decimal::from(2))), "bd");
    assert_eq!(codes(Expr::column("size").compare(Comparison::Equal, "Small")), "bd");
    assert_eq!(codes(Expr::column("price").compare(Comparison::Equal, 3)), "d");
    let sums =
        db.select::<Parcel>().columns((sum(Parcel::PRICE), avg(Parcel::PRICE), max(Parcel::SIZE))).all().unwrap();
    let (total, mean, largest) = sums[0];
    assert_eq!((total.unwrap().to_string(), mean.unwrap().to_string()), ("6.75".into(), "2.25".into()));
    assert_eq!(largest, Some(Size::Large));
    assert!(db.update_key::<Parcel>(Code("a".into())).set(Parcel::SIZE, Size::Small).run().unwrap());
    assert_eq!(codes(Parcel::SIZE.eq(Size::Small)), "abd");

    // Without structs an enum's name is enough; a name that it has not is refused.
    let given = |size: &str| {
        let (owner, sent) = (Uuid::nil().into(), Date::default().into());
        db.insert_values("parcels", &[("code", "e".into()), ("size", size.into()), ("owner", owner), ("sent", sent)])
    };
    assert_eq!(given("Huge").unwrap_err().to_string(), "column parcels.size of type enum cannot hold 'Huge'");
    given("Large").unwrap();
    let found = db.get::<Parcel>(Code("e".into())).unwrap().unwrap();
    assert_eq!((found.size, found.preferred), (Size::Large, Some(Size::Medium)));
    let huge = Query::from("parcels").filter(Expr::column("size").compare(Comparison::Equal, "Huge"));
    assert_eq!(
        db.query(&huge).unwrap_err().to_string(),
        "size = 'Huge': 'Huge' is no name of enum (Small, Medium, Large)"
    );
    assert_sound(&db);
}

#[test]
fn enums_of_other_names_are_unlike() {
    let db = Database::in_memory();
    let schema = TableSchema::new("t")
        .column(ColumnSchema::one_of("one", ["a", "b"]))
        .column(ColumnSchema::one_of("two", ["b", "a"]))
        .column(ColumnSchema::one_of("three", ["a", "b"]));
    db.create_table(&schema).unwrap();
    let equal = |one: &str, two: &str| Expr::column(one).compare(Comparison::Equal, Expr::column(two));
    assert!(db.query(&Query::from("t").filter(equal("one", "three"))).is_ok());
    assert_eq!(
        db.query(&Query::from("t").filter(equal("one", "two"))).unwrap_err().to_string(),
        "one = two: enum (a, b) cannot be compared with enum (b, a)"
    );
    let refers =
        |one: [&'static str; 2]| TableSchema::new("u").column(ColumnSchema::one_of("it", one)).primary_key(["it"]);
    db.create_table(&refers(["a", "b"])).unwrap();
    let child = |names: [&'static str; 2]| {
        let column = ColumnSchema::one_of("it", names);
        TableSchema::new("v").column(column).foreign_key("it", "u", "it", ReferentialAction::Restrict)
    };
    assert!(db.create_table(&child(["a", "c"])).is_err());
    db.create_table(&child(["a", "b"])).unwrap();
}

#[test]
fn a_sum_of_decimals_is_exact_and_one_that_no_decimal_holds_is_an_error() {
    let db = Database::in_memory();
    db.create_table(&TableSchema::new("t").column(ColumnSchema::new("it", DataType::Decimal))).unwrap();
    let sum = || {
        let sum = Expr::aggregate(AggregateFunction::Sum, Some(Expr::column("it")));
        db.query(&Query::from("t").column(sum)).map(|answer| answer.rows[0][0].to_string())
    };
    assert_eq!(sum().unwrap(), "NULL");
    let add = |number: Decimal| db.insert_values("t", &[("it", number.into())]).unwrap();
    (0..10).for_each(|_| add("0.1".parse().unwrap()));
    assert_eq!(sum().unwrap(), "1.0");
    add(Decimal::MAX);
    assert!(matches!(sum(), Err(Error::OutOfRange(_))));
    add(Decimal::MIN);
    assert_eq!(sum().unwrap(), "1.0");
}
