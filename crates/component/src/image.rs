//! The resource `image`.

use std::cell::RefCell;

use crate::bindings::exports::wasm_dbms::database::store::GuestImage;

/// A database as bytes, and how many of them were given.
#[derive(Default)]
pub(crate) struct ImageResource(RefCell<(Vec<u8>, usize)>);

impl ImageResource {
    /// What was exported.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self(RefCell::new((bytes, 0)))
    }

    /// All of it, from the first byte on.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().0
    }
}

impl GuestImage for ImageResource {
    fn new() -> Self {
        Self::default()
    }

    fn append(&self, piece: Vec<u8>) {
        self.0.borrow_mut().0.extend_from_slice(&piece);
    }

    fn length(&self) -> u64 {
        self.0.borrow().0.len() as u64
    }

    fn next(&self, most: u32) -> Vec<u8> {
        let (bytes, given) = &mut *self.0.borrow_mut();
        let left = bytes.get(*given..).unwrap_or_default();
        let piece = left.get(..most as usize).unwrap_or(left).to_vec();
        *given += piece.len();
        piece
    }
}
