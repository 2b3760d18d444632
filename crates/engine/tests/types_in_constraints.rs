//! Every type with a default, under checks, in references and under rules: the matrix of `types.rs` for what a table asks
//! of its rows.

use wasm_dbms::prelude::*;
use wasm_dbms::{ForeignKeySchema, HeapProvider, RuleTypes};

use crate::support::samples::{column, samples};
use crate::support::{assert_sound, exported, rows};

const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

fn ordered() -> impl Iterator<Item = DataType> {
    DataType::ALL.into_iter().filter(|data_type| data_type.is_ordered())
}

fn it() -> Expr {
    Expr::column("it")
}

fn is(value: &Value) -> Expr {
    it().compare(Comparison::Equal, value.clone())
}

fn n() -> ColumnSchema {
    ColumnSchema::new("n", DataType::U32)
}

/// Whether a write that a constraint may refuse was done; any other error is a failure.
fn is_done<R>(written: Result<R>) -> bool {
    match written {
        Ok(_) => true,
        Err(error) => {
            assert!(error.is_constraint(), "{error}");
            false
        }
    }
}

#[test]
fn every_value_of_every_type_is_a_default_first_in_the_middle_and_last_and_survives_reopening() {
    for data_type in DataType::ALL {
        for form in samples(data_type).into_iter().flatten() {
            let of = |name: &str| column(name, data_type).default(form.clone());
            let schema = TableSchema::new("t").column(of("first")).column(n());
            let schema = schema.column(of("middle").nullable()).column(ColumnSchema::new("text", DataType::Text));
            let db = Database::in_memory();
            db.create_table(&schema.column(of("last"))).unwrap();
            let given = [("n", 1.into()), ("text", "text".into())];
            db.insert_values("t", &given).unwrap();
            let db = Database::open(HeapProvider::from_bytes(exported(&db))).unwrap();
            db.insert_values("t", &given).unwrap();
            // NULL that is given is no value that is missing.
            db.insert_values("t", &[("n", 1.into()), ("text", "text".into()), ("middle", Value::Null)]).unwrap();
            for (number, row) in rows(&db, "t").iter().enumerate() {
                let is_form = |place: usize| row[place].as_ref().is_identical(form.as_ref());
                let is_middle = if number == 2 { row[2].is_null() } else { is_form(2) };
                assert!(is_form(0) && is_middle && is_form(4), "{data_type}: {row:?} instead of {form}");
            }
            assert_sound(&db);
        }
    }
}

#[test]
fn a_default_of_another_type_is_refused() {
    for one in DataType::ALL {
        for two in DataType::ALL {
            for form in samples(two).into_iter().flatten() {
                let schema = TableSchema::new("t").column(column("it", one).default(form.clone()));
                let holds = column("it", one).holds(form.as_ref());
                let created = Database::in_memory().create_table(&schema);
                assert_eq!(created.is_ok(), holds, "{form} of {two} as default of {one}: {created:?}");
            }
        }
    }
}

#[test]
fn a_check_on_every_type_refuses_what_the_comparison_says() {
    for data_type in DataType::ALL {
        let samples = samples(data_type);
        for (number, forms) in samples.iter().enumerate() {
            for comparison in COMPARISONS {
                let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                if !is_equality && !data_type.is_ordered() {
                    continue;
                }
                let condition = it().compare(comparison, forms[forms.len() - 1].clone());
                let schema = TableSchema::new("t").column(n()).column(column("it", data_type).nullable());
                let db = Database::in_memory();
                db.create_table(&schema.check(condition)).unwrap();
                for (other, forms) in samples.iter().enumerate() {
                    let expected = comparison.holds(other.cmp(&number));
                    for form in forms {
                        let done = is_done(db.insert_values("t", &[("n", 1.into()), ("it", form.clone())]));
                        assert_eq!(done, expected, "{data_type}: it {comparison} {}, given {form}", samples[number][0]);
                    }
                }
                // What NULL leaves open passes.
                db.insert_values("t", &[("n", 2.into()), ("it", Value::Null)]).unwrap();
                let kept = (0..samples.len()).filter(|other| comparison.holds(other.cmp(&number)));
                let kept: usize = kept.map(|other| samples[other].len()).sum();
                assert_eq!(rows(&db, "t").len(), kept + 1);
            }
        }
    }
}

