//! Addresses of the Internet Protocol, as the standard library reads them.

use crate::integer_text::parse_digits;
use crate::text_parts::{cut, parts};

/// Whether this is an address of version 4: four numbers of at most 255 without zeros before them.
pub(super) fn is_ipv4(text: &str) -> bool {
    let is_number = |part: &str| {
        matches!(part.as_bytes(), [b'0'] | [b'1'..=b'9', ..])
            && part.len() <= 3
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && parse_digits(part, 10).is_some_and(|number| number <= 255)
    };
    parts(text, b'.').count() == 4 && parts(text, b'.').all(is_number)
}

/// Whether this is an address of version 6: eight groups, of which `::` stands for one or more.
pub(super) fn is_ipv6(text: &str) -> bool {
    let gap = text.as_bytes().windows(2).position(|two| two == b"::");
    match gap.and_then(|gap| text.get(..gap).zip(text.get(gap + 2..))) {
        Some((head, tail)) => groups(head, false).zip(groups(tail, true)).is_some_and(|(head, tail)| head + tail < 8),
        None => groups(text, true) == Some(8),
    }
}

/// How many groups this is; an address of version 4 at the end is two.
fn groups(text: &str, may_end_in_ipv4: bool) -> Option<usize> {
    let mut count = 0;
    let mut rest = Some(text).filter(|text| !text.is_empty());
    while let Some(text) = rest {
        let (group, after) = cut(text, b':').map_or((text, None), |(group, after)| (group, Some(after)));
        let is_hexadecimal = (1..=4).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        count += match after {
            _ if is_hexadecimal => 1,
            None if may_end_in_ipv4 && is_ipv4(group) => 2,
            _ => return None,
        };
        rest = after;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const PIECES: [&str; 14] =
        ["::", ":", ".", "1", "0", "ff", "2001", "db8", "255", "256", "127.0.0.1", "1.2.3.4", "g", "12345"];
    const GOOD: [&str; 8] = [
        "::",
        "::1",
        "1::",
        "2001:db8::1",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:127.0.0.1",
        "::ffff:1.2.3.4",
        "1:2:3:4:5:6:7::",
    ];

    #[test]
    fn addresses_are_what_the_standard_library_takes_for_them() {
        let mut random = fastrand::Rng::with_seed(4);
        let mut accepted = [0, 0];
        for _ in 0..200_000 {
            let mut text = String::new();
            if random.bool() {
                text.push_str(random.choice(&GOOD).unwrap());
            }
            let place = random.usize(0..=text.len());
            let added: String = (0..random.usize(0..9)).map(|_| *random.choice(&PIECES).unwrap()).collect();
            text.insert_str(place, &added);
            assert_eq!(is_ipv4(&text), text.parse::<Ipv4Addr>().is_ok(), "{text}");
            assert_eq!(is_ipv6(&text), text.parse::<Ipv6Addr>().is_ok(), "{text}");
            accepted[0] += usize::from(is_ipv4(&text));
            accepted[1] += usize::from(is_ipv6(&text));
        }
        assert!(accepted.iter().all(|count| *count > 1000), "{accepted:?}");
    }
}
