//! Contracts in every shape that is accepted, and what their interfaces become.

use super::Folder;
use crate::host::{AbiFunction, Artifact, Mutability};
use alloy_primitives::bytes;
use serde_json::{Value, json};

/// The ABI of a small token, as compilers since 0.6 write it.
pub fn abi() -> Value {
    json!([
        {"type": "constructor", "inputs": [{"name": "supply", "type": "uint256"}], "stateMutability": "nonpayable"},
        {"type": "event", "name": "Transfer", "inputs": [], "anonymous": false},
        {"type": "function", "name": "transfer", "stateMutability": "nonpayable", "outputs": [{"name": "", "type": "bool"}],
         "inputs": [{"name": "to", "type": "address"}, {"name": "amount", "type": "uint256"}]},
        {"type": "function", "name": "balanceOf", "stateMutability": "view", "inputs": [{"name": "", "type": "address"}]},
        {"type": "receive", "stateMutability": "payable"},
        {"type": "fallback", "stateMutability": "nonpayable"},
    ])
}

pub fn selectors() -> Value {
    json!({"transfer(address,uint256)": "a9059cbb", "balanceOf(address)": "70a08231"})
}

/// The same contract in every shape.
pub fn shapes() -> Vec<(&'static str, Value)> {
    let references = json!({"7": [{"start": 1, "length": 32}]});
    let foundry = json!({"object": "0x6001", "immutableReferences": references});
    let solc = json!({"abi": abi(), "evm": {"deployedBytecode": {"object": "6001", "immutableReferences": references},
                                            "methodIdentifiers": selectors()}});
    let vyper = json!({"abi": abi(), "bytecode": "0x60", "bytecode_runtime": "0x6001", "method_identifiers": selectors(),
                       "layout": {"code_layout": {"LIMIT": {"type": "uint256"}}}});
    let combined = json!({"abi": abi(), "bin-runtime": "6001", "hashes": selectors()});
    let combined_text = json!({"abi": abi().to_string(), "bin-runtime": "6001"});
    let standard = json!({"sources": {}, "contracts": {"src/Token.sol": {"Token": solc}}});
    vec![
        ("Foundry", json!({"abi": abi(), "deployedBytecode": foundry, "methodIdentifiers": selectors(), "id": 7})),
        (
            "Hardhat",
            json!({"_format": "hh3-artifact-1", "contractName": "Token", "sourceName": "src/Token.sol", "abi": abi(),
                           "deployedBytecode": "0x6001", "immutableReferences": references}),
        ),
        ("solc", standard.clone()),
        ("one contract of solc", solc),
        ("a build of Hardhat", json!({"_format": "hh-sol-build-info-1", "solcVersion": "0.8.37", "output": standard})),
        ("solc --combined-json", json!({"contracts": {"src/Token.sol:Token": combined}, "version": "0.8.37"})),
        ("solc --combined-json until 0.8", json!({"contracts": {"src/Token.sol:Token": combined_text}, "version": "0.4.24"})),
        ("Vyper", vyper.clone()),
        ("vyper -f combined_json", json!({"src/Token.vy": vyper, "version": "0.4.3"})),
    ]
}

#[test]
fn every_shape_is_the_same_contract() {
    let function = |signature: &str, mutability| AbiFunction { mutability: Some(mutability), ..AbiFunction::from_signature(signature) };
    for (tool, document) in shapes() {
        let artifact = Artifact::parse(document.to_string().as_bytes(), "Token", None).unwrap();
        let expected = Artifact {
            name: "Token".into(),
            code: bytes!("6001"),
            functions: Some(vec![
                function("balanceOf(address)", Mutability::View),
                function("transfer(address,uint256)", Mutability::NonPayable),
            ]),
            receive: Some(Mutability::Payable),
            fallback: Some(Mutability::NonPayable),
            // Combined JSON says nothing of them.
            immutables: !tool.contains("combined-json"),
        };
        assert_eq!(artifact, expected, "{tool}");
    }
}

#[test]
fn bare_code_is_a_contract_without_functions() {
    let response = r#"{"jsonrpc": "2.0", "id": 1, "result": "0x6001"}"#;
    for text in ["0x6001", "6001", "\n  0x6001\r\n", "\"0x6001\"", response] {
        let artifact = Artifact::parse(text.as_bytes(), "Token", Some("Token")).unwrap();
        assert_eq!(artifact, Artifact { name: "Token".into(), code: bytes!("6001"), ..Artifact::default() }, "{text}");
    }
}

#[test]
fn contracts_are_named_after_their_fields_or_their_files() {
    let folder = Folder::new("names");
    let foundry = json!({"deployedBytecode": {"object": "6001"}});
    let mut with_target = foundry.clone();
    with_target["metadata"] = json!({"settings": {"compilationTarget": {"src/Coin.sol": "Coin"}}});
    let named = json!({"contractName": "Coin", "deployedBytecode": {"object": "6001"}});
    for (file, contents, choice, name) in [
        ("Token.bin-runtime", "6001".to_owned(), "Token", "Token"),
        ("Token.opt.json", foundry.to_string(), "Token", "Token"),
        ("Token.json", named.to_string(), "Coin", "Coin"),
        ("Token.json", with_target.to_string(), "src/Coin.sol:Coin", "Coin"),
    ] {
        let path = folder.file(file, contents);
        assert_eq!(Artifact::read(&path, None).unwrap().name, name, "{file}");
        assert_eq!(Artifact::read(&path, Some(choice)).unwrap().name, name, "{file}");
    }
}

