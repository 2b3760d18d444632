//! The functions that conditions call, by the names of SQL.

/// The names of each, with bars between, and the variant of `ScalarFunction`.
pub(super) const FUNCTIONS: &[(&str, &str)] = &[
    ("lower", "Lower"),
    ("upper", "Upper"),
    ("trim|btrim", "Trim"),
    ("ltrim", "TrimStart"),
    ("rtrim", "TrimEnd"),
    ("length|char_length|character_length", "Length"),
    ("octet_length", "OctetLength"),
    ("substr|substring", "Substring"),
    ("replace", "Replace"),
    ("instr|strpos", "Position"),
    ("concat", "Concat"),
    ("concat_ws", "ConcatWith"),
    ("left", "Left"),
    ("right", "Right"),
    ("lpad", "PadStart"),
    ("rpad", "PadEnd"),
    ("repeat", "Repeat"),
    ("reverse", "Reverse"),
    ("starts_with", "StartsWith"),
    ("split_part", "SplitPart"),
    ("ascii|unicode", "Ascii"),
    ("chr|char", "Character"),
    ("hex", "Hex"),
    ("abs", "Absolute"),
    ("round", "Round"),
    ("ceil|ceiling", "Ceiling"),
    ("floor", "Floor"),
    ("trunc", "Truncate"),
    ("sign", "Sign"),
    ("mod", "Modulo"),
    ("power|pow", "Power"),
    ("sqrt", "SquareRoot"),
    ("exp", "Exponential"),
    ("ln", "Logarithm"),
    ("log10|log", "Logarithm10"),
    ("bit_and", "BitAnd"),
    ("bit_or", "BitOr"),
    ("bit_xor", "BitXor"),
    ("shift_left", "ShiftLeft"),
    ("shift_right", "ShiftRight"),
    ("as_number", "AsNumber"),
    ("untyped", "Untyped"),
    ("greatest", "Greatest"),
    ("least", "Least"),
    ("coalesce|ifnull", "Coalesce"),
    ("nullif", "NullIf"),
    ("date_part|extract", "DatePart"),
    ("date_trunc", "DateTruncate"),
    ("date_add", "DateAdd"),
    ("date_diff", "DateDifference"),
    ("make_date", "MakeDate"),
    ("to_timestamp", "ToDateTime"),
    ("at_offset", "AtOffset"),
    ("json_contains", "JsonContains"),
    ("json_extract", "JsonExtract"),
    ("json_extract_text", "JsonText"),
    ("json_has_key", "JsonHasKey"),
    ("json_typeof", "JsonType"),
    ("json_array_length", "JsonArrayLength"),
];

#[cfg(test)]
mod tests {
    use wasm_dbms_api::ScalarFunction;

    use super::FUNCTIONS;

    #[test]
    fn every_function_is_here_by_each_of_its_names() {
        for (names, variant) in FUNCTIONS {
            for name in names.split('|') {
                let found = ScalarFunction::from_name(name).map(|function| format!("{function:?}"));
                assert_eq!(found.as_deref(), Some(*variant), "{name}");
            }
        }
        let missing = ScalarFunction::ALL.iter().filter(|function| {
            let variant = format!("{function:?}");
            !FUNCTIONS.iter().any(|(_, own)| *own == variant)
        });
        assert_eq!(missing.collect::<Vec<_>>(), [&ScalarFunction::Join], "which is an operator");
    }
}
