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
pub struct ValueArena(OnceCell<Box<Kept>>);

#[derive(Debug)]
struct Kept {
    text: String,
    next: ValueArena,
}

impl ValueArena {
    /// Keeps a text as long as the arena is there.
    ///
    /// ```
    /// use wasm_dbms_api::ValueArena;
    ///
    /// let arena = ValueArena::default();
    /// let text = arena.keep(format!("{}-{}", 1, 2));
    /// arena.keep("another".into());
    /// assert_eq!(text, "1-2");
    /// ```
    pub fn keep(&self, text: String) -> &str {
        let mut place = self;
        while let Some(kept) = place.0.get() {
            place = &kept.next;
        }
        &place.0.get_or_init(|| Box::new(Kept { text, next: Self::default() })).text
    }
}
