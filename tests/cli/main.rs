//! The command line as a shell sees it: output, exit codes, and one line for everything that is wrong.

mod errors;
mod inspect;
mod lower;
mod replay;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn clearwave(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clearwave"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("RUST_LOG");
    command
}

fn run(arguments: &[&str]) -> Output {
    let output = clearwave(arguments).output().expect("the binary starts");
    assert!(!stderr(&output).contains("panicked"), "{arguments:?}: {}", stderr(&output));
    output
}

/// What is printed by a call that is fine and has nothing to say on stderr.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// What the program says there. Mesa's layer for choosing a device complains of a session without a desktop, once an instance: that is left out.
fn stderr(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().filter(|line| !line.contains("XDG_RUNTIME_DIR")).map(|line| format!("{line}\n")).collect()
}

/// A folder of a test's own, which goes away with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("clearwave-cli-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder can be made");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder can be made");
        fs::write(&path, contents).expect("the file can be written");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("the file is there")
}

#[test]
fn help_shows_how() {
    assert!(printed(&["--help"]).contains("Exit codes:"));
    for command in ["adapters", "inspect", "lower", "replay", "verify"] {
        assert!(printed(&[command, "--help"]).contains(&format!("clearwave {command}")), "{command}");
    }
    assert!(printed(&["--version"]).starts_with("clearwave "));
}

#[test]
fn devices_are_listed_or_missed() {
    let output = run(&["adapters"]);
    assert_eq!(output.status.code(), Some(0));
    let found = String::from_utf8_lossy(&output.stdout).starts_with("INDEX  NAME");
    assert!(found || stderr(&output).contains("no device answers"), "{output:?}");
}

#[test]
fn a_reader_may_leave() {
    for arguments in [&["--help"][..], &["inspect", "kernels/token/Token.opt.json"]] {
        let mut child = clearwave(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{arguments:?}");
    }
}
