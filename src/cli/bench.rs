//! `clearwave bench`: measures workloads on backends.

use super::{Exit, output};
use crate::bench::{self, Options};
use crate::error::{Error, Result};
use crate::report;
use crate::workload::{Size, Workload};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  clearwave bench
  clearwave bench --workload erc20,erc20-hot --backend cpu,revm --txs 2^18
  clearwave bench --workload all --json figures.json

The result of every row has been compared with revm's. Exit status: 0 all are equal, 1 some differ, 2 the input is wrong, 3 the machine
or the device fails.";

/// Measure workloads end to end: raw transactions in, receipts and state root out
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct BenchArgs {
    /// native, erc20, erc20-zipf, -hot, -overdraft, -mixed, -griefed, -fallback, erc721, vote, escrow, swap, items, custody, mainnet, or all
    #[arg(long, value_name = "W[,W]", value_delimiter = ',', default_value = "erc20")]
    pub workload: Vec<String>,

    /// gpu, cpu, reference, revm, auto, or all; of all, gpu is left out where no device answers
    #[arg(long, value_name = "B[,B]", value_delimiter = ',', default_value = "all")]
    pub backend: Vec<String>,

    /// Transactions of a batch
    #[arg(long, value_name = "N", default_value = "2^20")]
    pub txs: String,

    /// Accounts that take part
    #[arg(long, value_name = "N", default_value = "2^20")]
    pub accounts: String,

    /// What the workloads are generated from
    #[arg(long, value_name = "S", default_value = "1")]
    pub seed: String,

    /// Timed runs, of which the median counts; fewer where a run takes seconds
    #[arg(long, value_name = "N", default_value = "5")]
    pub repeat: String,

    /// The device, by a part of its name or its number
    #[arg(long, value_name = "NAME|INDEX")]
    pub adapter: Option<String>,

    /// Hand transactions to backends column by column
    #[arg(long)]
    pub columns: bool,

    /// Write the figures to this file too
    #[arg(long, value_name = "OUT")]
    pub json: Option<PathBuf>,
}

impl BenchArgs {
    /// Measures and prints.
    pub fn run(&self) -> Result<Exit> {
        let options = options(self)?;
        self.json.as_deref().map_or(Ok(()), check_writable)?;
        let progress = progress();
        let outcome = bench::run(&options, &progress);
        progress.finish_and_clear();
        let outcome = outcome?;
        output::print(report::table(&outcome).as_bytes())?;
        if let Some(path) = &self.json {
            fs::write(path, report::json(&outcome)).map_err(|error| Error::device(format_args!("{}: {error}", path.display())))?;
        }
        Ok(if outcome.differences().next().is_some() { Exit::Differs } else { Exit::Fine })
    }
}

fn options(args: &BenchArgs) -> Result<Options> {
    let size = Size {
        transactions: number(&args.txs, "--txs")?,
        accounts: number(&args.accounts, "--accounts")?,
        seed: args.seed.parse().map_err(|_| wrong("--seed", &args.seed, "a whole number below 2^64"))?,
    };
    size.check()?;
    let repeat = number(&args.repeat, "--repeat")?;
    if repeat == 0 {
        return Err(wrong("--repeat", &args.repeat, "at least 1"));
    }
    let workloads = names(&args.workload)?.unwrap_or(Workload::ALL.to_vec());
    Ok(Options { workloads, backends: names(&args.backend)?, size, repeat, adapter: args.adapter.clone(), columns: args.columns })
}

/// What is named, each once; `None` where all are.
pub(super) fn names<T: std::str::FromStr<Err = Error> + PartialEq>(names: &[String]) -> Result<Option<Vec<T>>> {
    if names.iter().any(|name| name == "all") {
        return Ok(None);
    }
    let mut named = Vec::new();
    for name in names {
        let one = name.parse()?;
        if !named.contains(&one) {
            named.push(one);
        }
    }
    Ok(Some(named))
}

/// A whole number, also as a power: `2^20`.
pub(super) fn number(text: &str, option: &str) -> Result<usize> {
    let number = match text.split_once('^') {
        None => text.parse().ok(),
        Some((base, exponent)) => {
            base.parse::<usize>().ok().zip(exponent.parse().ok()).and_then(|(base, exponent)| base.checked_pow(exponent))
        }
    };
    number.ok_or_else(|| wrong(option, text, "a whole number, such as 1024 or 2^20"))
}

pub(super) fn wrong(option: &str, found: &str, expected: &str) -> Error {
    Error::input(format_args!("{option} {found:?}: expected {expected}"))
}

/// Whether a file can be written, found out without changing it: what an earlier run wrote stays until there is something new.
fn check_writable(path: &Path) -> Result<()> {
    let existed = path.exists();
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|error| Error::input(format_args!("--json {}: cannot be written: {error}", path.display())))?;
    if !existed {
        _ = fs::remove_file(path);
    }
    Ok(())
}

/// On standard error; nothing where that is no terminal.
pub(super) fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {elapsed}  {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let progress = ProgressBar::new(0).with_style(style);
    progress.enable_steady_tick(std::time::Duration::from_millis(200));
    progress
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Backend;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        bench: BenchArgs,
    }

    fn parse(args: &[&str]) -> BenchArgs {
        Command::try_parse_from([&["bench"], args].concat()).expect("the syntax is right").bench
    }

    #[test]
    fn without_arguments_it_is_the_default() {
        let (found, expected) = (options(&parse(&[])).expect("all is well"), Options::default());
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }

    #[test]
    fn numbers_may_be_powers() {
        let options = options(&parse(&["--txs", "2^10", "--accounts", "300", "--workload", "all", "--backend", "cpu,cpu"]));
        let options = options.expect("all is well");
        assert_eq!((options.size.transactions, options.size.accounts), (1024, 300));
        assert_eq!(options.workloads, Workload::ALL);
        assert_eq!(options.backends, Some(vec![Backend::Cpu]));
    }

    #[test]
    fn what_is_wrong_is_said_in_a_line_before_anything_runs() {
        let cases: [(&[&str], &str); 11] = [
            (&["--txs", "0"], "0 transactions"),
            (&["--accounts", "0"], "0 accounts"),
            (&["--txs", "-1"], "--txs \"-1\""),
            (&["--txs", "2^64"], "--txs \"2^64\""),
            (&["--txs", "2^40"], "transactions: expected 1 to"),
            (&["--seed", "x"], "--seed \"x\""),
            (&["--repeat", "0"], "--repeat \"0\""),
            (&["--workload", "erc-20"], "workload \"erc-20\": expected one of native"),
            (&["--workload", ""], "workload \"\""),
            (&["--backend", "cuda"], "backend \"cuda\": expected gpu"),
            (&["--json", "/nowhere/figures.json"], "--json /nowhere/figures.json: cannot be written"),
        ];
        for (args, expected) in cases {
            let args: Vec<String> = args.chunks(2).map(|pair| pair.join("=")).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let error = parse(&args).run().expect_err(expected);
            assert!(error.is_input() && error.to_string().contains(expected) && !error.to_string().contains('\n'), "{error}");
        }
    }

    #[test]
    fn looking_whether_a_file_can_be_written_leaves_it_alone() {
        let path = std::env::temp_dir().join(format!("clearwave-bench-{}.json", std::process::id()));
        check_writable(&path).expect("the folder is there");
        assert!(!path.exists());
        fs::write(&path, "kept").expect("the folder is there");
        check_writable(&path).expect("the file is there");
        assert_eq!(fs::read_to_string(&path).expect("the file is there"), "kept");
        fs::remove_file(&path).expect("the file is there");
    }
}
