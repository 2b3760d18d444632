//! What functions, casts and arithmetic come to, at the edges of each.

use wasm_dbms::prelude::*;
use wasm_dbms::{Arithmetic, Case, ScalarFunction};

fn evaluated(expr: Expr) -> std::result::Result<Value, String> {
    let answer = Database::in_memory().query(&Query::default().column(expr));
    answer.map(|answer| answer.rows[0][0].clone()).map_err(|error| error.to_string())
}

fn call(name: &str, arguments: &[Value]) -> Expr {
    let function = ScalarFunction::from_name(name).unwrap();
    Expr::function(function, arguments.iter().cloned().map(Expr::Literal))
}

/// A value as tests write it: of text that begins with `n:` a decimal, `d:` a date, `t:` a moment, `j:` JSON.
fn value(text: &str) -> Value {
    match text.split_once(':') {
        Some(("n", rest)) => rest.parse::<Decimal>().unwrap().into(),
        Some(("d", rest)) => rest.parse::<Date>().unwrap().into(),
        Some(("t", rest)) => rest.parse::<DateTime>().unwrap().into(),
        Some(("j", rest)) => rest.parse::<Json>().unwrap().into(),
        _ => text.into(),
    }
}

macro_rules! arguments {
    ($($argument:expr),*) => { vec![$(Into::<Argument>::into($argument).0),*] };
}

struct Argument(Value);

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self(value(text))
    }
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl From<f64> for Argument {
    fn from(number: f64) -> Self {
        Self(number.into())
    }
}

impl From<bool> for Argument {
    fn from(truth: bool) -> Self {
        Self(truth.into())
    }
}

