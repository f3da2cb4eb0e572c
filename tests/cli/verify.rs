//! `clearwave verify`: small runs on shipped contracts, what they write, and what they refuse.

use super::{Folder, printed, read, run, stderr};
use serde_json::Value;

const TOKEN: &str = "kernels/token/Token.opt.json";
const COLLECTIBLE: &str = "kernels/collectible/Collectible.ir.json";

/// What a run that finds no difference writes.
fn verified(artifact: &str, name: &str, more: &[&str]) -> Value {
    let folder = Folder::new(name);
    let json = folder.path("coverage.json");
    let arguments = ["verify", artifact, "--batches", "3", "--txs", "120", "--seed", "11", "--json", &json];
    let table = printed(&[&arguments, more].concat());
    assert!(table.starts_with("FUNCTION ") && table.contains("seed 11") && table.contains("0 mismatches"), "{table}");
    serde_json::from_str(&read(&json)).expect("JSON")
}

#[test]
fn what_was_reached_is_written() {
    for (artifact, name) in [(TOKEN, "token"), (COLLECTIBLE, "collectible")] {
        let document = verified(artifact, name, &["--backend", "reference,cpu"]);
        let number = |value: &Value, name: &str| value[name].as_u64().unwrap_or_else(|| panic!("{name} is a number: {value}"));
        assert_eq!(["mismatches", "seed", "batches", "txs"].map(|name| number(&document, name)), [0, 11, 3, 360]);
        let functions = document["functions"].as_array().expect("a list");
        let mut calls = number(&document["strays"], "calls");
        for function in functions {
            let ends = ["success", "revert", "halt", "invalid"].map(|end| number(function, end));
            assert_eq!(ends.iter().sum::<u64>(), number(function, "calls"), "{function}");
            assert!(number(function, "leaves_reached") <= number(function, "leaves"), "{function}");
            let ran = function["lanes_run"].as_object().expect("lanes").values().filter_map(Value::as_u64).sum::<u64>();
            // Two backends, each whole and cut, and one of them with each of two lanes forced.
            assert_eq!(ran, 6 * number(function, "calls"), "{function}");
            calls += number(function, "calls");
        }
        assert_eq!(calls, 360);
        let of = |signature: &str| functions.iter().find(|function| function["signature"] == signature).expect("it is listed");
        let transfer = of("transferFrom(address,address,uint256)");
        assert!(number(transfer, "success") > 0 && number(transfer, "revert") > 0, "{transfer}");
        assert_eq!(of("approve(address,uint256)")["lane"], "wave");
    }
}

#[test]
fn a_seed_repeats_a_run() {
    let of = |name| {
        let mut document = verified("kernels/managed_token/ManagedToken.noopt.json", name, &["--backend", "cpu"]);
        // Where a call runs hangs on how fast the machine is.
        let functions = document["functions"].as_array_mut().expect("a list");
        functions.iter_mut().for_each(|function| function["lanes_run"] = Value::Null);
        document["strays"]["lanes_run"] = Value::Null;
        document
    };
    assert_eq!(of("once"), of("again"));
}

#[test]
fn all_backends_do_with_what_there_is() {
    let document = verified(TOKEN, "all", &["--accounts", "5"]);
    let backends = document["backends"].as_array().expect("a list");
    assert_eq!((&backends[0], &backends[1]), (&"reference".into(), &"cpu".into()));
    assert!(backends.get(2).is_none_or(|gpu| gpu.as_str().is_some_and(|gpu| gpu.starts_with("gpu ("))), "{backends:?}");
}

#[test]
fn code_without_an_abi_is_verified_by_its_selectors() {
    let folder = Folder::new("verify-raw");
    let document: Value = serde_json::from_str(&read(TOKEN)).expect("JSON");
    let code = folder.file("code.hex", document.pointer("/deployedBytecode/object").and_then(Value::as_str).expect("code"));
    let found = verified(&code, "raw", &["--backend", "cpu"]);
    let transfer = found["functions"].as_array().expect("a list").iter().find(|function| function["signature"] == "0xa9059cbb");
    assert!(transfer.is_some_and(|transfer| transfer["success"].as_u64() > Some(0)), "{found}");
}

#[test]
fn a_function_that_never_succeeds_is_told_of() {
    let folder = Folder::new("verify-never");
    let abi = r#"[{"type": "function", "name": "lost", "inputs": [], "stateMutability": "nonpayable"}]"#;
    let artifact = folder.file("Lost.json", format!(r#"{{"abi": {abi}, "deployedBytecode": "0x5f5ffd"}}"#));
    let table = printed(&["verify", &artifact, "--batches", "1", "--txs", "20", "--backend", "cpu"]);
    assert!(table.contains("NEVER SUCCEEDED: lost()") && table.contains(" seed "), "{table}");
}

#[track_caller]
fn refused(code: i32, more: &[&str], part: &str) {
    let output = run(&[&["verify", TOKEN, "--batches", "1", "--txs", "10"], more].concat());
    let said: Vec<String> = stderr(&output).lines().map(String::from).collect();
    assert_eq!((output.status.code(), said.len()), (Some(code), 1), "{said:?}");
    assert!(said[0].starts_with("error: ") && said[0].contains(part), "{said:?} lacks {part:?}");
    assert!(output.stdout.is_empty());
}

#[test]
fn what_cannot_be_is_refused_in_a_line() {
    refused(2, &["--backend", "cuda"], "expected gpu, cpu, reference, revm or auto");
    refused(2, &["--accounts", "1"], "1 accounts: expected 2 to");
    refused(2, &["--accounts", "few"], "--accounts \"few\"");
    refused(2, &["--seed", "-1"], "-1");
    refused(2, &["--contract", "Coin"], "the contract Coin");
    refused(2, &["--json", "no/such/folder/out.json"], "expected a file that can be written");
    for backend in ["gpu", "all"] {
        refused(3, &["--backend", backend, "--adapter", "no such device"], "no such device");
    }
}
