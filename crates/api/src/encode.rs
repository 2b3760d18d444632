//! How a Rust value becomes bytes in a page.

use std::borrow::Cow;

use crate::{MemoryError, MemoryResult, PageOffset};

/// How many bytes the values of a type take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSize {
    /// Every value takes this many bytes.
    Fixed(PageOffset),
    /// Each value says.
    Dynamic,
}

/// A value that can be written into a page and read back.
///
/// Numbers are little-endian. A dynamic value carries its own length, because a read hands it every byte up to the
/// end of the page.
///
/// ```
/// use std::borrow::Cow;
/// use wasm_dbms_api::Encode;
///
/// let bytes = 258u16.encode().into_owned();
/// assert_eq!(bytes, [2, 1]);
/// assert_eq!(u16::decode(Cow::Borrowed(&bytes))?, 258);
/// # Ok::<(), wasm_dbms_api::MemoryError>(())
/// ```
pub trait Encode: Sized {
    /// How many bytes the values of this type take.
    const SIZE: DataSize;

    /// The offsets at which a value may stand are multiples of this. Its footprint is rounded up to it.
    const ALIGNMENT: PageOffset = 1;

    /// How many bytes this value takes, without padding.
    fn size(&self) -> PageOffset;

    /// The bytes of this value.
    fn encode(&self) -> Cow<'_, [u8]>;

    /// The value at the start of `bytes`; bytes after it are ignored.
    ///
    /// # Errors
    /// [`MemoryError::Decode`] if the bytes are too few or no value of this type.
    fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self>;
}

/// The error of a value cut short.
fn too_short(expected: &'static str, found: usize) -> Box<MemoryError> {
    Box::new(MemoryError::Decode { expected, found: format!("only {found} bytes").into() })
}

macro_rules! encode_number {
    ($($number:ty),*) => {$(
        impl Encode for $number {
            const SIZE: DataSize = DataSize::Fixed(size_of::<$number>() as PageOffset);
            const ALIGNMENT: PageOffset = size_of::<$number>() as PageOffset;

            fn size(&self) -> PageOffset {
                size_of::<$number>() as PageOffset
            }

            fn encode(&self) -> Cow<'_, [u8]> {
                Cow::Owned(self.to_le_bytes().to_vec())
            }

            fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self> {
                match bytes.first_chunk() {
                    Some(chunk) => Ok(<$number>::from_le_bytes(*chunk)),
                    None => Err(too_short(stringify!($number), bytes.len())),
                }
            }
        }
    )*};
}

encode_number!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl Encode for bool {
    const SIZE: DataSize = DataSize::Fixed(1);

    fn size(&self) -> PageOffset {
        1
    }

    fn encode(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(if *self { &[1] } else { &[0] })
    }

    fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self> {
        match bytes.first() {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => {
                Err(Box::new(MemoryError::Decode { expected: "bool", found: format!("byte {other}").into() }))
            }
            None => Err(too_short("bool", 0)),
        }
    }
}

impl<const N: usize> Encode for [u8; N] {
    const SIZE: DataSize = DataSize::Fixed(N as PageOffset);

    fn size(&self) -> PageOffset {
        N as PageOffset
    }

    fn encode(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }

    fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self> {
        bytes.first_chunk().copied().ok_or_else(|| too_short("byte array", bytes.len()))
    }
}

/// Bytes are a little-endian u32 length, then the bytes.
impl Encode for Vec<u8> {
    const SIZE: DataSize = DataSize::Dynamic;

    fn size(&self) -> PageOffset {
        PageOffset::try_from(self.len()).map_or(PageOffset::MAX, |length| length.saturating_add(4))
    }

    fn encode(&self) -> Cow<'_, [u8]> {
        let length = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(self.len() + 4);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(self);
        Cow::Owned(bytes)
    }

    fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self> {
        let (length, rest) = bytes.split_first_chunk().ok_or_else(|| too_short("length", bytes.len()))?;
        let length = u32::from_le_bytes(*length) as usize;
        rest.get(..length).map(<[u8]>::to_vec).ok_or_else(|| too_short("bytes", rest.len()))
    }
}

/// Text is its UTF-8 bytes, encoded as bytes are.
impl Encode for String {
    const SIZE: DataSize = DataSize::Dynamic;

    fn size(&self) -> PageOffset {
        PageOffset::try_from(self.len()).map_or(PageOffset::MAX, |length| length.saturating_add(4))
    }

    fn encode(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.as_bytes().to_vec().encode().into_owned())
    }

    fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self> {
        String::from_utf8(Vec::decode(bytes)?)
            .map_err(|error| Box::new(MemoryError::Decode { expected: "text", found: error.to_string().into() }))
    }
}

/// An option is one byte, 0 or 1, then the value if there is one.
impl<T: Encode> Encode for Option<T> {
    const SIZE: DataSize = DataSize::Dynamic;

    fn size(&self) -> PageOffset {
        self.as_ref().map_or(1, |value| value.size().saturating_add(1))
    }

    fn encode(&self) -> Cow<'_, [u8]> {
        match self {
            None => Cow::Borrowed(&[0]),
            Some(value) => {
                let mut bytes = vec![1];
                bytes.extend_from_slice(&value.encode());
                Cow::Owned(bytes)
            }
        }
    }

    fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self> {
        match bytes.split_first() {
            Some((0, _)) => Ok(None),
            Some((1, rest)) => T::decode(Cow::Borrowed(rest)).map(Some),
            Some((other, _)) => {
                Err(Box::new(MemoryError::Decode { expected: "option", found: format!("byte {other}").into() }))
            }
            None => Err(too_short("option", 0)),
        }
    }
}
