//! Lists that are looked up at random all over: in pages of 2 MiB where the system has them, or else every look-up waits for the page table
//! first. Nothing is known here of what they hold.

use bytemuck::Pod;
use memmap2::MmapMut;
use rayon::prelude::*;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// From so many bytes on a list gets pages of its own.
const LARGE: usize = 4 << 20;

/// A list of fixed length.
pub(super) struct Large<T> {
    memory: Memory<T>,
    len: usize,
}

enum Memory<T> {
    List(Vec<T>),
    Pages(MmapMut, PhantomData<T>),
}

impl<T: Pod + Send + Sync> Large<T> {
    pub(super) fn new(value: T, len: usize) -> Self {
        let size_bytes = size_of::<T>() * len;
        // Without pages of its own it is slower, and nothing else.
        let pages = if size_bytes < LARGE { None } else { MmapMut::map_anon(size_bytes).ok() };
        let Some(pages) = pages else { return Self { memory: Memory::List(vec![value; len]), len } };
        #[cfg(target_os = "linux")]
        if let Err(error) = pages.advise(memmap2::Advice::HugePage) {
            log::debug!("no large pages: {error}");
        }
        let mut large = Self { memory: Memory::Pages(pages, PhantomData), len };
        // The system gives the pages only now, which takes longer than the rest.
        large.par_chunks_mut(LARGE / size_of::<T>()).for_each(|part| part.fill(value));
        large
    }
}

impl<T: Pod> Deref for Large<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.memory {
            Memory::List(list) => list,
            Memory::Pages(pages, _) => &bytemuck::cast_slice(pages)[..self.len],
        }
    }
}

impl<T: Pod> DerefMut for Large<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.memory {
            Memory::List(list) => list,
            Memory::Pages(pages, _) => &mut bytemuck::cast_slice_mut(pages)[..self.len],
        }
    }
}

impl<T: Pod> Default for Large<T> {
    fn default() -> Self {
        Self { memory: Memory::List(vec![]), len: 0 }
    }
}

impl<T: Pod + Send + Sync> Clone for Large<T> {
    fn clone(&self) -> Self {
        match self.first() {
            None => Self::default(),
            Some(first) => {
                let mut clone = Self::new(*first, self.len);
                clone.copy_from_slice(self);
                clone
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_lists_have_pages_of_their_own() {
        let large = Large::new([7_u32; 8], 1 << 20);
        assert!(matches!(large.memory, Memory::Pages(..)));
        let clone = large.clone();
        assert!(*clone == *large && clone[5] == [7; 8] && clone.len() == 1 << 20);
        assert!(Large::<[u32; 8]>::default().clone().is_empty());
    }
}
