//! A batch with the state it starts from, and what revm makes of it: the truth.

use super::CONTRACTS;
use crate::error::Result;
use crate::exec::fallback::{Contract, Fallback};
use crate::exec::sequence::{self, Effects};
use crate::state::{CellKey, State};
use crate::tx::{Batch, Block, Output, Status, Transaction};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Case {
    pub block: Block,
    pub transactions: Vec<Transaction>,
    pub cells: BTreeMap<CellKey, U256>,
    /// Of every contract.
    pub code: Bytes,
    /// Transactions of a batch where the case is cut into several.
    pub piece: usize,
}

impl Case {
    pub(super) fn contract(&self) -> Contract {
        Contract { nonce: 1, code_hash: keccak256(&self.code), code: self.code.clone() }
    }

    pub(super) fn contracts(&self) -> impl Iterator<Item = (Address, u64, Bytes)> {
        CONTRACTS.into_iter().map(|address| (address, 1, self.code.clone()))
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = (CellKey, U256)> {
        self.cells.iter().map(|(key, value)| (*key, *value))
    }

    pub(super) fn batch(&self, transactions: &[Transaction]) -> Batch {
        Batch { block: self.block.clone(), transactions: transactions.to_vec() }
    }
}

/// What the transactions do, one after another.
#[derive(Debug)]
pub(super) struct Truth {
    pub statuses: Vec<Status>,
    pub outputs: Vec<Output>,
    /// Transaction and cell.
    pub stores: Vec<(u32, CellKey)>,
    pub state: State,
    pub root: B256,
}

impl Truth {
    /// `before` is told the state that each transaction meets.
    pub(super) fn find(case: &Case, mut before: impl FnMut(usize, &State)) -> Result<Self> {
        let mut state = State::import(case.cells(), case.contracts())?;
        let mut fallback = Fallback::new(&case.block);
        let (mut statuses, mut outputs, mut stores) = (Vec::new(), Vec::new(), Vec::new());
        for (index, transaction) in case.transactions.iter().enumerate() {
            before(index, &state);
            let effects = sequence::revm(&state, &mut fallback, transaction.into())?;
            effects.apply(&mut state);
            let Effects { status, output, logs, stores: stored, .. } = effects;
            statuses.push(status);
            outputs.push(Output { data: output, logs });
            stores.extend(stored.iter().map(|(key, _)| (index as u32, *key)));
        }
        let root = state.root();
        Ok(Self { statuses, outputs, stores, state, root })
    }
}
