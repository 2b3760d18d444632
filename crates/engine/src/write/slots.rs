//! [`slots`]: room for the values of a row.

/// The most columns whose values are put together without asking the heap.
pub(crate) const FEW_COLUMNS: usize = 16;

/// Makes `$slots` a slice of so many times the same value: on the stack where there are few. A macro, since a struct that
/// holds such an array is moved once too often.
macro_rules! slots {
    ($slots:ident, $count:expr, $value:expr) => {
        let count = $count;
        let mut few = [$value; $crate::write::FEW_COLUMNS];
        let mut many = Vec::new();
        let $slots: &mut [_] = match few.get_mut(..count) {
            Some(few) => few,
            None => {
                many.resize(count, $value);
                &mut many
            }
        };
    };
}

pub(crate) use slots;
