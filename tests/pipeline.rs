//! Batches in a row through `submit` and `wait`: each ends as revm has it end, one batch after another, however far the submitting is ahead
//! of the waiting.

mod common;

use alloy_primitives::{Address, B256, Bytes, U256, b256, hex};
use clearwave::state::{CellKey, Slot};
use clearwave::{Backend, Batch, Block, Engine, Lane, Report, Status, Transaction};
use common::assembler::{Assembler, op};
use common::words::{encode, in_mapping, word};
use common::{Case, Contract, Random, case};
use std::collections::BTreeMap;
use std::path::Path;

const CALLDATASIZE: u8 = 0x36;
const DUP1: u8 = 0x80;
const SWAP1: u8 = 0x90;

const TOKEN: Address = Address::repeat_byte(0xc0);
const OTHER: Address = Address::repeat_byte(0xc1);
const THIRD: Address = Address::repeat_byte(0xc2);
const ADMIN: Address = Address::repeat_byte(0xad);

fn engine(case: &Case, backend: Backend, forced: Option<Lane>) -> Engine {
    let mut builder = Engine::builder().backend(backend).force(forced).record_stores(true).record_outputs(true);
    for (key, value) in &case.cells {
        builder = builder.cell(*key, *value);
    }
    for (address, code) in &case.contracts {
        builder = builder.contract(*address, code.clone());
    }
    builder.build().expect("the case is consistent, and its device answers")
}

/// A case's transactions in several batches.
fn cut(random: &mut Random, case: &Case) -> Vec<Batch> {
    let (mut batches, mut rest) = (Vec::new(), &case.batch.transactions[..]);
    while !rest.is_empty() {
        let (batch, behind) = rest.split_at(rest.len().min(random.below(25)));
        let block = Block { number: case.batch.block.number + batches.len() as u64, ..case.batch.block.clone() };
        batches.push(Batch { block, transactions: batch.to_vec() });
        rest = behind;
    }
    batches
}

fn statuses(report: &Report) -> Vec<Status> {
    report.receipts.iter().map(|receipt| receipt.status).collect()
}

#[track_caller]
fn same(what: &str, found: &[Report], expected: &[Report]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(statuses(found), statuses(expected), "{what}, batch {at}");
        assert_eq!(found.outputs, expected.outputs, "{what}, batch {at}");
        assert_eq!(found.stores, expected.stores, "{what}, batch {at}");
        assert_eq!(found.root, expected.root, "{what}, batch {at}");
    }
}

/// Runs the batches, with `lead` of them submitted before the first is waited for.
fn in_a_row(engine: &mut Engine, batches: &[Batch], lead: usize) -> Vec<Report> {
    let mut reports = Vec::new();
    for (at, batch) in batches.iter().enumerate() {
        assert_eq!(engine.submit(batch.clone()), at as u64);
        if at >= lead {
            reports.push(engine.wait().expect("it was submitted").expect("it runs"));
        }
    }
    while let Some(report) = engine.wait() {
        reports.push(report.expect("it runs"));
    }
    reports
}

/// Every backend, in a row, gives what revm gives one by one.
#[track_caller]
fn agree(what: &str, case: &Case, batches: &[Batch], backends: &[Backend]) {
    let mut revm = engine(case, Backend::Revm, None);
    let truth: Vec<Report> = batches.iter().map(|batch| revm.execute(batch).expect("revm runs")).collect();
    for backend in backends {
        let forced = if matches!(backend, Backend::Cpu) { [None, Some(Lane::Wave), Some(Lane::Line)].to_vec() } else { vec![None] };
        for (lane, lead) in forced.into_iter().flat_map(|lane| [0, 1, 2, usize::MAX].map(|lead| (lane, lead))) {
            let mut engine = engine(case, *backend, lane);
            let what = format!("{what} on {backend}, {lead} ahead, {lane:?} forced");
            same(&what, &in_a_row(&mut engine, batches, lead), &truth);
            assert_eq!(engine.root(), revm.root(), "{what}");
            assert!(engine.wait().is_none(), "{what}");
        }
    }
}

const WITHOUT_A_DEVICE: [Backend; 3] = [Backend::Cpu, Backend::Reference, Backend::Revm];

fn random_batches(contracts: &[Contract], seeds: std::ops::Range<u64>, backends: &[Backend]) {
    for seed in seeds {
        let mut random = Random::new(seed);
        let some: Vec<&Contract> = (0..2).map(|_| random.pick(contracts)).collect();
        let mut case = case(seed, &some, 150, 5);
        // Without most of its cells batches make what the next ones use.
        case.cells.retain(|key, _| key.slot == Slot::Native || seed % 2 == 0);
        let batches = cut(&mut random, &case);
        let names: Vec<_> = some.iter().map(|contract| contract.file.display().to_string()).collect();
        agree(&format!("{} with seed {seed}", names.join(" and ")), &case, &batches, backends);
    }
}

