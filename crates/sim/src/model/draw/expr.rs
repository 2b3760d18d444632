//! Filters.

use wasm_dbms::{ColumnSchema, Comparison, DataType, Expr, Value};

use crate::model::draw::Draw;
use crate::model::draw::value::VARIANTS;
use crate::model::oracle::Table;

/// A column with its table.
#[derive(Clone, Copy)]
pub(super) struct Visible<'a> {
    pub(super) table: &'a Table,
    pub(super) place: usize,
    pub(super) schema: &'a ColumnSchema,
    /// Whether its name goes without its table's.
    is_bare: bool,
}

impl Visible<'_> {
    pub(super) fn bare(self) -> Self {
        Self { is_bare: true, ..self }
    }

    pub(super) fn name(&self) -> String {
        if self.is_bare {
            return self.schema.name.clone();
        }
        format!("{}.{}", self.table.name(), self.schema.name)
    }

    pub(super) fn expr(&self) -> Expr {
        Expr::column(&self.name())
    }
}

/// Every column of some tables.
pub(super) fn visible<'a>(tables: &[&'a Table]) -> Vec<Visible<'a>> {
    let of = |table: &&'a Table| {
        let table = *table;
        table.schema().columns.iter().enumerate().map(move |(place, schema)| Visible {
            table,
            place,
            schema,
            is_bare: false,
        })
    };
    tables.iter().flat_map(of).collect()
}

impl Draw {
    /// A filter over the columns of some tables.
    pub(super) fn filter(&mut self, tables: &[&Table], depth: usize) -> Expr {
        let columns = visible(tables);
        self.filter_over(&columns, depth)
    }

    pub(super) fn filter_over(&mut self, columns: &[Visible<'_>], depth: usize) -> Expr {
        let Some(column) = self.one_of(columns).copied() else { return Expr::from(true) };
        let data_type = column.schema.data_type;
        match self.random.u8(..if depth == 0 { 60 } else { 84 }) {
            0..28 => column.expr().compare(self.comparison(data_type), self.comparable(column)),
            28..31 => {
                let value = Expr::from(self.comparable(column));
                // A name alone says nothing of the enum that it is of.
                let value = if data_type == DataType::Enum { column.expr() } else { value };
                value.compare(self.comparison(data_type), column.expr())
            }
            31..36 => {
                let alike: Vec<Visible<'_>> = columns
                    .iter()
                    .filter(|other| other.schema.data_type.is_comparable_with(data_type))
                    .copied()
                    .collect();
                let other = self.one_of(&alike).copied().unwrap_or(column);
                column.expr().compare(self.comparison(data_type), other.expr())
            }
            36..43 if data_type.is_ordered() => {
                let (low, high) = (self.comparable(column), self.comparable(column));
                let low = column.expr().compare(Comparison::GreaterOrEqual, low);
                low.and(column.expr().compare(Comparison::LessOrEqual, high))
            }
            36..48 => {
                let values: Vec<Value> = (0..self.random.usize(..4)).map(|_| self.comparable(column)).collect();
                column.expr().in_list(values)
            }
            48..54 => match columns.iter().find(|column| column.schema.data_type == DataType::Text) {
                Some(column) => column.expr().like(self.pattern()),
                None => column.expr().is_null(),
            },
            54..58 => column.expr().is_null(),
            58 => Expr::from(
                self.one_of(&[Value::Null, Value::from(true), Value::from(false)]).cloned().unwrap_or_default(),
            ),
            59 => match columns.iter().find(|column| column.schema.data_type == DataType::Bool) {
                Some(column) => column.expr(),
                None => column.expr().is_null(),
            },
            60..72 => self.filter_over(columns, depth - 1).and(self.filter_over(columns, depth - 1)),
            72..79 => self.filter_over(columns, depth - 1).or(self.filter_over(columns, depth - 1)),
            _ => self.filter_over(columns, depth - 1).not(),
        }
    }

    fn comparison(&mut self, data_type: DataType) -> Comparison {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let all = [Equal, Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual];
        let known = if data_type.is_ordered() { &all[..] } else { all.get(..3).unwrap_or_default() };
        self.one_of(known).copied().unwrap_or(Equal)
    }

    /// A value that a column can be compared with: one that stands there, or one that could.
    pub(super) fn comparable(&mut self, column: Visible<'_>) -> Value {
        let data_type = column.schema.data_type;
        if self.once_in(24) {
            return Value::Null;
        }
        if self.random.bool()
            && let Some(value) = self.any_row(column.table).and_then(|row| row.get(column.place))
        {
            return value.clone();
        }
        let numbers = [DataType::I8, DataType::U64, DataType::F64, DataType::Decimal];
        match data_type {
            DataType::Enum => Value::from(self.one_of(&VARIANTS).copied().unwrap_or_default()),
            _ if data_type.is_number() && self.once_in(4) => {
                let other = self.one_of(&numbers).copied().unwrap_or(DataType::I8);
                self.value(other)
            }
            _ => self.value(data_type),
        }
    }

    fn pattern(&mut self) -> String {
        let parts = ["a", "b", "%", "_", "\\", "é", "z", "a%", "\0", "~%", "%words"];
        (0..self.random.usize(..4)).map(|_| self.one_of(&parts).copied().unwrap_or_default()).collect()
    }
}
