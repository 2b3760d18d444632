//! Left joins that are none: where a condition on the whole drops every row without a partner.

use wasm_dbms_api::ScalarFunction;

use crate::plan::call::Operator;
use crate::plan::{BoundExpr, Plan};

/// Makes left joins inner ones where nothing is lost by it.
pub(super) fn simplify(query: &mut Plan) {
    for source in (0..query.sources.len()).rev() {
        let is_left = query.sources.get(source).is_some_and(|own| own.left.is_some());
        if is_left && query.conjuncts.iter().any(|conjunct| rejects_missing(conjunct, source)) {
            let condition = query.sources.get_mut(source).and_then(|own| own.left.take());
            query.conjuncts.append(&mut condition.unwrap_or_default());
        }
    }
}

/// Whether the condition is not true where every column of the source is NULL.
fn rejects_missing(condition: &BoundExpr, source: usize) -> bool {
    let rejects = |part: &BoundExpr| rejects_missing(part, source);
    match condition {
        BoundExpr::Compare(_, left, right) => is_null_with(left, source) || is_null_with(right, source),
        BoundExpr::InList(inner, _) | BoundExpr::Like(inner, _) => is_null_with(inner, source),
        BoundExpr::And(left, right) => rejects(left) || rejects(right),
        BoundExpr::Or(left, right) => rejects(left) && rejects(right),
        BoundExpr::Not(inner) => match &**inner {
            BoundExpr::IsNull(inner) => is_null_with(inner, source),
            // NULL is none of no values, and that is true.
            BoundExpr::InList(_, values) if values.is_empty() => false,
            // NULL stays NULL.
            BoundExpr::Compare(..) | BoundExpr::InList(..) | BoundExpr::Like(..) => rejects(inner),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the value is NULL where every column of the source is.
fn is_null_with(expr: &BoundExpr, source: usize) -> bool {
    match expr {
        BoundExpr::Column { source: own, .. } => *own == source,
        BoundExpr::Call(call) => {
            let is_strict = match &call.operator {
                Operator::Arithmetic { .. } | Operator::Negate | Operator::Cast(_) => true,
                Operator::Function(function) => *function != ScalarFunction::NullIf && function.signature().is_strict,
                _ => false,
            };
            is_strict && call.arguments.iter().any(|argument| is_null_with(argument, source))
        }
        _ => false,
    }
}