#[test]
fn a_check_between_two_columns_of_every_type_is_asked_of_what_an_update_makes() {
    for data_type in ordered() {
        let samples = samples(data_type);
        let (low, high) = (&samples[0][0], &samples[samples.len() - 1][0]);
        let schema = TableSchema::new("t").column(column("it", data_type)).column(n());
        let schema = schema.column(column("other", data_type).nullable());
        let db = Database::in_memory();
        db.create_table(&schema.check(it().compare(Comparison::LessOrEqual, Expr::column("other")))).unwrap();
        db.insert_values("t", &[("it", low.clone()), ("n", 1.into()), ("other", low.clone())]).unwrap();
        assert!(!is_done(db.update_values("t", &[("it", high.clone())], None)), "{data_type}");
        assert!(is_done(db.update_values("t", &[("it", high.clone()), ("other", high.clone())], None)), "{data_type}");
        assert!(!is_done(db.update_values("t", &[("other", low.clone())], None)), "{data_type}");
        assert!(is_done(db.update_values("t", &[("other", Value::Null)], None)), "{data_type}");
        assert_eq!(rows(&db, "t"), [[high.clone(), 1.into(), Value::Null]]);
        assert_sound(&db);
    }
}

/// The ways in which the column referred to can be a key.
fn parents(data_type: DataType) -> [TableSchema; 5] {
    let table = |own| TableSchema::new("parents").column(n()).column(own);
    let own = || column("it", data_type);
    let down = |name: &str| IndexColumn::new(name).descending();
    [
        table(own()).primary_key(["it"]),
        table(own()).primary_key(["n"]).unique(["it"]),
        table(own().nullable()).unique(["it"]),
        table(own().nullable()).with_index(IndexSchema::new([down("it")]).unique().include(["n"])),
        table(own()).primary_key(["it"]).index(["it", "n"]),
    ]
}

/// The rows that refer, each to one of the parents.
fn children(data_type: DataType, action: ReferentialAction) -> TableSchema {
    let own = column("parent", data_type).nullable().default(samples(data_type)[0][0].clone());
    let key = ForeignKeySchema::new(["parent"], "parents", ["it"]).on_delete(action).on_update(action);
    TableSchema::new("children").column(own).column(n()).primary_key(["n"]).with_foreign_key(key)
}

#[test]
fn every_type_with_an_order_refers_and_every_action_reaches_the_rows_that_do() {
    use ReferentialAction::{Cascade, Restrict, SetDefault, SetNull};

    for data_type in ordered() {
        let samples = samples(data_type);
        let default = &samples[0][0];
        let (last, others) = samples.split_last().unwrap();
        for parents in parents(data_type) {
            for action in [Restrict, Cascade, SetNull, SetDefault] {
                let db = Database::in_memory();
                db.create_tables(&[&parents, &children(data_type, action)]).unwrap();
                // The largest is kept for a changed key.
                for (number, forms) in (0u64..).zip(others) {
                    db.insert_values("parents", &[("n", number.into()), ("it", forms[0].clone())]).unwrap();
                }
                let refer = |n: u64, value: &Value| {
                    is_done(db.insert_values("children", &[("n", n.into()), ("parent", value.clone())]))
                };
                let nobody = 1000;
                assert!(refer(nobody, &Value::Null));
                assert!(!refer(nobody + 1, &last[0]), "{data_type}: {} is no parent", last[0]);
                for (number, forms) in (0u64..).zip(others) {
                    // Another form of the same value refers to the same row, and stays as it was given.
                    for (form, value) in (0u64..).zip(forms) {
                        assert!(refer(number * 2 + form, value), "{data_type}: {value}");
                    }
                }

                let child = |n: u64| {
                    let filter = Expr::column("n").compare(Comparison::Equal, n);
                    let answer = db.query(&Query::from("children").filter(filter).column(Expr::column("parent")));
                    answer.unwrap().rows.pop().map(|mut row| row.remove(0))
                };
                // One that goes: the second, or the only one, which the default refers to.
                let gone = others.len() - 1;
                let deleted = is_done(db.delete_values("parents", is(others[gone].last().unwrap())));
                let left = child(gone as u64 * 2);
                let is_default = gone == 0;
                match action {
                    Restrict => assert!(!deleted && left == Some(others[gone][0].clone()), "{data_type}"),
                    Cascade => assert!(deleted && left.is_none(), "{data_type}"),
                    SetNull => assert!(deleted && left == Some(Value::Null), "{data_type}"),
                    // There is no row for the default any more.
                    SetDefault if is_default => assert!(!deleted && left.as_ref() == Some(default), "{data_type}"),
                    _ => assert!(deleted && left.as_ref() == Some(default), "{data_type}"),
                }
                assert_sound(&db);
                if is_default {
                    continue;
                }

                // One that changes: the first, which the default refers to.
                let set = [("it", last.last().unwrap().clone())];
                let changed = is_done(db.update_values("parents", &set, is(default)));
                let left = child(0);
                match action {
                    Restrict => assert!(!changed && left.as_ref() == Some(default), "{data_type}"),
                    Cascade => {
                        let is_taken_along = left.is_some_and(|value| value.as_ref().is_identical(set[0].1.as_ref()));
                        assert!(changed && is_taken_along, "{data_type}");
                    }
                    SetNull => assert!(changed && left == Some(Value::Null), "{data_type}"),
                    _ => assert!(!changed && left.as_ref() == Some(default), "{data_type}"),
                }
                assert_eq!(child(nobody), Some(Value::Null), "{data_type}");
                assert_sound(&db);
            }
        }
    }
}