#[test]
fn random_batches_in_a_row() {
    random_batches(&Contract::all(), 0..60, &WITHOUT_A_DEVICE);
}

/// Fails where no device answers.
#[test]
fn random_batches_in_a_row_on_the_device() {
    let contracts: Vec<Contract> =
        Contract::all().into_iter().filter(|contract| contract.file.to_string_lossy().contains(".opt.")).collect();
    random_batches(&contracts, 200..206, &[Backend::Gpu]);
}

fn account(index: usize) -> Address {
    Address::with_last_byte(0x60 + index as u8)
}

fn code(path: &str) -> Bytes {
    Contract::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).code
}

fn call(from: Address, to: Address, signature: &str, arguments: &[U256]) -> Transaction {
    Transaction { from, to, data: encode(signature, arguments), ..Transaction::default() }
}

fn transfers(random: &mut Random, count: usize) -> Vec<Transaction> {
    let one = |_| {
        let [from, to] = [(); 2].map(|()| account(random.below(5)));
        call(from, TOKEN, "transfer(address,uint256)", &[word(to), U256::from(random.below(30))])
    };
    (0..count).map(one).collect()
}

/// Balances of an OpenZeppelin token at `TOKEN`, and other words of it.
fn holders(contracts: &[(Address, Bytes)], words: &[(B256, U256)]) -> Case {
    let mut cells: BTreeMap<CellKey, U256> = words.iter().map(|(slot, value)| (CellKey::storage(TOKEN, *slot), *value)).collect();
    for holder in (0..3).map(account) {
        cells.insert(CellKey::storage(TOKEN, in_mapping(word(holder), U256::ZERO).into()), U256::from(600));
    }
    Case { batch: Batch::default(), cells, contracts: contracts.to_vec() }
}

fn batches(lists: impl IntoIterator<Item = Vec<Transaction>>) -> Vec<Batch> {
    lists.into_iter().map(|transactions| Batch { transactions, ..Batch::default() }).collect()
}

#[test]
fn cells_that_a_batch_makes_are_there_for_the_next() {
    let mut random = Random::new(1);
    // Accounts 3 and 4 hold nothing at first, and do not exist.
    let row = batches((0..8).map(|_| transfers(&mut random, 6)));
    agree("first holders", &holders(&[(TOKEN, code("kernels/token/Token.opt.json"))], &[]), &row, &WITHOUT_A_DEVICE);
}

#[test]
fn upgrades_by_a_batch_hold_for_the_next() {
    const EIP_1967: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
    const EIP_1967_ADMIN: B256 = b256!("b53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");
    let contracts = [
        (TOKEN, code("tests/fixtures/proxy/Transparent4.json")),
        (OTHER, code("kernels/token/Token.opt.json")),
        (THIRD, code("kernels/managed_token/ManagedToken.opt.json")),
    ];
    let case = holders(&contracts, &[(EIP_1967, word(OTHER)), (EIP_1967_ADMIN, word(ADMIN))]);
    let mut random = Random::new(2);
    let upgrade = |to| call(ADMIN, TOKEN, "upgradeTo(address)", &[word(to)]);
    let row = (0..9).map(|at| match at {
        2 | 5 => vec![upgrade(THIRD)],
        4 => [transfers(&mut random, 5), vec![upgrade(OTHER)]].concat(),
        _ => transfers(&mut random, 8),
    });
    agree("upgrades", &case, &batches(row.collect::<Vec<_>>()), &WITHOUT_A_DEVICE);
}

/// A contract that keeps the word it is called with in slot 0, and called without one does something that hangs on that word.
fn hanging(work: impl FnOnce(&mut Assembler)) -> Bytes {
    let mut code = Assembler::default();
    let set = code.label();
    code.op(CALLDATASIZE).jump_if(set).push(0).op(op::SLOAD);
    work(&mut code);
    code.op(op::STOP).mark(set).push(0).op(op::CALLDATALOAD).push(0).ops(&[op::SSTORE, op::STOP]);
    code.finish()
}

