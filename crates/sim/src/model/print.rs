//! A program as Rust: what a regression test is made of.

use std::fmt::{Display, Formatter, Result};

use wasm_dbms::{ColumnRef, Expr, Nulls, OnDelete, Query, TableSchema, Value};

use crate::model::{Operation, Program};

/// Something written as Rust.
struct Rust<'a, T>(&'a T);

/// A list of things, each written by `write`.
fn list<T>(f: &mut Formatter<'_>, all: &[T], write: impl Fn(&mut Formatter<'_>, &T) -> Result) -> Result {
    f.write_str("[")?;
    for (number, one) in all.iter().enumerate() {
        f.write_str(if number == 0 { "" } else { ", " })?;
        write(f, one)?;
    }
    f.write_str("]")
}

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let setup = &self.setup;
        write!(f, "Program::new({}, {}, {})", setup.page_size, setup.cache_bytes, setup.database_id)?;
        for operation in &self.operations {
            write!(f, "\n    .then({})", Rust(operation))?;
        }
        Ok(())
    }
}

impl Display for Rust<'_, Value> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Value::Null => f.write_str("Value::Null"),
            Value::Bool(value) => write!(f, "Value::from({value})"),
            Value::Integer(value) => write!(f, "Value::from({value}i64)"),
            Value::Unsigned(value) => write!(f, "Value::from({value}u64)"),
            Value::Float(value) if value.is_nan() => f.write_str("Value::from(f64::NAN)"),
            Value::Float(value) if value.is_infinite() => {
                write!(f, "Value::from({}f64::INFINITY)", if *value < 0.0 { "-" } else { "" })
            }
            Value::Float(value) => write!(f, "Value::from({value:?}f64)"),
            Value::Text(value) => write!(f, "Value::from({value:?})"),
            Value::Bytes(value) => write!(f, "Value::from(vec!{value:?} as Vec<u8>)"),
            Value::Json(value) => write!(f, "Value::from({:?}.parse::<Json>().unwrap())", value.as_str()),
            Value::Decimal(value) => write!(f, "Value::from(\"{value}\".parse::<Decimal>().unwrap())"),
            Value::Date(value) => write!(f, "Value::from(Date::from_days({}))", value.days()),
            Value::DateTime(value) => write!(
                f,
                "Value::from(DateTime::from_microseconds({}).with_offset({}).unwrap())",
                value.microseconds(),
                value.offset_seconds()
            ),
            Value::Uuid(value) => write!(f, "Value::from(Uuid::from_u128({:#x}))", value.as_u128()),
            Value::Enum(number, name) => write!(f, "Value::Enum({number}, {name:?}.into())"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Display for Rust<'_, ColumnRef> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{:?}", self.0.to_string())
    }
}

impl Display for Rust<'_, Expr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Expr::Literal(value) => write!(f, "Expr::from({})", Rust(value)),
            Expr::Column(column) => write!(f, "Expr::column({})", Rust(column)),
            Expr::Compare(comparison, left, right) => {
                write!(f, "{}.compare(Comparison::{comparison:?}, {})", Rust(&**left), Rust(&**right))
            }
            Expr::And(left, right) => write!(f, "{}.and({})", Rust(&**left), Rust(&**right)),
            Expr::Or(left, right) => write!(f, "{}.or({})", Rust(&**left), Rust(&**right)),
            Expr::Not(inner) => write!(f, "{}.not()", Rust(&**inner)),
            Expr::IsNull(inner) => write!(f, "{}.is_null()", Rust(&**inner)),
            Expr::InList(inner, values) => {
                write!(f, "{}.in_list(", Rust(&**inner))?;
                list(f, values, |f, value| Rust(value).fmt(f))?;
                f.write_str(" as [Value; _])")
            }
            Expr::Like(inner, pattern) => write!(f, "{}.like({pattern:?})", Rust(&**inner)),
            Expr::Aggregate(function, None) => write!(f, "Expr::Aggregate(AggregateFunction::{function:?}, None)"),
            Expr::Aggregate(function, Some(inner)) => {
                let inner = Rust(&**inner);
                write!(f, "Expr::Aggregate(AggregateFunction::{function:?}, Some(Box::new({inner})))")
            }
            other => write!(f, "{other:?}"),
        }
    }
}

