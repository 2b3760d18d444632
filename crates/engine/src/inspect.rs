//! Looking inside: pages for people, and the check of everything.

use wasm_dbms_api::Page;
use wasm_dbms_memory::{
    MemoryAccess, NodeSummary, NumberSet, PageState, REGISTRY_PAGE, RESERVED_PAGES, Registry, UNCLAIMED_PAGES_PAGE,
    UnclaimedPages,
};

use crate::codec::row::RowView;
use crate::core::Core;
use crate::write::row_key_in;
use crate::{Connection, Database, Result};

/// What a page of the database holds, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageView {
    /// The number of the page.
    pub number: Page,
    /// `leaf`, `branch`, `overflow`, `free`, `registry`, `unclaimed` or `other`.
    pub kind: String,
    /// The table or index it belongs to, as `users` or `users.email`.
    pub tree: String,
    /// How many entries it has.
    pub entries: usize,
    /// How many bytes of it are in use.
    pub used: usize,
    /// The bytes that all its keys begin with.
    pub prefix: Vec<u8>,
    /// All its bytes.
    pub bytes: Vec<u8>,
}

impl PageView {
    /// The bytes, 16 a line: offset, hexadecimal, text.
    pub fn hex_dump(&self) -> String {
        let mut text = String::new();
        for (line, chunk) in self.bytes.chunks(16).enumerate() {
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let plain = chunk.iter().map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' });
            let plain: String = plain.collect();
            text.push_str(&format!("{:05x}  {:<47}  {plain}\n", line * 16, hex.join(" ")));
        }
        text
    }
}

impl Database {
    /// How many pages the database has.
    pub fn page_count(&self) -> Page {
        self.read(|core| Ok(core.store.inner().page_count())).unwrap_or(0)
    }

    /// What a page holds.
    ///
    /// # Errors
    /// [`MemoryError::PageOutOfRange`](crate::MemoryError::PageOutOfRange); what storage says.
    pub fn page(&self, number: Page) -> Result<PageView> {
        self.read(|core| page_view(core, number))
    }

    /// Walks everything: every tree, the order of its keys, every index against its table, the pages that belong to
    /// nobody or to two. Returns what is wrong, in words; nothing if all is well.
    ///
    /// # Errors
    /// What reading says where nothing more can be walked.
    pub fn check(&self) -> Result<Vec<String>> {
        self.read(check)
    }
}

fn page_view(core: &mut Core, number: Page) -> Result<PageView> {
    let bytes = core.store.page(number)?.to_vec();
    let summary = NodeSummary::of(&bytes);
    let named = core.catalog.relations.iter().find_map(|relation| relation.tree_name(summary.tree));
    let mut view = PageView {
        number,
        kind: summary.kind.to_owned(),
        tree: named.unwrap_or_default(),
        entries: summary.entries,
        used: summary.used_bytes,
        prefix: summary.prefix,
        bytes,
    };
    if number == UNCLAIMED_PAGES_PAGE {
        view.kind = "unclaimed".into();
        view.entries = UnclaimedPages::count(&mut core.store)? as usize;
    } else if number == REGISTRY_PAGE {
        view.kind = "registry".into();
    } else if core.store.page_state(number)? == PageState::Free {
        view.kind = "free".into();
        view.tree.clear();
        view.entries = 0;
        view.used = 0;
    }
    Ok(view)
}

fn check(core: &mut Core) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut seen = NumberSet::default();
    let Core { store, catalog, .. } = core;
    seen.insert(UNCLAIMED_PAGES_PAGE);
    Registry::check(store, &mut |page| seen.insert(page), &mut findings)?;
    for relation in &catalog.relations {
        let name = &relation.schema.name;
        let entries = relation.table.tree.check(store, &mut |page| seen.insert(page), &mut findings)?;
        if entries != relation.table.rows {
            findings.push(format!("table {name} has {entries} rows, the registry says {}", relation.table.rows));
        }
        for index in &relation.indexes {
            let index_name = relation.index_name(index);
            let entries = index.head.tree.check(store, &mut |page| seen.insert(page), &mut findings)?;
            if entries != relation.table.rows {
                findings.push(format!(
                    "index {name}.{index_name} has {entries} entries, the table has {} rows",
                    relation.table.rows
                ));
            }
            check_index(store, relation, index, &mut findings)?;
        }
    }
    for page in UnclaimedPages::list(store)? {
        if !seen.insert(page) {
            findings.push(format!("page {page} is unclaimed and in use, or unclaimed twice"));
        }
    }
    for page in RESERVED_PAGES..store.inner().page_count() {
        if !seen.contains(page) {
            findings.push(format!("page {page} belongs to nobody"));
        }
    }
    Ok(findings)
}

/// Every entry of an index leads to a row that gives this very entry.
fn check_index(
    store: &mut crate::store::Store,
    relation: &crate::catalog::Relation,
    index: &crate::catalog::Index,
    findings: &mut Vec<String>,
) -> Result<()> {
    let name = format!("{}.{}", relation.schema.name, relation.index_name(index));
    let mut cursor = index.head.tree.cursor();
    let (mut entry, mut expected) = (Vec::new(), Vec::new());
    let mut is_on_entry = cursor.first(store)?;
    while is_on_entry {
        cursor.read_key(store, &mut entry)?;
        let stored = cursor.value(store)?;
        let row_key = if stored.is_empty() { row_key_in(relation, index, &entry)?.to_vec() } else { stored.to_vec() };
        match relation.table.tree.get(store, &row_key)? {
            None => findings.push(format!("index {name} has an entry whose row is not there")),
            Some(row) => {
                let view = RowView { layout: &relation.layout, key: &row_key, row: &row };
                let columns = 0..relation.schema.columns.len();
                let values =
                    columns.map(|column| view.try_value(column)).collect::<std::result::Result<Vec<_>, _>>()?;
                index.entry_key(&values, &row_key, &mut expected);
                if expected != entry {
                    findings.push(format!("index {name} has an entry that its row does not give"));
                }
            }
        }
        is_on_entry = cursor.next(store)?;
    }
    Ok(())
}
