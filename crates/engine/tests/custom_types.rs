//! Types of the user's own by `#[derive(CustomDataType)]`: a newtype of every type and a fieldless enum in every role of a
//! column; structs through serde as values.

use wasm_dbms::prelude::*;

use crate::support::assert_sound;

/// Three values of a type, from the smallest to the largest, in every role that a column has.
macro_rules! in_every_role {
    ($($module:ident: $own:item [$small:expr, $middle:expr, $large:expr];)*) => {$(
        mod $module {
            use super::*;

            #[derive(CustomDataType, Debug, Clone, PartialEq)]
            $own

            #[derive(Table, Debug, Clone, PartialEq)]
            #[table = "parents"]
            #[index(second desc, text)]
            #[check(second <= last && key.is_not_null())]
            struct Parent {
                #[primary_key]
                key: Own,
                text: String,
                #[default($small)]
                second: Own,
                #[unique]
                last: Option<Own>,
            }

            #[derive(Table, Debug, Clone, PartialEq)]
            #[table = "children"]
            struct Child {
                #[primary_key]
                number: u32,
                #[primary_key]
                own: Own,
                #[foreign_key(table = "parents", column = "key", on_delete = "set null", on_update = "cascade")]
                parent: Option<Own>,
            }

            #[derive(DatabaseSchema)]
            #[tables(Parent = "parents", Child = "children")]
            struct Family;

            fn parent(key: Own, last: Option<Own>) -> Parent {
                Parent { key, text: "text".into(), second: $small, last }
            }

            #[test]
            fn is_a_key_a_reference_a_default_and_an_answer() {
                let db = Database::in_memory().with_schema::<Family>().unwrap();
                let all = [parent($large, Some($large)), parent($middle, None), parent($small, Some($middle))];
                db.insert_many(&all).unwrap();
                let sorted: Vec<Parent> = all.iter().rev().cloned().collect();
                assert_eq!(db.select::<Parent>().order_by(Parent::KEY.asc()).all().unwrap(), sorted);
                assert_eq!(db.get::<Parent>($middle).unwrap().as_ref(), Some(&all[1]));
                assert_eq!(db.get_by(Parent::LAST, $middle).unwrap().as_ref(), Some(&all[2]));
                let keys = |filter: Expr| {
                    let found = db.select::<Parent>().filter(filter).order_by(Parent::KEY.desc()).all().unwrap();
                    found.into_iter().map(|parent| parent.key).collect::<Vec<Own>>()
                };
                assert_eq!(keys(Parent::KEY.gt($small)), [$large, $middle]);
                assert_eq!(keys(Parent::LAST.ne($large)), [$small]);
                assert_eq!(keys(Parent::LAST.is_null()), [$middle]);
                assert_eq!(keys(Parent::KEY.in_list([$small, $large])), [$large, $small]);
                assert_eq!(keys(Parent::KEY.between($small, $middle)), [$middle, $small]);

                let twice = db.insert(&parent($large, None)).unwrap_err();
                assert!(matches!(twice, Error::Unique { .. }), "{twice}");
                let unordered = db.update::<Parent>().set(Parent::SECOND, $large).filter(Parent::KEY.eq($small));
                assert!(unordered.run().unwrap_err().is_constraint());
                let defaults = NewParent { key: $large, text: "new".into(), second: None, last: None };
                assert!(db.delete_key::<Parent>($large).unwrap());
                db.insert(&defaults).unwrap();
                assert_eq!(db.get::<Parent>($large).unwrap().map(|parent| parent.second), Some($small));
                assert_sound(&db);
            }

            #[test]
            fn refers_groups_and_joins() {
                let db = Database::in_memory().with_schema::<Family>().unwrap();
                db.insert_many(&[parent($large, None), parent($middle, Some($middle))]).unwrap();
                let child = |number: u32, own: Own, parent: Option<Own>| Child { number, own, parent };
                let nobody = db.insert(&child(1, $small, Some($small))).unwrap_err();
                assert!(matches!(nobody, Error::ForeignKey { .. }), "{nobody}");
                let children = [
                    child(1, $large, Some($large)),
                    child(1, $small, Some($large)),
                    child(2, $small, Some($middle)),
                    child(3, $middle, None),
                ];
                db.insert_many(&children).unwrap();
                assert_eq!(db.get::<Child>((1, $small)).unwrap().as_ref(), Some(&children[1]));
                let joined = db.select::<Child>().join::<Parent>(Child::PARENT, Parent::KEY).all().unwrap();
                let is_pair = |(child, parent): &(Child, Parent)| child.parent.as_ref() == Some(&parent.key);
                assert!(joined.len() == 3 && joined.iter().all(is_pair), "{joined:?}");
                let groups = db.select::<Child>().group_by(Child::OWN).order_by(Child::OWN.asc());
                let groups = groups.columns((Child::OWN, count(), max(Child::PARENT))).all().unwrap();
                assert_eq!(groups, [($small, 2, Some($large)), ($middle, 1, None), ($large, 1, Some($large))]);
                let ends = db.select::<Child>().columns((min(Child::OWN), max(Child::OWN))).all().unwrap();
                assert_eq!(ends, [(Some($small), Some($large))]);

                assert!(db.update_key::<Parent>($middle).set(Parent::KEY, $small).run().unwrap());
                assert_eq!(db.get::<Child>((2, $small)).unwrap(), Some(child(2, $small, Some($small))));
                assert!(db.delete_key::<Parent>($large).unwrap());
                assert_eq!(db.select::<Child>().filter(Child::PARENT.is_null()).count().unwrap(), 3);
                assert_sound(&db);
            }
        }
    )*};
}

