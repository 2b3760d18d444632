//! The number of each group, in the order in which their first rows came.

use wasm_dbms_memory::HashSlots;

use crate::numbering::{Numbering, hash_of_code};

/// Keys below this are looked up in a table.
const SMALL_CODES: usize = 4096;

/// What a code takes in its table.
const CODE_BYTES: usize = 44;

/// The number of each group.
#[derive(Default)]
pub(super) struct GroupNumbers {
    count: usize,
    /// Where the only key is a column at a fixed place: one more than the number, 0 where there is none, of small codes.
    small: Vec<u32>,
    by_code: HashSlots,
    /// The codes of the table, with their numbers.
    codes: Vec<(i64, usize)>,
    of_null: Option<usize>,
    by_key: Numbering,
}

impl GroupNumbers {
    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.codes.len() * CODE_BYTES + self.by_key.bytes()
    }

    /// The number of the group of an order code, if it has one.
    pub(super) fn get_code(&self, code: Option<i64>) -> Option<usize> {
        match code {
            None => self.of_null,
            Some(code) => self.find(hash_of_code(code), code),
        }
    }

    /// The number of the group of an order code; the next free one if it is new.
    #[inline]
    pub(super) fn of_code(&mut self, code: Option<i64>) -> usize {
        let small = code.and_then(|code| usize::try_from(code).ok());
        match small.and_then(|small| self.small.get(small)) {
            Some(number) if *number > 0 => *number as usize - 1,
            _ => self.of_rarer_code(code),
        }
    }

    #[inline(never)]
    fn of_rarer_code(&mut self, code: Option<i64>) -> usize {
        let next = self.count;
        let number = match code {
            None => *self.of_null.get_or_insert(next),
            Some(code) => {
                let hash = hash_of_code(code);
                match self.find(hash, code) {
                    Some(number) => number,
                    None => {
                        self.by_code.insert(hash, self.codes.len());
                        self.codes.push((code, next));
                        next
                    }
                }
            }
        };
        if number == next {
            self.count += 1;
        }
        if let Some(small) = code.and_then(|code| usize::try_from(code).ok()).filter(|small| *small < SMALL_CODES) {
            if self.small.len() <= small {
                self.small.resize(small + 1, 0);
            }
            if let Some(place) = self.small.get_mut(small) {
                *place = number as u32 + 1;
            }
        }
        number
    }

    fn find(&self, hash: u32, code: i64) -> Option<usize> {
        let is_it = |place: usize| self.codes.get(place).is_some_and(|(other, _)| *other == code);
        let place = self.by_code.find(hash, is_it)?;
        self.codes.get(place).map(|(_, number)| *number)
    }

    /// The number of the group of a key, if it has one.
    pub(super) fn get_key(&self, key: &[u8]) -> Option<usize> {
        self.by_key.get(key)
    }

    /// The number of the group of a key; the next free one if it is new.
    pub(super) fn of_key(&mut self, key: &[u8]) -> usize {
        self.by_key.number(key).0
    }
}
