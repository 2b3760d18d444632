//! What kinds of values an expression has, and what may be done with them.

use std::fmt;

use wasm_dbms_api::{AggregateFunction, ColumnSchema, DataType, Decimal, Expr, Value, ValueRef};

use crate::function::{self, Arena};
use crate::plan::BoundExpr;
use crate::plan::bind::fault::Fault;
use crate::plan::bind::{Binder, Typed};
use crate::plan::call::Operator;

/// What is known of the values of an expression.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Kind<'a> {
    /// None of NULL alone.
    pub(super) data_type: Option<DataType>,
    /// The names of an enum's column.
    pub(super) variants: &'a [String],
}

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.data_type {
            Some(DataType::Enum) if !self.variants.is_empty() => write!(f, "enum ({})", self.variants.join(", ")),
            Some(data_type) => data_type.fmt(f),
            None => f.write_str("nothing"),
        }
    }
}

impl<'a> Kind<'a> {
    pub(super) const UNKNOWN: Self = Self { data_type: None, variants: &[] };
    pub(super) const BOOL: Self = Self::of(DataType::Bool);

    pub(super) const fn of(data_type: DataType) -> Self {
        Self { data_type: Some(data_type), variants: &[] }
    }

    pub(in crate::plan) fn of_column(column: &'a ColumnSchema) -> Self {
        Self { data_type: Some(column.data_type), variants: &column.variants }
    }

    pub(super) fn of_value(value: ValueRef<'_>) -> Self {
        Self::of(match value {
            ValueRef::Bool(_) => DataType::Bool,
            ValueRef::Integer(_) => DataType::I64,
            ValueRef::Unsigned(_) => DataType::U64,
            ValueRef::Float(_) => DataType::F64,
            ValueRef::Text(_) => DataType::Text,
            ValueRef::Bytes(_) => DataType::Bytes,
            ValueRef::Decimal(_) => DataType::Decimal,
            ValueRef::Date(_) => DataType::Date,
            ValueRef::DateTime(_) => DataType::DateTime,
            ValueRef::Uuid(_) => DataType::Uuid,
            ValueRef::Json(_) => DataType::Json,
            ValueRef::Enum(..) => DataType::Enum,
            _ => return Self::UNKNOWN,
        })
    }

    /// The kind of an aggregate over values of this one.
    pub(super) fn of_aggregate(self, function: AggregateFunction) -> Self {
        match (function, self.data_type) {
            (AggregateFunction::Minimum | AggregateFunction::Maximum, _) => self,
            // No table has more rows than that, and numbers that may be negative stand beside it.
            (AggregateFunction::Count, _) => Self::of(DataType::I64),
            (AggregateFunction::Concatenate, _) => Self::of(DataType::Text),
            (AggregateFunction::Sum, Some(DataType::U64)) => self,
            (_, Some(DataType::Decimal)) => self,
            (AggregateFunction::Sum, Some(data_type)) if data_type.is_integer() => Self::of(DataType::I64),
            _ => Self::of(DataType::F64),
        }
    }

    /// Whether the values can be of this type; NULL can be of any.
    pub(super) fn may_be(self, data_type: DataType) -> bool {
        self.data_type.is_none_or(|own| own == data_type)
    }

    /// Checks that values of the two can be compared.
    pub(super) fn check_comparison(self, other: Self, expr: &Expr, fault: &Fault) {
        let (Some(left), Some(right)) = (self.data_type, other.data_type) else { return };
        // A literal has the names of what it is compared with: it was converted.
        let is_alike = self.variants == other.variants || self.variants.is_empty() || other.variants.is_empty();
        if !left.is_comparable_with(right) || !is_alike {
            fault.of(expr, format_args!("{self} cannot be compared with {other}"));
        }
    }

    /// Checks that the values have an order.
    pub(super) fn check_order(self, expr: &Expr, fault: &Fault) {
        if let Some(data_type) = self.data_type
            && !data_type.is_ordered()
        {
            fault.of(expr, format_args!("{data_type} has no order"));
        }
    }

    /// Checks that an aggregate over the values makes sense.
    pub(super) fn check_aggregate(self, function: AggregateFunction, expr: &Expr, fault: &Fault) {
        match function {
            AggregateFunction::Sum | AggregateFunction::Average
                if self.data_type.is_some_and(|data_type| !data_type.is_number()) =>
            {
                fault.of(expr, format_args!("only numbers can be added up"));
            }
            AggregateFunction::Minimum | AggregateFunction::Maximum => self.check_order(expr, fault),
            AggregateFunction::Concatenate if !self.may_be(DataType::Text) => {
                fault.of(expr, format_args!("only text can be put together"));
            }
            _ => {}
        }
    }

