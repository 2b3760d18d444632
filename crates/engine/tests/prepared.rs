//! A prepared question is planned once; it answers what the same question answers that is planned each time.

use wasm_dbms::prelude::*;
use wasm_dbms::{Answer, AnswerRow, JoinKind, Prepared, Source};

#[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
enum State {
    New,
    Old,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "items"]
struct Item {
    #[primary_key]
    id: u64,
    #[index]
    group: i32,
    #[index]
    price: Decimal,
    #[index]
    state: State,
    name: String,
    parent: Option<u64>,
}

fn item(id: u64) -> Item {
    let state = if id.is_multiple_of(3) { State::Old } else { State::New };
    let parent = (id > 2).then_some(id / 2);
    Item { id, group: (id % 7) as i32, price: (id as i64).into(), state, name: format!("n{}", id % 10), parent }
}

fn database(count: u64) -> Database {
    let db = Database::in_memory();
    db.create_table(Item::schema()).unwrap();
    db.insert_many(&(1..=count).map(item).collect::<Vec<_>>()).unwrap();
    db
}

fn parameter(number: u32) -> Expr {
    Expr::Parameter(number)
}

#[test]
fn the_second_run_plans_nothing() {
    let db = database(500);
    let of_group = db.select::<Item>().filter(Item::GROUP.eq(parameter(1))).order_by(Item::ID.asc()).prepare();
    for group in 0..7_i32 {
        let expected = db.select::<Item>().filter(Item::GROUP.eq(group)).order_by(Item::ID.asc()).all().unwrap();
        assert_eq!(of_group.all(&db, &[group.into()]).unwrap(), expected);
        assert_eq!(of_group.first(&db, &[group.into()]).unwrap().as_ref(), expected.first());
        assert_eq!(of_group.count(&db, &[group.into()]).unwrap(), expected.len() as u64);
        let streamed = of_group.iter(&db, &[group.into()]).unwrap().collect::<Result<Vec<_>>>().unwrap();
        assert_eq!(streamed, expected);
        let mut visited = Vec::new();
        let visit = |item| {
            visited.push(item);
            Ok(())
        };
        of_group.for_each(&db, &[group.into()], visit).unwrap();
        assert_eq!(visited, expected);
    }
    assert_eq!(of_group.plan_count(), 1);
}

#[test]
fn indexes_are_used_as_for_literals() {
    let db = database(500);
    let explained = |filter: Expr, parameters: &[ValueRef<'_>]| {
        let prepared = db.select::<Item>().filter(filter.clone()).prepare();
        let found = prepared.explain(&db, parameters).unwrap();
        assert_eq!(prepared.all(&db, parameters).unwrap().len(), 1, "{filter}");
        // A plan is the same for every value.
        found.replace("?1", "7")
    };
    let plain = |filter: Expr| db.select::<Item>().filter(filter).explain().unwrap();
    assert_eq!(explained(Item::ID.eq(parameter(1)), &[7.into()]), plain(Item::ID.eq(7)));
    let price = Item::PRICE.expr().compare(Comparison::Equal, parameter(1));
    // How many rows are expected is another matter: one value is looked up in the data, any value has what all have.
    let way = |plan: String| plan.split(" (about").next().map(str::to_owned);
    assert_eq!(way(explained(price, &[7.into()])), way(plain(Item::PRICE.eq(Decimal::from(7)))));
    let state = Item::STATE.expr().compare(Comparison::Equal, parameter(1)).and(Item::ID.eq(3));
    explained(state, &["Old".into()]);
}

