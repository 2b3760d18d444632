//! Expressions as people read them, close to SQL.

use std::fmt::{Display, Formatter, Result};

use crate::{
    AggregateCall, Case, Expr, FloatForm, FrameBound, FrameExclusion, FrameUnit, Identifier, Name, Order, Part,
    ScalarFunction, Value, WindowCall, WindowFrame, float_text,
};

/// Whether what the feature `full` is about is written out.
pub(crate) const IS_FULL: bool = cfg!(feature = "full");

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

/// A list of names with commas between.
pub(crate) struct Names<'a>(pub(crate) &'a [Name]);

impl Display for Names<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (number, name) in self.0.iter().enumerate() {
            write!(f, "{}{}", if number == 0 { "" } else { ", " }, Identifier(name))?;
        }
        Ok(())
    }
}

/// What stands beside an operator: in parentheses where the operator would take a part of it only.
struct Operand<'a, T>(&'a T);

impl<T: Display + Inner> Display for Operand<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.inner() {
            Expr::Compare(..)
            | Expr::IsDistinct(..)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::Is(..)
            | Expr::InList(..)
            | Expr::InQuery(..)
            | Expr::Like { .. } => write!(f, "({})", self.0),
            _ => self.0.fmt(f),
        }
    }
}

/// An expression, or a part that is one: parts count how deep they are shown.
trait Inner {
    fn inner(&self) -> &Expr;
}

impl Inner for Expr {
    fn inner(&self) -> &Expr {
        self
    }
}

impl Inner for Part<Expr> {
    fn inner(&self) -> &Expr {
        self
    }
}

/// A value as SQL reads it back with its type: `1.5` is a decimal there and `1.5e0` a float.
fn write_literal(value: &Value, f: &mut Formatter<'_>) -> Result {
    match value {
        Value::Float(number) if number.is_finite() => f.write_str(&float_text(*number, FloatForm::Exponent)),
        Value::Float(number) => write!(f, "f64 '{}'", float_text(*number, FloatForm::Plain)),
        Value::Decimal(number) if number.scale() == 0 => write!(f, "DECIMAL '{number}'"),
        Value::Date(_) => write!(f, "DATE {value}"),
        Value::DateTime(_) => write!(f, "TIMESTAMP {value}"),
        Value::Uuid(_) => write!(f, "UUID {value}"),
        Value::Json(_) => write!(f, "JSON {value}"),
        _ => value.fmt(f),
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            // Nobody says them there; a file may.
            Self::InQuery(..)
            | Self::Exists(_)
            | Self::Scalar(_)
            | Self::Case(_)
            | Self::Cast(..)
            | Self::Function(..)
            | Self::Window(_)
                if !IS_FULL =>
            {
                f.write_str("(..)")
            }
            Self::Literal(value) => write_literal(value, f),
            Self::Parameter(number) => write!(f, "?{number}"),
            Self::Column(column) => {
                if let Some(table) = &column.table {
                    write!(f, "{}.", Identifier(table))?;
                }
                Identifier(&column.column).fmt(f)
            }
            Self::Compare(comparison, left, right) => write!(f, "{} {comparison} {}", Operand(left), Operand(right)),
            Self::IsDistinct(left, right) => {
                write!(f, "{} IS DISTINCT FROM {}", Operand(left), Operand(right))
            }
            Self::And(left, right) => write!(f, "({left} AND {right})"),
            Self::Or(left, right) => write!(f, "({left} OR {right})"),
            Self::Not(inner) => write!(f, "NOT ({inner})"),
            Self::IsNull(inner) => write!(f, "{} IS NULL", Operand(inner)),
            Self::Is(inner, truth) => {
                write!(f, "{} IS {}", Operand(inner), if *truth { "TRUE" } else { "FALSE" })
            }
            Self::InList(inner, list) => write!(f, "{} IN ({})", Operand(inner), List(list)),
            Self::InQuery(inner, query) => write!(f, "{} IN ({query})", Operand(inner)),
            Self::Exists(query) => write!(f, "EXISTS ({query})"),
            Self::Scalar(query) => write!(f, "({query})"),
            Self::Like { text, pattern, escape, ignores_case } => {
                let word = if *ignores_case { "ILIKE" } else { "LIKE" };
                write!(f, "{} {word} {}", Operand(text), Operand(pattern))?;
                match escape {
                    Some('\\') => Ok(()),
                    Some('\'') => f.write_str(" ESCAPE ''''"),
                    Some(escape) => write!(f, " ESCAPE '{escape}'"),
                    None => f.write_str(" ESCAPE ''"),
                }
            }
            Self::Arithmetic(operator, left, right) => {
                write!(f, "({} {operator} {})", Operand(left), Operand(right))
            }
            Self::Negate(inner) => write!(f, "-({inner})"),
            Self::Case(case) => case.fmt(f),
            Self::Cast(inner, data_type) => write!(f, "CAST({inner} AS {data_type})"),
            Self::Function(ScalarFunction::Join, arguments) => {
                f.write_str("(")?;
                for (number, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{}", if number == 0 { "" } else { " || " }, Operand(argument))?;
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
        if !IS_FULL {
            return f.write_str("CASE .. END");
        }
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
        if !IS_FULL {
            return f.write_str(".. OVER (..)");
        }
        write!(f, "{} OVER (", self.function)?;
        let mut gap = "";
        if !self.partition_by.is_empty() {
            write!(f, "PARTITION BY {}", List(&self.partition_by))?;
            gap = " ";
        }
        if !self.order_by.is_empty() {
            write!(f, "{gap}ORDER BY {}", List(&self.order_by))?;
            gap = " ";
        }
        match &self.frame {
            Some(frame) => write!(f, "{gap}{frame})"),
            None => f.write_str(")"),
        }
    }
}

impl Display for WindowFrame {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let unit = match self.unit {
            FrameUnit::Rows => "ROWS",
            FrameUnit::Range => "RANGE",
            FrameUnit::Groups => "GROUPS",
        };
        write!(f, "{unit} BETWEEN {} AND {}", self.start, self.end)?;
        f.write_str(match self.exclusion {
            FrameExclusion::NoOthers => "",
            FrameExclusion::CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclusion::Group => " EXCLUDE GROUP",
            FrameExclusion::Ties => " EXCLUDE TIES",
        })
    }
}

impl Display for FrameBound {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::UnboundedPreceding => f.write_str("UNBOUNDED PRECEDING"),
            Self::Preceding(by) => write!(f, "{by} PRECEDING"),
            Self::CurrentRow => f.write_str("CURRENT ROW"),
            Self::Following(by) => write!(f, "{by} FOLLOWING"),
            Self::UnboundedFollowing => f.write_str("UNBOUNDED FOLLOWING"),
        }
    }
}
