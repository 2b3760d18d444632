//! The data of a run as words: a line for each row or operation, a tab between its columns.

use std::fmt::Display;

use workloads::{Dataset, Post, User};

/// The lines of a kind: 0 users, 1 posts, 2 late users, 3 keys, 4 emails, 5 key ranges, 6 new balances, 7 deleted keys.
pub(crate) fn of(data: &Dataset, kind: u32) -> String {
    match kind {
        0 => lines(data.users.iter().map(user)),
        1 => lines(data.posts.iter().map(post)),
        2 => lines(data.late_users.iter().map(user)),
        3 => lines(&data.keys),
        4 => lines(&data.emails),
        5 => lines(data.key_ranges.iter().map(|range| format!("{}\t{}", range.start(), range.end()))),
        6 => lines(data.balance_changes.iter().map(|(id, balance)| format!("{id}\t{balance}"))),
        7 => lines(&data.deleted_keys),
        _ => String::new(),
    }
}

fn lines<T: Display>(lines: impl IntoIterator<Item = T>) -> String {
    let mut words = String::new();
    for line in lines {
        words += &format!("{line}\n");
    }
    words
}

fn user(User { id, name, email, age, balance }: &User) -> String {
    format!("{id}\t{name}\t{email}\t{age}\t{balance}")
}

fn post(Post { id, author_id, title, body, score }: &Post) -> String {
    format!("{id}\t{author_id}\t{title}\t{body}\t{score}")
}
