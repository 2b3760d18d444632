//! [`ColumnMigration`]: a function of the program's own that makes of a column's values those of its new type.

use std::fmt::Display;

use crate::{ColumnSchema, DataType, Field, Value, ValueRef};

/// What makes of a column's values those of its new type: `#[migrate(function)]` on a field of a table.
///
/// The function takes a value of the type that the column had, and returns one of the type that it has, or says why it
/// cannot. It is asked where the stored column holds exactly what it takes: several may stand there, for several releases.
/// One that takes a `String` takes the names of an enum too; NULL stays NULL, but where it takes an `Option`.
///
/// ```
/// use wasm_dbms_api::{ColumnMigration, ColumnSchema, DataType, Value, ValueRef};
///
/// fn parsed(text: String) -> Result<u8, std::num::ParseIntError> {
///     text.trim().parse()
/// }
///
/// let migration = ColumnMigration {
///     column: "age",
///     function: "parsed",
///     takes: |stored| ColumnMigration::takes(parsed, stored),
///     apply: |value| ColumnMigration::apply::<_, _, u8, _>(parsed, value),
/// };
/// assert!((migration.takes)(&ColumnSchema::new("age", DataType::Text)));
/// assert!(!(migration.takes)(&ColumnSchema::new("age", DataType::I32)));
/// assert_eq!((migration.apply)(ValueRef::Text(" 7")), Ok(Value::from(7)));
/// assert!((migration.apply)(ValueRef::Text("seven")).is_err());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ColumnMigration {
    /// The column.
    pub column: &'static str,
    /// The name of the function, as a plan shows it.
    pub function: &'static str,
    /// Whether it is for what a stored column holds.
    pub takes: fn(&ColumnSchema) -> bool,
    /// What becomes of a value, or why nothing can.
    pub apply: fn(ValueRef<'_>) -> Result<Value, String>,
}

impl ColumnMigration {
    /// What serde makes of JSON whose struct had other fields; for columns of other types one that takes nothing.
    #[doc(hidden)]
    pub const fn reshaping<F: Field>(column: &'static str) -> Self {
        match F::RESHAPE {
            Some(apply) => {
                Self { column, function: "serde", takes: |stored| stored.data_type == DataType::Json, apply }
            }
            None => Self { column, function: "", takes: |_| false, apply: |_| Err(String::new()) },
        }
    }

    /// Whether a function is for what a stored column holds.
    #[doc(hidden)]
    pub fn takes<F: Fn(Old) -> Result<New, E>, Old: Field, New, E>(_function: F, stored: &ColumnSchema) -> bool {
        let is_alike = |own: &[&str], stored: &[String]| own.is_empty() || stored.iter().eq(own.iter());
        let is_same = stored.data_type == Old::DATA_TYPE
            && is_alike(Old::VARIANTS, &stored.variants)
            && (Old::SHAPE.is_empty() || Old::SHAPE == stored.shape);
        is_same || stored.data_type == DataType::Enum && Old::DATA_TYPE == DataType::Text
    }

    /// What a function makes of a value.
    ///
    /// # Errors
    /// Why it makes nothing of it, in the function's words.
    #[doc(hidden)]
    pub fn apply<F: Fn(Old) -> Result<New, E>, Old: Field, New: Field, E: Display>(
        function: F,
        value: ValueRef<'_>,
    ) -> Result<Value, String> {
        let value = match value {
            ValueRef::Null if !Old::NULLABLE => return Ok(Value::Null),
            ValueRef::Enum(_, name) if Old::DATA_TYPE == DataType::Text => ValueRef::Text(name),
            value => value,
        };
        let old = Old::from_value(value).map_err(|error| error.to_string())?;
        function(old).map(Value::from).map_err(|error| error.to_string())
    }
}
