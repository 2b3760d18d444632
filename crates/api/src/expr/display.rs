//! Expressions as people read them, close to SQL.

use std::fmt::{Display, Formatter, Result};

use crate::{AggregateCall, Case, Expr, Order, ScalarFunction, WindowCall};

/// A list with commas between.
pub(crate) struct List<'a, T>(pub(crate) &'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (number, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if number == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Literal(value) => value.fmt(f),
            Self::Parameter(number) => write!(f, "?{number}"),
            Self::Column(column) => column.fmt(f),
            Self::Compare(comparison, left, right) => write!(f, "{left} {comparison} {right}"),
            Self::IsDistinct(left, right) => write!(f, "{left} IS DISTINCT FROM {right}"),
            Self::And(left, right) => write!(f, "({left} AND {right})"),
            Self::Or(left, right) => write!(f, "({left} OR {right})"),
            Self::Not(inner) => write!(f, "NOT ({inner})"),
            Self::IsNull(inner) => write!(f, "{inner} IS NULL"),
            Self::Is(inner, truth) => write!(f, "{inner} IS {}", if *truth { "TRUE" } else { "FALSE" }),
            Self::InList(inner, list) => write!(f, "{inner} IN ({})", List(list)),
            Self::InQuery(inner, query) => write!(f, "{inner} IN ({query})"),
            Self::Exists(query) => write!(f, "EXISTS ({query})"),
            Self::Scalar(query) => write!(f, "({query})"),
            Self::Like { text, pattern, escape, ignores_case } => {
                write!(f, "{text} {} {pattern}", if *ignores_case { "ILIKE" } else { "LIKE" })?;
                match escape {
                    Some('\\') => Ok(()),
                    Some(escape) => write!(f, " ESCAPE '{escape}'"),
                    None => f.write_str(" ESCAPE ''"),
                }
            }
            Self::Arithmetic(operator, left, right) => write!(f, "({left} {operator} {right})"),
            Self::Negate(inner) => write!(f, "-({inner})"),
            Self::Case(case) => case.fmt(f),
            Self::Cast(inner, data_type) => write!(f, "CAST({inner} AS {data_type})"),
            Self::Function(ScalarFunction::Join, arguments) => {
                f.write_str("(")?;
                for (number, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if number == 0 { "" } else { " || " })?;
                }
                f.write_str(")")
            }
            Self::Function(function, arguments) => write!(f, "{function}({})", List(arguments)),
            Self::Aggregate(call) => call.fmt(f),
            Self::Window(call) => call.fmt(f),
        }
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("CASE")?;
        if let Some(operand) = &self.operand {
            write!(f, " {operand}")?;
        }
        for (condition, value) in &self.branches {
            write!(f, " WHEN {condition} THEN {value}")?;
        }
        if let Some(otherwise) = &self.otherwise {
            write!(f, " ELSE {otherwise}")?;
        }
        f.write_str(" END")
    }
}

impl Display for AggregateCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}({}", self.function, if self.distinct { "DISTINCT " } else { "" })?;
        match &self.argument {
            Some(argument) => argument.fmt(f)?,
            None => f.write_str("*")?,
        }
        if let Some(separator) = &self.separator {
            write!(f, ", {separator}")?;
        }
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", List(&self.order_by))?;
        }
        f.write_str(")")?;
        match &self.filter {
            Some(filter) => write!(f, " FILTER (WHERE {filter})"),
            None => Ok(()),
        }
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.expr, if self.descending { " DESC" } else { "" })?;
        match self.nulls {
            Some(crate::Nulls::First) => f.write_str(" NULLS FIRST"),
            Some(crate::Nulls::Last) => f.write_str(" NULLS LAST"),
            None => Ok(()),
        }
    }
}

impl Display for WindowCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} OVER (", self.function)?;
        let mut gap = "";
        if !self.partition_by.is_empty() {
            write!(f, "PARTITION BY {}", List(&self.partition_by))?;
            gap = " ";
        }
        if !self.order_by.is_empty() {
            write!(f, "{gap}ORDER BY {}", List(&self.order_by))?;
        }
        f.write_str(")")
    }
}
