//! Every page: what it is, whose, how full; totals.

use std::collections::{BTreeMap, BTreeSet};

use wasm_dbms::prelude::*;

use crate::error::Result;

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    TableLeaf,
    IndexLeaf,
    Branch,
    Overflow,
    Registry,
    Unclaimed,
    Free,
    Other,
    Damaged,
}

impl Kind {
    /// Every kind, with the word for it.
    pub(super) const ALL: [(Self, &'static str); 9] = [
        (Self::TableLeaf, "table"),
        (Self::IndexLeaf, "index"),
        (Self::Branch, "branch"),
        (Self::Overflow, "overflow"),
        (Self::Registry, "registry"),
        (Self::Unclaimed, "unclaimed ledger"),
        (Self::Free, "free"),
        (Self::Other, "other"),
        (Self::Damaged, "damaged"),
    ];

    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

/// A page on the map.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    /// Whose it is: a table, an index as `table.index`, or a word in parentheses.
    pub(super) owner: String,
    /// How full it is, in percent.
    pub(super) fill: u64,
}

/// Pages that belong together.
#[derive(Debug, Default)]
pub(super) struct Total {
    pub(super) leaves: u64,
    pub(super) branches: u64,
    pub(super) overflow: u64,
    pub(super) others: u64,
    /// Entries of leaves: rows, or entries of an index.
    pub(super) entries: u64,
    pub(super) used_bytes: u64,
}

impl Total {
    fn add(&mut self, page: &PageView) {
        match page.kind.as_str() {
            "leaf" => {
                self.leaves += 1;
                self.entries += page.entries as u64;
            }
            "branch" => self.branches += 1,
            "overflow" => self.overflow += 1,
            _ => self.others += 1,
        }
        self.used_bytes += page.used as u64;
    }

    pub(super) fn pages(&self) -> u64 {
        self.leaves + self.branches + self.overflow + self.others
    }
}

/// The map of a database.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) pages: Vec<Place>,
    pub(super) totals: BTreeMap<String, Total>,
    pub(super) page_bytes: u64,
    /// What is damaged.
    pub(super) findings: Vec<String>,
}

impl Map {
    /// Looks at every page.
    pub(super) fn of(database: &Database) -> Result<Self> {
        let tables: BTreeSet<String> = database.tables()?.into_iter().collect();
        let mut map = Self::default();
        for number in 0..database.page_count() {
            match database.page(number) {
                Ok(page) => {
                    map.page_bytes = page.bytes.len() as u64;
                    let owner = owner(&page);
                    map.totals.entry(owner.clone()).or_default().add(&page);
                    let fill = page.used as u64 * 100 / map.page_bytes.max(1);
                    map.pages.push(Place { kind: kind(&page, &tables), owner, fill });
                }
                Err(error) if error.is_corrupt() => {
                    map.pages.push(Place { kind: Kind::Damaged, owner: "(damaged)".into(), fill: 0 });
                    map.findings.push(error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(map)
    }
}

fn kind(page: &PageView, tables: &BTreeSet<String>) -> Kind {
    match page.kind.as_str() {
        // The registry's own tree has no name.
        "leaf" if page.tree.is_empty() || tables.contains(&page.tree) => Kind::TableLeaf,
        "leaf" => Kind::IndexLeaf,
        "branch" => Kind::Branch,
        "overflow" => Kind::Overflow,
        "registry" => Kind::Registry,
        "unclaimed" => Kind::Unclaimed,
        "free" => Kind::Free,
        _ => Kind::Other,
    }
}

/// Whose page it is.
fn owner(page: &PageView) -> String {
    match (page.kind.as_str(), page.tree.as_str()) {
        ("free", _) => "(free)".into(),
        ("unclaimed", _) => "(unclaimed ledger)".into(),
        // The trees of tables and indexes have names; the one that has none is the registry's own.
        ("registry" | "leaf" | "branch" | "overflow", "") => "(registry)".into(),
        (_, "") => "(other)".into(),
        (_, tree) => tree.to_owned(),
    }
}
