//! Amounts and words for cells, sorted by ranges of cells: each range is for one thread.

/// Cells of a range: their sums fit a core's cache.
pub(super) const RANGE: usize = 1 << 13;
/// Limbs of an amount that is written down short, as most are.
pub(super) const SHORT: usize = 3;

/// An amount for one side of one cell.
#[derive(Clone, Copy)]
pub(super) struct Change<const N: usize> {
    /// Twice the cell, and 1 more for credits.
    pub place: u32,
    pub amount: [u32; N],
}

impl<const N: usize> Change<N> {
    fn range(&self) -> usize {
        self.place as usize / (2 * RANGE)
    }
}

/// Changes, range after range, and where each range starts.
pub(super) struct Sorted<const N: usize> {
    pub changes: Vec<Change<N>>,
    starts: Vec<u32>,
}

impl<const N: usize> Sorted<N> {
    /// Those of a source for so many ranges.
    pub fn new(source: &impl Source<N>, ranges: usize) -> Self {
        let mut starts = vec![0; ranges + 1];
        source.each(|change| starts[change.range() + 1] += 1);
        (0..ranges).for_each(|range| starts[range + 1] += starts[range]);
        let count = starts[ranges] as usize;
        if count == 0 {
            return Self { changes: vec![], starts: vec![] };
        }
        let (mut next, mut changes) = (starts.clone(), vec![Change { place: 0, amount: [0; N] }; count]);
        source.each(|change| {
            let at = &mut next[change.range()];
            changes[*at as usize] = change;
            *at += 1;
        });
        Self { changes, starts }
    }

    pub fn of(&self, range: usize) -> &[Change<N>] {
        match self.starts.get(range..range + 2) {
            Some([first, next]) => &self.changes[*first as usize..*next as usize],
            _ => &[],
        }
    }
}

/// Changes to be sorted, the same each time they are gone through.
pub(super) trait Source<const N: usize> {
    fn each(&self, visit: impl FnMut(Change<N>));
}
