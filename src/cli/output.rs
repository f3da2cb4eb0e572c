//! Where results go. A file is opened before the work that fills it, so that a long run does not end in nowhere to write to. A pipe that
//! its reader has closed swallows the rest.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes to stdout.
pub fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    unless_closed(written).map_err(|error| Error::device(format_args!("stdout: {error}")))
}

/// A file that is open for writing.
pub struct Sink {
    path: PathBuf,
    file: File,
}

impl Sink {
    /// Replaces the file if it is there.
    pub fn open(path: &Path) -> Result<Self> {
        let unwritable = |error| Error::input(format_args!("{}: expected a file that can be written: {error}", path.display()));
        Ok(Self { path: path.into(), file: File::create(path).map_err(unwritable)? })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        unless_closed(self.file.write_all(bytes)).map_err(|error| Error::device(format_args!("{}: {error}", self.path.display())))
    }
}

fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
