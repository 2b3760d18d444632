//! How rows become structs, and structs rows.

use std::any::TypeId;

use wasm_dbms::{ConversionError, Insert, RowId, RowSource, Table, Value, ValueArena, ValueRef};
use wasm_dbms_macros::Table;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "users"]
struct User {
    #[primary_key]
    #[autoincrement]
    id: u64,
    email: String,
    age: Option<u8>,
    #[default = 5]
    score: Option<i32>,
    r#type: u8,
}

#[derive(Table)]
#[table = "ratings"]
struct Rating {
    #[primary_key]
    user: u64,
    stars: u8,
    #[primary_key]
    film: String,
}

#[derive(Table)]
#[table = "log"]
struct LogLine {
    text: String,
}

struct Row(Vec<Value>);

impl RowSource for Row {
    fn column(&self, index: usize) -> Result<ValueRef<'_>, ConversionError> {
        self.0.get(index).map(Value::as_ref).ok_or_else(|| ConversionError::new("column", ValueRef::Null))
    }
}

fn row_of(insert: &impl Insert) -> Vec<Option<Value>> {
    insert.row(&ValueArena::default()).as_ref().iter().map(|value| value.map(ValueRef::to_value)).collect()
}

fn ada() -> User {
    User { id: 7, email: "ada@example.com".into(), age: None, score: Some(-3), r#type: 1 }
}

fn ada_values() -> Vec<Value> {
    vec![Value::from(7u64), Value::from("ada@example.com"), Value::Null, Value::from(-3), Value::from(1u8)]
}

#[test]
fn a_row_is_read_column_by_column() {
    assert_eq!(User::read(&Row(ada_values())), Ok(ada()));
}

#[test]
fn a_value_of_another_type_is_an_error_that_names_both() {
    let mut values = ada_values();
    values[1] = Value::from(true);
    let error = User::read(&Row(values)).unwrap_err();
    assert_eq!(error.to_string(), "expected text, found true");
}

#[test]
fn a_missing_column_is_an_error() {
    assert!(User::read(&Row(ada_values()[..4].to_vec())).is_err());
}

#[test]
fn a_struct_inserts_all_of_its_values() {
    let values: Vec<_> = ada_values().into_iter().map(Some).collect();
    assert_eq!(row_of(&ada()), values);
}

#[test]
fn an_empty_insert_form_leaves_the_choice_to_the_database_where_it_can() {
    let values = row_of(&NewUser::default());
    assert_eq!(values, [None, Some(Value::from("")), Some(Value::Null), None, Some(Value::from(0u8))]);
}

#[test]
fn an_insert_form_can_choose_null_where_the_default_is_something_else() {
    let form = NewUser { id: Some(9), score: Some(None), ..NewUser::default() };
    let values = row_of(&form);
    assert_eq!(values[0], Some(Value::from(9u64)));
    assert_eq!(values[3], Some(Value::Null));
}

#[test]
fn an_insert_form_can_be_cloned_and_printed() {
    let form = NewUser { id: Some(9), ..NewUser::default() };
    let copy = form.clone();
    assert!(format!("{form:?}").starts_with("NewUser { id: Some(9), "));
    assert_eq!(copy.id, form.id);
}

#[test]
fn an_insert_form_goes_to_the_table_of_its_struct() {
    fn table_name<I: Insert>(_: &I) -> &'static str {
        &I::Table::schema().name
    }
    assert_eq!(table_name(&NewUser::default()), "users");
    assert_eq!(table_name(&ada()), "users");
}

#[test]
fn the_key_is_the_type_of_the_primary_key_a_tuple_or_a_row_id() {
    assert_eq!(TypeId::of::<<User as Table>::Key>(), TypeId::of::<u64>());
    assert_eq!(TypeId::of::<<Rating as Table>::Key>(), TypeId::of::<(u64, String)>());
    assert_eq!(TypeId::of::<<LogLine as Table>::Key>(), TypeId::of::<RowId>());
    let rating = NewRating { user: 1, stars: 5, film: "Metropolis".into() };
    assert_eq!(row_of(&rating).len(), Rating::schema().columns.len());
    assert_eq!(row_of(&NewLogLine { text: "x".into() }), [Some(Value::from("x"))]);
}
