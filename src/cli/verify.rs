//! `clearwave verify`: random batches on a contract, on every backend, compared with revm.

use super::output::Sink;
use super::table::Table;
use super::{Exit, bench, functions, output};
use crate::error::{Error, Result};
use crate::host::Artifact;
use crate::tx::{Lane, Transaction};
use crate::verify::{self, Counts, Coverage, Function, Mismatch, Options, Outcome, Shrunk, Subject};
use alloy_primitives::{U256, hex};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Compare random batches of a contract's calls on every backend with revm
#[derive(Debug, clap::Args)]
#[command(after_help = DETAILS)]
pub struct Verify {
    /// Of Foundry, Hardhat, solc or Vyper, or runtime code in hex
    artifact: PathBuf,
    /// Which contract of the artifact, by name or as file:name
    #[arg(long, value_name = "NAME")]
    contract: Option<String>,
    /// Batches, each on a state of its own
    #[arg(long, value_name = "N", default_value = "20")]
    batches: String,
    /// Transactions of a batch
    #[arg(long, value_name = "N", default_value = "500")]
    txs: String,
    /// Accounts that take part at most; many batches have fewer, so that calls meet
    #[arg(long, value_name = "N", default_value = "64")]
    accounts: String,
    /// What the batches are generated from; a random one if not given
    #[arg(long, value_name = "S")]
    seed: Option<String>,
    /// gpu, cpu, reference, revm, auto, or all; of all, gpu is left out where no device answers
    #[arg(long, value_name = "B[,B]", value_delimiter = ',', default_value = "all")]
    backend: Vec<String>,
    /// The device, by its index or a part of its name
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
    /// Write the coverage to this file too
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
}

const DETAILS: &str = "\
Each backend executes each batch whole, once more cut into several batches, and with all calls that can go there sent to the wave, and to
the line. Status, output, logs, every storage word, every native balance and the state root have to be revm's. The first batch with a
difference ends it: the difference is printed with the smallest batch that still shows it, and the command that finds it again.

Calls are aimed at the leaves of each function's kernel, and the state they need is put in place, so that functions of an owner succeed
about as often as others; signatures that it asks for are made with the keys of accounts that take part; the rest is spoilt: calldata too
short or too long, dirty bytes, value where none is taken. The contract is deployed with its runtime code, at up to 64 addresses
(0xc0c0... to 0xffff...); immutables are zero.

Columns: LANE is the best lane of a function's calls, RAN where they really ran, over all runs. LEAVES are those reached of those that the
kernels of its well-formed calls have; not all can be reached. NEVER SUCCEEDED marks a function without a successful call: nothing is
known of it.

JSON: {\"functions\": [{\"signature\", \"lane\", \"lanes_run\": {}, \"calls\", \"success\", \"revert\", \"halt\", \"invalid\", \"leaves_reached\",
\"leaves\"}], \"strays\": {}, \"backends\": [], \"mismatches\": 0, \"differences\": [], \"seed\", \"batches\", \"txs\"}. Strays are calls that are no
function's; txs are those of all batches.

Exit status: 0 all are equal, 1 some differ, 2 the input is wrong, 3 the machine or the device fails.

Examples:
  clearwave verify kernels/token/Token.opt.json
  clearwave verify kernels/token/Token.opt.json --batches 200 --txs 2000 --backend cpu,gpu --seed 7";

impl Verify {
    pub fn run(&self) -> Result<Exit> {
        let options = self.options()?;
        let artifact = Artifact::read(&self.artifact, self.contract.as_deref())?;
        if artifact.immutables {
            log::warn!("{}: the immutables of {} are zero, since its code was never deployed", self.artifact.display(), artifact.name);
        }
        let subject = subject(&artifact);
        if subject.functions.is_empty() {
            log::warn!("{}: {} has no function that is known: only strays are sent to it", self.artifact.display(), artifact.name);
        }
        let sink = self.json.as_deref().map(Sink::open).transpose()?;
        let progress = bench::progress();
        let outcome = verify::run(&subject, &options, &progress);
        progress.finish_and_clear();
        let outcome = outcome.map_err(|error| error.within(format_args!("seed {}", options.seed)))?;
        let text = table(&outcome, options.seed) + &self.mismatches(&outcome, &options, &subject);
        output::print(text.as_bytes())?;
        if let Some(mut sink) = sink {
            sink.write(json(&outcome, options.seed)?.as_bytes())?;
        }
        Ok(if outcome.mismatches.is_empty() { Exit::Fine } else { Exit::Differs })
    }

    fn options(&self) -> Result<Options> {
        let seed = match &self.seed {
            Some(seed) => seed.parse().map_err(|_| bench::wrong("--seed", seed, "a whole number below 2^64"))?,
            None => some_seed(),
        };
        let options = Options {
            batches: bench::number(&self.batches, "--batches")?,
            transactions: bench::number(&self.txs, "--txs")?,
            accounts: bench::number(&self.accounts, "--accounts")?,
            seed,
            backends: bench::names(&self.backend)?,
            adapter: self.adapter.clone(),
        };
        options.check()?;
        Ok(options)
    }

    /// What differs, and how to see it again.
    fn mismatches(&self, outcome: &Outcome, options: &Options, subject: &Subject) -> String {
        let mut text = String::new();
        for mismatch in &outcome.mismatches {
            let Mismatch { batch, run, difference, shrunk, .. } = mismatch;
            _ = writeln!(text, "MISMATCH on {run}, batch {batch}: {difference}");
            if let Some(shrunk) = shrunk {
                text += &least(shrunk, subject);
                _ = writeln!(text, "  again: {}", self.command(mismatch, options));
            }
        }
        text
    }

    fn command(&self, mismatch: &Mismatch, options: &Options) -> String {
        let mut command = format!("clearwave verify {}", self.artifact.display());
        if let Some(contract) = &self.contract {
            _ = write!(command, " --contract {contract}");
        }
        let Options { transactions, accounts, seed, .. } = options;
        _ = write!(command, " --seed {seed} --batches {} --txs {transactions} --accounts {accounts}", mismatch.batch + 1);
        if let Some(backend) = mismatch.backend {
            _ = write!(command, " --backend {backend}");
        }
        if let Some(adapter) = &self.adapter {
            _ = write!(command, " --adapter {adapter:?}");
        }
        command
    }
}

fn some_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64 % 1_000_000_007
}

