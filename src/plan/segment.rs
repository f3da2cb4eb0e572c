//! What a segment asks of a clearing backend: its calls by kernel, and its cells. The buffers are those of the device, in host memory.

use crate::ir::Kernel;
use crate::ir::access::{Walker, Waver};
use crate::ir::eval::Run;
use crate::lower::{self, layout::Width};
use crate::prefetch::prefetch;
use crate::word::{LIMBS, Word, from_word};
use alloy_primitives::U256;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// A kernel made ready for clearing.
#[derive(Debug)]
pub struct Program {
    pub kernel: Kernel,
    pub walker: Walker,
    /// Where a device can run the tree.
    pub waver: Option<Waver>,
    /// What is this kernel's own of the module that the device runs. Kernels that have it in common share their pipelines.
    pub wgsl: String,
}

impl Program {
    /// The module that the device runs for totals so long.
    pub fn module(&self, width: Width) -> String {
        lower::link(&self.wgsl, width)
    }

    /// A parameter of a row's walk.
    pub fn param(&self, part: &Part, row: usize, param: usize) -> U256 {
        let first = self.walker.param_column(param);
        from_word(&std::array::from_fn(|limb| part.word(first + limb, row)))
    }

    /// The numbers of the cells that a row names, by key.
    pub fn cells_of(&self, part: &Part, row: usize) -> impl Iterator<Item = u32> {
        self.kernel.key_ids().map(move |key| part.word(self.walker.cell_column(key), row))
    }

    /// Tells a call what its row knows: what inputs decide of it, and the parameters of its walk.
    pub fn tell(&self, part: &Part, row: usize, run: &mut Run<'_>) {
        for (bit, condition) in self.walker.bits.iter().enumerate() {
            run.decide(*condition, part.word(self.walker.bit_column(bit), row) >> (bit % 32) & 1 == 1);
        }
        self.walker.params.iter().enumerate().for_each(|(at, param)| run.know(*param, self.param(part, row, at)));
    }
}

/// Calls of one kernel, in parts.
#[derive(Debug, Clone)]
pub struct Stream {
    pub program: Arc<Program>,
    pub rows: usize,
    pub parts: Vec<Part>,
}

/// Rows that were made together; `Walker` says which column is what, and `Waver` in a wave. A column has a word for each row; that of a
/// parameter's limb may have none where all are 0, as the upper limbs of amounts mostly are.
#[derive(Debug, Clone)]
pub struct Part {
    /// Its first row in the stream.
    pub first: usize,
    pub rows: usize,
    pub columns: Vec<Vec<u32>>,
}

impl Part {
    #[inline]
    pub fn word(&self, column: usize, row: usize) -> u32 {
        self.columns[column].get(row).copied().unwrap_or(0)
    }

    /// Has a row fetched that is read soon, where rows are not gone through one after another.
    pub fn fetch(&self, row: usize) {
        self.columns.iter().filter_map(|column| column.get(row)).for_each(prefetch);
    }
}

impl Stream {
    /// Rows of parts, with their columns, one after another.
    pub fn new(program: Arc<Program>, parts: impl IntoIterator<Item = (usize, Vec<Vec<u32>>)>) -> Self {
        let mut stream = Self { program, rows: 0, parts: vec![] };
        for (rows, columns) in parts {
            stream.parts.push(Part { first: stream.rows, rows, columns });
            stream.rows += rows;
        }
        stream
    }

    /// One part, its columns one after another.
    pub fn from_words(program: Arc<Program>, rows: usize, words: &[u32]) -> Self {
        let params_from = program.walker.param_column(0);
        let is_left_out = |(column, words): (usize, &[u32])| column >= params_from && words.iter().all(|word| *word == 0);
        let column = |(at, words)| if is_left_out((at, words)) { vec![] } else { words.to_vec() };
        let part = (rows > 0).then(|| (rows, words.chunks(rows).enumerate().map(column).collect()));
        Self::new(program, part)
    }

    /// Takes out rows, whose numbers ascend.
    pub fn remove(&mut self, rows: &[usize]) {
        let parts = std::mem::take(&mut self.parts).into_par_iter().map(|mut part| {
            let [from, to] = [part.first, part.first + part.rows].map(|bound| rows.partition_point(|row| *row < bound));
            let of_part: Vec<usize> = rows[from..to].iter().map(|row| row - part.first).collect();
            part.columns.iter_mut().for_each(|column| remove(column, &of_part));
            (part.rows - of_part.len(), part.columns)
        });
        *self = Self::new(self.program.clone(), parts.collect::<Vec<_>>());
    }

    /// The part that has a row, and the row's place in it.
    #[inline]
    pub fn locate(&self, row: usize) -> (&Part, usize) {
        let part = &self.parts[self.parts.partition_point(|part| part.first + part.rows <= row)];
        (part, row - part.first)
    }