#[test]
fn a_parameter_may_be_a_value_of_an_enum_or_its_name() {
    let db = database(90);
    let of_state = db.select::<Item>().filter(Item::STATE.eq(parameter(1))).prepare();
    let as_it_is = db.select::<Item>().columns(Item::STATE).prepare();
    for state in [State::New, State::Old] {
        let expected = db.select::<Item>().filter(Item::STATE.eq(state)).count().unwrap();
        let value = db.query(&Query::from("items").column(Expr::from(state))).unwrap().rows[0][0].clone();
        assert!(matches!(value, Value::Enum(..)), "{value}");
        let Value::Enum(_, name) = &value else { unreachable!() };
        assert_eq!(of_state.count(&db, &[ValueRef::Text(name)]).unwrap(), expected);
        assert_eq!(of_state.count(&db, &[value.as_ref()]).unwrap(), expected);
    }
    assert_eq!(as_it_is.all(&db, &[]).unwrap().len(), 90);
    let alone = Prepared::new(Query::from("items").column(parameter(1)).limit(1));
    let value = Value::Enum(1, "Old".into());
    assert_eq!(alone.query(&db, &[value.as_ref()]).unwrap().rows, [[value.clone()]]);
}

#[test]
fn what_changes_the_plan_is_planned_anew() {
    let db = database(100);
    let named = db.select::<Item>().filter(Item::NAME.expr().like(parameter(1))).prepare();
    let counts = ["n1", "n1", "n%", "n%"].map(|pattern| named.count(&db, &[pattern.into()]).unwrap());
    assert_eq!((counts, named.plan_count()), ([10, 10, 100, 100], 2), "a pattern is a part of the plan");

    let above = db.select::<Item>().filter(Item::GROUP.expr().compare(Comparison::Greater, parameter(1))).prepare();
    let counts =
        [3.into(), 4.into(), ValueRef::Null, 2.5.into(), 3.into()].map(|value| above.count(&db, &[value]).unwrap());
    assert_eq!((counts, above.plan_count()), ([42, 28, 0, 56, 42], 4), "another type is another plan");

    let page = Prepared::new(Query { limit: Some(parameter(1)), ..Query::from("items") });
    let counts = [5, 5, 6].map(|limit| page.query(&db, &[limit.into()]).unwrap().rows.len());
    assert_eq!((counts, page.plan_count()), ([5, 5, 6], 2), "so is a limit");

    let all = db.select::<Item>().prepare();
    all.count(&db, &[]).unwrap();
    db.insert_many(&(101..=300).map(item).collect::<Vec<_>>()).unwrap();
    assert_eq!((all.count(&db, &[]).unwrap(), all.plan_count()), (300, 1));
    db.insert_many(&(301..=600).map(item).collect::<Vec<_>>()).unwrap();
    assert_eq!((all.count(&db, &[]).unwrap(), all.plan_count()), (600, 2), "so are many more rows");
}

#[test]
fn a_table_that_was_made_again_is_planned_again() {
    let db = database(10);
    let items = Prepared::new(Query::from("items").filter(Expr::column("id").compare(Comparison::Less, parameter(1))));
    assert_eq!(items.query(&db, &[4.into()]).unwrap().rows.len(), 3);
    db.create_table(&TableSchema::new("other").column(ColumnSchema::new("n", DataType::I64))).unwrap();
    assert_eq!(items.query(&db, &[4.into()]).unwrap().rows.len(), 3);
    assert_eq!(items.plan_count(), 1, "another table is none of its own");
    db.drop_table("items").unwrap();
    assert!(items.query(&db, &[4.into()]).is_err());
    let text = ColumnSchema::new("text", DataType::Text);
    db.create_table(&TableSchema::new("items").column(text).column(ColumnSchema::new("id", DataType::I64))).unwrap();
    db.insert_values("items", &[("text", "x".into()), ("id", 3.into())]).unwrap();
    assert_eq!(items.query(&db, &[4.into()]).unwrap().rows, [["x".into(), 3.into()]]);
}

#[test]
fn it_is_asked_of_any_database_transaction_and_snapshot() {
    let (db, other) = (database(10), database(20));
    let count = db.select::<Item>().filter(Item::ID.gt(parameter(1))).prepare();
    let snapshot = db.snapshot().unwrap();
    assert_eq!(count.count(&db, &[5.into()]).unwrap(), 5);
    assert_eq!(count.count(&other, &[5.into()]).unwrap(), 15);
    db.transaction(|tx| {
        tx.insert(&item(11))?;
        assert_eq!(count.count(tx, &[5.into()])?, 6);
        Ok(())
    })
    .unwrap();
    let tx = db.begin().unwrap();
    assert_eq!(count.count(&tx, &[5.into()]).unwrap(), 6);
    assert_eq!(count.count(&snapshot, &[5.into()]).unwrap(), 5);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(count.count(&db, &[5.into()]).unwrap(), 6)));
        }
    });
    assert_eq!(count.plan_count(), 1);
}

