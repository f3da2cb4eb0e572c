//! Contracts from elsewhere and traps of our own (`tests/fixtures/`): each loads, says whose it is, takes the lanes that are written down,
//! and gives in random batches what revm gives. `UPDATE_GOLDEN=1` rewrites the lanes; whoever does that judges them by hand.

mod common;

use alloy_primitives::{Address, B256, U256, b256, uint};
use clearwave::evm::{self, Entry};
use clearwave::host::{Artifact, Mutability};
use clearwave::ir::access::{Access, Best};
use clearwave::state::{CellKey, Slot};
use clearwave::{Backend, Status};
use common::harness::{Engines, Lanes};
use common::{Case, Contract, Random, case};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

const FOLDER: &str = "tests/fixtures";
const PERMISSIVE: &[&str] = &["MIT", "Apache-2.0", "CC0-1.0", "Unlicense", "WTFPL", "BSD-3-Clause"];

/// `traps/Locks` and `opt` of `tests/fixtures/traps/Locks.opt.json`.
fn title(contract: &Contract) -> (String, String) {
    let folder = contract.file.parent().and_then(Path::file_name).expect("artifacts lie in a folder").to_string_lossy();
    let name = contract.file.file_name().expect("a file").to_string_lossy();
    let [name, setting, "json"] = name.split('.').collect::<Vec<_>>()[..] else { panic!("{name} is not <Name>.<setting>.json") };
    (format!("{folder}/{name}"), setting.to_string())
}

/// All but those that have tests of their own: `proxies`, `lists` and `bounds`.
fn fixtures() -> Vec<Contract> {
    Contract::below(FOLDER, &["proxy", "bounds"])
}

fn artifact(contract: &Contract) -> Artifact {
    Artifact::read(&contract.file, None).unwrap_or_else(|error| panic!("{error}"))
}

/// The same contract with only those functions that may change something.
fn changing(contract: &Contract) -> Contract {
    let views: BTreeSet<String> =
        artifact(contract).functions.into_iter().flatten().filter(|f| f.view() == Some(true)).map(|f| f.signature).collect();
    let functions = contract.functions.iter().filter(|(signature, _)| !views.contains(signature)).cloned().collect();
    Contract { file: contract.file.clone(), code: contract.code.clone(), functions }
}

#[test]
fn every_artifact_loads_and_says_whose_it_is() {
    let readme = std::fs::read_to_string(Path::new(FOLDER).join("README.md")).expect("the fixtures have a table");
    let all = fixtures();
    assert!(all.len() > 90, "{} artifacts", all.len());
    for contract in &all {
        let (title, _) = title(contract);
        let artifact = artifact(contract);
        assert!(title.ends_with(&format!("/{}", artifact.name)), "{title} holds {}", artifact.name);
        assert_eq!(artifact.code, contract.code, "{title}");
        let text = std::fs::read_to_string(&contract.file).expect("it was read before");
        let json: serde_json::Value = serde_json::from_str(&text).expect("artifacts are JSON");
        let licence = json["licence"].as_str().unwrap_or_else(|| panic!("{title} names no licence"));
        let terms = licence.split("; ").flat_map(|part| part.split(" for ").next()).flat_map(|part| part.split(" OR "));
        assert!(terms.into_iter().all(|term| PERMISSIVE.contains(&term)), "{title} is under {licence}");
        let source = json["source"].as_str().unwrap_or_else(|| panic!("{title} names no source"));
        assert!(readme.contains(source), "the table does not name {source}, of {title}");
        let compiler = json["compiler"]["version"].as_str();
        assert!(compiler.is_none_or(|version| readme.contains(version.split('+').next().unwrap_or(version))), "{title}: {compiler:?}");
    }
}

/// The ways to call a contract that may change something.
fn entries(artifact: &Artifact) -> Vec<(String, Entry)> {
    let pay = |mutability: Option<Mutability>| mutability == Some(Mutability::Payable);
    let functions = artifact.functions.iter().flatten().filter(|function| function.view() != Some(true));
    let called =
        functions.filter_map(|f| f.calldata_length.map(|length| (f.signature.clone(), Some(f.selector), length, pay(f.mutability))));
    let receive = artifact.receive.map(|mutability| ("receive()".to_string(), None, 0, pay(Some(mutability))));
    let fallback = artifact.fallback.map(|mutability| ("fallback()".to_string(), Some([0xff; 4]), 4, pay(Some(mutability))));
    let all = called.chain(receive).chain(fallback);
    all.flat_map(|(name, selector, calldata_bytes, pays)| {
        let entry = move |with_value| Entry { selector, calldata_bytes, with_value };
        let paid = pays.then(|| (format!("{name} with value"), entry(true)));
        [(name, entry(false))].into_iter().chain(paid)
    })
    .collect()
}

