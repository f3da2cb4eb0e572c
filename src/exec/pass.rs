//! The passes by name, and what they leave behind: what a device and its twin must agree on, word by word. Nothing here runs a pass.

use super::segment::{Part, Segment, verdict};
use crate::error::{Error, Result};
use crate::ir::access::NO_CELL;
use rayon::prelude::*;
use std::ops::Range;

/// The passes, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pass {
    /// A row: add its demands to the totals of its cells.
    Net,
    /// A cell: is it ordered, or short for somebody?
    Judge,
    /// A row: take back what settle must not apply.
    Retract,
    /// A row of a level: run the tree on ordered cells, and add to the totals of others.
    Wave,
    /// A cell: apply the totals.
    Settle,
}

impl Pass {
    pub const ALL: [Self; 5] = [Self::Net, Self::Judge, Self::Retract, Self::Wave, Self::Settle];

    pub fn name(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::Judge => "judge",
            Self::Retract => "retract",
            Self::Wave => "wave",
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
    /// From retract on, by stream; those of the waves come last, and from wave on.
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
    for (i, stream) in segment.all_streams().enumerate() {
        let (rows, walker) = (stream.rows, &stream.program.walker);
        let waver = if i < segment.streams.len() { None } else { Some(stream.program.waver.as_ref()) };
        let no_waves = || Error::internal(format_args!("stream {i} is of a kernel without waves"));
        let columns = waver.map_or(Ok(walker.columns()), |waver| waver.map(|waver| waver.columns()).ok_or_else(no_waves))?;
        let fits = |part: &Part, at: usize, len: usize| len == part.rows || (len == 0 && at >= walker.param_column(0));
        let fit = |part: &Part| part.columns.iter().enumerate().all(|(at, column)| fits(part, at, column.len()));
        let whole = |part: &Part| part.columns.len() == columns && fit(part);
        let firsts = stream.parts.iter().scan(0, |next, part| Some(std::mem::replace(next, *next + part.rows)));
        let in_row =
            firsts.eq(stream.parts.iter().map(|part| part.first)) && stream.parts.iter().map(|part| part.rows).sum::<usize>() == rows;
        if rows > u32::MAX as usize || !in_row || !stream.parts.iter().all(whole) {
            return Err(Error::internal(format_args!("stream {i} does not have {rows} rows of {columns} columns")));
        }
        let outside = |cell: &u32| *cell >= cells as u32 && *cell != NO_CELL;
        let names_outside = |column: &Vec<u32>| column.iter().fold(false, |any, cell| any | outside(cell));
        let strays = |part: &Part| stream.program.kernel.key_ids().any(|key| names_outside(&part.columns[walker.cell_column(key)]));
        if stream.parts.par_iter().any(strays) {
            return Err(Error::internal(format_args!("stream {i} names a cell beyond {cells}")));
        }
    }
    let waves = &segment.waves;
    let outside = |(stream, rows): &(usize, Range<u32>)| waves.streams.get(*stream).is_none_or(|stream| rows.end as usize > stream.rows);
    if waves.levels.iter().flatten().any(outside) || waves.levels.len() >= NO_CELL as usize - verdict::PUT_OFF as usize {
        return Err(Error::internal("a level has rows that no stream has"));
    }
    Ok(())
}
