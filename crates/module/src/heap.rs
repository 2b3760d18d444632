//! The heap of a module: a library's, which weighs 2 KB gzip less than the one that Rust links otherwise. That one asks of
//! every list that goes how long it was, and so the code that drops one is there once for each length of items.

use rlsf::SmallGlobalTlsf;

#[global_allocator]
static HEAP: SmallGlobalTlsf = SmallGlobalTlsf::new();