impl Display for Rust<'_, TableSchema> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let schema = self.0;
        write!(f, "TableSchema::new({:?})", schema.name)?;
        for column in &schema.columns {
            let (name, data_type) = (&column.name, column.data_type);
            match column.variants.as_slice() {
                [] => write!(f, ".column(ColumnSchema::new({name:?}, DataType::{data_type:?})")?,
                variants => write!(f, ".column(ColumnSchema::one_of({name:?}, {variants:?})")?,
            }
            f.write_str(if column.nullable { ".nullable()" } else { "" })?;
            f.write_str(if column.autoincrement { ".autoincrement()" } else { "" })?;
            if let Some(default) = &column.default {
                write!(f, ".default({})", Rust(default))?;
            }
            f.write_str(")")?;
        }
        if !schema.primary_key.is_empty() {
            write!(f, ".primary_key({:?})", schema.primary_key)?;
        }
        for index in &schema.indexes {
            let columns: Vec<&str> = index.columns.iter().map(|column| column.name.as_str()).collect();
            let is_plain = index.include.is_empty() && !index.columns.iter().any(|column| column.descending);
            if is_plain && index.name == columns.join("_") {
                write!(f, ".{}({columns:?})", if index.unique { "unique" } else { "index" })?;
                continue;
            }
            f.write_str(".with_index(IndexSchema::new(")?;
            list(f, &index.columns, |f, column| {
                write!(f, "IndexColumn::new({:?})", column.name)?;
                f.write_str(if column.descending { ".descending()" } else { "" })
            })?;
            let (include, name) = (&index.include, &index.name);
            write!(f, ").include({include:?} as [&str; {}]).named({name:?})", include.len())?;
            f.write_str(if index.unique { ".unique())" } else { ")" })?;
        }
        for key in &schema.foreign_keys {
            let on_delete = if key.on_delete == OnDelete::Cascade { "Cascade" } else { "Restrict" };
            let (column, table, referred) = (&key.column, &key.table, &key.references);
            write!(f, ".foreign_key({column:?}, {table:?}, {referred:?}, OnDelete::{on_delete})")?;
        }
        Ok(())
    }
}

impl Display for Rust<'_, Query> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let query = self.0;
        write!(f, "Query::from({:?})", query.from)?;
        for join in &query.joins {
            write!(f, ".join({:?}, {}, {})", join.table, Rust(&join.left), Rust(&join.right))?;
        }
        if let Some(filter) = &query.filter {
            write!(f, ".filter({})", Rust(filter))?;
        }
        query.group_by.iter().try_for_each(|column| write!(f, ".group_by({})", Rust(column)))?;
        query.columns.iter().try_for_each(|column| write!(f, ".column({})", Rust(column)))?;
        for order in &query.order_by {
            match order.nulls {
                None => write!(f, ".order_by({}, {})", Rust(&order.expr), order.descending)?,
                Some(Nulls::First) => {
                    write!(f, " /* nulls first */ .order_by({}, {})", Rust(&order.expr), order.descending)?
                }
                Some(Nulls::Last) => {
                    write!(f, " /* nulls last */ .order_by({}, {})", Rust(&order.expr), order.descending)?
                }
            }
        }
        if let Some(limit) = query.limit {
            write!(f, ".limit({limit})")?;
        }
        if query.offset > 0 {
            write!(f, ".offset({})", query.offset)?;
        }
        Ok(())
    }
}

impl Display for Rust<'_, Option<Expr>> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            None => f.write_str("None"),
            Some(filter) => Rust(filter).fmt(f),
        }
    }
}

impl Display for Rust<'_, Operation> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Operation::Create(schema) => write!(f, "create({})", Rust(schema)),
            Operation::Drop(name) => write!(f, "Operation::Drop({name:?}.into())"),
            Operation::Insert { table, columns, rows } => {
                write!(f, "insert({table:?}, {columns:?}, ")?;
                list(f, rows, |f, row| list(f, row, |f, value| Rust(value).fmt(f)))?;
                f.write_str(")")
            }
            Operation::Update { table, values, filter } => {
                write!(f, "update({table:?}, ")?;
                list(f, values, |f, (column, value)| write!(f, "({column:?}, {})", Rust(value)))?;
                write!(f, ", {})", Rust(filter))
            }
            Operation::Delete { table, filter } => write!(f, "delete({table:?}, {})", Rust(filter)),
            Operation::Ask(query) => write!(f, "Operation::Ask({})", Rust(query)),
            Operation::Begin(durability) => write!(f, "Operation::Begin(Durability::{durability:?})"),
            Operation::End(end) => write!(f, "Operation::End(End::{end:?})"),
            Operation::Fail { after, fault, is_lasting } => {
                write!(f, "Operation::Fail {{ after: {after}, fault: Fault::{fault:?}, is_lasting: {is_lasting} }}")
            }
            // The rest is written as it is debugged.
            other => write!(f, "Operation::{other:?}"),
        }
    }
}
