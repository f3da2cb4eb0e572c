//! Frames: the machine of one code, and what waits while a DELEGATECALL runs another on the same storage. What a frame may still spend is
//! bounded here, since a call passes on 63 of 64 parts of the gas that is left.

use super::memory::{Byte, Memory};
use super::path::Path;
use crate::ir::{ExprId, Kernel};
use alloy_primitives::U256;
use std::mem;
use std::rc::Rc;

/// One code at work.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Which of the executor's codes.
    pub code: usize,
    pub at: usize,
    pub stack: Vec<ExprId>,
    pub memory: Memory,
    pub calldata: Rc<[Byte]>,
    /// What the last call returned.
    pub returned: Rc<[Byte]>,
    /// What the path may have spent at most when this frame ends.
    pub gas_limit: u64,
}

/// A frame that waits for the one that it called.
#[derive(Debug, Clone)]
pub struct Call {
    frame: Frame,
    /// Where the output goes.
    offset: usize,
    len: usize,
    /// What is left at the least, whatever the callee spends.
    gas_kept: u64,
    /// Stores, logs and transient stores before: a callee that fails undoes its own.
    before: [usize; 3],
}

impl Frame {
    pub fn start(code: usize, calldata: Rc<[Byte]>, gas_limit: u64) -> Self {
        Self { code, calldata, gas_limit, ..Self::default() }
    }
}

impl Path {
    /// Runs `code` on the same storage; its output goes to `len` bytes at `offset`.
    pub fn call(&mut self, code: usize, calldata: Vec<Byte>, offset: usize, len: usize) {
        let left = self.frame.gas_limit.saturating_sub(self.gas_bound);
        let gas_kept = left / 64;
        let callee = Frame::start(code, calldata.into(), self.gas_bound + left - gas_kept);
        let frame = mem::replace(&mut self.frame, callee);
        let before = [self.stores.len(), self.logs.len(), self.transient.len()];
        self.callers.push(Rc::new(Call { frame, offset, len, gas_kept, before }));
    }

    /// Ends a frame that another waits for: with its output, or `None` where it halts.
    pub fn resume(&mut self, kernel: &mut Kernel, call: Rc<Call>, succeeds: bool, output: Option<Vec<Byte>>) {
        let Call { frame, offset, len, gas_kept, before } = Rc::unwrap_or_clone(call);
        self.frame = frame;
        if !succeeds {
            self.stores.truncate(before[0]);
            self.logs.truncate(before[1]);
            self.transient.truncate(before[2]);
        }
        if output.is_none() {
            self.gas_bound = self.frame.gas_limit - gas_kept;
        }
        let output = output.unwrap_or_default();
        self.frame.memory.write(offset, &output[..len.min(output.len())]);
        self.frame.returned = output.into();
        self.push_word(kernel, U256::from(succeeds));
        self.frame.at += 1;
    }
}
