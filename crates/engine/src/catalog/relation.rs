//! One table as the engine works with it.

use std::sync::Arc;

use wasm_dbms_api::{DataType, MemoryError, MemoryResult, OnDelete, TableSchema, ValueRef};
use wasm_dbms_memory::{Located, Registry, TableId, Tail, Tree, TreeId, TreeState};

use crate::Result;
use crate::catalog::{RelationIndex, Rules, column_of};
use crate::codec::key;
use crate::codec::row::RowLayout;
use crate::codec::snapshot::Snapshot;
use crate::store::Store;

/// What a table's rows are keyed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyShape {
    /// The columns of the primary key.
    Columns(Vec<usize>),
    /// A number that the database gives.
    RowId,
}

/// A tree with the state that the registry keeps of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeHead {
    pub(crate) tree: Tree,
    pub(crate) rows: u64,
    pub(crate) counter: u64,
    /// Where rows go that come in the order of their keys.
    tail: Tail,
    /// Whether the registry is behind.
    is_dirty: bool,
}

impl TreeHead {
    fn new(id: TreeId) -> Self {
        Self { tree: Tree::new(id), rows: 0, counter: 0, tail: Tail::default(), is_dirty: false }
    }

    pub(crate) fn reload(&mut self, store: &mut Store) -> Result<()> {
        self.set(Registry::tree_state(store, self.tree.id())?);
        Ok(())
    }

    fn set(&mut self, state: TreeState) {
        let id = self.tree.id();
        *self = Self { tree: Tree::at(state.root, id), rows: state.rows, counter: state.counter, ..Self::new(id) };
    }

    fn state(&self) -> TreeState {
        TreeState { root: self.tree.root(), rows: self.rows, counter: self.counter }
    }

    /// Changes the tree and notes whether the registry must follow.
    #[inline]
    pub(crate) fn change<R>(&mut self, change: impl FnOnce(&mut Tree) -> R) -> R {
        let root = self.tree.root();
        let result = change(&mut self.tree);
        self.is_dirty |= self.tree.root() != root;
        self.tail = Tail::default();
        result
    }

    /// Where a key is or would be; quick for one above all.
    #[inline]
    pub(crate) fn locate(&mut self, store: &mut Store, key: &[u8]) -> MemoryResult<Located> {
        self.tree.locate_from(store, &mut self.tail, key)
    }

    /// Inserts an entry where [`locate`](Self::locate) found that its key is missing.
    #[inline]
    pub(crate) fn insert(&mut self, store: &mut Store, located: Located, key: &[u8], value: &[u8]) -> MemoryResult<()> {
        let root = self.tree.root();
        let is_in_place = self.tree.insert_at(store, located, key, value);
        self.is_dirty |= self.tree.root() != root;
        if !matches!(is_in_place, Ok(true)) {
            self.tail = Tail::default();
        }
        is_in_place.map(|_| ())
    }

    /// Changes what is counted.
    #[inline]
    pub(crate) fn count(&mut self, rows: u64, counter: u64) {
        self.rows = rows;
        self.counter = counter;
        self.is_dirty = true;
    }

    pub(crate) fn flush(&mut self, store: &mut Store) -> Result<()> {
        if std::mem::take(&mut self.is_dirty) {
            Registry::set_tree_state(store, self.tree.id(), &self.state())?;
        }
        Ok(())
    }
}

/// An index: key bytes to the key of a row.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) head: TreeHead,
    pub(crate) columns: Vec<usize>,
    pub(crate) is_unique: bool,
    /// Whether it stands for the primary key of a table whose rows are keyed by a row id.
    pub(crate) is_primary: bool,
}

/// A resolved reference to another table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForeignKey {
    pub(crate) column: usize,
    pub(crate) relation: RelationIndex,
    pub(crate) referred: usize,
    pub(crate) on_delete: OnDelete,
}

/// A table that refers to this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Referrer {
    pub(crate) relation: RelationIndex,
    pub(crate) foreign_key: usize,
}

/// One table.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) id: TableId,
    pub(crate) schema: Arc<TableSchema>,
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) shape: KeyShape,
    pub(crate) table: TreeHead,
    pub(crate) indexes: Vec<Index>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) referrers: Vec<Referrer>,
    pub(crate) autoincrement: Option<usize>,
    /// What the sanitizers and validators need, where there are any.
    pub(crate) rules: Option<Arc<Rules>>,
    /// For each column, whether a change of it changes nothing but its own bytes in the row: no key, index, reference
    /// or counter knows it, and its place is fixed.
    plain: Vec<bool>,
    /// The columns that an index or another table knows.
    known: Vec<usize>,
}

