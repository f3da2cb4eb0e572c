//! What was measured, as a table for people and as JSON for machines. Nothing is measured or judged here.

use crate::bench::{Device, Measured, Outcome, Row};
use crate::engine::{Backend, Choice, Reason};
use crate::state::Memory;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns that a device's name may take.
const NAME: usize = 36;

/// Tables, one workload after another, then what there is to say.
pub fn table(outcome: &Outcome) -> String {
    let mut text = String::new();
    for measured in &outcome.workloads {
        let (transactions, accounts) = (grouped(measured.transactions as f64), grouped(measured.accounts as f64));
        _ = writeln!(text, "{}: {transactions} transactions, {accounts} accounts\n", measured.workload);
        text += &aligned(&rates(measured, outcome.device.as_ref()));
        text += "\n";
        text += &aligned(&stages(measured));
        text += "\n";
        text += &aligned(&memory(measured));
        text += "\n";
        for row in measured.rows.iter().filter(|row| !row.choices.is_empty()) {
            text += &aligned(&choices(row));
            text += "\n";
        }
    }
    let notes = outcome.notes.iter().map(|note| format!("note: {note}\n"));
    let differences = outcome.differences().map(|difference| format!("DIFFERENT: {difference}\n"));
    notes.chain(differences).for_each(|line| text += &line);
    text
}

/// A cell of a table.
enum Cell {
    Left(String),
    Right(String),
}

use Cell::{Left, Right};

fn rates(measured: &Measured, device: Option<&Device>) -> Vec<Vec<Cell>> {
    let heads = ["tx/s", "ns/tx", "x revm", "x floor", "runs"];
    let mut rows = vec![vec![Left("backend".into()), Left("runs on".into())]];
    rows[0].extend(heads.map(|head| Right(head.into())));
    rows[0].extend(["root", "lanes"].map(|head| Left(head.into())));
    let line = |name: String, on: String, seconds: f64, floor: Option<f64>, runs: usize| {
        let rate = measured.transactions as f64 / seconds;
        let numbers =
            [grouped(rate), format!("{:.1}", 1e9 / rate), ratio(Some(measured.revm.seconds / seconds)), ratio(floor), runs.to_string()];
        let mut cells = vec![Left(name), Left(on)];
        cells.extend(numbers.map(Right));
        cells
    };
    for row in &measured.rows {
        let mut cells = line(row.backend.to_string(), runs_on(row, device), row.seconds, measured.ratio_to_floor(row), row.runs);
        let lanes: Vec<String> = row.lanes.iter().map(|(lane, count)| format!("{lane} {}", grouped(*count as f64))).collect();
        cells.extend([Left(row.root.to_string().chars().take(10).collect()), Left(lanes.join(", "))]);
        rows.push(cells);
    }
    let floor = measured.floor.map(|floor| ("floor", floor));
    for (name, yardstick) in [("revm", measured.revm)].into_iter().chain(floor) {
        let to_floor = measured.floor.map(|floor| floor.seconds / yardstick.seconds);
        rows.push(line(format!("yardstick {name}"), "one thread, no root".into(), yardstick.seconds, to_floor, yardstick.runs));
    }
    rows
}

