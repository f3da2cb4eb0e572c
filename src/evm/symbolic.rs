//! The executor: runs every path of a function over expressions and makes the decision tree. It forks where a condition is open, and
//! ends a path in an escape where an opcode needs something that is not known here.

use super::code::Code;
use super::delegate::Module;
use super::hints::{Hint, hints};
use super::memory::{self, Byte};
use super::opcode::{self, opcode};
use super::path::{Decision, Path};
use super::site::{Pin, Site};
use super::{Entry, Lowered, Unlowered};
use crate::ir::{Binary, Data, ExprId, Input, Kernel, Key, KeyId, Leaf, Log, Node, NodeId, Outcome, Ternary, Unary};
use crate::limits;
use alloy_primitives::{Bytes, U256};

/// Gas that a transaction pays before its code runs, for the costliest calldata (EIP-2028, and EIP-7623's floor).
fn intrinsic_gas(calldata_bytes: usize) -> u64 {
    21_000 + 40 * calldata_bytes as u64
}

/// The kernel of one function, and what it was made for.
pub(super) fn explore(code: Bytes, entry: Entry, site: &dyn Site) -> Lowered {
    let modules = vec![Module { account: None, code: Code::new(code) }];
    let (pins, hints, proven) = Default::default();
    let mut executor = Executor { modules, entry, site, pins, hints, proven, kernel: Kernel::default(), steps: 0 };
    loop {
        match executor.kernel() {
            Ok(kernel) => return Lowered { kernel: Ok(kernel), pins: executor.pins },
            Err(Broken::Refused(unlowered)) => return Lowered { kernel: Err(unlowered), pins: executor.pins },
            Err(Broken::Pin(pin)) => executor.pins.push(pin),
        }
    }
}

pub struct Executor<'a> {
    pub(super) modules: Vec<Module>,
    pub(super) entry: Entry,
    pub(super) site: &'a dyn Site,
    pub(super) pins: Vec<Pin>,
    pub(super) hints: Vec<Hint>,
    /// Those that every success proves.
    pub(super) proven: Vec<Hint>,
    pub(super) kernel: Kernel,
    /// Over all that was explored, given up or not.
    steps: usize,
}

/// Why an exploration ends without a tree.
enum Broken {
    Refused(Unlowered),
    /// This has to be known: start over with it.
    Pin(Pin),
}

/// Where one opcode leads.
enum Next {
    Step,
    Jump(usize),
    End(Outcome, Vec<Byte>),
}

/// An opcode that does not go on: not known here, exceptional in the EVM too, or open.
pub enum Stop {
    Escape(String),
    Halt,
    /// The opcode hangs on this condition; it is executed again on both sides.
    Fork(ExprId),
    /// The opcode has to know this.
    Pin(Pin),
}

pub(super) type Run<T> = Result<T, Stop>;

pub(super) fn escape<T>(reason: &str) -> Run<T> {
    Err(Stop::Escape(reason.to_string()))
}