impl Relation {
    pub(crate) fn new(id: TableId, snapshot: Snapshot) -> Result<Self> {
        let Snapshot { schema, table, indexes: trees, primary_key } = snapshot;
        let numbers = |names: &[String]| names.iter().map(|name| column_of(&schema, name)).collect::<Result<Vec<_>>>();
        let key_columns = numbers(&schema.primary_key)?;
        let mut indexes = Vec::new();
        let new_index =
            |tree, columns, is_unique, is_primary| Index { head: TreeHead::new(tree), columns, is_unique, is_primary };
        for (index, tree) in schema.indexes.iter().zip(trees) {
            indexes.push(new_index(tree, numbers(&index.columns)?, index.unique, false));
        }
        let shape = if key_columns.is_empty() {
            KeyShape::RowId
        } else if primary_key != 0 {
            indexes.push(new_index(primary_key, key_columns, true, true));
            KeyShape::RowId
        } else {
            KeyShape::Columns(key_columns)
        };
        let layout = match &shape {
            KeyShape::Columns(columns) => RowLayout::new(&schema, columns),
            KeyShape::RowId => RowLayout::new(&schema, &[]),
        };
        let autoincrement = schema.columns.iter().position(|column| column.autoincrement);
        let rules = Rules::of(&schema).map(Arc::new);
        Ok(Self {
            id,
            schema: Arc::new(schema),
            layout: Arc::new(layout),
            shape,
            table: TreeHead::new(table),
            indexes,
            foreign_keys: Vec::new(),
            referrers: Vec::new(),
            autoincrement,
            rules,
            plain: Vec::new(),
            known: Vec::new(),
        })
    }

    /// Whether rows are keyed by their primary key.
    #[inline]
    pub(crate) fn is_clustered(&self) -> bool {
        matches!(self.shape, KeyShape::Columns(_))
    }

    /// Whether a change of this column changes nothing but its own bytes in the row.
    #[inline]
    pub(crate) fn is_plain(&self, column: usize) -> bool {
        self.plain.get(column).copied().unwrap_or(false)
    }

    /// The columns that an index or another table knows: what must be read of a row to delete it.
    #[inline]
    pub(crate) fn known_columns(&self) -> &[usize] {
        &self.known
    }

    /// Finds the plain columns and the known ones. `referred` are those that other tables refer to.
    pub(crate) fn sort_columns(&mut self, referred: &[usize]) {
        let is_known = |column: &usize| {
            referred.contains(column) || self.indexes.iter().any(|index| index.columns.contains(column))
        };
        self.known = (0..self.schema.columns.len()).filter(is_known).collect();
        let is_plain = |column: usize| {
            let in_key = matches!(&self.shape, KeyShape::Columns(columns) if columns.contains(&column));
            self.layout.is_fixed(column)
                && !in_key
                && self.autoincrement != Some(column)
                && !referred.contains(&column)
                && !self.indexes.iter().any(|index| index.columns.contains(&column))
                && !self.foreign_keys.iter().any(|key| key.column == column)
        };
        self.plain = (0..self.schema.columns.len()).map(is_plain).collect();
    }

    /// The number of every tree.
    pub(crate) fn trees(&self) -> Vec<TreeId> {
        self.heads().map(|head| head.tree.id()).collect()
    }

    /// The tree of this number.
    pub(crate) fn head_mut(&mut self, tree: TreeId) -> Option<&mut TreeHead> {
        if self.table.tree.id() == tree {
            return Some(&mut self.table);
        }
        self.indexes.iter_mut().map(|index| &mut index.head).find(|head| head.tree.id() == tree)
    }

    fn heads(&self) -> impl Iterator<Item = &TreeHead> {
        std::iter::once(&self.table).chain(self.indexes.iter().map(|index| &index.head))
    }

    /// The state of every tree.
    pub(crate) fn tree_states(&self) -> impl Iterator<Item = TreeState> {
        self.heads().map(TreeHead::state)
    }

