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

use std::fmt;

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

/// Bytes that are not read yet. What is wrong first is kept, and nothing is left to read then: what is read goes on as
/// zeros and empty texts, until [`finish`](Self::finish) says what they came to.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    problem: Option<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, problem: None }
    }

    /// Whether nothing is left; so it is once something was wrong.
    pub(crate) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// What was wrong first.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        self.problem.map_or(Ok(()), Err)
    }

    #[cold]
    #[inline(never)]
    fn fail(&mut self, problem: Problem) {
        self.bytes = &[];
        self.problem.get_or_insert(problem);
    }

    /// The bytes contradict themselves.
    #[cold]
    #[inline(never)]
    pub(crate) fn damaged(&mut self) {
        self.fail(Problem::Damaged);
    }

    /// A newer version wrote this part.
    #[cold]
    #[inline(never)]
    pub(crate) fn newer(&mut self, part: fmt::Arguments<'_>) {
        self.fail(Problem::Newer(part.to_string()));
    }

    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let Some((taken, rest)) = self.bytes.split_at_checked(length) else {
            self.damaged();
            return &[];
        };
        self.bytes = rest;
        taken
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    pub(crate) fn chunk<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).first_chunk().copied().unwrap_or([0; N])
    }

    pub(crate) fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.chunk())
    }

    pub(crate) fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8();
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return number;
            }
        }
        self.damaged();
        0
    }

    /// A number of a narrower type.
    pub(crate) fn narrow<T: TryFrom<u64> + Default>(&mut self) -> T {
        T::try_from(self.number()).unwrap_or_else(|_| {
            self.damaged();
            T::default()
        })
    }

    pub(crate) fn u32(&mut self) -> u32 {
        self.narrow()
    }

    /// Bytes after their length.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = self.narrow();
        self.take(length)
    }

    /// These bytes, read before, as text.
    pub(crate) fn text_of(&mut self, bytes: &[u8]) -> String {
        let text = str::from_utf8(bytes).unwrap_or_else(|_| {
            self.damaged();
            ""
        });
        text.to_owned()
    }

    /// All that is left, as text.
    pub(crate) fn text(&mut self) -> String {
        let bytes = self.rest();
        self.text_of(bytes)
    }

    /// One thing after the other, at most `limit`, until nothing is left.
    pub(crate) fn list<T>(&mut self, limit: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut list = Vec::new();
        while !self.is_at_end() {
            if list.len() == limit {
                self.damaged();
                break;
            }
            list.push(one(self));
        }
        list
    }

    /// Calls `visit` with the tag and the bytes of each field; it returns whether it knows the tag. `what` has them.
    pub(crate) fn fields(&mut self, what: &str, visit: &mut dyn FnMut(u8, &mut Self) -> bool) {
        let mut last = 0;
        while !self.is_at_end() {
            let tag = self.u8();
            let field = self.bytes();
            if tag < last || (tag == last && tag & 0x80 == 0) {
                self.damaged();
            }
            if self.problem.is_some() {
                return;
            }
            last = tag;
            self.within(field, |field| {
                if !visit(tag, field) {
                    field.newer(format_args!("field {tag} of {what}"));
                }
            });
        }
    }

    /// Reads these bytes, all of them, and goes on where it was.
    pub(crate) fn within(&mut self, field: &'a [u8], read: impl FnOnce(&mut Self)) {
        if self.problem.is_some() {
            return;
        }
        let rest = std::mem::replace(&mut self.bytes, field);
        read(self);
        if !self.is_at_end() {
            self.damaged();
        }
        if self.problem.is_none() {
            self.bytes = rest;
        }
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
            let read = |bytes: &[u8]| {
                let mut reader = Reader::new(bytes);
                let number = reader.number();
                assert!(reader.is_at_end());
                reader.finish().map(|()| number)
            };
            assert_eq!(read(&writer.0), Ok(number));
            for length in 0..writer.0.len() {
                assert_eq!(read(&writer.0[..length]), Err(Problem::Damaged), "{number} cut to {length}");
            }
        }
        for longer in
            [&[0x80, 0][..], &[0xFF, 0x80, 0], &[0xFF; 11], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2]]
        {
            let mut reader = Reader::new(longer);
            reader.number();
            assert_eq!(reader.finish(), Err(Problem::Damaged), "{longer:?}");
        }
    }

    #[test]
    fn fields_come_in_the_order_of_their_tags_and_only_those_of_lists_again() {
        let visited = |bytes: &[u8]| {
            let mut tags = Vec::new();
            let mut reader = Reader::new(bytes);
            reader.fields("a test", &mut |tag, field| {
                tags.push(tag);
                field.rest();
                tag != 9
            });
            reader.finish().map(|()| tags)
        };
        assert_eq!(visited(&[1, 0, 3, 1, 7, 0x80, 0, 0x80, 0]), Ok(vec![1, 3, 0x80, 0x80]));
        for damaged in [&[3, 0, 1, 0][..], &[3, 0, 3, 0], &[1], &[1, 2, 0], &[0, 0]] {
            assert_eq!(visited(damaged), Err(Problem::Damaged), "{damaged:?}");
        }
        assert_eq!(visited(&[1, 0, 9, 0]), Err(Problem::Newer("field 9 of a test".into())));
    }

    #[test]
    fn a_field_is_read_whole_or_the_record_is_damaged() {
        let read = |count: usize| {
            let mut reader = Reader::new(&[1, 2, 7, 8]);
            reader.fields("a test", &mut |_, field| {
                (0..count).for_each(|_| _ = field.u8());
                true
            });
            reader.finish()
        };
        assert_eq!([1, 2, 3].map(read), [Err(Problem::Damaged), Ok(()), Err(Problem::Damaged)]);
    }

    #[test]
    fn a_list_is_as_long_as_it_may_be_and_no_longer() {
        let read = |limit: usize| {
            let mut reader = Reader::new(&[1, 2, 3]);
            let list = reader.list(limit, Reader::u8);
            reader.finish().map(|()| list)
        };
        assert_eq!([2, 3].map(read), [Err(Problem::Damaged), Ok(vec![1, 2, 3])]);
    }

    #[test]
    fn what_is_wrong_first_is_kept_and_nothing_is_read_after_it() {
        let mut reader = Reader::new(&[1, 2, 5, 9, 2, 1, 6]);
        let mut tags = Vec::new();
        reader.fields("a test", &mut |tag, field| {
            let first = field.u8();
            field.newer(format_args!("part {tag}"));
            field.damaged();
            tags.push((tag, first, field.is_at_end()));
            true
        });
        assert_eq!((tags, reader.u8(), reader.text()), (vec![(1, 5, true)], 0, String::new()));
        assert_eq!(reader.finish(), Err(Problem::Newer("part 1".into())));
    }
}
