//! `clearwave replay`: the blocks in assets on every backend, and what a block can hold beside them.

use super::{Folder, read, run, stderr};
use serde_json::Value;

const BLOCKS: &str = "assets/mainnet/blocks";
const PRESTATE: &str = "assets/mainnet/prestate";
const TOKENS: &str = "assets/mainnet/tokens.json";
const ALICE: &str = "0x00000000000000000000000000000000000000a1";
const BOB: &str = "0x00000000000000000000000000000000000000b0";
const COIN: &str = "0x00000000000000000000000000000000000c0111";

struct Replayed {
    receipts: String,
    diff: String,
    summary: String,
}

#[track_caller]
fn replay(blocks: &str, prestate: &str, tokens: &str, backend: &str) -> Replayed {
    let folder = Folder::new(&format!("replay-{backend}-{}", std::thread::current().name().unwrap_or_default().replace(':', "-")));
    let (receipts, diff) = (folder.path("out.csv"), folder.path("out.json"));
    let to = ["--receipts", &receipts, "--diff", &diff, "--backend", backend];
    let output = run(&[&["replay", blocks, "--prestate", prestate, "--tokens", tokens], &to[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
    Replayed { receipts: read(receipts), diff: read(diff), summary: stderr(&output) }
}

fn without_lanes(receipts: &str) -> Vec<&str> {
    receipts.lines().map(|line| line.rsplit_once(',').expect("columns").0).collect()
}

#[test]
fn backends_agree_on_real_blocks() {
    let cpu = replay(BLOCKS, PRESTATE, TOKENS, "cpu");
    for backend in ["reference", "revm"] {
        let other = replay(BLOCKS, PRESTATE, TOKENS, backend);
        assert_eq!(without_lanes(&other.receipts), without_lanes(&cpu.receipts), "{backend}");
        assert!(other.diff == cpu.diff, "{backend}");
        let lanes = other.receipts.lines().skip(1).filter_map(|line| line.rsplit(',').next());
        assert!(lanes.filter(|lane| !lane.is_empty()).all(|lane| lane == backend));
    }
    assert!(cpu.receipts.starts_with("block,index,status,lane\n2675000,0,success,clear\n"), "{}", &cpu.receipts[..80]);
    assert!(cpu.diff.starts_with("{\n  \"2675000\": {\n    \"native\": {\n      \"0x"), "{}", &cpu.diff[..80]);
    let summary: Vec<&str> = cpu.summary.lines().collect();
    let [head, plain, token, skipped, time] = summary[..] else { panic!("{summary:?}") };
    assert_eq!(head, "4 blocks, 952 transactions, on cpu");
    assert_eq!(plain, "plain transfer      530  clear 530; success 530");
    assert!(token.starts_with("token call          343  clear ") && token.ends_with("; success 313, revert 30"), "{token}");
    assert_eq!(skipped, "skipped              79  create 3, token not listed 5, other call 71");
    assert!(time.starts_with("873 transactions in ") && time.ends_with(" a second"), "{time}");
}

/// A block of these transactions (from, to, value, input), as a file.
fn block(folder: &Folder, transactions: &[(&str, Option<&str>, u64, String)]) -> String {
    let transactions = transactions.iter().map(|(from, to, value, input)| {
        let to = to.map_or("null".into(), |to| format!("{to:?}"));
        format!(r#"{{"from": {from:?}, "to": {to}, "value": "{value:#x}", "input": {input:?}}}"#)
    });
    let transactions = transactions.collect::<Vec<_>>().join(",");
    let block = format!(r#"{{"number": "0x7", "timestamp": "0x1", "miner": {BOB:?}, "transactions": [{transactions}]}}"#);
    folder.file("block.json", block)
}

/// Calldata of argument words.
fn call(selector: &str, words: &[&str]) -> String {
    let words = words.iter().map(|word| format!("{:0>64}", word.trim_start_matches("0x")));
    format!("0x{selector}{}", words.collect::<String>())
}

fn on_every_backend(
    folder: &Folder,
    transactions: &[(&str, Option<&str>, u64, String)],
    prestate: &str,
    tokens: &str,
) -> (Vec<String>, Value) {
    let files = [block(folder, transactions), folder.file("prestate.json", prestate), folder.file("tokens.json", tokens)];
    let all = ["cpu", "reference", "revm"].map(|backend| replay(&files[0], &files[1], &files[2], backend));
    assert!(all.iter().all(|one| without_lanes(&one.receipts) == without_lanes(&all[0].receipts) && one.diff == all[0].diff));
    let statuses = without_lanes(&all[0].receipts).iter().skip(1).filter_map(|line| line.rsplit(',').next().map(String::from)).collect();
    (statuses, serde_json::from_str(&all[0].diff).expect("JSON"))
}

#[test]
fn a_token_without_code_is_a_token_to_calls_and_an_account_to_transfers() {
    let folder = Folder::new("codeless");
    // keccak(ALICE . 5), and 10 tokens there.
    let slot = "0x5e9d47962747e01107e18234d09097958f3f7626c12966c952111c0776febce9";
    let prestate = format!(r#"{{{ALICE:?}: {{"balance": "0x64"}}, {COIN:?}: {{"storage": {{{slot:?}: "0xa"}}}}}}"#);
    let transfer = |amount| call("a9059cbb", &[BOB, amount]);
    let transactions = [
        (ALICE, Some(COIN), 1, "0x".to_string()),
        (ALICE, Some(COIN), 0, transfer("3")),
        (ALICE, Some(COIN), 0, transfer("8")),
        (ALICE, Some(COIN), 1, transfer("1")),
        (ALICE, Some(COIN), 100, transfer("1")),
        (ALICE, Some(COIN), 0, "0xa9059cbb".to_string()),
        (ALICE, Some(COIN), 0, call("a9059cbb", &[&format!("ff{:0>62}", &BOB[2..]), "1"])),
        (ALICE, Some(COIN), 0, call("095ea7b3", &[BOB, "9"])),
        (BOB, Some(COIN), 0, call("23b872dd", &[ALICE, BOB, "0"])),
        (BOB, Some(COIN), 0, "0x00".to_string()),
        (BOB, Some(ALICE), 0, transfer("1")),
        (BOB, None, 0, "0x".to_string()),
        (BOB, Some(ALICE), 0, "0x".to_string()),
    ];
    let (statuses, diff) = on_every_backend(&folder, &transactions, &prestate, &format!(r#"{{{COIN:?}: {{"balanceOf_slot": 5}}}}"#));
    let [success, revert, invalid, skipped] = ["success", "revert", "invalid", "skipped"];
    let expected = [success, success, revert, revert, invalid, revert, revert, success, success, skipped, skipped, skipped, success];
    assert_eq!(statuses, expected);
    let expected = serde_json::json!({"7": {
        "native": {ALICE: "0x63", COIN: "0x1"},
        "tokens": {COIN: {"balances": {ALICE: "0x7", BOB: "0x3"}, "allowances": {ALICE: {BOB: "0x9"}}}},
    }});
    assert_eq!(diff, expected);
}

#[test]
fn a_token_with_code_runs_it_on_its_own_storage() {
    let folder = Folder::new("code");
    // Whoever calls it, the collector in slot 9 then has 7: balances[storage[9]] = 7, balances at slot 2. And a count in slot 1.
    let code = "0x6009546000526002602052600760406000205560015460010160015500";
    let prestate =
        format!(r#"{{{ALICE:?}: {{"balance": "0x64"}}, {COIN:?}: {{"code": {code:?}, "nonce": 1, "storage": {{"0x9": {BOB:?}}}}}}}"#);
    let transactions = [
        (ALICE, Some(COIN), 5, "0x".to_string()),
        (ALICE, Some(COIN), 1, call("a9059cbb", &[ALICE, "3"])),
        (ALICE, Some(COIN), 0, call("70a08231", &[ALICE])),
    ];
    let (statuses, diff) = on_every_backend(&folder, &transactions, &prestate, &format!(r#"{{{COIN:?}: {{"balanceOf_slot": 2}}}}"#));
    assert_eq!(statuses, ["success", "success", "skipped"]);
    let expected = serde_json::json!({"7": {"native": {ALICE: "0x5e", COIN: "0x6"}, "tokens": {COIN: {"balances": {BOB: "0x7"}}}}});
    assert_eq!(diff, expected);
}

#[test]
fn an_empty_block_leaves_nothing() {
    let folder = Folder::new("nothing");
    let (statuses, diff) = on_every_backend(&folder, &[], "{}", "{}");
    assert!(statuses.is_empty());
    assert_eq!(diff, serde_json::json!({"7": {"native": {}, "tokens": {}}}));
}

#[test]
fn roots_are_shown_to_those_who_ask() {
    let call = ["replay", BLOCKS, "--prestate", PRESTATE, "--tokens", TOKENS, "--backend", "cpu"];
    assert!(!stderr(&run(&call)).contains("root 0x"));
    assert_eq!(stderr(&run(&[&call[..], &["-v"]].concat())).matches("root 0x").count(), 4);
}
