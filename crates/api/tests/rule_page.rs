//! The page of the guide about rules names every rule: what it is for, and how it is written.

use std::path::Path;

/// The variants of an enum, as its source has them; those that the program itself names left out.
fn variants(source: &str, head: &str) -> Vec<String> {
    let (_, body) = source.split_once(head).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let names =
        body.lines().filter_map(|line| line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase)));
    let name = |line: &str| line.split(['(', ',']).next().map(str::to_owned);
    names.filter_map(name).filter(|name| name != "Custom").collect()
}

#[test]
fn every_rule_has_its_line_in_the_guide_and_stands_in_its_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let page = read("../../docs/guide/rules.md");
    for (file, head, attribute, count) in [
        ("src/rule/sanitizer.rs", "pub enum Sanitizer {", "sanitizer(", 11),
        ("src/rule/validator.rs", "pub enum Validator {", "validate(", 14),
    ] {
        let rules = variants(&read(file), head);
        assert!(rules.len() >= count, "{rules:?}");
        for rule in rules {
            let is_listed = ["`", "("].iter().any(|end| page.contains(&format!("\n| `{rule}{end}")));
            assert!(is_listed, "{rule} has no line in docs/guide/rules.md");
            let is_shown = [")", "("].iter().any(|end| page.contains(&format!("{attribute}{rule}{end}")));
            assert!(is_shown, "no example of docs/guide/rules.md has {attribute}{rule}");
        }
    }
}
