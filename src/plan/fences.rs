//! Fences: where a segment is better cut than kept in order. A word that very many calls read and a few write (`paused`) puts an order
//! between calls of which all would be cleared before the writer, and behind it.

use super::levels::Foreseen;
use super::ordered::OrderedCall;
use crate::ir::access::flags;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;

/// Calls that have to be freed for one writer: two segments more cost some hundred microseconds, an order about one a call.
const READERS: u32 = 1_024;

/// Calls that a thread looks at at once.
const GRAIN: usize = 1 << 12;

/// How calls use an ordered cell.
#[derive(Debug, Clone, Copy, Default)]
struct Uses {
    /// Calls that read it, and are in order for nothing else.
    readers: u32,
    writers: u32,
}

/// The transactions of a segment before which it is to be cut, ascending; the first does not count. None where that does not pay.
pub fn fences(calls: &[OrderedCall], fallbacks: &[Foreseen], flags: &[u32], segment: Range<u32>) -> Vec<u32> {
    // Most segments have no such word.
    if calls.par_iter().with_min_len(GRAIN).filter(|call| only_read(call, flags).is_some()).count() < READERS as usize {
        return vec![];
    }
    let mut uses = vec![Uses::default(); flags.len()];
    for call in calls {
        let changed = changed(call, flags);
        changed.for_each(|cell| uses[cell as usize].writers += 1);
        if let Some(cell) = only_read(call, flags) {
            uses[cell as usize].readers += 1;
        }
    }
    fallbacks.iter().flat_map(|fallback| &fallback.stores).for_each(|cell| uses[*cell as usize].writers += 1);
    let pays = |uses: &Uses| uses.writers > 0 && uses.readers / READERS >= uses.writers;
    if !uses.iter().any(pays) {
        return vec![];
    }
    let fenced = |cell: &u32| pays(&uses[*cell as usize]);
    let callers = calls.iter().filter(|call| changed(call, flags).any(|cell| fenced(&cell))).map(|call| call.transaction);
    let fallbacks = fallbacks.iter().filter(|fallback| fallback.stores.iter().any(fenced)).map(|fallback| fallback.transaction);
    let writers: BTreeSet<u32> = callers.chain(fallbacks).flat_map(|writer| [writer, writer + 1]).collect();
    writers.into_iter().filter(|at| segment.start < *at && *at < segment.end).collect()
}

fn ordered(call: &OrderedCall, flags: &[u32]) -> impl Iterator<Item = (u32, u32)> {
    call.uses().filter(|(cell, _)| flags::ordered(flags[*cell as usize]))
}

fn changed(call: &OrderedCall, flags: &[u32]) -> impl Iterator<Item = u32> {
    ordered(call, flags).filter(|(_, uses)| uses & flags::CHANGES != 0).map(|(cell, _)| cell)
}

/// The cell that a call reads and nobody but that cell's writers keeps it in order for.
fn only_read(call: &OrderedCall, flags: &[u32]) -> Option<u32> {
    let mut ordered = ordered(call, flags);
    let (cell, uses) = ordered.next()?;
    (uses & flags::CHANGES == 0 && ordered.next().is_none()).then_some(cell)
}
