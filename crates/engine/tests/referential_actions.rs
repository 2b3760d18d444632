//! What happens to rows when the row they refer to goes or changes: composite references, cycles, every action.

use crate::support::assert_sound;
use wasm_dbms::ForeignKeySchema;
use wasm_dbms::prelude::*;

/// Purchases by two columns and their lines, which refer to each other.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "orders"]
#[foreign_key(columns(year, main_line), table = "lines", references(year, id), on_delete = "set null", name = "main")]
struct Purchase {
    #[primary_key]
    number: u32,
    #[primary_key]
    shop: String,
    year: Option<i16>,
    main_line: Option<u32>,
}

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "lines"]
#[unique(id, year desc)]
#[foreign_key(
    columns(shop, number),
    table = "orders",
    references(shop, number),
    on_delete = "cascade",
    on_update = "cascade"
)]
struct Line {
    #[primary_key]
    id: u32,
    year: i16,
    number: Option<u32>,
    shop: Option<String>,
}

#[derive(DatabaseSchema)]
#[tables(Purchase = "orders", Line = "lines")]
struct Shop;

fn order(number: u32, main: Option<u32>) -> Purchase {
    Purchase { number, shop: "here".into(), year: main.map(|_| 2026), main_line: main }
}

fn line(id: u32, number: u32) -> Line {
    Line { id, year: 2026, number: Some(number), shop: Some("here".into()) }
}

fn shop() -> Database {
    let db = Database::in_memory().with_schema::<Shop>().unwrap();
    db.transaction(|tx| {
        tx.insert_many(&[order(1, None), order(2, None)])?;
        tx.insert_many(&[line(10, 1), line(11, 1), line(20, 2)])?;
        tx.update_key::<Purchase>((1, "here".to_owned()))
            .set(Purchase::YEAR, Some(2026))
            .set(Purchase::MAIN_LINE, Some(11))
            .run()
    })
    .unwrap();
    db
}

#[test]
fn a_reference_of_several_columns_names_them_where_it_is_refused() {
    let db = shop();
    let refused = db.insert(&line(30, 3)).unwrap_err();
    assert_eq!(refused.to_string(), "lines.shop, number = 'here', 3 refers to no row of orders");
    let nobody = Line { number: None, ..line(30, 3) };
    db.insert(&nobody).unwrap();
    let refused = db.update_key::<Line>(30).set(Line::NUMBER, Some(9)).run().unwrap_err();
    assert!(refused.is_constraint(), "{refused}");
    assert_sound(&db);
}

#[test]
fn deleting_in_a_circle_of_tables_ends_and_nulls_what_stays() {
    let db = shop();
    assert!(db.delete_key::<Purchase>((1, "here".to_owned())).unwrap());
    assert_eq!(db.select::<Line>().all().unwrap(), [line(20, 2)]);
    assert_sound(&db);
    let db = shop();
    db.delete_key::<Line>(11).unwrap();
    assert_eq!(db.get::<Purchase>((1, "here".to_owned())).unwrap(), Some(order(1, None)));
    assert_sound(&db);
}

#[test]
fn a_changed_key_takes_the_rows_that_refer_to_it_along() {
    let db = shop();
    let new_key = || db.update_key::<Purchase>((1, "here".to_owned())).set(Purchase::NUMBER, 7u32).run();
    assert!(new_key().unwrap());
    assert_eq!(db.get::<Line>(10).unwrap(), Some(line(10, 7)));
    assert_eq!(db.get::<Purchase>((7, "here".to_owned())).unwrap(), Some(order(7, Some(11))));
    assert!(!new_key().unwrap());
    // The main line has no on_update: its key stays while an order names it.
    let refused = db.update_key::<Line>(11).set(Line::ID, 12u32).run().unwrap_err();
    assert_eq!(refused.to_string(), "orders.year, main_line = 2026, 11 still refers to lines");
    assert_sound(&db);
}

