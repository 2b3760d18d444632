//! Decimals, dates, moments and JSON against the crates that everyone uses for them.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{Datelike, Days, FixedOffset, NaiveDate, SecondsFormat, TimeZone, Timelike};
use rust_decimal::Decimal as Oracle;
use wasm_dbms_api::{Date, DateTime, Decimal, DecimalSum, Json, ValueRef};

const ROUNDS: usize = 200_000;

/// The seed, which is printed; `SEED` sets it.
fn random() -> fastrand::Rng {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(77);
    println!("seed {seed}");
    fastrand::Rng::with_seed(seed)
}

fn decimal(random: &mut fastrand::Rng) -> Decimal {
    let bits = random.u32(0..97);
    let magnitude = random.u128(..) & ((1 << bits) - 1);
    // Round numbers more often than chance makes them.
    let magnitude = if random.bool() { magnitude } else { magnitude / 1000 % 1000 * 10u128.pow(random.u32(..20)) };
    Decimal::from_parts(random.bool(), magnitude, random.u8(0..=28)).unwrap()
}

fn oracle(decimal: Decimal) -> Oracle {
    Oracle::from_i128_with_scale(decimal.coefficient(), decimal.scale().into())
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn decimals_are_shown_read_ordered_and_added_as_rust_decimal_does() {
    let mut random = random();
    let mut sums = 0;
    for _ in 0..ROUNDS {
        let (one, two) = (decimal(&mut random), decimal(&mut random));
        let (one_oracle, two_oracle) = (oracle(one), oracle(two));
        let text = one.to_string();
        assert_eq!(text, one_oracle.to_string());
        let back: Decimal = text.parse().unwrap();
        assert_eq!((back.coefficient(), back.scale()), (one.coefficient(), one.scale()));
        assert_eq!(one.cmp(&two), one_oracle.cmp(&two_oracle), "{one} and {two}");
        assert_eq!(one.normalized().to_string(), one_oracle.normalize().to_string());
        assert_eq!(hash(one), hash(one.normalized()));
        // Reading text rounds rightly.
        assert_eq!(one.to_f64(), text.parse::<f64>().unwrap(), "{text}");
        match one.checked_add(two) {
            Some(sum) => {
                assert_eq!(Some(oracle(sum)), one_oracle.checked_add(two_oracle), "{one} + {two}");
                assert_eq!(sum.checked_sub(two), Some(one));
                sums += 1;
            }
            // The oracle rounds where we refuse: counted in units of 10^-28 instead, where 128 bits hold that.
            None => {
                let units =
                    |number: Decimal| number.coefficient().checked_mul(10i128.pow(28 - u32::from(number.scale())));
                let Some(mut sum) = units(one).zip(units(two)).and_then(|(one, two)| one.checked_add(two)) else {
                    continue;
                };
                let mut scale = 28;
                while scale > 0 && sum % 10 == 0 {
                    (sum, scale) = (sum / 10, scale - 1);
                }
                assert_eq!(Decimal::new(sum, scale), None, "{one} + {two}");
            }
        }
    }
    assert!(sums > ROUNDS / 10, "{sums}");
}

#[test]
fn a_mean_is_the_quotient_of_rust_decimal() {
    let mut random = random();
    for _ in 0..ROUNDS / 10 {
        let number = decimal(&mut random);
        let count = random.u64(1..1000);
        let mut sum = DecimalSum::default();
        sum.add(number);
        let (mean, expected) = (sum.mean(count).unwrap(), oracle(number) / Oracle::from(count));
        // The oracle rounds to even.
        let digit = Oracle::new(1, expected.scale().max(mean.scale().into()));
        assert!((oracle(mean) - expected).abs() <= digit, "{number} / {count}: {mean}, {expected}");
    }
}

#[test]
fn numbers_of_different_kinds_are_ordered_as_what_they_stand_for() {
    let mut random = random();
    for _ in 0..ROUNDS {
        let (decimal, integer) = (decimal(&mut random), random.i64(..) >> random.u32(0..63));
        let expected = oracle(decimal).cmp(&Oracle::from(integer));
        let (left, right) = (ValueRef::Decimal(decimal), ValueRef::Integer(integer));
        assert_eq!(left.compare(right), Some(expected), "{decimal} and {integer}");
        assert_eq!(right.compare(left), Some(expected.reverse()));
        let float = f64::from_bits(random.u64(..));
        let as_float = decimal.to_string().parse::<f64>().unwrap();
        // Only NaN has no order with it, and is above.
        let expected = as_float.partial_cmp(&float).unwrap_or(std::cmp::Ordering::Less);
        assert_eq!(left.compare(ValueRef::Float(float)), Some(expected), "{decimal} and {float}");
    }
}

#[test]
fn dates_are_those_of_chrono() {
    let mut random = random();
    let first = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    for _ in 0..ROUNDS {
        let days = random.i32(-95_000_000..95_000_000) >> random.u32(0..16);
        let oracle = match u64::try_from(days) {
            Ok(days) => first + Days::new(days),
            Err(_) => first - Days::new(days.unsigned_abs().into()),
        };
        let date = Date::from_days(days);
        let parts = (oracle.year(), oracle.month() as u8, oracle.day() as u8);
        assert_eq!(date.year_month_day(), parts, "{days} days after 1970-01-01");
        assert_eq!(Date::new(parts.0, parts.1, parts.2), Some(date));
        assert_eq!(date.to_string(), oracle.to_string());
        assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
        let (year, month, day) = (random.i32(-9999..=9999), random.u8(0..15), random.u8(0..35));
        let expected = NaiveDate::from_ymd_opt(year, month.into(), day.into());
        assert_eq!(Date::new(year, month, day).is_some(), expected.is_some(), "{year}-{month}-{day}");
    }
}

#[test]
fn moments_are_those_of_chrono() {
    let mut random = random();
    for _ in 0..ROUNDS {
        let microseconds = random.i64(-8_000_000_000_000_000_000..8_000_000_000_000_000_000) >> random.u32(0..40);
        let offset = random.i32(-1439..1440) * 60;
        let oracle = FixedOffset::east_opt(offset).unwrap().timestamp_micros(microseconds).unwrap();
        let moment = DateTime::from_microseconds(microseconds).with_offset(offset).unwrap();
        assert_eq!(moment.date().to_string(), oracle.date_naive().to_string());
        let clock = (moment.hour(), moment.minute(), moment.second(), moment.microsecond());
        let expected = (oracle.hour() as u8, oracle.minute() as u8, oracle.second() as u8, oracle.nanosecond() / 1000);
        assert_eq!(clock, expected);
        for text in [moment.to_string(), oracle.to_rfc3339_opts(SecondsFormat::Micros, true), oracle.to_rfc3339()] {
            let back: DateTime = text.parse().unwrap();
            assert_eq!((back.microseconds(), back.offset_seconds()), (microseconds, offset), "{text}");
        }
    }
}

/// A random document, with all the freedom that its text has.
fn document(random: &mut fastrand::Rng, depth: usize, text: &mut String) {
    let space = |random: &mut fastrand::Rng, text: &mut String| text.push_str(["", " ", "\n", ""][random.usize(..4)]);
    space(random, text);
    match random.u8(..if depth == 0 { 4 } else { 6 }) {
        0 => text.push_str(["null", "true", "false"][random.usize(..3)]),
        1 | 2 => text.push_str(["0", "-1", "1.50", "2e3", "-0.0", "18446744073709551615", "1E-2"][random.usize(..7)]),
        3 => string(random, text),
        4 => {
            text.push('[');
            for number in 0..random.usize(..4) {
                text.push_str(if number > 0 { "," } else { "" });
                document(random, depth - 1, text);
            }
            text.push(']');
        }
        _ => {
            text.push('{');
            for number in 0..random.usize(..5) {
                text.push_str(if number > 0 { "," } else { "" });
                space(random, text);
                string(random, text);
                space(random, text);
                text.push(':');
                document(random, depth - 1, text);
            }
            text.push('}');
        }
    }
    space(random, text);
}

fn string(random: &mut fastrand::Rng, text: &mut String) {
    let parts =
        ["a", "b", "é", "\\n", "\\u0041", "\\ud83d\\ude00", "\\\"", "\\/", "\\\\", "!", "\\u0000", "😀", "\\u001F"];
    text.push('"');
    (0..random.usize(..3)).for_each(|_| text.push_str(parts[random.usize(..parts.len())]));
    text.push('"');
}

#[test]
fn json_means_what_serde_json_reads_in_it() {
    let mut random = random();
    for _ in 0..ROUNDS / 4 {
        let mut text = String::new();
        document(&mut random, 4, &mut text);
        let json: Json = text.parse().unwrap();
        let oracle: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(json.as_str()).unwrap(), oracle, "{text}");
        assert_eq!(json.as_str().parse::<Json>().unwrap().as_str(), json.as_str());
        assert!(json.as_str().len() <= text.len());
    }
}

