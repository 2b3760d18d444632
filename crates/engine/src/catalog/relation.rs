//! One table as the engine works with it.

use std::sync::Arc;

use wasm_dbms_api::{DataType, MemoryResult, TableSchema};
use wasm_dbms_memory::{Located, Registry, TableId, Tail, Tree, TreeId, TreeState};

use crate::Error;
use crate::catalog::{ForeignKey, Index, Referrer, Rules, columns_of};
use crate::codec::row::RowLayout;
use crate::codec::snapshot::Snapshot;
use crate::error::Fallible;
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
    pub(super) fn new(id: TreeId) -> Self {
        Self { tree: Tree::new(id), rows: 0, counter: 0, tail: Tail::default(), is_dirty: false }
    }

    pub(crate) fn reload(&mut self, store: &mut Store) -> Fallible<()> {
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

    pub(crate) fn flush(&mut self, store: &mut Store) -> Fallible<()> {
        if std::mem::take(&mut self.is_dirty) {
            Registry::set_tree_state(store, self.tree.id(), &self.state())?;
        }
        Ok(())
    }
}

/// One table.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) id: TableId,
    pub(crate) schema: Arc<TableSchema>,
    /// The description as bytes: a table is still the same if these are.
    pub(crate) described: Arc<[u8]>,
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) shape: KeyShape,
    pub(crate) table: TreeHead,
    pub(crate) indexes: Vec<Index>,
    pub(crate) foreign_keys: Vec<Arc<ForeignKey>>,
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
    pub(crate) fn new(id: TableId, snapshot: Snapshot, described: Arc<[u8]>) -> Fallible<Self> {
        let Snapshot { schema, version, table, primary_key, columns, indexes: stored, earlier, is_held, .. } = snapshot;
        let key_columns = columns_of(&schema, &schema.primary_key)?;
        let shape = match key_columns.as_slice() {
            columns @ [_, ..] if primary_key == 0 => KeyShape::Columns(columns.to_vec()),
            _ => KeyShape::RowId,
        };
        let row_key: &[usize] = match &shape {
            KeyShape::Columns(columns) => columns,
            KeyShape::RowId => &[],
        };
        let mut layout = RowLayout::new(&schema, row_key, version);
        layout.set_earlier(&schema, row_key, &columns, &earlier);
        let mut indexes = Vec::new();
        for (index, stored) in schema.indexes.iter().zip(stored) {
            indexes.push(Index::new(&schema, index, row_key, stored.tree)?);
        }
        if primary_key != 0 {
            indexes.push(Index::primary(&schema, key_columns, primary_key));
        }
        let autoincrement = schema.columns.iter().position(|column| column.autoincrement);
        let rules = if is_held { Some(Rules::frozen()) } else { Rules::of(&schema).map(Arc::new) };
        Ok(Self {
            id,
            schema: Arc::new(schema),
            described,
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

    /// Refuses what a migration in steps keeps from being written.
    pub(crate) fn check_not_held(&self) -> Fallible<()> {
        match &self.rules {
            Some(rules) if rules.columns.is_empty() => {
                Err(Error::MigrationUnderWay { table: self.schema.name.clone() }.into())
            }
            _ => Ok(()),
        }
    }

    /// A table that is stored nowhere: for rows that belong to none.
    pub(crate) fn of_rows(schema: &TableSchema) -> Fallible<Self> {
        Self::new(0, Snapshot::new(schema, 0, 0, &[]), Arc::default())
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
        self.known.clear();
        self.plain.clear();
        for column in 0..self.schema.columns.len() {
            let is_referred = referred.contains(&column);
            if is_referred || self.indexes.iter().any(|index| index.columns.contains(&column)) {
                self.known.push(column);
            }
            let in_key = matches!(&self.shape, KeyShape::Columns(columns) if columns.contains(&column));
            let is_plain = self.layout.is_fixed(column)
                && !in_key
                && self.autoincrement != Some(column)
                && !is_referred
                && !self.indexes.iter().any(|index| index.holds(column))
                && !self.foreign_keys.iter().any(|key| key.columns.contains(&column));
            self.plain.push(is_plain);
        }
    }

    /// The number of every tree.
    pub(crate) fn trees(&self) -> Vec<TreeId> {
        let mut trees = vec![self.table.tree.id()];
        for index in &self.indexes {
            trees.push(index.head.tree.id());
        }
        trees
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
    pub(crate) fn reload(&mut self, store: &mut Store) -> Fallible<()> {
        self.table.reload(store)?;
        self.indexes.iter_mut().try_for_each(|index| index.head.reload(store))
    }

    /// Gives the state of every tree to the registry.
    pub(crate) fn flush(&mut self, store: &mut Store) -> Fallible<()> {
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
        let mut names = Vec::with_capacity(columns.len());
        for column in columns {
            names.push(self.column_name(*column).to_owned());
        }
        names.join(", ")
    }

    /// How people call a tree of this table.
    pub(crate) fn tree_name(&self, tree: TreeId) -> Option<String> {
        if self.table.tree.id() == tree {
            return Some(self.schema.name.clone());
        }
        let index = self.indexes.iter().find(|index| index.head.tree.id() == tree)?;
        Some(format!("{}.{}", self.schema.name, index.name))
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

    /// Whether rows are keyed by this column alone.
    pub(crate) fn is_keyed_by(&self, column: usize) -> bool {
        matches!(&self.shape, KeyShape::Columns(columns) if *columns == [column])
    }
}