#[test]
fn a_reference_of_two_columns_has_every_type_in_both_places() {
    for data_type in ordered() {
        let samples = samples(data_type);
        for names in [["it", "n"], ["n", "it"]] {
            let parents = TableSchema::new("parents").column(n()).column(column("it", data_type)).primary_key(names);
            let key = ForeignKeySchema::new(names, "parents", names).on_delete(ReferentialAction::Cascade);
            let children = TableSchema::new("children").column(column("it", data_type).nullable()).column(n());
            let db = Database::in_memory();
            db.create_tables(&[&parents, &children.with_foreign_key(key)]).unwrap();
            for forms in &samples {
                for number in [1, 2] {
                    let parent = [("n", number.into()), ("it", forms[0].clone())];
                    db.insert_values("parents", &parent).unwrap();
                }
                let child = |number: i64, value: &Value| {
                    is_done(db.insert_values("children", &[("n", number.into()), ("it", value.clone())]))
                };
                assert!(forms.iter().all(|form| child(1, form)), "{data_type}");
                assert!(!child(3, &forms[0]) && child(3, &Value::Null), "{data_type}");
                let other = is(&forms[0]).and(Expr::column("n").compare(Comparison::Equal, 2));
                assert_eq!(db.delete_values("parents", other).unwrap(), 1);
                assert_eq!(db.count_values("children", is(&forms[0])).unwrap(), forms.len() as u64);
                assert_eq!(db.delete_values("parents", is(&forms[0])).unwrap(), 1);
                assert_eq!(db.count_values("children", is(&forms[0])).unwrap(), 0);
            }
            assert_sound(&db);
        }
    }
}

#[test]
fn a_type_without_an_order_is_no_key_and_refers_to_nothing() {
    for data_type in DataType::ALL.into_iter().filter(|data_type| !data_type.is_ordered()) {
        let table = || TableSchema::new("t").column(n()).column(column("it", data_type)).primary_key(["n"]);
        for schema in [
            TableSchema { primary_key: vec!["it".into()], ..table() },
            table().index(["it"]),
            table().index(["n", "it"]),
            table().unique(["it"]),
            table().foreign_key("it", "t", "it", ReferentialAction::Restrict),
        ] {
            let error = Database::in_memory().create_table(&schema).unwrap_err();
            assert!(matches!(error, Error::Schema(_)), "{data_type}: {error}");
        }
    }
}

