//! What follows from columns being equal: what is said of one holds for the others.

use wasm_dbms_api::{Comparison, DataType};

use crate::plan::BoundExpr;
use crate::plan::condition::Types;
use crate::plan::expr::parted;

/// The most columns that are looked at together: what follows grows with the square.
const MAX_EQUAL: usize = 16;

type Column = (usize, usize);

/// Columns that are equal.
struct Class {
    columns: Vec<Column>,
    is_constant: bool,
}

/// Adds what follows from the conjuncts. Returns the class of each conjunct that says that two columns are equal, from 1
/// on, and 0 for the others: of one class every two columns have a conjunct.
pub(super) fn close(conjuncts: &mut Vec<BoundExpr>, types: Types<'_>) -> Vec<usize> {
    let mut classes: Vec<Class> = Vec::new();
    for (left, right) in conjuncts.iter().filter_map(|conjunct| pair(conjunct, types)) {
        let mut place_of = |column| {
            classes.iter().position(|class| class.columns.contains(&column)).unwrap_or_else(|| {
                classes.push(Class { columns: vec![column], is_constant: false });
                classes.len() - 1
            })
        };
        let (one, other) = (place_of(left), place_of(right));
        if one != other {
            let moved = classes.swap_remove(one.max(other)).columns;
            if let Some(class) = classes.get_mut(one.min(other)) {
                class.columns.extend_from_slice(&moved);
            }
        }
    }
    let is_small = |class: &Class| class.columns.len() <= MAX_EQUAL;
    for class in classes.iter_mut().filter(|class| is_small(class)) {
        let mut implied = Vec::new();
        for conjunct in conjuncts.iter() {
            let Some(of) = subject(conjunct).filter(|column| class.columns.contains(column)) else { continue };
            class.is_constant |= matches!(conjunct, BoundExpr::Compare(Comparison::Equal, ..));
            for other in class.columns.iter().filter(|other| **other != of) {
                let mut same = conjunct.clone();
                same.for_each_mut(&mut |part| {
                    if let BoundExpr::Column { source, column } = part {
                        (*source, *column) = *other;
                    }
                });
                implied.push(same);
            }
        }
        if class.is_constant {
            // All of them equal the constant.
            let mut is_in =
                |conjunct: &BoundExpr| pair(conjunct, types).is_some_and(|(left, _)| class.columns.contains(&left));
            (_, *conjuncts) = parted(std::mem::take(conjuncts), &mut is_in);
        } else {
            for (number, left) in class.columns.iter().enumerate() {
                for right in class.columns.iter().skip(number + 1) {
                    implied.push(equal(*left, *right));
                }
            }
        }
        for expr in implied {
            let is_known = |other: &BoundExpr| *other == expr || are_flipped(other, &expr);
            if !conjuncts.iter().any(is_known) {
                conjuncts.push(expr);
            }
        }
    }
    let class_of = |conjunct: &BoundExpr| {
        let (left, right) = pair(conjunct, types)?;
        // Two columns of one source are equal whatever others are.
        let is_between = left.0 != right.0;
        classes
            .iter()
            .position(|class| is_between && is_small(class) && class.columns.contains(&left))
            .map(|place| place + 1)
    };
    let mut numbers = Vec::new();
    for conjunct in conjuncts.iter() {
        numbers.push(class_of(conjunct).unwrap_or(0));
    }
    numbers
}

/// The columns that a conjunct says are equal, if their type has one equality.
fn pair(conjunct: &BoundExpr, types: Types<'_>) -> Option<(Column, Column)> {
    let BoundExpr::Compare(Comparison::Equal, left, right) = conjunct else { return None };
    let (BoundExpr::Column { source, column }, BoundExpr::Column { source: other, column: second }) =
        (&**left, &**right)
    else {
        return None;
    };
    let data_type = types(left)?;
    let is_plain = types(right)? == data_type && !matches!(data_type, DataType::Json | DataType::Enum);
    is_plain.then_some(((*source, *column), (*other, *second)))
}

/// The column that a conjunct is about, if it compares that with what is the same for all rows.
fn subject(conjunct: &BoundExpr) -> Option<Column> {
    let (column, value) = match conjunct {
        BoundExpr::Compare(_, left, right) if right.sources() == 0 => (left, Some(right)),
        BoundExpr::Compare(_, left, right) if left.sources() == 0 => (right, Some(left)),
        BoundExpr::InList(inner, _) | BoundExpr::Like(inner, _) => (inner, None),
        _ => return None,
    };
    match &**column {
        BoundExpr::Column { source, column } if !value.is_some_and(|value| value.asks()) => Some((*source, *column)),
        _ => None,
    }
}

fn equal(left: Column, right: Column) -> BoundExpr {
    let column = |(source, column)| Box::new(BoundExpr::Column { source, column });
    BoundExpr::Compare(Comparison::Equal, column(left), column(right))
}

/// Whether both say the same, one with its sides exchanged.
fn are_flipped(one: &BoundExpr, other: &BoundExpr) -> bool {
    match (one, other) {
        (BoundExpr::Compare(Comparison::Equal, left, right), BoundExpr::Compare(Comparison::Equal, first, second)) => {
            left == second && right == first
        }
        _ => false,
    }
}
