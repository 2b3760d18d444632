//! Records of tagged fields: what newer versions may add to and older ones must not misread.
//!
//! A record is its fields, one after the other:
//!
//! | | |
//! |---|---|
//! | `u8` | tag; tags never go down, and only one with the bit `80` may come again: it makes a list |
//! | number | how many bytes follow |
//! | bytes | the field: a number, a text, a record, .. |
//!
//! A number takes seven bits a byte, the lowest first; all but its last byte have the bit `80`. A field that holds what
//! its absence means is left out. A tag that this version does not know is refused: leaving the field out when the record
//! is written again would lose it.

use wasm_dbms_api::MemoryError;

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// They contradict themselves.
    Damaged,
    /// A newer version wrote this part.
    Newer(String),
}

impl Problem {
    /// The error; `what` has the problem.
    pub(crate) fn into_error(self, what: &str) -> Box<MemoryError> {
        match self {
            Self::Damaged => MemoryError::corrupt_with(format_args!("{what} cannot be decoded")),
            Self::Newer(part) => Box::new(MemoryError::NewerPart { what: format!("{part} in {what}").into() }),
        }
    }
}

/// Bytes of records, so far.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn field(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        self.0.push(tag);
        let start = self.0.len();
        write(self);
        self.put_length(start);
    }

    /// Puts in front of what was written since how long it is.
    fn put_length(&mut self, start: usize) {
        let written = self.0.split_off(start.min(self.0.len()));
        self.bytes(&written);
    }

    pub(crate) fn field_of_bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        self.bytes(bytes);
    }

    pub(crate) fn field_of_text(&mut self, tag: u8, text: &str) {
        self.field_of_bytes(tag, text.as_bytes());
    }

    /// A field that is left out where the number is 0.
    pub(crate) fn field_of_number(&mut self, tag: u8, number: u32) {
        if number != 0 {
            self.field(tag, |field| field.number(number.into()));
        }
    }

    /// A field without bytes, left out where it does not hold.
    pub(crate) fn field_of_flag(&mut self, tag: u8, holds: bool) {
        if holds {
            self.field_of_bytes(tag, &[]);
        }
    }
}

/// Bytes that are not read yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Problem::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        self.take(N)?.first_chunk().copied().ok_or(Problem::Damaged)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Problem> {
        self.chunk().map(u8::from_le_bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Problem> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Problem::Damaged)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Problem> {
        u32::try_from(self.number()?).map_err(|_| Problem::Damaged)
    }

    /// Bytes after their length.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Problem> {
        let length = usize::try_from(self.number()?).map_err(|_| Problem::Damaged)?;
        self.take(length)
    }

    /// All that is left, as text.
    pub(crate) fn text(&mut self) -> Result<String, Problem> {
        String::from_utf8(std::mem::take(&mut self.0).to_vec()).map_err(|_| Problem::Damaged)
    }

    /// One thing after the other, at most `limit`, until nothing is left.
    pub(crate) fn list<T>(
        &mut self,
        limit: usize,
        mut one: impl FnMut(&mut Self) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        let mut list = Vec::new();
        while !self.is_at_end() {
            if list.len() == limit {
                return Err(Problem::Damaged);
            }
            list.push(one(self)?);
        }
        Ok(list)
    }

    /// Calls `visit` with the tag and the bytes of each field; it returns whether it knows the tag. `what` has them.
    pub(crate) fn fields(
        &mut self,
        what: &str,
        visit: &mut dyn FnMut(u8, &mut Self) -> Result<bool, Problem>,
    ) -> Result<(), Problem> {
        let mut last = 0;
        while !self.is_at_end() {
            let tag = self.u8()?;
            let mut field = Self(self.bytes()?);
            if tag < last || (tag == last && tag & 0x80 == 0) {
                return Err(Problem::Damaged);
            }
            last = tag;
            if !visit(tag, &mut field)? {
                return Err(Problem::Newer(format!("field {tag} of {what}")));
            }
            if !field.is_at_end() {
                return Err(Problem::Damaged);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_and_has_one_form() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut writer = Writer::default();
            writer.number(number);
            let mut reader = Reader(&writer.0);
            assert_eq!(reader.number(), Ok(number));
            assert!(reader.is_at_end());
            for length in 0..writer.0.len() {
                assert_eq!(Reader(&writer.0[..length]).number(), Err(Problem::Damaged), "{number} cut to {length}");
            }
        }
        for longer in
            [&[0x80, 0][..], &[0xFF, 0x80, 0], &[0xFF; 11], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2]]
        {
            assert_eq!(Reader(longer).number(), Err(Problem::Damaged), "{longer:?}");
        }
    }

    #[test]
    fn fields_come_in_the_order_of_their_tags_and_only_those_of_lists_again() {
        let visited = |bytes: &[u8]| {
            let mut tags = Vec::new();
            let fields = Reader(bytes).fields("a test", &mut |tag, field| {
                tags.push(tag);
                field.0 = &[];
                Ok(tag != 9)
            });
            fields.map(|()| tags)
        };
        assert_eq!(visited(&[1, 0, 3, 1, 7, 0x80, 0, 0x80, 0]), Ok(vec![1, 3, 0x80, 0x80]));
        for damaged in [&[3, 0, 1, 0][..], &[3, 0, 3, 0], &[1], &[1, 2, 0], &[0, 0]] {
            assert_eq!(visited(damaged), Err(Problem::Damaged), "{damaged:?}");
        }
        assert_eq!(visited(&[1, 0, 9, 0]), Err(Problem::Newer("field 9 of a test".into())));
    }
}
