//! Tests of the whole store from outside.

pub mod battery;
