//! From runtime bytecode to kernel IR, by symbolic execution: one function at a time, from the first byte, with the selector known.
//! Hostile code ends in a reason, never in a hang, a panic or an overflow of the stack; `limits` says when.

mod code;
mod delegate;
mod frame;
mod hints;
mod memory;
mod opcode;
mod path;
mod pinning;
mod site;
mod symbolic;

pub use code::selectors;
pub use site::{Nowhere, Pin, Site};

use crate::ir::Kernel;
use crate::limits;

/// Which calls a kernel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// The first four bytes of calldata; `None` where there are fewer.
    pub selector: Option<[u8; 4]>,
    pub calldata_bytes: usize,
    pub with_value: bool,
}

impl Entry {
    pub fn of(calldata: &[u8], with_value: bool) -> Self {
        Self { selector: calldata.first_chunk().copied(), calldata_bytes: calldata.len(), with_value }
    }
}

/// Why a function stays with revm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {at}")]
pub struct Unlowered {
    pub reason: String,
    /// Byte offset into the code.
    pub at: usize,
}

/// What became of a function at a site.
#[derive(Debug, Clone)]
pub struct Lowered {
    pub kernel: Result<Kernel, Unlowered>,
    /// What that was made for: it holds for all calls where these hold.
    pub pins: Vec<Pin>,
}

/// The kernel of one function of `code`, wherever it runs.
pub fn lower(code: &[u8], entry: Entry) -> Result<Kernel, Unlowered> {
    lower_at(code, entry, &Nowhere).kernel
}

/// The kernel of one function of `code` as it is called at `site`.
pub fn lower_at(code: &[u8], entry: Entry, site: &dyn Site) -> Lowered {
    let refuse = |reason: &str| Lowered { kernel: Err(Unlowered { reason: reason.to_string(), at: 0 }), pins: vec![] };
    if code.len() > limits::CODE_BYTES {
        return refuse("the code is too long");
    }
    if entry.calldata_bytes > limits::CALLDATA_BYTES {
        return refuse("the calldata is too long");
    }
    if code.starts_with(&[0xef]) {
        return refuse("delegated or unknown code format");
    }
    symbolic::explore(code.to_vec().into(), entry, site)
}
