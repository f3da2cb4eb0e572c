//! Tests across the shapes: what parses, what every error says, and that nothing panics.

mod artifact_errors;
mod artifacts;
mod block_errors;
mod blocks;
mod files;
mod hostile;

use crate::error::{Error, Result};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

/// The blocks in `assets/`.
const NUMBERS: [u64; 4] = [2675000, 5891667, 8889776, 19932148];

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/mainnet")
}

/// A folder of a test's own, which goes away with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("clearwave-{test}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    /// What an error says, with the folder's path as `DIR`, the same on every system.
    fn message(&self, error: Error) -> String {
        assert!(error.is_input(), "{error}");
        error.to_string().replace(&self.0.display().to_string(), "DIR").replace('\\', "/")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What an error of bad input says.
fn message<T: Debug>(outcome: Result<T>) -> String {
    let error = outcome.unwrap_err();
    assert!(error.is_input(), "{error}");
    error.to_string()
}

/// That each input is refused in these words.
fn check<T: Debug>(parse: impl Fn(&[u8]) -> Result<T>, cases: &[(impl ToString, &str)]) {
    for (input, expected) in cases {
        let input = input.to_string();
        assert_eq!(message(parse(input.as_bytes())), *expected, "{input:.200}");
    }
}
