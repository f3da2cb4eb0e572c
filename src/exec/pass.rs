//! The four passes by name, and what they leave behind: what a device and its twin must agree on, word by word. Nothing here runs a pass.

use super::segment::Segment;
use crate::error::{Error, Result};
use crate::ir::access::NO_CELL;
use rayon::prelude::*;

/// The passes, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pass {
    /// A row: add its demands to the totals of its cells.
    Net,
    /// A cell: is it ordered, or short for somebody?
    Judge,
    /// A row: take back what settle must not apply.
    Retract,
    /// A cell: apply the totals.
    Settle,
}

impl Pass {
    pub const ALL: [Self; 4] = [Self::Net, Self::Judge, Self::Retract, Self::Settle];

    pub fn name(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::Judge => "judge",
            Self::Retract => "retract",
            Self::Settle => "settle",
        }
    }
}

/// The buffers after some pass. What no pass has written yet is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buffers {
    /// Eight limbs a cell.
    pub base: Vec<u32>,
    /// Nine limbs a cell.
    pub debits: Vec<u32>,
    pub credits: Vec<u32>,
    /// From judge on.
    pub verdicts: Vec<u32>,
    /// From retract on, by stream.
    pub outcomes: Vec<Vec<u32>>,
}

/// Whether the parts of a segment fit each other. After this no backend can leave its buffers.
pub fn check(segment: &Segment) -> Result<()> {
    let cells = segment.base.len();
    if segment.flags.len() != cells {
        return Err(Error::internal(format_args!("a segment of {cells} cells has flags of {}", segment.flags.len())));
    }
    if cells >= NO_CELL as usize {
        return Err(Error::internal(format_args!("a segment of {cells} cells: their numbers do not fit 32 bits")));
    }
    for (i, stream) in segment.streams.iter().enumerate() {
        let (rows, walker) = (stream.rows, &stream.program.walker);
        if rows > u32::MAX as usize || stream.columns.len() != rows * walker.columns() {
            let (words, columns) = (stream.columns.len(), walker.columns());
            return Err(Error::internal(format_args!("stream {i} has {words} words for {rows} rows of {columns} columns")));
        }
        let numbers = || stream.program.kernel.key_ids().map(|key| column(&stream.columns, rows, walker.cell_column(key)));
        let outside = |cell: &u32| *cell as usize >= cells && *cell != NO_CELL;
        if numbers().any(|column| column.par_chunks(1 << 14).any(|chunk| chunk.iter().fold(false, |any, cell| any | outside(cell)))) {
            return Err(Error::internal(format_args!("stream {i} names a cell beyond {cells}")));
        }
    }
    Ok(())
}

/// One column of a stream.
pub(super) fn column(columns: &[u32], rows: usize, column: usize) -> &[u32] {
    &columns[column * rows..][..rows]
}
