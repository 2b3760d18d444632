//! Rows that come, change and go.

use wasm_dbms::{ColumnSchema, Comparison, DataType, Expr, Value};

use crate::model::Operation;
use crate::model::draw::{Draw, Theme};
use crate::model::oracle::{Row, State, Table};

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
        let reference =
            table.shape.references.iter().find(|reference| {
                table.schema().columns.get(reference.column).is_some_and(|own| own.name == column.name)
            });
        if let Some(reference) = reference
            && !self.once_in(10)
            && let Some(parent) = state.table(&reference.table)
        {
            let value = self.any_row(parent).and_then(|row| row.get(reference.referred)).cloned();
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
        let mut values: Vec<(String, Value)> = Vec::new();
        for _ in 0..self.random.usize(1..4) {
            let Some(column) = self.any_column(table) else { break };
            if values.iter().all(|(name, _)| *name != column.name) {
                values.push((column.name.clone(), self.value_for(state, table, column)));
            }
        }
        Operation::Update { table: table.name().to_owned(), values, filter: self.some_rows(table) }
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
