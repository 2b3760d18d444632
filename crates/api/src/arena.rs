//! Where values stand that are made on the way into the database.

use std::cell::OnceCell;

/// Keeps text while a row is put together: of a field that does not hold its value as the database has it, such as a
/// struct that is stored as JSON. Empty it costs nothing.
///
/// ```
/// use wasm_dbms_api::ValueArena;
///
/// let arena = ValueArena::default();
/// let (one, two) = (arena.keep("one".into()), arena.keep("two".into()));
/// assert_eq!((one, two), ("one", "two"));
/// ```
#[derive(Debug, Default)]
pub struct ValueArena {
    text: OnceCell<String>,
    next: OnceCell<Box<ValueArena>>,
}

impl ValueArena {
    /// Keeps a text as long as the arena is there.
    pub fn keep(&self, text: String) -> &str {
        let mut place = self;
        while place.text.get().is_some() {
            place = place.next.get_or_init(Box::default);
        }
        place.text.get_or_init(|| text)
    }
}
