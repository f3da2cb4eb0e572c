use super::*;
use crate::exec::fallback::Contract;
use crate::host::Artifact;
use crate::state::Slot;
use crate::tx::Status;
use std::path::Path;

const SEED: u64 = 5;

fn subject(file: &str) -> Subject {
    subject_of("kernels", file)
}

fn subject_of(folder: &str, file: &str) -> Subject {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(file);
    let artifact = Artifact::read(&path, None).expect("the artifact is there");
    let functions = artifact.functions.iter().flatten().map(|function| Function {
        name: function.signature.clone(),
        called: Some(function.selector),
        calldata: function.calldata_length,
        payable: function.payable() == Some(true),
        view: function.view() == Some(true),
    });
    Subject { functions: functions.collect(), code: artifact.code }
}

fn options(batches: usize, transactions: usize) -> Options {
    Options { batches, transactions, seed: SEED, backends: Some(vec![Backend::Cpu]), ..Options::default() }
}

fn made(file: &str, batches: usize) -> Vec<Made> {
    let (subject, options) = (subject(file), options(batches, 200));
    let mut generator = Generator::new(&subject, &options);
    (0..batches).map(|index| generator.batch(index).expect("revm runs")).collect()
}

#[test]
fn a_seed_gives_the_same_batches() {
    let file = "managed_token/ManagedToken.opt.json";
    for (one, again) in made(file, 3).iter().zip(made(file, 3)) {
        assert_eq!((&one.case, &one.functions), (&again.case, &again.functions));
    }
    let batches = made(file, 2);
    assert_ne!(batches[0].case.transactions, batches[1].case.transactions);
}

#[test]
fn batches_are_narrow_and_wide_and_have_what_is_odd() {
    let batches = made("token/Token.opt.json", 24);
    let senders = |made: &Made| {
        let mut senders: Vec<Address> = made.case.transactions.iter().map(|transaction| transaction.from).collect();
        senders.sort_unstable();
        senders.dedup();
        senders.len()
    };
    assert!(batches.iter().any(|made| senders(made) < 16) && batches.iter().any(|made| senders(made) > 48));
    let all: Vec<&Transaction> = batches.iter().flat_map(|made| &made.case.transactions).collect();
    let to_token = |transaction: &&&Transaction| CONTRACTS.contains(&transaction.to);
    let is = |what: &str, odd: &dyn Fn(&Transaction) -> bool| {
        let count = all.iter().filter(to_token).filter(|transaction| odd(transaction)).count();
        assert!(count >= 5, "seed {SEED}: {what}: {count} of {}", all.len());
    };
    let word = |transaction: &Transaction, at: usize| transaction.data.get(at..at + 32).map(U256::from_be_slice);
    is("empty calldata", &|transaction| transaction.data.is_empty());
    is("calldata cut short", &|transaction| transaction.data.len() > 4 && transaction.data.len() % 32 != 4);
    is("value where none is taken", &|transaction| !transaction.value.is_zero());
    is("dirty bytes", &|transaction| word(transaction, 4).is_some_and(|word| word >> 160 != U256::ZERO));
    is("a recipient who sends", &|transaction| word(transaction, 4) == Some(transaction.from.into_word().into()));
    is("the contract as recipient", &|transaction| word(transaction, 4) == Some(transaction.to.into_word().into()));
    is("nobody as recipient", &|transaction| word(transaction, 4) == Some(U256::ZERO));
    is("the largest amount", &|transaction| word(transaction, 36) == Some(U256::MAX));
    is("the smallest amount", &|transaction| word(transaction, 36) == Some(U256::ZERO));
}

#[test]
fn native_balances_stay_below_all_that_there_is() {
    for made in made("wrapper/Wrapper.opt.json", 8) {
        let mut native = made.case.cells().filter(|(key, _)| key.slot == Slot::Native);
        let sum = native.try_fold(U256::ZERO, |sum, (_, word)| sum.checked_add(word));
        assert!(sum.is_some_and(|sum| !sum.is_zero()), "seed {SEED}");
    }
}

