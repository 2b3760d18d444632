//! [`Apart`]: what one processor writes all the time, away from what others read.

use std::ops::Deref;

/// A value that shares no cache line with another: who writes it takes no line from those that work on what is beside it.
/// Two lines are kept, since processors fetch them in pairs. A wasm module has one thread and is spared the room.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use wasm_dbms_memory::Apart;
///
/// let counters: [Apart<AtomicU64>; 2] = Default::default();
/// counters[0].store(7, Ordering::Relaxed);
/// # #[cfg(not(target_family = "wasm"))]
/// assert!(size_of_val(&counters) >= 2 * 128);
/// ```
#[derive(Debug, Default)]
#[cfg_attr(not(target_family = "wasm"), repr(align(128)))]
pub struct Apart<T>(T);

impl<T> Apart<T> {
    /// This value, apart.
    ///
    /// ```
    /// assert_eq!(*wasm_dbms_memory::Apart::new(7), 7);
    /// ```
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
