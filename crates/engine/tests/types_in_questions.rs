//! Joins, groups, distinct rows, sets and subqueries over every type: the matrix of `types.rs` for questions that put
//! values of rows beside each other.

use wasm_dbms::prelude::*;
use wasm_dbms::{AggregateCall, Case, Join, JoinKind, Nulls, Prepared, ScalarFunction, SetOperation};

use crate::support::assert_sound;
use crate::support::samples::{column, samples};

/// A row: its number, the number of its sample or NULL, and which form of it.
type Row = (u64, Option<usize>);

/// Two tables: in `t` every form of every sample, in `u` every second sample in its last form, twice; NULLs in both.
struct Tables {
    db: Database,
    t: Vec<Row>,
    u: Vec<Row>,
}

fn tables(data_type: DataType, samples: &[Vec<Value>], index: Option<&IndexSchema>) -> Tables {
    let table = |name: &str| {
        let schema = TableSchema::new(name).column(ColumnSchema::new("n", DataType::U32));
        let schema =
            schema.column(column("it", data_type).nullable()).column(ColumnSchema::new("side", DataType::Text));
        let mut schema = schema.primary_key(["n"]);
        schema.indexes.extend(index.cloned());
        schema
    };
    let db = Database::in_memory();
    db.create_tables(&[&table("t"), &table("u")]).unwrap();
    let insert = |table: &str, n: u64, value: Value| {
        let side = ["left", "right"][(n % 2) as usize];
        db.insert_values(table, &[("n", n.into()), ("it", value), ("side", side.into())]).unwrap();
    };
    let (mut t, mut u) = (Vec::new(), Vec::new());
    for (number, forms) in samples.iter().enumerate() {
        for form in forms {
            insert("t", t.len() as u64, form.clone());
            t.push((t.len() as u64, Some(number)));
        }
        for _ in 0..(number % 2) * 2 {
            insert("u", u.len() as u64, forms[forms.len() - 1].clone());
            u.push((u.len() as u64, Some(number)));
        }
    }
    for (table, rows) in [("t", &mut t), ("u", &mut u)] {
        insert(table, rows.len() as u64, Value::Null);
        rows.push((rows.len() as u64, None));
    }
    Tables { db, t, u }
}

impl Tables {
    /// The numbers that a question answers, row by row, in order.
    fn numbers(&self, query: &Query) -> Vec<Vec<Option<u64>>> {
        let number = |value: &Value| value.as_ref().as_i128().and_then(|number| u64::try_from(number).ok());
        let answer = self.db.query(query).unwrap();
        let mut rows: Vec<_> = answer.rows.iter().map(|row| row.iter().map(number).collect::<Vec<_>>()).collect();
        rows.sort();
        rows
    }

    /// What a join of the two tables must answer.
    fn joined(&self, kind: JoinKind) -> Vec<Vec<Option<u64>>> {
        let is_pair = |left: &Row, right: &Row| left.1.is_some() && left.1 == right.1;
        let mut rows = Vec::new();
        for left in &self.t {
            let partners = self.u.iter().filter(|right| is_pair(left, right));
            rows.extend(partners.map(|right| vec![Some(left.0), Some(right.0)]));
        }
        if matches!(kind, JoinKind::Left | JoinKind::Full) {
            let alone = self.t.iter().filter(|left| !self.u.iter().any(|right| is_pair(left, right)));
            rows.extend(alone.map(|left| vec![Some(left.0), None]));
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            let alone = self.u.iter().filter(|right| !self.t.iter().any(|left| is_pair(left, right)));
            rows.extend(alone.map(|right| vec![None, Some(right.0)]));
        }
        rows.sort();
        rows
    }
}

/// Asks for every type, without an index and with each that it can have.
fn for_each(check: impl Fn(DataType, &[Vec<Value>], &Tables)) {
    let down = || IndexColumn::new("it").descending();
    let indexes = [
        IndexSchema::new(["it"]),
        IndexSchema::new([down()]),
        IndexSchema::new(["side", "it"]),
        IndexSchema::new([down(), "side".into()]).include(["n"]),
    ];
    for data_type in DataType::ALL {
        let samples = samples(data_type);
        let indexes = indexes.iter().filter(|_| data_type.is_ordered());
        for index in indexes.map(Some).chain([None]) {
            let tables = tables(data_type, &samples, index);
            check(data_type, &samples, &tables);
            assert_sound(&tables.db);
        }
    }
}

