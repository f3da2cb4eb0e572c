//! Runtime code as bytes: where jumps may land, and which selectors its dispatcher seems to know. Nothing is executed here.

use alloy_primitives::{Bytes, U256};

/// Code with its jump destinations.
#[derive(Debug, Clone)]
pub struct Code {
    pub bytes: Bytes,
    destinations: Vec<bool>,
}

impl Code {
    pub fn new(bytes: Bytes) -> Self {
        let mut destinations = vec![false; bytes.len()];
        for (at, byte, _) in instructions(&bytes) {
            destinations[at] = byte == 0x5b;
        }
        Self { bytes, destinations }
    }

    /// The opcode at `at`; beyond the end the EVM sees STOP.
    pub fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The immediate of a PUSH, zero-padded beyond the end.
    pub fn immediate(&self, at: usize, len: usize) -> U256 {
        let byte = |i| U256::from(self.byte(at + i));
        (0..len).fold(U256::ZERO, |word, i| (word << 8) | byte(i))
    }

    /// The byte to jump to, where that is allowed.
    pub fn destination(&self, target: U256) -> Option<usize> {
        let at = usize::try_from(target).ok()?;
        self.destinations.get(at).copied().unwrap_or(false).then_some(at)
    }
}

/// Byte offset, opcode and immediate of each instruction.
fn instructions(bytes: &[u8]) -> impl Iterator<Item = (usize, u8, &[u8])> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        let byte = *bytes.get(at)?;
        let len = if (0x60..=0x7f).contains(&byte) { usize::from(byte - 0x5f) } else { 0 };
        next = at + 1 + len;
        Some((at, byte, &bytes[(at + 1).min(bytes.len())..next.min(bytes.len())]))
    })
}

/// Four-byte constants that a comparison or a jump follows: the selectors of a dispatcher, as far as bytes show them. Ascending.
pub fn selectors(bytes: &[u8]) -> Vec<[u8; 4]> {
    let all: Vec<_> = instructions(bytes).collect();
    let compares = |i: usize| {
        let near = all[i + 1..].iter().take(6).map(|(_, byte, _)| *byte);
        // EQ, or SUB or XOR for "not equal", before the branch that it decides.
        near.clone().any(|byte| byte == 0x57) && near.take_while(|byte| *byte != 0x57).any(|byte| matches!(byte, 0x14 | 0x03 | 0x18))
    };
    let mut found: Vec<[u8; 4]> = all
        .iter()
        .enumerate()
        // A selector with leading zero bytes is pushed shorter.
        .filter(|(i, (_, byte, _))| (0x61..=0x63).contains(byte) && compares(*i))
        .filter_map(|(_, (_, _, immediate))| {
            let mut selector = [0; 4];
            selector[4usize.checked_sub(immediate.len())?..].copy_from_slice(immediate);
            Some(selector)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
