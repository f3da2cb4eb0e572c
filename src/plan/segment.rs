//! What a segment asks of a clearing backend: its calls by kernel, and its cells. The buffers are those of the device, in host memory.

use crate::ir::Kernel;
use crate::ir::access::{Walker, Waver};
use crate::lower;
use crate::word::Word;
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
    /// The module that the device runs.
    pub fn module(&self) -> String {
        lower::link(&self.wgsl)
    }
}

/// Calls of one kernel. Column `c` of row `r` is `columns[c * rows + r]`; `Walker` says which column is what, and `Waver` in a wave.
#[derive(Debug, Clone)]
pub struct Stream {
    pub program: Arc<Program>,
    pub rows: usize,
    pub columns: Vec<u32>,
}

impl Stream {
    /// Takes out rows, whose numbers ascend.
    pub fn remove(&mut self, rows: &[usize]) {
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in self.columns.chunks_exact(self.rows) {
            let mut kept = column.to_vec();
            remove(&mut kept, rows);
            columns.append(&mut kept);
        }
        (self.columns, self.rows) = (columns, self.rows - rows.len());
    }

    #[inline]
    pub fn word(&self, column: usize, row: usize) -> u32 {
        self.columns[column * self.rows + row]
    }

    /// A parameter of a row's walk.
    pub fn param(&self, row: usize, param: usize) -> Word {
        let first = self.program.walker.param_column(param);
        std::array::from_fn(|limb| self.word(first + limb, row))
    }

    /// The numbers of the cells that a row names, by key.
    pub fn cells(&self, row: usize) -> Vec<u32> {
        self.program.kernel.key_ids().map(|key| self.word(self.program.walker.cell_column(key), row)).collect()
    }
}

/// Calls to be cleared together, over cells that are numbered from 0.
#[derive(Debug, Clone, Default)]
pub struct Segment {
    pub streams: Vec<Stream>,
    /// Each cell's value before the segment.
    pub base: Vec<Word>,
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
}

/// Takes out items by their places, which ascend.
pub(super) fn remove<T>(list: &mut Vec<T>, places: &[usize]) {
    let (mut at, mut out) = (0, places.iter().peekable());
    list.retain(|_| {
        at += 1;
        out.next_if(|place| **place + 1 == at).is_none()
    });
}