fn runs_on(row: &Row, device: Option<&Device>) -> String {
    match (row.backend, device) {
        (Backend::Gpu, Some(device)) => format!("{} ({})", shortened(&device.name), device.kind),
        (Backend::Cpu, _) => format!("{} threads", rayon::current_num_threads()),
        (Backend::Reference | Backend::Revm, _) => "one thread".into(),
        _ => shortened(&row.name),
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_string();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

/// Nanoseconds a transaction by stage: a row for each backend, a column for each stage that takes any time.
fn stages(measured: &Measured) -> Vec<Vec<Cell>> {
    let mut names: Vec<&str> = Vec::new();
    for (name, spent) in measured.rows.iter().flat_map(|row| &row.stages_ns) {
        if *spent >= 0.05 && !names.contains(name) {
            names.push(name);
        }
    }
    // Every batch ends with its root.
    names.sort_by_key(|name| *name == "root");
    let mut rows = vec![vec![Left("ns/tx in".into())]];
    rows[0].extend(names.iter().map(|name| Right(name.to_string())));
    for row in &measured.rows {
        let spent = |name: &&str| row.stages_ns.iter().find(|(stage, _)| stage == name);
        let cell = |name: &&str| Right(spent(name).map_or("—".into(), |(_, spent)| format!("{spent:.1}")));
        rows.push([Left(row.backend.to_string())].into_iter().chain(names.iter().map(cell)).collect());
    }
    rows
}

/// What the host's state takes after the last run: bytes a cell, in all and by its parts, and bytes an account.
fn memory(measured: &Measured) -> Vec<Vec<Cell>> {
    let mut rows = vec![vec![Left("bytes of state".into())]];
    let parts = Memory::default().parts().map(|(part, _)| part);
    rows[0].extend(["cells", "an account", "a cell"].into_iter().chain(parts).map(|head| Right(head.into())));
    for row in &measured.rows {
        let of = |bytes: usize, count: usize| Right(format!("{:.1}", bytes as f64 / count.max(1) as f64));
        let total = row.memory.total();
        let mut cells = vec![Left(row.backend.to_string()), Right(grouped(row.cells as f64))];
        cells.extend([of(total, measured.accounts), of(total, row.cells)]);
        cells.extend(row.memory.parts().map(|(_, bytes)| of(bytes, row.cells)));
        rows.push(cells);
    }
    rows
}

/// Who cleared how often, why, and what a clearing was foreseen to take and took, on the average.
fn choices(row: &Row) -> Vec<Vec<Cell>> {
    let mut kinds: BTreeMap<(Backend, Reason), Vec<&Choice>> = BTreeMap::new();
    row.choices.iter().for_each(|choice| kinds.entry((choice.backend, choice.reason)).or_default().push(choice));
    let backends: Vec<Backend> = row.choices[0].predicted_ns.iter().map(|(backend, _)| *backend).collect();
    let mut rows = vec![vec![Left(format!("{} cleared on", row.backend)), Left("why".into()), Right("times".into())]];
    rows[0].extend(backends.iter().map(|backend| Right(format!("{backend} foreseen ms"))));
    rows[0].push(Right("took ms".into()));
    for ((backend, reason), choices) in kinds {
        let mean = |ns: &dyn Fn(&Choice) -> f64| choices.iter().map(|choice| ns(choice)).sum::<f64>() / choices.len() as f64;
        let of = |at: usize| mean(&|choice| choice.predicted_ns.get(at).map_or(0.0, |(_, time_ns)| *time_ns));
        let times = (0..backends.len()).map(of).chain([mean(&|choice| choice.measured_ns as f64)]);
        let mut cells = vec![Left(backend.to_string()), Left(reason.to_string()), Right(choices.len().to_string())];
        cells.extend(times.map(|time_ns| Right(format!("{:.3}", time_ns / 1e6))));
        rows.push(cells);
    }
    rows
}

fn aligned(rows: &[Vec<Cell>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |cell: &Cell| match cell {
        Left(text) | Right(text) => text.chars().count(),
    };
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| match cell {
            Left(text) => format!("  {text:<width$}"),
            Right(text) => format!("  {text:>width$}"),
        });
        let line: String = cells.collect();
        text += line.trim_end();
        text += "\n";
    }
    text
}

/// A number without a fraction, its digits in groups of three.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn ratio(ratio: Option<f64>) -> String {
    match ratio {
        None => "—".into(),
        Some(ratio) if ratio < 10.0 => format!("{ratio:.2}"),
        Some(ratio) => format!("{ratio:.1}"),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    device: Option<JsonDevice<'a>>,
    rows: Vec<JsonRow<'a>>,
}

#[derive(Serialize)]
struct JsonDevice<'a> {
    name: &'a str,
    r#type: &'a str,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    workload: String,
    backend: String,
    txs: usize,
    accounts: usize,
    seconds: f64,
    tps: f64,
    /// Nanoseconds a transaction.
    stages_ns: BTreeMap<&'a str, f64>,
    lanes: BTreeMap<String, usize>,
    state_bytes: usize,
    bytes_per_cell: f64,
    bytes_per_account: f64,
    /// One a clearing, in the order of the runs, warm-ups included; empty but for `auto`.
    choices: Vec<JsonChoice>,
    root: String,
    ratio_to_revm: f64,
    ratio_to_floor: Option<f64>,
}

#[derive(Serialize)]
struct JsonChoice {
    backend: String,
    reason: String,
    predicted_ns: BTreeMap<String, f64>,
    measured_ns: u64,
}

impl From<&Choice> for JsonChoice {
    fn from(choice: &Choice) -> Self {
        Self {
            backend: choice.backend.to_string(),
            reason: choice.reason.to_string(),
            predicted_ns: choice.predicted_ns.iter().map(|(backend, time_ns)| (backend.to_string(), *time_ns)).collect(),
            measured_ns: choice.measured_ns,
        }
    }
}

/// One object: the device, and a row for each backend on each workload.
pub fn json(outcome: &Outcome) -> String {
    let row = |measured: &'_ Measured, row: &'_ Row| JsonRow {
        workload: measured.workload.to_string(),
        backend: row.backend.to_string(),
        txs: measured.transactions,
        accounts: measured.accounts,
        seconds: row.seconds,
        tps: measured.rate(row),
        stages_ns: row.stages_ns.iter().copied().collect(),
        lanes: row.lanes.iter().map(|(lane, count)| (lane.to_string(), *count)).collect(),
        state_bytes: row.memory.total(),
        bytes_per_cell: row.memory.total() as f64 / row.cells.max(1) as f64,
        bytes_per_account: row.memory.total() as f64 / measured.accounts.max(1) as f64,
        choices: row.choices.iter().map(JsonChoice::from).collect(),
        root: row.root.to_string(),
        ratio_to_revm: measured.ratio_to_revm(row),
        ratio_to_floor: measured.ratio_to_floor(row),
    };
    let rows = outcome.workloads.iter().flat_map(|measured| measured.rows.iter().map(move |found| row(measured, found)));
    let device = outcome.device.as_ref().map(|device| JsonDevice { name: &device.name, r#type: &device.kind });
    let json = Json { device, rows: rows.collect() };
    serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_groups() {
        assert_eq!([0.4, 12.0, 999.0, 1_000.0, 1_048_576.0].map(grouped), ["0", "12", "999", "1,000", "1,048,576"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |a: &str, b: &str, c: &str| vec![Left(a.into()), Right(b.into()), Left(c.into())];
        let rows = [row("a", "—", "x"), row("bbb", "1.25", ""), vec![Left("c".into())]];
        assert_eq!(aligned(&rows), "  a       —  x\n  bbb  1.25\n  c\n");
    }
}
