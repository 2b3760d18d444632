#![doc = include_str!("../README.md")]

pub mod battery;
#[doc(hidden)]
pub mod checksum;
pub mod conformance;
mod crash;
mod faults;
mod image;
#[doc(hidden)]
pub mod model;
mod recorder;
#[doc(hidden)]
pub mod workload;

#[doc(hidden)]
pub use crash::apply_sectors;
pub use crash::{Crash, Crashes};
pub use faults::{Fault, Faulty, Injection, Kind};
pub use image::{ImageProvider, SECTOR};
pub use recorder::{Call, Counts, Recorder};
