//! Where the values stand that expressions make on the way to their own.

use std::cell::{Cell, OnceCell};

use wasm_dbms_api::{Value, ValueRef};

const CHUNK: usize = 16;

/// Keeps values until it is emptied, which only its owner can. Empty it costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    first: OnceCell<Box<Chunk>>,
    count: Cell<usize>,
}

#[derive(Debug, Default)]
struct Chunk {
    values: [OnceCell<Value>; CHUNK],
    next: OnceCell<Box<Self>>,
}

impl Arena {
    /// Keeps a value as long as the arena is not emptied.
    pub(crate) fn keep(&self, value: Value) -> ValueRef<'_> {
        let count = self.count.get();
        self.count.set(count + 1);
        let mut chunk = self.first.get_or_init(Box::default);
        for _ in 0..count / CHUNK {
            chunk = chunk.next.get_or_init(Box::default);
        }
        match chunk.values.get(count % CHUNK) {
            Some(place) => place.get_or_init(|| value).as_ref(),
            None => ValueRef::Null,
        }
    }

    /// Forgets every value.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.count.get() != 0 {
            self.forget();
        }
    }

    #[cold]
    #[inline(never)]
    fn forget(&mut self) {
        self.count.set(0);
        if let Some(chunk) = self.first.get_mut() {
            chunk.next = OnceCell::new();
            for value in &mut chunk.values {
                value.take();
            }
        }
    }
}
