//! A shop in ten releases: the story that migrations are told by.

use wasm_dbms::prelude::*;
use wasm_dbms::{Comparison, MigrationPlan};

use super::assert_sound;

pub(crate) fn text(name: &str) -> ColumnSchema {
    ColumnSchema::new(name, DataType::Text)
}

/// The schema of a shop in its ten releases.
pub(crate) fn releases() -> Vec<Vec<TableSchema>> {
    let mut releases = Vec::new();
    let mut people = TableSchema::new("people")
        .column(ColumnSchema::new("id", DataType::U32))
        .column(text("mail"))
        .column(text("shoe").nullable())
        .primary_key(["id"]);
    releases.push(vec![people.clone()]);
    // 2: a column more, and an index.
    people = people.column(ColumnSchema::new("age", DataType::U8).default(18)).index(["age"]);
    releases.push(vec![people.clone()]);
    // 3: another name of a column, which is unique now.
    people.columns[1] = text("email").renamed_from(["mail"]);
    people = people.unique(["email"]);
    releases.push(vec![people.clone()]);
    // 4: another name of the table.
    people.name = "users".into();
    people = people.renamed_from(["people"]);
    releases.push(vec![people.clone()]);
    // 5: a column less, wider numbers.
    people.columns.remove(2);
    people.columns[0].data_type = DataType::U64;
    people.columns[2].data_type = DataType::U16;
    releases.push(vec![people.clone()]);
    // 6: a table that refers to it.
    let orders = TableSchema::new("orders")
        .column(ColumnSchema::new("number", DataType::U64).autoincrement())
        .column(ColumnSchema::new("user", DataType::U64))
        .column(ColumnSchema::new("total", DataType::I64).default(0))
        .primary_key(["number"])
        .foreign_key("user", "users", "id", ReferentialAction::Cascade);
    releases.push(vec![people.clone(), orders.clone()]);
    // 7: columns in another order, one that may be NULL, a condition.
    people.columns.swap(1, 2);
    people.columns[1].nullable = true;
    people = people.check(Expr::column("age").compare(Comparison::Less, 200));
    releases.push(vec![people.clone(), orders.clone()]);
    // 8: exact money, and another name of a column again.
    let mut orders = orders;
    orders.columns[2].data_type = DataType::Decimal;
    orders.columns[2].default = Some(Decimal::new(0, 0).unwrap().into());
    people.columns[2] = text("address").renamed_from(["email", "mail"]);
    people.indexes[1] = IndexSchema::new(["address"]).unique();
    releases.push(vec![people.clone(), orders.clone()]);
    // 9: another key.
    orders.primary_key = vec!["user".into(), "number".into()];
    releases.push(vec![people.clone(), orders.clone()]);
    // 10: ages as texts.
    people.columns[1].data_type = DataType::Text;
    people.columns[1].default = Some("18".into());
    people.checks.clear();
    releases.push(vec![people, orders]);
    releases
}

/// A policy that allows all that a plan loses.
pub(crate) fn allowing_all(plan: &MigrationPlan) -> MigrationPolicy {
    plan.operations.iter().fold(MigrationPolicy::new(), |policy, planned| policy.allow(planned.operation.to_string()))
}

/// Migrates to a release, all losses allowed.
pub(crate) fn migrate_to(db: &Database, release: &[TableSchema]) -> MigrationPlan {
    let wanted: Vec<&TableSchema> = release.iter().collect();
    let plan = db.plan_migration_to(&wanted, false).unwrap();
    db.migrate_to(&wanted, false, &allowing_all(&plan)).unwrap();
    let left = db.plan_migration_to(&wanted, false).unwrap();
    assert!(left.is_empty(), "{left}");
    assert_sound(db);
    plan
}
