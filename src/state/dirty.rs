//! Which pages changed since the last root: a bit a page, and a bit a group of 16 pages above them, so that a root after few changes in a
//! large arena does not look at every page. It knows nothing of what is in the pages.

use super::memory::list_bytes;
use rayon::prelude::*;

/// Pages a group.
pub(super) const GROUP_PAGES: usize = 16;
/// Groups an entry of the list of groups.
const BLOCK_GROUPS: usize = 64;
/// Pages that are marked by one thread at a time.
pub(super) const BLOCK_PAGES: usize = BLOCK_GROUPS * GROUP_PAGES;

/// The marks of a block of pages.
pub(super) struct Block<'a> {
    pages: &'a mut [u16],
    groups: &'a mut u64,
}

impl Block<'_> {
    /// By the page's place in the block.
    #[inline]
    pub(super) fn mark(&mut self, page: usize) {
        let group = page / GROUP_PAGES;
        self.pages[group] |= 1 << (page % GROUP_PAGES);
        *self.groups |= 1 << group;
    }
}

#[derive(Clone, Default)]
pub(super) struct Dirty {
    /// A group's pages, the first in the lowest bit.
    pages: Vec<u16>,
    /// The groups with any dirty page, a bit each.
    groups: Vec<u64>,
}

impl Dirty {
    /// The number of groups there are.
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    /// What it has allocated.
    pub(super) fn size_bytes(&self) -> usize {
        list_bytes(&self.pages) + list_bytes(&self.groups)
    }

    /// `page` must lie in an existing group.
    #[inline]
    pub(super) fn mark(&mut self, page: usize) {
        let group = page / GROUP_PAGES;
        self.pages[group] |= 1 << (page % GROUP_PAGES);
        self.groups[group / BLOCK_GROUPS] |= 1 << (group % BLOCK_GROUPS);
    }

    /// The marks of all pages, block after block.
    pub(super) fn blocks_mut(&mut self) -> impl IndexedParallelIterator<Item = Block<'_>> {
        let blocks = self.pages.par_chunks_mut(BLOCK_GROUPS).zip(&mut self.groups);
        blocks.map(|(pages, groups)| Block { pages, groups })
    }

    /// Makes it `groups` groups: new ones are clean, and those that go leave no mark behind.
    pub(super) fn resize(&mut self, groups: usize) {
        self.pages.resize(groups, 0);
        self.groups.resize(groups.div_ceil(BLOCK_GROUPS), 0);
        if let Some(last) = self.groups.last_mut()
            && !groups.is_multiple_of(BLOCK_GROUPS)
        {
            *last &= (1 << (groups % BLOCK_GROUPS)) - 1;
        }
    }

    /// The dirty groups in ascending order with their dirty pages; all are clean afterwards.
    pub(super) fn take(&mut self) -> Vec<(u32, u16)> {
        let mut taken = Vec::new();
        for (i, groups) in self.groups.iter_mut().enumerate() {
            while *groups != 0 {
                let group = i * BLOCK_GROUPS + groups.trailing_zeros() as usize;
                *groups &= *groups - 1;
                taken.push((group as u32, std::mem::take(&mut self.pages[group])));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_out_once_and_in_order() {
        let mut dirty = Dirty::default();
        dirty.resize(200);
        for page in [3199, 0, 17, 3199, 15, 1024] {
            dirty.mark(page);
        }
        assert_eq!(dirty.take(), [(0, 0x8001), (1, 2), (64, 1), (199, 0x8000)]);
        assert_eq!(dirty.take(), []);
    }

    #[test]
    fn groups_that_went_come_back_clean() {
        for shorter in [0, 1, 63, 64, 65, 128] {
            let mut dirty = Dirty::default();
            dirty.resize(129);
            dirty.mark(128 * GROUP_PAGES);
            dirty.resize(shorter);
            dirty.resize(129);
            assert_eq!(dirty.take(), [], "{shorter} groups in between");
        }
    }
}
