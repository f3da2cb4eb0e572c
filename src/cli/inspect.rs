//! `clearwave inspect`: what becomes of each function of a contract.

use super::functions::{self, Function};
use super::table::Table;
use super::{Exit, output};
use crate::error::{Error, Result};
use crate::evm::{Lowered, Pin};
use crate::host::Artifact;
use crate::ir::access::{Access, Best};
use crate::ir::{Kernel, Leaf, Outcome};
use rayon::prelude::*;
use serde::Serialize;
use std::path::PathBuf;

/// Show the lane of every function of a contract, its keys, and why it is not faster
#[derive(Debug, clap::Args)]
#[command(after_help = DETAILS)]
pub struct Inspect {
    /// Of Foundry, Hardhat, solc or Vyper, or runtime code in hex
    artifact: PathBuf,
    /// Which contract of the artifact, by name or as file:name
    #[arg(long)]
    contract: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

const DETAILS: &str = "\
Lanes, the best that a function's calls can have among calls that use the same words:
  clear     netted with all others, without an order
  wave      on the device, in an order that the call itself tells; without one where no other call uses what it writes
  line      in order: which words it touches hangs on what others wrote
  fallback  not lowered: revm runs it

Rows: a function is called without value and, where it is payable, a second time with value; that row's signature ends in ` payable`.
Calldata is canonical: where types are dynamic, lists have two elements, and bytes and strings are empty. Other lengths have kernels of
their own; the reason says what this one was made for. It may have been made for words of storage too, such as a proxy's implementation
or the length of a name: they are zero here. `receive()` is called with empty calldata, `fallback()` with 4 bytes: ffffffff, or the highest
selector that no function has. Of hex code the selectors are found in its dispatcher, their calldata is 4 bytes and the fewest words, up
to 6, with which the call can succeed (4 bytes where none does), and value is not tried. Immutables are zero.

JSON: {\"functions\": [{\"signature\", \"selector\", \"lane\", \"leaves\", \"keys\": [{\"key\", \"modes\": []}], \"reason\"}]}. What does not apply is
null. Keys are those that calls that succeed touch, with credit, debit, read and write. Leaves are all ways to end, 0 if not lowered.

Example:
  clearwave inspect kernels/token/Token.opt.json";

#[derive(Debug, Serialize)]
struct Inspection {
    functions: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    signature: Option<String>,
    selector: Option<String>,
    lane: String,
    leaves: usize,
    keys: Vec<KeyRow>,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct KeyRow {
    key: String,
    modes: Vec<String>,
}

impl Inspect {
    pub fn run(&self) -> Result<Exit> {
        let artifact = Artifact::read(&self.artifact, self.contract.as_deref())?;
        if artifact.immutables {
            log::warn!("{}: the immutables of {} are zero, since its code was never deployed", self.artifact.display(), artifact.name);
        }
        output::print(inspect(&artifact, self.json)?.as_bytes())?;
        Ok(Exit::Fine)
    }
}

/// What the command prints.
///
/// # Errors
/// None that input brings about.
pub fn inspect(artifact: &Artifact, as_json: bool) -> Result<String> {
    let functions = functions::all(artifact);
    let calls = functions.iter().flat_map(|function| [Some((function, false)), function.payable.then_some((function, true))]);
    let calls: Vec<_> = calls.flatten().collect();
    let rows = calls.par_iter().map(|(function, with_value)| row(artifact, function, *with_value));
    let inspection = Inspection { functions: rows.collect() };
    if as_json { json(&inspection) } else { Ok(table(&inspection)) }
}

fn row(artifact: &Artifact, function: &Function, with_value: bool) -> Row {
    let signature = function.signature.as_ref().map(|signature| format!("{signature}{}", if with_value { " payable" } else { "" }));
    let row = Row {
        signature,
        selector: function.selector_text(),
        lane: Best::Fallback.to_string(),
        leaves: 0,
        keys: vec![],
        reason: Some("the length of its calldata is not known".into()),
    };
    let Some(entry) = function.entry(with_value) else { return row };
    let Lowered { kernel, pins } = function.lower(&artifact.code, entry);
    match kernel {
        Ok(kernel) => lowered(&kernel, &pins, row),
        Err(unlowered) => Row { reason: Some(unlowered.to_string()), ..row },
    }
}

fn lowered(kernel: &Kernel, pins: &[Pin], row: Row) -> Row {
    let access = Access::of(kernel);
    let modes = kernel.key_ids().map(|key| (key, access.modes(key))).filter(|(_, modes)| !modes.is_empty());
    let keys = modes.map(|(key, modes)| KeyRow { key: kernel.key_text(key), modes: modes.iter().map(ToString::to_string).collect() });
    let lane = access.lane();
    Row { lane: lane.to_string(), leaves: kernel.leaves.len(), keys: keys.collect(), reason: reason(kernel, pins, lane), ..row }
}

/// Why calls may go to revm though the function was lowered, and which calls the kernel is for.
fn reason(kernel: &Kernel, pins: &[Pin], lane: Best) -> Option<String> {
    let asked: Vec<String> = pins.iter().filter(|pin| pin.is_asked()).map(ToString::to_string).collect();
    // The last leaves are those of calls that it was not made for.
    let own = &kernel.leaves[..kernel.leaves.len() - asked.len()];
    let made_for = (!asked.is_empty()).then(|| format!("made for calls where {}", asked.join(" and ")));
    let parts: Vec<String> = why_revm(own, lane).into_iter().chain(made_for).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn why_revm(leaves: &[Leaf], lane: Best) -> Option<String> {
    let escape = leaves.iter().find_map(|leaf| match &leaf.outcome {
        Outcome::Escape { reason, at } => Some(format!("{reason} at byte {at}")),
        _ => None,
    });
    match (escape, lane) {
        (Some(escape), Best::Fallback) => Some(escape),
        (Some(escape), _) => Some(format!("some calls fall back: {escape}")),
        (None, Best::Fallback) => Some("no call succeeds".into()),
        (None, _) => None,
    }
}

fn json(inspection: &Inspection) -> Result<String> {
    let text = serde_json::to_string_pretty(inspection).map_err(Error::internal)?;
    Ok(text + "\n")
}

fn table(inspection: &Inspection) -> String {
    let mut table = Table::default();
    table.row(["FUNCTION", "SELECTOR", "LANE", "LEAVES", "REASON"]);
    for row in &inspection.functions {
        let [signature, selector, reason] = [&row.signature, &row.selector, &row.reason].map(|cell| cell.as_deref().unwrap_or("-"));
        let reason = if row.reason.is_some() { reason } else { "" };
        table.row([signature, selector, &row.lane, &row.leaves.to_string(), reason]);
        let modes: Vec<String> = row.keys.iter().map(|key| key.modes.join(" ")).collect();
        let width = modes.iter().map(String::len).max().unwrap_or(0);
        for (key, modes) in row.keys.iter().zip(&modes) {
            table.text(format!("    {modes:<width$}  {}", key.key));
        }
    }
    table.render()
}
