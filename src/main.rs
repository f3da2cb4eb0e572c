use std::process::ExitCode;

fn main() -> ExitCode {
    clearwave::cli::main()
}