fn lane(artifact: &Artifact, entry: Entry) -> String {
    let Ok(kernel) = evm::lower(&artifact.code, entry) else { return Best::Fallback.to_string() };
    let escapes = kernel.leaves.iter().any(|leaf| matches!(leaf.outcome, clearwave::ir::Outcome::Escape { .. }));
    let lane = Access::of(&kernel).lane();
    // Some of the calls go to revm, as a path of the code does something that does not lower.
    if escapes && lane != Best::Fallback { format!("{lane}*") } else { lane.to_string() }
}

/// A contract to a paragraph, a setting to a column.
fn lanes() -> String {
    let mut contracts: BTreeMap<String, BTreeMap<String, Vec<(String, String)>>> = BTreeMap::new();
    for contract in &fixtures() {
        let (title, setting) = title(contract);
        let artifact = artifact(contract);
        let rows = entries(&artifact).into_iter().map(|(name, entry)| (name, lane(&artifact, entry))).collect();
        contracts.entry(title).or_default().insert(setting, rows);
    }
    let mut text = String::new();
    for (title, settings) in &contracts {
        let columns = |cells: Vec<&str>| cells.iter().map(|cell| format!("{cell:<16}")).collect::<String>();
        let head = columns(settings.keys().map(String::as_str).collect());
        _ = writeln!(text, "{title}\n  {}", head.trim_end());
        let names = settings.values().next().expect("a contract has a setting").iter().map(|(name, _)| name);
        for (row, name) in names.enumerate() {
            let cells = settings.values().map(|rows| rows[row].1.as_str()).collect();
            _ = writeln!(text, "  {}{name}", columns(cells));
        }
        text.push('\n');
    }
    text
}

#[test]
fn functions_take_the_lanes_that_are_written_down() {
    let (file, found) = (Path::new(FOLDER).join("lanes.txt"), lanes());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &found).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut title = "";
    for (expected, found) in expected.lines().zip(found.lines()) {
        title = if found.starts_with(' ') { title } else { found };
        assert_eq!(found, expected, "{title}: not as in {}; UPDATE_GOLDEN=1 rewrites it", file.display());
    }
    assert_eq!(found, expected, "{} has other lines; UPDATE_GOLDEN=1 rewrites it", file.display());
}

/// Runs a case on a backend, whole and cut, and adds up where its transactions ran.
fn check(engines: &mut Engines, what: &str, case: &Case, backend: Backend, lanes: &mut Lanes) -> Vec<Status> {
    let truth = engines.truth(case).unwrap_or_else(|error| panic!("{what}: {error}"));
    for split in [usize::MAX, 7] {
        let ran = engines.compare(case, &truth, backend, split).unwrap_or_else(|error| panic!("{what}: {error}"));
        ran.into_iter().for_each(|(lane, count)| *lanes.entry(lane).or_default() += count);
    }
    truth.report.receipts.iter().map(|receipt| receipt.status).collect()
}

/// Functions of traps that no random call gets through.
const NEVER: &[&str] = &[
    "Doomed hopeless(address)",
    "Events regret(uint256)",
    "Panics called()",
    "Panics invalid()",
    "Signatures permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
];

/// Changes the storage that a case starts from: half of it or nothing is there yet, or words about where the traps' tests turn.
fn bend(case: &mut Case, seed: u64) {
    const TURNS: [U256; 5] = [
        U256::MAX,
        uint!(0xffffffffffffffffffffffff_U256),
        uint!(0x8000000000000000000000000000000000000000000000000000000000000000_U256),
        uint!(100_U256),
        uint!(1000_U256),
    ];
    let random = &mut Random::new(seed);
    let storage = case.cells.iter_mut().filter(|(key, _)| key.slot != Slot::Native);
    for (_, value) in storage {
        match (seed % 4, random.below(2)) {
            (1, 0) | (3, _) => *value = U256::ZERO,
            (2, 0) => *value = random.pick(&TURNS).wrapping_add(U256::from(random.below(5))).wrapping_sub(U256::from(2)),
            _ => {}
        }
    }
}