    /// The same for rows one after another.
    pub fn locate_all<'s>(&'s self, rows: Range<usize>) -> impl Iterator<Item = (&'s Part, usize)> {
        let from = self.parts.partition_point(|part| part.first + part.rows <= rows.start);
        let count = rows.len();
        let of_part = move |part: &'s Part| {
            let Part { first, rows: len, .. } = *part;
            (rows.start.max(first)..rows.end.min(first + len).max(first)).map(move |row| (part, row - first))
        };
        self.parts[from..].iter().flat_map(of_part).take(count)
    }

    #[inline]
    pub fn word(&self, column: usize, row: usize) -> u32 {
        let (part, row) = self.locate(row);
        part.word(column, row)
    }

    /// The numbers of the cells that a row names, by key.
    pub fn cells_of(&self, row: usize) -> impl Iterator<Item = u32> {
        let (part, row) = self.locate(row);
        self.program.cells_of(part, row)
    }

    /// The same as a list.
    pub fn cells(&self, row: usize) -> Vec<u32> {
        self.cells_of(row).collect()
    }

    /// How many limbs of each parameter a device gets: 2, 4 or all 8. Those above are 0 in every row.
    pub fn limbs(&self) -> usize {
        let limbs = |part: &Part| {
            let columns = part.columns.iter().skip(self.params_from()).enumerate();
            columns.filter(|(_, column)| !column.is_empty()).map(|(column, _)| column % LIMBS + 1).max()
        };
        let most = self.parts.iter().filter_map(limbs).max();
        most.unwrap_or(0).next_power_of_two().max(2)
    }

    /// The columns that a device gets.
    pub fn device_columns(&self) -> impl Iterator<Item = usize> {
        let (first, limbs) = (self.params_from(), self.limbs());
        let columns = self.parts.first().map_or(0, |part| part.columns.len());
        (0..columns).filter(move |column| *column < first || (column - first) % LIMBS < limbs)
    }

    fn params_from(&self) -> usize {
        self.program.walker.param_column(0)
    }
}

/// Calls to be cleared together, over cells that are numbered from 0.
#[derive(Debug, Clone, Default)]
pub struct Segment {
    pub streams: Vec<Stream>,
    /// Each cell's value before the segment. These may be the state's own words, which are copied if they change while they are here.
    pub base: Arc<Vec<Word>>,
    /// How the segment's calls use each cell: `ir::access::flags`, joined. Calls that are not in a stream count too.
    pub flags: Vec<u32>,
    pub waves: Waves,
}

/// Calls that keep an order, for the device: it runs level after level, and the calls of one level together.
#[derive(Debug, Clone, Default)]
pub struct Waves {
    pub streams: Vec<Stream>,
    /// For each level the rows of each stream that has any. A stream's rows lie in the order of the levels.
    pub levels: Vec<Vec<(usize, Range<u32>)>>,
}

impl Segment {
    /// The streams of clearing, then those of the waves.
    pub fn all_streams(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().chain(&self.waves.streams)
    }

    /// Has fetched what a cell holds and how it is used.
    pub fn fetch(&self, cell: u32) {
        self.base.get(cell as usize).into_iter().for_each(prefetch);
        self.flags.get(cell as usize).into_iter().for_each(prefetch);
    }

    /// How long its totals have to be.
    pub fn width(&self) -> Width {
        let streams = || self.streams.iter().filter(|stream| stream.rows > 0);
        let terms = |stream: &Stream| stream.program.walker.short_terms.map(|terms| terms * stream.rows);
        let terms = streams().map(terms).try_fold(0, |sum: usize, terms| Some(sum + terms?));
        // What a wave adds hangs on cells.
        let is_short = self.waves.levels.is_empty() && terms.is_some_and(|terms| terms < 1 << 32);
        let limbs = streams().map(Stream::limbs).max().unwrap_or(0);
        let fits = |width: &Width| *width == Width::Wide || is_short && limbs <= width.limbs();
        Width::ALL.into_iter().find(fits).unwrap_or(Width::Wide)
    }
}

/// Takes out items by their places, which ascend: what lies between them moves down.
pub(super) fn remove<T: Copy>(list: &mut Vec<T>, places: &[usize]) {
    let places = &places[..places.partition_point(|place| *place < list.len())];
    let mut to = places.first().copied().unwrap_or(list.len());
    for (at, place) in places.iter().enumerate() {
        let next = places.get(at + 1).copied().unwrap_or(list.len());
        list.copy_within(place + 1..next, to);
        to += next - place - 1;
    }
    list.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_keeps_its_order() {
        let without = |places: &[usize]| {
            let mut list: Vec<u32> = (0..6).collect();
            remove(&mut list, places);
            list
        };
        assert_eq!(without(&[]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(without(&[0, 3, 5]), [1, 2, 4]);
        assert_eq!(without(&[2, 3]), [0, 1, 4, 5]);
        assert_eq!(without(&[4, 9]), [0, 1, 2, 3, 5], "a column may be left out");
        assert!(without(&[0, 1, 2, 3, 4, 5]).is_empty());
    }
}
