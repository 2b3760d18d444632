//! Questions.

use wasm_dbms::{AggregateFunction, DataType, Expr, Nulls, Query};

use crate::model::draw::Draw;
use crate::model::draw::expr::{Visible, visible};
use crate::model::oracle::{State, Table};

/// Tables are joined that have no more rows side by side.
const JOINED_MAX: usize = 2000;

impl Draw {
    /// A question about a table, and perhaps others beside it.
    pub(super) fn question(&mut self, state: &State, table: &Table) -> Query {
        let mut query = Query::from(table.name().to_owned());
        let mut tables = vec![table];
        let mut rows = table.rows().len();
        for _ in 0..self.pick([0, 0, 0, 0, 1, 1, 2]) {
            let Some(other) = self.one_of(&state.tables) else { break };
            let is_there = tables.iter().any(|table| table.name() == other.name());
            rows = rows.saturating_mul(other.rows().len().max(1));
            let (left, right) = (visible(&tables), visible(&[other]));
            let Some(right) = self.one_of(&right).copied().filter(|_| !is_there && rows <= JOINED_MAX) else { break };
            let alike = |left: &&Visible<'_>| left.schema.data_type.is_comparable_with(right.schema.data_type);
            let left: Vec<Visible<'_>> = left.iter().filter(alike).copied().collect();
            let Some(left) = self.one_of(&left) else { break };
            query = query.join(other.name().to_owned(), left.name().as_str(), right.name().as_str());
            tables.push(other);
        }
        if tables.len() == 1 && self.once_in(4) {
            if let Some(filter) = self.one_row(table) {
                query = query.filter(filter);
            }
        } else if !self.once_in(4) {
            query = query.filter(self.filter(&tables, 2));
        }
        let columns = visible(&tables);
        let mut choices: Vec<Expr> = Vec::new();
        if self.once_in(5) {
            for _ in 0..self.random.usize(..3) {
                let Some(key) = self.one_of(&columns).copied() else { break };
                query = query.group_by(key.name().as_str());
                if key.schema.data_type.is_ordered() {
                    choices.push(key.expr());
                }
                query.columns.push(key.expr());
            }
            for _ in 0..self.random.usize(1..4) {
                let aggregate = self.aggregate(&columns);
                let is_ordered =
                    !matches!(&aggregate, Expr::Aggregate(AggregateFunction::Minimum | AggregateFunction::Maximum, _));
                choices.extend(is_ordered.then(|| aggregate.clone()));
                query.columns.push(aggregate);
            }
        } else {
            choices.extend(columns.iter().filter(|column| column.schema.data_type.is_ordered()).map(Visible::expr));
            if self.once_in(3) {
                for _ in 0..self.random.usize(1..4) {
                    query.columns.extend(self.one_of(&columns).map(Visible::expr));
                }
            }
        }
        for _ in 0..self.pick([0, 1, 1, 2]) {
            let Some(expr) = self.one_of(&choices).cloned() else { break };
            query = query.order_by(expr, self.random.bool());
            if let Some(order) = query.order_by.last_mut() {
                order.nulls = self.pick([None, None, Some(Nulls::First), Some(Nulls::Last)]);
            }
        }
        query.limit = self.once_in(3).then(|| self.random.u64(..12));
        query.offset = if self.once_in(5) { self.random.u64(..8) } else { 0 };
        query
    }

    fn aggregate(&mut self, columns: &[Visible<'_>]) -> Expr {
        use AggregateFunction::{Average, Count, Maximum, Minimum, Sum};
        let function = self.pick([Count, Count, Sum, Average, Minimum, Maximum]);
        let suits = |data_type: DataType| match function {
            Minimum | Maximum => data_type.is_ordered(),
            Sum | Average => data_type.is_number(),
            _ => true,
        };
        let suiting: Vec<Visible<'_>> =
            columns.iter().filter(|column| suits(column.schema.data_type)).copied().collect();
        let has_argument = function != Count || self.random.bool();
        match self.one_of(&suiting).filter(|_| has_argument) {
            Some(column) => Expr::Aggregate(function, Some(Box::new(column.expr()))),
            None => Expr::Aggregate(Count, None),
        }
    }
}
