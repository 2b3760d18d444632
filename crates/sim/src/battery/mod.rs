//! Long tests, each with one closing line.

pub mod hostile;
