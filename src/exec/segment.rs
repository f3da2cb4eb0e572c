//! What a segment asks of a clearing backend, and what it gets back. The buffers are those of the device, in host memory.

use crate::error::Result;
use crate::ir::Kernel;
use crate::ir::access::Walker;
use crate::word::Word;
use std::sync::Arc;

/// The outcome of a row that touches a contended cell: the call goes to the line.
pub const TO_LINE: u32 = u32::MAX;

/// A kernel made ready for clearing.
#[derive(Debug)]
pub struct Program {
    pub kernel: Kernel,
    pub walker: Walker,
    /// The module that the device runs.
    pub wgsl: String,
}

/// Calls of one kernel. Column `c` of row `r` is `columns[c * rows + r]`; `Walker` says which column is what.
#[derive(Debug, Clone)]
pub struct Stream {
    pub program: Arc<Program>,
    pub rows: usize,
    pub columns: Vec<u32>,
}

/// Calls to be cleared together, over cells that are numbered from 0.
#[derive(Debug, Clone, Default)]
pub struct Segment {
    pub streams: Vec<Stream>,
    /// Each cell's value before the segment.
    pub base: Vec<Word>,
    /// How the segment's calls use each cell: `ir::access::flags`, joined. Calls that are not in a stream count too.
    pub flags: Vec<u32>,
}

/// A cleared segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Each cell's value after the calls that were cleared. A contended cell keeps its value.
    pub values: Vec<Word>,
    /// 1 for a contended cell: ordered, or short for somebody.
    pub verdicts: Vec<u32>,
    /// For each stream and row the leaf that the call took, or `TO_LINE`.
    pub outcomes: Vec<Vec<u32>>,
}

/// Where a clearing's time went, in nanoseconds, by stage.
pub type Stages = Vec<(&'static str, u64)>;

/// A backend that clears.
pub trait Clearing {
    fn clear(&mut self, segment: &Segment) -> Result<Cleared>;

    /// The stages of the last `clear`.
    fn stages(&self) -> Stages;
}
