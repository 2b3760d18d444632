//! Queues of pages in which some stand that are no longer meant.

use std::collections::VecDeque;

/// Keeps what is still meant, in its order.
#[inline(never)]
pub(crate) fn keep<T: Copy>(queue: &mut VecDeque<T>, is_meant: &mut dyn FnMut(T) -> bool) {
    for _ in 0..queue.len() {
        if let Some(entry) = queue.pop_front()
            && is_meant(entry)
        {
            queue.push_back(entry);
        }
    }
}
