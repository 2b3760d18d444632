//! Asking the processor for bytes before they are needed. The one place of this crate with `unsafe`: a scan of a table that
//! is in no near cache waits for memory most of its time, as does a reader of a page that another thread has just changed;
//! a load instead of a hint would wait itself.

#![cfg_attr(all(target_arch = "x86_64", not(miri)), expect(unsafe_code, reason = "one use, proved below"))]

/// Whether there is a hint to give: elsewhere nothing need be prepared for it.
pub(crate) const IS_POSSIBLE: bool = cfg!(all(target_arch = "x86_64", not(miri)));

/// How far apart the bytes are of which one is worth a hint.
pub(crate) const LINE: usize = 64;

/// Says that this byte, and those beside it, will be read soon.
#[inline(always)]
pub(crate) fn hint(byte: &u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint reads nothing, changes nothing and cannot fail, whatever the address; this one is a reference's.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) }
    }
    let _ = byte;
}
