//! SQLite's bare columns: in a query of groups a column that is neither grouped by nor inside an aggregate has the value of
//! some row of its group. Here it is the smallest, so that an answer is the same each time.

use wasm_dbms_api::{AggregateFunction, Case, ColumnRef, Expr, Output, Query};

/// Puts the bare columns of a query of groups into aggregates. Where there is a min or a max they would be those of its row:
/// that is left as it is, and refused.
pub(super) fn settle(query: &mut Query) {
    if query.group_by.is_empty() || query.columns.is_empty() {
        return;
    }
    let keys = query.group_by.clone();
    let texts: Vec<String> = keys.iter().map(Expr::to_string).collect();
    let mut aliases = Vec::new();
    let mut has_extreme = false;
    for output in &query.columns {
        if let Output::Expr(expr, alias) = output {
            if let Some(alias) = alias {
                aliases.push(alias.clone());
            }
            has_extreme |= is_extreme(expr);
        }
    }
    has_extreme |= query.having.iter().any(is_extreme);
    if has_extreme {
        return;
    }
    // A key by its number, or by the name of an output, is that output.
    let is_output = |key: &Expr| {
        let is_alias = |column: &ColumnRef| column.table.is_none() && aliases.contains(&column.column);
        matches!(key, Expr::Literal(_)) || matches!(key, Expr::Column(column) if is_alias(column))
    };
    if keys.iter().any(is_output) {
        return;
    }
    for output in &mut query.columns {
        if let Output::Expr(expr, _) = output {
            put(expr, &keys, &texts);
        }
    }
    query.having.iter_mut().for_each(|having| put(having, &keys, &texts));
}

/// Whether there is a min or a max in the expression.
fn is_extreme(expr: &Expr) -> bool {
    let mut copy = expr.clone();
    if let Expr::Aggregate(call) = &copy {
        return matches!(call.function, AggregateFunction::Minimum | AggregateFunction::Maximum);
    }
    let mut found = false;
    parts(&mut copy, &mut |part| found |= is_extreme(part));
    found
}

/// Whether two columns may be the same one, said with its table and without.
fn is_same(one: &ColumnRef, other: &ColumnRef) -> bool {
    one.column == other.column && (one.table == other.table || one.table.is_none() || other.table.is_none())
}

/// Puts what is none of the keys, which read as these texts do, into aggregates.
fn put(expr: &mut Expr, keys: &[Expr], texts: &[String]) {
    let is_key = |key: &Expr| matches!((key, &*expr), (Expr::Column(key), Expr::Column(own)) if is_same(key, own));
    if keys.iter().any(is_key) || texts.contains(&expr.to_string()) {
        return;
    }
    match expr {
        Expr::Aggregate(_) | Expr::Window(_) => {}
        Expr::Column(_) => {
            let bare = std::mem::replace(expr, Expr::Parameter(0));
            *expr = Expr::aggregate(AggregateFunction::Minimum, Some(bare));
        }
        expr => parts(expr, &mut |part| put(part, keys, texts)),
    }
}

/// Calls `visit` with the expressions that one is made of; what queries in it hold is theirs.
pub(super) fn parts(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match expr {
        Expr::Compare(_, left, right)
        | Expr::IsDistinct(left, right)
        | Expr::And(left, right)
        | Expr::Or(left, right)
        | Expr::Arithmetic(_, left, right) => {
            visit(left.make_mut());
            visit(right.make_mut());
        }
        Expr::Not(inner)
        | Expr::IsNull(inner)
        | Expr::Is(inner, _)
        | Expr::Negate(inner)
        | Expr::Cast(inner, _)
        | Expr::InQuery(inner, _) => visit(inner.make_mut()),
        Expr::InList(inner, list) => {
            visit(inner.make_mut());
            list.make_mut().iter_mut().for_each(visit);
        }
        Expr::Like { text, pattern, .. } => {
            visit(text.make_mut());
            visit(pattern.make_mut());
        }
        Expr::Function(_, arguments) => arguments.make_mut().iter_mut().for_each(visit),
        Expr::Case(case) => {
            let Case { operand, branches, otherwise } = case.make_mut();
            operand.iter_mut().for_each(&mut *visit);
            for (condition, value) in branches {
                visit(condition);
                visit(value);
            }
            otherwise.iter_mut().for_each(visit);
        }
        _ => {}
    }
}
