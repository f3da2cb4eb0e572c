//! Memory whose bytes are known or belong to a symbolic word. Offsets are concrete; the executor leaves the path where they are not.

use crate::ir::{Binary, ExprId, Exprs};
use alloy_primitives::U256;

/// One byte of memory, calldata or returned data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Byte {
    Known(u8),
    /// Byte `1` of the word `0`, counted from the highest.
    Of(ExprId, u8),
}

const ZERO: Byte = Byte::Known(0);

#[derive(Debug, Clone, Default)]
pub struct Memory {
    bytes: Vec<Byte>,
}

impl Memory {
    /// MSIZE: grows in words with every access.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Makes `offset..offset + len` accessible, as any access does.
    pub fn touch(&mut self, offset: usize, len: usize) {
        if len > 0 {
            let end = (offset + len).next_multiple_of(32);
            self.bytes.resize(self.bytes.len().max(end), ZERO);
        }
    }

    pub fn read(&mut self, offset: usize, len: usize) -> Vec<Byte> {
        self.touch(offset, len);
        if len == 0 { vec![] } else { self.bytes[offset..offset + len].to_vec() }
    }

    pub fn write(&mut self, offset: usize, bytes: &[Byte]) {
        self.touch(offset, bytes.len());
        if !bytes.is_empty() {
            self.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// The bytes of a word, highest first.
pub fn split(exprs: &Exprs, word: ExprId) -> [Byte; 32] {
    match exprs.as_const(word) {
        Some(value) => value.to_be_bytes::<32>().map(Byte::Known),
        None => std::array::from_fn(|i| Byte::Of(word, i as u8)),
    }
}

/// The word of up to 32 bytes, zero bytes behind them.
pub fn join(exprs: &mut Exprs, bytes: &[Byte]) -> ExprId {
    let mut known = [0; 32];
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            Byte::Known(byte) => {
                known[at] = byte;
                at += 1;
            }
            Byte::Of(word, first) => {
                let run = (at..bytes.len()).take_while(|i| bytes[*i] == Byte::Of(word, first.wrapping_add((i - at) as u8))).count();
                pieces.push(piece(exprs, word, first as usize, at, run));
                at += run;
            }
        }
    }
    let known = exprs.constant(U256::from_be_bytes(known));
    pieces.into_iter().fold(known, |sum, piece| exprs.binary(Binary::Or, sum, piece))
}

/// Bytes `first..first + run` of `word`, put at byte `at`.
fn piece(exprs: &mut Exprs, word: ExprId, first: usize, at: usize, run: usize) -> ExprId {
    let by = exprs.small(8 * at.abs_diff(first) as u64);
    let moved = exprs.binary(if at >= first { Binary::Shr } else { Binary::Shl }, by, word);
    let mut mask = [0; 32];
    mask[at..at + run].fill(0xff);
    let mask = exprs.constant(U256::from_be_bytes(mask));
    exprs.binary(Binary::And, mask, moved)
}

/// Bytes as words, the last one filled with zero bytes.
pub fn words(exprs: &mut Exprs, bytes: &[Byte]) -> Vec<ExprId> {
    bytes.chunks(32).map(|chunk| join(exprs, chunk)).collect()
}