fn it(table: &str) -> Expr {
    Expr::column(&format!("{table}.it"))
}

#[test]
fn joins_of_every_kind_bring_equal_values_of_every_type_together() {
    for_each(|data_type, _, tables| {
        for kind in [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full] {
            let query = Query::from("t").join_with(Join::equal(kind, "u", "t.it", "u.it"));
            let query = query.column(Expr::column("t.n")).column(Expr::column("u.n"));
            assert_eq!(tables.numbers(&query), tables.joined(kind), "{data_type}: {kind:?}");
            // With a condition beside the equality, which no row breaks.
            let always = Expr::column("t.n").compare(Comparison::GreaterOrEqual, 0);
            let both = it("t").compare(Comparison::Equal, it("u")).and(always);
            let query = Query::from("t").join_on(kind, "u", both);
            let query = query.column(Expr::column("t.n")).column(Expr::column("u.n"));
            assert_eq!(tables.numbers(&query), tables.joined(kind), "{data_type}: {kind:?}");
        }
    });
}

#[test]
fn joins_by_the_order_of_every_type_compare_as_filters_do() {
    for_each(|data_type, _, tables| {
        if !data_type.is_ordered() {
            return;
        }
        let query = Query::from("t").join_on(JoinKind::Inner, "u", it("t").compare(Comparison::Less, it("u")));
        let query = query.column(Expr::column("t.n")).column(Expr::column("u.n"));
        let pairs = tables.t.iter().flat_map(|left| tables.u.iter().map(move |right| (left, right)));
        let is_less = |(left, right): &(&Row, &Row)| left.1.zip(right.1).is_some_and(|(left, right)| left < right);
        let mut expected: Vec<_> =
            pairs.filter(is_less).map(|(left, right)| vec![Some(left.0), Some(right.0)]).collect();
        expected.sort();
        assert_eq!(tables.numbers(&query), expected, "{data_type}");
    });
}

#[test]
fn values_of_every_type_are_group_keys_alone_first_and_last() {
    for_each(|data_type, samples, tables| {
        let mut expected: Vec<Vec<Option<u64>>> = (0..samples.len())
            .map(|number| tables.t.iter().filter(|row| row.1 == Some(number)).count() as u64)
            .chain([1])
            .map(|count| vec![Some(count)])
            .collect();
        expected.sort();
        let alone = Query::from("t").group_by("it").column(Expr::count());
        assert_eq!(tables.numbers(&alone), expected, "{data_type}");

        let mut sides: Vec<(Option<usize>, u64)> = tables.t.iter().map(|row| (row.1, row.0 % 2)).collect();
        sides.sort_unstable();
        let count = |group: &[_]| vec![Some(group.len() as u64)];
        let mut expected: Vec<_> = sides.chunk_by(|one, two| one == two).map(count).collect();
        expected.sort();
        for names in [["it", "side"], ["side", "it"]] {
            let query = Query::from("t").group_by(names[0]).group_by(names[1]).column(Expr::count());
            assert_eq!(tables.numbers(&query), expected, "{data_type}: {names:?}");
        }
        let having = Query { having: Some(it("t").is_null()), ..alone };
        assert_eq!(tables.numbers(&having), [[Some(1)]], "{data_type}");
    });
}

