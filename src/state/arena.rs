//! Records of one size in one block of memory, numbered from 0, with their hash. An arena's bytes are its export: what it holds is hashed,
//! uploaded and written as it lies here. Records are appended, replaced, and cut off at the end; none is ever moved or taken out.

use super::{
    dirty,
    memory::list_bytes,
    tree::{PAGE, Tree},
};
use bytemuck::Pod;
use rayon::prelude::*;
use std::{mem, ops::Range, sync::Arc};

/// Records are numbered in 31 bits: where calls name cells, one bit says whether the state holds them.
pub(super) const MAX_RECORDS: usize = (1 << 31) - 1;

#[derive(Clone)]
pub(super) struct Arena<T> {
    /// Others may keep them as they are now: they are copied where they change while somebody does.
    records: Arc<Vec<T>>,
    tree: Tree,
}

/// Records that one thread replaces while others replace others.
pub(super) struct Block<'a, T> {
    first: usize,
    records: &'a mut [T],
    marks: dirty::Block<'a>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { records: Arc::default(), tree: Tree::default() }
    }
}

impl<T: Pod> Arena<T> {
    const PAGE_RECORDS: usize = {
        assert!(PAGE.is_multiple_of(size_of::<T>()), "a record lies in one page");
        PAGE / size_of::<T>()
    };

    /// Records of a block.
    const BLOCK: usize = Self::PAGE_RECORDS * dirty::BLOCK_PAGES;

    pub(super) fn records(&self) -> &[T] {
        &self.records
    }

    /// All records as they are now.
    pub(super) fn shared(&self) -> Arc<Vec<T>> {
        self.records.clone()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self.records())
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        Arc::make_mut(&mut self.records).reserve(additional);
    }

    /// Its number. Panics beyond [`MAX_RECORDS`], which take more than 100 GiB.
    #[inline]
    pub(super) fn push(&mut self, record: T) -> u32 {
        let id = self.records.len();
        assert!(id < MAX_RECORDS, "an arena is full");
        Arc::make_mut(&mut self.records).push(record);
        self.tree.append(id / Self::PAGE_RECORDS);
        id as u32
    }

    #[inline]
    pub(super) fn set(&mut self, id: u32, record: T) {
        Arc::make_mut(&mut self.records)[id as usize] = record;
        self.tree.touch(id as usize / Self::PAGE_RECORDS);
    }

    /// Puts records in the place of all, as many as there are or fewer. Out come those that were there.
    pub(super) fn replace(&mut self, records: Arc<Vec<T>>) -> Arc<Vec<T>>
    where
        T: Sync,
    {
        assert!(records.len() <= self.records.len(), "only appending makes an arena longer");
        self.truncate(records.len());
        let old = mem::replace(&mut self.records, records);
        let blocks = old.par_chunks(Self::BLOCK).zip(self.records.par_chunks(Self::BLOCK)).zip(self.tree.blocks_mut());
        blocks.for_each(|((old, new), mut marks)| {
            let pages = old.chunks(Self::PAGE_RECORDS).zip(new.chunks(Self::PAGE_RECORDS)).enumerate();
            let bytes = bytemuck::cast_slice::<T, u8>;
            pages.filter(|(_, (old, new))| bytes(old) != bytes(new)).for_each(|(page, _)| marks.mark(page));
        });
        old
    }

    /// All records, block after block.
    pub(super) fn blocks_mut(&mut self) -> impl IndexedParallelIterator<Item = Block<'_, T>>
    where
        T: Send + Sync,
    {
        let block = Self::BLOCK;
        let blocks = Arc::make_mut(&mut self.records).par_chunks_mut(block).zip(self.tree.blocks_mut()).enumerate();
        blocks.map(move |(at, (records, marks))| Block { first: at * block, records, marks })
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if len < self.records.len() {
            Arc::make_mut(&mut self.records).truncate(len);
            self.tree.truncate(len * size_of::<T>());
        }
    }

    /// What the records have allocated.
    pub(super) fn size_bytes(&self) -> usize {
        list_bytes(&self.records)
    }

    /// What the hash has.
    pub(super) fn tree_bytes(&self) -> usize {
        self.tree.size_bytes()
    }

    /// The hash, to be kept up to date by others; until it is back nothing may change.
    pub(super) fn take_tree(&mut self) -> Tree {
        std::mem::take(&mut self.tree)
    }

    pub(super) fn put_tree(&mut self, tree: Tree) {
        self.tree = tree;
    }
}

impl<T: Pod + PartialEq> Block<'_, T> {
    /// The numbers of its records.
    pub(super) fn ids(&self) -> Range<usize> {
        self.first..self.first + self.records.len()
    }

    /// Replaces a record of this block, where it differs.
    #[inline]
    pub(super) fn set(&mut self, id: u32, record: &T) {
        let at = id as usize - self.first;
        if self.records[at] != *record {
            self.records[at] = *record;
            self.marks.mark(at / Arena::<T>::PAGE_RECORDS);
        }
    }
}
