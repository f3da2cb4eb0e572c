//! The state of a batch that is being made. What no call has looked at yet is open: the call at hand may have there what it needs, and once
//! it is taken, that is what the batch starts from.

use super::CONTRACTS;
use super::words::Words;
use crate::exec::fallback::{Contract, View};
use crate::ir::KeyId;
use crate::ir::eval::{Run, World};
use crate::plan::resolve::cell_key;
use crate::state::{CellKey, Slot};
use alloy_primitives::{Address, B256, U256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Debug, Default)]
pub(super) struct Ground {
    /// What the batch starts from. A cell that is open or absent is not in it.
    pub start: BTreeMap<CellKey, U256>,
    /// What every cell that is not open holds after the calls so far.
    now: HashMap<CellKey, U256>,
}

/// What a call takes the open cells to hold.
pub(super) type Drawn = BTreeMap<CellKey, U256>;

impl Ground {
    /// `None` where it is open.
    pub(super) fn held(&self, key: &CellKey) -> Option<U256> {
        self.now.get(key).copied()
    }

    /// Takes a call: what it met, and what it stored.
    pub(super) fn take(&mut self, met: &BTreeSet<CellKey>, drawn: &Drawn, stores: &[(CellKey, U256)], words: &mut Words) {
        for key in met.iter().filter(|key| !self.now.contains_key(key)).collect::<Vec<_>>() {
            let value = drawn.get(key).copied().unwrap_or_default();
            // Absent cells and cells of zero read the same, and are not the same.
            if !value.is_zero() || words.random.coin() {
                self.start.insert(*key, value);
            }
            self.now.insert(*key, value);
        }
        self.now.extend(stores.iter().copied());
    }
}

/// The ground as the call at hand sees it.
pub(super) struct Sight<'a> {
    pub ground: &'a Ground,
    pub contract: &'a Contract,
    pub drawn: &'a mut Drawn,
    pub words: &'a mut Words,
    /// Every cell that was looked at.
    pub met: BTreeSet<CellKey>,
}

impl Sight<'_> {
    fn look(&mut self, key: CellKey) -> U256 {
        self.met.insert(key);
        if let Some(value) = self.ground.held(&key) {
            return value;
        }
        let draw = || if key.slot == Slot::Native { self.words.balance() } else { self.words.stored() };
        *self.drawn.entry(key).or_insert_with(draw)
    }
}

impl World for Sight<'_> {
    type Cell = CellKey;

    fn cell(&mut self, key: KeyId, run: &mut Run<'_>) -> CellKey {
        let place = run.place(key, self);
        cell_key(run.call.transaction.to(), place)
    }

    fn value(&mut self, cell: CellKey) -> U256 {
        self.look(cell)
    }
}

impl View for Sight<'_> {
    fn balance(&mut self, address: &Address) -> U256 {
        self.look(CellKey::native(*address))
    }

    fn storage(&mut self, address: &Address, slot: B256) -> U256 {
        self.look(CellKey::storage(*address, slot))
    }

    fn contract(&mut self, address: &Address) -> Option<Contract> {
        CONTRACTS.contains(address).then(|| self.contract.clone())
    }
}
