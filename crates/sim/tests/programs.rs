//! Programs that once went wrong, as the battery `model` printed them; and what a program is.

use wasm_dbms::prelude::*;
use wasm_dbms_sim::Fault;
use wasm_dbms_sim::model::{Bug, End, Operation, Program, create, delete, insert, replay, run_drawn, shrunk, update};

fn people() -> Program {
    let schema = TableSchema::new("people")
        .column(ColumnSchema::new("id", DataType::U64).autoincrement())
        .column(ColumnSchema::new("name", DataType::Text))
        .primary_key(["id"])
        .unique(["name"]);
    Program::new(4096, 0, 7).then(create(schema)).then(insert("people", ["name"], [["Ada".into()], ["Bob".into()]]))
}

#[test]
fn a_program_that_the_database_does_right_goes_well() {
    let counts = replay(
        &people()
            .then(insert("people", ["name"], [["Ada".into()]]))
            .then(update("people", [("name", "Eve".into())], Expr::column("id").compare(Comparison::Equal, 2)))
            .then(Operation::Crash { after: 3, seed: 1 })
            .then(delete("people", None)),
        None,
    )
    .unwrap();
    assert_eq!((counts.refused, counts.crashes), (1, 1));
}

#[test]
fn a_bug_is_told_with_the_smallest_program_that_meets_it() {
    let mut seeds = 1..200u64;
    let failure = seeds.find_map(|seed| run_drawn(seed, 300, Some(Bug::ForgetUnique)).err()).unwrap();
    let length = failure.program.operations.len();
    let failure = shrunk(failure, Some(Bug::ForgetUnique), &|| ());
    let operations = &failure.program.operations;
    println!("{length} operations, then {}:\n{}\n{}", operations.len(), failure.program, failure.what);
    assert!(operations.len() <= 4, "{}", failure.program);
    assert!(matches!(operations[0], Operation::Create(_)));
    assert!(failure.program.to_string().contains(".then(create(TableSchema::new("));
    assert!(replay(&failure.program, None).is_ok(), "without the bug it goes well");
}

#[test]
fn a_seed_draws_the_same_program_again() {
    assert_eq!(run_drawn(5, 200, None).unwrap(), run_drawn(5, 200, None).unwrap());
}

#[test]
fn what_a_failed_write_left_is_read_from_the_medium_and_not_made_up() {
    // The recorder took an impossible count of a read for bytes that it had.
    let columns = TableSchema::new("t").column(ColumnSchema::new("text", DataType::Text));
    let program = Program::new(4096, 0, 7_034_605_197_818_028_001)
        .then(create(columns))
        .then(Operation::Crash { after: 6, seed: 16_438_824_719_324_979_945 })
        .then(insert("t", ["text"], [["a".into()]]))
        .then(insert("t", ["text"], [["b".into()]]))
        .then(Operation::Reopen(0))
        .then(Operation::Fail { after: 2, fault: Fault::ImpossibleCount, is_lasting: true })
        .then(delete("t", None))
        .then(Operation::Crash { after: 2, seed: 5_785_480_855_958_567_047 })
        .then(update("t", [("text", "c".into())], None));
    replay(&program, None).unwrap();
}

#[test]
fn closing_makes_durable_what_was_only_found_when_the_database_was_opened() {
    // A commit that was not synced stood in the host's cache; a session that wrote nothing was closed, and lost it.
    let columns = TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64).default(2));
    for durability in [Durability::Eventual, Durability::None] {
        let program = Program::new(4096, 67_108_864, 18_254_593_399_479_356_655)
            .then(create(columns.clone()))
            .then(Operation::Begin(durability))
            .then(insert("t", [], [[]]))
            .then(Operation::End(End::Keep))
            .then(Operation::Reopen(0))
            .then(Operation::Crash { after: 200, seed: 5_227_450_222_809_607_146 })
            .then(Operation::Close(262_144));
        replay(&program, None).unwrap();
    }
}

#[test]
fn a_transaction_that_named_a_table_conflicts_with_one_that_dropped_it() {
    // A change that can be of no row had read nothing, so nothing told of the table that was gone.
    let t = |name: &str| TableSchema::new(name).column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    let within = |operation: Operation| Operation::Within { place: 0, operation: operation.into() };
    let program = Program::new(4096, 67_108_864, 4_441_157_261_485_996_568)
        .then(create(t("t0")))
        .then(create(t("t1")))
        .then(Operation::Open(Isolation::Serializable))
        .then(within(insert("t0", ["n"], [[1.into()]])))
        .then(Operation::Drop("t1".into()))
        .then(within(update("t1", [("n", 19.into())], Expr::from(Value::Null))))
        .then(within(Operation::End(End::Keep)));
    assert_eq!(replay(&program, None).unwrap().conflicts, 1);
}

#[test]
fn a_transaction_that_replaced_a_row_conflicts_with_one_that_made_a_table_that_refers_to_it() {
    // In the end the row was only changed, which no reference hinders; on the way it was gone.
    let t = |name: &str| TableSchema::new(name).column(ColumnSchema::new("n", DataType::I64)).primary_key(["n"]);
    let within = |operation: Operation| Operation::Within { place: 0, operation: operation.into() };
    let referring = t("t1").foreign_key("n", "t0", "n", ReferentialAction::Restrict);
    let with_day = t("t0").column(ColumnSchema::new("day", DataType::Date));
    let row = |day: i32| insert("t0", ["n", "day"], [[1.into(), Date::from_days(day).into()]]);
    let program = Program::new(4096, 67_108_864, 4_675_116_592_146_847_605)
        .then(create(with_day))
        .then(row(13))
        .then(Operation::Open(Isolation::Serializable))
        .then(within(delete("t0", None)))
        .then(within(row(5)))
        .then(create(referring))
        .then(insert("t1", ["n"], [[1.into()]]))
        .then(within(Operation::End(End::Keep)));
    assert_eq!(replay(&program, None).unwrap().conflicts, 1);
}