#[test]
fn every_function_succeeds_and_fails_and_every_leaf_is_reached() {
    for file in ["managed_token/ManagedToken.noopt.json", "vote/Vote.opt.json", "collectible/Collectible.opt.json"] {
        let options = Options { backends: Some(vec![Backend::Reference]), ..options(16, 250) };
        let outcome = run(&subject(file), &options, &ProgressBar::hidden()).expect("no device is needed");
        assert_eq!(outcome.mismatches, [], "{file}");
        for Coverage { name, counts, .. } in &outcome.functions {
            let failures = counts.calls - counts.success;
            // A tenth of a fair share is enough.
            let least = outcome.transactions / outcome.functions.len() / 20;
            assert!(counts.success >= least && failures >= least, "{file}, seed {SEED}, {name}: at least {least}, found {counts:?}");
        }
        let (reached, leaves) =
            outcome.functions.iter().fold((0, 0), |(reached, leaves), row| (reached + row.leaves_reached, leaves + row.leaves));
        assert!(10 * reached >= 9 * leaves, "{file}, seed {SEED}: {reached} of {leaves} leaves");
    }
}

#[test]
fn what_asks_for_a_signature_or_is_done_once_succeeds_often() {
    let once = ("openzeppelin4/UpgradeableToken.opt.json", "upgradeToAndCall", 5);
    let signed = [("openzeppelin5/Permit.ir.json", "permit", 20), ("openzeppelin5/Votes.ir.json", "delegateBySig", 10)];
    for (file, function, least) in signed.into_iter().chain([once, ("solady/Token.ir.json", "permit", 20)]) {
        let options = Options { backends: Some(vec![Backend::Reference]), ..options(12, 400) };
        let outcome = run(&subject_of("tests/fixtures", file), &options, &ProgressBar::hidden()).expect("no device is needed");
        assert_eq!(outcome.mismatches, [], "{file}");
        let found = outcome.functions.iter().find(|row| row.name.starts_with(function)).expect("the contract has it");
        let Counts { calls, success, .. } = found.counts;
        assert!(
            success >= least && calls - success >= least,
            "{file}, seed {SEED}, {function}: at least {least}, found {:?}",
            found.counts
        );
    }
}

/// A case of token transfers, its truth, and the run that is compared.
fn token() -> (Case, Truth, Runs) {
    let case = made("token/Token.opt.json", 1).remove(0).case;
    let truth = Truth::find(&case, |_, _| ()).expect("revm runs");
    (case, truth, Runs::new(&[Backend::Reference], None).expect("no device is needed"))
}

type Change<'a> = &'a dyn Fn(&mut crate::Report);

#[test]
fn whatever_is_wrong_in_a_report_is_found() {
    let (case, truth, _) = token();
    let mut engine = Engine::builder().backend(Backend::Reference).record_stores(true).record_outputs(true).build().expect("no device");
    engine.restart(case.cells(), case.contracts()).expect("the case is consistent");
    let report = engine.execute(&case.batch(&case.transactions)).expect("the reference runs");
    let found = |engine: &Engine, change: Change<'_>| {
        let mut report = report.clone();
        change(&mut report);
        runs::difference(&truth, engine.state(), &report).unwrap_or_default()
    };
    assert_eq!(found(&engine, &|_| ()), "");
    let logged = report.outputs.iter().position(|output| !output.logs.is_empty()).expect("some call logs");
    let failed = truth.statuses.iter().position(|status| *status == Status::Revert).expect("some call reverts");
    let cases: [(Change, &str); 10] = [
        (&|report| report.receipts[failed].status = Status::Success, "ends in success instead of revert"),
        (&|report| _ = report.receipts.pop(), "199 receipts instead of 200"),
        (&|report| report.outputs[failed].data = Bytes::from_static(&[1]), "returns 0x01 instead of"),
        (&|report| report.outputs[logged].logs.clear(), "logs []"),
        (&|report| _ = report.outputs.pop(), "199 outputs instead of 200"),
        (&|report| report.outputs.clear(), "0 outputs instead of 200"),
        (&|report| _ = report.stores.pop(), "does not store to"),
        (&|report| report.stores.push((0, CellKey::native(Address::ZERO))), "stores to"),
        (&|report| report.stores.push(*report.stores.last().expect("some call stores")), "stores instead of"),
        (&|report| report.root.0[0] ^= 1, "the root is"),
    ];
    for (change, expected) in cases {
        let found = found(&engine, change);
        assert!(found.contains(expected), "{found:?} lacks {expected:?}");
    }
    let mut cells = case.cells.clone();
    let word = truth.state.key(truth.state.len() as u32 - 1);
    cells.insert(word, truth.state.read(&word) ^ U256::ONE);
    engine.restart(cells, case.contracts()).expect("the case is consistent");
    assert!(found(&engine, &|_| ()).contains(" is 0x"));
}

