//! Names of types.

use wasm_dbms_api::DataType;
use wasm_dbms_api::parse_unsigned;
use wasm_dbms_api::text_parts::is_word_of;

use super::Parser;
use crate::error::SqlErrorKind;
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

/// The names of types in lower case, with blanks between those of one.
const NAMES: [(&str, DataType); 18] = [
    ("int integer int4 i32 serial mediumint", DataType::I32),
    ("text varchar char character string bpchar clob", DataType::Text),
    ("bigint int8 i64 bigserial", DataType::I64),
    ("bool boolean", DataType::Bool),
    ("float double f64 float8", DataType::F64),
    ("decimal numeric dec", DataType::Decimal),
    ("date", DataType::Date),
    ("timestamp datetime timestamptz", DataType::DateTime),
    ("bytes bytea blob varbinary binary", DataType::Bytes),
    ("json jsonb", DataType::Json),
    ("uuid", DataType::Uuid),
    ("real f32 float4", DataType::F32),
    ("smallint int2 i16 smallserial", DataType::I16),
    ("tinyint int1 i8", DataType::I8),
    ("u8", DataType::U8),
    ("u16", DataType::U16),
    ("u32", DataType::U32),
    ("u64", DataType::U64),
];

fn by_name(name: &str) -> Option<DataType> {
    NAMES.iter().find(|(names, _)| is_word_of(name, names)).map(|(_, data_type)| *data_type)
}

impl Parser<'_> {
    /// The type behind CAST and `::`.
    pub(super) fn type_of_cast(&mut self) -> DataType {
        let offset = self.token.offset;
        let TypeName { data_type, counts_up, characters_max, .. } = self.type_name();
        match data_type {
            Some(data_type) if !counts_up && characters_max.is_none() => data_type,
            _ => self.not_supported_at("casts to this type", offset),
        }
    }

    /// The name of a type, with what stands behind it in parentheses.
    pub(super) fn type_name(&mut self) -> TypeName {
        let offset = self.token.offset;
        let Kind::Word(keyword) = self.token.kind else { return self.fail("a type") };
        let is_cast_word = matches!(keyword, Some(Keyword::Enum | Keyword::Double));
        if !self.is_name() && !is_cast_word {
            self.fail("a type")
        }
        let name = self.any_word();
        if keyword == Some(Keyword::Enum) {
            let mut variants = Vec::new();
            if self.is_sign(b'(') {
                variants = self.list_in_parentheses(Self::text);
            }
            return TypeName { data_type: Some(DataType::Enum), variants, ..TypeName::default() };
        }
        let data_type = match by_name(&name) {
            Some(data_type) => data_type,
            None if is_word_of(&name, "time timetz interval money xml inet bit") => {
                return self.not_supported_at(&format!("the type {name}"), offset);
            }
            None => return self.fault(SqlErrorKind::UnknownType(name.into_owned()), offset),
        };
        if name == "double" {
            self.eat(Keyword::Precision);
        }
        let varies = name == "varchar" || (name.starts_with("char") && self.eat(Keyword::Varying));
        let characters_max = self.modifier(&name, data_type, varies, offset);
        if name == "timestamp" && matches!(self.keyword(), Some(Keyword::With | Keyword::Without)) {
            self.advance();
            self.expect(Keyword::Time);
            self.expect(Keyword::Zone);
        }
        if self.token.text.eq_ignore_ascii_case("unsigned") && data_type.is_integer() {
            self.not_supported("UNSIGNED; write u8, u16, u32 or u64")
        }
        if self.is_sign(b'[') && !self.is_sqlite() {
            self.not_supported("arrays")
        }
        // SQLite has one type of integers, and one of floats.
        let data_type = match data_type {
            _ if !self.is_sqlite() => data_type,
            DataType::I8 | DataType::I16 | DataType::I32 => DataType::I64,
            DataType::F32 => DataType::F64,
            other => other,
        };
        let counts_up = name.ends_with("serial");
        TypeName { data_type: Some(data_type), counts_up, variants: Vec::new(), characters_max }
    }

    /// `(10)` or `(10, 2)` behind a type: it bounds the values, so it is refused where nothing can see to that.
    fn modifier(&mut self, name: &str, data_type: DataType, varies: bool, offset: usize) -> Option<u32> {
        if !self.is_sign(b'(') {
            return None;
        }
        self.advance();
        let mut numbers = Vec::new();
        loop {
            if self.token.kind != Kind::Number || numbers.len() >= MAX_LIST_ITEMS {
                self.fail("a number")
            }
            numbers.push(self.advance().text);
            if !self.eat_sign(b',') {
                break;
            }
        }
        self.expect_sign(b')');
        match data_type {
            _ if self.is_sqlite() => None,
            DataType::Text if varies && let [most] = numbers.as_slice() => {
                match parse_unsigned(most).map(u32::try_from) {
                    Some(Ok(most)) => Some(most),
                    _ => self.contradiction(format_args!("no such length"), offset),
                }
            }
            // All that a moment or a float can hold is held.
            DataType::DateTime if numbers == ["6"] => None,
            DataType::F64 if name == "float" => None,
            _ => self.not_supported_at(&format!("the length or precision of {name}; write {data_type}"), offset),
        }
    }
}
