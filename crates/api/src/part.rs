//! Parts of expressions and queries: what stands in what.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::thread::LocalKey;

/// The deepest expression: how many parts may stand in each other, those of nested queries too.
pub const MAX_EXPRESSION_DEPTH: usize = 500;

/// A part of an expression or a query, shared by all its clones.
///
/// Every way from an expression to one inside it leads through a part, so that what programs and wires put together may
/// be deeper than any stack: cloning copies a pointer, dropping keeps a list of its own, and what must walk (`Debug`,
/// `Display`, serde) ends with a typed answer after [`MAX_EXPRESSION_DEPTH`] parts. Two expressions deeper than that are
/// equal only where they share a part.
///
/// ```
/// use wasm_dbms_api::{Expr, Part};
///
/// let part = Part::new(Expr::from(1));
/// assert_eq!(*part.clone(), Expr::from(1));
/// ```
pub struct Part<T: Any + Send + Sync>(Option<Arc<T>>);

impl<T: Any + Send + Sync> Part<T> {
    /// Makes this a part.
    ///
    /// ```
    /// use wasm_dbms_api::Part;
    ///
    /// assert_eq!(*Part::new(5), 5);
    /// ```
    pub fn new(whole: T) -> Self {
        Self(Some(Arc::new(whole)))
    }

    /// The whole, to be changed: copied first if it is shared.
    ///
    /// ```
    /// use wasm_dbms_api::Part;
    ///
    /// let mut part = Part::new(vec![1]);
    /// let shared = part.clone();
    /// part.make_mut().push(2);
    /// assert_eq!((part.len(), shared.len()), (2, 1));
    /// ```
    pub fn make_mut(&mut self) -> &mut T
    where
        T: Clone,
    {
        let is_shared = self.0.as_ref().is_some_and(|whole| Arc::strong_count(whole) > 1);
        if is_shared {
            *self = Self::new(T::clone(self));
        }
        // Nobody else holds it now: parts are never held weakly.
        match self.0.as_mut().and_then(Arc::get_mut) {
            Some(whole) => whole,
            None => unreachable!("{EMPTY}"),
        }
    }
}

const EMPTY: &str = "a part is empty only while it is dropped";

impl<T: Any + Send + Sync> Deref for Part<T> {
    type Target = T;

    // Once for all, as cloning.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn deref(&self) -> &T {
        match &self.0 {
            Some(whole) => whole,
            None => unreachable!("{EMPTY}"),
        }
    }
}

impl<T: Any + Send + Sync> From<T> for Part<T> {
    fn from(whole: T) -> Self {
        Self::new(whole)
    }
}

impl<T: Any + Send + Sync> Clone for Part<T> {
    // Once for all: what is cloned is a pointer, and expressions have many.
    #[inline(never)]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Any + Send + Sync + Default> Default for Part<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Any + Send + Sync + PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(&raw const **self, &raw const **other) || nested(|| **self == **other).unwrap_or(false)
    }
}

impl<T: Any + Send + Sync + fmt::Debug> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        nested(|| (**self).fmt(f)).unwrap_or_else(|| f.write_str(".."))
    }
}

impl<T: Any + Send + Sync + fmt::Display> fmt::Display for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        nested(|| (**self).fmt(f)).unwrap_or_else(|| f.write_str(".."))
    }
}

impl<T: Any + Send + Sync> Drop for Part<T> {
    fn drop(&mut self) {
        // The last handle takes what stands inside with it.
        if let Some(whole) = self.0.take()
            && Arc::strong_count(&whole) == 1
        {
            drop_last(whole);
        }
    }
}

/// So many parts are dropped one inside the other, as they stand; what stands deeper waits its turn.
const DIRECT_DROPS: usize = 32;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static DROPPING: Cell<usize> = const { Cell::new(0) };
    /// What waits to be dropped; none while nobody drops.
    static WAITING: RefCell<Option<Vec<Arc<dyn Any + Send + Sync>>>> = const { RefCell::new(None) };
}

/// One level deeper, until it is dropped.
struct Level(&'static LocalKey<Cell<usize>>);

impl Level {
    /// None if there are so many already.
    fn enter(depth: &'static LocalKey<Cell<usize>>, depth_max: usize) -> Option<Self> {
        let own = depth.get();
        (own < depth_max).then(|| {
            depth.set(own + 1);
            Self(depth)
        })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Runs this one level deeper; none if that is too deep.
pub(crate) fn nested<R>(run: impl FnOnce() -> R) -> Option<R> {
    let _level = Level::enter(&DEPTH, MAX_EXPRESSION_DEPTH)?;
    Some(run())
}

/// Drops a whole with what stands in it.
fn drop_last(whole: Arc<dyn Any + Send + Sync>) {
    match Level::enter(&DROPPING, DIRECT_DROPS) {
        Some(_level) => drop(whole),
        None => drop_in_turn(whole),
    }
}

/// Drops a whole and all that stands in it, one after the other instead of one inside the other.
fn drop_in_turn(whole: Arc<dyn Any + Send + Sync>) {
    let mut own = Some(whole);
    let is_first = WAITING.try_with(|waiting| {
        let mut waiting = waiting.borrow_mut();
        match waiting.as_mut() {
            Some(waiting) => {
                waiting.extend(own.take());
                false
            }
            None => {
                *waiting = Some(Vec::new());
                true
            }
        }
    });
    drop(own);
    if is_first != Ok(true) {
        return;
    }
    loop {
        let next = WAITING.with(|waiting| {
            let mut waiting = waiting.borrow_mut();
            let next = waiting.as_mut().and_then(Vec::pop);
            if next.is_none() {
                *waiting = None;
            }
            next
        });
        // Dropped when nothing is borrowed: it may hold parts of its own.
        if next.is_none() {
            return;
        }
    }
}

#[cfg(feature = "serde")]
mod with_serde {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    use super::{Any, MAX_EXPRESSION_DEPTH, Part, nested};

    fn too_deep() -> String {
        format!("an expression is nested deeper than {MAX_EXPRESSION_DEPTH}")
    }

    impl<T: Any + Send + Sync + Serialize> Serialize for Part<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            nested(|| (**self).serialize(serializer)).unwrap_or_else(|| Err(ser::Error::custom(too_deep())))
        }
    }

    impl<'de, T: Any + Send + Sync + Deserialize<'de>> Deserialize<'de> for Part<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            nested(|| T::deserialize(deserializer).map(Self::new)).unwrap_or_else(|| Err(de::Error::custom(too_deep())))
        }
    }
}
