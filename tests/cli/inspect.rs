//! `clearwave inspect`: lanes, modes and reasons of the shipped kernels, from every way to give a contract.

use super::{Folder, printed, read, run, stderr};
use serde_json::{Value, json};

const TOKEN: &str = "kernels/token/Token.opt.json";

fn inspect(artifact: &str) -> Vec<Value> {
    let text = printed(&["inspect", artifact, "--json"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    document["functions"].as_array().expect("a list of functions").clone()
}

#[track_caller]
fn find(functions: &[Value], signature: &str) -> Value {
    functions.iter().find(|function| function["signature"] == signature).expect("the function is listed").clone()
}

fn code(artifact: &str) -> String {
    let document: Value = serde_json::from_str(&read(artifact)).expect("JSON");
    let code = document.pointer("/deployedBytecode/object").or(document.pointer("/deployedBytecode"));
    code.and_then(Value::as_str).expect("code").into()
}

#[test]
fn every_way_to_compile_a_token_gives_the_same_lanes() {
    for setting in ["noopt", "opt", "ir"] {
        let functions = inspect(&format!("kernels/token/Token.{setting}.json"));
        for (signature, lane) in [
            ("transfer(address,uint256)", "clear"),
            ("transferFrom(address,address,uint256)", "clear"),
            ("approve(address,uint256)", "wave"),
            ("balanceOf(address)", "clear"),
            ("allowance(address,address)", "clear"),
            ("totalSupply()", "clear"),
            ("decimals()", "clear"),
        ] {
            let function = find(&functions, signature);
            assert_eq!((&function["lane"], &function["reason"]), (&json!(lane), &Value::Null), "{setting}: {signature}");
        }
        let keys = find(&functions, "transferFrom(address,address,uint256)")["keys"].clone();
        let modes: Vec<&Value> = keys.as_array().expect("keys").iter().map(|key| &key["modes"]).collect();
        assert!([json!(["credit"]), json!(["debit"]), json!(["debit", "read"])].iter().all(|wanted| modes.contains(&wanted)), "{keys}");
    }
}

#[test]
fn a_row_has_these_fields() {
    let functions = inspect(TOKEN);
    let expected = json!({
        "signature": "approve(address,uint256)", "selector": "0x095ea7b3", "lane": "wave", "leaves": 4,
        "keys": [{"key": "keccak(a0, keccak(caller, 1))", "modes": ["write"]}], "reason": null,
    });
    assert_eq!(find(&functions, "approve(address,uint256)"), expected);
    let name = find(&functions, "name()");
    assert_eq!((&name["lane"], &name["reason"]), (&json!("clear"), &json!("made for calls where slot 0x3 is 0x0")), "{name}");
    assert_eq!(name["keys"], json!([{"key": "3", "modes": ["read"]}]));
}

#[test]
fn lists_have_two_elements() {
    let functions = inspect("tests/fixtures/proxy/Lists.json");
    let airdrop = find(&functions, "airdrop(address[],uint256[])");
    // The second list is as long as the first, or the call fails.
    let made_for = ["calldata word 4 is 64", "calldata word 36 is 160", "calldata word 68 is 2"];
    let reason = airdrop["reason"].as_str().expect("a reason");
    assert!(airdrop["lane"] != "fallback" && made_for.iter().all(|pin| reason.contains(pin)), "{airdrop}");
    let pay = find(&functions, "pay(address,uint256)");
    assert_eq!(pay["lane"], "clear", "{pay}");
    assert!(pay["reason"].as_str().is_some_and(|reason| reason.starts_with("some calls fall back: ")), "{pay}");
}

#[test]
fn a_proxy_alone_says_what_it_misses() {
    let functions = inspect("tests/fixtures/proxy/Erc1967Proxy5.json");
    let fallback = find(&functions, "fallback()");
    let reason = fallback["reason"].as_str().expect("a reason");
    let slot = "slot 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc is 0x0";
    assert!(fallback["lane"] == "fallback" && reason.contains("is not known") && reason.contains(slot), "{fallback}");
}

#[test]
fn payable_functions_have_a_second_row() {
    let functions = inspect("kernels/wrapper/Wrapper.opt.json");
    for signature in ["deposit()", "receive()"] {
        assert_eq!(find(&functions, signature)["lane"], "clear");
        let keys = find(&functions, &format!("{signature} payable"))["keys"].clone();
        assert!(keys.as_array().expect("keys").contains(&json!({"key": "native[caller]", "modes": ["debit"]})), "{keys}");
    }
    assert_eq!(find(&functions, "receive()")["selector"], Value::Null);
    let withdraw = find(&functions, "withdraw(uint256)");
    assert_eq!(withdraw["lane"], "fallback");
    assert!(withdraw["reason"].as_str().is_some_and(|reason| reason.contains("at byte")));
}

#[test]
fn a_fallback_function_is_called_by_a_selector_of_nobody() {
    // Whatever it is called with, it counts in slot 0.
    let folder = Folder::new("fallback");
    let artifact = folder
        .file("Count.json", r#"{"abi": [{"type": "fallback", "stateMutability": "payable"}], "deployedBytecode": "0x600160005401600055"}"#);
    let functions = inspect(&artifact);
    let rows: Vec<_> = functions.iter().map(|row| (row["signature"].as_str(), row["selector"].as_str(), row["lane"].as_str())).collect();
    assert_eq!(rows, [(Some("fallback()"), None, Some("clear")), (Some("fallback() payable"), None, Some("clear"))]);
}

#[test]
fn bare_code_shows_its_selectors() {
    let folder = Folder::new("raw");
    let functions = inspect(&folder.file("code.hex", code(TOKEN)));
    for known in inspect(TOKEN) {
        let mut row = functions.iter().find(|row| row["selector"] == known["selector"]).expect("the selector is found").clone();
        assert_eq!(row["signature"], Value::Null);
        row["signature"] = known["signature"].clone();
        assert_eq!(row, known);
    }
}

#[test]
fn immutables_are_noted() {
    let folder = Folder::new("immutables");
    let references = r#"{"7": [{"start": 1, "length": 32}]}"#;
    let artifact = format!(r#"{{"abi": [], "deployedBytecode": "0x00", "immutableReferences": {references}, "contractName": "Fixed"}}"#);
    let output = run(&["inspect", &folder.file("Fixed.json", artifact)]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).starts_with("warn: ") && stderr(&output).contains("immutables of Fixed"), "{}", stderr(&output));
}

#[test]
fn the_table_is_for_people() {
    let table = printed(&["inspect", TOKEN]);
    assert!(table.starts_with("FUNCTION "), "{table}");
    assert!(table.contains(
        "transfer(address,uint256)              0xa9059cbb  clear  5\n    debit   keccak(caller, 0)\n    credit  keccak(a0, 0)\n"
    ));
}
