//! How many rows are expected. Without [`Figures`] they come from the schema and from what trees know of themselves.

use wasm_dbms_api::{Comparison, DataType};

use crate::catalog::{KeyShape, Relation};
use crate::full::IS_FULL;
use crate::function::power;
use crate::plan::BoundExpr;
use crate::plan::figures::Figures;

/// Where nothing is known: the share of rows that an equality or a bound keeps.
const EQUALITY_SHARE: f64 = 0.02;
pub(super) const RANGE_SHARE: f64 = 0.3;

/// What is known of each source.
#[derive(Debug)]
pub(super) struct Estimates<'a, 's> {
    pub(super) figures: &'a Figures<'s>,
    sources: Vec<Estimate>,
}

#[derive(Debug)]
struct Estimate {
    rows: f64,
    /// The share of rows that have one value, by column.
    equality: Vec<f64>,
}

impl<'a, 's> Estimates<'a, 's> {
    pub(super) fn new(figures: &'a Figures<'s>) -> Self {
        Self { figures, sources: Vec::new() }
    }

    /// Adds a source of so many rows, of which no two are the same if it is distinct.
    pub(super) fn push(&mut self, relation: &Relation, rows: f64, is_distinct: bool) {
        let keyed = match &relation.shape {
            KeyShape::Columns(columns) => columns.as_slice(),
            KeyShape::RowId => &[],
        };
        let share = |column: usize| {
            let is_first = |columns: &[usize]| columns.first() == Some(&column);
            let indexes = || relation.indexes.iter();
            let is_key = |columns: &[usize]| *columns == [column];
            if is_key(keyed) || indexes().any(|index| index.is_unique && is_key(&index.columns)) {
                return 1.0 / rows.max(1.0);
            }
            if IS_FULL && is_distinct {
                return power(rows.max(1.0), -1.0 / relation.schema.columns.len().max(1) as f64);
            }
            match relation.data_type(column) {
                DataType::Bool => 0.5,
                // Who asked for an index expects it to be of use.
                _ if is_first(keyed) || indexes().any(|index| is_first(&index.columns)) => {
                    let root = rows.max(1.0).sqrt();
                    // As many rows are equal as the fourth root of all.
                    EQUALITY_SHARE.min(1.0 / (root * root.sqrt())).max(1.0 / rows.max(1.0))
                }
                _ => EQUALITY_SHARE.max(1.0 / rows.max(1.0)),
            }
        };
        let mut equality = Vec::new();
        for column in 0..relation.schema.columns.len() {
            equality.push(share(column));
        }
        self.sources.push(Estimate { rows: rows.max(0.0), equality });
    }

    /// How many rows a source has.
    pub(super) fn rows(&self, source: usize) -> f64 {
        self.sources.get(source).map_or(1.0, |own| own.rows)
    }

    /// Whether there is one source, so that nothing but the access to it is chosen.
    pub(super) fn is_lone(&self) -> bool {
        self.sources.len() == 1
    }

    /// The share of rows in which a column has one value.
    pub(super) fn equality(&self, source: usize, column: usize) -> f64 {
        self.sources.get(source).and_then(|own| own.equality.get(column)).copied().unwrap_or(EQUALITY_SHARE)
    }

    /// The share of rows that a condition keeps.
    pub(super) fn share(&self, condition: &BoundExpr) -> f64 {
        let of = |expr: &BoundExpr| match expr {
            BoundExpr::Column { source, column } => Some(self.equality(*source, *column)),
            _ => None,
        };
        match condition {
            BoundExpr::Compare(Comparison::Equal, left, right) => match (of(left), of(right)) {
                (Some(left), Some(right)) => left.min(right),
                (Some(share), None) | (None, Some(share)) => share,
                (None, None) => EQUALITY_SHARE,
            },
            BoundExpr::Compare(Comparison::NotEqual, ..) => 1.0,
            BoundExpr::InList(inner, values) => {
                (of(inner).unwrap_or(EQUALITY_SHARE) * values.len() as f64).min(RANGE_SHARE)
            }
            BoundExpr::Like(inner, pattern) if !pattern.prefix().is_empty() => of(inner).unwrap_or(EQUALITY_SHARE),
            BoundExpr::And(left, right) => self.share(left) * self.share(right),
            BoundExpr::Or(left, right) => (self.share(left) + self.share(right)).min(1.0),
            BoundExpr::Not(inner) => match &**inner {
                BoundExpr::Compare(Comparison::Equal, ..) | BoundExpr::InList(..) | BoundExpr::IsNull(_) => 1.0,
                _ => RANGE_SHARE,
            },
            _ => RANGE_SHARE,
        }
    }
}