/// A table that refers to itself, with these actions.
fn nodes(action: ReferentialAction) -> Database {
    let db = Database::in_memory();
    let key = ForeignKeySchema::new(["parent"], "nodes", ["id"]).on_delete(action).on_update(action);
    let schema = TableSchema::new("nodes")
        .column(ColumnSchema::new("id", DataType::I32))
        .column(ColumnSchema::new("parent", DataType::I32).nullable().default(0))
        .primary_key(["id"])
        .index(["parent"])
        .with_foreign_key(key);
    db.create_table(&schema).unwrap();
    db
}

fn node(id: i32, parent: Option<i32>) -> [(&'static str, Value); 2] {
    [("id", id.into()), ("parent", parent.into())]
}

fn pairs(db: &Database) -> Vec<(i64, Option<i64>)> {
    let number = |value: &Value| value.as_ref().as_i128().map(|number| number as i64);
    let answer = db.query(&Query::from("nodes")).unwrap();
    answer.rows.iter().map(|row| (number(&row[0]).unwrap(), number(&row[1]))).collect()
}

fn id_is(id: i32) -> Expr {
    Expr::column("id").compare(Comparison::Equal, id)
}

#[test]
fn rows_of_one_statement_may_refer_to_each_other_in_any_order() {
    let db = nodes(ReferentialAction::Restrict);
    let rows = |parents: [Option<i32>; 3]| (1..).zip(parents).map(|(id, parent)| vec![id.into(), parent.into()]);
    let columns = ["id", "parent"];
    db.insert_many_values("nodes", &columns, rows([Some(3), Some(1), Some(2)])).unwrap();
    let refused = db.insert_many_values("nodes", &columns, [vec![4.into(), 5.into()]]).unwrap_err();
    assert_eq!(refused.to_string(), "nodes.parent = 5 refers to no row of nodes");
    let refused = db.delete_values("nodes", id_is(1)).unwrap_err();
    assert_eq!(refused.to_string(), "nodes.parent = 1 still refers to nodes");
    let both = Expr::column("id").compare(Comparison::Less, 3);
    assert!(db.delete_values("nodes", both).is_err(), "3 still refers to 2");
    let all = Expr::column("id").compare(Comparison::Less, 4);
    assert_eq!(db.delete_values("nodes", all).unwrap(), 3);
    assert_sound(&db);
}

#[test]
fn each_action_does_what_it_says_to_rows_that_refer_to_a_row_that_goes() {
    for (action, left) in [
        (ReferentialAction::Cascade, vec![(0, None), (3, Some(0))]),
        (ReferentialAction::SetNull, vec![(0, None), (2, None), (3, Some(0)), (4, Some(2))]),
        (ReferentialAction::SetDefault, vec![(0, None), (2, Some(0)), (3, Some(0)), (4, Some(2))]),
    ] {
        let db = nodes(action);
        for (id, parent) in [(0, None), (1, Some(0)), (2, Some(1)), (3, Some(0)), (4, Some(2))] {
            db.insert_values("nodes", &node(id, parent)).unwrap();
        }
        db.delete_values("nodes", id_is(1)).unwrap();
        assert_eq!(pairs(&db), left, "{action}");
        assert_sound(&db);
    }
}

#[test]
fn a_default_that_refers_to_nothing_refuses_the_statement() {
    let db = nodes(ReferentialAction::SetDefault);
    db.insert_values("nodes", &node(1, None)).unwrap();
    db.insert_values("nodes", &node(2, Some(1))).unwrap();
    let refused = db.delete_values("nodes", id_is(1)).unwrap_err();
    assert_eq!(refused.to_string(), "nodes.parent = 0 refers to no row of nodes");
    assert_eq!(pairs(&db), [(1, None), (2, Some(1))]);
    assert_sound(&db);
}

#[test]
fn an_action_that_would_null_a_column_that_must_not_be_is_refused_with_the_schema() {
    let schema = TableSchema::new("t").column(ColumnSchema::new("id", DataType::I32)).primary_key(["id"]).foreign_key(
        "id",
        "t",
        "id",
        ReferentialAction::SetNull,
    );
    let refused = schema.validate().unwrap_err();
    assert!(refused.to_string().contains("may not be null"), "{refused}");
}

/// What the statements below should do, over pairs of id and parent.
#[derive(Clone)]
struct Model(Vec<(i64, Option<i64>)>);

impl Model {
    fn is_whole(&self) -> bool {
        self.0.iter().all(|(_, parent)| parent.is_none_or(|parent| self.0.iter().any(|(id, _)| *id == parent)))
    }

    fn delete(&mut self, ids: &[i64], action: ReferentialAction) {
        let mut gone = ids.to_vec();
        while let Some(id) = gone.pop() {
            if !self.0.iter().any(|(other, _)| *other == id) {
                continue;
            }
            self.0.retain(|(other, _)| *other != id);
            for (child, parent) in self.0.iter_mut().filter(|(_, parent)| *parent == Some(id)) {
                match action {
                    ReferentialAction::Cascade => gone.push(*child),
                    ReferentialAction::SetNull => *parent = None,
                    ReferentialAction::SetDefault => *parent = Some(0),
                    _ => {}
                }
            }
        }
    }

    fn rename(&mut self, id: i64, new: i64, action: ReferentialAction) {
        for (own, parent) in &mut self.0 {
            if *own == id {
                *own = new;
            }
            if *parent == Some(id) {
                *parent = match action {
                    ReferentialAction::Cascade => Some(new),
                    ReferentialAction::SetNull => None,
                    ReferentialAction::SetDefault => Some(0),
                    _ => Some(id),
                };
            }
        }
        self.0.sort_unstable();
    }
}

#[test]
fn a_model_agrees_with_every_action_over_random_statements() {
    let seed = crate::support::seed(41);
    let mut random = fastrand::Rng::with_seed(seed);
    let actions = [
        ReferentialAction::Restrict,
        ReferentialAction::Cascade,
        ReferentialAction::SetNull,
        ReferentialAction::SetDefault,
    ];
    let (mut done, mut refused) = (0, 0);
    for round in 0..40 {
        let action = actions[round % 4];
        let db = nodes(action);
        let mut model = Model(Vec::new());
        for _ in 0..60 {
            let id = random.i64(0..8);
            let mut after = model.clone();
            let written = match random.u8(..8) {
                0..4 if !after.0.iter().any(|(other, _)| *other == id) => {
                    let parent = random.bool().then(|| random.i64(0..8));
                    after.0.push((id, parent));
                    after.0.sort_unstable();
                    db.insert_values("nodes", &node(id as i32, parent.map(|parent| parent as i32)))
                }
                4 => {
                    after.delete(&[id], action);
                    db.delete_values("nodes", id_is(id as i32)).map(|_| ())
                }
                5 => {
                    let gone: Vec<i64> = after.0.iter().map(|(id, _)| *id).filter(|other| *other >= id).collect();
                    after.delete(&gone, action);
                    let filter = Expr::column("id").compare(Comparison::GreaterOrEqual, id as i32);
                    db.delete_values("nodes", filter).map(|_| ())
                }
                6 => {
                    let new = random.i64(0..10);
                    if after.0.iter().any(|(other, _)| *other == new) {
                        continue;
                    }
                    after.rename(id, new, action);
                    db.update_values("nodes", &[("id", (new as i32).into())], id_is(id as i32)).map(|_| ())
                }
                7 => {
                    let parent = random.i64(0..8);
                    for (_, other) in after.0.iter_mut().filter(|(other, _)| *other <= id) {
                        *other = Some(parent);
                    }
                    let filter = Expr::column("id").compare(Comparison::LessOrEqual, id as i32);
                    db.update_values("nodes", &[("parent", (parent as i32).into())], filter).map(|_| ())
                }
                _ => continue,
            };
            match written {
                Ok(()) => {
                    assert!(after.is_whole(), "{action}: {:?} was not refused", after.0);
                    model = after;
                    done += 1;
                }
                Err(error) => {
                    assert!(!after.is_whole(), "{action}: {error} of {:?}", after.0);
                    refused += 1;
                }
            }
            assert_eq!(pairs(&db), model.0, "{action}");
        }
        assert_sound(&db);
    }
    assert!(done > 500 && refused > 200, "{done} statements, {refused} refused");
}

#[test]
fn what_followed_for_other_rows_in_an_interactive_transaction_follows_once() {
    for action in [ReferentialAction::Cascade, ReferentialAction::SetNull] {
        let [db, other] = [nodes(action), nodes(action)];
        for (id, parent) in [(0, None), (1, Some(0)), (2, Some(1)), (3, Some(2)), (4, Some(1))] {
            db.insert_values("nodes", &node(id, parent)).unwrap();
            other.insert_values("nodes", &node(id, parent)).unwrap();
        }
        other.update_values("nodes", &[("id", 7.into())], id_is(1)).unwrap();
        other.delete_values("nodes", id_is(2)).unwrap();
        let tx = db.begin().unwrap();
        tx.update_values("nodes", &[("id", 7.into())], id_is(1)).unwrap();
        tx.delete_values("nodes", id_is(2)).unwrap();
        // The head moves on, so the rows are written again.
        db.insert_values("nodes", &node(100, None)).unwrap();
        tx.commit(Durability::Full).unwrap();
        db.delete_values("nodes", id_is(100)).unwrap();
        assert_eq!(pairs(&db), pairs(&other), "{action}");
        assert_sound(&db);
    }
}

/// Rows of `child` refer to rows of `parent` in two ways.
fn two_ways(first: ForeignKeySchema, second: ForeignKeySchema) -> Database {
    let db = Database::in_memory();
    let parent = TableSchema::new("parent")
        .column(ColumnSchema::new("id", DataType::I32))
        .column(ColumnSchema::new("code", DataType::I32))
        .primary_key(["id"])
        .unique(["code"]);
    let child = TableSchema::new("child")
        .column(ColumnSchema::new("id", DataType::I32).nullable().default(9))
        .column(ColumnSchema::new("code", DataType::I32).nullable())
        .unique(["id"])
        .check(Expr::column("id").is_null().not())
        .with_foreign_key(first)
        .with_foreign_key(second);
    db.create_tables(&[&parent, &child]).unwrap();
    for (id, code) in [(1, 10), (2, 20), (9, 90)] {
        db.insert_values("parent", &[("id", id.into()), ("code", code.into())]).unwrap();
    }
    db
}

fn by(column: &str, action: ReferentialAction) -> ForeignKeySchema {
    ForeignKeySchema::new([column], "parent", [column]).named(column).on_delete(action).on_update(action)
}

fn children(db: &Database) -> Vec<Vec<Value>> {
    db.query(&Query::from("child").order_by(Expr::column("id"), false)).unwrap().rows
}

fn add_child(db: &Database, id: i32, code: i32) {
    db.insert_values("child", &[("id", id.into()), ("code", code.into())]).unwrap();
}

#[test]
fn a_row_that_goes_by_one_reference_is_not_asked_what_another_makes_of_it() {
    for action in [ReferentialAction::SetDefault, ReferentialAction::SetNull, ReferentialAction::Restrict] {
        for is_first in [true, false] {
            let (first, second) = (by("id", action), by("code", ReferentialAction::Cascade));
            let db = if is_first { two_ways(first, second) } else { two_ways(second, first) };
            // Its default is taken and its check knows no NULL, but it goes with the row 1 or 2.
            add_child(&db, 9, 20);
            add_child(&db, 1, 20);
            add_child(&db, 2, 10);
            let below_nine = Expr::column("id").compare(Comparison::Less, 9);
            db.delete_values("parent", below_nine).unwrap();
            assert!(children(&db).is_empty(), "{action}");
            assert_sound(&db);
        }
    }
}

#[test]
fn what_must_hold_is_looked_at_in_the_rows_that_are_left() {
    for (action, problem) in [
        (ReferentialAction::SetDefault, "child has a row with id = 9 already"),
        (ReferentialAction::SetNull, "child refuses a row with id = NULL: NOT (id IS NULL)"),
        (ReferentialAction::Restrict, "child.id = 1 still refers to parent"),
    ] {
        let db = two_ways(by("id", action), by("code", ReferentialAction::Cascade));
        add_child(&db, 9, 90);
        add_child(&db, 1, 20);
        let refused = db.delete_values("parent", id_is(1)).unwrap_err();
        assert_eq!(refused.to_string(), problem, "{action}");
        assert_eq!(children(&db).len(), 2);
        assert_sound(&db);
    }
}

#[test]
fn a_row_that_goes_lets_go_of_nothing_before() {
    // The row 1 would set the reference of the row 2 to NULL, and with it the one of the child; but the row 2 goes too.
    let db = Database::in_memory();
    let parent = TableSchema::new("parent")
        .column(ColumnSchema::new("id", DataType::I32))
        .column(ColumnSchema::new("other", DataType::I32).nullable())
        .primary_key(["id"])
        .unique(["other"])
        .foreign_key("other", "parent", "id", ReferentialAction::SetNull);
    let child = TableSchema::new("child").column(ColumnSchema::new("other", DataType::I32).nullable());
    let reference = ForeignKeySchema::new(["other"], "parent", ["other"]).on_update(ReferentialAction::Cascade);
    db.create_tables(&[&parent, &child.with_foreign_key(reference)]).unwrap();
    db.insert_values("parent", &[("id", 1.into()), ("other", Value::Null)]).unwrap();
    db.insert_values("parent", &[("id", 2.into()), ("other", 1.into())]).unwrap();
    db.insert_values("child", &[("other", 1.into())]).unwrap();
    let refused = db.delete_values("parent", None).unwrap_err();
    assert_eq!(refused.to_string(), "child.other = 1 still refers to parent");
    db.delete_values("parent", id_is(1)).unwrap();
    assert_eq!(children_of(&db), [vec![Value::Null]]);
    assert_sound(&db);
}

fn children_of(db: &Database) -> Vec<Vec<Value>> {
    db.query(&Query::from("child")).unwrap().rows
}

#[test]
fn references_that_share_columns_change_a_row_once() {
    let shared = |columns: [&str; 2], action| {
        ForeignKeySchema::new(columns, "parent", columns).named("both").on_update(action).on_delete(action)
    };
    let db = Database::in_memory();
    let parent = TableSchema::new("parent")
        .column(ColumnSchema::new("id", DataType::I32))
        .column(ColumnSchema::new("code", DataType::I32))
        .primary_key(["id"])
        .unique(["id", "code"]);
    let child = TableSchema::new("child")
        .column(ColumnSchema::new("id", DataType::I32))
        .column(ColumnSchema::new("code", DataType::I32).nullable())
        .primary_key(["id"])
        .with_foreign_key(by("id", ReferentialAction::Cascade))
        .with_foreign_key(shared(["id", "code"], ReferentialAction::Restrict).named("both"));
    db.create_tables(&[&parent, &child]).unwrap();
    db.insert_values("parent", &[("id", 1.into()), ("code", 10.into())]).unwrap();
    add_child(&db, 1, 10);
    // One reference takes the row along, so the other, which restricts, holds again at the end.
    db.update_values("parent", &[("id", 5.into())], id_is(1)).unwrap();
    assert_eq!(children(&db), [vec![Value::from(5), 10.into()]]);
    let refused = db.update_values("parent", &[("code", 11.into())], id_is(5)).unwrap_err();
    assert_eq!(refused.to_string(), "child.id, code = 5, 10 still refers to parent");
    assert!(db.update_values("parent", &[("id", 6.into()), ("code", 11.into())], id_is(5)).is_err());
    // It goes by one reference, though the other one would keep the parent.
    assert_eq!(db.delete_values("parent", id_is(5)).unwrap(), 1);
    assert!(children(&db).is_empty());
    assert_sound(&db);
}
