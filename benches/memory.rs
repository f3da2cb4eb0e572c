//! What 2^24 accounts with a balance each take of the host's memory: imported, all of them met by the engine, and then paying each other.
//! `clearwave bench` holds the workload, revm's state and the yardsticks beside the state; here is nothing else.

use alloy_primitives::{Address, U256, keccak256};
use clearwave::state::CellKey;
use clearwave::{Backend, Batch, Engine, Transaction};

fn account(index: u64) -> Address {
    Address::from_word(keccak256(index.to_le_bytes()))
}

/// The most that the process has held so far, in MiB, where the system says so.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn says(what: &str, engine: &Engine) {
    let (memory, cells) = (engine.state().memory(), engine.state().len());
    let parts: Vec<String> = memory.parts().iter().map(|(part, bytes)| format!("{part} {:.1}", *bytes as f64 / cells as f64)).collect();
    let peak = peak_mib().map_or("unknown".to_string(), |mib| format!("{mib} MiB"));
    println!("{what}: {cells} cells, {:.1} bytes a cell ({}), peak {peak}", memory.total() as f64 / cells as f64, parts.join(", "));
}

fn main() {
    // As a test it is only to run.
    let accounts: u64 = if std::env::args().any(|argument| argument == "--bench") { 1 << 24 } else { 1 << 12 };
    let batch = accounts / 16;
    let mut engine = Engine::builder().backend(Backend::Cpu).build().expect("it needs no device");
    let balances = (0..accounts).map(|index| (CellKey::native(account(index)), U256::from(1_000_000)));
    engine.restart(balances, []).expect("the balances are consistent");
    engine.root();
    says("imported", &engine);
    let mut pay = |to: &dyn Fn(u64) -> u64, first: u64| {
        let one = |index| Transaction { from: account(index), to: account(to(index)), value: U256::ONE, ..Transaction::default() };
        let transactions = (first..first + batch).map(one).collect();
        engine.execute(&Batch { transactions, ..Batch::default() }).expect("it runs");
    };
    (0..8).for_each(|at| pay(&|index| index + accounts / 2, at * batch));
    pay(&|index| (index * 31 + 7) % accounts, 0);
    says("every account has paid or was paid", &engine);
}