    /// Takes the state of every tree from these.
    pub(crate) fn set_tree_states(&mut self, states: &[TreeState]) {
        let heads = std::iter::once(&mut self.table).chain(self.indexes.iter_mut().map(|index| &mut index.head));
        for (head, state) in heads.zip(states) {
            head.set(*state);
        }
    }

    /// Takes the state of every tree from the registry.
    pub(crate) fn reload(&mut self, store: &mut Store) -> Result<()> {
        self.table.reload(store)?;
        self.indexes.iter_mut().try_for_each(|index| index.head.reload(store))
    }

    /// Gives the state of every tree to the registry.
    pub(crate) fn flush(&mut self, store: &mut Store) -> Result<()> {
        self.table.flush(store)?;
        self.indexes.iter_mut().try_for_each(|index| index.head.flush(store))
    }

    /// The type of a column.
    pub(crate) fn data_type(&self, column: usize) -> DataType {
        self.schema.columns.get(column).map_or(DataType::Bytes, |column| column.data_type)
    }

    /// The name of a column.
    pub(crate) fn column_name(&self, column: usize) -> &str {
        self.schema.columns.get(column).map_or("?", |column| &column.name)
    }

    /// The names of columns, joined by commas.
    pub(crate) fn column_names(&self, columns: &[usize]) -> String {
        columns.iter().map(|column| self.column_name(*column)).collect::<Vec<_>>().join(", ")
    }

    /// How people call a tree of this table.
    pub(crate) fn tree_name(&self, tree: TreeId) -> Option<String> {
        if self.table.tree.id() == tree {
            return Some(self.schema.name.clone());
        }
        let index = self.indexes.iter().find(|index| index.head.tree.id() == tree)?;
        Some(format!("{}.{}", self.schema.name, self.index_name(index)))
    }

    /// How people call an index of this table.
    pub(crate) fn index_name(&self, index: &Index) -> String {
        if index.is_primary { "primary_key".into() } else { self.column_names(&index.columns).replace(", ", "_") }
    }

    /// The key of the row in an entry of an index that holds it.
    pub(crate) fn row_key_in<'a>(&self, index: &Index, entry: &'a [u8]) -> Result<&'a [u8]> {
        self.row_key_after(index, 0, entry)
    }

    /// The key of the row in what follows the first `columns` columns in such an entry.
    #[inline]
    pub(crate) fn row_key_after<'a>(&self, index: &Index, columns: usize, rest: &'a [u8]) -> Result<&'a [u8]> {
        let mut rest = rest;
        for column in index.columns.iter().skip(columns) {
            let length = key::nullable_length(rest, self.data_type(*column));
            rest = length.and_then(|length| rest.get(length..)).ok_or_else(|| {
                let (table, name) = (&self.schema.name, self.index_name(index));
                MemoryError::corrupt(format!("an entry of index {table}.{name} is cut short"))
            })?;
        }
        Ok(rest)
    }

    /// The columns of the primary key.
    pub(crate) fn primary_key(&self) -> &[usize] {
        match &self.shape {
            KeyShape::Columns(columns) => columns,
            KeyShape::RowId => {
                let primary = self.indexes.iter().find(|index| index.is_primary);
                primary.map_or(&[], |index| &index.columns)
            }
        }
    }

    /// The index whose only column is this one, if it is unique.
    pub(crate) fn unique_index_on(&self, column: usize) -> Option<usize> {
        self.indexes.iter().position(|index| index.is_unique && index.columns == [column])
    }

    /// Whether rows are keyed by this column alone.
    pub(crate) fn is_keyed_by(&self, column: usize) -> bool {
        matches!(&self.shape, KeyShape::Columns(columns) if *columns == [column])
    }
}

impl Index {
    /// Sets `entry` to the key of this index for a row with these values and this key, and says whether the row's key
    /// is part of it: it is unless the index is unique and no column is NULL.
    pub(crate) fn entry_key(&self, values: &[ValueRef<'_>], row_key: &[u8], entry: &mut Vec<u8>) -> bool {
        entry.clear();
        let mut has_null = false;
        for column in &self.columns {
            let value = values.get(*column).copied().unwrap_or(ValueRef::Null);
            has_null |= value.is_null();
            key::push_nullable(entry, value);
        }
        let holds_row_key = !self.is_unique || has_null;
        if holds_row_key {
            entry.extend_from_slice(row_key);
        }
        holds_row_key
    }
}
