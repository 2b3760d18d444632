//! The numbers of a function's locals: those with which it costs least.

use super::deflate::{Bounds, Mark, Window};
use super::function::Function;

/// A change of two numbers that has cost so much more at some place, in sixteenths of a bit, gains nothing behind it.
const SLACK: u64 = 40 * 16;

/// Every pair is tried so many times, unless no other has changed in between.
const SWEEPS: usize = 2;

/// The body with its locals renumbered: two after two change their numbers, and stay so if that costs less.
pub(super) fn renamed(function: &Function, body: &[u8], window: &mut Window) -> Vec<u8> {
    let mut body = body.to_vec();
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); 128];
    for place in &function.names {
        if let Some(name) = body.get(*place)
            && let Some(places) = places.get_mut(usize::from(*name))
        {
            places.push(*place);
        }
    }
    let mut marks = Vec::new();
    let nothing = Bounds { price_max: u64::MAX, others: &[], slack: 0 };
    let mut price = window.price_from(&body, None, &nothing, &mut marks);
    for _ in 0..SWEEPS {
        let before = price;
        for alike in &function.alike {
            for one in alike.clone() {
                for other in one + 1..alike.end {
                    let Some(first) = first_of(&places, one, other) else { continue };
                    name(&mut body, &places, one, other);
                    name(&mut body, &places, other, one);
                    let bounds = Bounds { price_max: price, others: &marks, slack: SLACK };
                    let from = mark_before(&marks, first);
                    if window.price_from(&body, from, &bounds, &mut Vec::new()) < price {
                        places.swap(one.into(), other.into());
                        marks.clear();
                        price = window.price_from(&body, None, &nothing, &mut marks);
                    } else {
                        name(&mut body, &places, one, one);
                        name(&mut body, &places, other, other);
                    }
                }
            }
        }
        if price == before {
            break;
        }
    }
    body
}

/// The first place where one of two locals is named.
fn first_of(places: &[Vec<usize>], one: u8, other: u8) -> Option<usize> {
    let first = |local: u8| places.get(usize::from(local)).and_then(|places| places.first()).copied();
    first(one).into_iter().chain(first(other)).min()
}

/// Names this local so, wherever it is named.
fn name(body: &mut [u8], places: &[Vec<usize>], local: u8, number: u8) {
    for place in places.get(usize::from(local)).into_iter().flatten() {
        if let Some(name) = body.get_mut(*place) {
            *name = number;
        }
    }
}

/// The last mark for which no byte counts from here on.
fn mark_before(marks: &[Mark], place: usize) -> Option<Mark> {
    let end = marks.partition_point(|mark| mark.seen() <= place);
    end.checked_sub(1).and_then(|last| marks.get(last)).copied()
}
