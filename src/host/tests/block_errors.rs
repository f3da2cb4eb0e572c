//! What is said of documents that are no block, no prestate, no tokens.

use super::{assets, check, message};
use crate::host::{Prestate, RpcBlock, Tokens};
use serde_json::{Value, json};

pub fn block() -> Value {
    let transaction = json!({"from": format!("0x{:040}", 1), "to": format!("0x{:040}", 2), "value": "0x0", "input": "0x"});
    json!({"number": "0x1", "timestamp": "0x1", "miner": format!("0x{:040}", 0), "transactions": [transaction]})
}

/// A block with one field changed.
pub fn with(pointer: &str, value: impl Into<Value>) -> Value {
    let mut block = block();
    *block.pointer_mut(pointer).unwrap() = value.into();
    block
}

#[test]
fn documents() {
    let deep = "[".repeat(200);
    let cases = [
        ("", "line 1 column 0: expected JSON: EOF while parsing a value"),
        ("{\n\"number\": \"0x", "line 2 column 13: expected JSON: EOF while parsing a string"),
        ("{\"number\": 0x1}", "line 1 column 13: expected JSON: expected `,` or `}`"),
        ("\u{1f}\u{8b}", "line 1 column 1: expected JSON: expected value"),
        ("{} {}", "line 1 column 4: expected JSON: trailing characters"),
        ("1e999", "line 1 column 5: expected JSON: number out of range"),
        (&deep, "line 1 column 128: expected JSON: recursion limit exceeded"),
        ("[]", "expected a block, found a list of 0"),
        ("null", "expected a block, found null"),
        (r#"{"jsonrpc": "2.0", "result": null}"#, "result: expected a block, found null"),
        (r#"{"error": {"code": -32000, "message": "header not found"}}"#, r#"error: expected a result, found "header not found""#),
        (r#"{"error": 7}"#, "error: expected a result, found 7"),
    ];
    check(RpcBlock::parse, &cases);
    assert_eq!(message(RpcBlock::parse(b"{\"miner\": \"\xff\"}")), "line 1 column 12: expected JSON: invalid unicode code point");
}

#[test]
fn blocks() {
    let wide = format!("0x1{}", "0".repeat(64));
    let long = format!("0x{}g", "0".repeat(99));
    let cases = [
        (json!({}), "number: expected a number of at most 64 bits (0x and hex digits), found nothing"),
        (with("/number", Value::Null), "number: expected a number of at most 64 bits (0x and hex digits), found null"),
        (with("/number", -1), "number: expected a number of at most 64 bits (0x and hex digits), found -1"),
        (with("/number", 1.5), "number: expected a number of at most 64 bits (0x and hex digits), found 1.5"),
        (with("/number", "12"), r#"number: expected a number of at most 64 bits (0x and hex digits), found "12""#),
        (with("/number", "0x"), r#"number: expected a number of at most 64 bits (0x and hex digits), found "0x""#),
        (
            with("/timestamp", "0x10000000000000000"),
            r#"timestamp: expected a number of at most 64 bits (0x and hex digits), found "0x10000000000000000""#,
        ),
        (with("/miner", "0x12"), r#"miner: expected an address (0x and 40 hex digits), found "0x12""#),
        (with("/transactions", Value::Null), "transactions: expected a list of transactions, found null"),
        (with("/transactions/0", "0xab"), r#"transactions[0]: expected a whole transaction, found "0xab""#),
        (with("/transactions/0", json!({})), "transactions[0].from: expected an address (0x and 40 hex digits), found nothing"),
        (
            with("/transactions/0/to", format!("0x{:042}", 0)),
            r#"transactions[0].to: expected an address (0x and 40 hex digits), found "0x000000000000000000000000000000000000000000""#,
        ),
        (
            with("/transactions/0/to", format!("0x{:039}é", 0)),
            "transactions[0].to: expected an address (0x and 40 hex digits), \
             found 'é' as digit 40 of \"000000000000000000000000000000000000000é\"",
        ),
        (
            with("/transactions/0/value", wide),
            "transactions[0].value: expected a number of at most 256 bits (0x and hex digits), \
             found \"0x10000000000000000000000000000000000000000000000000000000000000000\"",
        ),
        (
            with("/transactions/0/value", "-0x1"),
            r#"transactions[0].value: expected a number of at most 256 bits (0x and hex digits), found "-0x1""#,
        ),
        (
            with("/transactions/0/value", "0x1_0"),
            r#"transactions[0].value: expected a number of at most 256 bits (0x and hex digits), found '_' as digit 2 of "1_0""#,
        ),
        (
            with("/transactions/0/value", 1e30),
            "transactions[0].value: expected a number of at most 256 bits (0x and hex digits), found 1e+30",
        ),
        (
            with("/transactions/0/value", json!({"hex": "0x1", "": 2})),
            "transactions[0].value: expected a number of at most 256 bits (0x and hex digits), found an object with \"\", hex",
        ),
        (
            with("/transactions/0/input", "0x123"),
            "transactions[0].input: expected bytes (0x and pairs of hex digits), found an odd number of digits (3)",
        ),
        (
            with("/transactions/0/input", "a9059cbb"),
            r#"transactions[0].input: expected bytes (0x and pairs of hex digits), found "a9059cbb""#,
        ),
        (
            with("/transactions/0/input", long),
            "transactions[0].input: expected bytes (0x and pairs of hex digits), \
             found 'g' as digit 100 of \"00000000000000000000000000000000…\" (100 characters)",
        ),
        (with("/transactions/0/input", Value::Null), "transactions[0].input: expected bytes (0x and pairs of hex digits), found null"),
        (with("/transactions/0/input", "\n"), r#"transactions[0].input: expected bytes (0x and pairs of hex digits), found "\n""#),
    ];
    check(RpcBlock::parse, &cases);
}

#[test]
fn prestates() {
    let address = "0x00000000000000000000000000000000000000aa";
    let with = |field: &str, value: Value| json!({address: {field: value}});
    let cases = [
        (json!([1, 2]), "expected accounts by address, found a list of 2"),
        (json!({"result": [1]}), "result: expected accounts by address, found a list of 1"),
        (json!({"0xaa": {}}), r#"expected an address (0x and 40 hex digits) as a key, found "0xaa""#),
        (json!({address: 1}), "0x00000000000000000000000000000000000000aa: expected an account, found 1"),
        (
            json!({address: {}, address.replace('a', "A"): {}}),
            r#"expected every key once, found "0x00000000000000000000000000000000000000aa" again, written differently"#,
        ),
        (
            with("balance", json!(true)),
            "0x00000000000000000000000000000000000000aa.balance: expected a number of at most 256 bits (0x and hex digits), found true",
        ),
        (
            with("nonce", json!("0x10000000000000000")),
            "0x00000000000000000000000000000000000000aa.nonce: expected a number of at most 64 bits (0x and hex digits), \
             found \"0x10000000000000000\"",
        ),
        (
            with("code", json!("0x1")),
            "0x00000000000000000000000000000000000000aa.code: expected bytes (0x and pairs of hex digits), \
             found an odd number of digits (1)",
        ),
        (with("storage", json!([])), "0x00000000000000000000000000000000000000aa.storage: expected words by slot, found a list of 0"),
        (
            with("storage", json!({"x": "0x1"})),
            "0x00000000000000000000000000000000000000aa.storage: \
             expected a number of at most 256 bits (0x and hex digits) as a key, found \"x\"",
        ),
        (
            with("storage", json!({"0x1": "0x1", "0x01": "0x2"})),
            "0x00000000000000000000000000000000000000aa.storage: expected every key once, found \"0x1\" again, written differently",
        ),
        (
            with("storage", json!({"0x7": "7"})),
            "0x00000000000000000000000000000000000000aa.storage.0x7: \
             expected a number of at most 256 bits (0x and hex digits), found \"7\"",
        ),
    ];
    check(Prestate::parse, &cases);
}

#[test]
fn tokens() {
    let token = "0x00000000000000000000000000000000000000aa";
    let cases = [
        (json!(7), "expected slots by token, found 7"),
        (json!({"USDC": {}}), r#"expected an address (0x and 40 hex digits) as a key, found "USDC""#),
        (
            json!({token: {"balances": 1}}),
            "0x00000000000000000000000000000000000000aa: expected balanceOf_slot or allowance_slot, found an object with balances",
        ),
        (
            json!({token: {"balanceOf_slot": -1}}),
            "0x00000000000000000000000000000000000000aa.balanceOf_slot: \
             expected a number of at most 256 bits (0x and hex digits), found -1",
        ),
    ];
    check(Tokens::parse, &cases);
}

#[test]
fn a_block_is_no_prestate() {
    let path = assets().join("blocks/2675000.json");
    let message = message(Prestate::read(&path));
    assert!(message.ends_with(r#"2675000.json: expected an address (0x and 40 hex digits) as a key, found "gasUsed""#), "{message}");
}
