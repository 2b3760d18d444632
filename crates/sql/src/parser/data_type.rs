//! Names of types.

use wasm_dbms_api::DataType;

use super::Parser;
use crate::error::{Result, SqlErrorKind, fault, not_supported};
use crate::keyword::Keyword;
use crate::lexer::Kind;
use crate::limits::MAX_LIST_ITEMS;

/// The type of a column.
#[derive(Debug, Default)]
pub(super) struct TypeName {
    pub(super) data_type: Option<DataType>,
    /// SERIAL: it counts up.
    pub(super) counts_up: bool,
    /// The names of an enum.
    pub(super) variants: Vec<String>,
    /// The most characters: `VARCHAR(10)`.
    pub(super) characters_max: Option<u32>,
}

/// The type of a name in lower case.
fn by_name(name: &str) -> Option<DataType> {
    use DataType::{
        Bool, Bytes, Date, DateTime, Decimal, F32, F64, I8, I16, I32, I64, Json, Text, U8, U16, U32, U64, Uuid,
    };
    Some(match name {
        "bool" | "boolean" => Bool,
        "i8" | "tinyint" | "int1" => I8,
        "i16" | "smallint" | "int2" | "smallserial" => I16,
        "i32" | "int" | "integer" | "int4" | "mediumint" | "serial" => I32,
        "i64" | "bigint" | "int8" | "bigserial" => I64,
        "u8" => U8,
        "u16" => U16,
        "u32" => U32,
        "u64" => U64,
        "f32" | "real" | "float4" => F32,
        "f64" | "float" | "float8" | "double" => F64,
        "text" | "varchar" | "char" | "character" | "bpchar" | "string" | "clob" => Text,
        "bytes" | "bytea" | "blob" | "varbinary" | "binary" => Bytes,
        "decimal" | "numeric" | "dec" => Decimal,
        "date" => Date,
        "datetime" | "timestamp" | "timestamptz" => DateTime,
        "uuid" => Uuid,
        "json" | "jsonb" => Json,
        _ => return None,
    })
}

impl Parser<'_> {
    /// The type behind CAST and `::`.
    pub(super) fn type_of_cast(&mut self) -> Result<DataType> {
        let offset = self.token.offset;
        let TypeName { data_type, counts_up, characters_max, .. } = self.type_name()?;
        match data_type {
            Some(data_type) if !counts_up && characters_max.is_none() => Ok(data_type),
            _ => not_supported("casts to this type", offset),
        }
    }

    /// The name of a type, with what stands behind it in parentheses.
    pub(super) fn type_name(&mut self) -> Result<TypeName> {
        let offset = self.token.offset;
        let Kind::Word(keyword) = self.token.kind else { return self.fail("a type") };
        let is_cast_word = matches!(keyword, Some(Keyword::Enum | Keyword::Double));
        if !self.is_name() && !is_cast_word {
            return self.fail("a type");
        }
        let name = self.any_word()?;
        if keyword == Some(Keyword::Enum) {
            let mut variants = Vec::new();
            if self.is_sign("(") {
                variants = self.list_in_parentheses(Self::text)?;
            }
            return Ok(TypeName { data_type: Some(DataType::Enum), variants, ..TypeName::default() });
        }
        let data_type = match by_name(&name) {
            Some(data_type) => data_type,
            None if matches!(name.as_ref(), "time" | "timetz" | "interval" | "money" | "xml" | "inet" | "bit") => {
                return not_supported(format!("the type {name}"), offset);
            }
            None => return fault(SqlErrorKind::UnknownType(name.into_owned()), offset),
        };
        if name == "double" {
            self.eat(Keyword::Precision)?;
        }
        let varies = name == "varchar" || (name.starts_with("char") && self.eat(Keyword::Varying)?);
        let characters_max = self.modifier(&name, data_type, varies, offset)?;
        if name == "timestamp" && matches!(self.keyword(), Some(Keyword::With | Keyword::Without)) {
            self.advance()?;
            self.expect(Keyword::Time)?;
            self.expect(Keyword::Zone)?;
        }
        if self.token.text.eq_ignore_ascii_case("unsigned") && data_type.is_integer() {
            return self.not_supported("UNSIGNED; write u8, u16, u32 or u64");
        }
        if self.is_sign("[") && !self.is_sqlite() {
            return self.not_supported("arrays");
        }
        // SQLite has one type of integers, and one of floats.
        let data_type = match data_type {
            _ if !self.is_sqlite() => data_type,
            DataType::I8 | DataType::I16 | DataType::I32 => DataType::I64,
            DataType::F32 => DataType::F64,
            other => other,
        };
        let counts_up = name.ends_with("serial");
        Ok(TypeName { data_type: Some(data_type), counts_up, variants: Vec::new(), characters_max })
    }

    /// `(10)` or `(10, 2)` behind a type: it bounds the values, so it is refused where nothing can see to that.
    fn modifier(&mut self, name: &str, data_type: DataType, varies: bool, offset: usize) -> Result<Option<u32>> {
        if !self.is_sign("(") {
            return Ok(None);
        }
        self.advance()?;
        let mut numbers = Vec::new();
        loop {
            if self.token.kind != Kind::Number || numbers.len() >= MAX_LIST_ITEMS {
                return self.fail("a number");
            }
            numbers.push(self.advance()?.text);
            if !self.eat_sign(",")? {
                break;
            }
        }
        self.expect_sign(")")?;
        match data_type {
            _ if self.is_sqlite() => Ok(None),
            DataType::Text if varies && let [most] = numbers.as_slice() => match most.parse() {
                Ok(most) => Ok(Some(most)),
                Err(_) => self.contradiction("no such length", offset),
            },
            // All that a moment or a float can hold is held.
            DataType::DateTime if numbers == ["6"] => Ok(None),
            DataType::F64 if name == "float" => Ok(None),
            _ => not_supported(format!("the length or precision of {name}; write {data_type}"), offset),
        }
    }
}
