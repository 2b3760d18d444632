//! Rows that become one: expressions over rows become expressions over groups.

use wasm_dbms_api::{Expr, Name, Query};

use crate::plan::bind::Typed;
use crate::plan::bind::kind::Kind;
use crate::plan::bind::names::Block;
use crate::plan::bind::window::WINDOWS;
use crate::plan::{BoundExpr, Grouping, Plan};

impl<'c> Block<'_, 'c> {
    /// What rows are grouped by.
    pub(super) fn group_keys(
        &self,
        query: &Query,
        bound: &Plan,
        columns: &[(Name, Kind<'c>)],
        depth: usize,
    ) -> Vec<Typed<'c>> {
        let aggregates = self.aggregates.take();
        let mut keys = Vec::new();
        for expr in &query.group_by {
            let key = match expr {
                // A column comes before an output of its name.
                Expr::Column(column) if self.find_here(column).is_some() => self.bind(expr, depth),
                expr => self.order_key(expr, bound, columns, depth),
            };
            if key.expr.any(&|part| matches!(part, BoundExpr::Slot(_) | BoundExpr::Column { source: WINDOWS, .. })) {
                let fault = &self.binder.fault;
                fault.of(expr, format_args!("rows cannot be grouped by an aggregate or a window"));
            }
            keys.push(key);
        }
        self.aggregates.set(aggregates);
        keys
    }

    /// Puts what the answer holds in terms of the groups.
    pub(super) fn group(&self, bound: &mut Plan, grouping: Grouping) {
        let Plan { outputs, having, order, .. } = bound;
        for expr in outputs.iter_mut().chain(having) {
            self.to_slots(expr, &grouping);
        }
        for key in order {
            self.to_slots(&mut key.expr, &grouping);
        }
        bound.grouping = Some(grouping);
    }

    fn to_slots(&self, expr: &mut BoundExpr, grouping: &Grouping) {
        if let Some(key) = grouping.keys.iter().position(|key| key == expr) {
            *expr = BoundExpr::Slot(key);
            return;
        }
        match expr {
            // An aggregate, counted without the keys until now.
            BoundExpr::Slot(slot) => *slot += grouping.keys.len(),
            BoundExpr::Column { source: WINDOWS, .. } => {}
            BoundExpr::Column { source, column } => self.is_not_grouped(*source, *column),
            expr => expr.for_each_part(&mut |part| self.to_slots(part, grouping)),
        }
    }

    #[cold]
    fn is_not_grouped(&self, source: usize, column: usize) {
        let name = match self.column_at(source, column) {
            Some((Some(source), name, _)) => format!("{source}.{name}"),
            Some((None, name, _)) => name.into_owned(),
            None => String::new(),
        };
        self.binder.fault.say(format_args!("column {name} is neither grouped by nor inside an aggregate"));
    }
}