/// What is verified of an artifact: all that it can be called with.
pub fn subject(artifact: &Artifact) -> Subject {
    let functions = functions::all(artifact).into_iter().map(|function| Function {
        name: function.name(),
        called: function.called,
        calldata: function.calldata,
        payable: function.payable,
        view: function.view,
    });
    Subject { code: artifact.code.clone(), functions: functions.collect() }
}

fn table(outcome: &Outcome, seed: u64) -> String {
    let mut table = Table::default();
    table.row(["FUNCTION", "LANE", "CALLS", "SUCCESS", "REVERT", "HALT", "INVALID", "LEAVES", "RAN"]);
    let mut row = |name: &str, lane: &str, counts: &Counts, leaves: String| {
        let Counts { calls, success, revert, halt, invalid, .. } = counts;
        let [calls, success, revert, halt, invalid] = [calls, success, revert, halt, invalid].map(|count| count.to_string());
        let ran: Vec<String> = counts.lanes_run.iter().map(|(lane, count)| format!("{lane} {count}")).collect();
        table.row([name, lane, &calls, &success, &revert, &halt, &invalid, &leaves, &ran.join(", ")]);
    };
    for Coverage { name, lane, counts, leaves_reached, leaves } in &outcome.functions {
        row(name, lane, counts, format!("{leaves_reached}/{leaves}"));
    }
    row("(no function)", "", &outcome.strays, String::new());
    for function in outcome.functions.iter().filter(|function| function.counts.success == 0) {
        table.text(format!("NEVER SUCCEEDED: {}, of {} calls", function.name, function.counts.calls));
    }
    outcome.notes.iter().for_each(|note| table.text(format!("note: {note}")));
    let (batches, transactions, mismatches) = (outcome.batches, outcome.transactions, outcome.mismatches.len());
    let backends = outcome.backends.join(", ");
    table.text(format!("{batches} batches, {transactions} transactions, seed {seed}, on {backends}: {mismatches} mismatches with revm"));
    table.render()
}

/// A batch that differs, for people.
fn least(shrunk: &Shrunk, subject: &Subject) -> String {
    let mut text = String::new();
    let Shrunk { difference, block, cells, transactions, piece } = shrunk;
    _ = writeln!(text, "  the least that differs: {difference}");
    let (number, timestamp, coinbase, prevrandao) = (block.number, block.timestamp, block.coinbase, block.prevrandao);
    _ = writeln!(text, "  block: number {number}, timestamp {timestamp}, coinbase {coinbase}, prevrandao {prevrandao}");
    cells.iter().for_each(|(key, word)| _ = writeln!(text, "  start: {key} = {word:#x}"));
    for (index, transaction) in transactions.iter().enumerate() {
        let Transaction { from, to, value, data } = transaction;
        let call = if verify::CONTRACTS.contains(to) { call(data, subject) } else { hex::encode_prefixed(data) };
        _ = writeln!(text, "  {index}: from {from} to {to} value {value:#x}: {call}");
    }
    _ = writeln!(text, "  where it is cut: {piece} transactions a batch");
    text
}

