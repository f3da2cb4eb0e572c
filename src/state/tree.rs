//! BLAKE3 of an arena, kept up to date: the result is what `blake3::hash`, and so `b3sum`, gives for its bytes, but only what changed is
//! hashed again.
//!
//! BLAKE3 is a binary tree over chunks of 1 KiB, which are the arena's pages, and a node's left subtree is the largest power of two of
//! pages that leaves something for the right. That is the same tree as pairing neighbours level by level, an odd last node moving up as it
//! is. Here its lowest four levels are a *group* of 16 pages (the last group may be short, and its last page too), and from there on a
//! vector a level has the chaining values. The topmost merge is the root's, with a flag of its own; arenas of one group have no such merge
//! and are hashed whole each time.
//!
//! Within a group chaining values are kept by *quad* of 4 pages: with SIMD four pages take the time of one. A group that keeps changing
//! densely is hashed whole, which takes half the time of quad by quad but leaves the quads' values unknown; once it keeps changing sparsely
//! all four are hashed again. It takes two changes of the same kind to switch: a state that was filled once and then changes here and there
//! always knows its quads, and a few sparse changes among dense ones are cheap.
//!
//! Every change of the bytes must be reported by [`Tree::touch`], every change of the length by [`Tree::append`] or [`Tree::truncate`].
//! Nothing here ever keeps or changes the bytes.

use super::{
    dirty::{Block, Dirty, GROUP_PAGES},
    memory::list_bytes,
};
use blake3::{
    Hash, Hasher,
    hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root},
};
use rayon::prelude::*;

/// Bytes a page: one BLAKE3 chunk.
pub(super) const PAGE: usize = blake3::CHUNK_LEN;
const QUAD_PAGES: usize = 4;
const QUAD: usize = QUAD_PAGES * PAGE;
const GROUP: usize = GROUP_PAGES * PAGE;
const QUADS: usize = GROUP_PAGES / QUAD_PAGES;

/// From this many dirty quads on a change of a group is dense.
const DENSE: usize = 3;
/// From this many groups, or merges, on work is spread over threads: below it waking them costs more than they save.
const PARALLEL_GROUPS: usize = 32;
const PARALLEL_MERGES: usize = 2048;

/// What is known of a group's inside.
#[derive(Clone, Copy)]
struct Inside {
    /// The chaining values of the quads, the last possibly short. `None`: the group was hashed whole.
    quads: Option<[ChainingValue; QUADS]>,
    /// The last change was dense.
    dense: bool,
}

/// Of a group that has no pages yet: any that it gets are dirty.
const NEW: Inside = Inside { quads: Some([[0; 32]; QUADS]), dense: false };

#[derive(Clone, Default)]
pub(super) struct Tree {
    dirty: Dirty,
    insides: Vec<Inside>,
    /// `levels[0]` has a chaining value a group, each further level one for two of the level below, the last level a single one.
    levels: Vec<Vec<ChainingValue>>,
}

impl Tree {
    /// The content of `page`, which exists, changed.
    #[inline]
    pub(super) fn touch(&mut self, page: usize) {
        self.dirty.mark(page);
    }

    /// To touch pages from several threads.
    pub(super) fn blocks_mut(&mut self) -> impl IndexedParallelIterator<Item = Block<'_>> {
        self.dirty.blocks_mut()
    }

    /// The arena now reaches into `page`, the last or the one after it.
    #[inline]
    pub(super) fn append(&mut self, page: usize) {
        let group = page / GROUP_PAGES;
        if group >= self.dirty.len() {
            self.dirty.resize(group + 1);
        }
        self.dirty.mark(page);
    }

    /// The arena was cut to `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.dirty.resize(len.div_ceil(GROUP));
        self.insides.truncate(self.dirty.len());
        if let Some(last) = len.div_ceil(PAGE).checked_sub(1) {
            // Even if it is whole: it is the last one now, and all nodes above the last page may have another shape.
            self.dirty.mark(last);
        }
    }

    /// What it has allocated.
    pub(super) fn size_bytes(&self) -> usize {
        self.dirty.size_bytes() + list_bytes(&self.insides) + self.levels.iter().map(list_bytes).sum::<usize>()
    }

    /// The hash of `bytes`, the whole arena.
    pub(super) fn root(&mut self, bytes: &[u8]) -> Hash {
        let groups = bytes.len().div_ceil(GROUP);
        debug_assert_eq!(groups, self.dirty.len(), "a change of length was not reported");
        if groups <= 1 {
            // Its marks stay: they are due when there is a second group.
            return blake3::hash(bytes);
        }
        self.fit(groups);
        let dirty = self.dirty.take();
        let fresh = map(&dirty, PARALLEL_GROUPS, |&(group, pages)| {
            let start = group as usize * GROUP;
            let bytes = &bytes[start..bytes.len().min(start + GROUP)];
            refresh(bytes, start as u64, pages, self.insides[group as usize])
        });
        for ((group, _), (value, inside)) in dirty.iter().zip(fresh) {
            self.levels[0][*group as usize] = value;
            self.insides[*group as usize] = inside;
        }
        self.climb(dirty.into_iter().map(|(group, _)| group).collect());
        let top = &self.levels[self.levels.len() - 2];
        merge_subtrees_root(&top[0], &top[1], Mode::Hash)
    }

    /// Gives every level its length. New nodes have no value yet, but each has a dirty page below it.
    fn fit(&mut self, groups: usize) {
        self.insides.resize(groups, NEW);
        let mut len = groups;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            self.levels[level].resize(len, [0; 32]);
            if len == 1 {
                self.levels.truncate(level + 1);
                break;
            }
            len = len.div_ceil(2);
        }
    }

    /// Recomputes all nodes above the given ones of level 0, which are in ascending order.
    fn climb(&mut self, mut nodes: Vec<u32>) {
        for level in 1..self.levels.len() {
            nodes.iter_mut().for_each(|node| *node /= 2);
            nodes.dedup();
            let below = &self.levels[level - 1];
            let fresh = map(&nodes, PARALLEL_MERGES, |&node| {
                let left = &below[node as usize * 2];
                below.get(node as usize * 2 + 1).map_or(*left, |right| merge_subtrees_non_root(left, right, Mode::Hash))
            });
            for (node, value) in nodes.iter().zip(fresh) {
                self.levels[level][*node as usize] = value;
            }
        }
    }
}

