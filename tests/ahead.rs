//! Keys that hang on words which earlier calls of a batch write: which cells they name is foreseen, and the batch stays one segment.

mod common;

use alloy_primitives::{Address, U256};
use clearwave::state::{CellKey, Slot};
use clearwave::{Backend, Batch, Block, Status, Transaction};
use common::harness::Engines;
use common::words::{encode, in_mapping, word};
use common::{Case, Contract, Random};
use std::path::Path;

const ESCROW: Address = Address::repeat_byte(0xc0);

fn trader(i: usize) -> Address {
    Address::with_last_byte(0x60 + i as u8)
}

/// Deals that are opened and, at random, ended in the same batch: sellers and buyers are words of deals.
fn case(seed: u64) -> Case {
    let mut random = Random::new(seed);
    let call = |from: usize, signature: &str, words: &[U256]| Transaction {
        from: trader(from),
        to: ESCROW,
        value: U256::ZERO,
        data: encode(signature, words),
    };
    let (mut transactions, mut open) = (Vec::new(), Vec::new());
    for id in 0..300 {
        let (buyer, seller) = (random.below(20), random.below(20));
        let words = [U256::from(id), word(trader(seller)), U256::from(random.below(1_000))];
        transactions.push(call(buyer, "open(uint256,address,uint256)", &words));
        open.push((id, buyer, seller));
        if random.below(2) == 0 {
            let (id, buyer, seller) = open.swap_remove(random.below(open.len()));
            let (from, signature) = if random.below(3) == 0 { (seller, "refund(uint256)") } else { (buyer, "release(uint256)") };
            transactions.push(call(from, signature, &[U256::from(id)]));
        }
    }
    let balance = |i| {
        let slot = Slot::Storage(in_mapping(word(trader(i)), U256::ONE).into());
        (CellKey { address: ESCROW, slot }, U256::from(20_000))
    };
    let code = Contract::read(Path::new("kernels/escrow/Escrow.opt.json")).code;
    Case { batch: Batch { block: Block::default(), transactions }, cells: (0..20).map(balance).collect(), contracts: vec![(ESCROW, code)] }
}

#[test]
fn what_is_opened_and_ended_in_one_batch_is_one_segment() {
    let mut engines = Engines::default();
    for seed in 0..4 {
        let case = case(seed);
        let truth = engines.truth(&case).expect("revm runs");
        assert!(truth.report.receipts.iter().filter(|receipt| receipt.status == Status::Success).count() > 300);
        for backend in [Backend::Cpu, Backend::Gpu] {
            let differs = |difference: String| panic!("seed {seed}: {difference}");
            engines.compare(&case, &truth, backend, usize::MAX).map_or_else(differs, drop);
            let (_, report) = engines.run(&case, backend, usize::MAX).expect("it ran before");
            assert_eq!(report.segments, 1, "{backend}, seed {seed}");
        }
    }
}
