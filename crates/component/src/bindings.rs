//! What `wit-bindgen` makes of `wit/`.

#![allow(
    clippy::all,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    unsafe_code,
    unused_qualifications,
    reason = "generated; its unsafe code is the canonical ABI, as the crate wit-bindgen proves it"
)]

use crate::Component;

wit_bindgen::generate!({
    path: "wit",
    world: "database",
});

export!(Component with_types_in self);