#[test]
fn wrong_parameters_are_refused_each_time() {
    let db = database(10);
    let by = |column: &str| {
        Prepared::new(Query::from("items").filter(Expr::column(column).compare(Comparison::Equal, parameter(1))))
    };
    let refused = |prepared: &Prepared<Answer>, values: &[ValueRef<'_>], message: &str| {
        let error = prepared.query(&db, values).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    let by_id = by("id");
    refused(&by_id, &[], "the parameter ?1 is not given");
    assert_eq!(by_id.query(&db, &[3.into()]).unwrap().rows.len(), 1);
    refused(&by_id, &[], "the parameter ?1 is not given");
    refused(&by_id, &["x".into()], "cannot be compared");
    let by_state = by("state");
    assert_eq!(by_state.query(&db, &["Old".into()]).unwrap().rows.len(), 3);
    refused(&by_state, &["Lost".into()], "'Lost' is no name");
    assert_eq!(by_state.query(&db, &["New".into()]).unwrap().rows.len(), 7);
    assert_eq!(by_state.plan_count(), 1);
}

/// Questions of many shapes, each asked with parameters prepared and not.
#[test]
fn prepared_questions_answer_what_others_do() {
    let db = database(60);
    let column = Expr::column;
    let less = |expr: Expr, number| expr.compare(Comparison::Less, parameter(number));
    let older = Query::from(Source::from("items").alias("o"))
        .filter(column("o.parent").compare(Comparison::Equal, column("items.id")).and(less(column("o.id"), 2)));
    let questions = [
        Query::from("items").filter(less(column("id"), 1).or(column("group").in_list([parameter(1), parameter(2)]))),
        Query::from("items").filter(column("price").between(parameter(1), parameter(2))),
        Query::from("items").filter(column("price").in_list([parameter(1), parameter(2)])),
        Query::from("items").filter(Expr::exists(older.clone())),
        Query::from("items").column(column("id") * parameter(1) + parameter(2)).filter(less(parameter(1), 2)),
        Query::from("items").column(Expr::scalar(older.column(Expr::count()))),
        Query { group_by: vec![column("group") % 3], ..Query::from("items") }
            .column(Expr::count())
            .filter(less(column("id"), 2)),
        Query::from("items").filter(less(column("id"), 1)).union(Query::from("items").filter(less(column("id"), 2))),
        Query::from("items")
            .join(Source::from("items").alias("p"), "items.parent", "p.id")
            .filter(less(column("p.group"), 1).and(less(column("items.id"), 2)))
            .column(column("items.id")),
        Query::values([[parameter(1), parameter(2)]]),
    ];
    let seed = 3;
    let mut random = fastrand::Rng::with_seed(seed);
    for (number, question) in questions.iter().enumerate() {
        let prepared = Prepared::new(question.clone());
        for _ in 0..20 {
            let values = [0; 2].map(|_| ValueRef::from(random.i64(0..60)));
            let expected = db.query_with(question, &values).unwrap();
            assert_eq!(prepared.query(&db, &values).unwrap(), expected, "seed {seed}, {number}: {question} {values:?}");
            let rows = prepared.query_iter(&db, &values).unwrap().collect::<Result<Vec<_>>>().unwrap();
            assert_eq!(rows, expected.rows, "seed {seed}, {number}: {question} {values:?}");
        }
        assert_eq!(prepared.plan_count(), 1, "{question}");
    }
}

/// Questions of every kind of walk, each with two numbers: whole keys, ranges, scans, unions, joins by keys and by kept rows,
/// rows without a partner, order, groups, queries inside.
fn questions_of_every_walk() -> Vec<Query> {
    let column = Expr::column;
    let is = |name: &str, comparison, number| column(name).compare(comparison, parameter(number));
    let items = || Query::from("items");
    let other = || Source::from("items").alias("other");
    let equal = |left: &str, right: &str| column(left).compare(Comparison::Equal, column(right));
    let of_group =
        |query: Query| query.filter(is("items.group", Comparison::Equal, 2)).order_by(column("items.id"), false);
    let children =
        Query::from(other()).filter(equal("other.parent", "items.id")).filter(is("other.id", Comparison::Less, 1));
    vec![
        items().filter(is("id", Comparison::Equal, 1)),
        items().filter(is("id", Comparison::Equal, 1).or(is("id", Comparison::Equal, 2))).order_by(column("id"), false),
        items().filter(is("id", Comparison::Greater, 1)).order_by(column("id"), false).limit(5),
        items().filter(is("id", Comparison::LessOrEqual, 1)).order_by(column("id"), true).limit(9),
        items()
            .filter(is("group", Comparison::Equal, 2).and(is("id", Comparison::Less, 1)))
            .order_by(column("id"), false),
        items().filter(is("price", Comparison::Equal, 1)).column(column("price")),
        items()
            .filter(is("parent", Comparison::Greater, 1))
            .order_by(column("name"), true)
            .order_by(column("id"), false),
        items().filter(is("id", Comparison::Less, 1)).filter(column("name").like("%3")).order_by(column("id"), false),
        items().filter(is("id", Comparison::Less, 1)).group_by("group").column(column("group")).column(Expr::count()),
        of_group(items().join_on(JoinKind::Inner, other(), equal("other.id", "items.parent"))),
        of_group(items().join_on(JoinKind::Left, other(), equal("other.parent", "items.id"))),
        of_group(items().join_on(
            JoinKind::Full,
            other(),
            equal("other.name", "items.name").and(is("other.id", Comparison::Less, 1)),
        )),
        of_group(items().filter(Expr::exists(children.clone()))),
        of_group(items().column(column("items.id")).column(Expr::scalar(children.column(Expr::count())))),
        of_group(items().filter(
            column("items.id").in_query(items().filter(is("id", Comparison::Less, 1)).column(column("parent"))),
        )),
    ]
}

#[test]
fn what_a_run_leaves_behind_does_not_show_in_the_next() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_129);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let db = database(300);
    let questions: Vec<_> =
        questions_of_every_walk().into_iter().map(|query| (Prepared::new(query.clone()), query)).collect();
    for round in 0..2_000 {
        let (prepared, query) = &questions[random.usize(..questions.len())];
        let parameters = [ValueRef::from(random.u64(1..330)), ValueRef::from(random.u64(0..9))];
        let expected = db.query_with(query, &parameters).unwrap();
        let found = match random.u8(..3) {
            0 => prepared.query(&db, &parameters).unwrap(),
            1 => db.transaction(|tx| prepared.query(tx, &parameters)).unwrap(),
            _ => {
                let mut rows = Vec::new();
                let visit = &mut |row: &AnswerRow<'_>| {
                    rows.push(row.to_values()?);
                    Ok(true)
                };
                prepared.query_each(&db, &parameters, visit).unwrap();
                Answer { columns: expected.columns.clone(), rows }
            }
        };
        assert_eq!(found, expected, "round {round}: {query} with {parameters:?}");
        // A run that ends early leaves no less behind.
        let mut count = random.usize(..4);
        let stop = &mut |_: &AnswerRow<'_>| {
            count = count.saturating_sub(1);
            Ok(count > 0)
        };
        prepared.query_each(&db, &parameters, stop).unwrap();
        let id = random.u64(1..330);
        match random.u8(..4) {
            0 => drop(db.delete_key::<Item>(id).unwrap()),
            1 => drop(db.insert(&item(id))),
            2 => drop(db.update::<Item>().set(Item::GROUP, random.i32(0..7)).filter(Item::ID.eq(id)).run().unwrap()),
            _ => {}
        }
    }
}
