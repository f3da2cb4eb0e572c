//! Every workload, small, on every backend: the results are revm's, and what is reported is whole.

use clearwave::bench::{Options, Outcome, run};
use clearwave::workload::{Size, Workload};
use clearwave::{Backend, Reason, report};
use indicatif::ProgressBar;
use serde_json::Value;
use std::collections::BTreeSet;

fn options(backends: Option<Vec<Backend>>) -> Options {
    let size = Size { transactions: 1024, accounts: 256, seed: 11 };
    Options { workloads: Workload::ALL.to_vec(), backends, size, repeat: 1, adapter: None, columns: false }
}

/// All workloads, with a row for each of these backends.
fn all_equal(backends: &[Backend]) -> Outcome {
    let outcome = run(&options(Some(backends.to_vec())), &ProgressBar::hidden()).expect("all backends run");
    assert_eq!(outcome.differences().collect::<Vec<_>>(), Vec::<&str>::new());
    assert_eq!(outcome.workloads.len(), Workload::ALL.len());
    for measured in &outcome.workloads {
        let found: Vec<Backend> = measured.rows.iter().map(|row| row.backend).collect();
        assert_eq!(found, backends, "{}", measured.workload);
        for row in &measured.rows {
            assert_eq!(row.root, measured.rows[0].root, "{} on {}", measured.workload, row.backend);
            assert_eq!(row.lanes.values().sum::<usize>(), measured.transactions, "{} on {}", measured.workload, row.backend);
            assert!(row.seconds > 0.0 && row.runs == 1, "{} on {}", measured.workload, row.backend);
        }
    }
    outcome
}

#[test]
fn all_workloads_give_the_result_of_revm() {
    let outcome = all_equal(&[Backend::Cpu, Backend::Reference, Backend::Revm]);
    for measured in &outcome.workloads {
        let transfers = [Workload::Native, Workload::Erc20, Workload::Erc20Zipf, Workload::Erc20Hot, Workload::Erc20Overdraft];
        assert_eq!(measured.floor.is_some(), transfers.contains(&measured.workload), "{}", measured.workload);
    }
}

#[test]
fn columns_give_the_result_of_revm() {
    let outcome = run(&Options { columns: true, ..options(Some(vec![Backend::Cpu])) }, &ProgressBar::hidden()).expect("it runs");
    assert_eq!(outcome.differences().collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(outcome.workloads.iter().all(|measured| measured.rows.len() == 1));
}

/// Fails where no device answers.
#[test]
fn all_workloads_give_the_result_of_revm_on_the_device() {
    let outcome = all_equal(&[Backend::Gpu]);
    let device = outcome.device.expect("the device is named");
    for measured in &outcome.workloads {
        assert!(measured.rows[0].name.contains(&device.name), "{} ran on {}", measured.workload, measured.rows[0].name);
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn json_has_the_keys_that_are_promised() {
    let outcome = run(&options(Some(vec![Backend::Cpu, Backend::Revm])), &ProgressBar::hidden()).expect("both run");
    let json: Value = serde_json::from_str(&report::json(&outcome)).expect("it is JSON");
    assert_eq!(keys(&json), BTreeSet::from(["device", "rows"]));
    assert_eq!(json["device"], Value::Null, "no device was asked for");
    let rows = json["rows"].as_array().expect("a list");
    assert_eq!(rows.len(), 2 * Workload::ALL.len());
    let expected =
        "workload backend txs accounts seconds tps stages_ns lanes state_bytes bytes_per_cell bytes_per_account choices root ratio_to_revm ratio_to_floor".split(' ').collect();
    for row in rows {
        assert_eq!(keys(row), expected);
        let stages = row["stages_ns"].as_object().expect("an object").values().map(|spent| spent.as_f64().expect("a number"));
        let (stages, whole) =
            (stages.sum::<f64>(), row["seconds"].as_f64().expect("a number") * 1e9 / row["txs"].as_f64().expect("a number"));
        assert!(stages > 0.0 && stages < 1.05 * whole, "{stages} of {whole} ns a transaction are in stages");
        assert_eq!(row["root"].as_str().map(str::len), Some(66));
        let figure = |key: &str| row[key].as_f64().expect("a number");
        assert!(figure("bytes_per_cell") > 96.0 && figure("state_bytes") > figure("bytes_per_account"), "words and keys alone are 96");
        assert!(row["ratio_to_revm"].as_f64().is_some_and(|ratio| ratio > 0.0));
    }
}

#[test]
fn auto_says_what_it_foresaw_and_what_came_of_it() {
    let mut options = options(Some(vec![Backend::Auto]));
    options.workloads = vec![Workload::Erc20, Workload::Vote];
    let outcome = run(&options, &ProgressBar::hidden()).expect("it runs");
    assert_eq!(outcome.differences().collect::<Vec<_>>(), Vec::<&str>::new());
    let json: Value = serde_json::from_str(&report::json(&outcome)).expect("it is JSON");
    for (measured, row) in outcome.workloads.iter().zip(json["rows"].as_array().expect("a list")) {
        let [found] = &measured.rows[..] else { panic!("one row a backend") };
        // Where no device answers there is nothing to choose, and nothing to try.
        let alone = found.choices.iter().all(|choice| choice.reason == Reason::Only && choice.backend == Backend::Cpu);
        assert!(alone || found.choices.iter().any(|choice| choice.reason == Reason::Tried), "{:?}", found.choices);
        assert!(found.choices.iter().all(|choice| choice.measured_ns > 0 && choice.predicted_ns.iter().all(|(_, ns)| *ns > 0.0)));
        let choices = row["choices"].as_array().expect("a list");
        assert_eq!(choices.len(), found.choices.len());
        let expected = "backend reason predicted_ns measured_ns".split(' ').collect();
        assert!(!choices.is_empty() && choices.iter().all(|choice| keys(choice) == expected));
    }
    assert!(report::table(&outcome).lines().any(|line| line.starts_with("  auto cleared on  why")));
}

#[test]
fn tables_have_a_line_for_each_row_and_fit_a_wide_terminal() {
    let mut options = options(Some(vec![Backend::Cpu, Backend::Reference]));
    options.workloads = vec![Workload::Erc20Overdraft];
    let outcome = run(&options, &ProgressBar::hidden()).expect("both run");
    let table = report::table(&outcome);
    for start in ["erc20-overdraft: 1,024 transactions, 256 accounts", "  cpu ", "  reference ", "  yardstick revm ", "  yardstick floor "]
    {
        assert!(table.lines().any(|line| line.starts_with(start)), "{start:?} in\n{table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 140), "{table}");
}
