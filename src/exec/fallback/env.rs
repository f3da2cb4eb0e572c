//! Unmetered mode in revm's terms, and no other place says so: whoever runs revm takes its settings from here.
//!
//! Never `disable_balance_check` (it raises the sender's balance) nor `disable_fee_charge` (it skips the check that the sender has the value).

use crate::error::{Error, Result};
use crate::limits::GAS_LIMIT;
use crate::tx::{Block, Status, TransactionRef};
use alloy_primitives::{Bytes, TxKind, U256};
use revm::context::result::{EVMError, InvalidTransaction};
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::primitives::hardfork::SpecId;
use std::convert::Infallible;

pub const SPEC: SpecId = SpecId::OSAKA;

/// Transactions that revm refuses, and defects: a [`View`](super::View) has no errors of its own.
pub type Failure = EVMError<Infallible>;

pub fn block(block: &Block) -> BlockEnv {
    BlockEnv {
        number: U256::from(block.number),
        beneficiary: block.coinbase,
        timestamp: U256::from(block.timestamp),
        gas_limit: GAS_LIMIT,
        basefee: 0,
        difficulty: U256::ZERO,
        prevrandao: Some(block.prevrandao),
        // Not `new`: the price it computes is at least 1.
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: 0 }),
        slot_num: 0,
    }
}

pub fn cfg(block: &Block) -> CfgEnv {
    let mut cfg = CfgEnv::new_with_spec(SPEC).with_chain_id(block.chain_id);
    cfg.tx_chain_id_check = false;
    cfg.tx_gas_limit_cap = Some(GAS_LIMIT);
    cfg.disable_nonce_check = true;
    cfg.disable_block_gas_limit = true;
    cfg.disable_eip3607 = true;
    cfg
}

/// A legacy call: no access list, no blobs, no authorizations. `data` is its calldata, for revm to keep.
pub fn transaction(tx: TransactionRef<'_>, data: Bytes) -> TxEnv {
    TxEnv {
        tx_type: 0,
        caller: *tx.from(),
        gas_limit: GAS_LIMIT,
        gas_price: 0,
        kind: TxKind::Call(*tx.to()),
        value: *tx.value(),
        data,
        nonce: 0,
        chain_id: None,
        access_list: Default::default(),
        gas_priority_fee: None,
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: Vec::new(),
    }
}

/// A transaction that revm refuses is invalid for one of three reasons; with the settings above no other can come up.
pub fn invalid(failure: Failure) -> Result<Status> {
    match failure {
        EVMError::Transaction(
            InvalidTransaction::LackOfFundForMaxFee { .. }
            // Calldata that costs more than the gas limit, at 4 or 16 gas a byte, or at 10 or 40 by the floor of EIP-7623, which is the
            // first to be reached: by 749,475 bytes that are not 0.
            | InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
        ) => Ok(Status::Invalid),
        other => Err(Error::internal(format_args!("revm refused a transaction: {other}"))),
    }
}
