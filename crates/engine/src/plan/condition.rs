//! What conditions say of one column of one source.

use wasm_dbms_api::{Comparison, DataType, Value, ValueRef};

use crate::catalog::Relation;
use crate::plan::BoundExpr;

/// What is asked about the types of expressions.
pub(super) type Types<'a> = &'a dyn Fn(&BoundExpr) -> Option<DataType>;

/// A conjunct that says something of one column of one source.
pub(super) struct Condition<'q> {
    /// Which conjunct it is.
    pub(super) conjunct: usize,
    pub(super) column: usize,
    pub(super) kind: ConditionKind<'q>,
    /// Whether its other side needs the row of another source.
    pub(super) depends_on_sources: bool,
}

pub(super) enum ConditionKind<'q> {
    Compare(Comparison, &'q BoundExpr),
    OneOf(&'q [Value]),
    Prefix(String),
}

impl<'q> Condition<'q> {
    /// What a conjunct says of a column of the source that an access can use, when the sources in `bound` have rows.
    pub(super) fn of(
        conjunct: usize,
        expr: &'q BoundExpr,
        source: usize,
        bound: u64,
        relation: &Relation,
        types: Types<'_>,
    ) -> Option<Self> {
        let own = |expr: &BoundExpr| match expr {
            BoundExpr::Column { source: other, column } if *other == source => Some(*column),
            _ => None,
        };
        let (column, kind) = match expr {
            BoundExpr::Compare(comparison, left, right) => {
                let sides = own(left).map(|column| (column, *comparison, &**right));
                let sides = sides.filter(|(.., value)| value.sources() & !bound == 0);
                let flipped = || own(right).map(|column| (column, comparison.flipped(), &**left));
                let (column, comparison, value) = sides.or_else(flipped)?;
                if comparison == Comparison::NotEqual || value.sources() & !bound != 0 || value.asks() {
                    return None;
                }
                (column, ConditionKind::Compare(comparison, value))
            }
            BoundExpr::InList(inner, values) => (own(inner)?, ConditionKind::OneOf(values)),
            BoundExpr::Like(inner, pattern) => {
                let prefix = pattern.prefix();
                (own(inner).filter(|_| !prefix.is_empty())?, ConditionKind::Prefix(prefix))
            }
            _ => return None,
        };
        let depends_on_sources = matches!(&kind, ConditionKind::Compare(_, value) if value.sources() != 0);
        let condition = Self { conjunct, column, kind, depends_on_sources };
        condition.fits(relation.data_type(column), types).then_some(condition)
    }

    /// Whether the other side has the key code of the column: a value that the column can hold, or one of a type with
    /// the same code. Anything else is left to the filters.
    fn fits(&self, data_type: DataType, types: Types<'_>) -> bool {
        let literal = |value: &Value| match value.as_ref() {
            // A float column keys any float; a whole number has the same code in every integer column.
            value if data_type.is_float() => matches!(value, ValueRef::Float(_)),
            value => value.fits(data_type) || (data_type.is_integer() && value.as_i128().is_some()),
        };
        match &self.kind {
            ConditionKind::Prefix(_) => data_type == DataType::Text,
            ConditionKind::OneOf(values) => values.iter().all(|value| value.is_null() || literal(value)),
            ConditionKind::Compare(_, BoundExpr::Literal(value)) => literal(value),
            ConditionKind::Compare(_, value) => types(value).is_some_and(|other| {
                other == data_type
                    || (other.is_integer() && data_type.is_integer())
                    || (other.is_float() && data_type.is_float())
            }),
        }
    }
}
