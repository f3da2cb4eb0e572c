//! Everything that can be wrong with what is given: one line that says what, and the exit code.

use super::{Folder, read, run, stderr};

const TOKEN: &str = "kernels/token/Token.opt.json";
const BLOCK: &str = "assets/mainnet/blocks/2675000.json";
const PRESTATE: &str = "assets/mainnet/prestate/2675000.json";
const TOKENS: &str = "assets/mainnet/tokens.json";

/// That a call ends with `code` and a line on stderr that contains each of `parts`, with nothing of ours before it.
#[track_caller]
fn refused(code: i32, arguments: &[&str], parts: &[&str]) {
    let output = run(arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.starts_with("error: ") && said.ends_with('\n') && said.lines().count() == 1, "{arguments:?}: {said:?}");
    assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?}: {said:?} lacks one of {parts:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[track_caller]
fn replay_refused(code: i32, blocks: &str, prestate: &str, tokens: &str, more: &[&str], parts: &[&str]) {
    let arguments = [&["replay", blocks, "--prestate", prestate, "--tokens", tokens], more].concat();
    refused(code, &arguments, parts);
}

#[test]
fn usage() {
    refused(2, &[], &["subcommand"]);
    refused(2, &["prosper"], &["'prosper'"]);
    refused(2, &["replay", BLOCK], &["--prestate", "--tokens"]);
    refused(2, &["inspect", TOKEN, "--yaml"], &["'--yaml'"]);
    refused(2, &["lower", TOKEN, "--function", "transfer(address,uint256)", "--emit", "cuda"], &["'cuda'", "wgsl"]);
    let backends = ["\"opencl\"", "expected gpu, cpu, reference, revm or auto"];
    replay_refused(2, BLOCK, PRESTATE, TOKENS, &["--backend", "opencl"], &backends);
    replay_refused(2, BLOCK, PRESTATE, TOKENS, &["--backend", "cpu", "--adapter", "0"], &["--adapter", "found cpu"]);
}

#[test]
fn files_that_are_not_there() {
    replay_refused(2, "no/block.json", PRESTATE, TOKENS, &[], &["no/block.json", "expected a file, found nothing"]);
    replay_refused(2, BLOCK, "no/prestate.json", TOKENS, &[], &["no/prestate.json", "expected a file, found nothing"]);
    replay_refused(2, BLOCK, PRESTATE, "no/tokens.json", &[], &["no/tokens.json", "expected a file, found nothing"]);
    refused(2, &["inspect", "no/artifact.json"], &["no/artifact.json", "expected a file, found nothing"]);
    let folder = Folder::new("empty");
    replay_refused(2, &folder.path(""), PRESTATE, TOKENS, &[], &["expected *.json files, found none"]);
}

#[test]
fn files_that_hold_something_else() {
    let folder = Folder::new("files");
    let block = read(BLOCK);
    let truncated = folder.file("truncated.json", &block[..block.len() / 2]);
    replay_refused(2, &truncated, PRESTATE, TOKENS, &[], &["truncated.json", "line 1 column", "expected JSON"]);
    let odd = folder.file("odd.json", block.replacen("\"input\":\"0x\"", "\"input\":\"0xabc\"", 1));
    replay_refused(2, &odd, PRESTATE, TOKENS, &[], &["odd.json", "transactions[0].input", "an odd number of digits"]);
    let value = format!("\"value\":\"0x1{}\"", "0".repeat(64));
    let wide = folder.file("wide.json", block.replacen("\"value\":\"0x16ebf60a31618800\"", &value, 1));
    replay_refused(2, &wide, PRESTATE, TOKENS, &[], &["wide.json", "transactions[0].value", "at most 256 bits"]);
    let tokens = folder.file("tokens.json", r#"{"0x12": {"balanceOf_slot": 0}}"#);
    replay_refused(2, BLOCK, PRESTATE, &tokens, &[], &["tokens.json", "expected an address"]);
    replay_refused(2, BLOCK, BLOCK, TOKENS, &[], &[BLOCK, "expected"]);
}

#[test]
fn prestates_that_cannot_be() {
    let folder = Folder::new("prestates");
    let half = format!("0x8{}", "0".repeat(63));
    let [alice, bob] = ["0x00000000000000000000000000000000000000a1", "0x00000000000000000000000000000000000000b0"];
    let rich = format!(r#"{{"{alice}": {{"balance": "{half}"}}, "{bob}": {{"balance": "{half}"}}}}"#);
    let rich = folder.file("rich.json", rich);
    replay_refused(2, BLOCK, &rich, TOKENS, &["--backend", "cpu"], &["rich.json", "block 2675000", "2^256"]);
}

#[test]
fn artifacts() {
    let folder = Folder::new("artifacts");
    let bare = folder.file("Bare.json", r#"{"abi": [], "deployedBytecode": "0x"}"#);
    refused(2, &["inspect", &bare], &["Bare.json", "runtime code"]);
    let odd = folder.file("odd.hex", "0x600");
    refused(2, &["inspect", &odd], &["odd.hex", "an odd number of digits"]);
    refused(2, &["inspect", TOKEN, "--contract", "Coin"], &[TOKEN, "the contract Coin", "Token"]);
}

#[test]
fn functions() {
    let lower = |function, more: &[&str], parts: &[&str]| {
        refused(2, &[&["lower", TOKEN, "--function", function, "--emit", "ir"], more].concat(), parts);
    };
    lower("mint(address)", &[], &[TOKEN, "mint(address)", "expected one of", "transfer(address,uint256)"]);
    lower("0x12345678", &[], &["0x12345678", "expected one of"]);
    lower("0x123", &[], &["0x123", "8 hex digits"]);
    lower("receive()", &[], &["receive()", "expected one of"]);
    let folder = Folder::new("endless");
    let endless = folder.file("loop.hex", "0x5b600056");
    refused(2, &["lower", &endless, "--function", "0x12345678", "--emit", "ir"], &["loop.hex", "does not lower: too many steps at byte"]);
    lower("transfer(address,uint256)", &["--entry", "net"], &["--entry"]);
    refused(2, &["lower", TOKEN, "--function", "0xa9059cbb", "--emit", "msl", "--entry", "main"], &["entry point main", "net"]);
    lower("transfer(address,uint256)", &["--calldata-bytes", "many"], &["'many'"]);
    lower("transfer(address,uint256)", &["--calldata-bytes", "1000000"], &["the calldata is too long"]);
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = Folder::new("outputs");
    let transfer = ["lower", TOKEN, "--function", "transfer(address,uint256)", "--emit", "ir", "-o"];
    for output in [folder.path(""), folder.path("no/such/folder")] {
        refused(2, &[&transfer, &[output.as_str()][..]].concat(), &[&output, "expected a file that can be written"]);
        for option in ["--receipts", "--diff"] {
            let options = ["--backend", "cpu", option, &output];
            replay_refused(2, BLOCK, PRESTATE, TOKENS, &options, &[&output, "expected a file that can be written"]);
        }
    }
}

#[test]
fn devices_that_are_not_there() {
    replay_refused(3, BLOCK, PRESTATE, TOKENS, &["--backend", "gpu", "--adapter", "no such device"], &[]);
}
