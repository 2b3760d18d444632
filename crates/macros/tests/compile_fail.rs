//! Every wrong attribute is a compile error that points at the mistake. `TRYBUILD=overwrite cargo test` writes the
//! expected words anew.

#![cfg(test)]

use proc_macro2::{Delimiter, TokenStream, TokenTree};

#[test]
fn a_mistake_is_a_compile_error_that_points_at_it() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    // A pattern is checked by the crate that runs it, or refused without it.
    cases.compile_fail(if cfg!(feature = "regex") {
        "tests/compile_fail_with_regex/*.rs"
    } else {
        "tests/compile_fail_without_regex/*.rs"
    });
}

/// The texts in some tokens of Rust, those in `quote!`, attributes and tests left out.
fn texts(tokens: TokenStream, found: &mut Vec<String>) {
    let (mut is_quoted, mut is_attribute, mut is_test) = (false, false, false);
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                is_test |= is_attribute && group.stream().to_string() == "cfg (test)";
                let is_left_out = is_quoted || is_attribute || (is_test && group.delimiter() == Delimiter::Brace);
                if !is_left_out {
                    texts(group.stream(), found);
                }
                (is_quoted, is_attribute) = (false, false);
            }
            TokenTree::Ident(ident) => is_quoted = ident == "quote" || ident == "quote_spanned",
            TokenTree::Punct(punct) => {
                is_attribute = punct.as_char() == '#' || (is_attribute && punct.as_char() == '!')
            }
            TokenTree::Literal(literal) => {
                found.extend(syn::parse_str::<syn::LitStr>(&literal.to_string()).map(|text| text.value()))
            }
        }
    }
}

/// What is always there of a text with places for values.
fn fixed_parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after).trim())
}

fn files(folder: &str, extension: &str) -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(files(path.to_str().unwrap(), extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
    texts
}

#[test]
fn every_message_of_the_derives_has_a_case() {
    let expected = files("tests", "stderr").join("\n");
    let mut found = Vec::new();
    for source in files("src", "rs") {
        texts(source.parse().unwrap(), &mut found);
    }
    // A message is of several words and starts small; what starts large is the documentation of what is written.
    found.retain(|text| text.contains(' ') && !text.starts_with(char::is_uppercase));
    assert!(found.len() > 60, "only {} messages were found", found.len());
    found.retain(|text| !fixed_parts(text).all(|part| expected.contains(part)));
    assert!(found.is_empty(), "no case has these messages: {found:#?}");
}