impl Executor<'_> {
    fn kernel(&mut self) -> Result<Kernel, Broken> {
        self.kernel = Kernel::default();
        self.hints.clear();
        self.proven.clear();
        self.tree()?;
        // A key may hang on a loaded word that the call must have named itself (`from == owner[id]`): ask that first, and use the input.
        (self.hints, self.proven) = hints(&self.kernel);
        if !self.hints.is_empty() {
            // The hints name expressions of this arena.
            self.kernel.nodes.clear();
            self.kernel.leaves.clear();
            self.tree()?;
        }
        let kernel = self.kernel.compact();
        if kernel.keys.len() > limits::KEYS {
            return Err(Broken::Refused(Unlowered { reason: "too many storage keys".to_string(), at: 0 }));
        }
        let long = kernel.resolve_cost() > limits::RESOLVE_COST || kernel.cost() > limits::COST || kernel.name_hashes() > limits::HASHES;
        if long || kernel.written_out() > limits::WRITTEN_OUT {
            return Err(Broken::Refused(Unlowered { reason: "expressions take too long".to_string(), at: 0 }));
        }
        Ok(kernel)
    }

    fn tree(&mut self) -> Result<(), Broken> {
        let mut path = Path::start(intrinsic_gas(self.entry.calldata_bytes), self.calldata());
        let mut guard = None;
        if self.entry.with_value {
            let (caller, callee) = (self.kernel.exprs.input(Input::Caller), self.kernel.exprs.input(Input::Address));
            let (fails, stores) = self.kernel.value_move(caller, callee);
            guard = Some(fails);
            path.assume(&self.kernel, fails, false);
            path.stores = stores;
        }
        let body = self.explore(path, 0)?;
        let tree = guard.map_or(body, |fails| self.kernel.finish_with_value(fails, body));
        self.ask_pins(tree);
        Ok(())
    }

    fn explore(&mut self, mut path: Path, depth: usize) -> Result<NodeId, Broken> {
        loop {
            self.check_limits(&mut path, depth)?;
            let (outcome, bytes) = match self.step(&mut path) {
                Ok(Next::Step) => continue,
                Ok(Next::Jump(at)) => {
                    path.frame.at = at;
                    continue;
                }
                Err(Stop::Fork(atom)) => return self.fork(path, atom, depth),
                Err(Stop::Pin(pin)) => return Err(Broken::Pin(pin)),
                Ok(Next::End(outcome, bytes)) => (outcome, Some(bytes)),
                Err(Stop::Halt) => (Outcome::Halt, None),
                Err(Stop::Escape(reason)) => (self.escape(&path, reason), None),
            };
            // Keys and steps of an exhausted arena mean nothing.
            self.check_limits(&mut path, depth)?;
            if !matches!(outcome, Outcome::Escape { .. })
                && let Some(call) = path.callers.pop()
            {
                path.resume(&mut self.kernel, call, outcome == Outcome::Return, bytes);
                continue;
            }
            let returns = outcome == Outcome::Return;
            let (stores, logs) = if returns { (path.stores, path.logs) } else { (vec![], vec![]) };
            let data = self.data(&bytes.unwrap_or_default());
            return Ok(self.kernel.push_leaf(Leaf { outcome, data, stores, logs, gas: path.gas }));
        }
    }

    fn escape(&self, path: &Path, reason: String) -> Outcome {
        let inside = self.modules[path.frame.code].account.map(|account| format!(", in the code of {account},"));
        Outcome::Escape { reason: reason + &inside.unwrap_or_default(), at: path.frame.at }
    }

    fn fork(&mut self, path: Path, atom: ExprId, depth: usize) -> Result<NodeId, Broken> {
        let mut other = path.clone();
        let mut path = path;
        path.assume(&self.kernel, atom, true);
        other.assume(&self.kernel, atom, false);
        let yes = self.explore(path, depth + 1)?;
        let no = self.explore(other, depth + 1)?;
        Ok(self.kernel.push_node(Node::Branch { condition: atom, yes, no }))
    }

    fn check_limits(&mut self, path: &mut Path, depth: usize) -> Result<(), Broken> {
        self.steps += 1;
        path.steps += 1;
        let refuse = |reason: &str| Err(Broken::Refused(Unlowered { reason: reason.to_string(), at: path.frame.at }));
        if self.kernel.leaves.len() >= limits::PATHS || depth >= limits::PATHS {
            return refuse("too many paths");
        }
        if self.steps > limits::STEPS || path.steps > limits::STEPS_PER_PATH {
            return refuse("too many steps");
        }
        if self.kernel.exprs.exhausted() {
            return refuse("expressions too large");
        }
        // Twice over, a path that fails may name other keys than the kernel keeps.
        if self.kernel.keys.len() > 4 * limits::KEYS {
            return refuse("too many storage keys");
        }
        if path.gas_bound > path.frame.gas_limit {
            return refuse("may run out of gas");
        }
        Ok(())
    }

    /// The code that runs.
    fn code(&self, path: &Path) -> &Code {
        &self.modules[path.frame.code].code
    }

    fn step(&mut self, path: &mut Path) -> Run<Next> {
        let byte = self.code(path).byte(path.frame.at);
        let Some(op) = opcode(byte) else {
            return Err(Stop::Halt);
        };
        let height = path.frame.stack.len();
        if height < op.takes.into() || height - usize::from(op.takes) + usize::from(op.leaves) > 1024 {
            return Err(Stop::Halt);
        }
        // A fork executes the opcode again: nothing may have changed by then, so what may fork goes first.
        if matches!(byte, 0x31 | 0x54 | 0x55 | 0x57) {
            self.settle_fork(path, byte)?;
        }
        path.gas += u64::from(op.gas);
        path.gas_bound += u64::from(op.gas);
        let next = self.execute(path, byte)?;
        if matches!(next, Next::Step) {
            path.frame.at += 1 + if (0x60..=0x7f).contains(&byte) { usize::from(byte - 0x5f) } else { 0 };
        }
        Ok(next)
    }

    /// Asks for what a branch or a key hangs on, before the opcode takes anything.
    fn settle_fork(&mut self, path: &mut Path, byte: u8) -> Run<()> {
        let height = path.frame.stack.len();
        if byte == 0x57 {
            let condition = path.frame.stack[height - 2];
            if let Some(equal) = self.asked_first(path, condition) {
                return Err(Stop::Fork(equal));
            }
            return match self.decide(path, condition) {
                Decision::Known(_) => Ok(()),
                Decision::Open(atom) => Err(self.loop_bound(path, atom).map_or(Stop::Fork(atom), Stop::Pin)),
            };
        }
        let hints = self.hints.clone();
        let word = self.in_inputs(path, path.frame.stack[height - 1], &hints);
        self.open_hint(path, word, &hints).map_or(Ok(()), |equal| Err(Stop::Fork(equal)))
    }

    fn execute(&mut self, path: &mut Path, byte: u8) -> Run<Next> {
        match byte {
            0x00 => return Ok(Next::End(Outcome::Return, vec![])),
            0x01..=0x07 | 0x0a | 0x0b | 0x10..=0x14 | 0x16..=0x18 | 0x1a..=0x1d => self.arithmetic(path, byte),
            0x08 | 0x09 => {
                let operands = [pop(path), pop(path), pop(path)];
                let op = if byte == 0x08 { Ternary::AddMod } else { Ternary::MulMod };
                path.frame.stack.push(self.kernel.exprs.ternary(op, operands));
            }
            0x15 => self.unary(path, Unary::IsZero),
            0x19 => self.unary(path, Unary::Not),
            0x1e => self.unary(path, Unary::Clz),
            0x20 => self.keccak(path)?,
            0x30..=0x4a => self.environment(path, byte)?,
            0x50 => drop(pop(path)),
            0x51..=0x53 | 0x5e => self.memory(path, byte)?,
            0x54 => {
                let word = pop(path);
                self.load(path, Key::Storage, word);
            }
            0x55 => {
                let (word, value) = (pop(path), pop(path));
                let key = self.key(path, Key::Storage, word);
                path.gas_bound += 22_100;
                path.store(key, value);
            }
            0x56 | 0x57 => return self.jump(path, byte),
            0x58 => path.push_word(&mut self.kernel, U256::from(path.frame.at)),
            0x59 => path.push_word(&mut self.kernel, U256::from(path.frame.memory.len())),
            // All that is left, for a call that passes it on; GAS is not known otherwise.
            0x5a if self.code(path).byte(path.frame.at + 1) == 0xf4 => path.push_word(&mut self.kernel, U256::MAX),
            0x5b => {}
            0x5c | 0x5d => self.transient(path, byte)?,
            0x5f..=0x7f => {
                let immediate = self.code(path).immediate(path.frame.at + 1, usize::from(byte - 0x5f));
                path.push_word(&mut self.kernel, immediate);
            }
            0x80..=0x8f => path.frame.stack.push(path.frame.stack[path.frame.stack.len() - usize::from(byte - 0x7f)]),
            0x90..=0x9f => {
                let top = path.frame.stack.len() - 1;
                path.frame.stack.swap(top, top - usize::from(byte - 0x8f));
            }
            0xa0..=0xa4 => self.log(path, byte)?,
            0xf3 | 0xfd => {
                let (offset, len) = self.range(path)?;
                let outcome = if byte == 0xf3 { Outcome::Return } else { Outcome::Revert };
                return Ok(Next::End(outcome, path.bytes(offset, len)));
            }
            0xf4 => {
                self.delegate_call(path)?;
                return Ok(Next::Jump(0));
            }
            _ => {
                return Err(Stop::Escape(format!("{} is not lowered", opcode::name(byte))));
            }
        }
        Ok(Next::Step)
    }

    fn unary(&mut self, path: &mut Path, op: Unary) {
        let a = pop(path);
        path.frame.stack.push(self.kernel.exprs.unary(op, a));
    }

    fn arithmetic(&mut self, path: &mut Path, byte: u8) {
        let (a, b) = (pop(path), pop(path));
        let (op, a, b) = match byte {
            0x01 => (Binary::Add, a, b),
            0x02 => (Binary::Mul, a, b),
            0x03 => (Binary::Sub, a, b),
            0x04 => (Binary::Div, a, b),
            0x05 => (Binary::SDiv, a, b),
            0x06 => (Binary::Mod, a, b),
            0x07 => (Binary::SMod, a, b),
            0x0a => {
                path.gas_bound += 50 * 32;
                (Binary::Exp, a, b)
            }
            0x0b => (Binary::SignExtend, a, b),
            0x10 => (Binary::Lt, a, b),
            0x11 => (Binary::Lt, b, a),
            0x12 => (Binary::SLt, a, b),
            0x13 => (Binary::SLt, b, a),
            0x14 => (Binary::Eq, a, b),
            0x16 => (Binary::And, a, b),
            0x17 => (Binary::Or, a, b),
            0x18 => (Binary::Xor, a, b),
            0x1a => (Binary::Byte, a, b),
            0x1b => (Binary::Shl, a, b),
            0x1c => (Binary::Shr, a, b),
            _ => (Binary::Sar, a, b),
        };
        let result = self.kernel.exprs.binary(op, a, b);
        let result = path.unmask(&mut self.kernel, result).unwrap_or(result);
        path.frame.stack.push(result);
    }

    fn keccak(&mut self, path: &mut Path) -> Run<()> {
        let (offset, len) = self.range(path)?;
        path.gas_bound += 6 * len.div_ceil(32) as u64;
        let bytes = path.bytes(offset, len);
        let words = memory::words(&mut self.kernel.exprs, &bytes);
        path.frame.stack.push(self.kernel.exprs.keccak(words, len as u32));
        Ok(())
    }

    /// 0x30 to 0x4a: the call, the code, the block.
    fn environment(&mut self, path: &mut Path, byte: u8) -> Run<()> {
        let input = match byte {
            0x30 => Input::Address,
            0x32 | 0x33 => Input::Caller,
            0x34 if self.entry.with_value => Input::Value,
            0x41 => Input::Coinbase,
            0x42 => Input::Timestamp,
            0x43 => Input::Number,
            0x44 => Input::PrevRandao,
            0x46 => Input::ChainId,
            _ => return self.environment_word(path, byte),
        };
        path.frame.stack.push(self.kernel.exprs.input(input));
        Ok(())
    }

    fn environment_word(&mut self, path: &mut Path, byte: u8) -> Run<()> {
        match byte {
            // Value, gas price, base fee and blob base fee.
            0x34 | 0x3a | 0x48 | 0x4a => path.push_word(&mut self.kernel, U256::ZERO),
            // BLOBHASH: there are no blobs.
            0x49 => {
                pop(path);
                path.push_word(&mut self.kernel, U256::ZERO);
            }
            0x45 => path.push_word(&mut self.kernel, U256::from(limits::GAS_LIMIT)),
            0x36 => path.push_word(&mut self.kernel, U256::from(path.frame.calldata.len())),
            0x38 => {
                let len = self.code(path).bytes.len();
                path.push_word(&mut self.kernel, U256::from(len));
            }
            0x3b => self.code_size(path)?,
            0x3d => path.push_word(&mut self.kernel, U256::from(path.frame.returned.len())),
            0x31 => {
                let word = pop(path);
                self.load(path, Key::Native, word);
            }
            0x47 => {
                let word = self.kernel.exprs.input(Input::Address);
                self.load(path, Key::Native, word);
            }
            0x35 => {
                let offset = pop(path);
                let offset = self.concrete(offset, "calldata offset")?;
                let bytes = window(offset.saturating_to(), 32, &path.frame.calldata);
                let word = memory::join(&mut self.kernel.exprs, &bytes);
                path.frame.stack.push(word);
            }
            0x37 | 0x39 | 0x3e => self.copy(path, byte)?,
            _ => {
                return Err(Stop::Escape(format!("{} is not lowered", opcode::name(byte))));
            }
        }
        Ok(())
    }

    /// CALLDATACOPY, CODECOPY, RETURNDATACOPY.
    fn copy(&mut self, path: &mut Path, byte: u8) -> Run<()> {
        let (target, source, len) = (pop(path), pop(path), pop(path));
        let source: usize = self.concrete(source, "the offset that is copied from")?.saturating_to();
        let (target, len) = self.bounded(path, target, len)?;
        path.gas_bound += 3 * len.div_ceil(32) as u64;
        let bytes: Vec<Byte> = match byte {
            0x37 => window(source, len, &path.frame.calldata),
            0x39 => (0..len).map(|i| Byte::Known(self.code(path).byte(source.saturating_add(i)))).collect(),
            _ if source.saturating_add(len) > path.frame.returned.len() => return Err(Stop::Halt),
            _ => window(source, len, &path.frame.returned),
        };
        path.frame.memory.write(target, &bytes);
        Ok(())
    }

    fn memory(&mut self, path: &mut Path, byte: u8) -> Run<()> {
        let first = pop(path);
        match byte {
            0x51 => {
                let word = self.kernel.exprs.small(32);
                let (offset, len) = self.bounded(path, first, word)?;
                let bytes = path.bytes(offset, len);
                path.frame.stack.push(memory::join(&mut self.kernel.exprs, &bytes));
            }
            0x52 | 0x53 => {
                let value = pop(path);
                let len = self.kernel.exprs.small(if byte == 0x52 { 32 } else { 1 });
                let (offset, len) = self.bounded(path, first, len)?;
                path.frame.memory.write(offset, &memory::split(&self.kernel.exprs, value)[32 - len..]);
            }
            _ => {
                let (source, len) = (pop(path), pop(path));
                let (target, _) = self.bounded(path, first, len)?;
                let (source, len) = self.bounded(path, source, len)?;
                path.gas_bound += 3 * len.div_ceil(32) as u64;
                let bytes = path.bytes(source, len);
                path.frame.memory.write(target, &bytes);
            }
        }
        Ok(())
    }

    /// A key whose word hangs on a loaded word that equals an input here is named by the input.
    fn key(&mut self, path: &Path, kind: fn(ExprId) -> Key, word: ExprId) -> KeyId {
        let word = self.in_inputs(path, word, &self.hints.clone());
        self.kernel.intern_key(kind(word))
    }

    fn load(&mut self, path: &mut Path, kind: fn(ExprId) -> Key, word: ExprId) {
        let key = self.key(path, kind, word);
        // A cold access costs at most this much more than a warm one.
        path.gas_bound += 2_500;
        let value = path.load(&mut self.kernel, key);
        let value = self.known(value);
        path.frame.stack.push(value);
    }

    fn transient(&mut self, path: &mut Path, byte: u8) -> Run<()> {
        let word = pop(path);
        if byte == 0x5d {
            let value = pop(path);
            path.transient.push((word, value));
            return Ok(());
        }
        let mut value = None;
        for (stored, latest) in path.transient.iter().rev() {
            if *stored == word {
                value = Some(*latest);
                break;
            }
            if self.kernel.exprs.as_const(*stored).is_none() || self.kernel.exprs.as_const(word).is_none() {
                return escape("transient slots that may be the same");
            }
        }
        let value = value.unwrap_or_else(|| self.kernel.exprs.small(0));
        path.frame.stack.push(value);
        Ok(())
    }

    fn jump(&mut self, path: &mut Path, byte: u8) -> Run<Next> {
        let target = pop(path);
        if byte == 0x57 {
            let condition = pop(path);
            // Settled before the opcode took anything.
            if !matches!(self.decide(path, condition), Decision::Known(true)) {
                return Ok(Next::Step);
            }
        }
        let Some(target) = self.kernel.exprs.as_const(target) else {
            return escape("jump to a place that is not constant");
        };
        self.code(path).destination(target).map(Next::Jump).ok_or(Stop::Halt)
    }

    fn log(&mut self, path: &mut Path, byte: u8) -> Run<()> {
        let (offset, len) = self.range(path)?;
        path.gas_bound += 8 * len as u64;
        let bytes = path.bytes(offset, len);
        let data = self.data(&bytes);
        let topics = (0xa0..byte).map(|_| pop(path)).collect();
        path.logs.push(Log { topics, data });
        Ok(())
    }

    fn data(&mut self, bytes: &[Byte]) -> Data {
        Data { words: memory::words(&mut self.kernel.exprs, bytes), len_bytes: bytes.len() as u32 }
    }

    /// Offset and length from the stack.
    fn range(&mut self, path: &mut Path) -> Run<(usize, usize)> {
        let (offset, len) = (pop(path), pop(path));
        self.bounded(path, offset, len)
    }

    /// A piece of memory, concrete and within the limit; its expansion is paid for.
    pub(super) fn bounded(&mut self, path: &mut Path, offset: ExprId, len: ExprId) -> Run<(usize, usize)> {
        let len = self.concrete(len, "memory length")?;
        if len.is_zero() {
            return Ok((0, 0));
        }
        let offset = self.concrete(offset, "memory offset")?;
        let end = offset.saturating_add(len);
        if end > U256::from(limits::MEMORY_BYTES) {
            return escape("memory beyond the limit");
        }
        let words = |bytes: usize| bytes.div_ceil(32) as u64;
        let cost = |words: u64| 3 * words + words * words / 512;
        let (before, after) = (words(path.frame.memory.len()), words(end.to()));
        path.gas_bound += cost(after.max(before)) - cost(before);
        path.frame.memory.touch(offset.to(), len.to());
        Ok((offset.to(), len.to()))
    }
}

/// `len` bytes from `offset` on, zeros behind the end.
fn window(offset: usize, len: usize, bytes: &[Byte]) -> Vec<Byte> {
    (0..len).map(|i| bytes.get(offset.saturating_add(i)).copied().unwrap_or(Byte::Known(0))).collect()
}

/// The caller has checked the height of the stack.
pub(super) fn pop(path: &mut Path) -> ExprId {
    path.frame.stack.pop().expect("the opcode table says how much an opcode takes")
}
