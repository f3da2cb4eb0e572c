//! Writing a segment to the state. Cells that come to exist get their places in the order of the transactions that first stored to them,
//! and within a transaction in the order of their keys: the same for every backend, however a batch was cut.

use super::{Engine, Report};
use crate::exec::line::Lined;
use crate::exec::segment::{Cleared, Part, Stream, TO_LINE};
use crate::ir::access::NO_CELL;
use crate::plan::classes::Plan;
use crate::plan::numbering::{Home, Numbering};
use crate::state::CellKey;
use crate::word::from_word;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::mem::take;

pub(super) fn commit(engine: &mut Engine, plan: &Plan, cleared: &mut Cleared, lined: Option<Lined>, report: &mut Report) {
    let lined = lined.unwrap_or_default();
    let mut stores = lined.stores;
    if engine.record.stores || !engine.numbering.new_keys().is_empty() {
        let all = engine.record.stores;
        stores.extend(cleared_stores(plan, cleared, |number| all || is_new(&engine.numbering, number)));
    }
    if engine.record.stores {
        let mut named: Vec<_> =
            stores.iter().map(|(transaction, number)| (*transaction, engine.numbering.key(&engine.state, *number))).collect();
        named.sort_unstable();
        named.dedup();
        report.stores.extend(named);
    }
    let born: Vec<_> =
        births(engine, &stores).into_iter().map(|(key, number)| (key, from_word(&cleared.values[number as usize]))).collect();
    cleared.values = engine.numbering.write(&mut engine.state, take(&mut cleared.values));
    engine.state.append_all(born.into_iter());
    for (address, (nonce, code)) in lined.contracts {
        engine.state.set_contract(address, nonce, code);
    }
}

fn is_new(numbering: &Numbering, number: u32) -> bool {
    matches!(numbering.home(number), Home::New(_))
}

/// The stores of the calls that were cleared, of the cells that are `wanted`.
fn cleared_stores(plan: &Plan, cleared: &Cleared, wanted: impl Fn(u32) -> bool + Sync) -> Vec<(u32, u32)> {
    let streams: Vec<&Stream> = plan.segment.all_streams().collect();
    let parts: Vec<(usize, &Part)> =
        streams.iter().enumerate().flat_map(|(at, stream)| stream.parts.iter().map(move |part| (at, part))).collect();
    let stores = |(at, part): &(usize, &Part)| {
        let (walker, leaves) = (&streams[*at].program.walker, &streams[*at].program.kernel.leaves);
        let mut stores = Vec::new();
        let columns: BTreeSet<usize> = leaves.iter().flat_map(|leaf| &leaf.stores).map(|store| walker.cell_column(store.key)).collect();
        // Most parts have nothing of the kind: a look at their columns is less than one at their rows.
        if !columns.into_iter().any(|column| part.columns[column].iter().any(|number| *number != NO_CELL && wanted(*number))) {
            return stores;
        }
        // Rows that stand for no transaction store nothing.
        let calls = cleared.outcomes[*at].iter().zip(&plan.rows[*at]).skip(part.first).take(part.rows).enumerate();
        for (row, (outcome, transaction)) in calls.filter(|(_, (outcome, _))| **outcome != TO_LINE) {
            let cells = leaves[*outcome as usize].stores.iter().map(|store| part.word(walker.cell_column(store.key), row));
            stores.extend(cells.filter(|number| wanted(*number)).map(|number| (*transaction, number)));
        }
        stores
    };
    parts.par_iter().flat_map_iter(stores).collect()
}

/// New cells that were stored to, with their numbers, in the order of their places.
fn births(engine: &Engine, stores: &[(u32, u32)]) -> Vec<(CellKey, u32)> {
    let numbering = &engine.numbering;
    // The number of each and the transaction that first stored to it.
    let mut first = vec![(0, u32::MAX); numbering.new_keys().len()];
    for (transaction, number) in stores {
        if let Home::New(index) = numbering.home(*number) {
            let (known, earliest) = &mut first[index as usize];
            (*known, *earliest) = (*number, (*earliest).min(*transaction));
        }
    }
    let born = first.into_par_iter().zip(numbering.new_keys()).filter(|((_, earliest), _)| *earliest != u32::MAX);
    let mut births: Vec<_> = born.map(|((number, transaction), key)| (transaction, *key, number)).collect();
    births.par_sort_unstable();
    births.into_iter().map(|(_, key, number)| (key, number)).collect()
}
