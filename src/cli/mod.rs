//! The command line. It reads files, calls the library and prints: what there is to know of a contract or a block is found elsewhere.
//!
//! Results go to stdout or to the file that was named, everything else to stderr. Whatever is wrong with what was given ends in a single
//! line there, `error: ...`, and the exit code says the kind: [`Exit`]. A reader that closes the pipe early is no error.

mod adapters;
mod bench;
mod functions;
mod inspect;
mod lower;
mod output;
mod replay;
mod table;
mod verify;

pub use inspect::inspect;
pub use verify::subject;

use crate::error::{Error, Result};
use clap::{ArgAction, Parser, Subcommand};
use log::LevelFilter;
use std::io::Write;
use std::process::ExitCode;

/// How a run ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Fine = 0,
    /// Results differ that have to be equal.
    Differs = 1,
    /// The command line or a file cannot be used.
    Input = 2,
    /// The device or another part of the machine failed.
    Failure = 3,
}

/// Applies batches of EVM token transactions on the GPU, with the result of executing them in order.
#[derive(Debug, Parser)]
#[command(name = "clearwave", version, arg_required_else_help = false, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Say more on stderr; twice for still more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  fine
  1  results differ
  2  bad usage or input: one line on stderr says what was expected, and where
  3  the device or another part of the machine failed";

#[derive(Debug, Subcommand)]
enum Command {
    Adapters(adapters::Adapters),
    Inspect(inspect::Inspect),
    Lower(lower::Lower),
    Replay(replay::Replay),
    Bench(bench::BenchArgs),
    Verify(verify::Verify),
}

impl Command {
    fn run(&self) -> Result<Exit> {
        match self {
            Self::Adapters(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Lower(command) => command.run(),
            Self::Replay(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Verify(command) => command.run(),
        }
    }
}

/// Runs what the process was called with.
pub fn main() -> ExitCode {
    let exit = match Arguments::try_parse() {
        Ok(arguments) => {
            start_log(arguments.verbose);
            arguments.command.run().unwrap_or_else(|error| {
                say(&format!("error: {error}"));
                exit_of(&error)
            })
        }
        Err(unparsed) => explain(&unparsed),
    };
    ExitCode::from(exit as u8)
}

fn exit_of(error: &Error) -> Exit {
    if error.is_input() { Exit::Input } else { Exit::Failure }
}

/// Help and version were asked for; of anything else the first paragraph is the error, and the rest is help.
fn explain(unparsed: &clap::Error) -> Exit {
    let text = unparsed.render().to_string();
    if !unparsed.use_stderr() {
        return output::print(text.as_bytes()).map_or(Exit::Failure, |()| Exit::Fine);
    }
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    say(&format!("{} (--help says more)", words.join(" ")));
    Exit::Input
}

/// A line on stderr. Where stderr is closed there is nobody to tell.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn start_log(verbose: u8) {
    let (own, others) = match verbose {
        0 => (LevelFilter::Warn, LevelFilter::Error),
        1 => (LevelFilter::Info, LevelFilter::Warn),
        2 => (LevelFilter::Debug, LevelFilter::Warn),
        _ => (LevelFilter::Trace, LevelFilter::Info),
    };
    env_logger::Builder::new()
        .filter_level(others)
        // Drivers that do not answer say so at length; what follows of it, an error of ours tells.
        .filter_module("wgpu_hal", if verbose < 2 { LevelFilter::Off } else { others })
        .filter_module("clearwave", own)
        .parse_default_env()
        .format(|line, record| writeln!(line, "{}: {}", record.level().as_str().to_lowercase(), record.args()))
        .init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in Arguments::command().get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            assert!(help.contains(&format!("clearwave {}", command.get_name())), "{help}");
        }
    }
}
