//! Functions of text.

use wasm_dbms_api::text_parts::{Occurrences, trimmed};
use wasm_dbms_api::{ScalarFunction, ValueRef, lower_case, upper_case};

use crate::error::Fallible;
use crate::function::{Arena, Arguments, check_length, made, out_of_range, write_text, wrong};

pub(super) fn apply<'a>(arguments: &Arguments<'_, 'a>, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    use ScalarFunction as F;
    let function = arguments.function;
    let count = |count: usize| Ok(ValueRef::Integer(count as i64));
    match function {
        F::Join | F::Concat | F::ConcatWith => return concat(arguments, arena),
        F::Length | F::OctetLength | F::Hex => match (arguments.at(0), function) {
            (ValueRef::Text(text), F::Length) => return count(text.chars().count()),
            (ValueRef::Text(text), F::OctetLength) => return count(text.len()),
            (ValueRef::Bytes(bytes), F::Length | F::OctetLength) => return count(bytes.len()),
            (ValueRef::Bytes(bytes), _) => return hex(bytes, arena),
            (ValueRef::Text(text), _) => return hex(text.as_bytes(), arena),
            _ => return Ok(arguments.refuse(0, ValueRef::Null)),
        },
        F::Character => {
            let number = arguments.integer(0);
            let char = u32::try_from(number).ok().and_then(char::from_u32);
            return made(char.ok_or_else(|| out_of_range(format_args!("chr({number})")))?.into(), arena);
        }
        _ => {}
    }
    let text = arguments.text(0);
    Ok(match function {
        F::Lower => return made(lower_case(text), arena),
        F::Upper => return made(upper_case(text), arena),
        F::Trim | F::TrimStart | F::TrimEnd => {
            let characters = if arguments.has(1) { arguments.text(1) } else { " " };
            let is_cut = |char| characters.chars().any(|other| other == char);
            ValueRef::Text(trimmed(text, function != F::TrimEnd, function != F::TrimStart, &is_cut))
        }
        F::Substring => {
            let start = arguments.integer(1);
            let end = if arguments.has(2) {
                let length = arguments.integer(2);
                if length < 0 {
                    return Err(wrong(format_args!("substr: the length {length} is negative")));
                }
                start.saturating_add(length)
            } else {
                i64::MAX
            };
            let (start, end) = (start.max(1), end.max(1));
            ValueRef::Text(characters(text, (start - 1) as u64, (end.max(start) - 1) as u64))
        }
        F::Left | F::Right => {
            let number = arguments.integer(1);
            let length = text.chars().count() as u64;
            let amount = number.unsigned_abs();
            let kept = if number < 0 { length.saturating_sub(amount) } else { amount.min(length) };
            ValueRef::Text(match function {
                F::Left => characters(text, 0, kept),
                _ => characters(text, length - kept, length),
            })
        }
        F::Replace => {
            let (from, to) = (arguments.text(1), arguments.text(2));
            if from.is_empty() {
                return Ok(ValueRef::Text(text));
            }
            let places = Occurrences::new(text, from);
            check_length(text.len().saturating_add(places.clone().count().saturating_mul(to.len())))?;
            let (mut replaced, mut start) = (String::new(), 0);
            for place in places {
                replaced.push_str(text.get(start..place).unwrap_or_default());
                replaced.push_str(to);
                start = place + from.len();
            }
            replaced.push_str(text.get(start..).unwrap_or_default());
            return made(replaced, arena);
        }
        F::Position => {
            let wanted = arguments.text(1);
            let found = if wanted.is_empty() { Some(0) } else { Occurrences::new(text, wanted).next() };
            let before = found.and_then(|at| text.get(..at)).map(|before| before.chars().count() as i64 + 1);
            ValueRef::Integer(before.unwrap_or(0))
        }
        F::PadStart | F::PadEnd => return pad(arguments, text, arena),
        F::Repeat => {
            let times = usize::try_from(arguments.integer(1).max(0)).unwrap_or(usize::MAX);
            check_length(text.len().saturating_mul(times))?;
            // Nothing many times is nothing, however many.
            return made(if text.is_empty() { String::new() } else { text.repeat(times) }, arena);
        }
        F::Reverse => {
            let mut reversed = String::new();
            for char in text.chars().rev() {
                reversed.push(char);
            }
            return made(reversed, arena);
        }
        F::StartsWith => ValueRef::Bool(text.starts_with(arguments.text(1))),
        F::SplitPart => {
            let (separator, number) = (arguments.text(1), arguments.integer(2));
            let index = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX).checked_sub(1);
            let index = index.ok_or_else(|| wrong(format_args!("split_part: parts are counted from 1")))?;
            let part = if separator.is_empty() {
                (index == 0).then_some(text)
            } else {
                let mut places = Occurrences::new(text, separator);
                let before = if number > 0 { Some(index) } else { places.clone().count().checked_sub(index) };
                let start = match before {
                    None => None,
                    Some(0) => Some(0),
                    Some(before) => places.nth(before - 1).map(|place| place + separator.len()),
                };
                start.and_then(|start| text.get(start..places.next().unwrap_or(text.len())))
            };
            ValueRef::Text(part.unwrap_or_default())
        }
        F::Ascii => ValueRef::Integer(text.chars().next().map_or(0, |char| u32::from(char).into())),
        _ => arguments.refuse(0, ValueRef::Null),
    })
}

/// The characters from one number on, before another.
fn characters(text: &str, start: u64, end: u64) -> &str {
    let at = |text: &str, count: u64| {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        text.char_indices().nth(count).map_or(text.len(), |(at, _)| at)
    };
    let rest = text.get(at(text, start)..).unwrap_or_default();
    rest.get(..at(rest, end.saturating_sub(start))).unwrap_or_default()
}

fn hex<'a>(bytes: &[u8], arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    check_length(bytes.len().saturating_mul(2))?;
    let digit = |digit: u8| char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase();
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    made(text, arena)
}

fn concat<'a>(arguments: &Arguments<'_, 'a>, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    let (separator, rest) = match arguments.function {
        ScalarFunction::ConcatWith if arguments.at(0).is_null() => return Ok(ValueRef::Null),
        ScalarFunction::ConcatWith => (arguments.text(0), arguments.values.get(1..).unwrap_or_default()),
        _ => ("", arguments.values),
    };
    let mut text = String::new();
    for (number, value) in rest.iter().filter(|value| !value.is_null()).enumerate() {
        if number > 0 {
            text.push_str(separator);
        }
        write_text(*value, &mut text)?;
        check_length(text.len())?;
    }
    made(text, arena)
}

fn pad<'a>(arguments: &Arguments<'_, 'a>, text: &'a str, arena: &'a Arena) -> Fallible<ValueRef<'a>> {
    let length = arguments.integer(1).max(0) as u64;
    let filling = if arguments.has(2) { arguments.text(2) } else { " " };
    let own = text.chars().count() as u64;
    if own >= length || filling.is_empty() {
        return Ok(ValueRef::Text(characters(text, 0, length)));
    }
    let missing = usize::try_from(length - own).unwrap_or(usize::MAX);
    check_length(missing.saturating_add(text.len()))?;
    let is_before = arguments.function == ScalarFunction::PadStart;
    let mut padded = String::from(if is_before { "" } else { text });
    let mut rest = "".chars();
    for _ in 0..missing {
        let char = rest.next().or_else(|| {
            rest = filling.chars();
            rest.next()
        });
        padded.extend(char);
    }
    padded.push_str(if is_before { text } else { "" });
    made(padded, arena)
}