#[test]
fn words_that_a_batch_changes_are_looked_at_again_by_the_next() {
    // Adds 7 to what the word leads to in the mapping at slot 1.
    let key = hanging(|code| {
        code.push(0).op(op::MSTORE).push(1).push(32).op(op::MSTORE).push(64).push(0).op(op::KECCAK256);
        code.ops(&[DUP1, op::SLOAD]).push(7).ops(&[op::ADD, SWAP1, op::SSTORE]);
    });
    // Counts in slot 1, or if the word is not zero notes in slot 2 whether a call succeeds.
    let escape = hanging(|code| {
        let leave = code.label();
        code.jump_if(leave).push(1).op(op::SLOAD).push(1).op(op::ADD).push(1).ops(&[op::SSTORE, op::STOP]);
        code.mark(leave).push(0).push(0).push(0).push(0).push(0).ops(&[op::CALLER, op::GAS, op::CALL]).push(2).op(op::SSTORE);
    });
    let set = |value: u64| Transaction {
        from: account(0),
        to: TOKEN,
        data: U256::from(value).to_be_bytes_vec().into(),
        ..Transaction::default()
    };
    let work = Transaction { from: account(1), to: TOKEN, ..Transaction::default() };
    for (what, code) in [("a key", key), ("a path", escape)] {
        let mut words: Vec<(B256, U256)> = (0..3).map(|slot| (U256::from(slot).into(), U256::ZERO)).collect();
        words.extend((0..3).map(|key| (in_mapping(U256::from(key), U256::ONE).into(), U256::ONE)));
        let row = (0..8).map(|at| if at % 2 == 0 { vec![set(at / 2 % 3)] } else { vec![work.clone(); 3] });
        agree(what, &holders(&[(TOKEN, code)], &words), &batches(row), &WITHOUT_A_DEVICE);
    }
    // A limit of what a holder may have.
    let limit = |limit: u64| call(account(4), TOKEN, "setLimit(uint256)", &[U256::from(limit)]);
    let pay = |from| call(account(from), TOKEN, "transfer(address,uint256)", &[word(account(1)), U256::from(10)]);
    let row = (0..8).map(|at| if at % 2 == 0 { vec![limit(600 + 5 * at)] } else { vec![pay(0), pay(2)] });
    let words = [(U256::from(2).into(), U256::from(1_800)), (U256::from(3).into(), U256::from(1_000))];
    agree("a limit", &holders(&[(TOKEN, code("tests/fixtures/bounds/BoundedToken.opt.json"))], &words), &batches(row), &WITHOUT_A_DEVICE);
}

#[test]
fn what_a_batch_deploys_is_called_by_the_next() {
    // Creates a contract from all calldata.
    let factory = Bytes::from_static(&hex!("365f5f37365f5ff000"));
    // Deploys code that counts in slot 0.
    let deploy = Transaction { from: account(0), to: TOKEN, data: hex!("665f546001015f555f5260076019f3").into(), ..Transaction::default() };
    let use_it = |at| Transaction { from: account(1), to: TOKEN.create(at), ..Transaction::default() };
    let row = batches((1..5).flat_map(|at| [vec![use_it(at), use_it(at)], vec![deploy.clone()], vec![use_it(at); 3], vec![use_it(at)]]));
    let case = Case { batch: Batch::default(), cells: BTreeMap::new(), contracts: vec![(TOKEN, factory)] };
    agree("deployments", &case, &row, &WITHOUT_A_DEVICE);
    let mut engine = engine(&case, Backend::Cpu, None);
    in_a_row(&mut engine, &row, 2);
    assert_ne!(engine.storage(&TOKEN.create(1), B256::ZERO), U256::ZERO, "it was deployed, and counts");
}

#[test]
fn whatever_changes_the_state_comes_behind_what_was_submitted() {
    let token = code("kernels/token/Token.opt.json");
    let case = holders(&[(TOKEN, token.clone())], &[]);
    let mut random = Random::new(3);
    let row = batches((0..6).map(|_| transfers(&mut random, 10)));
    let mut one_by_one = engine(&case, Backend::Revm, None);
    let mut engine = engine(&case, Backend::Cpu, None);
    let mut truth = Vec::new();

    engine.submit(row[0].clone());
    engine.submit(row[1].clone());
    truth.extend(row[..2].iter().map(|batch| one_by_one.execute(batch).expect("revm runs")));
    assert_eq!(engine.root(), one_by_one.root(), "the root is that of all that was submitted");

    engine.submit(row[2].clone());
    let snapshot = engine.snapshot();
    truth.push(one_by_one.execute(&row[2]).expect("revm runs"));
    let other = one_by_one.snapshot();
    engine.submit(row[3].clone());
    engine.submit(row[4].clone());
    engine.rollback(&snapshot).expect("it is live");
    truth.extend(row[3..5].iter().map(|batch| one_by_one.execute(batch).expect("revm runs")));
    one_by_one.rollback(&other).expect("it is live");
    assert_eq!(engine.root(), one_by_one.root(), "what was submitted before the snapshot stays");

    engine.submit(row[5].clone());
    engine.deploy(TOKEN, Bytes::new());
    truth.push(one_by_one.execute(&row[5]).expect("revm runs"));
    one_by_one.deploy(TOKEN, Bytes::new());
    engine.submit(row[0].clone());
    truth.push(one_by_one.execute(&row[0]).expect("revm runs"));
    let blocking = engine.execute(&row[1]).expect("it runs");
    assert_eq!(blocking.root, one_by_one.execute(&row[1]).expect("revm runs").root, "behind what was submitted");

    let reports: Vec<Report> = std::iter::from_fn(|| engine.wait()).map(|report| report.expect("it runs")).collect();
    same("reports are kept", &reports, &truth);
}