/// The chaining value of a group from its bytes, which start at `start` in the arena, its dirty pages and what is known of its inside.
fn refresh(bytes: &[u8], start: u64, pages: u16, known: Inside) -> (ChainingValue, Inside) {
    let is_dirty = |quad: usize| pages >> (quad * QUAD_PAGES) & ((1 << QUAD_PAGES) - 1) != 0;
    let dense = (0..QUADS).filter(|quad| is_dirty(*quad)).count() >= DENSE;
    if known.dense && (dense || known.quads.is_none()) {
        return (subtree(bytes, start), Inside { quads: None, dense });
    }
    let mut quads = known.quads.unwrap_or_default();
    for (quad, bytes) in bytes.chunks(QUAD).enumerate() {
        if is_dirty(quad) || known.quads.is_none() {
            quads[quad] = subtree(bytes, start + (quad * QUAD) as u64);
        }
    }
    let merge = |left, right| merge_subtrees_non_root(left, right, Mode::Hash);
    let [a, b, c, d] = &quads;
    let value = match bytes.len().div_ceil(QUAD) {
        0 | 1 => *a,
        2 => merge(a, b),
        3 => merge(&merge(a, b), c),
        _ => merge(&merge(a, b), &merge(c, d)),
    };
    (value, Inside { quads: Some(quads), dense })
}

fn subtree(bytes: &[u8], start: u64) -> ChainingValue {
    Hasher::new().set_input_offset(start).update(bytes).finalize_non_root()
}

/// `f` of each item, in order, on all threads if there are at least `parallel` items.
fn map<T: Sync, R: Send>(items: &[T], parallel: usize, f: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < parallel { items.iter().map(f).collect() } else { items.par_iter().with_min_len(parallel / 4).map(f).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::SplitMix64;

    /// Bytes under a tree, with the reports that go with each change.
    #[derive(Default)]
    struct Model {
        bytes: Vec<u8>,
        tree: Tree,
    }

    impl Model {
        fn resize(&mut self, len: usize, random: &mut SplitMix64) {
            let old = self.bytes.len();
            if len <= old {
                self.bytes.truncate(len);
                self.tree.truncate(len);
            } else {
                self.bytes.resize_with(len, || random.next() as u8);
                (old / PAGE..=(len - 1) / PAGE).for_each(|page| self.tree.append(page));
            }
        }

        fn write(&mut self, at: usize, random: &mut SplitMix64) {
            self.bytes[at] = random.next() as u8;
            self.tree.touch(at / PAGE);
        }

        fn check(&mut self, what: &str) {
            assert_eq!(self.tree.root(&self.bytes), blake3::hash(&self.bytes), "{what}: {} bytes", self.bytes.len());
            assert_eq!(self.tree.root(&self.bytes), blake3::hash(&self.bytes), "{what}, again: {} bytes", self.bytes.len());
        }
    }

    #[test]
    fn every_size_is_hashed_as_blake3_does() {
        let mut random = SplitMix64(1);
        let pages =
            [1, 2, 3, 4, 5, 15, 16, 17, 20, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300, 1023, 1024, 1025];
        let sizes = pages.into_iter().flat_map(|pages| [pages * PAGE - 32, pages * PAGE, pages * PAGE + 32]);
        let mut grown = Model::default();
        grown.check("empty");
        for size in sizes {
            let mut fresh = Model::default();
            fresh.resize(size, &mut random);
            fresh.check("fresh");
            grown.resize(size, &mut random);
            grown.check("grown");
            for _ in 0..3 {
                grown.write(random.below(size), &mut random);
                grown.check("one byte changed");
            }
        }
    }

    #[test]
    fn any_course_of_changes_ends_at_the_plain_hash() {
        for seed in 0..60 {
            let mut random = SplitMix64(seed);
            let mut model = Model::default();
            // Around all boundaries: of a page, a quad, a group, and powers of two of groups.
            let limit = [2, 6, 18, 40, 140, 600][seed as usize % 6] * PAGE;
            for step in 0..60 {
                match random.below(8) {
                    0 | 1 => model.resize(random.below(limit), &mut random),
                    2 => model.resize(random.below(limit) / GROUP * GROUP, &mut random),
                    3 => model.resize(model.bytes.len() + random.below(2 * PAGE), &mut random),
                    _ => {
                        let count = 1 << random.below(8);
                        (0..count * model.bytes.len().min(1)).for_each(|_| model.write(random.below(model.bytes.len()), &mut random));
                    }
                }
                if random.below(3) != 0 {
                    model.check(&format!("seed {seed}, step {step}"));
                }
            }
        }
    }

    #[test]
    fn dense_and_sparse_changes_may_alternate() {
        let mut random = SplitMix64(7);
        let mut model = Model::default();
        model.resize(200 * PAGE + 96, &mut random);
        for round in 0..20 {
            for page in 0..200 {
                model.write(page * PAGE + 5, &mut random);
            }
            model.check(&format!("round {round}, dense"));
            for sparse in 0..4 {
                (0..5).for_each(|_| model.write(random.below(model.bytes.len()), &mut random));
                model.check(&format!("round {round}, sparse {sparse}"));
            }
        }
    }
}
