//! Blocks, prestates and tokens in every form that is accepted.

use super::{NUMBERS, assets};
use crate::host::{Prestate, RpcBlock, RpcTransaction, TokenSlots, Tokens, read_blocks, read_prestates};
use alloy_primitives::{U256, address, bytes};
use serde_json::json;

#[test]
fn blocks_parse_with_or_without_a_response() {
    let block = json!({
        "number": "0x0a", "timestamp": 7, "miner": "0x00000000000000000000000000000000000000AA", "hash": "0x1", "transactions": [
            {"from": "0x00000000000000000000000000000000000000aa", "to": null, "value": "0x0", "input": "0x6001", "nonce": "0x1"},
            {"from": "0x00000000000000000000000000000000000000aa", "to": "0x00000000000000000000000000000000000000bb",
             "value": format!("0x{}", "f".repeat(64)), "data": "0x"},
        ],
    });
    let (a, b) = (address!("0x00000000000000000000000000000000000000aa"), address!("0x00000000000000000000000000000000000000bb"));
    let expected = RpcBlock {
        number: 10,
        timestamp: 7,
        miner: a,
        transactions: vec![
            RpcTransaction { from: a, to: None, value: U256::ZERO, input: bytes!("6001") },
            RpcTransaction { from: a, to: Some(b), value: U256::MAX, input: bytes!("") },
        ],
    };
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": block});
    assert_eq!(RpcBlock::parse(block.to_string().as_bytes()).unwrap(), expected);
    assert_eq!(RpcBlock::parse(response.to_string().as_bytes()).unwrap(), expected);
}

#[test]
fn prestates_parse_with_or_without_a_response() {
    let (full, empty) = (address!("0x00000000000000000000000000000000000000aa"), address!("0x00000000000000000000000000000000000000bb"));
    let accounts = json!({
        full.to_string(): {"balance": "0x00ff", "nonce": "0x2", "code": "0x6001",
                           "storage": {"0x1": "0x02", format!("0x{:064}", 2): "0x0"}},
        empty.to_string(): {"nonce": 3},
    });
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": accounts});
    let prestate = Prestate::parse(accounts.to_string().as_bytes()).unwrap();
    assert_eq!(Prestate::parse(response.to_string().as_bytes()).unwrap(), prestate);
    let account = &prestate.accounts[&full];
    assert_eq!((account.balance, account.nonce, &account.code), (U256::from(255), 2, &bytes!("6001")));
    assert_eq!(
        account.storage.clone().into_iter().collect::<Vec<_>>(),
        [(1, 2), (2, 0)].map(|(slot, word)| (U256::from(slot), U256::from(word)))
    );
    assert_eq!((prestate.accounts[&empty].balance, prestate.accounts[&empty].nonce), (U256::ZERO, 3));
}

#[test]
fn tokens_parse() {
    let token = address!("0x00000000000000000000000000000000000000aa");
    let tokens = json!({token.to_string(): {"balanceOf_slot": 2, "allowance_slot": format!("0x{}", "f".repeat(64))}});
    let slots = TokenSlots { balances: Some(U256::from(2)), allowances: Some(U256::MAX) };
    assert_eq!(Tokens::parse(tokens.to_string().as_bytes()).unwrap().slots[&token], slots);
}

#[test]
fn the_blocks_in_assets_parse() {
    let blocks = read_blocks(&assets().join("blocks")).unwrap();
    assert_eq!(blocks.iter().map(|(_, block)| block.number).collect::<Vec<_>>(), NUMBERS);
    assert_eq!(blocks.iter().map(|(_, block)| block.transactions.len()).collect::<Vec<_>>(), [15, 380, 330, 227]);
    let creations = |block: &RpcBlock| block.transactions.iter().filter(|transaction| transaction.to.is_none()).count();
    assert_eq!(creations(&blocks[0].1), 3);
    let prestates = read_prestates(&assets().join("prestate"), &blocks).unwrap();
    assert_eq!(prestates.iter().map(|prestate| prestate.accounts.len()).collect::<Vec<_>>(), [10, 382, 326, 211]);
    assert_eq!(Tokens::read(&assets().join("tokens.json")).unwrap().slots.len(), 60);
    // One file of each kind goes together.
    let one = read_blocks(&assets().join("blocks/2675000.json")).unwrap();
    assert_eq!(read_prestates(&assets().join("prestate/2675000.json"), &one).unwrap(), prestates[..1]);
}
