//! Rows that become one: expressions over rows become expressions over groups.

use wasm_dbms_api::{ColumnRef, Expr, Query};

use crate::Error;
use crate::error::Fallible;
use crate::plan::bind::names::Block;
use crate::plan::bind::window::WINDOWS;
use crate::plan::bind::{BoundQuery, Typed};
use crate::plan::{BoundExpr, Grouping};

impl<'c> Block<'_, 'c> {
    /// What rows are grouped by.
    pub(super) fn group_keys(
        &self,
        query: &Query,
        outputs: &[Typed<'c>],
        names: &[String],
        depth: usize,
    ) -> Fallible<Vec<Typed<'c>>> {
        let aggregates = self.aggregates.take();
        let mut keys = Vec::new();
        for expr in &query.group_by {
            let is_column = |column: &ColumnRef| Ok::<_, Error>(self.find_here(column)?.is_some());
            let key = match expr {
                // A column comes before an output of its name.
                Expr::Column(column) if is_column(column)? => self.bind(expr, depth)?,
                expr => self.order_key(expr, outputs, names, depth)?,
            };
            if key.expr.any(&|part| matches!(part, BoundExpr::Slot(_) | BoundExpr::Column { source: WINDOWS, .. })) {
                return Err(Error::query(format_args!("{expr}: rows cannot be grouped by an aggregate or a window")));
            }
            keys.push(key);
        }
        *self.aggregates.borrow_mut() = aggregates;
        Ok(keys)
    }

    /// Puts what the answer holds in terms of the groups.
    pub(super) fn group(&self, bound: &mut BoundQuery, grouping: Grouping) -> Fallible<()> {
        let BoundQuery { outputs, having, order, .. } = bound;
        for expr in outputs.iter_mut().chain(having) {
            self.to_slots(expr, &grouping)?;
        }
        for key in order {
            self.to_slots(&mut key.expr, &grouping)?;
        }
        bound.grouping = Some(grouping);
        Ok(())
    }

    fn to_slots(&self, expr: &mut BoundExpr, grouping: &Grouping) -> Fallible<()> {
        if let Some(key) = grouping.keys.iter().position(|key| key == expr) {
            *expr = BoundExpr::Slot(key);
            return Ok(());
        }
        match expr {
            // An aggregate, counted without the keys until now.
            BoundExpr::Slot(slot) => {
                *slot += grouping.keys.len();
                Ok(())
            }
            BoundExpr::Column { source: WINDOWS, .. } => Ok(()),
            BoundExpr::Column { source, column } => {
                let name = self.name_of_column(*source, *column);
                Err(Error::query(format_args!("column {name} is neither grouped by nor inside an aggregate")))
            }
            expr => {
                for part in expr.parts_mut() {
                    self.to_slots(part, grouping)?;
                }
                Ok(())
            }
        }
    }

    fn name_of_column(&self, source: usize, column: usize) -> String {
        let wanted = BoundExpr::Column { source, column };
        for entry in &self.entries {
            for (name, typed) in entry.every() {
                if typed.expr == wanted {
                    return match &entry.name {
                        Some(source) => format!("{source}.{name}"),
                        None => name.into_owned(),
                    };
                }
            }
        }
        String::new()
    }
}