#[test]
fn a_backend_that_is_wrong_is_shown_by_the_least_that_it_takes() {
    let (case, _, mut runs) = token();
    let run = runs.list[1];
    let selector = [0x09, 0x5e, 0xa7, 0xb3];
    let is_approval = |transaction: &&Transaction| transaction.data.starts_with(&selector);
    // What is compared with has lost its approvals: whoever executes one differs.
    let mut differs = |case: &Case| {
        let truth = Truth::find(case, |_, _| ())?;
        let lost = case.transactions.iter().filter(is_approval).count() > 0;
        let mut others = case.clone();
        others.transactions.retain(|transaction| !is_approval(&transaction));
        let found = runs.check(run, case, &if lost { Truth::find(&others, |_, _| ())? } else { truth })?;
        Ok(found.difference.is_some())
    };
    assert!(differs(&case).expect("nothing fails"), "seed {SEED}: there is an approval");
    let shrunk = shrink::shrink(case, &mut differs).expect("nothing fails");
    assert_eq!(shrunk.transactions.iter().filter(is_approval).count(), 1, "{shrunk:?}");
    assert_eq!((shrunk.transactions.len(), shrunk.cells.len()), (1, 0), "{shrunk:?}");
}

#[test]
fn code_that_nothing_is_known_of_is_called_all_the_same() {
    // It reverts, whatever it is called with.
    let code = Bytes::from_static(&[0x5f, 0x5f, 0xfd]);
    let lost = Function { name: "lost(uint256)".into(), called: Some([1, 2, 3, 4]), ..Function::default() };
    for functions in [vec![], vec![lost]] {
        let outcome = run(&Subject { code: code.clone(), functions }, &options(2, 50), &ProgressBar::hidden()).expect("all is well");
        assert_eq!((outcome.mismatches.len(), outcome.transactions), (0, 100));
        assert!(outcome.functions.iter().all(|function| function.counts.success == 0 && function.counts.revert > 0), "{outcome:?}");
    }
}

#[test]
fn numbers_out_of_bounds_are_input_errors() {
    for wrong in [Options { batches: 0, ..options(1, 1) }, options(1, 0), Options { accounts: 1, ..options(1, 1) }] {
        let error = run(&Subject::default(), &wrong, &ProgressBar::hidden()).expect_err("out of bounds");
        assert!(error.is_input() && error.to_string().contains("expected"), "{error}");
    }
}

#[test]
fn calls_are_solved_for_what_the_state_holds() {
    use super::ground::Ground;
    use super::solve::{Draft, Solver};
    use super::words::{Mood, Words};
    use crate::evm::Entry;
    use crate::workload::random::{Purpose, Random};
    let subject = subject("token/Token.opt.json");
    let mut trees = trees::Trees::new(subject.code.clone());
    let transfer = [&[0xa9, 0x05, 0x9c, 0xbb][..], &[0; 64]].concat();
    let entry = Entry::of(&transfer, false);
    let tree = trees.of(entry).expect("it lowers");
    let (accounts, contracts) = (vec![Address::with_last_byte(0x61), Address::with_last_byte(0x62)], vec![CONTRACTS[0]]);
    let random = Random::new(SEED, Purpose::Batch, 0);
    let mut words = Words { random, mood: Mood::Tight, accounts, contracts };
    for leaf in &tree.leaves {
        let transaction = Transaction { to: CONTRACTS[0], data: transfer.clone().into(), ..Transaction::default() };
        let mut draft = Draft { transaction, ..Draft::default() };
        let (block, ground, contract) = (Block::default(), Ground::default(), Contract::default());
        let mut solver = Solver::new(&tree.kernel, &block, &ground, &contract, &mut words, &mut draft);
        assert!(solver.reach(&tree.ways[leaf.index()]), "seed {SEED}: leaf {leaf:?} is not reached: {draft:?}");
    }
}
