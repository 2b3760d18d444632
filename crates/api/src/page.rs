//! Page numbers and offsets.

/// The number of a page: its index among the pages of one database, counted from zero.
pub type Page = u32;

/// A byte offset inside a page, or a length that fits in one.
pub type PageOffset = u32;
