//! Countries as ISO 3166-1 has them.

/// For each first letter, the second letters of the codes that are assigned.
const ASSIGNED: [&str; 26] = [
    "DEFGILMOQRSTUWXZ",
    "ABDEFGHIJLMNOQRSTVWYZ",
    "ACDFGHIKLMNORUVWXYZ",
    "EJKMOZ",
    "CEGHRST",
    "IJKMOR",
    "ABDEFGHILMNPQRSTUWY",
    "KMNRTU",
    "DELMNOQRST",
    "EMOP",
    "EGHIMNPRWYZ",
    "ABCIKRSTUVY",
    "ACDEFGHKLMNOPQRSTUVWXYZ",
    "ACEFGILOPRUZ",
    "M",
    "AEFGHKLMNRSTWY",
    "A",
    "EOSUW",
    "ABCDEGHIJKLMNORSTVXYZ",
    "CDFGHJKLMNORTVWZ",
    "AGMSYZ",
    "ACEGINU",
    "FS",
    "",
    "ET",
    "AMW",
];

/// Whether two large letters are the code of a country.
pub(in crate::rule) fn is_country_code(text: &str) -> bool {
    let &[first @ b'A'..=b'Z', second] = text.as_bytes() else { return false };
    ASSIGNED.get(usize::from(first - b'A')).is_some_and(|seconds| seconds.as_bytes().contains(&second))
}