#[test]
fn one_of_several_is_chosen() {
    let solc = |object: &str| json!({"evm": {"deployedBytecode": {"object": object}}});
    let sources = json!({
        "a.sol": {"Token": solc("01"), "Vault": solc("02"), "IToken": solc("")},
        "b.sol": {"Token": solc("03")},
    });
    let document = json!({"contracts": sources}).to_string();
    for (choice, code) in [("Vault", bytes!("02")), ("a.sol:Token", bytes!("01")), ("b.sol:Token", bytes!("03"))] {
        assert_eq!(Artifact::parse(document.as_bytes(), "", Some(choice)).unwrap().code, code, "{choice}");
    }
    // An interface, which has no code, does not make a choice necessary.
    let document = json!({"contracts": {"a.sol": {"IToken": solc(""), "Token": solc("01")}}}).to_string();
    assert_eq!(Artifact::parse(document.as_bytes(), "", None).unwrap().name, "Token");
    let document = json!({"a.vy": {"bytecode_runtime": "0x01"}, "b.vy": {"bytecode_runtime": "0x02"}}).to_string();
    assert_eq!(Artifact::parse(document.as_bytes(), "", Some("b.vy")).unwrap().code, bytes!("02"));
}

fn functions(document: Value) -> Vec<AbiFunction> {
    Artifact::parse(document.to_string().as_bytes(), "Token", None).unwrap().functions.unwrap()
}

#[test]
fn signatures_are_canonical() {
    let point = json!([{"type": "uint"}, {"type": "int"}]);
    let cases = [
        (json!([]), "f()", Some(4)),
        (json!([{"type": "uint"}, {"type": "int[2]"}, {"type": "byte"}]), "f(uint256,int256[2],bytes1)", Some(4 + 4 * 32)),
        (json!([{"type": "fixed"}, {"type": "ufixed[]"}]), "f(fixed128x18,ufixed128x18[])", Some(4 + 5 * 32)),
        (json!([{"type": "tuple", "components": point}]), "f((uint256,int256))", Some(4 + 64)),
        (json!([{"type": "tuple[2][]", "components": point}]), "f((uint256,int256)[2][])", Some(4 + 64 + 8 * 32)),
        (
            json!([{"type": "tuple", "components": [{"type": "tuple[3]", "components": point}, {"type": "bytes"}]}]),
            "f(((uint256,int256)[3],bytes))",
            Some(4 + 32 + 6 * 32 + 64),
        ),
        (json!([{"type": "Roles.Role storage"}]), "f(Roles.Role storage)", None),
    ];
    for (inputs, signature, length) in cases {
        let document = json!({"abi": [{"name": "f", "inputs": inputs}], "deployedBytecode": "01"});
        let [function] = functions(document).try_into().unwrap();
        assert_eq!((function.signature.as_str(), function.calldata_length), (signature, length));
    }
}

#[test]
fn lengths_and_selectors_follow_from_the_signature() {
    let cases = [
        ("transfer(address,uint256)", 0xa9059cbb, Some(68), false),
        ("totalSupply()", 0x18160ddd, Some(4), false),
        ("multicall(bytes[])", 0xac9650d8, Some(4 + 6 * 32), true),
        ("safeTransferFrom(address,address,uint256,bytes)", 0xb88d4fde, Some(164), true),
        ("exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))", 0x414bf389, Some(260), false),
        ("without parameters", 0x868295dd, None, true),
    ];
    for (signature, selector, length, dynamic) in cases {
        let function = AbiFunction::from_signature(signature);
        assert_eq!(u32::from_be_bytes(function.selector), selector, "{signature}");
        assert_eq!((function.calldata_length, function.dynamic), (length, dynamic), "{signature}");
    }
}

#[test]
fn mutability_is_what_the_abi_says_in_any_age() {
    let abi = json!([
        {"name": "a", "stateMutability": "pure"},
        {"name": "b", "constant": true, "payable": false},
        {"name": "c", "constant": false, "payable": true},
        {"name": "d"},
    ]);
    let functions = functions(json!({"abi": abi, "deployedBytecode": "01"}));
    let said: Vec<_> = functions.iter().map(|function| (function.payable().unwrap(), function.view().unwrap())).collect();
    assert_eq!(said, [(false, true), (false, true), (true, false), (false, false)]);
}

#[test]
fn selectors_rule_where_they_are_listed() {
    // A library's functions are called by the names of its types, which its ABI does not tell.
    let abi = json!([{"name": "f", "inputs": [{"type": "tuple", "components": [{"type": "uint256"}]}]}]);
    let listed = json!({"f(Lib.S)": "7744dc1e"});
    let library = json!({"abi": abi, "deployedBytecode": {"object": "01"}, "methodIdentifiers": listed});
    assert_eq!(functions(library), [AbiFunction::from_signature("f(Lib.S)")]);
    let alone = json!({"deployedBytecode": {"object": "01"}, "methodIdentifiers": selectors()});
    let [balance, transfer] = functions(alone).try_into().unwrap();
    assert_eq!((balance.payable(), transfer.payable(), transfer.calldata_length), (None, None, Some(68)));
    let unlisted = json!({"abi": abi, "deployedBytecode": {"object": "01"}, "methodIdentifiers": {}});
    assert_eq!(functions(unlisted)[0].signature, "f((uint256))");
    let vyper = json!({"bytecode_runtime": "0x01", "method_identifiers": {"__default__()": "0x89402a72", "f()": "0x26121ff0"}});
    assert_eq!(functions(vyper), [AbiFunction::from_signature("f()")]);
}
