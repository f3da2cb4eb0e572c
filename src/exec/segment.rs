//! What a clearing backend gives back for a segment.

pub use crate::plan::segment::{Program, Segment, Stream};

use crate::error::Result;
use crate::word::Word;

/// The outcome of a row that touches a contended cell: the call goes to the line.
pub const TO_LINE: u32 = u32::MAX;

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