/// The function and its words.
fn call(data: &[u8], subject: &Subject) -> String {
    let Some((selector, words)) = data.split_first_chunk::<4>() else { return hex::encode_prefixed(data) };
    let function = subject.functions.iter().find(|function| function.called.as_ref() == Some(selector));
    let name = function.map_or(hex::encode_prefixed(selector), |function| function.name.clone());
    let words = words.chunks(32).map(|word| match <[u8; 32]>::try_from(word) {
        Ok(word) => format!("{:#x}", U256::from_be_bytes(word)),
        Err(_) => format!("{} (cut short)", hex::encode_prefixed(word)),
    });
    format!("{name} {}", words.collect::<Vec<_>>().join(" "))
}

#[derive(Debug, Serialize)]
struct Json<'a> {
    functions: Vec<Row<'a>>,
    strays: JsonCounts,
    backends: &'a [String],
    mismatches: usize,
    differences: Vec<String>,
    seed: u64,
    batches: usize,
    txs: usize,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    signature: &'a str,
    lane: &'a str,
    #[serde(flatten)]
    counts: JsonCounts,
    leaves_reached: usize,
    leaves: usize,
}

#[derive(Debug, Serialize)]
struct JsonCounts {
    lanes_run: BTreeMap<String, usize>,
    calls: usize,
    success: usize,
    revert: usize,
    halt: usize,
    invalid: usize,
}

impl From<&Counts> for JsonCounts {
    fn from(counts: &Counts) -> Self {
        let Counts { calls, success, revert, halt, invalid, lanes_run } = counts.clone();
        let lanes_run = lanes_run.into_iter().map(|(lane, count): (Lane, usize)| (lane.to_string(), count)).collect();
        Self { lanes_run, calls, success, revert, halt, invalid }
    }
}

fn json(outcome: &Outcome, seed: u64) -> Result<String> {
    let rows = outcome.functions.iter().map(|function| Row {
        signature: &function.name,
        lane: &function.lane,
        counts: (&function.counts).into(),
        leaves_reached: function.leaves_reached,
        leaves: function.leaves,
    });
    let json = Json {
        functions: rows.collect(),
        strays: (&outcome.strays).into(),
        backends: &outcome.backends,
        mismatches: outcome.mismatches.len(),
        differences: outcome.mismatches.iter().map(|mismatch| format!("{}: {}", mismatch.run, mismatch.difference)).collect(),
        seed,
        batches: outcome.batches,
        txs: outcome.transactions,
    };
    Ok(serde_json::to_string_pretty(&json).map_err(Error::internal)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Backend;
    use crate::state::CellKey;
    use crate::tx::Block;
    use alloy_primitives::{Address, B256};
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        verify: Verify,
    }

    #[test]
    fn a_mismatch_is_told_with_what_it_takes_to_see_it_again() {
        let arguments = ["verify", "some/Token.json", "--contract", "Token", "--seed", "77", "--txs", "2^4", "--accounts", "9"];
        let verify = Command::try_parse_from(arguments).expect("the syntax is right").verify;
        let options = verify.options().expect("all is well");
        let transfer = Function { name: "transfer(address,uint256)".into(), called: Some([1, 2, 3, 4]), ..Function::default() };
        let subject = Subject { functions: vec![transfer], ..Subject::default() };
        let data = [&[1, 2, 3, 4][..], &U256::from(0xab).to_be_bytes::<32>(), &[0xff, 0x01]].concat().into();
        let call = Transaction { to: verify::CONTRACTS[0], from: Address::with_last_byte(0x61), value: U256::from(5), data };
        let cell = (CellKey::storage(verify::CONTRACTS[0], B256::with_last_byte(3)), U256::from(0x99));
        let shrunk =
            Shrunk { difference: "the least".into(), block: Block::default(), cells: vec![cell], transactions: vec![call], piece: 1 };
        let run = "cpu, in several batches".to_string();
        let mismatch = Mismatch { batch: 4, run, backend: Some(Backend::Cpu), difference: "the first".into(), shrunk: Some(shrunk) };
        let outcome = Outcome { mismatches: vec![mismatch], ..Outcome::default() };
        let text = verify.mismatches(&outcome, &options, &subject);
        for part in [
            "MISMATCH on cpu, in several batches, batch 4: the first\n",
            "the least that differs: the least\n",
            " slot 0x0000000000000000000000000000000000000000000000000000000000000003 = 0x99\n",
            "0: from 0x0000000000000000000000000000000000000061 to ",
            "value 0x5: transfer(address,uint256) 0xab 0xff01 (cut short)\n",
            "again: clearwave verify some/Token.json --contract Token --seed 77 --batches 5 --txs 16 --accounts 9 --backend cpu\n",
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert!(json(&outcome, 77).expect("JSON").contains("\"mismatches\": 1"));
    }
}
