//! Queries as people read them, close to SQL.

use std::fmt::{Display, Formatter, Result};

use crate::expr::display::{IS_FULL, List, Names};
use crate::{Identifier, Origin, Output, Query};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if !IS_FULL {
            return f.write_str("SELECT ..");
        }
        for (number, table) in self.with.iter().enumerate() {
            let word = match number {
                0 if self.with.iter().any(|table| table.is_recursive) => "WITH RECURSIVE ",
                0 => "WITH ",
                _ => ", ",
            };
            write!(f, "{word}{}", Identifier(&table.name))?;
            if !table.columns.is_empty() {
                write!(f, " ({})", Names(&table.columns))?;
            }
            write!(f, " AS ({})", table.query)?;
        }
        let gap = if self.with.is_empty() { "" } else { " " };
        write!(f, "{gap}SELECT {}", if self.distinct { "DISTINCT " } else { "" })?;
        match self.columns.as_slice() {
            [] => f.write_str("*")?,
            columns => List(columns).fmt(f)?,
        }
        if !matches!(self.from.origin, Origin::Nothing) {
            write!(f, " FROM {}", self.from)?;
        }
        for join in &self.joins {
            write!(f, " {join}")?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if !self.group_by.is_empty() {
            write!(f, " GROUP BY {}", List(&self.group_by))?;
        }
        if let Some(having) = &self.having {
            write!(f, " HAVING {having}")?;
        }
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", List(&self.order_by))?;
        }
        if let Some(limit) = &self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        match &self.offset {
            Some(offset) => write!(f, " OFFSET {offset}"),
            None => Ok(()),
        }
    }
}

impl Display for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Expr(expr, None) => expr.fmt(f),
            Self::Expr(expr, Some(name)) => write!(f, "{expr} AS {}", Identifier(name)),
            Self::Every => f.write_str("*"),
            Self::EveryOf(source) => write!(f, "{}.*", Identifier(source)),
        }
    }
}
