//! [`KeyCode`]: the code of a primary key that a statement was given.

use std::ops::Deref;

use wasm_dbms_api::ValueRef;

use crate::codec::key::{self, LONGEST_INTEGER};
use crate::typed::find::encode_key;

/// The code of a primary key; that of a number, as most keys are, takes no memory of its own.
#[derive(Debug, Clone)]
pub(crate) enum KeyCode {
    Number([u8; LONGEST_INTEGER], u8),
    Other(Vec<u8>),
}

impl KeyCode {
    /// The code of the values of a key's columns.
    pub(crate) fn of(values: &[ValueRef<'_>]) -> Self {
        let number = match values {
            [ValueRef::Unsigned(number)] => Some(*number),
            [ValueRef::Integer(number)] => u64::try_from(*number).ok(),
            _ => None,
        };
        match number {
            Some(number) => {
                let (code, length) = key::unsigned_code(number);
                Self::Number(code, length as u8)
            }
            None => {
                let mut code = Vec::new();
                encode_key(values, &mut code);
                Self::Other(code)
            }
        }
    }
}

impl Deref for KeyCode {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Number(code, length) => code.get(..usize::from(*length)).unwrap_or_default(),
            Self::Other(code) => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_code_that_its_values_have_anywhere_else() {
        let numbers = [0, 1, 255, 256, u64::MAX >> 1, u64::MAX];
        let unsigned = numbers.map(|number| vec![ValueRef::Unsigned(number)]);
        let signed = numbers.map(|number| vec![ValueRef::Integer(number as i64)]);
        let others = [vec![ValueRef::Text("a\0b")], vec![ValueRef::Unsigned(7), ValueRef::Integer(-7)], vec![]];
        for values in unsigned.into_iter().chain(signed).chain(others) {
            let mut code = Vec::new();
            encode_key(&values, &mut code);
            assert_eq!(*KeyCode::of(&values), *code, "{values:?}");
        }
    }
}
