//! EVM bytecode from opcodes, words and labels.

use alloy_primitives::{Bytes, U256};

pub mod op {
    pub const STOP: u8 = 0x00;
    pub const ADD: u8 = 0x01;
    pub const MUL: u8 = 0x02;
    pub const SUB: u8 = 0x03;
    pub const DIV: u8 = 0x04;
    pub const EXP: u8 = 0x0a;
    pub const LT: u8 = 0x10;
    pub const GT: u8 = 0x11;
    pub const EQ: u8 = 0x14;
    pub const ISZERO: u8 = 0x15;
    pub const AND: u8 = 0x16;
    pub const NOT: u8 = 0x19;
    pub const SHL: u8 = 0x1b;
    pub const SHR: u8 = 0x1c;
    pub const KECCAK256: u8 = 0x20;
    pub const ADDRESS: u8 = 0x30;
    pub const BALANCE: u8 = 0x31;
    pub const CALLER: u8 = 0x33;
    pub const CALLVALUE: u8 = 0x34;
    pub const CALLDATALOAD: u8 = 0x35;
    pub const TIMESTAMP: u8 = 0x42;
    pub const SELFBALANCE: u8 = 0x47;
    pub const POP: u8 = 0x50;
    pub const MLOAD: u8 = 0x51;
    pub const MSTORE: u8 = 0x52;
    pub const SLOAD: u8 = 0x54;
    pub const SSTORE: u8 = 0x55;
    pub const JUMP: u8 = 0x56;
    pub const JUMPI: u8 = 0x57;
    pub const GAS: u8 = 0x5a;
    pub const JUMPDEST: u8 = 0x5b;
    pub const TLOAD: u8 = 0x5c;
    pub const TSTORE: u8 = 0x5d;
    pub const PUSH1: u8 = 0x60;
    pub const DUP1: u8 = 0x80;
    pub const LOG0: u8 = 0xa0;
    pub const CREATE: u8 = 0xf0;
    pub const CALL: u8 = 0xf1;
    pub const RETURN: u8 = 0xf3;
    pub const REVERT: u8 = 0xfd;
    pub const INVALID: u8 = 0xfe;
}

/// A place in the code, known once `mark` has been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(usize);

#[derive(Debug, Default)]
pub struct Assembler {
    code: Vec<u8>,
    marks: Vec<Option<u16>>,
    /// Where the code names a label.
    names: Vec<(usize, Label)>,
}

impl Assembler {
    pub fn op(&mut self, op: u8) -> &mut Self {
        self.code.push(op);
        self
    }

    pub fn ops(&mut self, ops: &[u8]) -> &mut Self {
        self.code.extend_from_slice(ops);
        self
    }

    /// The shortest PUSH, of one byte at least.
    pub fn push(&mut self, word: impl TryInto<U256, Error: std::fmt::Debug>) -> &mut Self {
        let word: U256 = word.try_into().expect("it fits a word");
        let bytes = word.to_be_bytes::<32>();
        let len = word.byte_len().max(1);
        self.op(op::PUSH1 + len as u8 - 1).ops(&bytes[32 - len..])
    }

    pub fn label(&mut self) -> Label {
        self.marks.push(None);
        Label(self.marks.len() - 1)
    }

    /// The label stands here.
    pub fn mark(&mut self, label: Label) -> &mut Self {
        self.marks[label.0] = Some(u16::try_from(self.code.len()).expect("programs are short"));
        self.op(op::JUMPDEST)
    }

    pub fn jump(&mut self, label: Label) -> &mut Self {
        self.name(label).op(op::JUMP)
    }

    /// Jumps where the word on the stack is not zero.
    pub fn jump_if(&mut self, label: Label) -> &mut Self {
        self.name(label).op(op::JUMPI)
    }

    fn name(&mut self, label: Label) -> &mut Self {
        self.op(op::PUSH1 + 1);
        self.names.push((self.code.len(), label));
        self.ops(&[0; 2])
    }

    pub fn finish(mut self) -> Bytes {
        for (at, label) in self.names {
            let target = self.marks[label.0].expect("every label has a place");
            self.code[at..at + 2].copy_from_slice(&target.to_be_bytes());
        }
        self.code.into()
    }
}