#[test]
fn equal_values_of_every_type_are_one_where_rows_are_distinct() {
    for_each(|data_type, samples, tables| {
        let count = |query: &Query| tables.db.query(query).unwrap().rows.len();
        let distinct = Query::from("t").column(Expr::column("it")).distinct();
        assert_eq!(count(&distinct), samples.len() + 1, "{data_type}");
        let mut pairs: Vec<_> = tables.t.iter().map(|row| (row.1, row.0 % 2)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let with_side = Query::from("t").column(Expr::column("side")).column(Expr::column("it")).distinct();
        assert_eq!(count(&with_side), pairs.len(), "{data_type}");
        let call = AggregateCall::new(AggregateFunction::Count, Some(Expr::column("it"))).distinct();
        let counted = Query::from("t").column(Expr::from(call));
        assert_eq!(tables.numbers(&counted), [[Some(samples.len() as u64)]], "{data_type}");
    });
}

#[test]
fn sets_of_every_type_know_equal_values_and_nulls_again() {
    for_each(|data_type, samples, tables| {
        let of = |name: &str| Query::from(name.to_owned()).column(Expr::column("it"));
        let count = |operation, all| tables.db.query(&of("t").set(operation, all, of("u"))).unwrap().rows.len();
        let common = samples.len() / 2;
        assert_eq!(count(SetOperation::Union, false), samples.len() + 1, "{data_type}");
        assert_eq!(count(SetOperation::Union, true), tables.t.len() + tables.u.len(), "{data_type}");
        assert_eq!(count(SetOperation::Intersect, false), common + 1, "{data_type}");
        assert_eq!(count(SetOperation::Except, false), samples.len() - common, "{data_type}");
    });
}

#[test]
fn subqueries_find_values_of_every_type() {
    for_each(|data_type, _, tables| {
        let of_u = || Query::from("u").filter(it("u").is_null().not()).column(it("u"));
        let correlated = || Query::from("u").filter(it("u").compare(Comparison::Equal, it("t")));
        let is_there = |row: &&Row| row.1.is_some_and(|number| number % 2 == 1);
        let there: Vec<_> = tables.t.iter().filter(is_there).map(|row| vec![Some(row.0)]).collect();
        let missing: Vec<_> = tables.t.iter().filter(|row| !is_there(row)).map(|row| vec![Some(row.0)]).collect();
        let not_null = |rows: &[Vec<Option<u64>>]| {
            let is_value = |row: &&Vec<Option<u64>>| *row != &[Some(tables.t.len() as u64 - 1)];
            rows.iter().filter(is_value).cloned().collect::<Vec<_>>()
        };
        let ask = |filter: Expr| tables.numbers(&Query::from("t").filter(filter).column(Expr::column("n")));
        assert_eq!(ask(it("t").in_query(of_u())), there, "{data_type}");
        assert_eq!(ask(Expr::exists(correlated())), there, "{data_type}");
        assert_eq!(ask(Expr::exists(correlated()).not()), missing, "{data_type}");
        // A NULL is in no list and outside of none.
        assert_eq!(ask(it("t").in_query(of_u()).not()), not_null(&missing), "{data_type}");
        let first = || Query::from("u").column(it("u")).order_by(Expr::column("u.n"), false).limit(1);
        let expected = tables.t.iter().filter(|row| row.1.is_some() && row.1 == tables.u[0].1);
        let expected: Vec<_> = expected.map(|row| vec![Some(row.0)]).collect();
        assert_eq!(ask(it("t").compare(Comparison::Equal, Expr::scalar(first()))), expected, "{data_type}");
    });
}

#[test]
fn every_type_with_an_order_is_the_first_and_the_second_key_of_a_sort() {
    for_each(|data_type, _, tables| {
        if !data_type.is_ordered() {
            return;
        }
        for (nulls, descending) in
            [(Nulls::First, false), (Nulls::First, true), (Nulls::Last, false), (Nulls::Last, true)]
        {
            let own = || Order { expr: Expr::column("it"), descending, nulls: Some(nulls) };
            let side = || Order::ascending(Expr::column("side"));
            let key = |row: &Row| {
                let number = row.1.map_or(0, |number| if descending { -(number as i64) } else { number as i64 });
                (row.1.is_none() == (nulls == Nulls::Last), number)
            };
            for is_first in [true, false] {
                let order_by = if is_first { vec![own(), side()] } else { vec![side(), own()] };
                let query = Query { order_by, ..Query::from("t").column(Expr::column("n")) };
                let mut expected = tables.t.clone();
                expected.sort_by_key(|row| {
                    let side = row.0 % 2;
                    if is_first { (0, key(row), side) } else { (side, key(row), 0) }
                });
                for limit in [None, Some(4)] {
                    let query = Query { limit: limit.map(Expr::from), ..query.clone() };
                    let answer = tables.db.query(&query).unwrap();
                    let found: Vec<_> = answer.rows.iter().map(|row| row[0].as_ref().as_i128().unwrap()).collect();
                    let most = limit.map_or(usize::MAX, |limit: i64| limit as usize);
                    let expected: Vec<_> = expected.iter().take(most).map(|row| i128::from(row.0)).collect();
                    assert_eq!(found, expected, "{data_type}: {nulls:?}, descending {descending}");
                }
            }
        }
    });
}

#[test]
fn a_value_of_another_type_beside_a_column_is_an_error_and_only_sql_reads_texts() {
    let written = |value: &Value| match value {
        Value::Decimal(value) => value.to_string(),
        Value::Date(value) => value.to_string(),
        Value::DateTime(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        _ => "?".to_owned(),
    };
    for own in DataType::ALL {
        let own_samples = samples(own);
        let tables = tables(own, &own_samples, None);
        // The middle one, as the extremes need not be read back.
        let text = Value::from(written(&own_samples[own_samples.len() / 2][0]));
        for other in DataType::ALL {
            let value = if other == DataType::Text { text.clone() } else { samples(other)[0][0].clone() };
            let is_alike = own.is_comparable_with(other);
            let is_read = matches!(own, DataType::Decimal | DataType::Date | DataType::DateTime | DataType::Uuid)
                && other == DataType::Text;
            if own == DataType::Enum {
                // Names are the only literals that an enum has.
                continue;
            }
            let equal = |with: Expr| it("t").compare(Comparison::Equal, with);
            let conditions = |with: &Expr| {
                let case =
                    Case { operand: Some(it("t")), branches: vec![(with.clone(), true.into())], otherwise: None };
                [
                    equal(with.clone()),
                    with.clone().compare(Comparison::NotEqual, it("t")),
                    it("t").is_distinct(with.clone()),
                    it("t").in_list([with.clone()]),
                    Expr::Case(case.into()),
                    Expr::exists(Query::from("u").filter(equal(with.clone()))),
                ]
            };
            let literal = Expr::Literal(value.clone());
            for (number, filter) in conditions(&literal).into_iter().enumerate() {
                let place = format!("{own} beside {other}, condition {number}");
                let query = Query::from("t").filter(filter.clone());
                assert_eq!(tables.db.query(&query).is_ok(), is_alike, "{place}");
                let sql = Query { reads_text: true, ..query.clone() };
                assert_eq!(tables.db.query(&sql).is_ok(), is_alike || is_read, "{place}, as SQL has it");
                assert_eq!(tables.db.count_values("t", filter.clone()).is_ok(), is_alike, "{place}, counted");
            }
            for (number, filter) in conditions(&Expr::Parameter(1)).into_iter().enumerate() {
                let place = format!("{own} beside the parameter {other}, condition {number}");
                let query = Query::from("t").filter(filter);
                let given = &[value.as_ref()];
                assert_eq!(tables.db.query_with(&query, given).is_ok(), is_alike, "{place}");
                let sql = Query { reads_text: true, ..query.clone() };
                assert_eq!(tables.db.query_with(&sql, given).is_ok(), is_alike || is_read, "{place}, as SQL has it");
                let prepared = Prepared::new(query);
                assert_eq!(prepared.query(&tables.db, given).is_ok(), is_alike, "{place}, prepared");
                let prepared = Prepared::new(sql);
                assert_eq!(prepared.query(&tables.db, given).is_ok(), is_alike || is_read, "{place}, prepared SQL");
            }
            let coalesced = Expr::Function(ScalarFunction::Coalesce, vec![it("t"), literal.clone()].into());
            let query = Query::from("t").filter(coalesced.is_null());
            assert_eq!(tables.db.query(&query).is_ok(), is_alike, "{own} beside {other}, the first of both");
            let filter = Expr::column("it").compare(Comparison::Equal, literal);
            let updated = tables.db.update_values("u", &[("side", "left".into())], filter);
            assert_eq!(updated.is_ok(), is_alike, "{own} beside {other}, updated");
        }
    }
}
