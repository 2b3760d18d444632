//! The check of everything: pages, trees, rows, indexes, references, the unclaimed ledger.
//!
//! Pages first: each one below the mark is reserved, in one tree, or unclaimed, and its state says so. Then rows: each one
//! reads as its schema says, stands under its own key in its one form, and has its entry in each index; each entry of an
//! index leads to a row that gives this very entry. A walk that cannot go on is a finding and the next walk begins.

use std::fmt;

use wasm_dbms_api::{Page, ValueRef};
use wasm_dbms_memory::{
    MemoryAccess, NodeSummary, NumberSet, PageState, RESERVED_PAGES, Registry, UNCLAIMED_PAGES_PAGE, UnclaimedPages,
    add_finding,
};

use crate::catalog::{Catalog, ForeignKey, Index, KeyShape, Path, Relation, TreeHead};
use crate::codec::key;
use crate::codec::row::RowView;
use crate::core::Core;
use crate::error::Fallible;
use crate::plan::{BoundExpr, Context, Scope};
use crate::store::Store;
use crate::write::bound_checks;

/// What is wrong with the database, in words.
pub(crate) fn check(core: &mut Core) -> Vec<String> {
    let Core { store, catalog, .. } = core;
    let mut check =
        Check { store, catalog, findings: Vec::new(), key: Vec::new(), bytes: Vec::new(), value: Vec::new() };
    check.pages();
    for relation in &catalog.relations {
        if let Err(error) = check.rows(relation) {
            check.finding(format_args!("table {} cannot be walked: {error}", relation.schema.name));
        }
        for index in &relation.indexes {
            let name = name_of(relation, index);
            if let Err(error) = check.entries(relation, index, &name) {
                check.finding(format_args!("{name} cannot be walked: {error}"));
            }
        }
    }
    check.findings
}

/// With the variable `VERIFY=all` of the environment, every commit of a build with debug assertions is followed by a
/// check: for tests.
#[cfg(debug_assertions)]
pub(crate) fn verify_if_asked(core: &mut Core) {
    static IS_ASKED: std::sync::LazyLock<bool> =
        std::sync::LazyLock::new(|| std::env::var_os("VERIFY").is_some_and(|value| value == "all"));
    if *IS_ASKED {
        let findings = check(core);
        debug_assert!(findings.is_empty(), "after a commit: {findings:#?}");
    }
}

struct Check<'a> {
    store: &'a mut Store,
    catalog: &'a Catalog,
    findings: Vec<String>,
    /// Buffers of a row.
    key: Vec<u8>,
    bytes: Vec<u8>,
    value: Vec<u8>,
}

