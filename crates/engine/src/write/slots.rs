//! [`Slots`]: room for the values of a row.

/// The most columns whose values are put together without asking the heap.
const FEW_COLUMNS: usize = 16;

/// Room for a value of each column of a row: on the stack, where there are few.
pub(crate) struct Slots<T> {
    few: [T; FEW_COLUMNS],
    many: Vec<T>,
    count: usize,
}

impl<T: Copy> Slots<T> {
    /// So many times the same.
    #[inline]
    pub(crate) fn new(count: usize, value: T) -> Self {
        let many = if count > FEW_COLUMNS { vec![value; count] } else { Vec::new() };
        Self { few: [value; FEW_COLUMNS], many, count }
    }

    /// The slots.
    #[inline]
    pub(crate) fn get(&mut self) -> &mut [T] {
        self.few.get_mut(..self.count).unwrap_or(&mut self.many)
    }
}
