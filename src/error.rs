//! The one error type. It stands for bad input and for failing infrastructure; a reverted transaction is data and never an error.
//! A message names the file or transaction, the place, and what was expected, in one line.

use std::fmt;

/// Why something could not be done. Opaque: ask [`Error::is_input`] and [`Error::is_device`], print the rest.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    message: String,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Input,
    Device,
    Internal,
}

impl Error {
    /// The caller gave something that cannot be used: a file, an argument, a transaction.
    pub fn input(message: impl fmt::Display) -> Self {
        Self::new(Kind::Input, message)
    }

    /// The device, its driver or another part of the machine failed.
    pub fn device(message: impl fmt::Display) -> Self {
        Self::new(Kind::Device, message)
    }

    /// clearwave broke a rule of its own: a defect worth reporting.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, message)
    }

    fn new(kind: Kind, message: impl fmt::Display) -> Self {
        let message = message.to_string().replace('\n', " ");
        Self { kind, message }
    }

    /// Puts the file, the transaction or the step in front: `context: message`.
    pub fn within(self, context: impl fmt::Display) -> Self {
        Self::new(self.kind, format_args!("{context}: {}", self.message))
    }

    pub fn is_input(&self) -> bool {
        self.kind == Kind::Input
    }

    pub fn is_device(&self) -> bool {
        self.kind == Kind::Device
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
