//! What a clearing backend gives back for a segment.

pub use crate::plan::segment::{Part, Program, Segment, Stream, Waves};

use crate::error::Result;
use crate::word::Word;

pub use crate::lower::layout::{TO_LINE, verdict};

/// A cleared segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Each cell's value after the calls that were cleared. A contended cell keeps its value.
    pub values: Vec<Word>,
    /// `verdict` says what they mean; 0 for a cell that nobody contends for.
    pub verdicts: Vec<u32>,
    /// For each stream, those of the waves last, and row the leaf that the call took, or `TO_LINE`.
    pub outcomes: Vec<Vec<u32>>,
}

/// Where a clearing's time went, in nanoseconds, by stage.
pub type Stages = Vec<(&'static str, u64)>;

/// A backend that clears.
pub trait Clearing {
    fn clear(&mut self, segment: &Segment) -> Result<Cleared>;

    /// Takes back what came of a segment, for the room that it takes.
    fn recycle(&mut self, _: Cleared) {}

    /// The stages of the last `clear`.
    fn stages(&self) -> Stages;

    /// How long a level of a wave takes that has next to nothing to do, in nanoseconds.
    fn level_ns(&mut self) -> Result<u64>;
}
