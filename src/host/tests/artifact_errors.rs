//! What is said of files that are no contract, or not the one that is meant.

use super::artifacts::{abi, selectors};
use super::{Folder, check, message};
use crate::error::Result;
use crate::host::Artifact;
use serde_json::{Value, json};

fn parse(text: &[u8]) -> Result<Artifact> {
    Artifact::parse(text, "Token", None)
}

#[test]
fn shapes() {
    let no_code = json!({"contracts": {"a.sol": {"IToken": {"evm": {"deployedBytecode": {"object": ""}}}}}});
    let no_list = json!({"contracts": {"a.sol": 7}});
    let cases = [
        (json!([1]), "expected a compiled contract of Foundry, Hardhat, solc or Vyper, found a list of 1"),
        (
            json!({"abi": [], "bytecode": "0x", "c": 1, "d": 1, "e": 1, "f g": 1, "h": 1}),
            "expected a compiled contract of Foundry, Hardhat, solc or Vyper, \
             found an object with abi, bytecode, c, d, e, \"f g\", … (7 in all)",
        ),
        (json!({"contracts": {}}), "expected a compiled contract, found none"),
        (no_list, r#"contracts["a.sol"]: expected contracts by name, found 7"#),
        (
            no_code,
            "contracts[\"a.sol\"].IToken.evm.deployedBytecode.object: expected runtime code, \
             found none: an interface or an abstract contract has no code",
        ),
        (
            json!({"contracts": {"a.sol": {"Token": {"abi": []}}}}),
            "contracts[\"a.sol\"].Token.evm.deployedBytecode.object: expected runtime code in hex, found nothing",
        ),
        (
            json!({"contracts": {"a.sol:Token": {"bin": "6001"}}, "version": "0.8.37"}),
            "contracts[\"a.sol:Token\"].bin-runtime: expected runtime code in hex, found nothing",
        ),
        (
            json!({"contracts": {"a.sol:Token": {"bin-runtime": "6001", "abi": "[{]"}}}),
            "contracts[\"a.sol:Token\"].abi: line 1 column 3: expected JSON: key must be a string",
        ),
        (
            json!({"contracts": {"a.sol:Token": {"bin-runtime": "6001", "abi": "[7]"}}}),
            "contracts[\"a.sol:Token\"].abi[0]: expected an ABI entry, found 7",
        ),
        (json!({"deployedBytecode": {}}), "deployedBytecode.object: expected runtime code in hex, found nothing"),
        (json!({"deployedBytecode": {"object": 7}}), "deployedBytecode.object: expected runtime code in hex, found 7"),
        (json!({"result": "0x"}), "result: expected runtime code, found none: an interface or an abstract contract has no code"),
    ];
    check(parse, &cases);
}

#[test]
fn code() {
    let new = format!("6001__${}$__6001", "ab".repeat(17));
    let old = format!("0x6000__src/Lib.sol:Lib{}6001", "_".repeat(23));
    let cases = [
        ("", "expected a JSON artifact or runtime code in hex, found an empty file"),
        ("  \n", "expected a JSON artifact or runtime code in hex, found an empty file"),
        ("0x", "expected runtime code, found none: an interface or an abstract contract has no code"),
        ("\"\"", "expected runtime code, found none: an interface or an abstract contract has no code"),
        ("Error compiling: token.vy", r#"expected a JSON artifact or runtime code in hex, found "Error compiling: token.vy""#),
        ("0x60016001zz", "expected runtime code in hex, found 'z' as digit 9 of \"60016001zz\""),
        ("0x60016001 6001", "expected runtime code in hex, found ' ' as digit 9 of \"60016001 6001\""),
        ("0x6001600", "expected runtime code in hex, found an odd number of digits (7)"),
        (&new, "expected linked runtime code, found the library placeholder \"__$ababababababababababababababababab$__\" at byte 2"),
        (&old, "expected linked runtime code, found the library placeholder \"__src/Lib.sol:Lib_______________________\" at byte 2"),
        ("__é", "expected a JSON artifact or runtime code in hex, found \"__é\""),
        ("6000__ab é", "expected linked runtime code, found the library placeholder \"__ab é\" at byte 2"),
    ];
    check(parse, &cases);
    assert_eq!(message(parse(b"\xff\xfe6001")), "expected a JSON artifact or runtime code in hex, found bytes that are no text");
}

#[test]
fn interfaces() {
    let with_abi = |abi: Value| json!({"abi": abi, "deployedBytecode": "0x6001"});
    let with_selectors = |selectors: Value| json!({"abi": abi(), "deployedBytecode": {"object": "0x6001"}, "methodIdentifiers": selectors});
    let mut wrong = selectors();
    wrong["transfer(address,uint256)"] = "deadbeef".into();
    let cases = [
        (with_abi(json!({})), "abi: expected a list of ABI entries, found an empty object"),
        (with_abi(json!(["f"])), r#"abi[0]: expected an ABI entry, found "f""#),
        (with_abi(json!([{"type": 1}])), "abi[0].type: expected the kind of an ABI entry, found 1"),
        (with_abi(json!([{"type": "function"}])), "abi[0].name: expected a function's name, found nothing"),
        (with_abi(json!([{"name": "f", "inputs": {}}])), "abi[0].inputs: expected a list of parameters, found an empty object"),
        (with_abi(json!([{"name": "f", "inputs": [7]}])), "abi[0].inputs[0].type: expected a type, found nothing"),
        (
            with_abi(json!([{"name": "f", "inputs": [{"type": "tuple"}]}])),
            "abi[0].inputs[0].components: expected a list of parameters, found nothing",
        ),
        (
            with_abi(json!([{"name": "f", "stateMutability": "const"}])),
            r#"abi[0].stateMutability: expected pure, view, nonpayable or payable, found "const""#,
        ),
        (with_selectors(json!([])), "methodIdentifiers: expected selectors by signature, found a list of 0"),
        (
            with_selectors(wrong),
            r#"methodIdentifiers["transfer(address,uint256)"]: expected a9059cbb, the signature's selector, found "deadbeef""#,
        ),
        (
            with_selectors(json!({"f()": "26121ff"})),
            r#"methodIdentifiers["f()"]: expected 26121ff0, the signature's selector, found "26121ff""#,
        ),
        (with_selectors(json!({"f()": 7})), r#"methodIdentifiers["f()"]: expected 26121ff0, the signature's selector, found 7"#),
    ];
    check(parse, &cases);
}

#[test]
fn choices() {
    let solc = |object: &str| json!({"evm": {"deployedBytecode": {"object": object}}});
    let many: Value = (0..12).map(|n| (format!("C{n:02}"), solc("01"))).collect::<serde_json::Map<_, _>>().into();
    let sources = json!({"a.sol": {"Token": solc("01"), "IToken": solc("")}, "b.sol": {"Token": solc("02"), "IVault": solc("0x")}});
    let cases = [
        (json!({"contracts": sources}), None, "expected one contract, or a choice by name, found a.sol:Token, b.sol:Token"),
        (json!({"contracts": sources}), Some("Token"), "expected one contract, or a choice by name, found a.sol:Token, b.sol:Token"),
        (
            json!({"contracts": sources}),
            Some("Vault"),
            "expected the contract Vault, found a.sol:IToken, a.sol:Token, b.sol:IVault, b.sol:Token",
        ),
        (
            json!({"contracts": {"a.sol": {"IToken": solc(""), "IVault": solc("")}}}),
            None,
            "expected a compiled contract with code, found interfaces and abstract contracts: a.sol:IToken, a.sol:IVault",
        ),
        (
            json!({"contracts": {"a.sol": many}}),
            None,
            "expected one contract, or a choice by name, found a.sol:C00, a.sol:C01, a.sol:C02, a.sol:C03, a.sol:C04, a.sol:C05, \
             a.sol:C06, a.sol:C07, a.sol:C08, a.sol:C09, … (12 in all)",
        ),
        (json!({"deployedBytecode": "0x6001"}), Some("Vault"), "expected the contract Vault, found Token"),
        (
            json!({"contractName": "\u{1b}[31mToken", "deployedBytecode": "0x6001"}),
            Some("Vault"),
            r#"expected the contract Vault, found "\u{1b}[31mToken""#,
        ),
    ];
    for (document, choice, expected) in cases {
        assert_eq!(message(Artifact::parse(document.to_string().as_bytes(), "Token", choice)), expected);
    }
}

#[test]
fn files_that_are_not_there() {
    let folder = Folder::new("no-artifact");
    let message = |path: &str| folder.message(Artifact::read(&folder.0.join(path), None).unwrap_err());
    assert_eq!(message("Token.json"), "DIR/Token.json: expected a file, found nothing");
    assert_eq!(message(""), "DIR/: expected a file, found a folder");
}
