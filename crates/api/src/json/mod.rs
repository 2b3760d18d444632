//! JSON as a column holds it: one canonical text.
//!
//! No white space, the members of an object in the order of their names (each once: the last one counts), strings with
//! the fewest escapes, numbers as they were written. So a part of it can be found without reading the rest, and equal
//! documents have equal text but for the forms of a number: `1`, `1.0` and `10e-1` are equal, and each stays as it is.

mod canonical;
mod comparable;
mod inside;

pub use inside::{JsonKind, JsonPath};

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use thiserror::Error;

/// A JSON document.
///
/// ```
/// use wasm_dbms_api::Json;
///
/// let json: Json = r#" {"b": [1.50, true], "a": "\u00e9", "b": null} "#.parse()?;
/// assert_eq!(json.as_str(), r#"{"a":"é","b":null}"#);
/// assert_eq!("[1.0, 2e2]".parse::<Json>()?, "[1,200]".parse::<Json>()?);
/// assert_eq!("[1,]".parse::<Json>().unwrap_err().to_string(), "byte 3 of the JSON: expected a value");
/// # Ok::<(), wasm_dbms_api::JsonError>(())
/// ```
#[derive(Clone)]
pub struct Json(Box<str>);

/// A JSON document that stands elsewhere.
#[derive(Clone, Copy)]
pub struct JsonRef<'a>(&'a str);

/// Text that is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("byte {at} of the JSON: {problem}")]
pub struct JsonError {
    /// Where, in bytes from 0.
    pub at: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl Json {
    /// How deep arrays and objects may stand in each other.
    pub const MAX_DEPTH: usize = 128;

    /// The longest text.
    pub const MAX_BYTES: usize = 16 << 20;

    /// The text.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// assert_eq!(r#"{"a" : 1}"#.parse::<Json>().unwrap().as_str(), r#"{"a":1}"#);
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same document, borrowed.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json: Json = "[1]".parse().unwrap();
    /// assert_eq!(json.as_ref().as_str(), json.as_str());
    /// ```
    pub fn as_ref(&self) -> JsonRef<'_> {
        JsonRef(&self.0)
    }
}

impl<'a> JsonRef<'a> {
    /// The document of a text that was one when it was stored. Of any other text it is a document that no question
    /// answers anything true of; nothing worse.
    ///
    /// ```
    /// use wasm_dbms_api::JsonRef;
    ///
    /// assert_eq!(JsonRef::from_stored("[1]").array_length(), Some(1));
    /// ```
    pub fn from_stored(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    ///
    /// ```
    /// use wasm_dbms_api::JsonRef;
    ///
    /// assert_eq!(JsonRef::from_stored("[1]").as_str(), "[1]");
    /// ```
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The same document with its own text.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json: Json = "[1]".parse().unwrap();
    /// assert_eq!(json.as_ref().to_json(), json);
    /// ```
    pub fn to_json(self) -> Json {
        Json(self.0.into())
    }

    /// Bytes that are equal exactly for equal documents.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let (one, other): (Json, Json) = ("[1.0]".parse().unwrap(), "[1]".parse().unwrap());
    /// assert_eq!(one.as_ref().comparable(), other.as_ref().comparable());
    /// ```
    pub fn comparable(self) -> Vec<u8> {
        comparable::bytes(self.0)
    }
}

#[cfg(feature = "serde")]
impl Json {
    /// The document of a Rust value.
    ///
    /// # Errors
    /// What serde says, of a map whose keys are no text for one; [`JsonError`] if the document is too deep or too long.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json = Json::from_serde(&(1, "a"))?;
    /// assert_eq!(json.as_str(), r#"[1,"a"]"#);
    /// assert_eq!(json.to_serde::<(u8, String)>()?, (1, "a".to_owned()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn from_serde<T: serde::Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(value)?;
        text.parse().map_err(serde::de::Error::custom)
    }

    /// The Rust value of the document.
    ///
    /// ```
    /// use wasm_dbms_api::Json;
    ///
    /// let json: Json = "[1,2]".parse().unwrap();
    /// assert_eq!(json.to_serde::<Vec<u8>>().unwrap(), [1, 2]);
    /// assert!(json.to_serde::<String>().is_err());
    /// ```
    ///
    /// # Errors
    /// What serde says where the document is none of `T`.
    pub fn to_serde<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

impl Default for Json {
    /// `null`.
    fn default() -> Self {
        Self("null".into())
    }
}

impl FromStr for Json {
    type Err = JsonError;

    fn from_str(text: &str) -> Result<Self, JsonError> {
        canonical::canonical(text).map(|text| Self(text.into_boxed_str()))
    }
}

impl PartialEq for JsonRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || comparable::bytes(self.0) == comparable::bytes(other.0)
    }
}

impl Eq for JsonRef<'_> {}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl Eq for Json {}

impl Hash for JsonRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        comparable::bytes(self.0).hash(state);
    }
}

impl Hash for Json {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

macro_rules! shown_as_text {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

shown_as_text!(Json, JsonRef<'_>);

crate::text_serde::as_text!(Json, "JSON as text");
