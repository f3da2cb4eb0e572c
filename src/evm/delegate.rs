//! DELEGATECALL, inlined: the code of an account whose address is known runs as a frame of the same path, on the same storage, for the same
//! caller and value. A proxy so becomes the kernel of its implementation.

use super::code::Code;
use super::path::Path;
use super::site::Pin;
use super::symbolic::{Executor, Run, escape, pop};
use crate::ir::eval::word_address;
use crate::limits;
use alloy_primitives::{Address, Bytes, U256};

/// A code that takes part, and the account that has it; `None` for the one that is called.
pub struct Module {
    pub account: Option<Address>,
    pub code: Code,
}

impl Executor<'_> {
    pub(super) fn delegate_call(&mut self, path: &mut Path) -> Run<()> {
        let [gas, target, offset, len, output, output_len] = std::array::from_fn(|_| pop(path));
        let limited = self.kernel.exprs.as_const(gas).is_none_or(|gas| gas < U256::from(limits::GAS_LIMIT));
        if limited {
            return escape("DELEGATECALL with a part of the gas");
        }
        let target = self.settled(target, "the address of DELEGATECALL")?;
        let (offset, len) = self.bounded(path, offset, len)?;
        let (output, output_len) = self.bounded(path, output, output_len)?;
        // A cold account.
        path.gas_bound += 2_500;
        if path.callers.len() >= limits::CALL_DEPTH {
            return escape("DELEGATECALL nested too deeply");
        }
        let code = self.module(word_address(target))?;
        let calldata = path.bytes(offset, len);
        path.call(code, calldata, output, output_len);
        Ok(())
    }

    pub(super) fn code_size(&mut self, path: &mut Path) -> Run<()> {
        let address = pop(path);
        let address = self.settled(address, "the address of EXTCODESIZE")?;
        path.gas_bound += 2_500;
        let code = self.code_of(word_address(address))?;
        path.push_word(&mut self.kernel, U256::from(code.len()));
        Ok(())
    }

    /// The number of an account's code, which has to be there.
    fn module(&mut self, account: Address) -> Run<usize> {
        let code = self.code_of(account)?;
        if code.is_empty() {
            return escape(&format!("DELEGATECALL to {account}, which has no code"));
        }
        if code.len() > limits::CODE_BYTES || code.starts_with(&[0xef]) {
            return escape(&format!("DELEGATECALL to {account}, whose code is too long or of unknown format"));
        }
        let known = self.modules.iter().position(|module| module.account == Some(account));
        Ok(known.unwrap_or_else(|| {
            self.modules.push(Module { account: Some(account), code: Code::new(code) });
            self.modules.len() - 1
        }))
    }

    fn code_of(&mut self, account: Address) -> Run<Bytes> {
        let Some((hash, code)) = self.site.code(account) else {
            return escape(&format!("the code of {account} is not known"));
        };
        let pin = Pin::Code { address: account, hash };
        if !self.pins.contains(&pin) {
            self.pins.push(pin);
        }
        Ok(code)
    }
}