#[test]
fn random_batches_give_what_revm_gives() {
    let mut engines = Engines::default();
    let (mut lanes, mut reached, mut functions) = (Lanes::new(), BTreeSet::new(), BTreeSet::new());
    for contract in &fixtures() {
        let (title, setting) = title(contract);
        let name = |signature: &str| format!("{} {signature}", title.trim_start_matches("traps/"));
        let trap = title.starts_with("traps/");
        let changing = changing(contract);
        if trap {
            functions.extend(changing.functions.iter().map(|(signature, _)| name(signature)));
        }
        for seed in 0..if trap { 8 } else { 3 } {
            let (transactions, accounts) = [(60, 4), (30, 2), (60, 3)][seed as usize % 3];
            let what = format!("{title}.{setting} with seed {seed}");
            let called = if seed % 2 == 0 { contract } else { &changing };
            let mut case = case(seed, &[called], transactions, accounts);
            bend(&mut case, seed);
            check(&mut engines, &what, &case, Backend::Reference, &mut Lanes::new());
            let statuses = check(&mut engines, &what, &case, Backend::Cpu, &mut lanes);
            for (transaction, status) in case.batch.transactions.iter().zip(statuses) {
                let called = contract.functions.iter().find(|(_, selector)| transaction.data.starts_with(selector));
                reached.extend(called.filter(|_| status == Status::Success).map(|(signature, _)| name(signature)));
            }
        }
    }
    println!("lanes {lanes:?}");
    let missed: Vec<_> = functions.iter().filter(|function| !reached.contains(*function) && !NEVER.contains(&function.as_str())).collect();
    assert!(missed.is_empty(), "no call succeeds of {missed:?}");
}

#[test]
fn what_stands_behind_a_proxy_gives_what_revm_gives() {
    let mut engines = Engines::default();
    // Where EIP-1967 keeps the implementation. A clone has it in its code: the address of the first contract of a case.
    const IMPLEMENTATION: B256 = b256!("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
    let all = fixtures();
    let implementation = all.iter().find(|contract| title(contract).0 == "openzeppelin5/UpgradeableToken").expect("it is there");
    let proxies: Vec<_> =
        all.iter().filter(|contract| title(contract).0.ends_with("Proxy") || title(contract).0.ends_with("Clone")).collect();
    assert_eq!(proxies.len(), 5);
    for proxy in proxies {
        // Called as what stands behind it.
        let proxy = Contract { file: proxy.file.clone(), code: proxy.code.clone(), functions: implementation.functions.clone() };
        for seed in [3, 4] {
            let what = format!("{} with seed {seed}", proxy.file.display());
            let mut case = case(seed, &[implementation, &proxy], 100, 3);
            let [behind, before] = [0, 1].map(|at| case.contracts[at].0);
            let same: Vec<_> = case.cells.iter().filter(|(key, _)| key.address == behind && key.slot != Slot::Native).collect();
            let same: Vec<_> = same.into_iter().map(|(key, value)| (CellKey { address: before, slot: key.slot }, *value)).collect();
            case.cells.extend(same);
            case.cells.insert(CellKey { address: before, slot: Slot::Storage(IMPLEMENTATION) }, address_word(behind));
            let statuses = check(&mut engines, &what, &case, Backend::Cpu, &mut Lanes::new());
            let succeed = case.batch.transactions.iter().zip(statuses);
            let succeed = succeed.filter(|(transaction, status)| transaction.to == before && *status == Status::Success).count();
            assert!(succeed > 5, "{what}: {succeed} calls of the proxy succeed");
        }
    }
}

fn address_word(address: Address) -> U256 {
    address.into_word().into()
}

#[test]
fn contracts_that_call_each_other_give_what_revm_gives() {
    let mut engines = Engines::default();
    let all = fixtures();
    let named = |name: &str| all.iter().find(|contract| title(contract).0 == name).unwrap_or_else(|| panic!("{name} is not there"));
    // A vault's shares are backed by the second contract of a case.
    for pair in
        [["openzeppelin4/Shares", "openzeppelin4/Plain"], ["openzeppelin5/Shares", "solady/Token"], ["traps/RareCall", "traps/Payouts"]]
    {
        for seed in [6, 7] {
            let what = format!("{pair:?} with seed {seed}");
            let case = case(seed, &pair.map(named), 100, 3);
            check(&mut engines, &what, &case, Backend::Reference, &mut Lanes::new());
            check(&mut engines, &what, &case, Backend::Cpu, &mut Lanes::new());
        }
    }
}

#[test]
fn the_device_gives_what_revm_gives() {
    let mut engines = Engines::default();
    let handful = ["traps/LatestLoad", "traps/Demands", "traps/Sentinel", "traps/Locks", "solady/Token", "openzeppelin5/Capped"];
    let (mut lanes, mut met) = (Lanes::new(), BTreeSet::new());
    for contract in fixtures() {
        let (title, setting) = title(&contract);
        if setting == "opt" && handful.contains(&title.as_str()) {
            let mut case = case(5, &[&contract], 60, 4);
            bend(&mut case, 5);
            check(&mut engines, &format!("{title}.{setting} with seed 5"), &case, Backend::Gpu, &mut lanes);
            met.insert(title);
        }
    }
    assert_eq!(met.len(), handful.len(), "{met:?}");
    println!("lanes {lanes:?}");
}
