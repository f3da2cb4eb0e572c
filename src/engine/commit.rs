//! Writing a segment to the state. Cells that come to exist get their places in the order of the transactions that first stored to them,
//! and within a transaction in the order of their keys: the same for every backend, however a batch was cut.

use super::{Engine, Report};
use crate::exec::line::Lined;
use crate::exec::segment::{Cleared, TO_LINE};
use crate::plan::classes::Plan;
use crate::plan::numbering::Home;
use crate::word::to_word;
use std::collections::HashMap;

/// Cells that are fetched while others are set.
const AHEAD: usize = 16;

pub(super) fn commit(engine: &mut Engine, plan: &Plan, cleared: &Cleared, lined: Option<Lined>, report: &mut Report) {
    let lined = lined.unwrap_or_default();
    let mut stores = lined.stores;
    if engine.record.stores || !engine.numbering.new_keys().is_empty() {
        cleared_stores(plan, cleared, |number| engine.record.stores || is_new(engine, number), &mut stores);
    }
    if engine.record.stores {
        let mut named: Vec<_> =
            stores.iter().map(|(transaction, number)| (*transaction, engine.numbering.key(&engine.state, *number))).collect();
        named.sort_unstable();
        named.dedup();
        report.stores.extend(named);
    }
    let word = |number: usize| match lined.values.get(number) {
        Some(value) => to_word(*value),
        None => cleared.values[number],
    };
    for number in 0..engine.numbering.len() {
        if let Some(Home::Held(soon)) = engine.numbering.homes().get(number + AHEAD) {
            engine.state.fetch(*soon);
        }
        if let Home::Held(id) = engine.numbering.homes()[number] {
            engine.state.set_word(id, word(number));
        }
    }
    for number in births(engine, &stores) {
        let key = engine.numbering.key(&engine.state, number);
        let value = crate::word::from_word(&word(number as usize));
        engine.state.append(key, value);
    }
    for (address, (nonce, code)) in lined.contracts {
        engine.state.set_contract(address, nonce, code);
    }
}

fn is_new(engine: &Engine, number: u32) -> bool {
    matches!(engine.numbering.homes()[number as usize], Home::New(_))
}

/// The stores of the calls that were cleared, of the cells that are `wanted`.
fn cleared_stores(plan: &Plan, cleared: &Cleared, wanted: impl Fn(u32) -> bool, stores: &mut Vec<(u32, u32)>) {
    for ((stream, rows), outcomes) in plan.segment.all_streams().zip(&plan.rows).zip(&cleared.outcomes) {
        let program = &stream.program;
        let places = stream.parts.iter().flat_map(|part| (0..part.rows).map(move |row| (part, row)));
        for ((part, row), (outcome, transaction)) in places.zip(outcomes.iter().zip(rows)) {
            if *outcome == TO_LINE {
                continue;
            }
            for store in &program.kernel.leaves[*outcome as usize].stores {
                let number = part.word(program.walker.cell_column(store.key), row);
                if wanted(number) {
                    stores.push((*transaction, number));
                }
            }
        }
    }
}

/// New cells that were stored to, in the order of their places.
fn births(engine: &Engine, stores: &[(u32, u32)]) -> Vec<u32> {
    let mut first: HashMap<u32, u32> = HashMap::new();
    for (transaction, number) in stores.iter().filter(|(_, number)| is_new(engine, *number)) {
        first.entry(*number).and_modify(|earliest| *earliest = (*earliest).min(*transaction)).or_insert(*transaction);
    }
    let mut births: Vec<_> =
        first.into_iter().map(|(number, transaction)| (transaction, engine.numbering.key(&engine.state, number), number)).collect();
    births.sort_unstable();
    births.into_iter().map(|(.., number)| number).collect()
}
