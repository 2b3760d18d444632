//! Rows that come, change and go.

use wasm_dbms::{Arithmetic, ColumnSchema, Comparison, DataType, Expr, Value};

use crate::model::draw::{Draw, Theme};
use crate::model::oracle::{Row, State, Table};
use crate::model::{Merge, Operation};

impl Draw {
    /// Any row of a table.
    pub(super) fn any_row<'a>(&mut self, table: &'a Table) -> Option<&'a Row> {
        let count = table.rows().len();
        table.rows().nth(self.random.usize(..count.max(1)))
    }

    /// A value for a column: of a row that it can refer to, if it is a reference; rarely one that it cannot hold.
    fn value_for(&mut self, state: &State, table: &Table, column: &ColumnSchema) -> Value {
        if self.once_in(120) {
            return if self.random.bool() { Value::Null } else { self.value(DataType::Text) };
        }
        if column.nullable && self.once_in(5) {
            return Value::Null;
        }
        let own = table.schema().position(&column.name);
        let reference = table.shape.references.iter().find_map(|reference| {
            let place = reference.columns.iter().position(|column| Some(*column) == own)?;
            Some((reference, *reference.referred.get(place)?))
        });
        if let Some((reference, referred)) = reference
            && !self.once_in(10)
            && let Some(parent) = state.table(&reference.table)
        {
            // Those of a reference of several columns are most often of one row.
            let row = if reference.columns.len() > 1 { parent.rows().next() } else { self.any_row(parent) };
            let value = row.and_then(|row| row.get(referred)).cloned();
            return value.unwrap_or_else(|| if column.nullable { Value::Null } else { self.value(column.data_type) });
        }
        // A value that is there already.
        if self.once_in(8)
            && let Some(place) = table.schema().position(&column.name)
            && let Some(value) = self.any_row(table).and_then(|row| row.get(place))
        {
            return value.clone();
        }
        self.value(column.data_type)
    }

    pub(super) fn insert(&mut self, state: &State, table: &Table) -> Operation {
        let mut columns = Vec::new();
        for column in &table.schema().columns {
            let can_choose = column.autoincrement || column.default.is_some() || column.nullable;
            let is_left = if column.autoincrement { !self.once_in(4) } else { can_choose && self.once_in(4) };
            if !is_left && !self.once_in(400) {
                columns.push(column);
            }
        }
        let count = match self.random.u8(..20) {
            0..14 => 1,
            14..19 => self.random.usize(2..6),
            _ if self.theme == Theme::Large => self.random.usize(10..80),
            _ => self.random.usize(..2),
        };
        let row = |draw: &mut Self| columns.iter().map(|column| draw.value_for(state, table, column)).collect();
        let rows = (0..count).map(|_| row(self)).collect();
        let columns = columns.iter().map(|column| column.name.clone()).collect();
        Operation::Insert { table: table.name().to_owned(), columns, rows }
    }

    pub(super) fn update(&mut self, state: &State, table: &Table) -> Operation {
        let mut values: Vec<(String, Expr)> = Vec::new();
        for _ in 0..self.random.usize(1..4) {
            let Some(column) = self.any_column(table) else { break };
            if values.iter().all(|(name, _)| *name != column.name) {
                let is_computed = self.once_in(4);
                let computed = if is_computed { self.computed(table, column, None) } else { None };
                let value = computed.unwrap_or_else(|| self.value_for(state, table, column).into());
                values.push((column.name.clone(), value));
            }
        }
        Operation::Update { table: table.name().to_owned(), values, filter: self.some_rows(table) }
    }

    /// A value for a column that is computed from the row; from `other`, a second row of that name, too if there is one.
    fn computed(&mut self, table: &Table, column: &ColumnSchema, other: Option<&str>) -> Option<Expr> {
        let alike = |one: &&ColumnSchema| {
            one.data_type == column.data_type || (one.data_type.is_integer() && column.data_type.is_integer())
        };
        let alike: Vec<&ColumnSchema> = table.schema().columns.iter().filter(alike).collect();
        let source = if self.once_in(2) { other } else { None }.unwrap_or(table.name());
        let one = Expr::column(&format!("{source}.{}", self.one_of(&alike)?.name));
        if !column.data_type.is_integer() {
            return Some(one);
        }
        let by = match other {
            Some(other) if self.random.bool() => Expr::column(&format!("{other}.{}", self.one_of(&alike)?.name)),
            _ => Expr::from(self.random.i64(-2..6)),
        };
        let operator = if self.once_in(4) { Arithmetic::Subtract } else { Arithmetic::Add };
        Some(one.arithmetic(operator, by))
    }

    /// Rows that come, or change those that are there; none if the table has no key.
    pub(super) fn upsert(&mut self, state: &State, table: &Table) -> Option<Operation> {
        let keys: Vec<&Vec<usize>> =
            std::iter::once(&table.shape.key).chain(&table.shape.uniques).filter(|key| !key.is_empty()).collect();
        let key = (*self.one_of(&keys)?).clone();
        let name_of = |column: &usize| table.schema().columns.get(*column).map(|column| column.name.clone());
        let is_primary = key == table.shape.key && self.random.bool();
        let on = if is_primary { Vec::new() } else { key.iter().filter_map(name_of).collect() };
        let Operation::Insert { table: name, columns, mut rows } = self.insert(state, table) else { return None };
        rows.truncate(6);
        // Most of them are there.
        for row in &mut rows {
            let Some(other) = self.any_row(table).filter(|_| !self.once_in(3)) else { continue };
            for column in &key {
                let place = columns.iter().position(|name| Some(name) == name_of(column).as_ref());
                if let (Some(place), Some(value)) = (place, other.get(*column))
                    && let Some(place) = row.get_mut(place)
                {
                    *place = value.clone();
                }
            }
        }
        let merge = match self.random.u8(..8) {
            0 => Merge::Nothing,
            1..4 => Merge::Take(Vec::new()),
            4 => Merge::Take(self.any_column(table).map(|column| column.name.clone()).into_iter().collect()),
            _ => {
                let column = self.any_column(table)?;
                let value = self.computed(table, column, Some("excluded"))?;
                Merge::Set(vec![(column.name.clone(), value)])
            }
        };
        Some(Operation::Upsert { table: name, columns, rows, on, merge })
    }

    pub(super) fn delete(&mut self, table: &Table) -> Operation {
        let filter = self.some_rows(table);
        // Few lose everything, or nothing would be left.
        let filter = match filter {
            None if !self.once_in(3) => self.one_row(table),
            filter => filter,
        };
        Operation::Delete { table: table.name().to_owned(), filter }
    }

    /// A filter that keeps the row of a key, if there is a key and a row.
    pub(super) fn one_row(&mut self, table: &Table) -> Option<Expr> {
        let row = self.any_row(table);
        let columns = &table.schema().columns;
        let key = if table.shape.key.is_empty() { vec![0] } else { table.shape.key.clone() };
        let parts = key.iter().filter_map(|column| {
            let schema = columns.get(*column)?;
            let value = match row.and_then(|row| row.get(*column)) {
                Some(value) if !self.once_in(10) => value.clone(),
                _ => self.value(schema.data_type),
            };
            let name = Expr::column(&format!("{}.{}", table.name(), schema.name));
            Some(if value.is_null() { name.is_null() } else { name.compare(Comparison::Equal, value) })
        });
        parts.reduce(Expr::and)
    }

    fn some_rows(&mut self, table: &Table) -> Option<Expr> {
        match self.random.u8(..20) {
            0..10 => self.one_row(table),
            10..19 => Some(self.filter(&[table], 2)),
            _ => None,
        }
    }
}