#[derive(CustomDataType, Debug, Clone, PartialEq)]
enum Size {
    Small,
    Middle,
    Large,
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(days: i32) -> Date {
    Date::from_days(days)
}

in_every_role! {
    of_i8: struct Own(i8); [Own(i8::MIN), Own(-1), Own(i8::MAX)];
    of_i16: struct Own(i16); [Own(i16::MIN), Own(-1), Own(i16::MAX)];
    of_i32: struct Own(i32); [Own(i32::MIN), Own(-1), Own(i32::MAX)];
    of_i64: struct Own(i64); [Own(i64::MIN), Own(-1), Own(i64::MAX)];
    of_u8: struct Own(u8); [Own(0), Own(1), Own(u8::MAX)];
    of_u16: struct Own(u16); [Own(0), Own(1), Own(u16::MAX)];
    of_u32: struct Own(u32); [Own(0), Own(1), Own(u32::MAX)];
    of_u64: struct Own(u64); [Own(0), Own(1), Own(u64::MAX)];
    of_f32: struct Own(f32); [Own(-1.5), Own(0.1), Own(f32::INFINITY)];
    of_f64: struct Own(f64); [Own(-1.5), Own(0.1), Own(f64::INFINITY)];
    of_decimal: struct Own(Decimal); [Own(decimal("-1.50")), Own(decimal("0.1")), Own(Decimal::MAX)];
    of_text: struct Own(String); [Own(String::new()), Own("a".into()), Own("é".into())];
    of_bytes: struct Own(Vec<u8>); [Own(Vec::new()), Own(vec![0]), Own(vec![0, 0])];
    of_date: struct Own(Date); [Own(day(-1)), Own(day(0)), Own(Date::MAX)];
    of_date_time: struct Own(DateTime); [Own(DateTime::MIN), Own(DateTime::from_microseconds(0)), Own(DateTime::MAX)];
    of_uuid: struct Own(Uuid); [Own(Uuid::nil()), Own(Uuid::from_u128(1)), Own(Uuid::from_u128(u128::MAX))];
    of_an_enum: enum Own { Small, Middle, Large } [Own::Small, Own::Middle, Own::Large];
    of_a_newtype: struct Own(Size); [
        Own(Size::Small),
        Own(Size::Middle),
        Own(Size::Large)
    ];
}

/// A type with only two values stands in fewer roles.
#[derive(CustomDataType, Debug, Clone, Copy, PartialEq)]
struct Flag(bool);

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "flags"]
#[check(first <= last)]
struct Flags {
    #[primary_key]
    first: Flag,
    #[unique]
    #[default(Some(Flag(true)))]
    last: Option<Flag>,
}

