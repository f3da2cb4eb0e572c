//! `clearwave replay`: real blocks, each on the state that it starts from.

use super::output::Sink;
use super::{Exit, say};
use crate::engine::{Backend, Engine};
use crate::error::{Error, Result};
use crate::host::{Tokens, read_blocks, read_prestates};
use crate::replay::{BlockDiff, Kind, Prepared, Skip, prepare};
use crate::tx::{Lane, Receipt, Status};
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Run the plain transfers and token calls of real blocks
#[derive(Debug, clap::Args)]
#[command(after_help = DETAILS)]
pub struct Replay {
    /// A block as eth_getBlockByNumber returns it, or a folder of them
    blocks: PathBuf,
    /// The state that the block starts from, as geth's prestateTracer returns it, or a folder with N.json for block N
    #[arg(long, value_name = "PRE")]
    prestate: PathBuf,
    /// The slots of each token's mappings: {"0xtoken": {"balanceOf_slot": 0, "allowance_slot": 1}}
    #[arg(long, value_name = "FILE")]
    tokens: PathBuf,
    /// gpu, cpu, reference, revm or auto
    #[arg(long, default_value_t)]
    backend: Backend,
    /// The device, by its index or a part of its name
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
    /// Write what became of each transaction, as CSV
    #[arg(long, value_name = "OUT.csv")]
    receipts: Option<PathBuf>,
    /// Write the values after each block, as JSON
    #[arg(long, value_name = "OUT.json")]
    diff: Option<PathBuf>,
}

const DETAILS: &str = "\
Each block is one batch on its own prestate. What runs: transactions without calldata (plain transfers), and transfer, transferFrom and
approve of listed tokens (token calls). A token without code in the prestate runs OpenZeppelin's ERC20 at an address of its own, on the
token's words. Everything else is skipped. Gas, fees and nonces are neither charged nor checked.

Receipts: block,index,status,lane. Status is success, revert, halt, invalid (the sender cannot cover the value) or skipped; lane is where
the transaction ran.
Diff: the balances of the parties of successful plain transfers of more than 0, and the words that successful token calls stored.

Example:
  clearwave replay assets/mainnet/blocks --prestate assets/mainnet/prestate --tokens assets/mainnet/tokens.json --receipts out.csv";

impl Replay {
    pub fn run(&self) -> Result<Exit> {
        if self.adapter.is_some() && !matches!(self.backend, Backend::Gpu | Backend::Auto) {
            return Err(Error::input(format_args!("--adapter: expected --backend gpu or auto, found {}", self.backend)));
        }
        let blocks = read_blocks(&self.blocks)?;
        let prestates = read_prestates(&self.prestate, &blocks)?;
        let tokens = Tokens::read(&self.tokens)?;
        let builder = Engine::builder().backend(self.backend).adapter(self.adapter.clone());
        let mut engine = builder.record_stores(self.diff.is_some()).build()?;
        let receipts = self.receipts.as_deref().map(Sink::open).transpose()?;
        let diff = self.diff.as_deref().map(Sink::open).transpose()?;

        let mut outcome = Outcome { diffs: diff.is_some().then(BTreeMap::new), ..Outcome::default() };
        for ((_, block), prestate) in blocks.iter().zip(&prestates) {
            let prepared = prepare(block, prestate, &tokens);
            prepared.start(&mut engine).map_err(|error| self.of_prestate(error, block.number))?;
            outcome.add(&prepared, &mut engine).map_err(|error| error.within(format_args!("block {}", block.number)))?;
        }
        outcome.summary.say(&engine.backend());
        if let Some(mut file) = receipts {
            file.write(outcome.receipts.as_bytes())?;
        }
        if let Some(mut file) = diff {
            let text = serde_json::to_string_pretty(&outcome.diffs).map_err(Error::internal)?;
            file.write((text + "\n").as_bytes())?;
        }
        Ok(Exit::Fine)
    }

    fn of_prestate(&self, error: Error, block: u64) -> Error {
        error.within(format_args!("block {block}")).within(self.prestate.display())
    }
}

/// What is told of the blocks that have run.
struct Outcome {
    summary: Summary,
    /// CSV.
    receipts: String,
    /// By number, if they are wanted.
    diffs: Option<BTreeMap<u64, BlockDiff>>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { summary: Summary::default(), receipts: "block,index,status,lane\n".into(), diffs: None }
    }
}

impl Outcome {
    /// Runs a block on its state, which the engine holds.
    fn add(&mut self, prepared: &Prepared, engine: &mut Engine) -> Result<()> {
        // What was imported is hashed before the clock runs: it is no work of the batch.
        engine.root();
        let start = Instant::now();
        let report = engine.execute(&prepared.batch)?;
        self.summary.elapsed += start.elapsed();
        self.summary.blocks += 1;
        log::info!("block {}: {} transactions, root {}", prepared.number, report.receipts.len(), report.root);
        for (index, (kind, receipt)) in prepared.receipts(&report).enumerate() {
            self.summary.count(kind, receipt);
            let (status, lane) = match receipt {
                Some(Receipt { status, lane }) => (status.to_string(), lane.to_string()),
                None => ("skipped".to_string(), String::new()),
            };
            // Writing to a string does not fail.
            let _ = writeln!(self.receipts, "{},{index},{status},{lane}", prepared.number);
        }
        if let Some(diffs) = &mut self.diffs {
            diffs.insert(prepared.number, prepared.diff(engine, &report));
        }
        Ok(())
    }
}

/// How many of each there were.
#[derive(Default)]
struct Summary {
    blocks: usize,
    kinds: BTreeMap<Kind, Counts>,
    /// Of the engine, on what ran.
    elapsed: Duration,
}

#[derive(Default)]
struct Counts {
    all: usize,
    lanes: BTreeMap<Lane, usize>,
    statuses: BTreeMap<Status, usize>,
}

impl Summary {
    fn count(&mut self, kind: Kind, receipt: Option<Receipt>) {
        let counts = self.kinds.entry(kind).or_default();
        counts.all += 1;
        if let Some(Receipt { status, lane }) = receipt {
            *counts.lanes.entry(lane).or_default() += 1;
            *counts.statuses.entry(status).or_default() += 1;
        }
    }

    fn say(&self, backend: &str) {
        let skipped = |kind: &Kind| matches!(kind, Kind::Skipped(_));
        let sum = |is_meant: &dyn Fn(&Kind) -> bool| {
            self.kinds.iter().filter(|(kind, _)| is_meant(kind)).map(|(_, counts)| counts.all).sum::<usize>()
        };
        let (ran, all) = (sum(&|kind| !skipped(kind)), sum(&|_| true));
        let blocks = if self.blocks == 1 { "1 block".into() } else { format!("{} blocks", self.blocks) };
        say(&format!("{blocks}, {all} transactions, on {backend}"));
        for (kind, counts) in self.kinds.iter().filter(|(kind, _)| !skipped(kind)) {
            say(&format!("{kind:<16}{:>7}  {}; {}", counts.all, listed(&counts.lanes), listed(&counts.statuses)));
        }
        let reasons: BTreeMap<Skip, usize> =
            self.kinds.iter().filter_map(|(kind, counts)| kind.skip().map(|skip| (skip, counts.all))).collect();
        say(&format!("{:<16}{:>7}  {}", "skipped", all - ran, listed(&reasons)));
        let seconds = self.elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { ran as f64 / seconds } else { 0.0 };
        say(&format!("{ran} transactions in {seconds:.3} s: {rate:.0} a second"));
    }
}

/// `clear 12, line 1`
fn listed(counts: &BTreeMap<impl Display, usize>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}
