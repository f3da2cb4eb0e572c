//! The order of the calls that keep one: on each ordered cell a reader follows the last writer, and a writer the last writer and the
//! readers since. Solvent cells order nobody. A call of the line has all that depends on it behind it in the line, and a call whose keys
//! hang on what an earlier one changes is for the line too: which cells it uses is known when its turn comes.

use super::ordered::OrderedCall;
use crate::ir::access::flags;
use crate::prefetch::prefetch;
use rayon::prelude::*;
use smallvec::SmallVec;

/// Calls that a thread looks at at once.
const GRAIN: usize = 1 << 10;
/// Calls that cells are fetched ahead for.
const AHEAD: usize = 8;

/// The level of a call that runs in the line.
pub const LINE: u32 = u32::MAX;

/// A fallback with the numbers of the cells that it is expected to touch.
#[derive(Debug, Clone, Default)]
pub struct Foreseen {
    pub transaction: u32,
    pub reads: Vec<u32>,
    pub stores: Vec<u32>,
}

impl Foreseen {
    pub fn nothing(transaction: u32) -> Self {
        Self { transaction, ..Self::default() }
    }
}

/// The levels of calls.
pub struct Levels {
    pub of_call: Vec<u32>,
    /// What each hangs on.
    places: Vec<Place>,
}

impl Levels {
    /// Which of so many cells are ordered and used by calls below a level.
    pub fn use_below(&self, level: u32, cells: usize) -> Vec<bool> {
        let mut used = vec![false; cells];
        let below = self.places.iter().zip(&self.of_call).filter(|(_, of_call)| **of_call < level);
        below.flat_map(|(place, _)| &place.uses).for_each(|(cell, _)| used[*cell as usize] = true);
        used
    }
}

/// The level of each call; both lists ascend by transaction.
pub fn levels(calls: &[OrderedCall], fallbacks: &[Foreseen], flags: &[u32]) -> Levels {
    let mut cells = Cells { last: vec![Last::default(); flags.len()] };
    let mut fallbacks = fallbacks.iter().peekable();
    let places: Vec<Place> = calls.par_iter().with_min_len(GRAIN).map(|call| Place::new(call, flags)).collect();
    let level = |(at, (call, place)): (usize, (&OrderedCall, &Place))| {
        let soon = places.get(at + AHEAD).into_iter().flat_map(|place| &place.uses);
        soon.for_each(|(cell, _)| prefetch(&cells.last[*cell as usize]));
        while let Some(fallback) = fallbacks.next_if(|fallback| fallback.transaction < call.transaction) {
            cells.fall_back(fallback);
        }
        // Cells were found as the segment started.
        let elsewhere = call.kind.hangs && call.naming().any(|cell| cells.last[cell as usize].reader > 0);
        cells.place(&place.uses, place.in_line || elsewhere)
    };
    let of_call = calls.iter().zip(&places).enumerate().map(level).collect();
    Levels { of_call, places }
}

/// What a call's level hangs on.
struct Place {
    /// The ordered cells that it uses, and whether it changes them.
    uses: SmallVec<[(u32, bool); 4]>,
    in_line: bool,
}

impl Place {
    fn new(call: &OrderedCall, flags: &[u32]) -> Self {
        let uses = call.uses().filter(|(cell, _)| flags::ordered(flags[*cell as usize]));
        let uses = uses.map(|(cell, uses)| (cell, uses & flags::CHANGES != 0)).collect();
        Self { uses, in_line: call.kind.in_line || call.may_escape(flags) }
    }
}

/// How many calls each level has.
pub fn widths(levels: &[u32]) -> Vec<usize> {
    let mut widths = Vec::new();
    for level in levels.iter().filter(|level| **level != LINE) {
        let at = *level as usize;
        if at >= widths.len() {
            widths.resize(at + 1, 0);
        }
        widths[at] += 1;
    }
    widths
}

/// The first level that is free for the next reader and for the next writer of a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    reader: u32,
    writer: u32,
}

struct Cells {
    last: Vec<Last>,
}

impl Cells {
    /// The level of a call, given the cells it uses and whether it changes them.
    fn place(&mut self, uses: &[(u32, bool)], in_line: bool) -> u32 {
        let free = |(cell, writes): &(u32, bool)| {
            let last = self.last[*cell as usize];
            if *writes { last.writer } else { last.reader }
        };
        let level = if in_line { LINE } else { uses.iter().map(free).max().unwrap_or(0) };
        uses.iter().for_each(|(cell, writes)| self.take(*cell, *writes, level.saturating_add(1)));
        level
    }

    /// The cell is used on the level before `next`.
    fn take(&mut self, cell: u32, writes: bool, next: u32) {
        let last = &mut self.last[cell as usize];
        last.writer = last.writer.max(next);
        if writes {
            last.reader = last.reader.max(next);
        }
    }

    fn fall_back(&mut self, fallback: &Foreseen) {
        fallback.reads.iter().for_each(|cell| self.take(*cell, false, LINE));
        fallback.stores.iter().for_each(|cell| self.take(*cell, true, LINE));
    }
}