#[test]
fn a_newtype_of_bool_is_a_key_and_a_default() {
    let db = Database::in_memory();
    db.create_table(Flags::schema()).unwrap();
    db.insert(&NewFlags { first: Flag(true), last: None }).unwrap();
    let refused = db.insert(&NewFlags { first: Flag(false), last: None }).unwrap_err();
    assert!(matches!(refused, Error::Unique { .. }), "{refused}");
    db.insert(&Flags { first: Flag(false), last: Some(Flag(false)) }).unwrap();
    let unordered = db.update_key::<Flags>(Flag(true)).set(Flags::LAST, Some(Flag(false))).run().unwrap_err();
    assert!(unordered.is_constraint(), "{unordered}");
    let all = db.select::<Flags>().order_by(Flags::LAST.desc()).all().unwrap();
    assert_eq!(all, [true, false].map(|flag| Flags { first: Flag(flag), last: Some(Flag(flag)) }));
    assert_sound(&db);
}

#[cfg(feature = "serde")]
mod of_named_fields {
    use super::*;

    #[derive(CustomDataType, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
    struct Address {
        street: String,
        number: Option<u32>,
        tags: Vec<String>,
    }

    #[derive(Table, Debug, Clone, PartialEq)]
    #[table = "people"]
    struct Person {
        first: Address,
        #[primary_key]
        id: u64,
        #[default(Some(home()))]
        middle: Option<Address>,
        name: String,
        last: Option<Address>,
    }

    fn home() -> Address {
        Address { street: "Main \"Street\" é".into(), number: None, tags: vec!["home".into(), String::new()] }
    }

    fn work() -> Address {
        Address { street: String::new(), number: Some(7), tags: Vec::new() }
    }

    #[test]
    fn a_struct_is_a_value_first_in_the_middle_and_last_a_default_and_json_to_questions() {
        let db = Database::in_memory();
        db.create_table(Person::schema()).unwrap();
        let ada = Person { first: work(), id: 1, middle: None, name: "Ada".into(), last: Some(home()) };
        db.insert(&ada).unwrap();
        let bob = NewPerson { first: home(), id: 2, middle: None, name: "Bob".into(), last: None };
        db.insert(&bob).unwrap();
        let bob = Person { first: home(), id: 2, middle: Some(home()), name: "Bob".into(), last: None };
        assert_eq!(db.select::<Person>().all().unwrap(), [ada.clone(), bob.clone()]);
        assert_eq!(db.select::<Person>().filter(Person::FIRST.eq(work())).all().unwrap(), [ada]);
        assert_eq!(db.select::<Person>().filter(Person::MIDDLE.is_null().not()).all().unwrap(), [bob]);
        assert_eq!(db.select::<Person>().columns(Person::FIRST).all().unwrap(), [work(), home()]);
        assert!(db.update_key::<Person>(2).set(Person::FIRST, work()).run().unwrap());
        let groups = db.select::<Person>().group_by(Person::FIRST).columns((Person::FIRST, count())).all().unwrap();
        assert_eq!(groups, [(work(), 2)]);
        assert!(db.query(&Query::from("people").order_by(Expr::column("first"), false)).is_err());
        assert_sound(&db);
    }

    #[test]
    fn json_that_is_no_such_struct_is_an_error_where_it_is_read() {
        let db = Database::in_memory();
        db.create_table(Person::schema()).unwrap();
        let wrong: Json = "{\"street\": 1}".parse().unwrap();
        db.insert_values("people", &[("first", wrong.into()), ("id", 1.into()), ("name", "Eve".into())]).unwrap();
        assert!(matches!(db.get::<Person>(1).unwrap_err(), Error::Conversion(_)));
    }
}
