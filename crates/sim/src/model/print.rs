//! A program as Rust: what a regression test is made of.

use std::fmt::{Display, Formatter, Result};

use wasm_dbms::{
    ColumnRef, Comparison, Expr, Join, JoinCondition, JoinKind, Nulls, Output, Query, ReferentialAction, Source,
    TableSchema, Value,
};

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
                f.write_str(" as [Expr; _])")
            }
            Expr::Like { text, pattern, escape: Some('\\'), ignores_case: false } => match &**pattern {
                Expr::Literal(Value::Text(pattern)) => write!(f, "{}.like({pattern:?})", Rust(&**text)),
                pattern => write!(f, "{}.like({})", Rust(&**text), Rust(pattern)),
            },
            Expr::Arithmetic(operator, left, right) => {
                write!(f, "{}.arithmetic(Arithmetic::{operator:?}, {})", Rust(&**left), Rust(&**right))
            }
            Expr::Aggregate(call) => {
                let function = call.function;
                match &call.argument {
                    None => write!(f, "Expr::aggregate(AggregateFunction::{function:?}, None)"),
                    Some(inner) => {
                        write!(f, "Expr::aggregate(AggregateFunction::{function:?}, Some({}))", Rust(inner))
                    }
                }
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
            for sanitizer in &column.sanitizers {
                write!(f, " /* {sanitizer:?} */")?;
            }
            for validator in &column.validators {
                write!(f, " /* {validator:?} */")?;
            }
            f.write_str(")")?;
        }
        for check in &schema.checks {
            write!(f, ".with_check(CheckSchema::new({}).named({:?}))", Rust(&check.condition), check.name)?;
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
            let (columns, table, referred) = (&key.columns, &key.table, &key.references);
            let (on_delete, on_update) = (key.on_delete, key.on_update);
            match (columns.as_slice(), referred.as_slice()) {
                ([column], [referred]) if key.name == *column && on_update == ReferentialAction::Restrict => {
                    write!(f, ".foreign_key({column:?}, {table:?}, {referred:?}, ReferentialAction::{on_delete:?})")?;
                }
                _ => write!(
                    f,
                    ".with_foreign_key(ForeignKeySchema::new({columns:?}, {table:?}, {referred:?}).named({:?}).on_delete(\
                     ReferentialAction::{on_delete:?}).on_update(ReferentialAction::{on_update:?}))",
                    key.name
                )?,
            }
        }
        Ok(())
    }
}

impl Display for Rust<'_, Source> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.name() {
            Some(name) => write!(f, "{name:?}"),
            None => write!(f, "{:?}", self.0),
        }
    }
}

impl Display for Rust<'_, Join> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Join { kind, source, condition } = self.0;
        let source = Rust(source);
        match (kind, condition) {
            (JoinKind::Inner, JoinCondition::On(Expr::Compare(Comparison::Equal, left, right)))
                if let (Expr::Column(left), Expr::Column(right)) = (&**left, &**right) =>
            {
                write!(f, ".join({source}, {}, {})", Rust(left), Rust(right))
            }
            (kind, JoinCondition::On(condition)) => {
                write!(f, ".join_on(JoinKind::{kind:?}, {source}, {})", Rust(condition))
            }
            (kind, condition) => {
                write!(f, ".join_with(Join {{ kind: JoinKind::{kind:?}, source: {source}.into(), ")?;
                write!(f, "condition: JoinCondition::{condition:?} }})")
            }
        }
    }
}

impl Display for Rust<'_, Output> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Output::Expr(expr, None) => Rust(expr).fmt(f),
            other => write!(f, "Output::{other:?}"),
        }
    }
}

impl Display for Rust<'_, Query> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let query = self.0;
        write!(f, "Query::from({})", Rust(&query.from))?;
        query.joins.iter().try_for_each(|join| Rust(join).fmt(f))?;
        if let Some(filter) = &query.filter {
            write!(f, ".filter({})", Rust(filter))?;
        }
        query.group_by.iter().try_for_each(|key| match key {
            Expr::Column(column) => write!(f, ".group_by({})", Rust(column)),
            key => write!(f, ".group_by_expr({})", Rust(key)),
        })?;
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
        for (word, number) in [("limit", &query.limit), ("offset", &query.offset)] {
            match number {
                None => {}
                Some(Expr::Literal(number)) => write!(f, ".{word}({number})")?,
                Some(number) => write!(f, " /* {word} {number} */ ")?,
            }
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
            Operation::Update { table, values, filter }
                if values.iter().any(|(_, value)| !matches!(value, Expr::Literal(_))) =>
            {
                write!(f, "Operation::Update {{ table: {table:?}.into(), values: vec!")?;
                list(f, values, |f, (column, value)| write!(f, "({column:?}.into(), {})", Rust(value)))?;
                write!(f, ", filter: {}.into() }}", Rust(filter))
            }
            Operation::Update { table, values, filter } => {
                write!(f, "update({table:?}, ")?;
                list(f, values, |f, (column, value)| match value {
                    Expr::Literal(value) => write!(f, "({column:?}, {})", Rust(value)),
                    value => write!(f, "({column:?}, {})", Rust(value)),
                })?;
                write!(f, ", {})", Rust(filter))
            }
            Operation::Delete { table, filter } => write!(f, "delete({table:?}, {})", Rust(filter)),
            Operation::Ask(query) => write!(f, "ask({})", Rust(&**query)),
            Operation::AskPrepared(query) => write!(f, "Operation::AskPrepared({}.into())", Rust(&**query)),
            Operation::Open(isolation) => write!(f, "Operation::Open(Isolation::{isolation:?})"),
            Operation::Within { place, operation } => {
                write!(f, "Operation::Within {{ place: {place}, operation: {}.into() }}", Rust(&**operation))
            }
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