/// Every rule of the library that has no values of the column in it.
fn rules() -> (Vec<Sanitizer>, Vec<Validator>) {
    use Sanitizer::{
        CollapseWhitespace, LowerCase, NullIfEmpty, RoundToScale, Slug, Timezone, Trim, UpperCase, UrlEncode,
    };
    use Validator::{
        CamelCase, CountryCode, Email, KebabCase, LenRange, MaxLen, MimeType, MinLen, PhoneNumber, RgbColor, SnakeCase,
        Url,
    };

    let sanitizers = vec![
        Trim,
        CollapseWhitespace,
        LowerCase,
        UpperCase,
        NullIfEmpty,
        RoundToScale(1),
        Slug,
        Sanitizer::Utc,
        Timezone(3600),
        UrlEncode,
    ];
    let validators = vec![
        MinLen(1),
        MaxLen(1),
        LenRange(1, 2),
        Email,
        Url,
        MimeType,
        PhoneNumber,
        CountryCode,
        RgbColor,
        CamelCase,
        KebabCase,
        SnakeCase,
    ];
    (sanitizers, validators)
}

#[test]
fn a_rule_is_refused_on_a_type_that_it_is_not_for_and_does_on_others_what_it_says() {
    let (sanitizers, validators) = rules();
    for data_type in DataType::ALL {
        let own = || column("it", data_type).nullable();
        let created = |column: ColumnSchema, is_for: RuleTypes| {
            let db = Database::in_memory();
            let created = db.create_table(&TableSchema::new("t").column(n().default(0)).column(column));
            assert_eq!(created.is_ok(), is_for.contain(data_type), "{data_type}: {created:?}");
            created.ok().map(|()| db)
        };
        let values = || samples(data_type).into_iter().flatten().chain([Value::Null]);
        for rule in &sanitizers {
            let Some(db) = created(own().sanitizer(rule.clone()), rule.types()) else { continue };
            for value in values() {
                db.insert_values("t", &[("it", value.clone())]).unwrap();
                let stored = rows(&db, "t").pop().unwrap().remove(1);
                let expected = rule.apply(value.as_ref(), data_type).unwrap_or(value);
                assert!(stored.as_ref().is_identical(expected.as_ref()), "{data_type}: {rule}: {stored}");
            }
            assert_sound(&db);
        }
        for rule in &validators {
            let Some(db) = created(own().validator(rule.clone()), rule.types()) else { continue };
            for value in values() {
                let done = is_done(db.insert_values("t", &[("it", value.clone())]));
                assert_eq!(done, rule.accepts(value.as_ref()), "{data_type}: {rule}: {value}");
            }
            assert_sound(&db);
        }
    }
}

#[test]
fn the_two_bounds_of_a_column_are_of_its_type_and_clamp_and_refuse_by_its_order() {
    let types = RuleTypes::NumberOrTime;
    for data_type in DataType::ALL {
        let samples = samples(data_type);
        let (low, high) = (1.min(samples.len() - 1), samples.len() - 1 - usize::from(samples.len() > 3));
        let (least, most) = (&samples[low][0], &samples[high][0]);
        let clamp = column("it", data_type).sanitizer(Sanitizer::Clamp(least.clone(), most.clone()));
        let range = column("it", data_type).validator(Validator::Range(least.clone(), most.clone()));
        for own in [clamp, range] {
            let is_clamp = own.validators.is_empty();
            let db = Database::in_memory();
            let created = db.create_table(&TableSchema::new("t").column(own.nullable()));
            assert_eq!(created.is_ok(), types.contain(data_type), "{data_type}: {created:?}");
            if created.is_err() {
                continue;
            }
            for (number, forms) in samples.iter().enumerate() {
                for form in forms {
                    let done = is_done(db.insert_values("t", &[("it", form.clone())]));
                    assert_eq!(done, is_clamp || (low..=high).contains(&number), "{data_type}: {form}");
                    let stored = rows(&db, "t").pop().map(|mut row| row.remove(0));
                    let expected = match number.clamp(low, high) {
                        clamped if clamped == number => form,
                        clamped => &samples[clamped][0],
                    };
                    let is_stored = stored.is_some_and(|stored| stored.as_ref().is_identical(expected.as_ref()));
                    assert!(!done || is_stored, "{data_type}: {form}");
                }
            }
            db.insert_values("t", &[("it", Value::Null)]).unwrap();
            assert_sound(&db);
        }
        let unlike = Value::Bool(true);
        let unlike = column("it", data_type).validator(Validator::Range(unlike.clone(), unlike));
        assert!(Database::in_memory().create_table(&TableSchema::new("t").column(unlike)).is_err(), "{data_type}");
    }
}