impl From<Value> for Argument {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

macro_rules! table {
    ($($name:literal($($argument:expr),*) = $expected:expr;)*) => {
        [$(($name, arguments![$($argument),*], Into::<Argument>::into($expected).0)),*]
    };
}

macro_rules! refusals {
    ($($name:literal($($argument:expr),*) = $expected:literal;)*) => {
        [$(($name, arguments![$($argument),*], $expected)),*]
    };
}

const NULL: Value = Value::Null;

#[test]
fn functions_come_to_what_they_should() {
    let table = table! {
        "lower"("ÀB") = "àb";
        "upper"("straße") = "STRASSE";
        "trim"("  a b ") = "a b";
        "trim"("xyaxy", "yx") = "a";
        "ltrim"("  a ") = "a ";
        "rtrim"("  a ") = "  a";
        "length"("é😀") = 2;
        "octet_length"("é😀") = 6;
        "length"(Value::Bytes(vec![1, 2, 3])) = 3;
        "substr"("añbc", 2) = "ñbc";
        "substr"("añbc", 2, 2) = "ñb";
        "substr"("abc", 0, 2) = "a";
        "substr"("abc", -5, 7) = "a";
        "substr"("abc", 10) = "";
        "substr"("abc", 1, i64::MAX) = "abc";
        "substr"("abc", i64::MIN, 5) = "";
        "replace"("aXbX", "X", "--") = "a--b--";
        "replace"("abc", "", "x") = "abc";
        "instr"("añb", "b") = 3;
        "instr"("abc", "z") = 0;
        "strpos"("abc", "") = 1;
        "||"("a", 1, true) = "a1true";
        "||"("a", NULL) = NULL;
        "concat"("a", NULL, 1.5) = "a1.5";
        "concat_ws"(", ", "a", NULL, "b") = "a, b";
        "concat_ws"(NULL, "a", "b") = NULL;
        "left"("añb", 2) = "añ";
        "left"("añb", -1) = "añ";
        "left"("añb", -9) = "";
        "right"("añb", 2) = "ñb";
        "right"("añb", -1) = "ñb";
        "lpad"("7", 3, "0") = "007";
        "lpad"("abc", 2) = "ab";
        "rpad"("a", 4, "xy") = "axyx";
        "rpad"("a", 3, "") = "a";
        "repeat"("ab", 3) = "ababab";
        "repeat"("ab", -1) = "";
        "repeat"("", i64::MAX) = "";
        "reverse"("añ") = "ña";
        "starts_with"("abc", "ab") = true;
        "split_part"("a,b,c", ",", 2) = "b";
        "split_part"("a,b,c", ",", -1) = "c";
        "split_part"("a,b,c", ",", -9) = "";
        "split_part"("aaa", "aa", -1) = "a";
        "split_part"("a,b,c", ",", 9) = "";
        "split_part"("abc", "", 1) = "abc";
        "ascii"("é") = 233;
        "ascii"("") = 0;
        "chr"(233) = "é";
        "hex"(Value::Bytes(vec![0, 255])) = "00FF";
        "lower"(NULL) = NULL;

        "abs"(-5) = 5;
        "abs"("n:-1.50") = "n:1.50";
        "abs"(-0.5) = 0.5;
        "round"(2.5) = 3.0;
        "round"(-2.5) = -3.0;
        "round"(2.675, 2) = 2.68;
        "round"("n:2.345", 2) = "n:2.35";
        "round"("n:1234.5", -2) = "n:1200";
        "round"(1250, -2) = 1300;
        "round"(7, 3) = 7;
        "round"(f64::NAN, 3) = f64::NAN;
        "ceil"(-1.5) = -1.0;
        "floor"(-1.5) = -2.0;
        "ceil"("n:1.01") = "n:2";
        "floor"(7) = 7;
        "trunc"(-1.9) = -1.0;
        "trunc"("n:1.99", 1) = "n:1.9";
        "sign"(-7) = -1;
        "sign"("n:0.0") = "n:0";
        "sign"(0.25) = 1.0;
        "mod"(-7, 3) = -1;
        "mod"("n:7.5", 2) = "n:1.5";
        "mod"(i64::MIN, -1) = 0;
        "power"(2, 10) = 1024.0;
        "power"(4, 0.5) = 2.0;
        "sqrt"(2) = std::f64::consts::SQRT_2;
        "exp"(0) = 1.0;
        "ln"(1) = 0.0;
        "log10"(1000) = 3.0;
        "greatest"(1, NULL, 3, 2) = 3;
        "least"("b", "a") = "a";
        "least"(NULL, NULL) = NULL;
        "greatest"(1, 1.5) = 1.5;
        "coalesce"(NULL, NULL, 5, 6) = 5;
        "coalesce"(NULL) = NULL;
        "nullif"(1, 1) = NULL;
        "nullif"(1, 2) = 1;
        "nullif"(1, NULL) = 1;

        "date_part"("year", "d:2024-02-29") = "n:2024";
        "extract"("quarter", "d:2024-12-31") = "n:4";
        "date_part"("week", "d:2021-01-03") = "n:53";
        "date_part"("isoyear", "d:2021-01-03") = "n:2020";
        "date_part"("dow", "d:2024-02-25") = "n:0";
        "date_part"("isodow", "d:2024-02-25") = "n:7";
        "date_part"("doy", "d:2024-12-31") = "n:366";
        "date_part"("century", "d:2000-12-31") = "n:20";
        "date_part"("hour", "t:2024-02-29T23:59:58.25+02:00") = "n:23";
        "date_part"("second", "t:2024-02-29T23:59:58.25+02:00") = "n:58.25";
        "date_part"("millisecond", "t:2024-02-29T23:59:58.25+02:00") = "n:58250";
        "date_part"("epoch", "t:1970-01-01T00:00:01.5+00:00") = "n:1.5";
        "date_part"("epoch", "t:1970-01-01T01:00:00+01:00") = "n:0";
        "date_part"("timezone", "t:1970-01-01T01:00:00+01:00") = "n:3600";
        "date_trunc"("month", "d:2024-02-29") = "d:2024-02-01";
        "date_trunc"("week", "d:2024-02-25") = "d:2024-02-19";
        "date_trunc"("hour", "t:2024-02-29T23:59:58.25+02:00") = "t:2024-02-29T23:00:00+02:00";
        "date_trunc"("century", "d:1999-05-06") = "d:1900-01-01";
        "date_add"("month", 1, "d:2024-01-31") = "d:2024-02-29";
        "date_add"("months", -1, "d:2023-03-31") = "d:2023-02-28";
        "date_add"("day", 1, "d:2024-02-29") = "d:2024-03-01";
        "date_add"("week", -1, "d:2024-03-01") = "d:2024-02-23";
        "date_add"("hour", 2, "t:2024-02-29T23:00:00Z") = "t:2024-03-01T01:00:00Z";
        "date_diff"("day", "d:2024-02-28", "d:2024-03-01") = 2;
        "date_diff"("month", "d:2024-01-31", "d:2024-02-29") = 0;
        "date_diff"("year", "d:2024-01-01", "d:2020-01-01") = -4;
        "date_diff"("second", "t:2024-01-01T00:00:00Z", "t:2024-01-01T00:00:00+01:00") = -3600;
        "make_date"(2024, 2, 29) = "d:2024-02-29";
        "to_timestamp"("n:1.5") = "t:1970-01-01T00:00:01.5Z";
        "at_offset"("t:1970-01-01T00:00:00Z", 3600) = "t:1970-01-01T01:00:00+01:00";

        "json_contains"("j:{\"a\":[1,2]}", "j:{\"a\":[2]}") = true;
        "json_contains"("j:[1]", "j:[1,3]") = false;
        "json_extract"("j:{\"a\":{\"b\":[10,20]}}", "$.a.b[1]") = "j:20";
        "json_extract"("j:{}", "$.a") = NULL;
        "json_extract_text"("j:{\"a\":\"x\\ny\"}", "a") = "x\ny";
        "json_extract_text"("j:{\"a\":null}", "a") = NULL;
        "json_extract_text"("j:{\"a\":[1]}", "a") = "[1]";
        "json_has_key"("j:{\"a\":1}", "a") = true;
        "json_has_key"("j:[\"a\"]", "a") = true;
        "json_typeof"("j:1.5") = "number";
        "json_array_length"("j:[1,[2,3]]") = 2;
        "json_array_length"("j:{}") = NULL;
    };
    for (name, arguments, expected) in table {
        let found = evaluated(call(name, &arguments)).unwrap_or_else(|error| panic!("{name}{arguments:?}: {error}"));
        assert_eq!(found, expected, "{name}({arguments:?})");
        assert_eq!(found.as_ref().kind(), expected.as_ref().kind(), "{name}({arguments:?})");
    }
}

#[test]
fn functions_refuse_what_they_cannot_do() {
    let table = refusals! {
        "lower"(1) = "lower(1): argument 1 is i64";
        "lower"() = "lower takes 1 arguments, not 0";
        "replace"("a", "b") = "replace takes 3 arguments, not 2";
        "substr"("abc", 1, -1) = "substr: the length -1 is negative";
        "split_part"("a", ",", 0) = "split_part: parts are counted from 1";
        "chr"(-1) = "chr(-1) is out of range";
        "chr"(0xD800) = "chr(55296) is out of range";
        "repeat"("abc", i64::MAX) = "a text that a function makes would take 18446744073709551615 bytes; the limit is 16777216";
        "lpad"("a", i64::MAX) = "a text that a function makes would take 9223372036854775807 bytes; the limit is 16777216";
        "abs"(i64::MIN) = "abs(-9223372036854775808) is out of range";
        "abs"("x") = "abs('x'): argument 1 is text";
        "mod"(1, 0) = "1 % 0: division by zero";
        "sqrt"(-1) = "sqrt(-1) is not defined";
        "ln"(0) = "ln(0) is not defined";
        "exp"(1000) = "exp(1000) is out of range";
        "power"(0, -1) = "power(0) is not defined";
        "power"(-8, 0.5) = "power(-8) is not defined";
        "round"(i64::MAX, -1) = "round(9223372036854775807, -1) is out of range";
        "greatest"(1, "a") = "greatest(1, 'a'): i64 cannot be compared with text";
        "greatest"("j:1") = "greatest(JSON '1'): json has no order";
        "date_part"("blink", "d:2024-01-01") = "date_part: there is no part 'blink'";
        "date_add"("hour", 1, "d:2024-01-01") = "date_add: a date has no 'hour'";
        "date_add"("year", i64::MAX, "d:2024-01-01") = "date_add('year', 9223372036854775807, '2024-01-01') is out of range";
        "make_date"(2023, 2, 29) = "make_date(2023, 2, 29) is out of range";
        "to_timestamp"(f64::INFINITY) = "to_timestamp(inf) is out of range";
        "at_offset"("t:1970-01-01T00:00:00Z", 86400) = "at_offset('1970-01-01T00:00:00Z', 86400) is out of range";
        "json_extract"("j:1", "$[") = "json_extract: '$[' is no path";
        "json_typeof"("x") = "json_typeof('x'): argument 1 is text";
    };
    for (name, arguments, expected) in table {
        assert_eq!(evaluated(call(name, &arguments)).unwrap_err(), expected, "{name}({arguments:?})");
    }
}

#[test]
fn every_function_answers_something_for_any_arguments() {
    let values = [
        NULL,
        true.into(),
        i64::MIN.into(),
        (-1).into(),
        0.into(),
        3.into(),
        u64::MAX.into(),
        f64::NAN.into(),
        f64::NEG_INFINITY.into(),
        1e308.into(),
        "".into(),
        "year".into(),
        "é\0%".into(),
        Value::Bytes(vec![0, 255]),
        value("n:79228162514264337593543950335"),
        value("n:-0.0000000000000000000000000001"),
        Date::MIN.into(),
        Date::MAX.into(),
        DateTime::MIN.into(),
        DateTime::MAX.into(),
        Uuid::nil().into(),
        value("j:{\"a\":[1,\"year\"]}"),
    ];
    let mut random = fastrand::Rng::with_seed(41);
    let db = Database::in_memory();
    for function in ScalarFunction::ALL {
        for _ in 0..400 {
            let count = random.usize(function.signature().fewest..=function.signature().most.min(4));
            let arguments = (0..count).map(|_| Expr::Literal(values[random.usize(..values.len())].clone()));
            let expr = Expr::function(*function, arguments);
            if let Err(error) = db.query(&Query::default().column(expr.clone())) {
                assert!(
                    matches!(error, Error::Query(_) | Error::OutOfRange(_) | Error::TooLong { .. }),
                    "{expr}: {error}"
                );
            }
        }
    }
}

#[test]
fn every_function_is_found_by_its_names() {
    for function in ScalarFunction::ALL {
        assert_eq!(ScalarFunction::from_name(function.name()), Some(*function));
    }
    assert_eq!(ScalarFunction::from_name("now"), None);
}

#[test]
fn arithmetic_is_exact_or_refused() {
    use Arithmetic::{Add, Divide, Multiply, Remainder, Subtract};
    let max = i64::MAX;
    for (left, operator, right, expected) in [
        (value("n:0.1"), Add, value("n:0.2"), Ok(value("n:0.3"))),
        (7.into(), Divide, 2.into(), Ok(3.into())),
        ((-7).into(), Divide, 2.into(), Ok((-3).into())),
        ((-7).into(), Remainder, 2.into(), Ok((-1).into())),
        (7.into(), Divide, 2.0.into(), Ok(3.5.into())),
        (7.into(), Divide, value("n:2"), Ok(value("n:3.5"))),
        (max.into(), Subtract, max.into(), Ok(0.into())),
        (u64::MAX.into(), Subtract, 1.into(), Ok((u64::MAX - 1).into())),
        (NULL, Add, 1.into(), Ok(NULL)),
        (value("d:2024-02-28"), Add, 2.into(), Ok(value("d:2024-03-01"))),
        (2.into(), Add, value("d:2024-02-28"), Ok(value("d:2024-03-01"))),
        (value("d:2024-03-01"), Subtract, value("d:2024-02-28"), Ok(2.into())),
        (f64::INFINITY.into(), Subtract, 1.into(), Ok(f64::INFINITY.into())),
        (max.into(), Add, 1.into(), Err("9223372036854775807 + 1 is out of range")),
        (i64::MIN.into(), Divide, (-1).into(), Err("-9223372036854775808 / -1 is out of range")),
        (
            u64::MAX.into(),
            Multiply,
            u64::MAX.into(),
            Err("18446744073709551615 * 18446744073709551615 is out of range"),
        ),
        (1.into(), Divide, 0.into(), Err("1 / 0: division by zero")),
        (1.5.into(), Divide, 0.into(), Err("1.5 / 0: division by zero")),
        (1.into(), Remainder, value("n:0.0"), Err("1 % 0.0: division by zero")),
        (1e308.into(), Multiply, 10.into(), Err("1e308 * 10 is out of range")),
        ("a".into(), Add, 1.into(), Err("('a' + 1): there is none of text and i64")),
        (true.into(), Multiply, true.into(), Err("(true * true): there is none of bool and bool")),
    ] {
        let found = evaluated(Expr::from(left.clone()).arithmetic(operator, right.clone()));
        assert_eq!(found, expected.map_err(str::to_owned), "{left} {operator} {right}");
    }
    assert_eq!(evaluated(-Expr::from(i64::MIN)), Err("-(-9223372036854775808) is out of range".into()));
    assert_eq!(evaluated(-Expr::from(1.5)), Ok((-1.5).into()));
}

#[test]
fn casts_keep_the_value_or_are_refused() {
    use DataType as T;
    for (from, to, expected) in [
        (Value::from("12"), T::I64, Ok(Value::from(12))),
        (" -7 ".into(), T::I8, Ok((-7).into())),
        ("300".into(), T::U8, Err("'300' as u8 is out of range")),
        ("x".into(), T::I64, Err("'x' is no i64")),
        (2.5.into(), T::I64, Ok(2.into())),
        (value("n:2.5"), T::I64, Ok(3.into())),
        (f64::NAN.into(), T::I64, Err("NaN as i64 is out of range")),
        (true.into(), T::I64, Ok(1.into())),
        (0.into(), T::Bool, Ok(false.into())),
        ("Yes".into(), T::Bool, Ok(true.into())),
        ("maybe".into(), T::Bool, Err("'maybe' is no bool")),
        (1e300.into(), T::F32, Err("1e300 as f32 is out of range")),
        ("1e3".into(), T::F64, Ok(1000.0.into())),
        ("infinity".into(), T::F64, Ok(f64::INFINITY.into())),
        ("".into(), T::F64, Err("'' is no f64")),
        (0.1.into(), T::Decimal, Ok(value("n:0.1"))),
        ("1.50".into(), T::Decimal, Ok(value("n:1.50"))),
        (1.into(), T::Text, Ok("1".into())),
        (1.0.into(), T::Text, Ok("1".into())),
        (1e20.into(), T::Text, Ok("1e20".into())),
        (value("n:1.50"), T::Text, Ok("1.50".into())),
        (true.into(), T::Text, Ok("true".into())),
        (value("d:2024-02-29"), T::Text, Ok("2024-02-29".into())),
        ("2024-02-29".into(), T::Date, Ok(value("d:2024-02-29"))),
        ("2023-02-29".into(), T::Date, Err("'2023-02-29' is no date")),
        ("2024-02-29 12:00:00".into(), T::DateTime, Ok(value("t:2024-02-29T12:00:00Z"))),
        (value("d:2024-02-29"), T::DateTime, Ok(value("t:2024-02-29T00:00:00Z"))),
        (value("t:2024-02-29T23:00:00+02:00"), T::Date, Ok(value("d:2024-02-29"))),
        ("{\"a\": 1}".into(), T::Json, Ok(value("j:{\"a\":1}"))),
        ("{".into(), T::Json, Err("'{' is no json: byte 1 of the JSON: expected a name in quotes")),
        (value("j:\"7\""), T::I64, Ok(7.into())),
        (value("j:[7]"), T::I64, Err("a JSON array is no single value")),
        (value("j:[7]"), T::Text, Ok("[7]".into())),
        ("abc".into(), T::Bytes, Ok(Value::Bytes(b"abc".to_vec()))),
        (Value::Bytes(vec![255]), T::Text, Err("x'ff' is no text")),
        (NULL, T::Uuid, Ok(NULL)),
        (1.into(), T::Date, Err("1 is no date")),
    ] {
        let found = evaluated(Expr::from(from.clone()).cast(to));
        assert_eq!(found, expected.map_err(str::to_owned), "{from} as {to}");
    }
}

#[test]
fn conditions_have_the_three_values_of_sql() {
    let null = || Expr::from(NULL);
    let one = || Expr::from(1);
    let case = |operand: Option<Expr>, branches: &[(Expr, Expr)], otherwise: Option<Expr>| {
        Expr::from(Case { operand, branches: branches.to_vec(), otherwise })
    };
    for (expr, expected) in [
        (null().compare(Comparison::Equal, 1), NULL),
        (null().is_distinct(null()), false.into()),
        (null().is_distinct(1), true.into()),
        (one().is_distinct(1), false.into()),
        (null().is_null(), true.into()),
        (Expr::from(true).is_true(), true.into()),
        (null().is_true(), false.into()),
        (null().is_false(), false.into()),
        (one().in_list([2, 3]), false.into()),
        (one().in_list([Value::from(2), NULL]), NULL),
        (one().in_list(Vec::<Value>::new()), false.into()),
        (null().in_list(Vec::<Value>::new()), false.into()),
        (one().between(1, 2), true.into()),
        (one().between(2, NULL), false.into()),
        (one().between(0, NULL), NULL),
        (Expr::from("a%b").like_with("a!%b", Some('!'), false), true.into()),
        (Expr::from("axb").like_with("a!%b", Some('!'), false), false.into()),
        (Expr::from(r"a\b").like_with(r"a\b", None, false), true.into()),
        (Expr::from("ÀB").ilike("à_"), true.into()),
        (null().like("%"), NULL),
        (Expr::from("a").like(null()), NULL),
        (null().and(false.into()), false.into()),
        (null().or(true.into()), true.into()),
        (null().not(), NULL),
        (case(None, &[(null(), one()), (true.into(), 2.into())], None), 2.into()),
        (case(Some(one()), &[(2.into(), "two".into()), (1.into(), "one".into())], None), "one".into()),
        (case(Some(null()), &[(null(), one())], Some(5.into())), 5.into()),
        (case(None, &[(false.into(), one())], None), NULL),
        // What is not needed is not computed.
        (case(None, &[(true.into(), one())], Some(one() / 0)), 1.into()),
        (Expr::function(ScalarFunction::Coalesce, [one(), one() / 0]), 1.into()),
    ] {
        assert_eq!(evaluated(expr.clone()), Ok(expected), "{expr}");
    }
}