#[test]
fn damaged_json_is_refused_where_serde_json_refuses_it_and_compared_without_a_panic() {
    let mut random = random();
    let mut refused = 0;
    let characters_of_json: Vec<char> = "{}[]\",:\\ue0-.1 \n\u{1}".chars().collect();
    for _ in 0..ROUNDS / 2 {
        let mut text = String::new();
        document(&mut random, 3, &mut text);
        let mut characters: Vec<char> = text.chars().collect();
        let at = random.usize(..characters.len());
        let other = characters_of_json[random.usize(..characters_of_json.len())];
        match random.u8(..3) {
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, other),
            _ => characters[at] = other,
        }
        let text: String = characters.into_iter().collect();
        let json = text.parse::<Json>();
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(_) => assert!(json.is_ok(), "{text}"),
            // Numbers of any size are numbers to us.
            Err(error) => assert!(json.is_err() || error.to_string().starts_with("number out of range"), "{text}"),
        }
        refused += usize::from(json.is_err());
        let _ = wasm_dbms_api::JsonRef::from_stored(&text).comparable();
    }
    assert!(refused > ROUNDS / 20, "{refused}");
}

#[test]
fn no_text_makes_a_parser_panic() {
    let mut random = random();
    let characters: Vec<char> = "0123456789+-.:eETZz \"é".chars().collect();
    for _ in 0..ROUNDS {
        let text: String = (0..random.usize(..30)).map(|_| characters[random.usize(..characters.len())]).collect();
        let _ = (text.parse::<Decimal>(), text.parse::<Date>(), text.parse::<DateTime>(), text.parse::<Json>());
    }
}