impl Check<'_> {
    #[cold]
    #[inline(never)]
    fn finding(&mut self, finding: fmt::Arguments<'_>) {
        add_finding(&mut self.findings, finding.to_string());
    }

    /// A finding about the row of this name.
    #[cold]
    fn row_finding(&mut self, name: &dyn Fn() -> String, what: fmt::Arguments<'_>) {
        let name = name();
        self.finding(format_args!("{name} {what}"));
    }

    /// Every page belongs to exactly one owner. What trees say of their entries is counted against the registry.
    fn pages(&mut self) {
        let catalog = self.catalog;
        let mut seen = NumberSet::default();
        seen.insert(UNCLAIMED_PAGES_PAGE);
        let registry = Registry::check(self.store, &mut |page| seen.insert(page), &mut self.findings);
        if let Err(error) = registry {
            self.finding(format_args!("the registry cannot be walked: {error}"));
        }
        for relation in &catalog.relations {
            let rows = relation.table.rows;
            let name = format!("table {}", relation.schema.name);
            let entries = self.tree(&relation.table, &name, &mut seen);
            if entries != rows {
                self.finding(format_args!("{name} has {entries} rows, the registry says {rows}"));
            }
            for index in &relation.indexes {
                let name = name_of(relation, index);
                let entries = self.tree(&index.head, &name, &mut seen);
                if entries != rows {
                    self.finding(format_args!("{name} has {entries} entries, the table should have {rows} rows"));
                }
            }
        }
        let pages = self.store.page_count();
        for page in (RESERVED_PAGES..pages).filter(|page| seen.contains(*page)) {
            if let Ok(state @ (PageState::Free | PageState::Reserved)) = self.store.page_state(page) {
                self.finding(format_args!("page {page} is in use, its state says that it is {state}"));
            }
        }
        let Self { store, findings, .. } = self;
        UnclaimedPages::check(*store, &mut |page| seen.insert(page), &mut |finding| add_finding(findings, finding));
        for page in (RESERVED_PAGES..pages).filter(|page| !seen.contains(*page)) {
            let what = self.describe(page);
            self.finding(format_args!("page {page} belongs to nobody; it is {what}"));
        }
    }

    /// Walks a tree of this name. Returns how many entries it has; none if it cannot be walked.
    fn tree(&mut self, head: &TreeHead, name: &str, seen: &mut NumberSet) -> u64 {
        let entries = head.tree.check_as(name, self.store, &mut |page| seen.insert(page), &mut self.findings);
        entries.unwrap_or(0)
    }

    /// What a page looks like.
    fn describe(&mut self, page: Page) -> String {
        let state = self.store.page_state(page);
        match self.store.view(page, |bytes| (bytes.iter().all(|byte| *byte == 0), NodeSummary::of(bytes))) {
            Err(error) => error.to_string(),
            Ok((true, _)) => match state {
                Ok(state) => format!("all zero, its state says that it is {state}"),
                Err(error) => format!("all zero, without a state: {error}"),
            },
            Ok((_, summary)) => match self.catalog.tree_name(summary.tree).filter(|_| summary.kind != "other") {
                Some(name) => format!("a {} page of {name}", summary.kind),
                None => format!("a page of kind {}, tree {}", summary.kind, summary.tree),
            },
        }
    }

    /// Every row reads as its schema says and has its entry in each index.
    fn rows(&mut self, relation: &Relation) -> Fallible<()> {
        let checks = bound_checks(self.catalog, &relation.schema)?;
        let mut cursor = relation.table.tree.cursor();
        let mut row_key = Vec::new();
        let mut is_on_entry = cursor.first(self.store)?;
        while is_on_entry {
            cursor.read_key(self.store, &mut row_key)?;
            let looked_at = match cursor.value(self.store) {
                Ok(row) => self.row(relation, &checks, &row_key, &row),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = looked_at {
                self.finding(format_args!("{} cannot be read: {error}", row_name(relation, &row_key, &[])));
            }
            is_on_entry = cursor.next(self.store)?;
        }
        Ok(())
    }

    fn row(&mut self, relation: &Relation, checks: &[BoundExpr], row_key: &[u8], row: &[u8]) -> Fallible<()> {
        let mut present = Vec::new();
        let brought_up = relation.layout.brought_up(row, &mut present)?;
        let view = RowView { layout: &relation.layout, key: row_key, row: brought_up };
        let values = view.values(relation.schema.columns.len())?;
        let value = |column: usize| values.get(column).copied().unwrap_or(ValueRef::Null);
        let name = || row_name(relation, row_key, &values);
        if !relation.layout.is_in_one_form(&values, row, &mut self.bytes) {
            self.row_finding(&name, format_args!("is not stored in its one form"));
        }
        self.key.clear();
        match &relation.shape {
            KeyShape::Columns(columns) => columns.iter().for_each(|column| key::push(&mut self.key, value(*column))),
            KeyShape::RowId => match row_id(row_key) {
                Some(number) if number <= relation.table.counter => {
                    key::push(&mut self.key, ValueRef::from_u64(number));
                }
                _ => self.row_finding(&name, format_args!("is past the counter {}", relation.table.counter)),
            },
        }
        if self.key != row_key {
            self.row_finding(&name, format_args!("stands under a key that it does not give"));
        }
        if let Some(column) = relation.autoincrement {
            let number = value(column).as_i128().unwrap_or(0);
            if number > i128::from(relation.table.counter) {
                self.row_finding(&name, format_args!("is past the counter {}", relation.table.counter));
            }
        }
        let scope = Scope::default();
        for (bound, check) in checks.iter().zip(&relation.schema.checks) {
            match bound.is_false(Context::Row(&values, &scope)) {
                Ok(false) => {}
                Ok(true) => self.row_finding(&name, format_args!("breaks the check {}", check.label())),
                Err(error) => self.row_finding(&name, format_args!("cannot be checked: {error}")),
            }
        }
        for index in &relation.indexes {
            let holds_row_key = index.entry_key(&values, row_key, &mut self.key);
            let expected = index.entry_value(&values, row_key, holds_row_key, &mut self.bytes, &mut self.value);
            let what = match index.head.tree.get(self.store, &self.key) {
                Ok(Some(found)) if *found == *expected => continue,
                Ok(Some(_)) => "an entry of another row".to_owned(),
                Ok(None) => "no entry".to_owned(),
                Err(error) => format!("an entry that cannot be read ({error})"),
            };
            self.row_finding(&name, format_args!("has {what} in {}", name_of(relation, index)));
        }
        for foreign_key in &relation.foreign_keys {
            let referred =
                |place: usize| foreign_key.columns.get(place).map_or(ValueRef::Null, |column| value(*column));
            let has_null = (0..foreign_key.columns.len()).any(|place| referred(place).is_null());
            if !has_null && !self.is_there(foreign_key, &referred) {
                let columns = relation.column_names(&foreign_key.columns);
                self.row_finding(&name, format_args!("refers by {columns} to a row that is not there"));
            }
        }
        Ok(())
    }

    /// Whether the row that a reference leads to is there.
    fn is_there<'v>(&mut self, foreign_key: &ForeignKey, value: &dyn Fn(usize) -> ValueRef<'v>) -> bool {
        let Ok(other) = self.catalog.relation(foreign_key.relation) else { return false };
        let tree = match foreign_key.to_referred.path {
            Path::Key => other.table.tree,
            Path::Index(number) => match other.indexes.get(number) {
                Some(index) => index.head.tree,
                None => return false,
            },
            Path::Scan => return false,
        };
        foreign_key.to_referred.key_start(other, value, &mut self.key);
        tree.contains(self.store, &self.key).unwrap_or(false)
    }

    /// Every entry of an index leads to a row that gives this very entry.
    fn entries(&mut self, relation: &Relation, index: &Index, name: &str) -> Fallible<()> {
        let mut cursor = index.head.tree.cursor();
        let mut entry = Vec::new();
        let mut is_on_entry = cursor.first(self.store)?;
        while is_on_entry {
            cursor.read_key(self.store, &mut entry)?;
            let stored = cursor.value(self.store)?;
            let wrong = self.entry(relation, index, &entry, &stored);
            if let Some(what) = wrong.unwrap_or_else(|error| Some(format!("that cannot be read: {error}"))) {
                self.finding(format_args!("{name} has an entry {what}"));
            }
            is_on_entry = cursor.next(self.store)?;
        }
        Ok(())
    }

    /// What is wrong with an entry of an index.
    fn entry(&mut self, relation: &Relation, index: &Index, entry: &[u8], stored: &[u8]) -> Fallible<Option<String>> {
        let row_key = index.row_key(entry, stored)?;
        let Some(row) = relation.table.tree.get(self.store, row_key)? else {
            return Ok(Some(format!("for {}, which is not there", row_name(relation, row_key, &[]))));
        };
        let mut present = Vec::new();
        let row = relation.layout.brought_up(&row, &mut present)?;
        let view = RowView { layout: &relation.layout, key: row_key, row };
        let values = view.values(relation.schema.columns.len())?;
        index.entry_key(&values, row_key, &mut self.key);
        let is_given = self.key == entry;
        Ok((!is_given).then(|| format!("that {} does not give", row_name(relation, row_key, &values))))
    }
}

/// How people call an index.
fn name_of(relation: &Relation, index: &Index) -> String {
    format!("index {}.{}", relation.schema.name, index.name)
}

/// How people call a row: by its primary key, or by the bytes of its key where it has none or cannot be read.
pub(crate) fn row_name(relation: &Relation, row_key: &[u8], values: &[ValueRef<'_>]) -> String {
    let table = &relation.schema.name;
    let mut parts = Vec::new();
    for column in relation.primary_key() {
        if let Some(value) = values.get(*column) {
            parts.push(format!("{} = {value}", relation.column_name(*column)));
        }
    }
    if !parts.is_empty() {
        return format!("the row of {table} with {}", parts.join(", "));
    }
    match row_id(row_key).filter(|_| relation.shape == KeyShape::RowId) {
        Some(number) => format!("row {number} of {table}"),
        None => format!("the row of {table} with the key {}", ValueRef::Bytes(row_key)),
    }
}

/// The number that a row without a key is kept under.
fn row_id(row_key: &[u8]) -> Option<u64> {
    let number = key::decode(row_key, wasm_dbms_api::DataType::U64)?.as_i128()?;
    u64::try_from(number).ok()
}
