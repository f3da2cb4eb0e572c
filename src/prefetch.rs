//! Prefetching: says which memory will be read soon, so that waiting for it and working go side by side. It never changes a result.

/// Has the line of the cache in which `place` begins fetched.
#[inline(always)]
pub fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint reads nothing and never faults, and every x86-64 processor has SSE.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Has the first and the last line of a list fetched, for lists of about two.
#[inline]
pub fn prefetch_ends<T>(list: &[T]) {
    if let [first, .., last] = list {
        prefetch(first);
        prefetch(last);
    }
}