    /// The kind of values that are of one or the other.
    pub(super) fn common(self, other: Self, expr: &Expr, fault: &Fault) -> Self {
        let (Some(left), Some(right)) = (self.data_type, other.data_type) else {
            return if self.data_type.is_none() { other } else { self };
        };
        self.check_comparison(other, expr, fault);
        let is_signed = |data_type: DataType| data_type.integer_range().is_some_and(|(low, _)| low < 0);
        if left == right {
            if self.variants.is_empty() { other } else { self }
        } else if left.is_float() || right.is_float() {
            Self::of(DataType::F64)
        } else if left == DataType::Decimal || right == DataType::Decimal {
            Self::of(DataType::Decimal)
        } else if left != DataType::U64 && right != DataType::U64 {
            Self::of(DataType::I64)
        } else if is_signed(left) || is_signed(right) {
            // No integer holds both.
            Self::of(DataType::Decimal)
        } else {
            Self::of(DataType::U64)
        }
    }

    /// Whether values of this kind are numbers above every `i64` too.
    pub(super) fn is_wide(self) -> bool {
        self.data_type == Some(DataType::U64)
    }

    /// Converts what is compared with values of this kind, if it is a literal.
    pub(super) fn convert(self, other: &mut Typed<'a>, expr: &Expr, binder: &Binder<'_>) {
        let reads_text = binder.reads_text;
        if let BoundExpr::Literal(value) = &mut other.expr {
            self.read(value, expr, reads_text, &binder.fault);
            other.kind = Self::of_value(value.as_ref());
        } else if let BoundExpr::Call(call) = &mut other.expr
            && let Operator::Parameter { number, place, data_type } = &mut call.operator
            && let (Some(own), Some(given)) = (self.data_type, *data_type)
            && ((given == DataType::Text && Self::is_read(own, reads_text))
                || (given == DataType::Enum && own == DataType::Enum)
                || (own == DataType::Decimal && given.is_integer()))
        {
            // Converted when it is given.
            (*data_type, *place) = (self.data_type, binder.place_of(*number, self));
            other.kind = self;
        }
    }

    /// Makes a literal one that can be compared with values of this kind, as it is.
    pub(super) fn convert_literal(self, value: &mut Value, expr: &Expr, binder: &Binder<'_>) {
        let is_text =
            self.data_type.is_some_and(|own| Self::is_read(own, binder.reads_text)) && matches!(value, Value::Text(_));
        let is_alike = self.data_type.is_none_or(|data_type| value.as_ref().is_comparable_with(data_type));
        if !is_text && !is_alike {
            binder.fault.of(expr, format_args!("{self} cannot be compared with {value}"));
        }
        self.read(value, expr, binder.reads_text, &binder.fault);
    }

    /// Makes a literal what it is where it is compared with values of this kind: a name of an enum with its number, with
    /// `reads_text` what another text stands for, a whole number as a decimal where those are, so that an index finds it.
    pub(super) fn read(self, value: &mut Value, expr: &Expr, reads_text: bool, fault: &Fault) {
        let Some(own) = self.data_type else { return };
        let meant = match (own, &*value) {
            (DataType::Enum, Value::Text(name)) => self.variant(name, expr, fault),
            (DataType::Enum, Value::Enum(_, name)) if !self.variants.is_empty() => self.variant(name, expr, fault),
            (_, Value::Text(_)) if Self::is_read(own, reads_text) => {
                match function::cast(value.as_ref(), own, &Arena::default()) {
                    Ok(meant) => meant.to_value(),
                    Err(error) => return fault.of(expr, format_args!("{error}")),
                }
            }
            (DataType::Decimal, Value::Integer(number)) => Value::Decimal(Decimal::from(*number)),
            (DataType::Decimal, Value::Unsigned(number)) => Value::Decimal(Decimal::from(*number)),
            _ => return,
        };
        *value = meant;
    }

    /// Whether a text that stands beside values of the type is read as one of it: a name of an enum always, others where
    /// they have no literals of their own. Numbers and truths have.
    fn is_read(data_type: DataType, reads_text: bool) -> bool {
        use DataType::{Date, DateTime, Decimal, Enum, Uuid};
        data_type == Enum || (reads_text && matches!(data_type, Decimal | Date | DateTime | Uuid))
    }

    fn variant(self, name: &str, expr: &Expr, fault: &Fault) -> Value {
        let number = self.variants.iter().position(|variant| variant == name);
        match number.and_then(|number| u16::try_from(number).ok()) {
            Some(number) => Value::Enum(number, name.into()),
            None => {
                fault.of(expr, format_args!("{} is no name of {self}", ValueRef::Text(name)));
                Value::Null
            }
        }
    }
}
